"""XLSX bytes to the same rows of trimmed text that a CSV file gives, checked before anything is parsed.

A workbook is an archive, and a small one can unfold to gigabytes: entries and unfolded size are
counted first, from what the archive says of itself; `zipfile` then reads no more than that.
"""

import datetime
import zipfile
from collections.abc import Iterator
from io import BytesIO
from itertools import islice
from typing import Any
from xml.etree.ElementTree import ParseError

from django.utils.translation import gettext as _
from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from weighting.readers.problems import ProblemLog
from weighting.readers.table import Row, Source, Table, read_bytes, read_table

ARCHIVE = b"PK\x03\x04"
MAX_ENTRIES = 200
MAX_UNFOLDED = 50 * 1024 * 1024
MAX_ROWS = 20_000
MAX_COLUMNS = 50
ENCRYPTED = 0x1


def is_workbook(data: bytes) -> bool:
    """Tell whether the bytes begin as an archive does, which a workbook is."""
    return data.startswith(ARCHIVE)


def read_table_or_sheet(source: Source, log: ProblemLog) -> Table | None:
    """Read a CSV file, or the first sheet of an XLSX workbook; None when there is nothing to go on with."""
    data = read_bytes(source, log)
    if data is None or not is_workbook(data):
        return None if data is None else read_table(data, log)
    rows = read_sheet(data, log)
    if not rows:
        if not log.problems:
            log.add(_("The first sheet is empty. Its first row must name the columns."), row=1)
        return None
    header = tuple(_without_tail(rows[0].cells))
    width = len(header)
    whole = [Row(row.line, (row.cells + [""] * width)[:width]) for row in rows[1:]]
    for row in rows[1:]:
        if any(row.cells[width:]):
            log.add(_("The row has cells beyond the named columns. Name or empty them."), row=row.line)
    return Table(header=header, rows=iter(whole))


def read_sheet(data: bytes, log: ProblemLog) -> list[Row]:
    """Return the rows of the first sheet that are not blank; none of them where a problem is noted."""
    if not _is_safe(data, log):
        return []
    try:
        book = load_workbook(BytesIO(data), read_only=True, data_only=True, keep_links=False)
        sheet = book.worksheets[0]
        # What the file says of its own extent may be wrong, or absurd.
        sheet.reset_dimensions()
        rows = list(islice(_rows_of(sheet), MAX_ROWS + 1))
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
    if len(rows) > MAX_ROWS:
        log.add(
            _("The sheet has more than %(most)d rows. Leave out what is not needed.") % {"most": MAX_ROWS}
        )
        return []
    return rows


def _is_safe(data: bytes, log: ProblemLog) -> bool:
    try:
        entries = zipfile.ZipFile(BytesIO(data)).infolist()
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
    else:
        return True
    return False


def _rows_of(sheet: Any) -> Iterator[Row]:
    for line, values in enumerate(sheet.iter_rows(values_only=True, max_col=MAX_COLUMNS), start=1):
        cells = [_text_of(value) for value in values]
        if any(cells):
            yield Row(line, cells)
        if line > MAX_ROWS * 2:
            return


def _text_of(value: Any) -> str:
    """Return a cell as a person would type it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    return str(value).strip()


def _without_tail(cells: list[str]) -> list[str]:
    while cells and not cells[-1]:
        cells = cells[:-1]
    return cells
