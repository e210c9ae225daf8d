"""Workbooks to the same rows of trimmed text that a CSV file gives, and to columns of numbers as they are.

A workbook is an archive, and a small one can unfold to gigabytes, or keep a parser busy for minutes: it is
read in a process of its own (`weighting.confined`), which this file gives limits and words.
"""

import json
import math
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from django.utils.translation import gettext_lazy

from weighting.confined import MEGABYTE, Broke, Limits, TookTooLong, run_confined
from weighting.numeric.arrays import FloatArray
from weighting.readers.columns import PLAIN_FRACTION, TELLING, Body, Column, are_packable, pack_among
from weighting.readers.problems import ProblemLog
from weighting.readers.rows import ARCHIVE, Row, note_controls
from weighting.readers.words_beside import CHINESE, POWERS

OPEN_DOCUMENT = {"content.xml", "META-INF/manifest.xml"}
OLD = b"\xd0\xcf\x11\xe0"
PROGRAM = Path(__file__).with_name("sheet_program.py")
MULTIPLYING = (*POWERS, *CHINESE)
CONFINED = Limits(cpu_seconds=5, data=256 * MEGABYTE, clock_seconds=20.0)
# By itself glibc hands each large block back to the kernel and is given it anew, page by page: half of what
# the program spends there.
KEEPS_MEMORY = {
    "MALLOC_MMAP_THRESHOLD_": str(32 * MEGABYTE),
    "MALLOC_TRIM_THRESHOLD_": str(CONFINED.data),
}
# What the program says by name, in the reader's language.
FAULTS = {
    "damaged": gettext_lazy("The file is damaged. Save the workbook again."),
    "encrypted": gettext_lazy("The workbook is protected by a password. Save it without one."),
    "no-workbook": gettext_lazy("This archive is not an XLSX workbook. Save the sheet as XLSX or CSV."),
    "unreadable": gettext_lazy(
        "This cannot be read as an XLSX workbook. Save the sheet as XLSX or CSV again."
    ),
    "entries": gettext_lazy(
        "The workbook has %(count)d parts; at most %(most)d are taken. Copy the sheet into a new one."
    ),
    "unfolded": gettext_lazy(
        "Unpacked, the workbook is larger than %(most)d MB. Copy the sheet into a new one."
    ),
    "folders": gettext_lazy(
        "The archive holds folders that no workbook has. Copy the sheet into a new workbook."
    ),
    "macros": gettext_lazy("The workbook holds macros. Save it as XLSX, which has none."),
    "encoding": gettext_lazy(
        "The workbook is written in an encoding that no spreadsheet writes. Save it anew from a spreadsheet."
    ),
    "entities": gettext_lazy("The workbook declares XML entities. Save it anew from a spreadsheet."),
    "cells": gettext_lazy(
        "The workbook has more than %(most)d cells. Leave out what is not needed, or save it as CSV."
    ),
    "tags": gettext_lazy(
        "The workbook holds far more than its cells. Copy the values of the sheet into a new workbook, or "
        "save it as CSV."
    ),
    "rows": gettext_lazy("The sheet has more than %(most)d rows. Leave out what is not needed."),
    "columns": gettext_lazy("The sheet has more than %(most)d columns. Leave out what is not needed."),
    "long": gettext_lazy("A cell holds more than %(most)d characters. Send the table of values alone."),
    "formula": gettext_lazy("The cell holds a formula. Paste the values alone, and send the file again."),
    "no-result": gettext_lazy(
        "The cell holds a formula, and the file does not say what it comes to. Open the workbook in a "
        "spreadsheet, save it, and send it again."
    ),
    "too-long": gettext_lazy(
        "Reading the workbook took longer than %(most)d seconds. Copy the values of the sheet into a new "
        "workbook, or save it as CSV."
    ),
    "broke": gettext_lazy(
        "Reading the workbook failed, or took more memory than such a sheet needs. Copy the values of the "
        "sheet into a new workbook, or save it as CSV."
    ),
}


@dataclass(frozen=True)
class SheetLimits:
    """How large a sheet may be, whether a cell may show what its formula came to last, and what is read.

    Where numbers are sought, it is the first visible sheet that holds some.
    """

    rows: int = 20_000
    columns: int = 50
    cells: int = 400_000
    takes_formulas: bool = True
    seeks_numbers: bool = False


FORMS = SheetLimits()


