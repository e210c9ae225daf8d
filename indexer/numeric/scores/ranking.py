"""Ranks of composite scores (docs/method.md 4)."""

import numpy as np

from weighting.numeric.arrays import FloatArray, IntArray

TIE_TOLERANCE = 1e-12


def min_ranks(scores: FloatArray) -> IntArray:
    r"""Rank units by score, highest first; ties share the smallest rank (1, 1, 3).

    Two units next to each other in the order tie when
    :math:`a - b \le 10^{-12} \max(|a|, |b|)`, and ties chain, so that the rounding errors of
    equal sums make no order. Each column is ranked by itself: the result does not depend on
    which versions are ranked together.

    Parameters
    ----------
    scores : float array, (units,) or (units, versions)
        Unrounded and finite.

    Returns
    -------
    int array, the shape of `scores`
        1-based ranks.

    Raises
    ------
    ValueError
        When a score is nan or infinite.
    """
    scores = np.asarray(scores, dtype=np.float64)
    if not np.isfinite(scores).all():
        raise ValueError(f"{(~np.isfinite(scores)).sum()} scores are not finite and have no rank")
    order = np.argsort(-scores, axis=0, kind="stable")
    descending = np.take_along_axis(scores, order, axis=0)
    above, below = descending[:-1], descending[1:]
    starts = np.ones(scores.shape, dtype=bool)
    starts[1:] = above - below > TIE_TOLERANCE * np.maximum(np.abs(above), np.abs(below))
    places = np.arange(1, len(scores) + 1).reshape(-1, *[1] * (scores.ndim - 1))
    ranks = np.empty(scores.shape, dtype=np.int64)
    np.put_along_axis(ranks, order, np.maximum.accumulate(np.where(starts, places, 0), axis=0), axis=0)
    return ranks


def ranks_of_present(scores: FloatArray) -> IntArray:
    """Rank the units that have a score among themselves; 0 for those that have none.

    Parameters
    ----------
    scores : float array, (units,)
        Unrounded; nan where a unit has nothing of what is scored.

    Returns
    -------
    int array, (units,)
        As `min_ranks`; 0 where there is no score.
    """
    present = ~np.isnan(scores)
    ranks = np.zeros(len(scores), dtype=np.int64)
    ranks[present] = min_ranks(scores[present])
    return ranks
