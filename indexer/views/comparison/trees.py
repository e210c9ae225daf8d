"""What the runs of a comparison do not have in common where they follow several trees of indicators."""

from collections.abc import Iterator, Sequence

from django.utils.translation import gettext as _

from indexer.selectors.comparison import Comparison
from weighting.exports import Fact
from weighting.models import Indicator
from weighting.selectors.tree_changes import TreeChange

# Of one kind so many are named; the API has all.
NAMED = 20

Pairs = Sequence[tuple[Indicator, Indicator]]


def tree_notes(compared: Comparison) -> list[str]:
    """Say of each other tree what is not the same there, and how it counts; nothing for one tree."""
    frameworks = {run.data_set.framework_id: run.data_set.framework for run in compared.runs}
    base = compared.runs[0].data_set.framework
    notes = []
    for key, change in compared.tree_changes.items():
        words = {"base": base.name, "other": frameworks[key].name}
        said = [_("“%(other)s” is another edition of the indicators than “%(base)s”.") % words]
        notes.append(" ".join([*said, *change_words(change)]))
    if notes:
        notes[-1] += " " + _(
            "Nodes are the same where their codes are. In a change of the score, what one tree alone has "
            "comes or goes through its weight, and the parts still add up exactly."
        )
    return notes


def tree_facts(compared: Comparison) -> list[Fact]:
    """Return the notes as the files carry them."""
    notes = tree_notes(compared)
    return [Fact("indicators_compared", _("Other indicators"), " ".join(notes))] if notes else []


def change_words(change: TreeChange) -> Iterator[str]:
    """Yield a sentence for each kind of change from one tree to another."""
    if change.is_none:
        yield _("Every node is there in both, as it was.")
    if change.came:
        yield _("New: %(names)s.") % {"names": _listed([node.name for node in change.came])}
    if change.went:
        yield _("Gone: %(names)s.") % {"names": _listed([node.name for node in change.went])}
    if change.moved:
        moved = [_moved(*pair) for pair in change.moved]
        yield _("Moved: %(names)s.") % {"names": _listed(moved)}
    if change.renamed:
        renamed = [f"{one.name} → {other.name}" for one, other in change.renamed]
        yield _("Renamed: %(names)s.") % {"names": _listed(renamed)}
    if change.turned:
        yield _("Counted the other way round: %(names)s.") % {"names": _later(change.turned)}
    if change.remeasured:
        units = [_remeasured(*pair) for pair in change.remeasured]
        yield _("In another unit of measurement: %(names)s.") % {"names": _listed(units)}


def _moved(one: Indicator, other: Indicator) -> str:
    ends = [node.parent.name if node.parent else _("the whole") for node in (one, other)]
    return _("%(name)s (from %(before)s to %(after)s)") % {
        "name": other.name,
        "before": ends[0],
        "after": ends[1],
    }


def _remeasured(one: Indicator, other: Indicator) -> str:
    before, after = (node.unit_label or "–" for node in (one, other))
    return f"{other.name} ({before} → {after})"


def _later(pairs: Pairs) -> str:
    return _listed([other.name for _one, other in pairs])


def _listed(names: Sequence[str]) -> str:
    shown = _(", ").join(names[:NAMED])
    if len(names) <= NAMED:
        return shown
    return _("%(names)s and %(more)s more") % {"names": shown, "more": len(names) - NAMED}
