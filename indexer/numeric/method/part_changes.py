"""How the change of one node's score is shared by its children (docs/method.md 7)."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from weighting.numeric.arrays import BoolArray, FloatArray, IntArray

# Values that are relatively nearer to each other have the slope between them, not a quotient of roundings.
NEAR = 1e-5


class Mean(Protocol):
    """What of a mean is needed: f and its derivative."""

    def terms(self, values: FloatArray, /) -> FloatArray:
        """Return f of each value, in the shape given."""

    def slope(self, values: FloatArray, /) -> FloatArray:
        """Return the derivative of f at each value, in the shape given."""


@dataclass(frozen=True, eq=False)
class ChildrenTwice:
    """The children of a node before and after a change.

    Attributes
    ----------
    weights : float array, (2, children, units)
        Of what is there: 0 where nothing is.
    values : float array, (2, children, units)
        Of what is there on one side alone, the same on both.
    formed : tuple of str, (children,)
        The aggregation of each child, '' for a leaf.
    """

    weights: FloatArray
    values: FloatArray
    formed: tuple[str, ...]


# What the weight of each child adds, and what the change of its value is multiplied by.
Shared = tuple[FloatArray, FloatArray]


def secant(mean: Mean, first: FloatArray, second: FloatArray) -> FloatArray:
    """(f(b) - f(a)) / (b - a), and the slope of f where a and b are as good as equal."""
    change = second - first
    near = np.abs(change) <= NEAR * np.maximum(np.abs(first), np.abs(second))
    slope = mean.slope((first + second) / 2)
    return np.where(near, slope, (mean.terms(second) - mean.terms(first)) / np.where(near, 1, change))


def share_mazziotta_pareto(low: float, width: float, sign: int, children: ChildrenTwice) -> Shared:
    r"""Share the change of M + sign S cv.

    It is (1 - sign) M + sign E / M with E the weighted mean of the squares: a function of two sums,
    whose changes :math:`\Delta(E/M) = \overline{1/M} \Delta E - \overline{E} \Delta M / (M M')` adds up.
    """
    formed = np.array([code.startswith("mpi") for code in children.formed]).reshape(-1, 1)
    scaled = np.where(formed, children.values, low + width * children.values)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = (children.weights * scaled).sum(axis=1)
        squares = (children.weights * scaled**2).sum(axis=1)
        of_mean = (1 - sign) - sign * squares.mean(axis=0) / (mean[0] * mean[1])
        of_squares = sign * (1 / mean).mean(axis=0)
    # Of a node that is not there on both sides nothing is asked.
    there = mean.all(axis=0)
    of_mean, of_squares = np.where(there, of_mean, 0), np.where(there, of_squares, 0)
    middle = scaled.mean(axis=0)
    change = children.weights[1] - children.weights[0]
    through_weights = change * (of_mean * middle + of_squares * (scaled**2).mean(axis=0))
    slopes = children.weights.mean(axis=0) * (of_mean + 2 * of_squares * middle)
    return through_weights, slopes * np.where(formed, 1, width)


def share_smallest(children: ChildrenTwice) -> Shared:
    """Share the change of the smallest value among those that are the smallest before and after.

    What two of them do is Shapley's mean over who changes first; a child that has a weight on one
    side alone adds through its weight what it changes by coming or going.
    """
    through_weights, through_values = np.zeros((2, *children.values.shape[1:]))
    counted = [children.weights[side] > 0 for side in (0, 1)]
    for values in children.values:
        _add_coming(through_weights, values, counted)
    for within in counted:
        _add_passing(through_values, children.values, within)
    change = children.values[1] - children.values[0]
    slopes = np.divide(through_values, change, out=np.zeros_like(change), where=change != 0)
    return through_weights, slopes


def _add_coming(parts: FloatArray, values: FloatArray, counted: list[BoolArray]) -> None:
    """Add half of what the smallest changes by when other children count, to the one that came or went."""
    (first, before), (second, after) = (_smallest(values, within) for within in counted)
    with np.errstate(invalid="ignore"):
        change = after - before
    _add_to(parts, np.where(change < 0, second, first), np.where(np.isfinite(change), change, 0) / 2)


def _add_passing(parts: FloatArray, values: FloatArray, within: BoolArray) -> None:
    """Add half of what the smallest changes by when values change, among the same children."""
    (first, before), (second, after) = (_smallest(side, within) for side in values)
    firsts, seconds = (
        np.take_along_axis(values, np.broadcast_to(k, (2, 1, len(k))), 1)[:, 0] for k in (first, second)
    )
    with np.errstate(invalid="ignore"):
        change = np.where(np.isfinite(before), after - before, 0)
    alone = np.minimum(firsts[1], seconds[0]) - firsts[0]
    last = seconds[1] - np.minimum(firsts[0], seconds[1])
    part = np.where(first == second, change, (alone + last) / 2)
    part = np.where(np.isfinite(before), part, 0)
    _add_to(parts, first, part / 2)
    _add_to(parts, second, (change - part) / 2)


def _smallest(values: FloatArray, within: BoolArray) -> tuple[IntArray, FloatArray]:
    counted = np.where(within, values, np.inf)
    return counted.argmin(axis=0), counted.min(axis=0)


def _add_to(parts: FloatArray, children: IntArray, amounts: FloatArray) -> None:
    parts[children, np.arange(len(children))] += amounts
