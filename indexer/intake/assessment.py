"""What a mapped sheet holds, and everything that is wrong or remarkable about it."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal, NamedTuple

import numpy as np
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from indexer.intake.mapping import ASIDE, BESIDE, TOTALS, LeafNames, Match, repeated
from indexer.intake.sheets import Place, Sheet
from indexer.numeric.method.treatment import OutlierRule, shape_of_sorted
from indexer.numeric.screening import Screened, repeats, screen_columns, unit_jumps
from weighting.numeric.arrays import FloatArray
from weighting.readers import CellError, parse_number
from weighting.readers.cells import GAPS, plain
from weighting.sentences import join_sentences

Severity = Literal["blocker", "note"]
# Whether the method takes something of the leaf of that code.
Takes = Callable[[str], bool]
# What is shown a leaf by its place, and its values, (rows,).
Look = Callable[[int, FloatArray], None]
NAMED = 5
# Of so many times as many as are looked for it is quicker to find these first than to put all in order.
MANY = 20
RULE = OutlierRule()


@dataclass(frozen=True)
class Finding:
    """One thing to correct, or to know. ``cell`` is where it can be corrected on the page.

    ``proposal`` is what the cell was probably meant to hold.
    """

    severity: Severity
    rule: str
    message: str
    line: int | None = None
    unit: str = ""
    column: str = ""
    value: str = ""
    cell: Place | None = None
    proposal: str | None = None


class _Outliers(Finding):
    """The far outliers of a column, put into words when asked for them: who stores an edition reads none."""

    _of: tuple[Sheet, "Content", int]

    def __init__(self, sheet: Sheet, content: "Content", place: int, code: str) -> None:
        super().__init__("note", "outliers", "", column=code)
        vars(self).update(_of=(sheet, content, place))
        del vars(self)["message"]

    @cached_property
    def message(self) -> str:
        sheet, content, place = self._of
        (screened,) = screen_columns(content.values[:, [place]])
        return _outlier_note(sheet, content, screened)


@dataclass(frozen=True, eq=False)
class Content:
    """What would be stored: units (rows,) and values (rows, leaves) with nan for a gap or a wrong
    cell, totals (leaves,) with nan where the column sum serves, and the columns kept beside."""

    keys: list[str]
    rows: list[int]
    values: FloatArray
    totals: FloatArray
    beside: dict[str, FloatArray]


@dataclass(frozen=True, eq=False)
class Mapped:
    """A sheet, what its columns and rows go to, and what they could go to."""

    sheet: Sheet
    columns: Sequence[Match]
    rows: Sequence[Match]
    leaves: Sequence[LeafNames]
    labels: dict[str, str]
    given_totals: dict[str, float] = field(default_factory=dict)
    other_sheets: tuple[str, ...] = ()
    # The values of the edition before: by the key of a unit, (leaves,).
    before: dict[str, FloatArray] = field(default_factory=dict)

    @property
    def columns_by_code(self) -> dict[str, int]:
        """The column of each leaf that has one; of two the first."""
        codes = {leaf.code for leaf in self.leaves}
        found: dict[str, int] = {}
        for place, match in enumerate(self.columns):
            if match.to in codes:
                found.setdefault(match.to, place)
        return found

    @property
    def unit_rows(self) -> list[int]:
        """The rows that go to a unit; of two that go to the same one the first."""
        first: dict[str, int] = {}
        for row, match in enumerate(self.rows):
            if match.to in self.labels:
                first.setdefault(match.to, row)
        return list(first.values())


def content_of(mapped: Mapped) -> Content:
    """Gather what the sheet holds, in the order of the leaves, as far as it is mapped."""
    sheet, rows, places = mapped.sheet, mapped.unit_rows, mapped.columns_by_code
    values = _picked(sheet.values, rows, [places.get(leaf.code, -1) for leaf in mapped.leaves])
    totals = np.array([mapped.given_totals.get(leaf.code, math.nan) for leaf in mapped.leaves])
    whole = [row for row, match in enumerate(mapped.rows) if match.to == TOTALS]
    for leaf_place, leaf in enumerate(mapped.leaves):
        if leaf.code in places:
            column = places[leaf.code]
            if whole and not math.isnan(sheet.values[whole[0], column]):
                totals[leaf_place] = sheet.values[whole[0], column]
    beside = {
        sheet.columns[place]: sheet.values[rows, place]
        for place, match in enumerate(mapped.columns)
        if match.to == BESIDE
    }
    return Content([mapped.rows[row].to for row in rows], rows, values, totals, beside)


def _picked(values: FloatArray, rows: list[int], columns: list[int]) -> FloatArray:
    """Return some rows and columns, -1 for one of gaps; as they are where that is all of them in order."""
    if rows == list(range(len(values))) and columns == list(range(values.shape[1])):
        return values
    picked: FloatArray = values[np.ix_(rows, columns)] if values.size else np.empty((len(rows), len(columns)))
    picked[:, [place for place, column in enumerate(columns) if column < 0]] = math.nan
    return picked


def assess(
    mapped: Mapped,
    content: Content,
    *,
    takes_missing: Takes,
    takes_negative: Takes,
    look: Look = lambda _place, _column: None,
) -> list[Finding]:
    """Return everything to correct or to know that the mapping and the cells show by themselves.

    What the method takes is asked of each leaf by its code. ``look`` is shown the values of every leaf in
    turn, for to go through a matrix once more takes as long as what is looked for.
    """
    return [
        *_unsettled(mapped),
        *_twice(mapped),
        *_lacking(mapped),
        *_totals(mapped),
        *_cells(mapped, content, takes_missing, takes_negative),
        *_columns(mapped, content, look),
        *_repeats(mapped, content),
        *_set_aside(mapped),
    ]


def _unsettled(mapped: Mapped) -> Iterator[Finding]:
    """Columns and rows that go nowhere yet, or to a suggestion that nobody confirmed."""
    sheet = mapped.sheet
    for place, match in enumerate(mapped.columns):
        if not match.is_settled:
            message = _("The column stands for no indicator yet. Choose one in the mapping, or leave it out.")
            yield Finding("blocker", "unmapped", message, column=sheet.columns[place])
    for row, match in enumerate(mapped.rows):
        if not match.is_settled:
            message = _("The row stands for no unit yet. Choose one in the mapping, or leave it out.")
            yield Finding("blocker", "unmapped", message, sheet.lines[row], sheet.units[row])


def _twice(mapped: Mapped) -> Iterator[Finding]:
    """Columns and rows of which several go to one place."""
    sheet = mapped.sheet
    twice = repeated(mapped.columns)
    for place, match in enumerate(mapped.columns):
        if match.to in twice:
            message = _("Two columns go to the indicator %(code)s. Leave one out in the mapping.")
            yield Finding("blocker", "duplicate", message % {"code": match.to}, column=sheet.columns[place])
    twice = repeated(mapped.rows)
    for row, match in enumerate(mapped.rows):
        if match.to in twice:
            name = mapped.labels.get(match.to, _("Totals"))
            message = _("Two rows go to %(name)s. Leave one out in the mapping.") % {"name": name}
            yield Finding("blocker", "duplicate", message, sheet.lines[row], sheet.units[row])


def _lacking(mapped: Mapped) -> Iterator[Finding]:
    """Indicators that no column goes to."""
    places = mapped.columns_by_code
    for leaf in mapped.leaves:
        if leaf.code not in places:
            message = _(
                "No column goes to this indicator. Choose one in the mapping, add it to the file, or take "
                "the indicator out of a copy of the framework."
            )
            yield Finding("blocker", "no_column", message, column=leaf.code)


def _totals(mapped: Mapped) -> Iterator[Finding]:
    """Totals that are no totals."""
    sheet = mapped.sheet
    for row, match in enumerate(mapped.rows):
        if match.to != TOTALS:
            continue
        for code, column in mapped.columns_by_code.items():
            text = sheet.texts.get((row, column))
            value = sheet.values[row, column]
            if text is not None or value <= 0:
                message = _("A total is a number above zero. Correct it, or leave it empty to use the sum.")
                yield Finding(
                    "blocker", "total", message, sheet.lines[row], sheet.units[row], code,
                    sheet.cell(row, column), (row, column),
                )  # fmt: skip


def _cells(
    mapped: Mapped, content: Content, takes_missing: Takes, takes_negative: Takes
) -> Iterator[Finding]:
    """Cells that hold no number, nothing, or less than nothing."""
    yield from _texts(mapped, content)
    places = mapped.columns_by_code
    for place in _with_gaps_or_below_zero(content.values):
        leaf = mapped.leaves[place]
        if leaf.code in places:
            column, values = _Column(leaf.code, places[leaf.code]), content.values[:, place]
            yield from _gaps(mapped.sheet, content, column, values, takes=takes_missing(leaf.code))
            yield from _below_zero(mapped.sheet, content, column, values, takes=takes_negative(leaf.code))


class _Column(NamedTuple):
    """An indicator, and the column of the file that goes to it."""

    code: str
    place: int


def _texts(mapped: Mapped, content: Content) -> Iterator[Finding]:
    """Texts in the place of numbers."""
    sheet, of_unit = mapped.sheet, set(content.rows)
    used = {place: code for code, place in mapped.columns_by_code.items()}
    used |= {p: sheet.columns[p] for p, match in enumerate(mapped.columns) if match.to == BESIDE}
    for (row, column), text in sorted(sheet.texts.items()):
        if row in of_unit and column in used:
            yield Finding(
                "blocker", "not_a_number", _complaint(text), sheet.lines[row], sheet.units[row], used[column],
                text, (row, column), _proposal(text),
            )  # fmt: skip


def _gaps(
    sheet: Sheet, content: Content, column: _Column, values: FloatArray, *, takes: bool
) -> Iterator[Finding]:
    """Values that are missing, (units,), and whether they are taken."""
    rows = np.array(content.rows, dtype=int)[np.isnan(values)].tolist()
    gaps = [row for row in rows if (row, column.place) not in sheet.texts]
    if gaps and takes:
        yield Finding("note", "missing", _gap_note(sheet, gaps), column=column.code)
        return
    for row in gaps:
        message = _("The value is missing. Fill it in, or choose how missing values are treated.")
        yield Finding(
            "blocker", "missing", message, sheet.lines[row], sheet.units[row], column.code, "",
            (row, column.place), "",
        )  # fmt: skip


def _below_zero(
    sheet: Sheet, content: Content, column: _Column, values: FloatArray, *, takes: bool
) -> Iterator[Finding]:
    """Values below zero, (units,), and whether they are taken."""
    below = np.flatnonzero(values < 0).tolist()
    if takes and len(below) > NAMED:
        # A balance is below zero in half of its cells: a line for each would hide what else there is.
        yield Finding("note", "negative", _negative_note(sheet, content, below), column=column.code)
        return
    severity: Severity = "note" if takes else "blocker"
    message = (
        _("The value is negative. Make sure that it is meant.")
        if takes
        else _("A share needs values of 0 or more. Correct it or choose another normalisation.")
    )
    for row in (content.rows[index] for index in below):
        yield Finding(
            severity, "negative", message, sheet.lines[row], sheet.units[row], column.code,
            sheet.cell(row, column.place), (row, column.place), None,
        )  # fmt: skip


def _with_gaps_or_below_zero(values: FloatArray) -> list[int]:
    """Return the columns with a cell of the kind: the least of a column with a gap is nan."""
    least = np.minimum.reduce(values, axis=0, initial=math.inf)
    return np.flatnonzero(~(least >= 0)).tolist()


def _columns(mapped: Mapped, content: Content, look: Look) -> Iterator[Finding]:
    """Columns that are all alike, hold far outliers, or changed since the edition before."""
    values, sheet = content.values, mapped.sheet
    for place, (leaf, screened) in enumerate(zip(mapped.leaves, screen_columns(values), strict=True)):
        look(place, screened.column)
        ordered = screened.ordered
        if len(ordered) > 1 and ordered[0] == ordered[-1]:
            message = _("All units have the same value, which does not tell them apart.")
            present = next(value for value in screened.column if not math.isnan(value))
            yield Finding("note", "constant", message, column=leaf.code, value=f"{present:.15g}")
        if len(screened.far):
            yield _Outliers(sheet, content, place, leaf.code)
    if len(values):
        yield from _jumps(mapped, content)


def _outlier_note(sheet: Sheet, content: Content, screened: Screened) -> str:
    # One more than are named shows that there are others.
    names = [sheet.units[content.rows[row]] for row in _furthest(screened, NAMED + 1)]
    shape = shape_of_sorted(screened.ordered)
    message = ngettext(
        "%(count)d value lies beyond Tukey’s outer fences (3 interquartile ranges): %(names)s.",
        "%(count)d values lie beyond Tukey’s outer fences (3 interquartile ranges): %(names)s.",
        len(screened.far),
    ) % {"count": len(screened.far), "names": _listed(names)}
    if abs(shape.skewness) > RULE.skewness and shape.kurtosis > RULE.kurtosis:
        beyond = _(
            "Skewness %(skewness).1f and kurtosis %(kurtosis).1f are beyond 2 and 3.5: the method may treat "
            "outliers."
        ) % {"skewness": shape.skewness, "kurtosis": shape.kurtosis}
        return join_sentences([message, beyond])
    return message


def _furthest(screened: Screened, count: int) -> list[int]:
    """Return the rows of the values furthest from the median, of two as far the first."""
    far = screened.far
    distances = np.abs(screened.column[far] - screened.median)
    if len(far) > MANY * count:
        # Nearly all are nearer than these, and need no order.
        among = distances >= np.partition(distances, len(far) - count)[len(far) - count]
        far, distances = far[among], distances[among]
    rows: list[int] = far[np.argsort(-distances, kind="stable")][:count].tolist()
    return rows


def _jumps(mapped: Mapped, content: Content) -> Iterator[Finding]:
    """Columns and cells that are another size than in the edition before."""
    if not mapped.before:
        return
    nothing = np.full(len(mapped.leaves), math.nan)
    before = np.array([mapped.before.get(key, nothing) for key in content.keys])
    jumps = unit_jumps(content.values, before)
    for place in np.flatnonzero(jumps.columns).tolist():
        message = _(
            "The median unit has %(ratio).3g times its value of the previous edition; from 5 times up, or a "
            "fifth down, the unit may have changed."
        )
        yield Finding(
            "note", "unit_jump", message % {"ratio": jumps.ratios[place]}, column=mapped.leaves[place].code
        )
    places = mapped.columns_by_code
    for index, place in np.argwhere(jumps.cells).tolist():
        row, code = content.rows[index], mapped.leaves[place].code
        message = _(
            "The value was %(before).6g in the previous edition: it moved ten times as far as the median "
            "unit."
        ) % {"before": before[index, place]}
        yield Finding(
            "note", "jump", message, mapped.sheet.lines[row], mapped.sheet.units[row], code,
            mapped.sheet.cell(row, places[code]), (row, places[code]),
        )  # fmt: skip


def _repeats(mapped: Mapped, content: Content) -> Iterator[Finding]:
    """Columns and rows that hold the same values."""
    for first, later in repeats(content.values.T):
        message = _("The column holds the same values as %(other)s.")
        other, code = mapped.leaves[first].code, mapped.leaves[later].code
        yield Finding("note", "repeated", message % {"other": other}, column=code)
    for first, later in repeats(content.values):
        row, other_row = content.rows[later], content.rows[first]
        message = _("The row holds the same values as %(other)s.") % {"other": mapped.sheet.units[other_row]}
        yield Finding("note", "repeated", message, mapped.sheet.lines[row], mapped.sheet.units[row])


def _set_aside(mapped: Mapped) -> Iterator[Finding]:
    """What is left out, by decision or because it is not read at all."""
    sheet = mapped.sheet
    for place, match in enumerate(mapped.columns):
        if match.to == ASIDE and match.is_settled:
            yield Finding("note", "left_out", _("The column is left out."), column=sheet.columns[place])
    for row, match in enumerate(mapped.rows):
        if match.to == ASIDE:
            message = _("The row is left out.")
            yield Finding("note", "left_out", message, sheet.lines[row], sheet.units[row])
    for name in sheet.unread:
        message = _("The column is not read: it is of another year, or says nothing about a value.")
        yield Finding("note", "left_out", message, column=name)
    for text in sheet.left_out:
        yield Finding("note", "left_out", _("This is above or below the table, or left out."), value=text)
    for name in mapped.other_sheets:
        message = _("One sheet of a workbook is read. The sheet “%(name)s” is not.")
        yield Finding("note", "left_out", message % {"name": name})


def _complaint(text: str) -> str:
    try:
        parse_number(text)
    except CellError as error:
        remedy = _("Leave the cell empty when there is no value.")
        return join_sentences([error, remedy])
    return ""


def _proposal(text: str) -> str | None:
    """Return what a cell was probably meant to hold; None where nobody can tell."""
    return "" if plain(text).casefold() in GAPS else None


def _gap_note(sheet: Sheet, rows: Sequence[int]) -> str:
    message = ngettext(
        "%(count)d value is missing: %(names)s.", "%(count)d values are missing: %(names)s.", len(rows)
    )
    names = [sheet.units[row] for row in rows[: NAMED + 1]]
    return message % {"count": len(rows), "names": _listed(names)}


def _negative_note(sheet: Sheet, content: Content, below: Sequence[int]) -> str:
    names = [sheet.units[content.rows[index]] for index in below[: NAMED + 1]]
    said = ngettext(
        "%(count)d value is negative: %(names)s. Make sure that it is meant.",
        "%(count)d values are negative: %(names)s. Make sure that they are meant.",
        len(below),
    )
    return said % {"count": len(below), "names": _listed(names)}


def _listed(names: Sequence[str]) -> str:
    shown = _(", ").join(names[:NAMED])
    return shown + "…" if len(names) > NAMED else shown
