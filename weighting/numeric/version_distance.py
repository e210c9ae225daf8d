"""How far apart two weight versions are, and where in the tree the distance arises."""

import math

import numpy as np

from weighting.numeric.arrays import FloatArray
from weighting.numeric.tree import NO_PARENT, Tree


def total_variation(before: FloatArray, after: FloatArray) -> float:
    r"""Return the share of the weight that must move to turn one version into the other.

    .. math:: d = \tfrac12 \sum_j |\alpha'_j - \alpha_j|

    Parameters
    ----------
    before, after : float array, (leaves,)
        Global weights of the leaves, each summing to 1.

    Returns
    -------
    float
        From 0 (the same weights) to 1 (no leaf has weight in both).

    References
    ----------
    Levin, Peres & Wilmer, Markov Chains and Mixing Times, 2nd ed. (2017), proposition 4.2.
    """
    _check_pair(before, after)
    return math.fsum(np.abs(np.asarray(after) - np.asarray(before)).tolist()) / 2


def split_distance(tree: Tree, before: FloatArray, after: FloatArray) -> FloatArray:
    r"""Split the total variation distance over the sibling groups.

    Merging the leaves below a node can only lessen the distance, and a sibling group G under
    the node n adds what opening n reveals:

    .. math:: d_G = \tfrac12 \Big(\sum_{k \in G} |\alpha'_k - \alpha_k| - |\alpha'_n - \alpha_n|\Big)

    with global weights, and nothing subtracted for the root group. No part is negative, and
    the sum telescopes to the distance of the leaves. A group whose local weights alone
    differ has the whole distance; one that only rises or falls with its parent has none.

    Parameters
    ----------
    before, after : float array, (nodes,)
        Global weights of all nodes; a node weighs what its children weigh together.

    Returns
    -------
    float array, (groups,)
        In the order of ``tree.groups``.

    Raises
    ------
    ValueError
        When the two are of different trees, or not of this one.
    """
    _check_pair(before, after)
    if len(before) != len(tree):
        raise ValueError(f"{len(before)} weights for {len(tree)} nodes")
    moved = np.abs(np.asarray(after) - np.asarray(before))
    parts = np.array(
        [
            (math.fsum(moved[group].tolist()) - _parents_move(tree, group[0], moved)) / 2
            for group in tree.groups
        ]
    )
    # Rounding alone can put a part below zero.
    return np.maximum(parts, 0.0)


def relative_change(before: FloatArray, after: FloatArray) -> FloatArray:
    """Return after / before - 1; nan where a weight was zero, of which nothing is a multiple.

    Parameters
    ----------
    before, after : float array, (nodes,)

    Returns
    -------
    float array, (nodes,)
    """
    _check_pair(before, after)
    base = np.asarray(before, dtype=np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio: FloatArray = np.where(base > 0, np.asarray(after) / base - 1, np.nan)
    return ratio


def _parents_move(tree: Tree, node: int, moved: FloatArray) -> float:
    parent = tree.parents[node]
    return 0.0 if parent == NO_PARENT else float(moved[parent])


def _check_pair(before: FloatArray, after: FloatArray) -> None:
    if np.ndim(before) != 1 or np.shape(before) != np.shape(after):
        raise ValueError(f"shapes {np.shape(before)} and {np.shape(after)} are not one weight per node")
