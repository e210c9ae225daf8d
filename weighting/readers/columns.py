"""Rows of text to columns: texts as they stand, and numbers packed where nothing but plain ones stands."""

import math
import re
from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from operator import itemgetter

import numpy as np
from django.utils.translation import gettext as _
from numpy.lib.stride_tricks import as_strided

from weighting.numeric.arrays import BoolArray, FloatArray, IntArray, span_of
from weighting.readers.cells import CellError, parse_number, plain
from weighting.readers.problems import ProblemLog
from weighting.readers.rows import Row
from weighting.readers.spelt import read_spelt
from weighting.readers.written import is_number

# What plain numbers are written with, and what stands between them.
NUMERALS = b"0123456789.,+-eE "
# A fraction that is no whole number with a point between thousands: 1.234 may be one.
PLAIN_FRACTION = re.compile(r"(?![+-]?[1-9]\d{0,2}\.\d{3}$)[+-]?\d{0,15}\.\d{1,17}", re.ASCII)
# One of them that is no code with zeros before it either: a number whatever else the column holds.
SURE_FRACTION = re.compile(r"(?![+-]?[1-9]\d{0,2}\.\d{3}$)[+-]?(?:0|[1-9]\d{0,14})?\.\d{1,17}", re.ASCII)
# So many rows tell what a column holds; if a later one differs, the column is read as text.
TELLING = 30
# A title or two may stand between the empty line above a further table and its names.
MOST_TITLES = 3
DIGIT = re.compile(r"\d")


@dataclass(frozen=True, eq=False)
class Packed:
    """A column of plain numbers with a point before decimals, (rows,); nan where there is none.

    ``odd`` are the few texts among them, by row: words without a digit, such as NA. ``span`` are two numbers
    between which all of them lie, where that is known.
    """

    values: FloatArray
    odd: dict[int, str] = field(default_factory=dict)
    span: tuple[float, float] | None = None

    def __len__(self) -> int:
        return len(self.values)

    def __iter__(self) -> Iterator[str]:
        return (self[row] for row in range(len(self)))

    def __getitem__(self, row: int) -> str:
        value = float(self.values[row])
        return self.odd.get(row, "" if math.isnan(value) else f"{value:.15g}")

    def holds_any(self, numbers: Iterable[float]) -> bool:
        """Tell whether any of the numbers is among the values; most lie outside of what they span."""
        low, high = self.span or (-math.inf, math.inf)
        return any((self.values == number).any() for number in numbers if low <= number <= high)


Column = Packed | list[str]


def pack_matrix(
    values: FloatArray, odd: Mapping[int, dict[int, str]], low: FloatArray, high: FloatArray
) -> list[Packed]:
    """Return the columns of a matrix (rows, columns), packed where they lie.

    ``odd`` are the texts of a column by its place; ``low`` and ``high``, (columns,), what its numbers span.
    """
    spans = zip(low.tolist(), high.tolist(), strict=True)
    return [Packed(values[:, place], odd.get(place, {}), span) for place, span in enumerate(spans)]


def side_by_side(columns: Sequence[FloatArray]) -> Iterator[FloatArray]:
    """Yield columns as matrices, (rows, columns), as they lie in memory: those beside each other as one."""
    start = 0
    for end in range(1, len(columns) + 1):
        if end == len(columns) or not _lie_beside(columns[end - 1], columns[end]):
            first = columns[start]
            yield as_strided(first, (len(first), end - start), (first.strides[0], first.itemsize))
            start = end


def _lie_beside(column: FloatArray, other: FloatArray) -> bool:
    """Tell two columns that are cut from one matrix, one next to the other."""
    return (
        column.base is not None
        and column.base is other.base
        and (column.shape, column.strides) == (other.shape, other.strides)
        and _address(other) - _address(column) == column.itemsize
    )


def _address(column: FloatArray) -> int:
    address: int = column.__array_interface__["data"][0]
    return address


def pick_rows(columns: Sequence[Column], rows: IntArray) -> list[Column]:
    """Return some rows of columns of one height; numbers that lie side by side stay so."""
    if not columns or len(rows) == len(columns[0]):
        return list(columns)
    places = {row: place for place, row in enumerate(rows.tolist())}
    packed = [column.values for column in columns if isinstance(column, Packed)]
    values = (column for part in side_by_side(packed) for column in part[rows].T)
    return [
        Packed(
            next(values),
            {places[row]: text for row, text in column.odd.items() if row in places},
            column.span,
        )
        if isinstance(column, Packed)
        else [column[row] for row in places]
        for column in columns
    ]


