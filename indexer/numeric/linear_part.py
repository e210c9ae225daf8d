"""The weights in which an index is linear: those of the mean at its top (docs/method.md 7).

Whatever kind of mean it is, two cities tie under it where the weighted sums that it is formed of do.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from indexer.numeric.aggregations import AGGREGATIONS, Aggregation
from indexer.numeric.composite import node_scores
from indexer.numeric.node_steps import NodeSteps, score_nodes
from indexer.numeric.uncertainty import Index
from weighting.numeric.arrays import BoolArray, FloatArray, IntArray
from weighting.numeric.tree import NO_PARENT, Tree, global_weights


@dataclass(frozen=True, eq=False)
class LinearPart:
    """The mean at the top of an index.

    Attributes
    ----------
    within : bool array, (nodes,)
        Whose local weight is a weight of that mean.
    parts : int array, (parts,)
        What it is formed of: leaves, and nodes that are formed otherwise.
    terms : float array, (cities, nodes)
        What the weights are applied to; 0 below the parts.
    finish : callable
        From a weighted sum to a score.
    """

    within: BoolArray
    parts: IntArray
    terms: FloatArray
    finish: Callable[[FloatArray], FloatArray]


def linear_part(index: Index) -> LinearPart:
    """Return the mean at the top of an index.

    Raises
    ------
    ValueError
        Where it is none, or where values are missing: a city's weights are then its own.
    """
    tree, steps = index.tree, index.formed
    entry = AGGREGATIONS[_top_code(tree, steps)]
    if not entry.is_mean or index.has_missing:
        raise ValueError("critical weights need a mean at the top and no missing values")
    weights = global_weights(tree, index.local)
    if steps.is_sum:
        terms = node_scores(tree, weights, index.normalised)
        return LinearPart(np.ones(len(tree), dtype=bool), tree.leaves, terms, entry.finish)
    within = _find_within(tree, steps, entry.code)
    above = np.zeros(len(tree), dtype=bool)
    above[tree.parents[within & (tree.parents != NO_PARENT)]] = True
    parts = np.flatnonzero(within & ~above)
    return LinearPart(within, parts, _terms(index, entry, weights, parts, above & within), entry.finish)


def _top_code(tree: Tree, steps: NodeSteps) -> str:
    """Return what forms the index; the only node of the root group is the index itself."""
    only = tree.groups[0]
    alone = len(only) == 1 and not tree.is_leaf[only[0]]
    return steps.aggregations[only[0]] if alone else steps.whole


def _find_within(tree: Tree, steps: NodeSteps, code: str) -> BoolArray:
    within = tree.parents == NO_PARENT
    for level in tree.levels[1:]:
        above = tree.parents[level]
        within[level] = within[above] & np.array([steps.aggregations[node] == code for node in above])
    return within


def _terms(
    index: Index, entry: Aggregation, weights: FloatArray, parts: IntArray, sums: BoolArray
) -> FloatArray:
    """Return what the mean's weights are applied to on its parts, and the means of these above them."""
    tree, steps = index.tree, index.formed
    scored = score_nodes(tree, weights[tree.leaves, np.newaxis], index.normalised, steps)
    scores, terms = scored.with_leaves(tree, index.normalised), np.zeros((len(index.normalised), len(tree)))
    terms[:, parts] = entry.terms(steps.floored(scores[:, parts], entry))
    for group in sorted(tree.groups, key=lambda group: -int(tree.depth[group[0]])):
        parent = int(tree.parents[group[0]])
        if parent != NO_PARENT and sums[parent]:
            terms[:, parent] = terms[:, group] @ index.local[group]
    return terms
