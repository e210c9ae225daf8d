"""An index as a function of its weights: scores and ranks of units under many versions (docs/method.md 8)."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from indexer.numeric.method.aggregations import AGGREGATIONS
from indexer.numeric.method.node_steps import NodeSteps, uniform_steps
from indexer.numeric.scores.drawn_nodes import DrawnNodes
from indexer.numeric.scores.node_scores import score_locally, score_nodes
from indexer.numeric.scores.packed_ranking import min_ranks_by_row
from indexer.numeric.scores.rank_bands import EXACT_UNITS
from indexer.numeric.scores.ranking import min_ranks
from indexer.numeric.scores.rows_alike import number_rows
from weighting.numeric.arrays import BoolArray, FloatArray, IntArray
from weighting.numeric.tree import NO_PARENT, Tree, global_weights

# Draws of one chunk, enough for the matrix product to run at its full speed.
CHUNK = 512
# Scores at hand at a time: a chunk of as many units as are counted exactly.
SCORES = CHUNK * EXACT_UNITS


@dataclass(frozen=True, eq=False)
class Index:
    """An index as a function of its weights.

    Attributes
    ----------
    normalised : float array, (units, leaves)
        nan where missing: the unit's weights are then rescaled, per sibling group, over what
        it has (``reweight`` of `composite_scores`).
    local : float array, (nodes,)
        The nominal weights, with which the drawn ones are compared.
    aggregation : str
        A code of `AGGREGATIONS`, by which all nodes are formed.
    steps : NodeSteps, optional
        How the nodes are formed, where that is not one aggregation for all.
    reference : int array, (units,), optional
        Ranks to take the place of the nominal ones, such as those of another method.

    Raises
    ------
    CompositeError
        As `composite_scores`, for the nominal weights.
    """

    tree: Tree
    normalised: FloatArray
    local: FloatArray
    aggregation: str = "arithmetic"
    reference: IntArray | None = None
    steps: NodeSteps | None = None

    @cached_property
    def formed(self) -> NodeSteps:
        """How the nodes are formed."""
        return self.steps or uniform_steps(self.tree, self.aggregation)

    @cached_property
    def has_missing(self) -> bool:
        """Whether a unit lacks any leaf."""
        return bool(np.isnan(self.normalised).any())

    @cached_property
    def nominal_scores(self) -> FloatArray:
        """Scores with the nominal weights, (units,)."""
        return self.scores_under(global_weights(self.tree, self.local)[self.tree.leaves])[:, 0]

    def scores_under(self, leaf_weights: FloatArray) -> FloatArray:
        """Score as a run does, (leaves,) or (leaves, versions) -> (units, versions)."""
        return score_nodes(
            self.tree,
            leaf_weights.reshape(len(self.tree.leaves), -1),
            self.normalised,
            self.formed,
            missing="reweight" if self.has_missing else "refuse",
            inner=False,
        ).scores.T

    def of_cities(self, cities: IntArray, reference: IntArray | None = None) -> "Index":
        """Return the units at some positions, with their ``reference`` ranks, as if there were no others."""
        return replace(self, normalised=self.normalised[cities], reference=reference)

    @cached_property
    def nominal_ranks(self) -> IntArray:
        """Ranks with the nominal weights, or the reference, (units,)."""
        return min_ranks(self.nominal_scores) if self.reference is None else self.reference


class Scorer:
    """Scores units under many weights, each pattern of missing values by one matrix product.

    Nodes that are not formed alike are formed one by one where values are missing, and else by
    a product for each stretch of nodes that are.
    """

    def __init__(self, index: Index, cities: IntArray) -> None:
        self._tree = index.tree
        self._steps = index.formed.for_all
        self._apart = None if self._steps.is_uniform else self._scored_apart(index.normalised[cities])
        if self._apart is not None:
            return
        self._aggregation = AGGREGATIONS[self._steps.whole]
        normalised = _leaves_first(index.normalised, cities)
        terms = self._aggregation.terms(self._steps.floored(normalised, self._aggregation))
        self._size = len(cities)
        self._parts = [
            (alike, pattern, _of_pattern(terms, alike, pattern))
            for pattern, alike in _patterns(~np.isnan(normalised.T))
        ]

    def scores(self, local: FloatArray) -> FloatArray:
        """Score each unit, (nodes, versions) -> (versions, units)."""
        if self._apart is not None:
            return self._apart(local)
        if len(self._parts) == 1 and self._parts[0][1].all():
            scores = self._leaf_weights(local).T @ self._parts[0][2]
        else:
            scores = np.empty((local.shape[1], self._size))
            for cities, pattern, terms in self._parts:
                weights = local if pattern.all() else _reweighted(self._tree, local, pattern)
                scores[:, cities] = self._leaf_weights(weights).T @ terms
        return self._aggregation.finish(scores)

    def _scored_apart(self, normalised: FloatArray) -> Callable[[FloatArray], FloatArray]:
        """Return what scores units whose nodes are not all formed alike.

        Where units are compared by what they have on a node, equal ones need the same bits.
        """
        if not np.isnan(normalised).any() and not self._steps.looks_at_all:
            return DrawnNodes(self._tree, self._steps, normalised).scores
        return lambda local: (
            score_locally(self._tree, local, normalised, self._steps, missing="reweight").scores
        )

    def _leaf_weights(self, local: FloatArray) -> FloatArray:
        return global_weights(self._tree, local)[self._tree.leaves]


def many_ranks(index: Index, local: FloatArray) -> IntArray:
    """Rank the units under many versions of the weights, (nodes, versions) -> (versions, units)."""
    return np.concatenate(list(ranks_in_parts(index, local)))


def ranks_in_parts(index: Index, local: FloatArray) -> Iterator[IntArray]:
    """Rank as `many_ranks`, (nodes, versions), and yield (some versions, units) at a time."""
    first, kind = _distinct_values(index)
    scorer = Scorer(index, first)
    for part in version_parts(local, len(kind)):
        scores = scorer.scores(part)
        yield min_ranks_by_row(scores if len(first) == len(kind) else np.take(scores, kind, axis=1))


def many_scores(index: Index, local: FloatArray) -> FloatArray:
    """Score the units under many versions of the weights, (nodes, versions) -> (versions, units)."""
    return Scorer(index, np.arange(len(index.normalised))).scores(local)


def version_parts(local: FloatArray, cities: int) -> Iterator[FloatArray]:
    """Yield (nodes, versions) in parts of at most a chunk of versions, whose scores take bounded memory."""
    step = max(1, min(CHUNK, SCORES // cities))
    for start in range(0, local.shape[1], step):
        yield local[:, start : start + step]


def _distinct_values(index: Index) -> tuple[IntArray, IntArray]:
    """Return the first unit of each distinct row, in the order of the units, and each unit's row."""
    cities = np.arange(len(index.normalised))
    if index.formed.looks_at_all:
        return cities, cities
    return number_rows(index.normalised, cities, np.zeros(len(cities), dtype=np.int64))


