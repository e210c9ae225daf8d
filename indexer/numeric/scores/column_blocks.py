"""Columns of a matrix taken some at a time, so that what is made of them on the way stays small."""

from itertools import pairwise

# Columns of that many cells in all are taken together.
BLOCK_CELLS = 500_000


def column_blocks(rows: int, columns: int) -> list[slice]:
    """Return blocks of at least two columns: NumPy adds a single one in an order of its own."""
    count = max(1, columns // max(2, BLOCK_CELLS // max(1, rows)))
    ends = [columns * block // count for block in range(count + 1)]
    return [slice(start, end) for start, end in pairwise(ends)]
