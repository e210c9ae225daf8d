"""What a comparison of versions says in words and single figures."""

from typing import Any

import numpy as np
from django.utils.translation import gettext as _

from indexer.selectors.comparison import Comparison, ShiftSummary
from indexer.views.words import data_set_name, method_words, moment, version_name


def finding(compared: Comparison) -> str:
    """Say in a sentence how many cities the choice of weights moves."""
    words = {"moved": compared.moved, "count": len(compared.cities)}
    if not compared.moved:
        return _("The choice of weights moves none of %(count)s cities") % words
    return _("The choice of weights moves %(moved)s of %(count)s cities") % words


def statistics_of(compared: Comparison) -> list[dict[str, str]]:
    """Return the four figures at the head of the page; the ones of the widest pair for many."""
    widest = max(compared.summaries, key=lambda summary: summary.mean_absolute)
    largest = int(np.abs(compared.largest_shifts).max())
    share = 100 * compared.moved / len(compared.cities)
    return [
        {
            "label": _("Cities that change rank"),
            "value": str(compared.moved),
            "note": _("%(share)s %% of %(count)s") % {"share": f"{share:.1f}", "count": len(compared.cities)},
        },
        {
            "label": _("Largest shift"),
            "value": str(largest),
            "unit": _("places"),
            "note": _whose(compared, largest),
        },
        {
            "label": _("Mean absolute shift (R_S)"),
            "value": f"{widest.mean_absolute:.3f}",
            "unit": _("places"),
            "note": _of_which(compared, widest),
        },
        {
            "label": _("Rank correlation (Spearman)"),
            "value": "–" if widest.spearman is None else correlation_text(widest.spearman),
            "note": _of_which(compared, widest),
        },
    ]


def summary_rows(compared: Comparison) -> list[dict[str, Any]]:
    """Return how far each version is from the base, a line each."""
    return [
        {
            "version": version_name(run),
            "moved": summary.moved,
            "largest": summary.largest,
            "mean_absolute": f"{summary.mean_absolute:.3f}",
            "spearman": "–" if summary.spearman is None else correlation_text(summary.spearman),
            "run": run,
        }
        for run, summary in zip(compared.runs[1:], compared.summaries, strict=True)
    ]


def correlation_text(value: float) -> str:
    """Return a correlation with the digits that tell it from 1."""
    if value == 1:
        return "1"
    digits = 4
    while digits < 9 and f"{value:.{digits}f}" == f"{1:.{digits}f}":
        digits += 1
    return f"{value:.{digits}f}".replace("-", "−")


def _whose(compared: Comparison, largest: int) -> str:
    if not largest:
        return ""
    widest = np.flatnonzero(np.abs(compared.largest_shifts) == largest)
    first = min(widest, key=lambda position: compared.ranks[position, 0])
    name = compared.cities[first].name
    if len(widest) == 1:
        return name
    return _("%(city)s and %(others)s more") % {"city": name, "others": len(widest) - 1}


def _of_which(compared: Comparison, summary: ShiftSummary) -> str:
    if len(compared.runs) == 2:
        return ""
    run = compared.runs[1 + compared.summaries.index(summary)]
    return _("widest: %(version)s") % {"version": run.weight_version.label}


def provenance_of(compared: Comparison) -> list[tuple[str, Any]]:
    """Return what the page was computed from, by and how."""
    run = compared.runs[0]
    hashes = [
        (
            _("SHA-256 of the manifest of version %(number)s") % {"number": run.weight_version.number},
            run.manifest_hash,
        )
        for run in compared.runs
    ]
    return [
        (_("Data set"), data_set_name(run.data_set)),
        (_("SHA-256 of the data"), run.data_sha256),
        *hashes,
        (_("Method"), method_words(run.method)),
        (_("Software version"), run.code_version),
        (_("Computed"), moment(max(run.finished_at for run in compared.runs if run.finished_at))),
    ]
