"""A sheet of a workbook of before 2007: what the library that reads values does not tell."""

import struct
from collections.abc import Iterator

from .scan import Limits, Marks, Scan
from .styles import Reading, Styles

# Sectors that end a chain, or are none, are numbered from here on.
NO_SECTOR = 0xFFFFFFFA
NAMES = ("Workbook".encode("utf-16-le"), "Book".encode("utf-16-le"))
ENTRY = 128
# Kinds of records, and what they say by single bits.
BEGINNING, END, SHEET, FONT, FORMAT, STYLE = 0x0809, 0x000A, 0x0085, 0x0031, 0x041E, 0x00E0
ROW, COLUMNS, NUMBER, SHORT, SHORTS, FORMULA = 0x0208, 0x007D, 0x0203, 0x027E, 0x00BD, 0x0006
MERGED = 0x00E5
STRUCK, ROW_HIDDEN, COLUMNS_HIDDEN = 0x8, 0x20, 0x1
# The version that writes its texts with their width.
OF_1997 = 0x0600


def marks_in_old(data: bytes, place: int, limits: Limits) -> Marks:
    """Return the numbers of a sheet that are shown otherwise than they are kept, and what is hidden."""
    book = _stream_of(data)
    styles, starts = _styles_of(book, limits)
    scan = Scan(limits, styles)
    for kind, body in _records(book, starts[place]):
        if kind == ROW:
            if _number_at(body, 12) & ROW_HIDDEN:
                scan.marks.hidden_rows.add(_number_at(body, 0) + 1)
        elif kind == COLUMNS:
            first, last, width, _style, said = struct.unpack_from("<5H", body)
            if said & COLUMNS_HIDDEN or not width:
                scan.marks.hidden_columns.update(range(first + 1, min(last + 1, limits.columns) + 1))
        elif kind == MERGED:
            for row, last_row, column, last in struct.iter_unpack(
                "<4H", body[2 : 2 + 8 * _number_at(body, 0)]
            ):
                scan.marks.spans.append(((row + 1, column + 1), (last_row + 1, last + 1)))
        else:
            for row, column, style, value in _numbers(kind, body):
                scan.note_number((row + 1, column + 1), style, repr(value))
    scan.write_units()
    return scan.marks


def _styles_of(book: bytes, limits: Limits) -> tuple[Styles, list[int]]:
    """Return the styles of the workbook, and where its sheets begin."""
    reading = Reading(limits.multiplying)
    starts: list[int] = []
    fonts = version = 0
    for kind, body in _records(book, 0):
        if kind == BEGINNING:
            version = _number_at(body, 0)
        elif kind == SHEET:
            starts.append(struct.unpack_from("<I", body)[0])
        elif kind == FONT:
            if _number_at(body, 2) & STRUCK:
                reading.struck.add(str(fonts))
            # None is called by the number 4.
            fonts += 2 if fonts == 3 else 1
        elif kind == FORMAT:
            reading.note_format(str(_number_at(body, 0)), _format_in(body, version))
        elif kind == STYLE:
            reading.note_style(str(_number_at(body, 2)), str(_number_at(body, 0)))
    return reading.styles, starts


def _format_in(body: bytes, version: int) -> str:
    if version < OF_1997:
        return body[3 : 3 + body[2]].decode("latin-1")
    length, is_wide = _number_at(body, 2), body[4] & 1
    return body[5 : 5 + 2 * length].decode("utf-16-le") if is_wide else body[5 : 5 + length].decode("latin-1")


def _number_at(body: bytes, place: int) -> int:
    number: int = struct.unpack_from("<H", body, place)[0]
    return number


def _numbers(kind: int, body: bytes) -> Iterator[tuple[int, int, int, float]]:
    """Yield the row, column, style and value of the numbers of a record."""
    if kind in (NUMBER, FORMULA):
        row, column, style, value = struct.unpack_from("<3Hd", body)
        # What a formula comes to is a text, a truth or an error where the last two bytes are full.
        if kind == NUMBER or body[12:14] != b"\xff\xff":
            yield row, column, style, value
    elif kind == SHORT:
        row, column, style, value = struct.unpack_from("<3HI", body)
        yield row, column, style, _unpacked(value)
    elif kind == SHORTS:
        row, column = struct.unpack_from("<HH", body)
        for at, (style, value) in enumerate(struct.iter_unpack("<HI", body[4:-2])):
            yield row, column + at, style, _unpacked(value)


def _unpacked(number: int) -> float:
    """Return a number that is kept in 30 bits, whole or the upper half of a double, perhaps in hundredths."""
    if number & 2:
        value = float((number >> 2) - ((number & 0x80000000) >> 1))
    else:
        (value,) = struct.unpack("<d", struct.pack("<II", 0, number & 0xFFFFFFFC))
    return value / 100 if number & 1 else value


def _records(book: bytes, start: int) -> Iterator[tuple[int, bytes]]:
    """Yield the records from a place up to the end of their part: kind and body."""
    while start + 4 <= len(book):
        kind, length = struct.unpack_from("<HH", book, start)
        if kind == END:
            return
        yield kind, book[start + 4 : start + 4 + length]
        start += 4 + length


class _Sectors:
    """A file that is kept in sectors like a disk, each of which a table says the next one of."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._size = 1 << _number_at(data, 30)
        count, more = (struct.unpack_from("<I", data, at)[0] for at in (44, 68))
        tables = list(struct.unpack_from("<109I", data, 76))
        # A table of tables that leads back into itself ends with the file.
        while more < NO_SECTOR and len(tables) < min(count, len(data) // self._size):
            *further, more = self._numbers_in(more)
            tables += further
        self._next = [number for part in tables[:count] for number in self._numbers_in(part)]

    def stream(self, first: int) -> bytes:
        """Return what is kept from a sector on."""
        return b"".join(map(self._sector, _chain(first, self._next)))

    def _sector(self, number: int) -> bytes:
        return self._data[(number + 1) * self._size : (number + 2) * self._size]

    def _numbers_in(self, number: int) -> tuple[int, ...]:
        return struct.unpack(f"<{self._size // 4}I", self._sector(number))


def _chain(number: int, following: list[int]) -> Iterator[int]:
    """Yield a sector and those that follow it; one that leads back into itself ends with the table."""
    for _step in following:
        if number >= NO_SECTOR:
            return
        yield number
        number = following[number]


def _stream_of(data: bytes) -> bytes:
    """Return the workbook within the file."""
    sectors = _Sectors(data)
    listing, cutoff, small_table = (struct.unpack_from("<I", data, at)[0] for at in (48, 56, 60))
    listed = sectors.stream(listing)
    entries = [listed[start : start + ENTRY] for start in range(0, len(listed) - ENTRY + 1, ENTRY)]
    named = {entry[: max(_number_at(entry, 64) - 2, 0)]: entry for entry in entries}
    name = next((name for name in NAMES if name in named), NAMES[0])
    first, length = struct.unpack_from("<II", named[name], 116)
    if length >= cutoff:
        return sectors.stream(first)[:length]
    # Small ones lie together in a stream of their own.
    small = 1 << _number_at(data, 32)
    together = sectors.stream(struct.unpack_from("<I", entries[0], 116)[0])
    numbers = [number for (number,) in struct.iter_unpack("<I", sectors.stream(small_table))]
    parts = (together[part * small : (part + 1) * small] for part in _chain(first, numbers))
    return b"".join(parts)[:length]
