"""Tables that stand side by side on one sheet, an empty column between them, each with a row of names."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from weighting.readers.columns import Body, Column, held, pick_rows
from weighting.readers.decisions import Decisions
from weighting.readers.rows import Row
from weighting.readers.written import is_number

WHOLE, STACKED = "whole", "stacked"
HALF = 0.5


@dataclass(frozen=True)
class _Part:
    """Columns between empty ones, from ``start`` up to ``end``, and the first row that names them."""

    start: int
    end: int
    heads: tuple[str, ...]


def settle_parts(head: Sequence[Row], decisions: Decisions) -> list[range]:
    """Return the columns of the table that is meant of several side by side, by the first rows.

    None where there is one table, or all columns are to be read as one; several where the tables are one
    that goes on to the right.
    """
    parts = _parts_of(head)
    if len(parts) < 2:
        return []
    is_one = len({part.heads for part in parts}) == 1
    names = [str(number) for number in range(1, len(parts) + 1)]
    options = [STACKED] * is_one + names + [WHOLE]
    shown = [f"{name}: {' · '.join(part.heads)}" for name, part in zip(names, parts, strict=True)]
    chosen = decisions.settle("table", "", how="open", options=options, samples=shown)
    if chosen == STACKED:
        return [range(part.start, part.end) for part in parts]
    return [range(parts[int(chosen) - 1].start, parts[int(chosen) - 1].end)] if chosen in names else []


def rows_within(rows: Sequence[Row], columns: range) -> list[Row]:
    """Return rows with the cells of some columns alone."""
    return [Row(row.line, row.cells[columns.start : columns.stop]) for row in rows]


def body_of_parts(body: Body, parts: Sequence[range]) -> Body:
    """Return the rows of one part that hold anything, those of further parts below them."""
    cuts = [_cut(body, part) for part in parts]
    if len(cuts) == 1:
        return cuts[0]
    alike = zip(*(cut.columns for cut in cuts), strict=True)
    columns: list[Column] = [[text for column in found for text in column] for found in alike]
    return Body(columns, [line for cut in cuts for line in cut.lines], [])


def _cut(body: Body, part: range) -> Body:
    columns = [body.columns[place] for place in part]
    rows = np.flatnonzero(held(columns, len(body.lines)))
    # Rows that end before the last table are short without lacking anything.
    return Body(pick_rows(columns, rows), [body.lines[row] for row in rows.tolist()], [])


def _parts_of(head: Sequence[Row]) -> list[_Part]:
    """Return the parts that are tables: names above a column that tells rows apart and one of numbers."""
    width = max((row.extent for row in head), default=0)
    filled = [any(row.cells[place] for row in head if place < len(row.cells)) for place in range(width)]
    edges = [place for place in range(width + 1) if place == width or not filled[place]]
    if len(edges) < 2:
        # Most tables have no empty column, and the numbers of a workbook need not be written as text.
        return []
    spans = zip([-1, *edges], edges, strict=False)
    found = [_part(head, start + 1, end) for start, end in spans if end - start > 2]
    parts = [part for part in found if part is not None]
    first = parts[0].heads[0] if parts else ""
    return [part for part in parts if part.heads[0] == first or _begins_with_names(head, part)]


def _part(head: Sequence[Row], start: int, end: int) -> _Part | None:
    rows = [row for row in rows_within(head, range(start, end)) if row.filled]
    place = next((place for place, row in enumerate(rows) if row.filled == end - start), None)
    if place is None or is_number(rows[place].cells[0]):
        return None
    below = rows[place + 1 :]
    has_numbers = any(_numbers(below, column) > HALF for column in range(1, end - start))
    return _Part(start, end, tuple(rows[place].cells)) if has_numbers else None


def _begins_with_names(head: Sequence[Row], part: _Part) -> bool:
    return _numbers(rows_within(head, range(part.start, part.end)), 0) < HALF


def _numbers(rows: Sequence[Row], column: int) -> float:
    """Return the share of numbers among the cells of a column that hold something."""
    cells = [row.cells[column] for row in rows if column < len(row.cells) and row.cells[column]]
    return sum(map(is_number, cells)) / max(len(cells), 1)
