"""XLSX bytes to the same rows of trimmed text that a CSV file gives.

A workbook is an archive, and a small one can unfold to gigabytes, or keep a parser busy for minutes: it is
read in a process of its own (`weighting.confined`), which this file gives limits and words.
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from django.utils.translation import gettext_lazy

from weighting.confined import MEGABYTE, Broke, Limits, TookTooLong, run_confined
from weighting.readers.problems import ProblemLog
from weighting.readers.rows import Row, note_controls

ARCHIVE = b"PK\x03\x04"
PROGRAM = Path(__file__).with_name("sheet_program.py")
CONFINED = Limits(cpu_seconds=5, data=256 * MEGABYTE, clock_seconds=20.0)
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
    """How large a sheet may be, and whether a cell may show what its formula came to last."""

    rows: int = 20_000
    columns: int = 50
    cells: int = 400_000
    takes_formulas: bool = True


FORMS = SheetLimits()


@dataclass(frozen=True)
class SheetRows:
    """The rows of a sheet that are not blank, its name, all others, and what may be read in its place.

    ``left`` is how many empty columns to the left of everything are not among the cells.
    """

    rows: list[Row]
    name: str = ""
    others: tuple[str, ...] = ()
    sheets: tuple[str, ...] = ()
    left: int = 0


def is_workbook(data: bytes) -> bool:
    """Tell whether the bytes begin as an archive does, which a workbook is."""
    return data.startswith(ARCHIVE)


def read_sheet(data: bytes, log: ProblemLog, limits: SheetLimits = FORMS, name: str = "") -> SheetRows:
    """Read the first visible sheet of a workbook, or a named one; no rows where a problem is noted."""
    answer = _answer_of_program(data, limits, name)
    for fault in answer.get("faults", []):
        place = {name: fault[name] for name in ("row", "column", "value") if name in fault}
        log.add(str(FAULTS[fault["kind"]]) % fault, **place)
    rows = []
    for line, cells in answer.get("rows", []):
        if note_controls(cells, line, log):
            break
        rows.append(Row(line, cells))
    others = tuple(answer.get("others", []))
    sheets = tuple(answer.get("sheets", []))
    name, left = answer.get("sheet", ""), answer.get("left", 0)
    return SheetRows([] if log.problems else rows, name, others, sheets, left)


def _answer_of_program(data: bytes, limits: SheetLimits, name: str) -> dict[str, Any]:
    try:
        found = run_confined(PROGRAM, data, json.dumps({**asdict(limits), "name": name}), limits=CONFINED)
    except TookTooLong:
        return {"faults": [{"kind": "too-long", "most": CONFINED.cpu_seconds}]}
    except Broke:
        return {"faults": [{"kind": "broke"}]}
    answer: dict[str, Any] = json.loads(found)
    return answer
