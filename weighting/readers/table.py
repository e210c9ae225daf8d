"""Bytes to a table of trimmed cells, each row with its line in the file."""

import codecs
import csv
import io
import os
import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Protocol

from django.utils.translation import gettext as _

from weighting.readers.cells import Vocabulary
from weighting.readers.problems import ProblemLog

MAX_BYTES = 256 * 1024 * 1024
# Text of one encoding read as another is mostly unreadable; text with a few damaged bytes is not.
DAMAGED_SHARE = 0.5
# Decoded in parts: a whole file as text takes up to four times its bytes.
PART = 1 << 20
# Two Chinese characters of UTF-8 in a row, which GB18030 hardly ever makes of other characters.
SURELY_UTF8 = re.compile(rb"(?:[\xe4-\xe9][\x80-\xbf]{2}){2}")
# What no cell means to hold: controls but tabs and line breaks, and marks that turn the order of letters.
CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u202a-\u202e\u2066-\u2069]")
# Of Chinese text in GB18030 nearly all stands in the table of GB 2312, and most in its common part,
# between these first bytes, or among its marks; other encodings read so give rare characters.
COMMON, MARKS = range(0xB0, 0xD8), range(0xA1, 0xA4)
CHINESE_SHARE, COMMON_SHARE = 0.8, 0.5
ENOUGH = 5000
# In Western words an accented letter stands alone or beside one other.
HIGH = re.compile(rb"[\x80-\xff]+")
WESTERN_MARKS = "‘’“”«»–—…°·€£²³"
# A line of another encoding shows within the first of these, or does not matter.
MAX_LOOKS = 1000


class BinaryReader(Protocol):
    """An open file or an upload."""

    def read(self, size: int = ..., /) -> bytes: ...


Source = bytes | os.PathLike[str] | BinaryReader


@dataclass(frozen=True)
class Row:
    """Trimmed cells, as many as the header has, and the line of the file they start on."""

    line: int
    cells: list[str]


@dataclass(frozen=True)
class Table:
    """A header and the rows below it that are as long as it is, which can be walked once.

    ``encoding`` is what its text was read in; '' of a workbook.
    """

    header: tuple[str, ...]
    rows: Iterator[Row]
    encoding: str = ""

    def records(self, columns: Collection[str]) -> Iterator[tuple[int, dict[str, str]]]:
        """Yield each row's line and its cells in the given columns, '' where there is none."""
        places = {name: place for place, name in enumerate(self.header)}
        for row in self.rows:
            yield row.line, {name: row.cells[places[name]] if name in places else "" for name in columns}


def decode(data: bytes) -> str:
    """Return the text of a file; see `encoding_of`."""
    return data.decode(encoding_of(data))


def encoding_of(data: bytes) -> str:
    """Return the encoding of a file: UTF-8 (with or without a BOM), UTF-16 with one, GB18030, or cp1252.

    GB18030 takes nearly any bytes, and cp1252 nearly all, so each is believed only where what it
    gives is plausible: common Chinese characters, or single accented letters in Latin words.

    Raises
    ------
    UnicodeDecodeError
        For anything else; for UTF-8 with a few damaged bytes, which GB18030 would turn into
        other characters without a word; and for files joined of both encodings.
    """
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        _try_encoding(data, "utf-16")
        return "utf-16"
    try:
        _try_encoding(data, "utf-8-sig")
        return "utf-8-sig"
    except UnicodeDecodeError as error:
        if _is_damaged_utf8(data):
            raise error
        unreadable = error
    try:
        _try_encoding(data, "gb18030")
    except UnicodeDecodeError as error:
        unreadable = error
    else:
        if _is_chinese(data):
            _refuse_mixture(data)
            return "gb18030"
    if not _is_western(data):
        raise unreadable
    return "cp1252"


def read_table(source: Source, log: ProblemLog) -> Table | None:
    """Read a file as comma-separated rows; None when there is nothing to go on with."""
    data = read_bytes(source, log)
    return None if data is None else table_of_text(data, log)


