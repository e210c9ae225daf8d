"""Rows of text to a sheet: numbers packed, every other cell kept as it was written."""

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
from django.utils.translation import gettext as _

from indexer.intake.files import FileTable
from indexer.names import normalise_unit_name
from weighting.numeric.arrays import FloatArray
from weighting.readers import CellError, ProblemLog, parse_number
from weighting.readers.table import Row

Layout = Literal["wide", "long"]
Place = tuple[int, int]

PLAIN = re.compile(r"[0-9.,eE+-]*", re.ASCII)
UNIT_WORDS = {
    "unit", "city", "place", "country", "county", "name", "name_zh", "名称", "城市", "城市名称", "地区",
    "地市", "市", "国家", "县", "区县",
}  # fmt: skip
INDICATOR_WORDS = {"indicator", "indicator_code", "code", "variable", "指标", "指标代码", "指标名称"}
VALUE_WORDS = {"value", "数值", "值", "指标值"}
TOTAL_WORDS = {"total", "national_total", "合计", "总计", "全国合计", "全国"}
# A table is mostly numbers; text beyond this is not the data.
MAX_TEXTS = 200_000


@dataclass(frozen=True, eq=False)
class Sheet:
    """A table as it was sent in.

    Attributes
    ----------
    columns : tuple of str, (columns,)
        The heads of all columns but the one of units.
    units : tuple of str, (rows,)
    lines : tuple of int, (rows,)
        The line of the file each row begins on.
    values : float array, (rows, columns)
        nan where a cell holds no number.
    texts : dict
        By (row, column): what stands in a cell that is neither a number nor empty.
    layout : {"wide", "long"}
        Of a long file, rows are its units and columns its indicators, in order of appearance.
    unit_column : str
    unread : tuple of str
        The columns of a long file that say nothing about a value, such as its year.
    """

    columns: tuple[str, ...]
    units: tuple[str, ...]
    lines: tuple[int, ...]
    values: FloatArray
    texts: dict[Place, str] = field(default_factory=dict)
    layout: Layout = "wide"
    unit_column: str = ""
    unread: tuple[str, ...] = ()

    def with_corrections(self, corrections: Mapping[Place, str]) -> "Sheet":
        """Return the sheet with some cells written anew."""
        values, texts = self.values.copy(), dict(self.texts)
        for place, text in corrections.items():
            texts.pop(place, None)
            values[place], rest = read_cell(text)
            if rest:
                texts[place] = rest
        return replace(self, values=values, texts=texts)

    def cell(self, row: int, column: int) -> str:
        """Return a cell as text."""
        value = self.values[row, column]
        return self.texts.get((row, column), "" if math.isnan(value) else f"{value:.15g}")


def read_sheet(file: FileTable, log: ProblemLog) -> Sheet | None:
    """Read a wide or a long table; None with the problem noted where there is no row of data."""
    table = file.table
    folded = [normalise_unit_name(name).casefold() for name in table.header]
    indicator, value = _find(folded, INDICATOR_WORDS), _find(folded, VALUE_WORDS)
    unit = _find(folded, UNIT_WORDS)
    if indicator is not None and value is not None and unit not in (None, indicator, value):
        sheet = _read_long(table.header, table.rows, unit or 0, indicator, value, folded)
    else:
        sheet = _read_wide(table.header, table.rows, unit or 0)
    if not log.problems:
        _check_extent(sheet, log)
    return None if log.problems else sheet


def read_cell(text: str) -> tuple[float, str]:
    """Return the number of a cell, nan where there is none, and what stands there instead of one."""
    if not text.strip():
        return math.nan, ""
    try:
        return parse_number(text), ""
    except CellError:
        return math.nan, text.strip()


def _find(folded: Sequence[str], words: set[str]) -> int | None:
    return next((place for place, name in enumerate(folded) if name in words), None)


