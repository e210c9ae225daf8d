"""A file of data to a sheet: numbers packed, every other cell kept as it was written."""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
from django.utils.translation import gettext as _

from indexer.intake.files import FileTable
from indexer.intake.hints import Hints, is_aggregate, unit_key
from indexer.intake.shapes import Shaped, named_once, shape_table
from indexer.names import fold_name
from weighting.numeric.arrays import FloatArray, IntArray
from weighting.readers import CellError, ProblemLog, parse_number
from weighting.readers.columns import held, pick_rows, side_by_side
from weighting.readers.decisions import Decisions
from weighting.readers.numbers import bears_numbers, read_columns

Layout = Literal["wide", "long"]
Place = tuple[int, int]
# A table is mostly numbers; text beyond this is not the data.
MAX_TEXTS = 200_000
BLOCK = 64
MARKED = re.compile(
    r"(?<!\s)\s*+(?:[(（\[]\d{1,2}[)）\]]|(?<!\d)\d{1,2}\)|\[\w\]|(?<![*†‡§])[*†‡§]++|(?<![¹²³⁰-⁹])[¹²³⁰-⁹]++[)⁾]?)$"
    r"|^[.·•]++\s*+(?=\w)"
)


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
        The columns that are not read, such as an index or those of other years.
    kept : dict
        By (row, column): texts that are gaps by a decision, such as NA or 226-250.
    left_out : tuple of str
        Titles, notes, and rows that were left out by a decision.
    years : tuple of str
        Every year of the file, where it has several.
    """

    columns: tuple[str, ...]
    units: tuple[str, ...]
    lines: tuple[int, ...]
    values: FloatArray
    texts: dict[Place, str] = field(default_factory=dict)
    layout: Layout = "wide"
    unit_column: str = ""
    unread: tuple[str, ...] = ()
    kept: dict[Place, str] = field(default_factory=dict)
    left_out: tuple[str, ...] = ()
    years: tuple[str, ...] = ()

    def with_corrections(self, corrections: Mapping[Place, str]) -> "Sheet":
        """Return the sheet with some cells written anew."""
        values, texts = self.values.copy(), dict(self.texts)
        for place, text in corrections.items():
            texts.pop(place, None)
            values[place], rest = read_correction(text)
            if rest:
                texts[place] = rest
        return replace(self, values=values, texts=texts)

    def cell(self, row: int, column: int) -> str:
        """Return a cell as text."""
        value = self.values[row, column]
        return self.texts.get((row, column), "" if math.isnan(value) else f"{value:.15g}")


def read_correction(text: str) -> tuple[float, str]:
    """Return the number that somebody wrote into a cell, nan for none, and what stands there instead."""
    if not text.strip():
        return math.nan, ""
    try:
        return parse_number(text), ""
    except CellError:
        return math.nan, text.strip()


def read_sheet(file: FileTable, log: ProblemLog, hints: Hints | None = None) -> Sheet | None:
    """Read a table of any shape; None with the problem noted where there is no row of data."""
    hints, decisions = hints or Hints(), file.table.decisions
    if log.problems:
        return None
    shaped = shape_table(file.table, hints, decisions)
    if not shaped.units:
        log.add(_("The file has no rows of data. Add one for each unit."))
        return None
    if not shaped.columns:
        log.add(_("The file has one column only. Separate the columns by commas."), row=1)
        return None
    marked = without_marks(shaped.units, hints, decisions)
    kept_rows, gone = _rows_kept(shaped, marked, hints, decisions)
    sheet = _sheet(shaped, [marked[row] for row in kept_rows.tolist()], kept_rows, hints, decisions)
    if len(sheet.texts) > MAX_TEXTS:
        message = _("More than %(most)d cells hold no number. Send the table of values alone.")
        log.add(message % {"most": MAX_TEXTS})
        return None
    titles = [" ".join(filter(None, row.cells)) for row in file.table.left_out]
    return replace(sheet, left_out=(*titles, *gone), years=sheet.years or file.years)


def _sheet(shaped: Shaped, units: list[str], rows: IntArray, hints: Hints, decisions: Decisions) -> Sheet:
    columns = pick_rows(shaped.columns, rows)
    nameless = _("(column %(place)d)")
    heads = named_once(
        [head or nameless % {"place": place} for place, head in enumerate(shaped.heads, start=1)]
    )
    numeric = {
        head: column
        for head, column in zip(heads, columns, strict=True)
        if bears_numbers(column) or fold_name(head) in hints.leaves
    }
    read = read_columns(numeric, decisions)
    values = _matrix_of([read[head].values if head in read else None for head in heads], len(units))
    texts: dict[Place, str] = {}
    kept: dict[Place, str] = {}
    for place, (head, column) in enumerate(zip(heads, columns, strict=True)):
        if head in read:
            texts |= {(row, place): text for row, text in read[head].texts.items()}
            kept |= {(row, place): text for row, text in read[head].kept.items()}
        else:
            texts |= {(row, place): text for row, text in enumerate(column) if text}
        if len(texts) > MAX_TEXTS:
            break
    return Sheet(
        columns=tuple(heads),
        units=tuple(units),
        lines=tuple(shaped.lines[row] for row in rows.tolist()),
        values=values,
        texts=texts,
        layout="long" if shaped.layout == "long" else "wide",
        unit_column=shaped.unit_column,
        unread=tuple(shaped.unread),
        kept=kept,
        years=shaped.years,
    )


def _matrix_of(columns: Sequence[FloatArray | None], height: int) -> FloatArray:
    """Return columns as a matrix, (rows, columns), with nan for those of text.

    Without a copy where they already lie so.
    """
    nothing = np.full(height, math.nan)
    found = [nothing if column is None else column for column in columns]
    parts = list(side_by_side(found))
    if len(parts) == 1:
        return parts[0]
    values = np.empty((height, len(columns)))
    # A few columns at a time stay near the processor while they are turned into rows.
    for start in range(0, len(found), BLOCK):
        values[:, start : start + BLOCK] = np.array(found[start : start + BLOCK]).T
    return values


def without_marks(units: list[str], hints: Hints, decisions: Decisions) -> list[str]:
    """Return the names of units without the marks of footnotes behind them, unless they are known so."""
    bare = [unit if unit_key(unit) in hints.units else MARKED.sub("", unit) or unit for unit in units]
    marked = [unit for unit, without in zip(units, bare, strict=True) if unit != without]
    if not marked:
        return units
    drops = decisions.settle("unit_marks", "drop", how="likely", options=["drop", "keep"], samples=marked)
    return bare if drops == "drop" else units


def _rows_kept(
    shaped: Shaped, units: list[str], hints: Hints, decisions: Decisions
) -> tuple[IntArray, list[str]]:
    """Return the rows that are left once sums of units and units without a value are settled."""
    aggregates = [
        row for row, unit in enumerate(units) if is_aggregate(unit) and unit_key(unit) not in hints.units
    ]
    gone: set[int] = set()
    if aggregates and len(aggregates) < len(units):
        options, names = ["left out", "kept"], [units[row] for row in aggregates]
        chosen = decisions.settle("aggregates", "", how="open", options=options, samples=names)
        gone.update(aggregates if chosen == "left out" else ())
    empty = np.flatnonzero(~held(shaped.columns, len(units))).tolist()
    if empty and len(empty) < len(units):
        options, names = ["kept", "left out"], [units[row] for row in empty]
        chosen = decisions.settle("empty_units", "kept", how="likely", options=options, samples=names)
        gone.update(empty if chosen == "left out" else ())
    rows = np.array([row for row in range(len(units)) if row not in gone], dtype=int)
    return rows, [units[row] for row in sorted(gone)]