def table_of_text(data: bytes, log: ProblemLog, encoding: str = "") -> Table | None:
    """Read bytes as comma-separated rows, in the encoding given or else in the one that they show.

    None when there is nothing to go on with.
    """
    encoding = _text_encoding(data, log, encoding)
    if not encoding:
        return None
    rows = _split_rows(io.TextIOWrapper(io.BytesIO(data), encoding, newline=""), log)
    first = next(rows, None)
    if first is None:
        if not log.problems:
            log.add(_("The file is empty. Its first line must name the columns."), row=1)
        return None
    header = tuple(first.cells)
    return Table(header=header, rows=_whole_rows(header, rows, log), encoding=encoding)


def check_header(
    table: Table, log: ProblemLog, *, required: Iterable[str], optional: Iterable[str] = ()
) -> bool:
    """Note unknown, repeated and missing columns; return whether all required ones are there."""
    required = tuple(required)
    known = Vocabulary(dict.fromkeys([*required, *optional]))
    missing = [name for name in required if name not in table.header]
    for place, name in enumerate(table.header):
        if not name:
            log.add(_("Column %(place)d has no name. Name or delete it.") % {"place": place + 1}, row=1)
        elif name in table.header[:place]:
            log.add(_("The column is there twice. Delete one of them."), row=1, column=name)
        elif name not in known:
            message = _("The column is not known here. Correct its name or delete it.")
            log.add(known.suggest(message, name), row=1, column=name, value=name)
    for name in missing:
        log.add(_missing_column_message(table), row=1, column=name)
    return not missing


def _missing_column_message(table: Table) -> str:
    if len(table.header) == 1 and any(mark in table.header[0] for mark in ";\t"):
        return _("The column is missing. Separate the columns by commas.")
    return _("The column is missing. Add it to the first line of the file.")


def note_controls(cells: Iterable[str], line: int, log: ProblemLog) -> bool:
    """Note a row whose text would be stored, shown or compared as something other than it looks."""
    found = CONTROLS.search("".join(cells))
    if found:
        message = _("The table holds invisible control characters. Write the text anew.")
        log.add(message, row=line, value=f"U+{ord(found.group()):04X}")
    return bool(found)


def _text_encoding(data: bytes, log: ProblemLog, asked: str) -> str:
    """Return the encoding to read in, the one asked for if there is one; '' with the problem noted."""
    if data.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        log.add(_("This is a workbook or an archive. Save the sheet as CSV."))
        return ""
    try:
        encoding = asked or encoding_of(data)
        _try_encoding(data, encoding)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        message = _("The text is not written in the encoding that was chosen. Choose another one.")
        if not asked:
            message = _(
                "The text is neither UTF-8 nor GB18030 nor Western (cp1252). Save the file as CSV in UTF-8."
            )
        log.add(message, row=line)
        return ""
    if encoding != "utf-16" and b"\0" in data:
        log.add(_("This is not a text file. Save the table as CSV."))
        return ""
    return encoding


def read_bytes(source: Source, log: ProblemLog) -> bytes | None:
    """Return the bytes of a file that can be read and is not too large; None with the problem noted."""
    try:
        if isinstance(source, os.PathLike):
            with Path(source).open("rb") as file:
                data = file.read(MAX_BYTES + 1)
        else:
            data = source if isinstance(source, bytes) else source.read(MAX_BYTES + 1)
    except OSError as error:
        log.add(
            _("The file cannot be read: %(reason)s. Check the path.") % {"reason": error.strerror or error}
        )
        return None
    if len(data) > MAX_BYTES:
        size = MAX_BYTES // 1024 // 1024
        log.add(_("The file is larger than %(size)d MB. Split it or leave columns out.") % {"size": size})
        return None
    return data


