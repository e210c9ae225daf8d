"""Comparison of two versions of an index (METHOD 7)."""

import numpy as np

from weighting.numeric.arrays import FloatArray, IntArray
from weighting.numeric.tree import Tree


def rank_shift(before: IntArray, after: IntArray) -> IntArray:
    """Return the places gained by each city: positive where it moves up towards rank 1.

    Parameters
    ----------
    before, after : int array, (cities,)
        1-based ranks of the same cities.

    Returns
    -------
    int array, (cities,)
    """
    before, after = np.asarray(before, dtype=np.int64), np.asarray(after, dtype=np.int64)
    _check_pair(before, after)
    return before - after


def mean_absolute_shift(before: IntArray, after: IntArray) -> float:
    r"""Average the absolute rank shift, :math:`R_S = \mathrm{mean}_c |r_c - r'_c|`.

    References
    ----------
    Saisana, Saltelli & Tarantola (2005), https://doi.org/10.1111/j.1467-985X.2005.00350.x
    """
    return float(np.abs(rank_shift(before, after)).mean())


def spearman(before: FloatArray | IntArray, after: FloatArray | IntArray) -> float:
    r"""Correlate the ranks of two versions, Spearman's :math:`\rho` with midranks for ties.

    Parameters
    ----------
    before, after : array, (cities,)
        Ranks, or scores of which only exactly equal ones count as tied.

    Returns
    -------
    float
        In [-1, 1].

    Raises
    ------
    ValueError
        When one side is constant, which leaves the correlation undefined.
    """
    _check_pair(before, after)
    a, b = _midranks(before), _midranks(after)
    a, b = a - a.mean(), b - b.mean()
    spread = np.sqrt((a @ a) * (b @ b))
    if spread == 0:
        raise ValueError("a constant side has no rank correlation")
    return float(np.clip(a @ b / spread, -1, 1))


def decompose_change(
    tree: Tree, global_before: FloatArray, global_after: FloatArray, normalised: FloatArray
) -> FloatArray:
    r"""Split the change of each city's score over the tree when the weights alone change.

    Leaf j contributes :math:`(\alpha'_j - \alpha_j) t_{cj}`, an inner node the sum of its
    leaves; the root group sums to :math:`T'_c - T_c` of the arithmetic composite.

    Parameters
    ----------
    global_before, global_after : float array, (nodes,)
        Global weights under the two versions.
    normalised : float array, (cities, leaves)
        Without missing values, for reweighting makes each city's weights its own.

    Returns
    -------
    float array, (cities, nodes)

    Raises
    ------
    ValueError
        When a normalised value is nan.
    """
    values = np.asarray(normalised, dtype=np.float64)
    if np.isnan(values).any():
        raise ValueError("a change cannot be decomposed over missing values")
    change = np.asarray(global_after)[tree.leaves] - np.asarray(global_before)[tree.leaves]
    parts = np.zeros((len(tree), len(values)))
    parts[tree.leaves] = (values * change).T
    for level in reversed(tree.levels[1:]):
        np.add.at(parts, tree.parents[level], parts[level])
    return parts.T


def _check_pair(before: FloatArray | IntArray, after: FloatArray | IntArray) -> None:
    if before.ndim != 1 or before.shape != after.shape or not len(before):
        raise ValueError(f"shapes {before.shape} and {after.shape} are not one value per city")


def _midranks(values: FloatArray | IntArray) -> FloatArray:
    _, group, counts = np.unique(values, return_inverse=True, return_counts=True)
    midrank: FloatArray = np.cumsum(counts) - (counts - 1) / 2
    return midrank[group]
