"""Names of the array types that the numeric code takes and returns."""

import math

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]
# NumPy goes through rows of fewer cells than these several times as slowly.
WIDE = 512


def bytes_of(values: npt.ArrayLike) -> memoryview:
    """Return the bytes of numbers of any shape as little-endian doubles, row by row; a view where it can."""
    return np.ascontiguousarray(values, dtype="<f8").reshape(-1).view(np.uint8).data


def by_column(operation: np.ufunc, values: FloatArray, numbers: FloatArray) -> FloatArray:
    """Return ``operation`` of each value of a matrix and the number of its column, (rows, columns)."""
    rows, columns = values.shape
    together = WIDE // columns if columns else 1
    if together < 2 or rows < together or not values.flags.c_contiguous:
        made: FloatArray = operation(values, numbers)
        return made
    made, whole = np.empty(values.shape), rows - rows % together
    wide = (-1, together * columns)
    operation(values[:whole].reshape(wide), np.tile(numbers, together), out=made[:whole].reshape(wide))
    operation(values[whole:], numbers, out=made[whole:])
    return made


def span_of(values: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the least and the largest number of each column of a matrix, nan of one without, (columns,)."""
    rows, columns = values.shape
    together = WIDE // columns if columns else 1
    if together < 2 or rows < 2 * together or not values.flags.c_contiguous:
        return np.fmin.reduce(values, initial=math.nan), np.fmax.reduce(values, initial=math.nan)
    # Rows one behind the other are taken as one, and what is found of each apart.
    whole = rows - rows % together
    low, high = span_of(values[:whole].reshape(-1, together * columns))
    rest = values[whole:]
    return (
        np.fmin.reduce([*low.reshape(together, columns), *rest]),
        np.fmax.reduce([*high.reshape(together, columns), *rest]),
    )
