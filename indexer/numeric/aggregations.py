r"""The ways to form a score of weighted parts, each an entry of one table.

All are means :math:`f^{-1}(\sum_j \alpha_j f(t_j))`: the entry says what f is. A new one is an
entry here, a value of `indexer.enums.Aggregation`, its line in docs/method.md, and a test worked
by hand.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from indexer.numeric.entries import Entries
from weighting.numeric.arrays import BoolArray, FloatArray

Refusal = Literal["not_positive"]


@dataclass(frozen=True)
class Aggregation:
    """A mean of weighted parts.

    Attributes
    ----------
    terms : callable
        f, from normalised values to what the weights are applied to.
    finish : callable
        The inverse of f, from weighted sums to scores; it may overwrite the sums.
    sums : {"scores", "logarithms", "other"}
        What a weighted sum is, which decides whether a score has parts that add up, and
        whether a browser can finish it.
    refusal : {"not_positive"}, optional
        The fault that data are told of which no such mean can be formed: "not_positive" where
        every normalised value has to be above zero. A new kind has its texts in
        `indexer.numeric.faults` and `indexer.selectors.faults`.
    """

    code: str
    terms: Callable[[FloatArray], FloatArray]
    finish: Callable[[FloatArray], FloatArray]
    sums: Literal["scores", "logarithms", "other"] = "other"
    refusal: Refusal | None = None

    @property
    def is_sum(self) -> bool:
        """Whether a score is the sum of its weighted parts."""
        return self.sums == "scores"

    @property
    def needs_above_zero(self) -> bool:
        """Whether every normalised value has to be above zero."""
        return self.refusal == "not_positive"

    def refused(self, values: FloatArray) -> BoolArray:
        """Return which columns, (leaves,), hold values of which no such mean can be formed."""
        if not self.needs_above_zero:
            return np.zeros(values.shape[1], dtype=bool)
        flat: BoolArray = np.logical_or.reduce(values <= 0)
        return flat


def unchanged(values: FloatArray) -> FloatArray:
    """Return the values."""
    return values


def _exponentials(sums: FloatArray) -> FloatArray:
    return np.exp(sums, out=sums)


AGGREGATIONS = Entries(
    "aggregation",
    [
        Aggregation("arithmetic", unchanged, unchanged, sums="scores"),
        Aggregation("geometric", np.log, _exponentials, sums="logarithms", refusal="not_positive"),
    ],
)
