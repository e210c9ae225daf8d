"""Large plain tables at once, by pyarrow where it is there; what is not plain is read row by row."""

import importlib.util
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from weighting.numeric.arrays import FloatArray
from weighting.readers.columns import Body, Column, Packed, held, pick_rows
from weighting.readers.dialects import Dialect
from weighting.readers.rows import count_marks

# Below this nothing is gained.
LARGE = 1 << 20
# What is parsed at a time: larger blocks have less to do with each column, smaller ones take less memory.
BLOCK = 1 << 23


def read_plain(data: bytes, dialect: Dialect, first: int, width: int, packed: Sequence[int]) -> Body | None:
    """Read the rows from line ``first`` on, of a clean text in UTF-8; None where it is not plain throughout.

    Plain is what has a row on each line, no quotes, and in the packed columns nothing but numbers and gaps
    that Python reads as the same.
    """
    if (
        len(data) < LARGE
        or width < 2
        or len(packed) * 2 < width
        or importlib.util.find_spec("pyarrow") is None
    ):
        return None
    if b'"' in data:
        return None
    import pyarrow

    most = count_marks(data, "\n") + count_marks(data, "\r") + 1
    try:
        columns = _read(_batches(data, dialect, first, width, set(packed)), width, packed, most)
    except pyarrow.ArrowException:
        return None
    finally:
        # Kept for a next file otherwise, which may never come.
        pyarrow.default_memory_pool().release_unused()
    if columns is None or (_has_zero(columns) and _has_small(data)):
        return None
    kept = np.flatnonzero(held(columns, len(columns[0])))
    return Body([pick_rows(column, kept) for column in columns], (kept + first).tolist(), [])


def _batches(data: bytes, dialect: Dialect, first: int, width: int, packed: set[int]) -> Iterator[Any]:
    """Yield the table block by block, numbers as they are and any other column as text."""
    import pyarrow
    from pyarrow import csv

    names = [str(place) for place in range(width)]
    kinds = [pyarrow.float64() if place in packed else pyarrow.string() for place in range(width)]
    yield from csv.open_csv(
        pyarrow.BufferReader(data),
        # What threads hand to each other costs the processors more than they save on the clock.
        read_options=csv.ReadOptions(
            skip_rows=first - 1, column_names=names, block_size=BLOCK, use_threads=False
        ),
        parse_options=csv.ParseOptions(delimiter=dialect.separator, ignore_empty_lines=False),
        convert_options=csv.ConvertOptions(
            column_types=dict(zip(names, kinds, strict=True)), null_values=[""], strings_can_be_null=False
        ),
    )


def _read(batches: Iterator[Any], width: int, packed: Sequence[int], most: int) -> list[Column] | None:
    """Gather blocks of at most so many rows, a blank line as a row of gaps.

    None where words or endless numbers stand for numbers.
    """
    numbers = np.empty((len(packed), most))
    texts: dict[int, list[str]] = {place: [] for place in range(width) if place not in set(packed)}
    height = 0
    for batch in batches:
        part = numbers[:, height : height + batch.num_rows]
        if not _take_numbers([batch.column(place) for place in packed], part):
            return None
        for place, column in texts.items():
            column.extend(map(str.strip, batch.column(place).to_pylist()))
        height += batch.num_rows
    columns: dict[int, Column] = dict(texts)
    columns |= {place: Packed(numbers[row, :height]) for row, place in enumerate(packed)}
    return [columns[place] for place in range(width)]


def _take_numbers(columns: Sequence[Any], part: FloatArray) -> bool:
    """Copy a block's numbers, nan for a gap; False where another nan or infinity is among them."""
    gaps = 0
    for row, column in enumerate(columns):
        part[row] = column.to_numpy(zero_copy_only=False)
        gaps += column.null_count
    return np.count_nonzero(np.isfinite(part)) == part.size - gaps


def _has_zero(columns: Sequence[Column]) -> bool:
    """Tell a zero that may have been a number too small for a double."""
    return any(isinstance(column, Packed) and (column.values == 0).any() for column in columns)


def _has_small(data: bytes) -> bool:
    """Tell a number with an exponent below zero; the letter is looked for alone, which is the quickest."""
    return any(letter in data and letter + b"-" in data for letter in (b"e", b"E"))
