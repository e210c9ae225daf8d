r"""The ways to change the scale of a raw column before it is normalised, by their codes.

A formula that looks at a column takes what it needs (`Extent`) from the data, so that bounds in raw
units go the same way as the values do. A new one is an entry here, its line in docs/method.md, and a
test worked by hand.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from indexer.numeric.method.entries import Entries
from weighting.numeric.arrays import BoolArray, FloatArray

# One hundredth of the range keeps the logarithm off the smallest value.
SHIFT = 0.01


@dataclass(frozen=True, eq=False)
class Extent:
    """The least and the greatest value of each column of the data, (leaves,)."""

    low: FloatArray
    high: FloatArray


@dataclass(frozen=True)
class Transform:
    """A rising change of scale.

    Attributes
    ----------
    formula : callable
        From values, (units, leaves) or (leaves,), and the extent of the columns to transformed values.
    above : float or None
        Values have to be greater than this, -inf where any will do; None where it depends on the
        extent (`starts_at`).
    takes_bound : bool
        Whether ``above`` itself is a value, as 0 is for a square root.
    """

    code: str
    formula: Callable[[FloatArray, Extent], FloatArray]
    above: float | None = -math.inf
    takes_bound: bool = False

    @property
    def changes(self) -> bool:
        """Whether a value may change at all."""
        return self.code != "none"

    def refused(self, values: FloatArray, extent: Extent) -> BoolArray:
        """Return which values, in the shape given, have no transformed value."""
        start = extent.low - SHIFT * (extent.high - extent.low) if self.above is None else self.above
        refused: BoolArray = values < start if self.takes_bound else values <= start
        return refused & np.isfinite(values)


def _logarithm(base: float, values: FloatArray, _extent: Extent) -> FloatArray:
    # log10 proper, so that powers of ten are whole numbers.
    return np.log10(values) if base == 10 else np.log(values)


def _shifted_logarithm(values: FloatArray, extent: Extent) -> FloatArray:
    return np.log(values - extent.low + SHIFT * (extent.high - extent.low))


def _box_cox(power: float, values: FloatArray, _extent: Extent) -> FloatArray:
    return np.log(values) if power == 0 else (values**power - 1) / power


def _box_cox_of(text: str) -> Transform:
    """Return the transform of Box & Cox (1964) with a given lambda; raises `ValueError`."""
    power = float(text)
    if not math.isfinite(power):
        raise ValueError(f"lambda of boxcox has to be a number, not {text!r}")
    return Transform(f"boxcox:{text}", partial(_box_cox, power), above=0.0)


TRANSFORMS = Entries(
    "transform",
    [
        Transform("none", lambda values, _extent: values),
        Transform("ln", partial(_logarithm, math.e), above=0.0),
        Transform("log10", partial(_logarithm, 10), above=0.0),
        Transform("sqrt", lambda values, _extent: np.sqrt(values), above=0.0, takes_bound=True),
        Transform("log_shift", _shifted_logarithm, above=None),
    ],
    families={"boxcox": _box_cox_of},
)
