"""Large plain tables at once, by pyarrow where it is there; what is not plain is read row by row."""

import importlib.util
import math
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from weighting.numeric.arrays import FloatArray, span_of
from weighting.readers.columns import (
    Body,
    Column,
    Packed,
    Unpackable,
    held,
    pack,
    pack_matrix,
    pick_rows,
)
from weighting.readers.dialects import Dialect
from weighting.readers.rows import count_marks

# Below this nothing is gained.
LARGE = 1 << 20
# What is parsed at a time: larger blocks have less to do with each column, smaller ones take less memory.
BLOCK = 1 << 23
QUOTE = ord('"')


def read_plain(data: bytes, dialect: Dialect, first: int, width: int, packed: Sequence[int]) -> Body | None:
    """Read the rows from line ``first`` on, of a clean text in UTF-8; None where it is not plain throughout.

    Plain is what has a row on each line, and quotes around whole cells alone. Packed columns that hold more
    than numbers and gaps that Python reads as the same are looked at by themselves.
    """
    if (
        len(data) < LARGE
        or width < 2
        or len(packed) * 2 < width
        or not dialect.separator.isascii()
        or importlib.util.find_spec("pyarrow") is None
    ):
        return None
    if b'"' in data and not _quotes_whole_cells(data, dialect, first):
        return None
    import pyarrow

    text = _Text(data, dialect, first, width)
    try:
        columns = _read(text, packed) or _read_one_by_one(text, packed)
    except pyarrow.ArrowException:
        return None
    finally:
        # Kept for a next file otherwise, which may never come.
        pyarrow.default_memory_pool().release_unused()
    kept = np.flatnonzero(held(columns, len(columns[0])))
    return Body(pick_rows(columns, kept), (kept + first).tolist(), [])


def _quotes_whole_cells(data: bytes, dialect: Dialect, first: int) -> bool:
    """Tell a text whose quotes from line ``first`` on stand in pairs, each around all of a cell of one line.

    Two quotes side by side within such a cell stand for one.
    """
    start, ends = 0, np.frombuffer(b"\r\n" + dialect.separator.encode(), np.uint8)
    for _line in range(first - 1):
        start = data.find(b"\n", start) + 1
    while start < len(data):
        end = data.rfind(b"\n", start, start + BLOCK) + 1 or len(data)
        # What stands before the first byte and behind the last one ends a cell, too.
        part = np.frombuffer(b"\n" + data[start:end] + b"\n", np.uint8)
        quotes = np.flatnonzero(part == QUOTE)
        opening, closing = quotes[::2], quotes[1::2]
        lines = np.flatnonzero((part == ends[0]) | (part == ends[1]))
        if len(opening) != len(closing) or not (
            np.isin(part[opening - 1], [QUOTE, *ends]).all()
            and np.isin(part[closing + 1], [QUOTE, *ends]).all()
            and (np.searchsorted(lines, opening) == np.searchsorted(lines, closing)).all()
        ):
            return False
        start = end
    return True


@dataclass(frozen=True)
class _Text:
    """The bytes of a table, the line that its rows begin on, and how many columns it has."""

    data: bytes
    dialect: Dialect
    first: int
    width: int

    @property
    def most(self) -> int:
        """How many rows there may be."""
        return 1 + sum(count_marks(self.data, end) for end in "\n\r" if end.encode() in self.data)

    @property
    def has_small(self) -> bool:
        """Whether a number has an exponent below zero; the letter alone is found the quickest."""
        return any(letter in self.data and letter + b"-" in self.data for letter in (b"e", b"E"))

    def batches(self, numbers: Collection[int], only: Sequence[int] = ()) -> Iterator[Any]:
        """Yield the table, or some of its columns, block by block: numbers as they are, any other as text."""
        import pyarrow
        from pyarrow import csv

        names, numbers = [str(place) for place in range(self.width)], set(numbers)
        kinds = [pyarrow.float64() if place in numbers else pyarrow.string() for place in range(self.width)]
        yield from csv.open_csv(
            pyarrow.BufferReader(self.data),
            # What threads hand to each other costs the processors more than they save on the clock.
            read_options=csv.ReadOptions(
                skip_rows=self.first - 1, column_names=names, block_size=BLOCK, use_threads=False
            ),
            parse_options=csv.ParseOptions(delimiter=self.dialect.separator, ignore_empty_lines=False),
            convert_options=csv.ConvertOptions(
                column_types=dict(zip(names, kinds, strict=True)),
                null_values=[""],
                strings_can_be_null=True,
                include_columns=[names[place] for place in only],
            ),
        )