def _check_extent(sheet: Sheet, log: ProblemLog) -> None:
    if not sheet.units:
        log.add(_("The file has no rows of data. Add one for each unit."))
    elif not sheet.columns:
        log.add(_("The file has one column only. Separate the columns by commas."), row=1)
    elif len(sheet.texts) > MAX_TEXTS:
        message = _("More than %(most)d cells hold no number. Send the table of values alone.")
        log.add(message % {"most": MAX_TEXTS})


def _read_wide(header: Sequence[str], rows: Iterable[Row], unit: int) -> Sheet:
    units: list[str] = []
    lines: list[int] = []
    values: list[FloatArray] = []
    texts: dict[Place, str] = {}
    for row in rows:
        cells = row.cells
        units.append(cells.pop(unit))
        lines.append(row.line)
        values.append(_read_numbers(cells, len(values), texts))
        if len(texts) > MAX_TEXTS:
            break
    columns = [_head(name, place) for place, name in enumerate(header, start=1)]
    unit_column = columns.pop(unit)
    matrix = np.array(values) if values else np.empty((0, len(columns)))
    return Sheet(tuple(columns), tuple(units), tuple(lines), matrix, texts, "wide", unit_column)


def _head(name: str, place: int) -> str:
    return name or _("(column %(place)d)") % {"place": place}


def _read_numbers(cells: list[str], row: int, texts: dict[Place, str]) -> FloatArray:
    """Read a row, at once where it holds nothing but plain numbers and gaps, as nearly all do."""
    joined = ",".join(cells)
    if PLAIN.fullmatch(joined):
        try:
            values = np.array([float(cell) if cell else math.nan for cell in cells])
        except ValueError:
            values = None
        # An exponent can hide a number too large or too small for a double.
        if values is not None and "e" not in joined.lower():
            return values
    result = np.full(len(cells), math.nan)
    for column, cell in enumerate(cells):
        result[column], rest = read_cell(cell)
        if rest:
            texts[row, column] = rest
    return result


def _read_long(
    header: Sequence[str], rows: Iterable[Row], unit: int, indicator: int, value: int, folded: Sequence[str]
) -> Sheet:
    """Turn (unit, indicator, value[, total]) into a wide table.

    A second value of the same cell begins a second row of its unit, so that it is seen and
    settled as two rows of one unit are in a wide table.
    """
    total = next((p for p, name in enumerate(folded) if name in TOTAL_WORDS and p != unit), None)
    columns: dict[str, int] = {}
    places: dict[tuple[str, int], int] = {}
    units: list[str] = []
    lines: list[int] = []
    cells: dict[Place, str] = {}
    totals: dict[int, tuple[str, int]] = {}

    def put(label: str, column: int, text: str, line: int) -> None:
        again = 0
        while (row := places.get((label, again))) is not None and (row, column) in cells:
            again += 1
        if row is None:
            row = places[label, again] = len(units)
            units.append(label)
            lines.append(line)
        cells[row, column] = text

    for row in rows:
        column = columns.setdefault(row.cells[indicator], len(columns))
        put(row.cells[unit], column, row.cells[value], row.line)
        if total is not None and row.cells[total]:
            totals.setdefault(column, (row.cells[total], row.line))
    for column, (text, line) in totals.items():
        put(header[total or 0], column, text, line)
    read = {unit, indicator, value, total}
    unread = tuple(_head(name, p + 1) for p, name in enumerate(header) if p not in read)
    return replace(_pivoted(columns, units, lines, cells, header[unit]), unread=unread)


def _pivoted(
    columns: Iterable[str], units: list[str], lines: list[int], cells: Mapping[Place, str], unit_column: str
) -> Sheet:
    heads = tuple(_head(name, place) for place, name in enumerate(columns, start=1))
    values = np.full((len(units), len(heads)), math.nan)
    texts = {}
    for place, text in cells.items():
        values[place], rest = read_cell(text)
        if rest:
            texts[place] = rest
    return Sheet(heads, tuple(units), tuple(lines), values, texts, "long", unit_column)
