"""The one reader of tables: bytes of a text or a workbook to columns under their names.

How it read them stands in the table's decisions: what the file shows, what was taken as likely,
what is open.
"""

import csv
import io
import re
from collections.abc import Callable, Collection, Container, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain, islice

import numpy as np
from django.utils.translation import gettext as _

from weighting.exports import MARK, as_meant
from weighting.readers.below import rows_of, settle_segment
from weighting.readers.beside import body_of_parts, rows_within, settle_parts
from weighting.readers.cells import Vocabulary
from weighting.readers.columns import Body, Column, Packed, gather, packable, pick_rows
from weighting.readers.decisions import Decisions, How
from weighting.readers.dialects import SAMPLE, Dialect, find_dialect
from weighting.readers.encodings import find_encoding
from weighting.readers.hidden import settle_hidden, settle_struck
from weighting.readers.large import read_plain
from weighting.readers.layout import HEAD, Layout, find_layout, is_note
from weighting.readers.problems import ProblemLog
from weighting.readers.rows import Row, count_marks, is_markup, note_controls, parts_of, trimmed
from weighting.readers.workbook import SheetLimits, SheetRows, is_workbook, read_sheet

# Reversing marks begin so in UTF-8; a file without these bytes and without controls is not searched by row.
MAYBE_REVERSED = (b"\xe2\x80", b"\xe2\x81")
DELETE = 127
BREAKS = b"\t\n\r"
MOST_SHORT = 0.1
# What spreadsheets are told to keep as text: ="007".
HELD = re.compile(r'="(.*)"', re.DOTALL)
# An apostrophe with no letter or digit before it, or behind the first character of a file of ours.
MARKS = re.compile(rb"'(?:(?<![0-9A-Za-z\x80-\xff]')|(?<=\A\xef\xbb\xbf'))")
MARKS_OF_HEADS = re.compile(r"[\s_-]+")


@dataclass(frozen=True, eq=False)
class Table:
    """Columns under their names, each row with its line in the file.

    ``encoding`` is what its text was read in, '' of a workbook; ``left_out`` are titles and notes; ``head``
    is the line of the names.
    """

    header: tuple[str, ...]
    columns: Sequence[Column]
    lines: Sequence[int]
    encoding: str = ""
    decisions: Decisions = field(default_factory=Decisions)
    left_out: tuple[Row, ...] = ()
    head: int = 1

    @property
    def rows(self) -> Iterator[Row]:
        """Every row as text."""
        for place, line in enumerate(self.lines):
            yield Row(line, [column[place] for column in self.columns])

    def records(self, columns: Collection[str]) -> Iterator[tuple[int, dict[str, str]]]:
        """Yield each row's line and its cells in the given columns, '' where there is none."""
        places = {name: place for place, name in enumerate(self.header)}
        for row in self.rows:
            yield row.line, {name: row.cells[places[name]] if name in places else "" for name in columns}


@dataclass(frozen=True, eq=False)
class Reading:
    """How a file is to be read: by which choices, and with which names probably in it.

    A form has its columns named in one row and every row as long as that, for there is no page on
    which anything else could be shown. ``kind`` is what it is sent in as: framework, weights, data; ``sheet``
    of a workbook is likely meant, '' for what a person sees first. ``sheet_meant`` returns the one that is
    meant of those there are, with those that may be chosen in its place; none where nothing tells it.
    """

    decisions: Decisions = field(default_factory=Decisions)
    known: Container[str] = ()
    is_form: bool = True
    kind: str = ""
    sheet: str = ""
    sheet_meant: Callable[[Sequence[str], Decisions], Sequence[str]] | None = None


def as_form(decisions: Decisions | None, kind: str) -> Reading:
    """Read a form of a kind by the choices of a ledger, which then tells how it was read."""
    return Reading(Decisions() if decisions is None else decisions, kind=kind)


def table_of_bytes(data: bytes, log: ProblemLog, reading: Reading, sheets: SheetLimits) -> Table | None:
    """Read a text or a sheet of a workbook as it stands; None when there is nothing to go on with."""
    if is_workbook(data):
        return table_of_sheet(read_chosen_sheet(data, log, reading, sheets), log, reading)
    return table_of_text(data, log, reading)


