"""XLSX bytes to the same rows of trimmed text that a CSV file gives, checked before anything is parsed.

A workbook is an archive, and a small one can unfold to gigabytes: entries and unfolded size are
counted first, from what the archive says of itself; `zipfile` then reads no more than that.
"""

import datetime
import re
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO
from itertools import islice
from typing import Any
from xml.etree.ElementTree import ParseError

from django.utils.translation import gettext as _
from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from weighting.readers.problems import ProblemLog
from weighting.readers.table import Row, Source, Table, note_controls, read_bytes, read_table

ARCHIVE = b"PK\x03\x04"
MAX_ENTRIES = 200
MAX_DEPTH = 8
MAX_UNFOLDED = 50 * 1024 * 1024
ENCRYPTED = 0x1
PART = 1 << 20
CELL = re.compile(rb"<(?:\w+:)?c[\s>/]")
# A number shown with leading zeros, as codes are: 7 under the format 000 is 007.
ZEROS = re.compile(r"(?P<zeros>0{2,})(;.*)?")
# An XML part that declares entities can unfold to anything; no spreadsheet writes one.
DECLARATIONS = (b"<!DOCTYPE", b"<!ENTITY")


@dataclass(frozen=True)
class SheetLimits:
    """How large a sheet may be, and whether a cell may show what its formula came to last."""

    rows: int = 20_000
    columns: int = 50
    cells: int = 400_000
    takes_formulas: bool = True


FORMS = SheetLimits()


def is_workbook(data: bytes) -> bool:
    """Tell whether the bytes begin as an archive does, which a workbook is."""
    return data.startswith(ARCHIVE)


def read_table_or_sheet(source: Source, log: ProblemLog) -> Table | None:
    """Read a CSV file, or the first visible sheet of a workbook; None when there is nothing to go on with."""
    data = read_bytes(source, log)
    if data is None or not is_workbook(data):
        return None if data is None else read_table(data, log)
    return table_of_sheet(data, log)


def table_of_sheet(data: bytes, log: ProblemLog, limits: SheetLimits = FORMS) -> Table | None:
    """Return the first visible sheet of a workbook as a table; None when there is nothing to go on with."""
    rows = read_sheet(data, log, limits)
    if not rows:
        if not log.problems:
            log.add(_("The first visible sheet is empty. Its first row must name the columns."), row=1)
        return None
    header = tuple(_without_tail(rows[0].cells))
    width = len(header)
    whole = [Row(row.line, (row.cells + [""] * width)[:width]) for row in rows[1:]]
    for row in rows[1:]:
        if any(row.cells[width:]):
            log.add(_("The row has cells beyond the named columns. Name or empty them."), row=row.line)
    return Table(header=header, rows=iter(whole))


def sheet_names(data: bytes) -> tuple[str, list[str]]:
    """Name the sheet of a workbook that `read_sheet` reads, and all that it does not."""
    book = load_workbook(BytesIO(data), read_only=True, keep_links=False)
    read = _first_visible(book).title
    return read, [name for name in book.sheetnames if name != read]


def _first_visible(book: Any) -> Any:
    """Return the first sheet that a person sees on opening the workbook; charts are no sheets of cells.

    Raises `ValueError` where there is none.
    """
    for sheet in book.worksheets:
        if sheet.sheet_state == "visible":
            return sheet
    raise ValueError("no sheet of cells is visible")


def read_sheet(data: bytes, log: ProblemLog, limits: SheetLimits = FORMS) -> list[Row]:
    """Return the rows of the first visible sheet that are not blank; none where a problem is noted."""
    if not _is_safe(data, log, limits):
        return []
    try:
        book = load_workbook(BytesIO(data), read_only=True, data_only=limits.takes_formulas, keep_links=False)
        sheet = _first_visible(book)
        # What the file says of its own extent may be wrong, or absurd.
        sheet.reset_dimensions()
        rows = list(islice(_rows_of(sheet, log, limits), limits.rows + 1))
    # What defusedxml refuses is a ValueError too.
    except (
        KeyError,
        IndexError,
        ValueError,
        TypeError,
        EOFError,
        OSError,
        ParseError,
        zipfile.BadZipFile,
        InvalidFileException,
    ):
        log.add(_("This cannot be read as an XLSX workbook. Save the sheet as XLSX or CSV again."))
        return []
    if len(rows) > limits.rows:
        log.add(
            _("The sheet has more than %(most)d rows. Leave out what is not needed.") % {"most": limits.rows}
        )
    return [] if log.problems else rows