@dataclass(frozen=True, eq=False)
class SheetRows:
    """The rows of a sheet that are not blank, its name, all others, and what may be read in its place.

    Attributes
    ----------
    lines : sequence of int, (rows,)
    numbers : float array, (rows, columns)
        nan where a cell holds no number.
    texts : sequence of dict, (rows,)
        The other cells that hold something, by their columns.
    left : int
        How many empty columns to the left of everything are not among the cells.
    hidden_lines, hidden_places : set of int
        The lines and the columns that a spreadsheet does not show.
    struck : set of (line, column)
        Numbers that are struck through.
    spans : sequence of (line, column, last line, last column)
        Merged cells whose first one, which holds what they show, is hidden.
    """

    lines: Sequence[int] = ()
    numbers: FloatArray = field(default_factory=lambda: np.empty((0, 0)))
    texts: Sequence[dict[int, str]] = ()
    name: str = ""
    others: tuple[str, ...] = ()
    sheets: tuple[str, ...] = ()
    left: int = 0
    hidden_lines: frozenset[int] = frozenset()
    hidden_places: frozenset[int] = frozenset()
    struck: frozenset[tuple[int, int]] = frozenset()
    spans: Sequence[Sequence[int]] = ()

    @cached_property
    def rows(self) -> list[Row]:
        """Every row as text."""
        return self.first(len(self.lines))

    def first(self, count: int) -> list[Row]:
        """Return the first rows, which are made into text when their cells are asked for."""
        rows = zip(self.lines[:count], self.numbers, self.texts, strict=False)
        return [_SheetRow(line, numbers, texts) for line, numbers, texts in rows]

    def shown(self, *, all_rows: bool, all_columns: bool) -> "SheetRows":
        """Return the sheet with the hidden rows and columns that are to be read, and without the others."""
        hidden_lines = frozenset() if all_rows else self.hidden_lines
        hidden_places = frozenset() if all_columns else self.hidden_places
        rows = [row for row, line in enumerate(self.lines) if line not in hidden_lines]
        places = [place for place in range(self.numbers.shape[1]) if place not in hidden_places]
        sheet = self._part(rows, places)
        for row, place, at, to in self._moved(sheet.lines, places):
            sheet.numbers[at, to] = self.numbers[row, place]
            if place in self.texts[row]:
                sheet.texts[at][to] = self.texts[row][place]
        return sheet._without_blank_rows()

    def _part(self, rows: Sequence[int], places: Sequence[int]) -> "SheetRows":
        """Return the sheet with these of its rows and columns, by their places, copied."""
        new = {place: at for at, place in enumerate(places)}
        return replace(
            self,
            lines=[self.lines[row] for row in rows],
            numbers=self.numbers[np.ix_(rows, places)],
            texts=[
                {new[place]: text for place, text in self.texts[row].items() if place in new} for row in rows
            ],
        )

    def _without_blank_rows(self) -> "SheetRows":
        held = [at for at, cells in enumerate(self.texts) if cells or not np.isnan(self.numbers[at]).all()]
        return replace(
            self,
            lines=[self.lines[at] for at in held],
            numbers=self.numbers[held],
            texts=[self.texts[at] for at in held],
        )

    def _moved(self, lines: Sequence[int], places: Sequence[int]) -> Iterator[tuple[int, int, int, int]]:
        """Yield the row and column that merged cells are held in, and those of their first that is kept."""
        rows = {line: row for row, line in enumerate(self.lines)}
        for line, place, last_line, last in self.spans:
            at, to = bisect_left(lines, line), bisect_left(places, place)
            if at < len(lines) and lines[at] <= last_line and to < len(places) and places[to] <= last:
                yield rows[line], place, at, to

    def without_struck(self) -> "SheetRows":
        """Return the sheet with gaps in the place of numbers that are struck through."""
        rows = {line: row for row, line in enumerate(self.lines)}
        numbers, texts = self.numbers.copy(), [dict(cells) for cells in self.texts]
        for line, place in self.struck:
            numbers[rows[line], place] = math.nan
            texts[rows[line]].pop(place, None)
        return replace(self, numbers=numbers, texts=texts, struck=frozenset())

    def packable(self, start: int) -> list[int]:
        """Return the columns whose first rows from one on hold plain numbers, surely with decimals."""
        numbers = self.numbers[start : start + TELLING].T.tolist()
        cells: list[list[str]] = [[] for _place in numbers]
        for texts in self.texts[start : start + TELLING]:
            for place, text in texts.items():
                cells[place].append(text)
        for place, column in enumerate(numbers):
            written = (_written(number) for number in column if not math.isnan(number))
            # Any number is plain, and one with decimals is enough.
            cells[place] += islice(filter(PLAIN_FRACTION.fullmatch, written), 1)
        return [place for place, column in enumerate(cells) if are_packable(column)]

    def below(self, start: int, packed: Sequence[int]) -> Body:
        """Return the columns from a row on: as numbers those that may be packed, any other as text."""
        values = self.numbers[start:, list(packed)] + 0.0
        texts: dict[int, dict[int, str]] = {place: {} for place in range(self.numbers.shape[1])}
        for row, cells in enumerate(self.texts[start:]):
            for place, text in cells.items():
                texts[place][row] = text
        columns = dict(zip(packed, pack_among(values, [texts[place] for place in packed]), strict=True))
        found: list[Column] = []
        for place, column in enumerate(self.numbers[start:].T):
            kept = columns.get(place)
            found.append(_texts_of(column, texts[place]) if kept is None else kept)
        return Body(found, list(self.lines[start:]), [])


