"""Classes of values on a map: as many units in each, or as wide a range in each."""

import numpy as np

from weighting.numeric.arrays import FloatArray, IntArray

CLASSES = 5
QUANTILE, EQUAL = "quantile", "equal"


def class_bounds(values: FloatArray, kind: str, classes: int = CLASSES) -> FloatArray:
    """Return the ends of the classes, (classes + 1,), the lowest and the highest value among them.

    ``quantile``: quantiles by linear interpolation (Hyndman & Fan 1996, type 7); ``equal``: equal widths.
    Bounds that fall together are one, so that ties may leave fewer classes.

    Raises
    ------
    ValueError
        For no values, or values that are not finite.
    """
    if values.size == 0 or not np.isfinite(values).all():
        raise ValueError("classes are of finite values")
    shares = np.linspace(0, 1, classes + 1)
    if kind == QUANTILE:
        bounds = np.quantile(values, shares)
    else:
        low, high = float(values.min()), float(values.max())
        bounds = low + (high - low) * shares
        bounds[-1] = high
    return np.unique(bounds)


def classes_of(values: FloatArray, bounds: FloatArray) -> IntArray:
    """Return the class of each value, (values,): its lower bound belongs to it, the highest to the last."""
    inner = bounds[1:-1]
    return np.searchsorted(inner, values, side="right").astype(np.int64)
