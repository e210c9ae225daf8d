"""A file of data to a clean table, with everything that was decided and all that is left to settle."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from django.utils.translation import gettext as _

from indexer.intake.hints import is_aggregate
from indexer.intake.mapping import (
    TOTALS,
    LeafNames,
    Match,
    UnitNames,
    is_total,
    match_columns,
    match_rows,
)
from indexer.intake.sheets import Sheet
from weighting.numeric.arrays import FloatArray
from weighting.readers.decisions import Decisions
from weighting.readers.questions import ask, question

LEFT_OUT = "left out"
# Decisions about one column, which matter where it is used.
OF_COLUMNS = {
    *("decimal", "percent", "brackets", "minus", "words", "spelt", "truth", "currency", "ranges", "text"),
}


@dataclass(frozen=True)
class Choices:
    """How a file is read, and where its columns and units go: by key, by head, by label."""

    reading: Mapping[str, str] = field(default_factory=dict)
    columns: Mapping[str, str] = field(default_factory=dict)
    units: Mapping[str, str] = field(default_factory=dict)

    @property
    def chosen(self) -> dict[str, str]:
        """How the file is read, without what was left to be filled in."""
        return {key: value for key, value in self.reading.items() if value}


@dataclass(frozen=True, eq=False)
class CleanTable:
    """Units and values, (units, leaves), totals by leaf, and what was made of the file."""

    units: list[str]
    values: FloatArray
    totals: dict[str, float]
    columns: list[Match]
    rows: list[Match]
    to_settle: list[str]


def clean_table(
    sheet: Sheet,
    decisions: Decisions,
    leaves: Sequence[LeafNames],
    units: Iterable[UnitNames] | None,
    choices: Choices,
) -> CleanTable:
    """Match a sheet to leaves and to the units of a register; without one, units stay as they are written."""
    columns = _columns(sheet, leaves, choices)
    rows = _rows(sheet, units, choices)
    codes = [leaf.code for leaf in leaves]
    places = {match.to: place for place, match in reversed(list(enumerate(columns))) if match.is_settled}
    kept = [row for row, match in enumerate(rows) if match.is_settled and match.to not in (LEFT_OUT, TOTALS)]
    used = {code: places[code] for code in codes if code in places}
    whole = [row for row, match in enumerate(rows) if match.to == TOTALS]
    names = {unit.key: unit for unit in units or ()}
    labels = [_label(sheet.units[row], names.get(rows[row].to)) for row in kept]
    left = [
        *_open(decisions, {sheet.columns[column] for column in used.values()}),
        *_columns_left(sheet, columns, codes, places, not_shown=_not_shown(decisions)),
        *_rows_left(sheet, rows, names, asked={made.kind for made in decisions.open}),
        *_cells_left(sheet, kept, [*used.values()], decisions),
        *_totals_left(sheet, whole, used),
    ]
    values = _values(sheet, kept, [used.get(code) for code in codes])
    return CleanTable(labels, values, _totals(sheet, whole, used), columns, rows, left)


def _values(sheet: Sheet, rows: Sequence[int], columns: Sequence[int | None]) -> FloatArray:
    """Return the values of these rows and columns, (rows, columns): nan in a column that is not there."""
    values = np.full((len(rows), len(columns)), np.nan)
    for place, column in enumerate(columns):
        if column is not None:
            values[:, place] = sheet.values[rows, column]
    return values


def reading_kept(decisions: Decisions) -> dict[str, str]:
    """Return what was decided beyond what the file shows; '' for what is open."""
    return {made.key: made.value for made in decisions.made if made.how != "seen"}


def decisions_told(decisions: Decisions) -> list[dict[str, Any]]:
    """Return every decision, with its key and in words."""
    return [asdict(made) | {"key": made.key, "question": question(made)} for made in decisions.made]


def choices_made(
    decisions: Decisions, read: Iterable[tuple[Sheet, CleanTable]], choices: Choices
) -> dict[str, Any]:
    """Return what may be kept for next year's file; what is open stands empty, to be filled in.

    ``read`` are the years of the file that were read, of which each has its own columns and units.
    """
    columns, units = {}, dict(choices.units)
    for sheet, clean in read:
        for head, match in zip(sheet.columns, clean.columns, strict=True):
            if match.how in ("name", "chosen"):
                columns[head] = match.to
        for unit, match in zip(sheet.units, clean.rows, strict=True):
            if not match.is_settled:
                units.setdefault(unit, "")
    return {"reading": reading_kept(decisions), "columns": columns, "units": units}


def report_of(decisions: Decisions, clean: CleanTable, sheet: Sheet) -> dict[str, Any]:
    """Return every decision, where columns and rows went, what became a gap, what is left to settle."""
    return {
        "to_settle": clean.to_settle,
        "decisions": decisions_told(decisions),
        "unheeded_choices": decisions.unheeded,
        "unit_column": sheet.unit_column,
        "layout": sheet.layout,
        "years": list(sheet.years),
        "columns": [
            {"head": head, "to": match.to, "how": match.how, "nearest": list(match.nearest)}
            for head, match in zip(sheet.columns, clean.columns, strict=True)
        ],
        "rows": [
            {"line": line, "unit": unit, "to": match.to, "how": match.how, "nearest": list(match.nearest)}
            for line, unit, match in zip(sheet.lines, sheet.units, clean.rows, strict=True)
        ],
        "totals": clean.totals,
        "left_out": list(sheet.left_out),
        "columns_not_read": list(sheet.unread),
        "gaps": [
            {
                "line": sheet.lines[r],
                "unit": sheet.units[r],
                "column": sheet.columns[c],
                "text": text,
            }
            for (r, c), text in sorted(sheet.kept.items())
        ],
    }


def _columns(sheet: Sheet, leaves: Sequence[LeafNames], choices: Choices) -> list[Match]:
    """Match the columns; one that stands for no indicator is left out, and listed."""
    return [
        Match(choices.columns[head], "chosen")
        if choices.columns.get(head)
        else match
        if match.is_settled
        else Match("", "", match.nearest)
        for head, match in zip(sheet.columns, match_columns(sheet.columns, leaves), strict=True)
    ]


def _rows(sheet: Sheet, units: Iterable[UnitNames] | None, choices: Choices) -> list[Match]:
    if units is None:
        found = [
            Match(TOTALS, "name") if is_total(unit) else Match(unit, "exact" if unit else "")
            for unit in sheet.units
        ]
    else:
        found = match_rows(sheet.units, units)
    chosen = {label: to for label, to in choices.units.items() if to}
    if not chosen:
        return found
    targets = {to: _target(to, units) for to in set(chosen.values())}
    return [
        Match(targets[chosen[unit]], "chosen") if unit in chosen else match
        for unit, match in zip(sheet.units, found, strict=True)
    ]


def _totals(sheet: Sheet, whole: Sequence[int], used: Mapping[str, int]) -> dict[str, float]:
    """Return the totals that the first row of such gives, by leaf."""
    given = {code: float(sheet.values[row, column]) for row in whole[:1] for code, column in used.items()}
    return {code: total for code, total in given.items() if not np.isnan(total)}


def _target(name: str, units: Iterable[UnitNames] | None) -> str:
    if name == LEFT_OUT or units is None:
        return name
    match = match_rows([name], units)[0]
    return match.to if match.is_settled else ""


def _label(written: str, unit: UnitNames | None) -> str:
    """Name a unit as the file does where that is one of its names, else in the file's own script."""
    if unit is None or written in unit.names:
        return written
    plain = [name for name in (unit.shown, *unit.names) if name.isascii()]
    return plain[0] if written.isascii() and plain else unit.label


