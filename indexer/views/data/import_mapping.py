"""The mapping of an import as its page shows it, and what was chosen there."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from indexer.intake.assessment import Mapped
from indexer.intake.mapping import ASIDE, BESIDE, TOTALS, Match, UnitFinder, match_columns
from indexer.models import DataImport
from indexer.selectors.data_imports import leaves_of, mapped_of
from indexer.selectors.unit_names import UnitsOfRegister
from weighting.sentences import side_by_side

# More than these are settled a page at a time.
PAGE = 50
SETTLED = 500
SAMPLES = 3


@dataclass(frozen=True)
class Side:
    """The columns, or the rows, of an import: their heads, targets and what they can go to."""

    kind: str
    heads: Sequence[str]
    matches: Sequence[Match]
    names: dict[str, str]
    extras: dict[str, str]
    samples: Sequence[str]
    lines: Sequence[int]

    def sample(self, place: int) -> str:
        """Return what stands in a column; '' of a row."""
        return self.samples[place] if self.samples else ""

    def where(self, place: int) -> str:
        """Say where a row stands in the file; '' of a column."""
        return _("row %(row)d") % {"row": self.lines[place]} if self.lines else ""


def sides_of(draft: DataImport) -> tuple[Side, Side]:
    """Return the columns and the rows of an import."""
    mapped = mapped_of(draft)
    leaves = leaves_of(draft.framework_id)
    columns, rows = _with_nearest(mapped, draft)
    sheet = mapped.sheet
    return (
        Side(
            kind="column",
            heads=sheet.columns,
            matches=columns,
            names={leaf.code: f"{leaf.name} ({leaf.code})" for leaf in leaves},
            extras={
                BESIDE: _("no indicator: keep it beside them, to divide or weigh"),
                ASIDE: _("leave the column out"),
            },
            samples=[_samples(sheet, place) for place in range(len(sheet.columns))],
            lines=(),
        ),
        Side(
            kind="row",
            heads=sheet.units,
            matches=rows,
            names=mapped.labels,
            extras={TOTALS: _("the totals"), ASIDE: _("leave the row out")},
            samples=(),
            lines=sheet.lines,
        ),
    )


def _samples(sheet: Any, column: int) -> str:
    shown = [sheet.cell(row, column) for row in range(min(SAMPLES, len(sheet.units)))]
    return side_by_side(filter(None, shown))


def _with_nearest(mapped: Mapped, draft: DataImport) -> tuple[list[Match], list[Match]]:
    """Look up the nearest names again for what is still open: they are not kept."""
    columns, rows = list(mapped.columns), list(mapped.rows)
    if not all(match.is_settled for match in columns):
        fresh = match_columns(mapped.sheet.columns, mapped.leaves)
        columns = [_near(match, found) for match, found in zip(columns, fresh, strict=True)]
    open_rows = [row for row, match in enumerate(rows) if not match.is_settled]
    if open_rows:
        # A register may have a million units: it is looked through where there is something to find.
        finder = UnitFinder(UnitsOfRegister(draft.register), [mapped.sheet.units[row] for row in open_rows])
        for row in open_rows:
            match = rows[row]
            rows[row] = _near(match, finder.find(mapped.sheet.units[row]))
    return columns, rows


def _near(match: Match, found: Match) -> Match:
    return match if match.is_settled else Match(match.to, match.how, found.nearest)


def side_context(
    side: Side, *, opened: Iterable[int], errors: Mapping[str, str], sent: Any
) -> dict[str, Any]:
    """Return what the page shows of one side: the open ones to settle, the settled ones to check."""
    opened = set(opened)
    waiting = [p for p, match in enumerate(side.matches) if not match.is_settled or p in opened]
    settled = [p for p, match in enumerate(side.matches) if match.is_settled and p not in opened]
    return {
        "kind": side.kind,
        "waiting": [_question(side, place, errors, sent) for place in waiting[:PAGE]],
        "waiting_count": len(waiting),
        "hidden_count": max(len(waiting) - PAGE, 0),
        "settled": [
            {
                "place": place,
                "head": side.heads[place],
                "where": side.where(place),
                "to": _target_name(side, side.matches[place].to),
                "how": how_words(side.matches[place]),
            }
            for place in settled[:SETTLED]
        ],
        "settled_count": len(settled),
        "unshown_count": max(len(settled) - SETTLED, 0),
        "names": list(side.names.values())[:2000] if waiting else [],
    }


def _question(side: Side, place: int, errors: Mapping[str, str], sent: Any) -> dict[str, Any]:
    match = side.matches[place]
    targets = [to for to in dict.fromkeys([match.to, *match.nearest]) if to in side.names]
    name = f"{side.kind}-{place}"
    return {
        "name": name,
        "place": place,
        "head": side.heads[place],
        "where": side.where(place),
        "samples": side.sample(place),
        "choices": [(to, side.names[to]) for to in targets] + list(side.extras.items()),
        "chosen": sent.get(name, match.to),
        "typed": sent.get(f"name-{name}", ""),
        "is_suggestion": match.how == "near",
        "error": errors.get(name, ""),
    }


def _target_name(side: Side, to: str) -> str:
    return side.names.get(to) or side.extras.get(to, to)


def how_words(match: Match) -> str:
    """Say how a target was come by."""
    if match.to == ASIDE:
        return _("left out")
    return {
        "exact": _("the same"),
        "name": _("by its name"),
        "alias": _("by another name"),
        "near": _("a suggestion"),
        "chosen": _("chosen"),
    }.get(match.how, "")


def choices_in(
    sent: Mapping[str, Any], side: Side, draft: DataImport
) -> tuple[dict[int, str], dict[str, str]]:
    """Return the targets that were chosen or typed, by place, and what is wrong with those that were not."""
    chosen: dict[int, str] = {}
    errors: dict[str, str] = {}
    for place in range(len(side.heads)):
        name = f"{side.kind}-{place}"
        if name not in sent:
            continue
        typed = str(sent.get(f"name-{name}", "")).strip()
        if not typed:
            chosen[place] = str(sent[name])
        elif target := _resolve(typed, side, draft):
            chosen[place] = target
        else:
            errors[name] = _("“%(name)s” is not known here. Choose one of the names offered.") % {
                "name": typed
            }
    return chosen, errors


def _resolve(typed: str, side: Side, draft: DataImport) -> str:
    """Return what a typed name stands for; '' where it stands for nothing."""
    by_label = {label: key for key, label in side.names.items()}
    if typed in by_label:
        return by_label[typed]
    if side.kind == "row":
        match = UnitFinder(UnitsOfRegister(draft.register), [typed]).find(typed)
    else:
        (match,) = match_columns([typed], mapped_of(draft).leaves)
    return match.to if match.is_settled else ""
