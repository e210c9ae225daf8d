"""Tables that stand below one another, each with a row of names behind an empty line."""

from dataclasses import dataclass, replace

import numpy as np

from weighting.readers.beside import WHOLE
from weighting.readers.columns import MOST_TITLES, TELLING, Body, Column, pick_rows
from weighting.readers.decisions import Decisions
from weighting.readers.layout import is_gap
from weighting.readers.rows import Row
from weighting.readers.written import is_number

HALF = 0.5
# More of them are pages of one table.
MOST_TABLES = 12


@dataclass(frozen=True)
class Segment:
    """A table among those below one another: its names, its rows from ``start`` to ``end``."""

    header: tuple[str, ...]
    start: int
    end: int


def settle_segment(header: tuple[str, ...], body: Body, decisions: Decisions) -> Segment:
    """Return the table that is meant of several below one another; all rows where there is one.

    The first is read as long as nobody has said which.
    """
    found = _segments(header, body)
    if not 1 < len(found) <= MOST_TABLES:
        return Segment(header, 0, len(body.lines))
    names = [str(number) for number in range(1, len(found) + 1)]
    shown = [
        f"{name}: {' · '.join(filter(None, one.header))}" for name, one in zip(names, found, strict=True)
    ]
    chosen = decisions.settle("below", "", how="open", options=[*names, WHOLE], samples=shown)
    if chosen == WHOLE:
        return Segment(header, 0, len(body.lines))
    return found[names.index(chosen) if chosen else 0]


def rows_of(body: Body, segment: Segment) -> Body:
    """Return the rows of a table alone."""
    lines = body.lines[segment.start : segment.end]
    if len(lines) == len(body.lines):
        return body
    columns = pick_rows(body.columns, np.arange(segment.start, segment.end))
    # Rows of a table that is narrower than another one are short without lacking anything.
    short = [line for line in body.short if lines[0] <= line <= lines[-1]] if segment.header[-1] else []
    return Body(columns, lines, short)


def _segments(header: tuple[str, ...], body: Body) -> list[Segment]:
    found = [Segment(header, 0, len(body.lines))]
    breaks = np.flatnonzero(np.diff(body.lines) > 1) + 1
    if not len(breaks) or len(body.columns) < 2:
        return found
    for place in breaks.tolist():
        at = _names_at(body, place, found[-1].start)
        if at is None or place <= found[-1].start:
            continue
        names = tuple(_row(body, at).cells)
        # Those of the table itself, said again as on a next page, begin no other one.
        if names != found[-1].header:
            found[-1] = replace(found[-1], end=place)
            found.append(Segment(names, at + 1, len(body.lines)))
    return found


def _names_at(body: Body, place: int, start: int) -> int | None:
    """Return the row of names behind an empty line, and behind titles there; None where values follow it."""
    for at in range(place, min(place + MOST_TITLES, len(body.lines) - 1)):
        row = _row(body, at)
        if row.filled > 1:
            return at if _names_columns(row, body, start, place) else None
    return None


def _names_columns(row: Row, body: Body, start: int, end: int) -> bool:
    """Tell a row of words, some of which stand where there are numbers in the rows above."""
    words = [place for place, cell in enumerate(row.cells) if cell and not is_number(cell)]
    if len(words) < row.filled:
        return False
    return any(_is_numeric(body.columns[at], start, end) for at in words if not is_gap(row.cells[at]))


def _is_numeric(column: Column, start: int, end: int) -> bool:
    cells = [column[row] for row in range(max(start, end - TELLING), end) if column[row]]
    return sum(map(is_number, cells)) > HALF * len(cells)


def _row(body: Body, place: int) -> Row:
    return Row(body.lines[place], [column[place] for column in body.columns])
