"""What runs do not have in common where they follow several trees of indicators, in words."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from django.utils.translation import gettext as _

from weighting.exports import Fact
from weighting.lettering import set_apart
from weighting.models import Framework, Indicator
from weighting.selectors.tree_changes import TreeChange
from weighting.sentences import join_sentences

# Of one kind so many are named; the API has all.
NAMED = 20

Pairs = Sequence[tuple[Indicator, Indicator]]


def tree_notes(base: Framework, others: Iterable[Framework], changes: Mapping[int, TreeChange]) -> list[str]:
    """Say of each other tree, by its key, what is not the same there; nothing for one tree."""
    names = {framework.pk: framework.name for framework in others}
    notes = []
    for key, change in changes.items():
        notes.append(join_sentences([_told_apart(base.name, names[key]), *change_words(change)]))
    return notes


def _told_apart(base: str, other: str) -> str:
    if base == other:
        return _("Runs here follow two editions of “%(base)s”.") % {"base": base}
    words = {"base": base, "other": other}
    return _("“%(other)s” is another edition of the indicators than “%(base)s”.") % words


def tree_facts(notes: Sequence[str]) -> list[Fact]:
    """Return the notes as files carry them."""
    return [Fact("other_indicators", _("Other indicators"), join_sentences(notes))] if notes else []


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
        renamed = [_renamed(*pair) for pair in change.renamed]
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


def _renamed(one: Indicator, other: Indicator) -> str:
    before, after = set_apart(one.name), set_apart(other.name)
    if one.code == other.code:
        return f"{before} → {after}"
    return f"{before} ({one.code}) → {after} ({other.code})"


def _remeasured(one: Indicator, other: Indicator) -> str:
    before, after = (set_apart(node.unit_label or "–") for node in (one, other))
    return f"{set_apart(other.name)} ({before} → {after})"


def _later(pairs: Pairs) -> str:
    return _listed([other.name for _one, other in pairs])


def _listed(names: Sequence[str]) -> str:
    shown = _(", ").join(names[:NAMED])
    if len(names) <= NAMED:
        return shown
    return _("%(names)s and %(more)s more") % {"names": shown, "more": len(names) - NAMED}
