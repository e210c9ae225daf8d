"""The bytes of a workbook to the rows of its first visible sheet, within limits."""

import math
import posixpath
import re
import struct
import zipfile
import zlib
from array import array
from collections.abc import Iterator
from io import BytesIO
from itertools import chain, islice
from typing import Any, NamedTuple
from xml.parsers import expat

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

from .documents import marks_in_document
from .old import marks_in_old
from .scan import Limits, Marks, Refused, Scan
from .styles import styles_of

ENCRYPTED = 0x1
BOOK = "xl/workbook.xml"
# A workbook of before 2007 is all in one part.
OLD_BOOK = "Workbook"
# How workbooks of before 2007 begin, and what those of OpenDocument hold.
OLD = b"\xd0\xcf\x11\xe0"
OPEN_DOCUMENT = {"content.xml", "META-INF/manifest.xml"}
MAX_ENTRIES, MAX_DEPTH = 200, 8
MAX_UNFOLDED = 50 * 1024 * 1024
# A spreadsheet's cell holds no more.
LONGEST_TEXT = 32_767
# Some programs write longer names than the 31 characters that others take.
LONGEST_NAME = 255
# The largest sheet that is taken, its texts and its formulas have five million.
MOST_TAGS = 6_000_000
SHORTEST_TAG = len("<a>")
CELL = re.compile(rb"<(?:\w+:)?c[\s>/]")
# An XML part that declares entities can unfold to anything; no spreadsheet writes one.
DECLARATIONS = (b"<!DOCTYPE", b"<!ENTITY")
# So many numbers make a table of a sheet, and so many sheets are looked through for them.
FEW, MOST_COVERS = 2, 5
UNREADABLE = (
    *(CalamineError, KeyError, IndexError, ValueError, TypeError, ArithmeticError, EOFError, OSError),
    *(expat.ExpatError, zipfile.BadZipFile, struct.error),
)


def answer_of(data: bytes, limits: Limits) -> dict[str, Any]:
    """Read the sheet that is meant, or say by name what is wrong with the workbook."""
    try:
        if data.startswith(OLD):
            _look_through_old(data)
            return _sheet(BytesIO(data), {OLD_BOOK: data}, limits)
        parts = _parts_of(_open_archive(data))
        _look_through(parts, limits)
        return _sheet(_unpacked(parts) if BOOK in parts else BytesIO(data), parts, limits)
    except Refused as refused:
        return {"faults": [refused.fault]}
    except UNREADABLE:
        return {"faults": [{"kind": "unreadable"}]}


