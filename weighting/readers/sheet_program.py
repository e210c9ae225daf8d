"""A program of its own: one workbook on standard input, its first visible sheet as JSON on standard output.

``weighting.readers.workbook`` runs it confined and puts its faults into words. It imports nothing of the
product, so that starting it costs little more than starting Python.
"""

import datetime
import json
import posixpath
import re
import resource
import sys
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any
from xml.parsers import expat

from python_calamine import CalamineError, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

ENCRYPTED = 0x1
PART = 1 << 20
MAX_ENTRIES, MAX_DEPTH = 200, 8
MAX_UNFOLDED = 50 * 1024 * 1024
# A spreadsheet's cell holds no more.
LONGEST_TEXT = 32_767
# Some programs write longer names than the 31 characters that others take.
LONGEST_NAME = 255
# The largest sheet that is taken, its texts and its formulas have five million.
MOST_TAGS = 6_000_000
CELL = re.compile(rb"<(?:\w+:)?c[\s>/]")
# An XML part that declares entities can unfold to anything; no spreadsheet writes one.
DECLARATIONS = (b"<!DOCTYPE", b"<!ENTITY")
# A number shown with leading zeros, as codes are: 7 under the format 000 is 007.
ZEROS = re.compile(r"(?P<zeros>0{2,})(;.*)?")
PLACE = re.compile(r"([A-Z]{1,3})([1-9][0-9]{0,6})")
# A row as programs write rows of values: cells at places of their own in it, without errors and formulas, and
# without what may be a whole number of more digits than a float keeps.
PLAIN_ROW = (
    rb'<row r="([1-9]\d{0,6})"[^<>/]*+>'
    rb'(?:<c r="(?:%b)\1"(?: s="\d+")?+(?: t="(?:n|s|str|b|inlineStr)")?+'
    rb" ?+(?:/>|>(?:<v>(?![^<.]{15})[^<]*+</v>|<is><t[^<>]*+>[^<]*+</t></is>)?+</c>))*+</row>"
)
# Above this a whole number is not the one that was written once it was read as a float.
MOST_EXACT_DIGITS = 15
UNREADABLE = (
    CalamineError, KeyError, IndexError, ValueError, TypeError, EOFError, OSError, expat.ExpatError,
    zipfile.BadZipFile,
)  # fmt: skip


class Refused(Exception):
    """The workbook is not taken, for a reason that has words of its own."""

    def __init__(self, kind: str, **facts: Any) -> None:
        self.fault = {"kind": kind, **facts}
        super().__init__(kind)


@dataclass(frozen=True)
class Limits:
    """As ``weighting.readers.workbook.SheetLimits``, and a sheet's name, '' for the first visible one."""

    rows: int
    columns: int
    cells: int
    takes_formulas: bool
    name: str = ""


@dataclass
class Marks:
    """What the library that reads values does not tell: by row and column, from 1.

    ``written`` holds the text of cells that would lose something as values: errors, long whole numbers;
    ``zeros`` the digits that a number is shown with.
    """

    written: dict[tuple[int, int], str] = field(default_factory=dict)
    zeros: dict[tuple[int, int], int] = field(default_factory=dict)
    formulas: list[dict[str, Any]] = field(default_factory=list)


def main() -> None:
    """Read and answer, within what this process may take."""
    own, limits = json.loads(sys.argv[1]), Limits(**json.loads(sys.argv[2]))
    resource.setrlimit(resource.RLIMIT_CPU, (own["cpu_seconds"],) * 2)
    resource.setrlimit(resource.RLIMIT_AS, (own["data"],) * 2)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    sys.stdout.write(json.dumps(_answer(sys.stdin.buffer.read(), limits)))