def _leaves_first(values: FloatArray, cities: IntArray) -> FloatArray:
    """Return the values of some units, (leaves, units), without a second copy on the way."""
    turned = np.empty((values.shape[1], len(cities)))
    for leaf in range(len(turned)):
        turned[leaf] = values[cities, leaf]
    return turned


def _of_pattern(terms: FloatArray, cities: IntArray, pattern: BoolArray) -> FloatArray:
    """Return the terms of units that have the same leaves, (leaves, units), 0 where they have none."""
    if pattern.all() and len(cities) == terms.shape[1]:
        return terms
    return np.where(pattern[:, np.newaxis], terms[:, cities], 0)


def _patterns(present: BoolArray) -> list[tuple[BoolArray, IntArray]]:
    """Return the distinct rows and the units that have each."""
    if present.all():
        return [(present[0], np.arange(len(present)))]
    patterns, which = np.unique(present, axis=0, return_inverse=True)
    return [(pattern, np.flatnonzero(which.ravel() == k)) for k, pattern in enumerate(patterns)]


def _reweighted(tree: Tree, local: FloatArray, present: BoolArray) -> FloatArray:
    """Rescale the weights in each group over the nodes with something present below them."""
    weights = np.zeros(local.shape)
    support = np.zeros(local.shape, dtype=bool)
    support[tree.leaves] = present[:, np.newaxis]
    for group in sorted(tree.groups, key=lambda group: -int(tree.depth[group[0]])):
        kept = np.where(support[group], local[group], 0)
        mass = kept.sum(axis=0)
        weights[group] = np.divide(kept, mass, out=np.zeros_like(kept), where=mass > 0)
        if (parent := tree.parents[group[0]]) != NO_PARENT:
            support[parent] = mass > 0
    return weights