def _open(decisions: Decisions, used: set[str]) -> list[str]:
    return [
        ask(made)
        for made in decisions.open
        if made.kind != "text" and (made.kind not in OF_COLUMNS or made.subject in used)
    ]


def _not_shown(decisions: Decisions) -> str:
    """Name the columns that the workbook does not show and that were left out for it."""
    samples = (
        made.samples for made in decisions.made if made.kind == "hidden_columns" and made.value == LEFT_OUT
    )
    return _(", ").join(next(samples, ()))


def _columns_left(
    sheet: Sheet,
    columns: Sequence[Match],
    codes: Sequence[str],
    places: Mapping[str, int],
    *,
    not_shown: str,
) -> list[str]:
    left = []
    for code in codes:
        if code not in places:
            near = [
                head for head, match in zip(sheet.columns, columns, strict=True) if code in match.nearest[:1]
            ]
            if near:
                message = _("No column goes to the indicator %(code)s. Nearest: %(names)s.")
            elif not_shown:
                message = _(
                    "No column that the workbook shows goes to the indicator %(code)s. It does not show "
                    "%(columns)s: choose hidden_columns: kept to have them read."
                )
            else:
                message = _(
                    "No column goes to the indicator %(code)s, nor has one a name like it. Name the column "
                    "among the choices, or add it to the file."
                )
            left.append(message % {"code": code, "names": _(", ").join(near), "columns": not_shown})
    twice = Counter(match.to for match in columns if match.to in codes)
    message = _("Two columns go to the indicator %(code)s. Leave one out in the mapping.")
    return left + [message % {"code": code} for code, count in twice.items() if count > 1]


