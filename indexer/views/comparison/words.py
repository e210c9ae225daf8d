"""What a comparison of versions says in words and single figures."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from indexer.method_words import method_differences, method_words
from indexer.models import Run
from indexer.selectors.comparison import Comparison, ShiftSummary
from indexer.views.comparison.apart import apart_note
from indexer.views.shared.run_names import run_names
from indexer.views.shared.ties import and_more
from indexer.words import data_set_name, moment
from weighting.numeric.arrays import BoolArray


def finding(compared: Comparison) -> str:
    """Say in a sentence how many units the choice of weights, data or method moves."""
    words: dict[str, Any] = {
        "moved": compared.moved,
        "count": len(compared.cities),
        "units": compared.cities.register.units,
    }
    if not compared.one_data_set or not compared.one_method:
        words["cause"] = values_word(compared)
        if not compared.moved:
            return _("Between these versions (%(cause)s changed) none of %(count)s %(units)s moves") % words
        said = ngettext(
            "Between these versions (%(cause)s changed) %(moved)s of %(count)s %(units)s moves",
            "Between these versions (%(cause)s changed) %(moved)s of %(count)s %(units)s move",
            compared.moved,
        )
        return said % words
    if not compared.moved:
        return _("The choice of weights moves none of %(count)s %(units)s") % words
    return _("The choice of weights moves %(moved)s of %(count)s %(units)s") % words


def statistics_of(compared: Comparison) -> list[dict[str, str]]:
    """Return the four figures at the head of the page; the ones of the widest pair for many."""
    widest = max(compared.summaries, key=lambda summary: summary.mean_absolute)
    largest = int(np.abs(compared.largest_shifts).max())
    share = 100 * compared.moved / len(compared.cities)
    return [
        {
            "label": _("%(units)s that change rank") % {"units": capfirst(compared.cities.register.units)},
            "value": str(compared.moved),
            "note": _("%(share)s %% of %(count)s %(units)s")
            % {
                "share": f"{share:.1f}",
                "count": len(compared.cities),
                "units": compared.cities.register.units,
            },
        },
        {
            "label": _("Largest shift"),
            "value": str(largest),
            "unit": _("places"),
            "note": whose(compared, np.abs(compared.largest_shifts) == largest) if largest else "",
        },
        {
            "label": _("Mean rank shift"),
            "value": f"{widest.mean_absolute:.3f}",
            "unit": _("places"),
            "note": _of_which(compared, widest),
        },
        {
            "label": _("Rank correlation (Spearman)"),
            "value": _correlation(widest.spearman),
            "note": _of_which(compared, widest),
        },
    ]


def values_word(compared: Comparison) -> str:
    """Name what, besides the weights, is not the same in all versions."""
    if compared.one_method:
        return _("data")
    return _("method") if compared.one_data_set else _("data and method")


def split_note(compared: Comparison) -> str:
    """Say why the changes of the scores are not split; empty where they are, or for many versions."""
    if len(compared.runs) > 2:
        return ""
    match compared.why_not_split():
        case "formed":
            return _(
                "The two methods form the scores of nodes in different ways, so that their changes cannot "
                "be split by sub-index."
            )
        case "others":
            return _(
                "A score is a place among the others here (Copeland), so that its change cannot be split by "
                "sub-index. The ranks can be compared, and who changed places is listed unit by unit."
            )
        case "withheld":
            return _(
                "Values of an indicator may not be given away, so that the changes of the scores are not "
                "split by sub-index: the parts would tell them."
            )
        case "units":
            return _(
                "The two methods measure in different units, so that a difference of the scores has no "
                "meaning and cannot be split. The ranks can be compared."
            )
    return ""


def split_manner(compared: Comparison) -> str:
    """Say how changes of scores that are no weighted sums are split; empty where there is no more to say."""
    if len(compared.runs) > 2 or compared.why_not_split() or compared.adds_up():
        return ""
    return _(
        "The scores are not weighted sums over all indicators here. The parts still add up exactly: each is "
        "taken times the slope of the mean between both sides (for geometric means the logarithmic mean, "
        "LMDI), and what is missing on one side comes or goes through the weights that are rescaled for it."
    )


def common_data(compared: Comparison) -> str:
    """Name the data set, or all of them."""
    return " · ".join(dict.fromkeys(data_set_name(run.data_set) for run in compared.runs))


def summary_rows(compared: Comparison) -> list[dict[str, Any]]:
    """Return how far each version is from the base, a line each."""
    names = run_names(compared.runs, compared.names)[1:]
    return [
        {
            "number": number,
            "version": name,
            "moved": summary.moved,
            "largest": summary.largest,
            "mean_absolute": f"{summary.mean_absolute:.3f}",
            "spearman": _correlation(summary.spearman),
            "tau_b": _correlation(summary.tau_b),
            "tops": [(k, f"{100 * share:.0f}") for k, share in summary.tops.items()],
            "run": run,
        }
        for number, (run, name, summary) in enumerate(
            zip(compared.runs[1:], names, compared.summaries, strict=True), 2
        )
    ]


def _correlation(value: float | None) -> str:
    return "–" if value is None else correlation_text(value)


def correlation_text(value: float) -> str:
    """Return a correlation with the digits that tell it from 1."""
    if value == 1:
        return "1"
    digits = 4
    while digits < 9 and f"{value:.{digits}f}" == f"{1:.{digits}f}":
        digits += 1
    return f"{value:.{digits}f}".replace("-", "−")


def whose(compared: Comparison, chosen: BoolArray) -> str:
    """Name the first in the base of those chosen, (units,), and count the others."""
    places = np.flatnonzero(chosen)
    first = min(places.tolist(), key=lambda position: compared.ranks[position, 0])
    return and_more(compared.cities[first].name, len(places) - 1)


def _of_which(compared: Comparison, summary: ShiftSummary) -> str:
    if len(compared.runs) == 2:
        return ""
    run = compared.runs[1 + compared.summaries.index(summary)]
    return _("widest: %(version)s") % {"version": run.weight_version.label}


def _differences(runs: Sequence[Run], names: Mapping[str, str]) -> list[tuple[str, str]]:
    """Say what differs in the methods of the base and of each other run."""
    base, found = runs[0].method, dict[tuple[str, str], None]()
    for run in runs[1:]:
        for what, before, after in method_differences(base, run.method, names):
            head = _("Method differs: %(what)s") % {"what": what}
            found[head, f"{before} → {after}"] = None
    return list(found)


def _who(compared: Comparison) -> list[tuple[str, str]]:
    note = apart_note(compared)
    return [(_("Who is compared"), note)] if note else []


def provenance_of(compared: Comparison) -> list[tuple[str, Any]]:
    """Return what the page was computed from, by and how."""
    runs = compared.runs
    manifests = {run.weight_version_id: run for run in runs}
    hashes = [
        (
            _("SHA-256 of the manifest of version %(number)s") % {"number": run.weight_version.number},
            run.manifest_hash,
        )
        for run in manifests.values()
    ]
    data = [
        item
        for run in {run.data_set_id: run for run in runs}.values()
        for item in (
            (_("Data set"), data_set_name(run.data_set)),
            (_("SHA-256 of the data"), run.data_sha256),
        )
    ]
    names = compared.names
    methods = dict.fromkeys(method_words(run.method, names) for run in runs)
    return [
        *data,
        *hashes,
        *((_("Method"), words) for words in methods),
        *_differences(runs, names),
        *_who(compared),
        (_("Software version"), _(", ").join(dict.fromkeys(run.code_version for run in runs))),
        (_("Computed"), moment(max(run.finished_at for run in runs if run.finished_at))),
    ]
