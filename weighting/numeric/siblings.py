"""Weights of one sibling group, changed by hand."""

import math

import numpy as np

from weighting.numeric.arrays import BoolArray, FloatArray

WHOLE = 2**53


def sum_to_one(weights: FloatArray) -> FloatArray:
    """Divide weights by their sum, so that they sum to exactly 1; the largest takes up the rounding.

    Parameters
    ----------
    weights : float array, (siblings,)
        Not negative, with a sum above 0.

    Raises
    ------
    ValueError
        When a weight is negative or not finite, or all of them are 0.
    """
    weights = np.asarray(weights, dtype=np.float64)
    total = math.fsum(weights)
    if not (np.isfinite(weights).all() and (weights >= 0).all() and total > 0):
        raise ValueError(f"weights {weights.tolist()} are no parts of a whole")
    if math.fsum(weights / total) == 1:
        return weights / total
    # In whole units of 2^-53, which a double holds exactly up to 1, sums cannot round.
    units = np.rint(weights / total * WHOLE).astype(np.int64)
    units[units.argmax()] += WHOLE - units.sum()
    return units / WHOLE


def rescale_siblings(weights: FloatArray, locked: BoolArray) -> FloatArray:
    """Keep the locked weights and share what they leave of 1 among the others, in proportion.

    Others that are all 0 share it equally.

    Parameters
    ----------
    weights : float array, (siblings,)
        Not negative.
    locked : bool array, (siblings,)

    Raises
    ------
    ValueError
        When the locked weights leave nothing, or less, for others, or all are locked and do not sum to 1.
    """
    weights, locked = np.array(weights, dtype=np.float64), np.asarray(locked, dtype=bool)
    left, free = 1 - math.fsum(weights[locked]), ~locked
    if left < -1e-12 or (not free.any() and left > 1e-12):
        raise ValueError(f"locked weights sum to {1 - left}")
    others = math.fsum(weights[free])
    weights[free] = weights[free] * (max(left, 0) / others) if others else max(left, 0) / max(free.sum(), 1)
    return weights
