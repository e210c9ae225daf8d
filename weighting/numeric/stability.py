"""How far a panel's answers moved between two rounds of a Delphi series."""

from dataclasses import dataclass

import numpy as np

from weighting.numeric.agreement import quartiles
from weighting.numeric.arrays import BoolArray, FloatArray, IntArray
from weighting.numeric.scale import SCALE

SCORES = np.array(SCALE, dtype=np.float64)
# Scheibe, Skutsch & Schofer (1975): a distribution that changes by less than this is stable.
STABLE_BELOW = 0.15


@dataclass(frozen=True, eq=False)
class DistributionChange:
    """What changed from the first round to the second, each (items,); nan where a round has no answers.

    Attributes
    ----------
    median, iqr, mean : float array
        Second round minus first.
    distance : float array
        Total variation distance of the two distributions over 1 to 5, from 0 (the same) to 1.
    is_stable : bool array
        Whether the distance is below 0.15.
    """

    median: FloatArray
    iqr: FloatArray
    mean: FloatArray
    distance: FloatArray
    is_stable: BoolArray


def weighted_kappa(first: FloatArray, second: FloatArray) -> float | None:
    r"""Return Cohen's kappa with quadratic weights between two ratings of the same items.

    :math:`\kappa_w = 1 - \sum (i-j)^2 o_{ij} / \sum (i-j)^2 e_{ij}` with the observed
    proportions o and those expected from the margins, e. The sums are a mean squared
    difference and, for independent ratings, variances plus squared difference of means:
    :math:`\kappa_w = 1 - \overline{(x-y)^2} / (s_x^2 + s_y^2 + (\bar x - \bar y)^2)`.

    Parameters
    ----------
    first, second : float array, (items,)
        1 to 5; an item with nan in either is left out.

    Returns
    -------
    float or None
        1 for the same ratings, about 0 for unrelated ones; None where no item was rated
        twice, or where both ratings are one and the same constant.

    References
    ----------
    J. Cohen, Psychological Bulletin 70 (1968), 213-220.
    J. L. Fleiss & J. Cohen, Educational and Psychological Measurement 33 (1973), 613-619.
    """
    first, second = _check_pair(first, second)
    both = ~np.isnan(first) & ~np.isnan(second)
    x, y = first[both], second[both]
    if not x.size:
        return None
    expected = x.var() + y.var() + (x.mean() - y.mean()) ** 2
    return float(1 - ((x - y) ** 2).mean() / expected) if expected > 0 else None


def compare_distributions(before: IntArray, after: IntArray) -> DistributionChange:
    r"""Compare how often each item was given each score in two rounds.

    The distance is :math:`\frac12 \sum_v |p_v - q_v|`: for panels of one size, the share of
    experts that must have moved at the least.

    Parameters
    ----------
    before, after : int array, (items, 5)
        Counts of the scores 1 to 5.

    Raises
    ------
    ValueError
        When the rounds do not count the same number of items, or not in that shape.

    References
    ----------
    M. Scheibe, M. Skutsch & J. Schofer, in Linstone & Turoff, The Delphi Method (1975), IV.C.
    """
    before, after = _check_counts(before), _check_counts(after)
    if before.shape != after.shape:
        raise ValueError(f"{len(before)} items before, {len(after)} after")
    one, other = _describe(before), _describe(after)
    distance = np.abs(_shares(after) - _shares(before)).sum(axis=1) / 2
    median, iqr, mean = (b - a for a, b in zip(one, other, strict=True))
    return DistributionChange(
        median=median, iqr=iqr, mean=mean, distance=distance, is_stable=distance < STABLE_BELOW
    )


def _shares(counts: IntArray) -> FloatArray:
    answers = counts.sum(axis=1, keepdims=True)
    return np.divide(counts, answers, out=np.full(counts.shape, np.nan), where=answers > 0)


def _describe(counts: IntArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return the medians, interquartile ranges and means."""
    columns = [np.repeat(SCORES, row) for row in counts]
    low, median, high = np.array([quartiles(column) for column in columns]).reshape(-1, 3).T
    mean = np.array([column.mean() if len(column) else np.nan for column in columns])
    return median, high - low, mean


def _check_counts(counts: IntArray) -> IntArray:
    counts = np.asarray(counts, dtype=np.int64)
    if counts.ndim != 2 or counts.shape[1] != len(SCALE):
        raise ValueError(f"counts have the shape {counts.shape}, not (items, 5)")
    if (counts < 0).any():
        raise ValueError("counts below zero")
    return counts


def _check_pair(first: FloatArray, second: FloatArray) -> tuple[FloatArray, FloatArray]:
    first, second = np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)
    if first.ndim != 1 or first.shape != second.shape:
        raise ValueError(f"ratings of {first.shape} and {second.shape} items")
    return first, second