def held(columns: Sequence[Column], height: int) -> BoolArray:
    """Tell the rows that hold anything, (rows,)."""
    found = np.zeros(height, dtype=bool)
    for column in columns:
        if found.all():
            break
        if isinstance(column, Packed):
            found |= np.isfinite(column.values)
            found[list(column.odd)] = True
        else:
            found |= np.array([bool(text) for text in column], dtype=bool)
    return found


class _Wider(Exception):
    """Below an empty line stands a row of names that is wider than the table: another one begins there."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.width = width


class Unpackable(Exception):
    """A column that began with plain numbers holds something that needs its text."""


@dataclass(frozen=True, eq=False)
class Body:
    """The columns below a header, and the line of the file each row begins on."""

    columns: list[Column]
    lines: list[int]
    short: list[int]


def packable(head: Sequence[Row], width: int) -> list[int]:
    """Return the columns whose first rows hold plain numbers, surely with points before decimals."""
    return [
        place
        for place in range(width)
        if are_packable([row.cells[place] for row in head[:TELLING] if place < len(row.cells)])
    ]


def are_packable(texts: Sequence[str]) -> bool:
    """Tell the first cells of a column that may be packed."""
    cells = list(filter(None, texts))
    others = [cell for cell in cells if not SURE_FRACTION.fullmatch(cell)]
    has_fraction = len(others) < len(cells) or any(map(PLAIN_FRACTION.fullmatch, others))
    return has_fraction and all(map(_is_plain, others))


def gather(
    rows: Iterable[Row],
    anew: Callable[[], Iterable[Row]],
    width: int,
    packed: Sequence[int],
    log: ProblemLog,
    *,
    pads: bool,
) -> Body:
    """Turn rows into columns; rows of another width are noted, or padded with gaps if they may be.

    Where a packed column holds what needs its text, the rows are read ``anew`` for that column alone; where
    a wider table stands below, all of them for as many columns as that has.
    """
    try:
        return _gather(rows, anew, width, packed, log, pads=pads)
    except _Wider as found:
        return gather(anew(), anew, found.width, packed, log, pads=pads)


def _gather(
    rows: Iterable[Row],
    anew: Callable[[], Iterable[Row]],
    width: int,
    packed: Sequence[int],
    log: ProblemLog,
    *,
    pads: bool,
) -> Body:
    is_packed = set(packed)
    kept = [place for place in range(width) if place not in is_packed]
    texts: list[list[str]] = [[] for _place in kept]
    numbers = _Numbers(packed)
    lines: list[int] = []
    short: list[int] = []
    for line, cells in _whole_rows(rows, width, log, short, pads=pads):
        lines.append(line)
        for column, place in zip(texts, kept, strict=True):
            column.append(cells[place].strip())
        numbers.add(cells)
    columns: dict[int, Column] = dict(zip(kept, texts, strict=True))
    columns |= numbers.columns(len(lines))
    # With a problem noted the file goes no further, and to read it again would note it twice.
    if numbers.wrong and not log.problems:
        again: dict[int, list[str]] = {place: [] for place in numbers.wrong}
        for _line, cells in _whole_rows(anew(), width, log, [], pads=pads):
            for place, column in again.items():
                column.append(cells[place].strip())
        columns |= again
    return Body([columns[place] for place in range(width)], lines, short)


def _whole_rows(
    rows: Iterable[Row], width: int, log: ProblemLog, short: list[int], *, pads: bool
) -> Iterator[tuple[int, list[str]]]:
    """Yield line and cells of each row that fits, as many as there are columns; note the short ones."""
    last = titles = 0
    for row in rows:
        cells = row.cells
        titles = MOST_TITLES if last and row.line > last + 1 else titles - 1
        last = row.line
        if len(cells) != width:
            if pads and titles >= 0 and _names_more(cells, width):
                raise _Wider(max(place for place, cell in enumerate(cells, start=1) if cell.strip()))
            if len(cells) < width:
                short.append(row.line)
            if not _fits(row, width, log, pads=pads):
                continue
            cells = (cells + [""] * width)[:width]
        yield row.line, cells


def _names_more(cells: Sequence[str], width: int) -> bool:
    """Tell a row of nothing but words, more of them than there are columns."""
    words = [cell for cell in cells if cell.strip()]
    return any(map(str.strip, cells[width:])) and len(words) > width and not any(map(is_number, words))


def _fits(row: Row, width: int, log: ProblemLog, *, pads: bool) -> bool:
    """Tell a row that has as many cells as the header, but for empty ones at its end."""
    if any(map(str.strip, row.cells[width:])) or (len(row.cells) < width and not pads):
        message = _("The row has %(cells)d cells, the first line %(columns)d. Check its commas and quotes.")
        log.add(message % {"cells": len(row.cells), "columns": width}, row=row.line)
        return False
    return True


class _Numbers:
    """The packed columns as they grow, row by row; ``wrong`` are those that turned out to need their text."""

    def __init__(self, places: Sequence[int]) -> None:
        self.places = list(places)
        self._pick = itemgetter(*places) if len(places) > 1 else lambda cells: [cells[p] for p in places]
        self._values = array("d")
        self._odd: dict[int, dict[int, str]] = {}
        self._wrong: set[int] = set()
        self._rows = 0

    @property
    def wrong(self) -> list[int]:
        return [self.places[column] for column in sorted(self._wrong)]

    def add(self, cells: Sequence[str]) -> None:
        if not self.places:
            return
        picked = self._pick(cells)
        if self._wrong:
            picked = ["" if column in self._wrong else cell for column, cell in enumerate(picked)]
        self._values.extend(_plain_numbers(picked) or self._with_words(picked))
        self._rows += 1

    def _with_words(self, cells: Iterable[str]) -> Iterator[float]:
        for column, cell in enumerate(cells):
            value, word = math.nan, ""
            try:
                value, word = _number_or_word(cell)
            except Unpackable:
                self._wrong.add(column)
            if word:
                self._odd.setdefault(column, {})[self._rows] = word
            yield value

    def columns(self, height: int) -> dict[int, Column]:
        matrix = np.frombuffer(self._values, dtype="<f8").reshape(height, len(self.places))
        low, high = span_of(matrix)
        self._wrong |= set(np.flatnonzero(np.isinf(low) | np.isinf(high)).tolist())
        return dict(zip(self.places, pack_matrix(matrix, self._odd, low, high), strict=True))


def pack_among(values: FloatArray, texts: Sequence[Mapping[int, str]]) -> list[Packed | None]:
    """Pack the columns of a matrix (rows, columns) with the ``texts`` that stand in each among its numbers.

    None stands for a column with a text that needs to stay one.
    """
    odd = {place: _put_texts(values[:, place], found) for place, found in enumerate(texts)}
    packed = pack_matrix(values, {place: words or {} for place, words in odd.items()}, *span_of(values))
    return [column if odd[place] is not None else None for place, column in enumerate(packed)]


def _put_texts(column: FloatArray, texts: Mapping[int, str]) -> dict[int, str] | None:
    """Put texts that are plain numbers among these, and return words; None where another text is there."""
    words = {}
    for row, text in texts.items():
        try:
            column[row], word = _number_or_word(text)
        except Unpackable:
            return None
        if word:
            words[row] = word
    for row in np.flatnonzero(np.isinf(column)).tolist():
        words[row], column[row] = str(float(column[row])), math.nan
    return words


def pack(texts: Sequence[str]) -> Packed:
    """Pack plain numbers, gaps, and words without a digit; raises `Unpackable` for any other text."""
    values, odd = _plain_numbers(texts), {}
    if values is None:
        read = [_number_or_word(text) for text in texts]
        values = [value for value, _word in read]
        odd = {row: word for row, (_value, word) in enumerate(read) if word}
    if any(map(math.isinf, values)):
        raise Unpackable
    return Packed(np.array(values, dtype=float), odd)


def _number_or_word(cell: str) -> tuple[float, str]:
    """Return a plain number and '', or nan and the word that stands for it; '' of a gap, too."""
    word = cell.strip()
    if not word:
        return math.nan, ""
    try:
        return parse_number(cell), ""
    except CellError:
        if DIGIT.search(cell) or read_spelt(word):
            raise Unpackable from None
        return math.nan, word


def _plain_numbers(cells: Sequence[str]) -> list[float] | None:
    """Read a row that holds nothing but plain numbers and gaps, as nearly all do; None for any other."""
    joined = ",".join(cells)
    if not joined.isascii() or joined.encode().translate(None, NUMERALS):
        return None
    try:
        values = [float(cell) if cell else math.nan for cell in cells]
    except ValueError:
        return None
    # An exponent can hide a number too large or too small for a double.
    return None if "e" in joined.lower() and 0 in values else values


def _is_plain(cell: str) -> bool:
    try:
        parse_number(cell)
    except CellError:
        return not (DIGIT.search(plain(cell)) or read_spelt(cell.strip()))
    # Leading zeros are of a code.
    return not re.match(r"[+-]?0\d", cell)
