"""What the compared runs do not have in common: units that some do not rank, and indicators."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from indexer.models import Run
from indexer.selectors.comparison import Apart, Comparison
from indexer.views.shared.run_names import run_names, short_names
from indexer.views.shared.trees import tree_facts, tree_notes
from weighting.exports import Fact
from weighting.sentences import join_sentences

# As many are listed on the page; the file has all.
SHOWN = 50


@dataclass(frozen=True)
class ApartTable:
    """The first units that are left out, for indexer/shared/_plain_table.html; ``more``: of the rest."""

    title: str
    labels: Sequence[str]
    rows: Sequence[Sequence[object]]
    more: str
    left: int = 2


def apart_note(compared: Comparison) -> str:
    """Say who is compared and among whom ranks are counted; empty where all runs rank the same units."""
    if compared.apart is None:
        return ""
    register = compared.cities.register
    words = {"count": len(compared.cities), "apart": len(compared.apart), "units": register.units}
    return (
        ngettext(
            "The %(count)s %(units)s that every run ranks are compared, and ranks here are counted among "
            "them. %(apart)s more is ranked by some of the runs alone, or by none, and is left out.",
            "The %(count)s %(units)s that every run ranks are compared, and ranks here are counted among "
            "them. %(apart)s more are ranked by some of the runs alone, or by none, and are left out.",
            len(compared.apart),
        )
        % words
    )


def other_trees(compared: Comparison) -> list[str]:
    """Say what each other tree has otherwise than the base's, and how it counts; nothing for one tree."""
    frameworks = [run.data_set.framework for run in compared.runs]
    notes = tree_notes(frameworks[0], frameworks, compared.tree_changes)
    if notes:
        sameness = _(
            "Nodes are the same where their codes are. In a change of the score, what one tree alone has "
            "comes or goes through its weight, and the parts still add up exactly."
        )
        notes[-1] = join_sentences([notes[-1], sameness])
    return notes


def apart_table(compared: Comparison) -> ApartTable | None:
    """Return the first units that are left out, with their rank in each run that has them."""
    apart = compared.apart
    if apart is None:
        return None
    register, shown = compared.cities.register, range(min(SHOWN, len(apart)))
    apart.cities.load(shown)
    rows: list[list[object]] = [
        [apart.cities[p].name, apart.cities[p].code, *(_cell(apart, p, n) for n in range(len(compared.runs)))]
        for p in shown
    ]
    heads = [_("Rank in %(version)s") % {"version": name} for name in short_names(compared.runs)]
    title = _("%(units)s that are not in all runs") % {"units": capfirst(register.units)}
    return ApartTable(title, [capfirst(register.unit), _("Code"), *heads], rows, _more(apart))


def apart_facts(compared: Comparison) -> list[Fact]:
    """Return who is compared, and by what indicators, as the files carry it."""
    note, trees = apart_note(compared), tree_facts(other_trees(compared))
    return [Fact("compared", _("Who is compared"), note), *trees] if note else trees


def reasons(apart: Apart, runs: Sequence[Run]) -> Iterator[str]:
    """Yield why each unit is left out, run by run."""
    names = run_names(runs)
    for p in range(len(apart)):
        said = [(name, _absence(apart, p, n)) for n, name in enumerate(names) if not apart.ranks[p, n]]
        yield _("; ").join(f"{name}: {why}" for name, why in said)


def _cell(apart: Apart, place: int, version: int) -> str:
    rank = int(apart.ranks[place, version])
    return str(rank) if rank else _absence(apart, place, version)


def _absence(apart: Apart, place: int, version: int) -> str:
    return _("without a rank") if apart.in_data[place, version] else _("not in the data")


def _more(apart: Apart) -> str:
    if len(apart) <= SHOWN:
        return ""
    return _("%(shown)s of %(count)s are listed; the file has all.") % {"shown": SHOWN, "count": len(apart)}