def _answer(data: bytes, limits: Limits) -> dict[str, Any]:
    try:
        archive = _open_archive(data)
        _look_through(archive, limits)
        return _sheet(data, archive, limits)
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
    if "xl/workbook.xml" not in names:
        raise Refused("no-workbook")
    if len(entries) > MAX_ENTRIES:
        raise Refused("entries", count=len(entries), most=MAX_ENTRIES)
    if sum(entry.file_size for entry in entries) > MAX_UNFOLDED:
        raise Refused("unfolded", most=MAX_UNFOLDED // 1024 // 1024)
    if any(_is_astray(name) for name in names):
        raise Refused("folders")
    if any("macrosheets/" in name or "vbaProject" in name for name in names):
        raise Refused("macros")
    # Two parts of one name are read as one by some, as the other by others.
    if len(names) < len(entries):
        raise Refused("damaged")
    return archive


def _is_astray(name: str) -> bool:
    """Tell a path that leads out of the archive, or deeper than any part of a workbook lies."""
    steps = name.replace("\\", "/").split("/")
    return ".." in steps or not steps[0] or len(steps) > MAX_DEPTH


def _cells_at_most(window: bytes) -> int:
    """Return how many cells there are, or more: telling exactly takes three times as long."""
    return window.count(b"<c") + window.count(b":c")


def _cells(window: bytes) -> int:
    return len(CELL.findall(window))


def _look_through(
    archive: zipfile.ZipFile, limits: Limits, count: Callable[[bytes], int] = _cells_at_most
) -> None:
    """Look through the parts as bytes, before anything parses them."""
    cells = tags = 0
    try:
        for entry in archive.infolist():
            if entry.filename.endswith((".xml", ".rels")):
                for more_cells, more_tags in _counts(archive, entry, count):
                    # A workbook says itself which parts are sheets, so all count; this one lists formulas.
                    cells += more_cells if entry.filename != "xl/calcChain.xml" else 0
                    tags += more_tags
                    if cells > limits.cells and count is _cells_at_most:
                        return _look_through(archive, limits, _cells)
                    if cells > limits.cells:
                        raise Refused("cells", most=limits.cells)
                    if tags > MOST_TAGS:
                        raise Refused("tags")
    except (zipfile.BadZipFile, NotImplementedError, EOFError, OSError, zlib.error):
        raise Refused("damaged") from None


def _counts(
    archive: zipfile.ZipFile, entry: zipfile.ZipInfo, count: Callable[[bytes], int]
) -> Iterator[tuple[int, int]]:
    """Yield how many cells and tags each piece of a part has; refuse what no spreadsheet writes."""
    tail = b""
    with archive.open(entry) as part:
        while piece := part.read(PART):
            window = tail + piece
            if b"\0" in window:
                raise Refused("encoding")
            if any(word in window for word in DECLARATIONS):
                raise Refused("entities")
            yield count(window) - count(tail), piece.count(b"<")
            tail = window[-len(DECLARATIONS[0]) + 1 :] if b"<" in window[-9:] else b""


def _sheet(data: bytes, archive: zipfile.ZipFile, limits: Limits) -> dict[str, Any]:
    book = CalamineWorkbook.from_filelike(BytesIO(data))
    names = [sheet.name for sheet in book.sheets_metadata]
    # Each sheet is a part; whatever lists more of them, or such names, was written by no spreadsheet.
    if len(names) > MAX_ENTRIES or any(len(name) > LONGEST_NAME for name in names):
        raise Refused("unreadable")
    place = _place_of_sheet(book, limits.name)
    marks = _Scan(limits, _zero_styles(archive)).read(archive, _path_of_sheet(archive, place))
    sheet = book.get_sheet_by_index(place)
    # Empty columns to the left of everything are not among the cells of a row.
    left = sheet.start[1] if sheet.start else 0
    rows = list(_rows(sheet.iter_rows(), left, marks))
    if len(rows) > limits.rows:
        raise Refused("rows", most=limits.rows)
    others = [name for other, name in enumerate(names) if other != place]
    sheets = [sheet.name for sheet in book.sheets_metadata if sheet.typ == SheetTypeEnum.WorkSheet]
    return {
        "sheet": names[place],
        "others": others,
        "sheets": sheets,
        "left": left,
        "rows": rows,
        "faults": marks.formulas,
    }


def _place_of_sheet(book: CalamineWorkbook, name: str) -> int:
    """Return where the sheet of that name stands, else what a person sees first on opening the workbook."""
    sheets = [
        # Charts are no sheets of cells.
        (place, sheet)
        for place, sheet in enumerate(book.sheets_metadata)
        if sheet.typ == SheetTypeEnum.WorkSheet
    ]
    named = [place for place, sheet in sheets if sheet.name == name]
    visible = [place for place, sheet in sheets if sheet.visible == SheetVisibleEnum.Visible]
    if not (named or visible):
        raise Refused("unreadable")
    return (named or visible)[0]


def _rows(rows: Iterator[list[Any]], left: int, marks: Marks) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows that are not blank, each with its line."""
    is_marked = bool(marks.written or marks.zeros)
    for line, row in enumerate(rows, start=1):
        cells = list(map(_text, row))
        if is_marked:
            cells = [
                _marked(text, (line, column), marks) for column, text in enumerate(cells, start=left + 1)
            ]
        if any(cells):
            if max(map(len, cells)) > LONGEST_TEXT:
                raise Refused("long", row=line, most=LONGEST_TEXT)
            yield line, cells


def _text(value: Any) -> str:
    """Return a cell as a person would type it."""
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else str(value)
    if isinstance(value, bool):
        return str(value).upper()
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


class _Scan:
    """One pass over a sheet: how far it reaches, and its `Marks`."""

    def __init__(self, limits: Limits, zero_styles: dict[int, int]) -> None:
        self.limits, self.zero_styles, self.marks = limits, zero_styles, Marks()
        self.row = self.column = self.rows = 0
        self.kind, self.style = "n", 0
        self.text: list[str] = []
        self.has_formula = False
        self.handlers: dict[str, Callable[[dict[str, str]], None]] = {
            "row": self._start_row,
            "c": self._start_cell,
            "v": self._start_text,
            "t": self._start_text,
            "f": self._start_formula,
        }

    def read(self, archive: zipfile.ZipFile, path: str) -> Marks:
        """Walk through a part of the archive; refuse what reaches beyond the limits."""
        parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.StartElementHandler, parser.EndElementHandler = self._start, self._end
        parser.CharacterDataHandler = self.text.append
        content = archive.read(path)
        # Of plain rows there is nothing to note: parsing the rest takes a tenth of the time.
        plain = re.compile(PLAIN_ROW % _columns_up_to(self.limits.columns))
        parser.Parse(content if self.zero_styles else plain.sub(self._without_cells, content), True)
        return self.marks

    def _without_cells(self, row: re.Match[bytes]) -> bytes:
        """Leave the number of a plain row alone; one beyond the limits stays as it is."""
        return b'<row r="%b"/>' % row[1] if int(row[1]) <= self.limits.rows else row[0]

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        handler = self.handlers.get(name.rpartition(":")[2])
        if handler:
            handler(attributes)

    def _start_row(self, attributes: dict[str, str]) -> None:
        self.rows += 1
        if self.rows > 2 * self.limits.rows:
            raise Refused("rows", most=self.limits.rows)
        self.row = int(attributes.get("r") or self.row + 1)
        self.column = 0

    def _start_cell(self, attributes: dict[str, str]) -> None:
        found = PLACE.fullmatch(attributes.get("r", ""))
        self.column += 1
        if found:
            self.column, self.row = _number_of(found[1]), int(found[2])
        self.kind, self.style = attributes.get("t", "n"), int(attributes.get("s") or 0)
        self.has_formula = False

    def _start_text(self, attributes: dict[str, str]) -> None:
        self.text.clear()

    def _start_formula(self, attributes: dict[str, str]) -> None:
        self.text.clear()
        self.has_formula = True

    def _end(self, name: str) -> None:
        local = name.rpartition(":")[2]
        if local in ("v", "t"):
            self._end_text("".join(self.text))
        elif local == "f" and not self.limits.takes_formulas:
            formula = {"row": self.row, "column": _letters_of(self.column), "value": "=" + "".join(self.text)}
            self.marks.formulas.append({"kind": "formula", **formula})

    def _end_text(self, text: str) -> None:
        """Note a cell that holds something: only such cells count as places that the sheet reaches."""
        if self.column > self.limits.columns and text:
            raise Refused("columns", row=self.row, most=self.limits.columns)
        if self.row > 2 * self.limits.rows and text:
            raise Refused("rows", most=self.limits.rows)
        place = self.row, self.column
        if self.kind == "e" or (
            self.kind == "n" and len(text) > MOST_EXACT_DIGITS and text.lstrip("-").isdecimal()
        ):
            self.marks.written[place] = text
        if self.kind == "n" and self.style in self.zero_styles:
            self.marks.zeros[place] = self.zero_styles[self.style]


def _zero_styles(archive: zipfile.ZipFile) -> dict[int, int]:
    """Return the styles of cells that show leading zeros, and how many digits each shows."""
    shown: dict[str, int] = {}
    styles: dict[int, int] = {}
    path, count = [""], 0

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal count
        path.append(name.rpartition(":")[2])
        if path[-1] == "numFmt" and (found := ZEROS.fullmatch(attributes.get("formatCode", ""))):
            shown[attributes.get("numFmtId", "")] = len(found["zeros"])
        if path[-2:] == ["cellXfs", "xf"]:
            if digits := shown.get(attributes.get("numFmtId", "")):
                styles[count] = digits
            count += 1

    if "xl/styles.xml" in archive.namelist():
        parser = expat.ParserCreate()
        parser.StartElementHandler, parser.EndElementHandler = start, lambda _name: path.pop()
        _feed(parser, archive, "xl/styles.xml")
    return styles


def _path_of_sheet(archive: zipfile.ZipFile, place: int) -> str:
    """Return the part that holds a sheet of the workbook."""
    sheets = [
        value
        for attributes in _elements(archive, "xl/workbook.xml", "sheet")
        for name, value in attributes.items()
        if name.rpartition(":")[1:] == (":", "id")
    ]
    targets = {
        attributes["Id"]: attributes["Target"]
        for attributes in _elements(archive, "xl/_rels/workbook.xml.rels", "Relationship")
    }
    # A target that begins with a slash begins at the archive's root, others beside the workbook.
    return posixpath.normpath(posixpath.join("/xl", targets[sheets[place]])).lstrip("/")


def _elements(archive: zipfile.ZipFile, path: str, wanted: str) -> list[dict[str, str]]:
    """Return the attributes of every element of that name in a part."""
    found: list[dict[str, str]] = []

    def start(name: str, attributes: dict[str, str]) -> None:
        if name.rpartition(":")[2] == wanted:
            found.append(attributes)

    parser = expat.ParserCreate()
    parser.StartElementHandler = start
    _feed(parser, archive, path)
    return found


def _feed(parser: Any, archive: zipfile.ZipFile, path: str) -> None:
    with archive.open(path) as part:
        while piece := part.read(PART):
            parser.Parse(piece, False)
    parser.Parse(b"", True)


def _number_of(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number


def _columns_up_to(most: int) -> bytes:
    """Return the pattern of the letters of columns up to one: [A-Z]|[A-D][A-Z]|E[A-C] up to EC."""
    last = _letters_of(most)
    shorter = ["[A-Z]" * length for length in range(1, len(last))]
    # As far as a place in the last one's letters, then a letter before its own, then any.
    before = [
        f"{last[:place]}[A-{chr(ord(letter) - 1)}]{'[A-Z]' * (len(last) - place - 1)}"
        for place, letter in enumerate(last)
        if letter > "A"
    ]
    return "|".join([*shorter, *before, last]).encode()


def _letters_of(number: int) -> str:
    letters = ""
    while number:
        number, last = divmod(number - 1, 26)
        letters = chr(ord("A") + last) + letters
    return letters


if __name__ == "__main__":
    main()
