"""Products of rows and numbers at the speed of the memory."""

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

# The least that NumPy takes, and shorter than any row that is worth a thought.
SMALLEST_BUFFER = 16


@contextmanager
def unbuffered() -> Iterator[None]:
    """Let NumPy multiply each row of a table by its number without writing the number out first.

    Where several rows fit into its buffer, 8,192 values unless one says otherwise, it copies each row's
    number there once for every value of the row, which takes longer than the product. What is computed
    stays the same to the bit. Not for arrays of several types: what has to be converted goes through
    the buffer.
    """
    with np.errstate():
        np.setbufsize(SMALLEST_BUFFER)
        yield
