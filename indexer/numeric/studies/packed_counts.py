"""Counts of many units, kept packed: of a table as large as that a few rows are open at a time."""

import zlib
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from weighting.numeric.arrays import FloatArray, IntArray

# Rows of a block: what is open at once stays in the cache, and one row is found by opening few others.
ROWS = 1_024
# Nearly all cells are zero: the quickest level already takes them away.
LEVEL = 1
# How a block begins: the bytes of one of its numbers.
KINDS = {1: "<u1", 2: "<u2", 4: "<u4", 8: "<u8"}

Block = bytes | memoryview


class PackedCounts:
    """Whole numbers from 0 on, (rows, columns), as blocks of rows that are packed one by one.

    The bytes depend on the numbers alone, not on how they were added up.

    Parameters
    ----------
    shape : (int, int)
    blocks : sequence of bytes, optional
        As `blocks_packed` gives them; without them every number is 0.

    Raises
    ------
    ValueError
        When there are not as many blocks as the rows need, or, once it is opened, a block is not whole.
    """

    def __init__(self, shape: tuple[int, int], blocks: Sequence[Block] = ()) -> None:
        self.shape = shape
        count = -(-shape[0] // ROWS)
        self._blocks: list[Block] = list(blocks) or [b""] * count
        if len(self._blocks) != count:
            raise ValueError(f"{len(self._blocks)} blocks for {shape[0]} rows")

    @classmethod
    def of(cls, counts: IntArray) -> "PackedCounts":
        """Pack a table that is at hand, (rows, columns)."""
        packed = cls((counts.shape[0], counts.shape[1]))
        for rows in packed.parts():
            packed.put(rows, counts[rows])
        return packed

    @property
    def blocks_packed(self) -> Sequence[Block]:
        """The blocks as they are kept."""
        return self._blocks

    def parts(self) -> Iterator[slice]:
        """Yield the rows of each block."""
        for start in range(0, self.shape[0], ROWS):
            yield slice(start, min(start + ROWS, self.shape[0]))

    def open(self, rows: slice) -> IntArray:
        """Return the rows of one of the `parts`, (rows, columns); raises ValueError for a damaged block."""
        block, shape = self._blocks[rows.start // ROWS], (rows.stop - rows.start, self.shape[1])
        if not block:
            return np.zeros(shape, dtype=np.int64)
        try:
            numbers = np.frombuffer(zlib.decompress(block[1:]), dtype=KINDS[block[0]])
            return numbers.reshape(shape).astype(np.int64)
        except (zlib.error, KeyError, ValueError) as error:
            raise ValueError("a block of counts is damaged") from error

    def put(self, rows: slice, counts: IntArray) -> None:
        """Take other numbers, (rows, columns), for the rows of one of the `parts`."""
        numbers = narrow(counts)
        head = bytes([numbers.dtype.itemsize])
        self._blocks[rows.start // ROWS] = head + zlib.compress(np.ascontiguousarray(numbers).data, LEVEL)

    def blocks_of(self, rows: IntArray) -> list[int]:
        """Return the numbers of the blocks that hold some rows, rising, each once."""
        found: list[int] = np.unique(np.asarray(rows) // ROWS).tolist()
        return found

    def __getitem__(self, rows: Any) -> IntArray:
        """Return one row, (columns,), or several in the order asked for, (rows, columns)."""
        wanted = np.atleast_1d(np.asarray(rows))
        found = np.empty((len(wanted), self.shape[1]), dtype=np.int64)
        order = np.argsort(wanted, kind="stable")
        edges = np.searchsorted(wanted[order], [part.start for part in self.parts()] + [self.shape[0]])
        for part, first, end in zip(self.parts(), edges[:-1], edges[1:], strict=True):
            if first < end:
                found[order[first:end]] = self.open(part)[wanted[order[first:end]] - part.start]
        return found if np.ndim(rows) else found[0]

    def __iadd__(self, other: "PackedCounts") -> "PackedCounts":
        if self.shape != other.shape:
            raise ValueError(f"counts of shape {other.shape} do not add to those of {self.shape}")
        for rows in self.parts():
            self.put(rows, self.open(rows) + other.open(rows))
        return self

    def __add__(self, other: "PackedCounts") -> "PackedCounts":
        total = PackedCounts(self.shape, self._blocks)
        total += other
        return total


# Ranks counted each alone, or in bands.
Histogram = IntArray | PackedCounts


def in_blocks(histogram: Histogram) -> Histogram:
    """Return a histogram as it is held: packed where its columns are bands, each rank alone as it stands."""
    if isinstance(histogram, PackedCounts) or histogram.shape[0] == histogram.shape[1]:
        return histogram
    return PackedCounts.of(histogram)


def added(one: Histogram, other: Histogram) -> Histogram:
    """Return the sum of two histograms of one shape; raises ValueError for ranks with bands of ranks."""
    one, other = in_blocks(one), in_blocks(other)
    if isinstance(one, PackedCounts) and isinstance(other, PackedCounts):
        return one + other
    if isinstance(one, PackedCounts) or isinstance(other, PackedCounts):
        raise ValueError("counts of ranks do not add to counts of bands")
    total: IntArray = one + other
    return total


def opened(histogram: Histogram) -> Iterator[tuple[slice, IntArray]]:
    """Yield the rows of a histogram and their counts, (rows, columns): of many units a block at a time."""
    if isinstance(histogram, PackedCounts):
        for rows in histogram.parts():
            yield rows, histogram.open(rows)
    else:
        yield slice(0, len(histogram)), histogram


def narrow(array: IntArray | FloatArray) -> Any:
    """Return the same numbers in the narrowest type that holds them, little-endian; floats as float64."""
    if array.dtype.kind == "f":
        return array.astype("<f8")
    low, high = (int(array.min()), int(array.max())) if array.size else (0, 0)
    kinds = ("<u1", "<u2", "<u4", "<u8") if low >= 0 else ("<i1", "<i2", "<i4", "<i8")
    return array.astype(
        next(kind for kind in kinds if np.iinfo(kind).min <= low and high <= np.iinfo(kind).max)
    )