def read_chosen_sheet(data: bytes, log: ProblemLog, reading: Reading, sheets: SheetLimits) -> SheetRows:
    """Read the sheet of a workbook that is chosen, else the one likely meant; the others are offered."""
    sheet = read_sheet(data, log, sheets, reading.decisions.choices.get("sheet", reading.sheet))
    meant = reading.sheet_meant(sheet.sheets, reading.decisions) if reading.sheet_meant else ()
    if meant and meant[0] != sheet.name:
        sheet = read_sheet(data, log, sheets, meant[0])
    if sheet.lines:
        how: How = "likely" if len(sheet.sheets) > 1 and not meant else "seen"
        reading.decisions.settle("sheet", sheet.name, how=how, options=meant or sheet.sheets)
        sheet = settle_struck(sheet, reading.decisions, is_form=reading.is_form)
        sheet = settle_hidden(sheet, reading.decisions)
    return sheet


def table_of_sheet(sheet: SheetRows, log: ProblemLog, reading: Reading) -> Table | None:
    """Read a sheet of a workbook, whose rows are all as long."""
    if not sheet.lines:
        if not log.problems:
            log.add(_("The first visible sheet is empty. Its first row must name the columns."), row=1)
        return None
    layout = _layout_of(sheet.first(HEAD), reading)
    packed = sheet.packable(layout.taken) if _may_pack(reading, layout) else []
    return _table(layout, sheet.below(layout.taken, packed), reading)


def _layout_of(head: Sequence[Row], reading: Reading) -> Layout:
    """Find the header, of several tables side by side that of the one which is meant."""
    parts = [] if reading.is_form else settle_parts(head, reading.decisions)
    rows = rows_within(head, parts[0]) if parts else head
    layout = find_layout(rows, reading.decisions, is_form=reading.is_form)
    return replace(layout, parts=tuple(parts), titles=tuple(row for row in layout.titles if row.filled))


def _may_pack(reading: Reading, layout: Layout) -> bool:
    """Tell a file of data, whose numbers may be packed; what somebody says of marks needs every text.

    Parts of a table are put below one another as texts, too.
    """
    says_marks = any(key.startswith("decimal") for key in reading.decisions.choices)
    return not (reading.is_form or says_marks or len(layout.parts) > 1)


def table_of_text(
    data: bytes,
    log: ProblemLog,
    reading: Reading,
    fits: Callable[[int, int], bool] = lambda _cells, _columns: True,
) -> Table | None:
    """Read a text, in the encoding and with the separator that it shows or that were chosen.

    ``fits`` tells, once the separator is known, whether there is room for as many cells and columns as there
    may be.
    """
    encoding = _text_encoding(data, log, reading)
    if not encoding:
        return None
    dialect = find_dialect(_first_lines(data, encoding), reading.decisions)
    if not fits(_count_cells(data, encoding, dialect.separator), dialect.width):
        return None
    is_clean = _is_clean(data, encoding) and not (_holds_text(data, encoding) or _holds_marks(data))
    rows = _rows_of_text(data, encoding, dialect, log, is_clean=is_clean)
    head = [trimmed(row) for row in islice(rows, HEAD)]
    if not head:
        if not log.problems:
            log.add(_("The file is empty. Its first line must name the columns."), row=1)
        return None
    layout = _layout_of(head, reading)
    below = head[layout.taken :]
    width = max(len(row.cells) for row in head[layout.first : layout.taken])
    packed = packable(below, width) if _may_pack(reading, layout) else []
    if below and packed and is_clean:
        plain = read_plain(data, dialect, below[0].line, width, packed)
        if plain:
            return _table(layout, plain, reading, encoding)

    def anew() -> Iterable[Row]:
        return islice(_rows_of_text(data, encoding, dialect, log, is_clean=is_clean), layout.taken, None)

    body = gather(chain(below, rows), anew, width, packed, log, pads=not reading.is_form)
    return _table(layout, body, reading, encoding)


