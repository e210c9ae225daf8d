"""The weights in which an index is linear: those of the mean at its top (docs/method.md 7).

Whatever kind of mean it is, two units tie under it where the weighted sums that it is formed of do.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from indexer.numeric.method.aggregations import AGGREGATIONS, Aggregation
from indexer.numeric.method.node_steps import NodeSteps
from indexer.numeric.scores.composite import inner_scores
from indexer.numeric.scores.index import Index
from indexer.numeric.scores.node_scores import score_nodes
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
    terms : tuple of float array, (nodes,) of (units,)
        What the weights are applied to; 0 below the parts.
    finish : callable
        From a weighted sum to a score.
    """

    within: BoolArray
    parts: IntArray
    terms: tuple[FloatArray, ...]
    finish: Callable[[FloatArray], FloatArray]

    def of(self, cities: IntArray, nodes: Iterable[int] | None = None) -> FloatArray:
        """Return the terms of some units, on all nodes or on some, (nodes, units)."""
        terms = self.terms if nodes is None else [self.terms[node] for node in nodes]
        found = np.empty((len(terms), len(cities)))
        for row, term in zip(found, terms, strict=True):
            # Without it NumPy writes everything twice.
            term.take(cities, out=row, mode="clip")
        return found


def linear_part(index: Index) -> LinearPart:
    """Return the mean at the top of an index.

    Raises
    ------
    ValueError
        Where it is none, or where values are missing: a unit's weights are then its own.
    """
    tree, steps = index.tree, index.formed
    entry = AGGREGATIONS[_top_code(tree, steps)]
    if not entry.is_mean or index.has_missing:
        raise ValueError("critical weights need a mean at the top and no missing values")
    weights = global_weights(tree, index.local)
    if steps.is_sum:
        inner = inner_scores(tree, weights[tree.leaves, np.newaxis], index.normalised)[0]
        found = dict(zip(tree.inner.tolist(), inner, strict=True))
        # Where each leaf lies in one piece, none is copied.
        found |= zip(tree.leaves.tolist(), index.normalised.T, strict=True)
        of_nodes = tuple(found[node] for node in range(len(tree)))
        return LinearPart(np.ones(len(tree), dtype=bool), tree.leaves, of_nodes, entry.finish)
    within = _find_within(tree, steps, entry.code)
    above = np.zeros(len(tree), dtype=bool)
    above[tree.parents[within & (tree.parents != NO_PARENT)]] = True
    parts = np.flatnonzero(within & ~above)
    terms = _terms(index, entry, weights, parts, above & within)
    return LinearPart(within, parts, tuple(terms), entry.finish)


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
    """Return what the mean's weights are applied to on its parts, and the means of these, (nodes, units)."""
    tree, steps = index.tree, index.formed
    scored = score_nodes(tree, weights[tree.leaves, np.newaxis], index.normalised, steps)
    scores, terms = scored.with_leaves(tree, index.normalised), np.zeros((len(tree), len(index.normalised)))
    terms[parts] = entry.terms(steps.floored(scores[:, parts], entry)).T
    for group in sorted(tree.groups, key=lambda group: -int(tree.depth[group[0]])):
        parent = int(tree.parents[group[0]])
        if parent != NO_PARENT and sums[parent]:
            terms[parent] = index.local[group] @ terms[group]
    return terms