class _SheetRow(Row):
    """A row whose numbers are written when its cells are asked for."""

    _numbers: FloatArray
    _texts: Mapping[int, str]

    def __init__(self, line: int, numbers: FloatArray, texts: Mapping[int, str]) -> None:
        vars(self).update(line=line, _numbers=numbers, _texts=texts)

    @cached_property
    def cells(self) -> list[str]:
        return _texts_of(self._numbers, self._texts)

    @property
    def extent(self) -> int:
        places = np.flatnonzero(~np.isnan(self._numbers)).tolist()
        return 1 + max([*self._texts, *places[-1:]], default=-1)


def _texts_of(numbers: FloatArray, texts: Mapping[int, str]) -> list[str]:
    """Return cells as a person would type them."""
    cells = ["" if math.isnan(number) else _written(number) for number in numbers.tolist()]
    for place, text in texts.items():
        cells[place] = text
    return cells


def _written(number: float) -> str:
    return str(int(number)) if number.is_integer() else str(number)


def is_workbook(data: bytes) -> bool:
    """Tell whether the bytes begin as a workbook does: as an archive, or as one of before 2007."""
    return data.startswith((ARCHIVE, OLD))


def read_sheet(data: bytes, log: ProblemLog, limits: SheetLimits = FORMS, name: str = "") -> SheetRows:
    """Read the first visible sheet of a workbook, or a named one; no rows where a problem is noted."""
    answer, numbers = _answer_of_program(data, limits, name)
    for fault in answer.get("faults", []):
        place = {name: fault[name] for name in ("row", "column", "value") if name in fault}
        log.add(str(FAULTS[fault["kind"]]) % fault, **place)
    rows = answer.get("rows", [])
    any(note_controls(cells, line, log) for line, _places, cells in rows)
    if log.problems:
        rows, numbers = [], b""
    return SheetRows(
        lines=[line for line, _places, _cells in rows],
        numbers=np.frombuffer(numbers).reshape(len(rows), -1 if rows else 0),
        texts=[dict(zip(places, cells, strict=True)) for _line, places, cells in rows],
        name=answer.get("sheet", ""),
        others=tuple(answer.get("others", [])),
        sheets=tuple(answer.get("sheets", [])),
        left=answer.get("left", 0),
        hidden_lines=frozenset(answer.get("hidden_rows", [])),
        hidden_places=frozenset(answer.get("hidden_columns", [])),
        struck=frozenset(map(tuple, answer.get("struck", []))),
        spans=answer.get("spans", []),
    )


def _answer_of_program(data: bytes, limits: SheetLimits, name: str) -> tuple[dict[str, Any], bytes]:
    """Return what the program says, and the numbers of the rows."""
    asked = asdict(limits) | {"name": name, "multiplying": MULTIPLYING}
    try:
        found = run_confined(PROGRAM, data, json.dumps(asked), limits=CONFINED, environment=KEEPS_MEMORY)
    except TookTooLong:
        return {"faults": [{"kind": "too-long", "most": CONFINED.cpu_seconds}]}, b""
    except Broke:
        return {"faults": [{"kind": "broke"}]}, b""
    said, _end, numbers = found.partition(b"\n")
    return json.loads(said), numbers
