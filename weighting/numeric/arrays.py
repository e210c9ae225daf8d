"""Names of the array types that the numeric code takes and returns."""

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]


def bytes_of(values: npt.ArrayLike) -> memoryview:
    """Return the bytes of numbers as doubles, row by row, without a copy of what is so already."""
    return np.ascontiguousarray(values, dtype="<f8").reshape(-1).view(np.uint8).data