def _read(text: _Text, packed: Sequence[int]) -> list[Column] | None:
    """Gather blocks, a blank line as a row of gaps; None where a packed column has to be looked at."""
    import pyarrow

    numbers = np.empty((text.most, len(packed)))
    low = high = np.full(len(packed), math.nan)
    texts = _texts_beside(text, packed)
    height = 0
    try:
        for batch in text.batches(packed):
            part = numbers[height : height + batch.num_rows]
            if not _take_numbers(batch.select(list(packed)), part):
                return None
            least, largest = span_of(part)
            low, high = np.fmin(low, least), np.fmax(high, largest)
            _take_texts(batch, texts)
            height += batch.num_rows
    except pyarrow.ArrowInvalid:
        return None
    # A zero may have been a number too small for a double.
    if _holds_zero(numbers[:height], low, high) and text.has_small:
        return None
    columns: dict[int, Column] = dict(texts)
    columns |= zip(packed, pack_matrix(numbers[:height], {}, low, high), strict=True)
    return [columns[place] for place in range(text.width)]


def _holds_zero(numbers: FloatArray, low: FloatArray, high: FloatArray) -> bool:
    """Tell a matrix with a zero, by what its columns span first."""
    return any((numbers[:, place] == 0).any() for place in np.flatnonzero((low <= 0) & (high >= 0)))


def _read_one_by_one(text: _Text, packed: Sequence[int]) -> list[Column]:
    """Gather blocks of text and pack each column by itself; one that needs its text is read once more."""
    numbers, has_small = np.empty((text.most, len(packed))), text.has_small
    odd: dict[int, dict[int, str]] = {row: {} for row in range(len(packed))}
    texts, wrong, height = _texts_beside(text, packed), set[int](), 0
    for batch in text.batches(()):
        for row, place in enumerate(packed):
            if place in wrong:
                continue
            try:
                part = _pack(batch.column(place), has_small=has_small)
            except Unpackable:
                wrong.add(place)
                continue
            numbers[height : height + batch.num_rows, row] = part.values
            odd[row] |= {height + at: word for at, word in part.odd.items()}
        _take_texts(batch, texts)
        height += batch.num_rows
    columns: dict[int, Column] = dict(texts)
    found = pack_matrix(numbers[:height], odd, *span_of(numbers[:height]))
    columns |= zip(packed, found, strict=True)
    if wrong:
        again: dict[int, list[str]] = {place: [] for place in sorted(wrong)}
        for batch in text.batches((), only=list(again)):
            for at, column in enumerate(again.values()):
                column.extend(_stripped(batch.column(at)))
        columns |= again
    return [columns[place] for place in range(text.width)]


def _texts_beside(text: _Text, packed: Sequence[int]) -> dict[int, list[str]]:
    numbers = set(packed)
    return {place: [] for place in range(text.width) if place not in numbers}


def _take_texts(batch: Any, texts: dict[int, list[str]]) -> None:
    for place, column in texts.items():
        column.extend(_stripped(batch.column(place)))


def _stripped(column: Any) -> list[str]:
    return [(text or "").strip() for text in column.to_pylist()]


def _take_numbers(block: Any, part: FloatArray) -> bool:
    """Copy a block's numbers, nan for a gap; False where another nan or infinity is among them."""
    part[...] = block.to_tensor(null_to_nan=True, row_major=True).to_numpy()
    numbers = np.count_nonzero(np.isfinite(part))
    return bool(numbers == part.size or numbers == part.size - sum(c.null_count for c in block.columns))


def _pack(column: Any, *, has_small: bool) -> Packed:
    """Pack a block of a column at once where Python would read the same numbers, else text by text."""
    import pyarrow

    try:
        values = column.cast(pyarrow.float64()).to_numpy(zero_copy_only=False)
    except pyarrow.ArrowInvalid:
        return pack(_stripped(column))
    is_same = np.count_nonzero(np.isfinite(values)) == len(values) - column.null_count
    return Packed(values) if is_same and not (has_small and (values == 0).any()) else pack(_stripped(column))