def _open_archive(data: bytes) -> zipfile.ZipFile:
    """Open the archive once what it says of itself is within the limits; `zipfile` then reads no more."""
    try:
        archive = zipfile.ZipFile(BytesIO(data))
        entries = archive.infolist()
    except (zipfile.BadZipFile, ValueError, OSError):
        raise Refused("damaged") from None
    names = {entry.filename for entry in entries}
    if any(entry.flag_bits & ENCRYPTED for entry in entries):
        raise Refused("encrypted")
    if BOOK not in names and not names >= OPEN_DOCUMENT:
        raise Refused("no-workbook")
    if len(entries) > MAX_ENTRIES:
        raise Refused("entries", count=len(entries), most=MAX_ENTRIES)
    if sum(entry.file_size for entry in entries) > MAX_UNFOLDED:
        raise Refused("unfolded", most=MAX_UNFOLDED // 1024 // 1024)
    if any(_is_astray(name) for name in names):
        raise Refused("folders")
    if any("macrosheets/" in name or "vbaProject" in name or name.startswith("Basic/") for name in names):
        raise Refused("macros")
    # Two parts of one name are read as one by some, as the other by others.
    if len(names) < len(entries):
        raise Refused("damaged")
    return archive


def _look_through_old(data: bytes) -> None:
    """Look through a workbook of before 2007 for what is refused; its names are written in UTF-16."""
    if "EncryptedPackage".encode("utf-16-le") in data:
        raise Refused("encrypted")
    if "_VBA_PROJECT".encode("utf-16-le") in data:
        raise Refused("macros")


def _is_astray(name: str) -> bool:
    """Tell a path that leads out of the archive, or deeper than any part of a workbook lies."""
    steps = name.replace("\\", "/").split("/")
    return ".." in steps or not steps[0] or len(steps) > MAX_DEPTH


def _parts_of(archive: zipfile.ZipFile) -> dict[str, bytes]:
    """Return the parts of the archive that hold XML, each unpacked once."""
    try:
        return {
            entry.filename: archive.read(entry)
            for entry in archive.infolist()
            if entry.filename.casefold().endswith((".xml", ".rels"))
        }
    except (zipfile.BadZipFile, NotImplementedError, EOFError, OSError, zlib.error):
        raise Refused("damaged") from None


def _look_through(parts: dict[str, bytes], limits: Limits) -> None:
    """Look through the parts as bytes, before anything parses them; refuse what no spreadsheet writes."""
    if b"encryption-data" in parts.get("META-INF/manifest.xml", b""):
        raise Refused("encrypted")
    for content in parts.values():
        if b"\0" in content:
            raise Refused("encoding")
        if b"!" in content and any(word in content for word in DECLARATIONS):
            raise Refused("entities")
    # A workbook says itself which parts are sheets, so all count; this one lists formulas.
    sheets = [content for name, content in parts.items() if name != "xl/calcChain.xml"]
    if sum(map(_cells_at_most, sheets)) > limits.cells:
        cells = chain.from_iterable(map(CELL.finditer, sheets))
        if any(True for _cell in islice(cells, limits.cells, None)):
            raise Refused("cells", most=limits.cells)
    # Most workbooks have no room for so many.
    has_room = sum(map(len, parts.values())) > MOST_TAGS * SHORTEST_TAG
    if has_room and sum(content.count(b"<") for content in parts.values()) > MOST_TAGS:
        raise Refused("tags")


def _cells_at_most(content: bytes) -> int:
    """Return how many cells there are, or more: telling exactly takes three times as long."""
    return content.count(b"<c") + content.count(b":")


def _unpacked(parts: dict[str, bytes]) -> BytesIO:
    """Return the parts as an archive: to unpack them takes the library longer than to write them anew."""
    file = BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    file.seek(0)
    return file


def _sheet(file: BytesIO, parts: dict[str, bytes], limits: Limits) -> dict[str, Any]:
    """Read the sheet that is meant; without ``parts`` of sheets a library tells what is in the file."""
    book = CalamineWorkbook.from_filelike(file)
    names = [sheet.name for sheet in book.sheets_metadata]
    # Each sheet is a part; whatever lists more of them, or such names, was written by no spreadsheet.
    if len(names) > MAX_ENTRIES or any(len(name) > LONGEST_NAME for name in names):
        raise Refused("unreadable")
    place, sheet, marks = _chosen(book, parts, limits)
    # Empty columns to the left of everything are not among the cells of a row.
    left = sheet.start[1] if sheet.start else 0
    rows, numbers = _rows(sheet.iter_rows(), left, marks)
    if len(rows) > limits.rows:
        raise Refused("rows", most=limits.rows)
    width = len(numbers) // len(rows) if rows else 0
    read = _Read({line for line, _places, _texts in rows}, left, width)
    return {
        "sheet": names[place],
        "others": [name for other, name in enumerate(names) if other != place],
        "sheets": [sheet.name for sheet in book.sheets_metadata if sheet.typ == SheetTypeEnum.WorkSheet],
        "left": left,
        "hidden_rows": sorted(read.lines & marks.hidden_rows),
        "hidden_columns": [place for place in range(width) if place + left + 1 in marks.hidden_columns],
        "spans": read.hidden_spans(marks),
        "struck": [(line, column - left - 1) for line, column in marks.struck if read.holds(line, column)],
        "rows": rows,
        "numbers": numbers.tobytes(),
        "faults": marks.formulas,
    }


class _Read(NamedTuple):
    """Which part of a sheet was read: its lines, and so many columns behind those on the left."""

    lines: set[int]
    left: int
    width: int

    def holds(self, line: int, column: int) -> bool:
        """Tell whether a cell was read, by its line and column in the sheet, both from 1."""
        return line in self.lines and self.left < column <= self.left + self.width

    def hidden_spans(self, marks: Marks) -> list[tuple[int, int, int, int]]:
        """Return merged cells whose first one is hidden: the others are shown with what it holds."""
        return [
            (line, column - self.left - 1, last_line, last - self.left - 1)
            for (line, column), (last_line, last) in marks.spans
            if self.holds(line, column) and (line in marks.hidden_rows or column in marks.hidden_columns)
        ]


def _chosen(
    book: CalamineWorkbook, parts: dict[str, bytes], limits: Limits
) -> tuple[int, CalamineSheet, Marks]:
    """Return the place of the sheet that is read, the sheet and its marks.

    Where numbers are sought, a cover or a list of contents in front of them is passed over.
    """
    styles, places = styles_of(parts, limits.multiplying), _places_of_sheets(book, limits)

    def marks_of(place: int) -> Marks:
        # No sheet of parts is loaded before it is known how far it reaches.
        if OLD_BOOK in parts:
            _check_reach(book.get_sheet_by_index(place), limits)
            return marks_in_old(parts[OLD_BOOK], place, limits)
        if BOOK in parts:
            return Scan(limits, styles).read(parts[_path_of_sheet(parts, place)])
        _check_reach(book.get_sheet_by_index(place), limits)
        return marks_in_document(parts.get("content.xml", b""), place, limits)

    found = ((place, marks_of(place)) for place in places)
    first, marks = next(found)
    if len(places) == 1:
        # The library unpacks what it reads once more.
        parts.clear()
    sheet = book.get_sheet_by_index(first)
    if len(places) == 1 or _holds_numbers(sheet):
        return first, sheet, marks
    for place, marks_there in found:
        there = book.get_sheet_by_index(place)
        if _holds_numbers(there):
            return place, there, marks_there
    return first, sheet, marks


def _check_reach(sheet: CalamineSheet, limits: Limits) -> None:
    """Refuse a loaded sheet that reaches beyond the limits; its memory is bounded by itself."""
    if sheet.end and sheet.end[1] >= limits.columns:
        raise Refused("columns", row=1, most=limits.columns)
    if sum(cell != "" for row in sheet.iter_rows() for cell in row) > limits.cells:
        raise Refused("cells", most=limits.cells)


def _places_of_sheets(book: CalamineWorkbook, limits: Limits) -> list[int]:
    """Return where the sheet of that name stands, else what a person sees first on opening the workbook.

    Where numbers are sought, the next ones that are visible may be read in its place.
    """
    sheets = [
        # Charts are no sheets of cells.
        (place, sheet)
        for place, sheet in enumerate(book.sheets_metadata)
        if sheet.typ == SheetTypeEnum.WorkSheet
    ]
    named = [place for place, sheet in sheets if sheet.name == limits.name]
    visible = [place for place, sheet in sheets if sheet.visible == SheetVisibleEnum.Visible]
    if not (named or visible):
        raise Refused("unreadable")
    return named[:1] or visible[: MOST_COVERS if limits.seeks_numbers else 1]


def _holds_numbers(sheet: CalamineSheet) -> bool:
    """Tell a sheet with several numbers beside its first column."""
    numbers = (cell for row in sheet.iter_rows() for cell in row[1:] if type(cell) is float)
    return len(list(islice(numbers, FEW))) == FEW


def _rows(
    rows: Iterator[list[Any]], left: int, marks: Marks
) -> tuple[list[tuple[int, list[int], list[str]]], "array[float]"]:
    """Return the rows that are not blank: each with its line, the places of its texts, and these.

    Beside them all cells of these rows as numbers, nan where there is none.
    """
    found, numbers = [], array("d")
    marked: dict[int, set[int]] = {}
    for line, column in (*marks.written, *marks.zeros):
        marked.setdefault(line, set()).add(column - left - 1)
    for line, row in enumerate(rows, start=1):
        for place in marked.get(line, set()).intersection(range(len(row))):
            row[place] = _marked(_text(row[place]), (line, place + left + 1), marks)
        others = [place for place, cell in enumerate(row) if type(cell) is not float]
        texts = {place: text for place in others if (text := _text(row[place]))}
        for place in others:
            row[place] = 0.0
        if math.isnan(sum(row)):
            # What is no number though it is written as one.
            texts |= {place: _text(cell) for place, cell in enumerate(row) if math.isnan(cell)}
        for place in others:
            row[place] = math.nan
        if texts or len(others) < len(row):
            if max(map(len, texts.values()), default=0) > LONGEST_TEXT:
                raise Refused("long", row=line, most=LONGEST_TEXT)
            found.append((line, list(texts), list(texts.values())))
            numbers.fromlist(row)
    return found, numbers


def _text(value: Any) -> str:
    """Return a cell as a person would type it."""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else str(value)
    if isinstance(value, bool):
        return str(value).upper()
    return _text_of_time(value)


def _text_of_time(value: Any) -> str:
    # Imported by the few that need it.
    import datetime

    # A day is kept as a time at midnight.
    if isinstance(value, datetime.datetime) and value.time() == datetime.time():
        value = value.date()
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    return str(value).strip()


def _marked(text: str, place: tuple[int, int], marks: Marks) -> str:
    """Return a cell as it is written where a value says less, codes with the zeros that they show."""
    if place in marks.written:
        return marks.written[place]
    sign, digits = ("-", text[1:]) if text.startswith("-") else ("", text)
    return sign + digits.zfill(marks.zeros[place]) if place in marks.zeros and digits.isdecimal() else text


def _path_of_sheet(parts: dict[str, bytes], place: int) -> str:
    """Return the part that holds a sheet of the workbook."""
    sheets = [
        value
        for attributes in _elements(parts["xl/workbook.xml"], "sheet")
        for name, value in attributes.items()
        if name.rpartition(":")[1:] == (":", "id")
    ]
    targets = {
        attributes["Id"]: attributes["Target"]
        for attributes in _elements(parts["xl/_rels/workbook.xml.rels"], "Relationship")
    }
    # A target that begins with a slash begins at the archive's root, others beside the workbook.
    return posixpath.normpath(posixpath.join("/xl", targets[sheets[place]])).lstrip("/")


def _elements(content: bytes, wanted: str) -> list[dict[str, str]]:
    """Return the attributes of every element of that name in a part."""
    found: list[dict[str, str]] = []

    def start(name: str, attributes: dict[str, str]) -> None:
        if name.rpartition(":")[2] == wanted:
            found.append(attributes)

    parser = expat.ParserCreate()
    parser.StartElementHandler = start
    parser.Parse(content, True)
    return found
