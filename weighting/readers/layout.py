"""Where a table begins and ends among what people write above it and below it."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from weighting.readers.cells import GAPS, plain
from weighting.readers.decisions import Decisions, How
from weighting.readers.rows import Row

# The header is looked for among the first rows alone.
HEAD = 100
MOST_HEADER_ROWS = 4
NUMBER = re.compile(r"[+-]?[.,' ]*+\d[\d.,' ]*+%?", re.ASCII)
YEAR = re.compile(r"(?:19|20|21)\d\d")
NOTE = re.compile(
    r"\W*(?:(?:notes?|sources?|remarks?|footnotes?|legend|definitions?|last updated|data from|copyright)\b"
    r"\s*(?:[:.(]|$|\s)|(?:注|说明|资料来源|数据来源|来源|备注)\s*[\d(]*\s*[:.]|https?://|[©*†‡§]|\(?\d{1,2}\)\s|(?<![-=])[-_=]{3,}+$)",
    re.IGNORECASE,
)
# What a row of the units of measurement below the names is called.
UNITS = {"unit", "units", "unit of measure", "unit of measurement", "单位", "计量单位", "單位"}
# What numbers the columns of names, before figures number those of values.
COUNTING = {*"甲乙丙丁戊", *"ABCD"}
SENTENCE = re.compile(r"(?:\S+\s+){3,}\S+[.。]")
BETWEEN_PARTS = " / "


@dataclass(frozen=True)
class Layout:
    """The names of the columns, how many of the first rows they and titles take, and the titles.

    ``first`` is the place of the first row of names, ``line`` its line in the file; ``parts`` are the columns
    that are read, where these are not all of them.
    """

    header: tuple[str, ...]
    taken: int
    titles: tuple[Row, ...]
    first: int = 0
    line: int = 1
    parts: tuple[range, ...] = ()


def find_layout(head: Sequence[Row], decisions: Decisions, *, is_form: bool) -> Layout:
    """Find the header among the first rows, which are not blank.

    A form has its header in one row; of a table of data several may be one below another, with
    cells merged across.
    """
    found = _header_at(head)
    if not is_form:
        found = _below_remarks(head, found)
        found = _above_wider(head, found)
    while not is_form and found and _spans(head[found - 1], head[found]):
        found -= 1
    how: How = "seen" if found == 0 else "likely"
    if not is_form and _is_headless(head[found]):
        how = "open"
    lines = [str(row.line) for row in head[:HEAD]]
    chosen = decisions.settle(
        "header", lines[found], how=how, options=lines, samples=filter(None, head[found].cells)
    )
    start = lines.index(chosen) if chosen else found
    count = 1 if is_form else _header_rows(head[start:], decisions)
    header = _joined(head[start : start + count])
    taken, titles = start + count, head[:start]
    if not is_form and _is_numbering(head[taken : taken + 2], decisions):
        taken, titles = taken + 1, [*titles, head[taken]]
    return Layout(header, taken, tuple(titles), first=start, line=head[start].line)


def is_gap(cell: str) -> bool:
    """Tell a word that stands for no value."""
    return plain(cell).casefold() in GAPS


def is_note(row: Row) -> bool:
    """Tell a remark below a table: one text in its first cell, worded as a note or a sentence, or a line."""
    text = plain(row.cells[0])
    return bool(text) and row.filled == 1 and bool(NOTE.match(text) or SENTENCE.fullmatch(text))


def _header_at(head: Sequence[Row]) -> int:
    """Return the first row that fills half of the table's width: titles stand in a cell or two."""
    width = max(row.extent for row in head)
    for place, row in enumerate(head):
        nameless_first = width == 2 and not row.cells[0]
        if row.filled >= max(2, width / 2) or width == 1 or nameless_first:
            return place
    return 0


def _below_remarks(head: Sequence[Row], found: int) -> int:
    """Return the row of names below remarks in two cells, as unit: persons; without them the row found.

    It is the first as wide as most rows are, with a word in each cell, and wider than all above it.
    """
    extents = Counter(row.extent for row in head)
    usual = max(extents, key=lambda extent: (extents[extent], extent))
    for place in range(found, len(head)):
        row = head[place]
        if row.extent >= usual:
            is_named = row.filled == row.extent and not any(map(NUMBER.fullmatch, row.cells[: row.extent]))
            return place if is_named else found
    return found


def _above_wider(head: Sequence[Row], found: int) -> int:
    """Return the row of names of a whole table above a wider one behind an empty line; else that found.

    A whole table has names in every column it reaches, and several rows, all with a number in one of these:
    remarks in pairs have not.
    """
    start = 0
    for place in range(1, found + 1):
        if head[place].line > head[place - 1].line + 1:
            at = next((at for at in range(start, place) if _is_table(head[at:place])), None)
            if at is not None:
                return at
            start = place
    return found