def _table(layout: Layout, body: Body, reading: Reading, encoding: str = "") -> Table:
    if layout.parts:
        body = body_of_parts(body, layout.parts)
    # A table below may be wider than the first.
    header = layout.header + ("",) * (len(body.columns) - len(layout.header))
    if not reading.is_form:
        segment = settle_segment(header, body, reading.decisions)
        header, body = segment.header, rows_of(body, segment)
        _settle_short_rows(body, reading.decisions)
    notes = _notes_below(body)
    height = len(body.lines) - len(notes)
    again = _heads_again(body, header, height)
    kept = np.array([place for place in range(height) if place not in again], dtype=int)
    named = [
        place
        for place, (name, column) in enumerate(zip(header, body.columns, strict=True))
        if name or any(column[row] for row in range(height))
    ]
    return Table(
        header=tuple(header[place] for place in named),
        columns=pick_rows([body.columns[place] for place in named], kept),
        lines=[body.lines[place] for place in kept.tolist()],
        encoding=encoding,
        decisions=reading.decisions,
        left_out=(*layout.titles, *again.values(), *notes),
        head=layout.line,
    )


def _settle_short_rows(body: Body, decisions: Decisions) -> None:
    """Settle that cells which rows lack at their ends are gaps: it is asked where many rows lack some."""
    if body.short:
        how: How = "likely" if len(body.short) <= max(1, MOST_SHORT * len(body.lines)) else "open"
        samples = [str(line) for line in body.short]
        decisions.settle("short_rows", "gaps", how=how, options=["gaps"], samples=samples)


def _heads_again(body: Body, header: Sequence[str], height: int) -> dict[int, Row]:
    """Return the rows that say the names of the columns once more, as tables of several pages do."""
    if len(header) < 2 or not header[0] or isinstance(body.columns[0], Packed):
        return {}
    named = list(header)
    places = [place for place, text in enumerate(body.columns[0][:height]) if text == header[0]]
    rows = {place: Row(body.lines[place], [column[place] for column in body.columns]) for place in places}
    return {place: row for place, row in rows.items() if row.cells == named}


def _notes_below(body: Body) -> list[Row]:
    """Return the rows below the last one of data, from the first that is worded as a note."""
    width = len(body.columns)
    if width < 2:
        return []
    below: list[Row] = []
    for place in range(len(body.lines) - 1, -1, -1):
        row = Row(body.lines[place], [column[place] for column in body.columns])
        if row.filled > 1 or not row.cells[0]:
            break
        below.insert(0, row)
    first = next((place for place, row in enumerate(below) if is_note(row)), len(below))
    return below[first:]


def with_heads(table: Table, names: Iterable[str]) -> Table:
    """Return the table with its columns called as they are known, whatever their case and marks."""
    return replace(table, header=as_known(table.header, names))


def as_known(header: Sequence[str], names: Iterable[str]) -> tuple[str, ...]:
    """Return the names of columns as they are known, whatever their case and marks."""
    known = {_head_key(name): name for name in names}
    return tuple(known.get(_head_key(head), head) for head in header)


def _head_key(head: str) -> str:
    return MARKS_OF_HEADS.sub("", head).casefold()


def check_header(
    table: Table, log: ProblemLog, *, required: Iterable[str], optional: Iterable[str] = ()
) -> bool:
    """Note unknown, repeated and missing columns; return whether all required ones are there."""
    required = tuple(required)
    known = Vocabulary(dict.fromkeys([*required, *optional]))
    missing = [name for name in required if name not in table.header]
    for place, name in enumerate(table.header):
        if not name:
            log.add(
                _("Column %(place)d has no name. Name or delete it.") % {"place": place + 1}, row=table.head
            )
        elif name in table.header[:place]:
            log.add(_("The column is there twice. Delete one of them."), row=table.head, column=name)
        elif name not in known:
            message = _("The column is not known here. Correct its name or delete it.")
            log.add(known.suggest(message, name), row=table.head, column=name, value=name)
    for name in missing:
        message = _("The column is missing. Add it to the row that names the columns.")
        log.add(message, row=table.head, column=name)
    return not missing


