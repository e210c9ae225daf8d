"""Workbooks that are sent while their rows are made.

openpyxl makes the frame: sheets, widths, headings, styles. Rows are put into its sheets one after the other,
as they come, so that no memory holds them all, and the first bytes need not wait for the last row.
The same sheets give the same bytes: no file holds the time it was written. The first workbook loads openpyxl:
it is a tenth of all that a process would load otherwise.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from html import escape
from io import BytesIO
from itertools import count, islice
from typing import IO, Any, NamedTuple
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

# The earliest time a ZIP file can state.
NO_TIME = (1980, 1, 1, 0, 0, 0)
TIMES = re.compile(rb"<dcterms:(created|modified)\b.*?</dcterms:\1>")
ROWS_OF_A_PIECE = 500
END_OF_ROWS = b"</sheetData>"
NO_ROWS = b"<sheetData />"
# The frame's second style, after that of all other cells.
BOLD = 's="1"'
SPACE = re.compile(r"^\s|\s$|\n")
# What XML takes in no form.
ILLEGAL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
# What spreadsheets read as the character of that number: _x0042_ as B.
NUMBERED = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")

Value = str | int | float | bool | None


class Sheet(NamedTuple):
    """Rows under bold headings, or, without any, rows that begin with one."""

    name: str
    widths: Sequence[float]
    headings: Sequence[str]
    rows: Iterable[Sequence[Value]]


class _Outlet:
    """What a ZIP file is written to: it gives away what it holds."""

    def __init__(self) -> None:
        self.held: list[bytes] = []

    def write(self, content: bytes) -> int:
        self.held.append(bytes(content))
        return len(content)

    def flush(self) -> None:
        """Hold on to everything until it is taken."""

    def taken(self) -> bytes:
        content = b"".join(self.held)
        self.held.clear()
        return content


def workbook_pieces(sheets: Sequence[Sheet]) -> Iterator[bytes]:
    """Yield a workbook piece by piece, so that rows can be read while it is sent."""
    outlet: Any = _Outlet()
    by_part = {f"xl/worksheets/sheet{number}.xml": sheet for number, sheet in enumerate(sheets, start=1)}
    with ZipFile(BytesIO(_frame(sheets))) as frame, ZipFile(outlet, "w", ZIP_DEFLATED) as archive:
        for name in frame.namelist():
            content = TIMES.sub(b"", frame.read(name))
            with archive.open(_entry(name), "w") as part:
                if name in by_part:
                    yield from _filled(part, content, by_part[name], outlet)
                else:
                    part.write(content)
    yield outlet.taken()


def as_stored(text: str) -> str:
    """Return a text as a workbook stores it, to be shown by spreadsheets and read by our reader as it was."""
    return NUMBERED.sub("_x005F_", ILLEGAL.sub("", text))


def _entry(name: str) -> ZipInfo:
    entry = ZipInfo(name, NO_TIME)
    entry.compress_type = ZIP_DEFLATED
    return entry


def _frame(sheets: Sequence[Sheet]) -> bytes:
    """Return the workbook without the rows."""
    from openpyxl import Workbook
    from openpyxl.utils import get_column_letter

    book = Workbook(write_only=True)
    for sheet in sheets:
        page = book.create_sheet(sheet.name)
        for column, width in enumerate(sheet.widths, start=1):
            page.column_dimensions[get_column_letter(column)].width = width
        if sheet.headings:
            page.freeze_panes = "A2"
            page.append([_heading(page, text) for text in sheet.headings])
    out = BytesIO()
    book.save(out)
    return out.getvalue()


def _heading(page: Any, text: str) -> Any:
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Font

    cell = WriteOnlyCell(page, as_stored(text))
    # Text, whatever it begins with.
    cell.data_type = "s"
    cell.font = Font(bold=True)
    return cell


def _filled(part: IO[bytes], frame: bytes, sheet: Sheet, outlet: _Outlet) -> Iterator[bytes]:
    """Write the sheet with its rows, and yield what the archive has of it after each piece."""
    before, after = _split(frame)
    part.write(before)
    lines = _lines(sheet)
    while piece := "".join(islice(lines, ROWS_OF_A_PIECE)):
        part.write(piece.encode())
        yield outlet.taken()
    part.write(after)


def _split(frame: bytes) -> tuple[bytes, bytes]:
    """Return what stands before the rows and what stands after them."""
    before, after = frame.replace(NO_ROWS, b"<sheetData>" + END_OF_ROWS).split(END_OF_ROWS)
    return before, END_OF_ROWS + after


def _lines(sheet: Sheet) -> Iterator[str]:
    """Yield each row as the sheet holds it; a row without headings above begins with a bold cell."""
    from openpyxl.utils import get_column_letter

    letters: list[str] = []
    style = "" if sheet.headings else BOLD
    for number, row in zip(count(2 if sheet.headings else 1), sheet.rows, strict=False):
        while len(letters) < len(row):
            letters.append(get_column_letter(len(letters) + 1))
        cells = [
            _cell(f'"{letter}{number}"', value)
            for letter, value in zip(letters, row, strict=False)
            if value not in (None, "")
        ]
        if style and cells:
            cells[0] = cells[0].replace("<c ", f"<c {style} ", 1)
        yield f'<row r="{number}">{"".join(cells)}</row>'


def _cell(place: str, value: Value) -> str:
    """Write one cell; text is stored as text, whatever it begins with."""
    if isinstance(value, bool):
        return f'<c r={place} t="b"><v>{int(value)}</v></c>'
    if not isinstance(value, str):
        # As many digits as tell the number from all others.
        return f"<c r={place}><v>{value!r}</v></c>"
    text = escape(as_stored(value), quote=False)
    space = ' xml:space="preserve"' if SPACE.search(text) else ""
    return f'<c r={place} t="inlineStr"><is><t{space}>{text}</t></is></c>'
