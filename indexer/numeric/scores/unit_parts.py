"""What the indicators of one unit make of its score, and how much of the weight rests on chosen values."""

from collections.abc import Callable

import numpy as np

from indexer.numeric.method.aggregations import AGGREGATIONS
from indexer.numeric.method.node_steps import NodeSteps
from weighting.numeric.arrays import BoolArray, FloatArray
from weighting.numeric.tree import NO_PARENT, Tree


def effective_weights(tree: Tree, local: FloatArray, there: BoolArray) -> FloatArray:
    """Return the global weights that one unit's score is formed with, (nodes,).

    The weights of what the unit has are rescaled in each sibling group; what it has nothing of
    weighs 0, and so does all below it.

    Parameters
    ----------
    local : float array, (nodes,)
    there : bool array, (nodes,)
        Which nodes the unit has a score on.
    """
    held = np.where(there, local, 0.0)
    for group in tree.groups:
        mass = held[group].sum()
        if not there[group].all() and mass > 0:
            held[group] /= mass
    for level in tree.levels[1:]:
        held[level] *= held[tree.parents[level]]
    return held


def effective_weights_of(
    tree: Tree, local: FloatArray, node: int, there: Callable[[int], BoolArray]
) -> FloatArray:
    """Return the global weight of one node in the score of each unit, (units,); see `effective_weights`.

    Parameters
    ----------
    local : float array, (nodes,)
    there : callable
        From a node to the units that have a score on it, (units,).
    """
    groups = {int(tree.parents[group[0]]): group for group in tree.groups}
    weights = np.ones(len(there(node)))
    while node != NO_PARENT:
        group = groups[int(tree.parents[node])].tolist()
        held = np.array([there(member) for member in group])
        mass = np.where(held.all(axis=0), 1.0, local[group] @ held)
        weights *= _quotient(local[node] * there(node), mass)
        node = int(tree.parents[node])
    return weights


def adds_to_the_whole(tree: Tree, steps: NodeSteps) -> BoolArray:
    """Return which nodes add weight times score to the index, (nodes,): all above them are sums."""
    is_sum = np.array([bool(code) and AGGREGATIONS[code].is_sum for code in steps.aggregations])
    # The only node of the root group is the index itself, whatever that is formed by.
    only = len(tree.groups[0]) == 1 and not tree.is_leaf[tree.groups[0][0]]
    adds = np.zeros(len(tree), dtype=bool)
    adds[tree.levels[0]] = only or AGGREGATIONS[steps.whole].is_sum
    for level in tree.levels[1:]:
        above = tree.parents[level]
        adds[level] = adds[above] & is_sum[above]
    return adds


def parts_of_score(tree: Tree, steps: NodeSteps, weights: FloatArray, scores: FloatArray) -> FloatArray:
    """Return what each node adds to the score of one unit, (nodes,); nan where the score is no such sum.

    The parts of the leaves sum to the score where all nodes add. What the unit has nothing of adds 0.

    Parameters
    ----------
    weights : float array, (nodes,)
        As `effective_weights` returns them.
    scores : float array, (nodes,)
        nan where the unit has nothing.
    """
    parts = np.where(np.isnan(scores), 0.0, weights * np.nan_to_num(scores))
    return np.where(adds_to_the_whole(tree, steps), parts, np.nan)


def marked_shares(tree: Tree, local: FloatArray, marked: BoolArray, present: BoolArray) -> FloatArray:
    """Return which share of the weight behind each node rests on marked values, (units, nodes + 1).

    The last column, that of `NO_PARENT`, is the index itself. Weights are those of what a unit has,
    rescaled in each sibling group; the share of nothing is 0.

    Parameters
    ----------
    local : float array, (nodes,)
    marked, present : bool array, (units, leaves)
        Which values are meant, such as those filled in; which there are at all.
    """
    shares, masses = np.zeros((2, len(tree) + 1, len(marked)))
    shares[tree.leaves], masses[tree.leaves] = (marked & present).T, present.T
    for level in reversed(tree.levels):
        for node in level.tolist():
            shares[node] = _quotient(shares[node], masses[node])
            weight = local[node] * (masses[node] > 0)
            masses[tree.parents[node]] += weight
            weight *= shares[node]
            shares[tree.parents[node]] += weight
    shares[NO_PARENT] = _quotient(shares[NO_PARENT], masses[NO_PARENT])
    return shares.T


def _quotient(part: FloatArray, whole: FloatArray) -> FloatArray:
    """Return part / whole, 0 where there is no whole."""
    return np.divide(part, whole, out=np.zeros_like(part), where=whole > 0)