def _text_encoding(data: bytes, log: ProblemLog, reading: Reading) -> str:
    """Return the encoding to read in; '' with the problem noted."""
    if data.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        log.add(_("This is a workbook or an archive. Save the sheet as CSV."))
        return ""
    if is_markup(data, log):
        return ""
    try:
        encoding = find_encoding(data, reading.decisions, reading.known)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        message = _("The text is not written in the encoding that was chosen. Choose another one.")
        if not reading.decisions.choices.get("encoding"):
            message = _(
                "The text is neither UTF-8 nor GB18030 nor Western (cp1252). Save the file as CSV in UTF-8."
            )
        log.add(message, row=line)
        return ""
    if not encoding.startswith("utf-16") and b"\0" in data:
        log.add(_("This is not a text file. Save the table as CSV."))
        return ""
    return encoding


def _open_text(data: bytes, encoding: str) -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BytesIO(data), encoding, newline="")


def _count_cells(data: bytes, encoding: str, separator: str) -> int:
    """Return how many cells a text has, or a few more: what stands between them is counted in quotes, too."""
    if separator.isascii():
        return count_marks(data, separator) + count_marks(data, "\n")
    return sum(line.count(separator) + 1 for line in _open_text(data, encoding))


def _first_lines(data: bytes, encoding: str) -> str:
    """Return the first lines, but no more of them than a table of ordinary width has."""
    text = _open_text(data, encoding)
    lines = []
    for line in islice(iter(lambda: text.readline(1 << 20), ""), SAMPLE):
        lines.append(line)
        if sum(map(len, lines)) > 1 << 20:
            break
    return "".join(lines)


def _rows_of_text(
    data: bytes, encoding: str, dialect: Dialect, log: ProblemLog, *, is_clean: bool
) -> Iterator[Row]:
    """Yield the rows that are not blank, their cells as they stand: `gather` trims those it keeps as text."""
    text, holds = _open_text(data, encoding), not is_clean and _holds_text(data, encoding)
    is_marked = not is_clean and _holds_marks(data)
    for _line in range(dialect.skipped):
        text.readline()
    # Strict, for otherwise a quote that is never closed swallows the rest of the file.
    reader = csv.reader(text, delimiter=dialect.separator, strict=True)
    line = 1 + dialect.skipped
    try:
        for cells in reader:
            if not is_clean and note_controls(map(str.strip, cells), line, log):
                return
            if len(cells) == 1 and dialect.width > 1:
                cells = _unwrapped(cells, dialect)
            if holds:
                cells = [HELD.sub(r"\1", cell.strip()) for cell in cells]
            if is_marked:
                cells = [as_meant(cell.strip()) if MARK in cell else cell for cell in cells]
            if any(map(str.strip, cells)):
                yield Row(line, cells)
            line = reader.line_num + 1 + dialect.skipped
    except csv.Error as error:
        message = _("The row cannot be read as CSV (%(reason)s). Check its quotation marks.")
        log.add(message % {"reason": error}, row=line)


def _holds_text(data: bytes, encoding: str) -> bool:
    """Tell a text whose cells may be written as formulas of a text."""
    forms = ("utf-16-le", "utf-16-be") if encoding == "utf-16" else (encoding.removesuffix("-sig"),)
    # One byte is looked for in a twentieth of the time, and most files hold no formula.
    return b"=" in data and any('="'.encode(form) in data for form in forms)


def _holds_marks(data: bytes) -> bool:
    """Tell a text that may have apostrophes where cells begin, which our own files put before formulas."""
    return MARKS.search(data) is not None


def _unwrapped(cells: list[str], dialect: Dialect) -> list[str]:
    """Return the cells of a row that a program put into quotes once more, as a whole."""
    inner = next(csv.reader(cells, delimiter=dialect.separator), [])
    return inner if len(inner) == dialect.width else cells


def _is_clean(data: bytes, encoding: str) -> bool:
    """Tell at once, by its bytes, that no cell of a text holds a control character."""
    # The first byte of such a mark is looked for alone, which is many times as quick as both.
    if encoding != "utf-8-sig" or (b"\xe2" in data and any(start in data for start in MAYBE_REVERSED)):
        return False
    return not any(
        part[part < ord(" ")].tobytes().translate(None, BREAKS) or (part == DELETE).any()
        for part in parts_of(data)
    )