def _try_encoding(data: bytes, encoding: str) -> None:
    """Decode in parts; an error names its place in the whole."""
    decoder = codecs.getincrementaldecoder(encoding)()
    for start in range(0, len(data), PART):
        before = start - len(decoder.getstate()[0])
        end = start + PART
        try:
            decoder.decode(data[start:end], final=end >= len(data))
        except UnicodeDecodeError as error:
            place = min(max(before, 0) + error.start, len(data) - 1)
            raise UnicodeDecodeError(encoding, data, place, place + 1, error.reason) from error


def _is_damaged_utf8(data: bytes) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    foreign = unreadable = 0
    for start in range(0, len(data), PART):
        text = decoder.decode(data[start : start + PART])
        foreign += len(text) - len(text.encode("ascii", "ignore"))
        unreadable += text.count("\N{REPLACEMENT CHARACTER}")
    return unreadable < DAMAGED_SHARE * foreign


def _is_chinese(data: bytes) -> bool:
    """Tell whether bytes that GB18030 can read give Chinese as people write it."""
    counts: Counter[str] = Counter()
    decoder = codecs.getincrementaldecoder("gb18030")()
    for start in range(0, len(data), PART):
        counts.update(char for char in decoder.decode(data[start : start + PART]) if char > "\x7f")
        if counts.total() > ENOUGH:
            break
    leads = Counter[int]()
    for char, count in counts.items():
        code = char.encode("gb2312", "ignore")
        leads[code[0] if code else 0] += count
    known = counts.total() - leads[0]
    common = sum(count for lead, count in leads.items() if lead in COMMON or lead in MARKS)
    return known >= CHINESE_SHARE * counts.total() and common >= COMMON_SHARE * counts.total()


def _is_western(data: bytes) -> bool:
    """Tell whether bytes that are neither UTF-8 nor Chinese are words with accented letters of cp1252."""
    try:
        _try_encoding(data, "cp1252")
    except UnicodeDecodeError:
        return False
    total = alone = letters = 0
    for found in HIGH.finditer(data):
        run = found.group()
        total += len(run)
        alone += len(run) if len(run) <= 2 else 0
        letters += sum(char.isalpha() or char in WESTERN_MARKS for char in run.decode("cp1252"))
        if total > ENOUGH:
            break
    return min(alone, letters) >= CHINESE_SHARE * total


def _refuse_mixture(data: bytes) -> None:
    """Raise for a line of UTF-8 in a file that is GB18030 elsewhere."""
    for found in islice(SURELY_UTF8.finditer(data), MAX_LOOKS):
        start = data.rfind(b"\n", 0, found.start()) + 1
        end = data.find(b"\n", found.end())
        try:
            data[start : end if end >= 0 else len(data)].decode("utf-8")
        except UnicodeDecodeError:
            continue
        raise UnicodeDecodeError("gb18030", data, found.start(), found.end(), "a line of UTF-8")


def _split_rows(text: io.TextIOBase, log: ProblemLog) -> Iterator[Row]:
    """Yield the rows that are not blank."""
    # Strict, for otherwise a quote that is never closed swallows the rest of the file.
    reader = csv.reader(text, strict=True)
    line = 1
    try:
        for cells in reader:
            trimmed = [cell.strip() for cell in cells]
            if note_controls(trimmed, line, log):
                return
            if any(trimmed):
                yield Row(line, trimmed)
            line = reader.line_num + 1
    except csv.Error as error:
        message = _("The row cannot be read as CSV (%(reason)s). Check its quotation marks.")
        log.add(message % {"reason": error}, row=line)


def _whole_rows(header: tuple[str, ...], rows: Iterable[Row], log: ProblemLog) -> Iterator[Row]:
    for row in rows:
        if len(row.cells) == len(header):
            yield row
        else:
            message = _(
                "The row has %(cells)d cells, the first line %(columns)d. Check its commas and quotes."
            )
            log.add(message % {"cells": len(row.cells), "columns": len(header)}, row=row.line)