def _is_table(rows: Sequence[Row]) -> bool:
    names, *below = rows
    extent = names.extent
    if len(below) < 2 or extent < 2 or names.filled < extent or any(row.extent > extent for row in below):
        return False
    if any(map(NUMBER.fullmatch, names.cells[:extent])) or not all(row.cells[0] for row in below):
        return False
    return any(all(NUMBER.fullmatch(_cell(row, column)) for row in below) for column in range(1, extent))


def _is_numbering(rows: Sequence[Row], decisions: Decisions) -> bool:
    """Tell a first row below the names that merely numbers the columns, unless it is kept: 甲, 乙, 1, 2.

    Where the next row begins alike, both are of units that are called so.
    """
    if len(rows) < 2:
        return False
    cells, after = ([plain(cell).strip("()") for cell in row.cells] for row in rows[:2])
    cells = cells[: rows[0].extent]
    letters = sum(cell in COUNTING for cell in cells)
    first = letters or int(not cells[0])
    numbers = [str(number) for number in range(1, len(cells) - first + 1)]
    goes_on = after[0] in COUNTING if letters else bool(cells[0]) and after[0].isdecimal()
    if len(cells) < 3 or not numbers or cells[first:] != numbers or goes_on:
        return False
    left_out, *_kept = options = ("left out", "kept")
    return decisions.settle("numbering", left_out, how="likely", options=options, samples=cells) == left_out


def _is_headless(row: Row) -> bool:
    """Tell a first row of numbers, which names nothing; years do name columns."""
    named = [cell for cell in row.cells[1:] if cell]
    return bool(named) and all(NUMBER.fullmatch(cell) and not YEAR.fullmatch(cell) for cell in named)


def _header_rows(rows: Sequence[Row], decisions: Decisions) -> int:
    count = 1
    while count < min(MOST_HEADER_ROWS, len(rows) - 1) and _goes_on(rows[count - 1], rows[count]):
        count += 1
    if count > 1 or "header_rows" in decisions.choices:
        options = [str(number) for number in range(1, min(MOST_HEADER_ROWS, len(rows)) + 1)]
        samples = [cell for row in rows[:count] for cell in row.cells if cell]
        count = int(
            decisions.settle("header_rows", str(count), how="likely", options=options, samples=samples)
        )
    return count


def _goes_on(above: Row, row: Row) -> bool:
    """Tell a further row of names: nothing in its first cell, no number but years under merged cells.

    A row of units of measurement is one, too, and the names below a row of those that span several.
    """
    is_of_units = _is_of_units(row)
    if _spans(above, row):
        return True
    if (row.cells[0] and not is_of_units) or not row.filled or all(map(is_gap, filter(None, row.cells))):
        return False
    numbers = [place for place, cell in enumerate(row.cells) if NUMBER.fullmatch(cell)]
    if not numbers:
        return True
    merged = any(not _cell(above, place) for place in numbers)
    return merged and all(YEAR.fullmatch(row.cells[place]) for place in numbers)


def _spans(above: Row, row: Row) -> bool:
    """Tell a row of names that stand each over several of the row below, and none over its first one."""
    cells = [cell for cell in above.cells if cell]
    is_named = bool(row.cells[0]) and not any(NUMBER.fullmatch(cell) for cell in row.cells if cell)
    return (
        is_named
        and not above.cells[0]
        and 1 < len(cells) < row.filled
        and all(YEAR.fullmatch(cell) or not NUMBER.fullmatch(cell) for cell in cells)
    )


def _is_of_units(row: Row) -> bool:
    return row.filled > 1 and plain(row.cells[0]).casefold().strip("()[]:") in UNITS


def _cell(row: Row, place: int) -> str:
    return row.cells[place] if place < len(row.cells) else ""


def _joined(rows: Sequence[Row]) -> tuple[str, ...]:
    """Name each column by its names from top to bottom; a merged cell names the columns it spans.

    It spans none over which another name begins.
    """
    width = max(len(row.cells) for row in rows)
    parts: list[list[str]] = [[] for _column in range(width)]
    for place, row in enumerate(rows):
        last = ""
        for column in range(width):
            cell = "" if place and not column and _is_of_units(row) else _cell(row, column)
            begins = any(_cell(above, column) for above in rows[:place])
            last = cell or ("" if begins else last)
            is_spanned = any(_cell(below, column) for below in rows[place + 1 :])
            name = cell or (last if is_spanned else "")
            if name and name not in parts[column]:
                parts[column].append(name)
    return tuple(BETWEEN_PARTS.join(names) for names in parts)