def _is_safe(data: bytes, log: ProblemLog, limits: SheetLimits) -> bool:
    try:
        archive = zipfile.ZipFile(BytesIO(data))
        entries = archive.infolist()
    except (zipfile.BadZipFile, ValueError, OSError):
        log.add(_("The file is damaged. Save the workbook again."))
        return False
    if any(entry.flag_bits & ENCRYPTED for entry in entries):
        log.add(_("The workbook is protected by a password. Save it without one."))
    elif "xl/workbook.xml" not in {entry.filename for entry in entries}:
        log.add(_("This archive is not an XLSX workbook. Save the sheet as XLSX or CSV."))
    elif len(entries) > MAX_ENTRIES:
        log.add(
            _("The workbook has %(count)d parts; at most %(most)d are taken. Copy the sheet into a new one.")
            % {"count": len(entries), "most": MAX_ENTRIES}
        )
    elif sum(entry.file_size for entry in entries) > MAX_UNFOLDED:
        log.add(
            _("Unpacked, the workbook is larger than %(most)d MB. Copy the sheet into a new one.")
            % {"most": MAX_UNFOLDED // 1024 // 1024}
        )
    elif any(_is_astray(entry.filename) for entry in entries):
        log.add(_("The archive holds folders that no workbook has. Copy the sheet into a new workbook."))
    elif any("macrosheets/" in entry.filename or "vbaProject" in entry.filename for entry in entries):
        log.add(_("The workbook holds macros. Save it as XLSX, which has none."))
    else:
        return _are_parts_safe(archive, log, limits)
    return False


def _is_astray(name: str) -> bool:
    """Tell a path that leads out of the archive, or deeper than any part of a workbook lies."""
    steps = name.replace("\\", "/").split("/")
    return ".." in steps or not steps[0] or len(steps) > MAX_DEPTH


def _are_parts_safe(archive: zipfile.ZipFile, log: ProblemLog, limits: SheetLimits) -> bool:
    """Look through the parts as bytes, before anything builds a tree of them."""
    cells = 0
    try:
        for entry in archive.infolist():
            if not entry.filename.endswith((".xml", ".rels")):
                continue
            # A workbook says itself which parts are sheets, so all count; this one lists formula cells.
            may_be_sheet = entry.filename != "xl/calcChain.xml"
            with archive.open(entry) as part:
                tail = b""
                while piece := part.read(PART):
                    window = tail + piece
                    if b"\0" in window:
                        log.add(
                            _(
                                "The workbook is written in an encoding that no spreadsheet writes. Save it "
                                "anew from a spreadsheet."
                            )
                        )
                        return False
                    if any(word in window for word in DECLARATIONS):
                        log.add(_("The workbook declares XML entities. Save it anew from a spreadsheet."))
                        return False
                    cells += len(CELL.findall(window)) if may_be_sheet else 0
                    tail = window[-len(DECLARATIONS[0]) + 1 :] if b"<" in window[-9:] else b""
    except (zipfile.BadZipFile, NotImplementedError, EOFError, OSError, ValueError, zlib.error):
        log.add(_("The file is damaged. Save the workbook again."))
        return False
    if cells > limits.cells:
        log.add(
            _("The workbook has more than %(most)d cells. Leave out what is not needed, or save it as CSV.")
            % {"most": limits.cells}
        )
    return cells <= limits.cells


def _rows_of(sheet: Any, log: ProblemLog, limits: SheetLimits) -> Iterator[Row]:
    widest = limits.columns + 1
    for line, row in enumerate(sheet.iter_rows(max_col=widest), start=1):
        if not limits.takes_formulas:
            _note_formulas(row, line, log)
        cells = [_text_of(cell) for cell in row]
        if len(cells) == widest and cells[-1]:
            message = _("The sheet has more than %(most)d columns. Leave out what is not needed.")
            log.add(message % {"most": limits.columns}, row=line)
            return
        if note_controls(cells, line, log):
            return
        if any(cells):
            yield Row(line, cells[: limits.columns])
        if line > limits.rows * 2:
            return


def _note_formulas(row: Sequence[Any], line: int, log: ProblemLog) -> None:
    for cell in row:
        if cell.data_type == "f":
            message = _("The cell holds a formula. Paste the values alone, and send the file again.")
            log.add(message, row=line, column=cell.column_letter, value=_text_of(cell))


def _text_of(cell: Any) -> str:
    """Return a cell as a person would type it, codes with the zeros that they show."""
    value = cell.value
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, int):
        shown = ZEROS.fullmatch(cell.number_format or "")
        digits = str(abs(value)).zfill(len(shown["zeros"]) if shown else 1)
        return f"-{digits}" if value < 0 else digits
    # A day is kept as a time at midnight.
    if isinstance(value, datetime.datetime) and value.time() == datetime.time():
        value = value.date()
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    return str(value).strip()


def _without_tail(cells: list[str]) -> list[str]:
    while cells and not cells[-1]:
        cells = cells[:-1]
    return cells