def _rows_left(
    sheet: Sheet, rows: Sequence[Match], names: Mapping[str, UnitNames], asked: set[str]
) -> list[str]:
    left = []
    for line, unit, match in zip(sheet.lines, sheet.units, rows, strict=True):
        # Sums of units are asked about together.
        if not match.is_settled and not ("aggregates" in asked and is_aggregate(unit)):
            near = _(", ").join(names[key].label for key in match.nearest if key in names)
            message = (
                _("Row %(line)d, %(unit)s, stands for no unit yet. Nearest: %(names)s.")
                if near
                else _(
                    "Row %(line)d, %(unit)s, stands for no unit, nor has one a name like it. Name the unit "
                    "among the choices, or leave the row out."
                )
            )
            left.append(message % {"line": line, "unit": unit or "–", "names": near})
    twice = Counter(match.to for match in rows if match.is_settled and match.to != LEFT_OUT)
    shown = {TOTALS: _("Totals")} | {key: unit.label for key, unit in names.items()}
    message = _("%(count)d rows go to %(name)s. Leave all but one out.")
    return left + [
        message % {"count": count, "name": shown.get(to, to)} for to, count in twice.items() if count > 1
    ]


def _cells_left(sheet: Sheet, kept: Sequence[int], used: Sequence[int], decisions: Decisions) -> list[str]:
    # What a column asks about is said once, not cell by cell.
    asked = {made.subject for made in decisions.open if made.kind in OF_COLUMNS and made.kind != "text"}
    rows, columns = set(kept), {place for place in used if sheet.columns[place] not in asked}
    message = _("Row %(line)d, %(unit)s, column %(column)s: “%(text)s” is not a number.")
    return [
        message
        % {"line": sheet.lines[row], "unit": sheet.units[row], "column": sheet.columns[column], "text": text}
        for (row, column), text in sorted(sheet.texts.items())
        if row in rows and column in columns
    ]


def _totals_left(sheet: Sheet, whole: Iterable[int], used: Mapping[str, int]) -> list[str]:
    """Ask about totals that are no totals, as the check of an import does."""
    message = _("Row %(line)d, %(unit)s, column %(column)s: “%(text)s” is not a number above zero.")
    return [
        message
        % {
            "line": sheet.lines[row],
            "unit": sheet.units[row],
            "column": sheet.columns[column],
            "text": sheet.cell(row, column),
        }
        for row in whole
        for column in used.values()
        if (row, column) in sheet.texts or sheet.values[row, column] <= 0
    ]
