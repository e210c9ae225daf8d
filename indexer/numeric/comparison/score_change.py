"""The change of a score, split over the tree into what weights and what values do (docs/method.md 7)."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from indexer.numeric.method.aggregations import AGGREGATIONS, Aggregation
from indexer.numeric.method.node_steps import NodeSteps
from indexer.numeric.method.part_changes import ChildrenTwice, secant
from weighting.numeric.arrays import FloatArray, IntArray
from weighting.numeric.tree import NO_PARENT, Tree


@dataclass(frozen=True, eq=False)
class ChangeParts:
    """The change of each unit's score, split over the tree, (units, nodes) each.

    Attributes
    ----------
    weights : float array
        What the change of the weights adds, those rescaled for missing values included.
    values : float array
        What the change of the normalised values adds: zero where the weights alone change.
    """

    weights: FloatArray
    values: FloatArray

    @property
    def total(self) -> FloatArray:
        """What both add together, (units, nodes): the root group's sum to the change of the score."""
        return self.weights + self.values


@dataclass(frozen=True, eq=False)
class ScoredSide:
    """An index as it was before or is after a change.

    Attributes
    ----------
    local : float array, (nodes,)
    nodes : float array, (units, nodes)
        The scores of the nodes, of leaves the normalised values; nan where a unit has nothing.
    scores : float array, (units,)
    """

    local: FloatArray
    nodes: FloatArray
    scores: FloatArray


def split_change(tree: Tree, steps: NodeSteps, before: ScoredSide, after: ScoredSide) -> ChangeParts:
    r"""Split the change of each unit's score when weights, normalised values or both change.

    Where a score is one mean :math:`f^{-1}(\sum_j \alpha_j f(t_j))` of leaves, leaf j adds
    :math:`K (\alpha'_j - \alpha_j)(f(t_j) + f(t'_j))/2` through its weight and
    :math:`K (f(t'_j) - f(t_j))(\alpha_j + \alpha'_j)/2` through its value, with
    :math:`K = (T' - T)/(f(T') - f(T))`: the midpoint split of the arithmetic mean, where K = 1, and
    LMDI-I of the geometric mean, where K is the logarithmic mean of T and T'. Weights are those that
    a unit has, rescaled for what it lacks; what it has on one side alone comes or goes through weights.

    Nodes of one mean below each other are one such sum. A node that is formed otherwise passes its
    part through values on by its own split, and its part through its own weight by the weights
    of what is below it. An inner node has the sum of its children, the root group sums to T' - T.

    Parameters
    ----------
    steps : NodeSteps
        How both sides are formed; each entry ``splits``.
    before, after : ScoredSide
        Of the same units in the same order, in the same score unit, each with a score.

    Raises
    ------
    ValueError
        When the units differ in number, or the score of a node has no parts.

    References
    ----------
    T. L. Bennet, Journal of the Royal Statistical Society 83 (1920), 455-462, doi:10.2307/2340960;
    B. W. Ang, Energy Policy 33 (2005), 867-871, doi:10.1016/j.enpol.2003.10.010
    """
    if before.nodes.shape != after.nodes.shape:
        raise ValueError(
            f"scores of shapes {before.nodes.shape} and {after.nodes.shape} are not of the same cities"
        )
    if not steps.splits:
        raise ValueError("a score that depends on the other cities has no parts")
    return _Split(tree, steps, (before, after)).parts()


@dataclass(frozen=True, eq=False)
class _Member:
    """A part of what a head is formed of; ``weights`` are (2, units), or (2, 1) where all have the same."""

    node: int
    weights: FloatArray


class _Split:
    """Goes down from the index; a head is a node that is not one mean with what is above it."""

    def __init__(self, tree: Tree, steps: NodeSteps, sides: tuple[ScoredSide, ScoredSide]) -> None:
        self._tree, self._steps, self._sides = tree, steps, sides
        shape = len(tree), len(sides[0].nodes)
        self._weights, self._values = np.zeros(shape), np.zeros(shape)
        self._groups = {int(tree.parents[group[0]]): group for group in tree.groups}

    def parts(self) -> ChangeParts:
        """Go down the tree once, then add every node's parts to those of its parent."""
        one = np.ones((1,))
        self._descend(self._top, one, np.zeros((1,)))
        for level in reversed(self._tree.levels[1:]):
            for parts in (self._weights, self._values):
                np.add.at(parts, self._tree.parents[level], parts[level])
        return ChangeParts(self._weights.T, self._values.T)

    @cached_property
    def _top(self) -> int:
        """The index; the only node of the root group is the index itself, whatever that is formed by."""
        group = self._groups[NO_PARENT]
        only = len(group) == 1 and not self._tree.is_leaf[group[0]]
        return int(group[0]) if only else NO_PARENT

    def _descend(self, head: int, factor: FloatArray, own: FloatArray) -> None:
        """Split ``factor`` times the change of a head, and ``own``, what its own weight adds."""
        entry = self._entry(head)
        members = list(self._members(head, entry, np.ones((2, 1))))
        there = self._is_there(head)
        shared = sum((member.weights.sum(axis=0) for member in members), np.zeros(1))
        for member, (through_weight, slope) in zip(members, self._split(head, entry, members), strict=True):
            share = np.divide(member.weights.sum(axis=0), shared, out=np.zeros_like(shared), where=shared > 0)
            weight_part = own * share + np.where(there, factor * through_weight, 0)
            below = np.where(there, factor * slope, 0)
            if self._tree.is_leaf[member.node]:
                first, second = self._of(member.node)
                self._weights[member.node] = weight_part
                self._values[member.node] = below * (second - first)
            else:
                self._descend(member.node, below, weight_part)

    def _split(
        self, head: int, entry: Aggregation, members: list[_Member]
    ) -> Iterator[tuple[FloatArray, FloatArray]]:
        """Yield of each member what its weight adds, and what a change of its value is multiplied by."""
        if entry.split is None:
            yield from self._split_mean(head, entry, members)
            return
        cities = self._values.shape[1]
        children = ChildrenTwice(
            weights=np.stack([np.broadcast_to(m.weights, (2, cities)) for m in members], axis=1),
            values=np.stack([self._of(member.node) for member in members], axis=1),
            formed=tuple(self._steps.aggregations[member.node] for member in members),
        )
        yield from zip(*entry.split(children), strict=True)

    def _split_mean(
        self, head: int, entry: Aggregation, members: list[_Member]
    ) -> Iterator[tuple[FloatArray, FloatArray]]:
        # Where a score is zero on both sides all its parts are, whatever they are multiplied by.
        with np.errstate(divide="ignore", invalid="ignore"):
            stretch = _finite(1 / secant(entry, *self._score(head)))
        for member in members:
            values = self._of(member.node)
            terms = self._steps.floored(values, entry)
            with np.errstate(divide="ignore", invalid="ignore"):
                slope = _finite(secant(entry, *terms))
                if terms is not values:
                    slope = slope * _kept(values, terms)
            first, second = member.weights
            yield (
                stretch * (second - first) * entry.terms(terms).mean(axis=0),
                stretch * (first + second) / 2 * slope,
            )

    def _members(self, head: int, entry: Aggregation, above: FloatArray) -> Iterator[_Member]:
        """Yield what a head is formed of: its children, and in place of those of its own mean, theirs."""
        group = self._groups[head]
        for child, weights in zip(group.tolist(), self._effective(group), strict=True):
            weights = above * weights
            if entry.is_mean and self._steps.aggregations[child] == entry.code:
                yield from self._members(child, entry, weights)
            else:
                yield _Member(child, weights)

    def _effective(self, group: IntArray) -> FloatArray:
        """Return the weights that a group has on both sides, (children, 2, units or 1)."""
        local = np.stack([side.local[group] for side in self._sides], axis=1)[:, :, np.newaxis]
        there = np.stack([~np.isnan(side.nodes[:, group].T) for side in self._sides], axis=1)
        if there.all():
            return local
        weights = local * there
        mass = weights.sum(axis=0)
        mass[there.all(axis=0)] = 1
        return np.divide(weights, mass, out=np.zeros_like(weights), where=mass > 0)

    def _of(self, node: int) -> FloatArray:
        """Return the scores on a node, (2, units); where one side has none, the other's stands for it."""
        first, second = (side.nodes[:, node] for side in self._sides)
        both = np.stack([np.where(np.isnan(first), second, first), np.where(np.isnan(second), first, second)])
        return np.where(np.isnan(both), 1.0, both)

    def _score(self, head: int) -> FloatArray:
        if head != NO_PARENT:
            return self._of(head)
        return np.stack([side.scores for side in self._sides])

    def _is_there(self, head: int) -> FloatArray:
        """Whether a head has a score on both sides, (units,)."""
        if head == NO_PARENT:
            return np.ones(1, dtype=bool)
        return ~np.logical_or(*(np.isnan(side.nodes[:, head]) for side in self._sides))

    def _entry(self, head: int) -> Aggregation:
        return AGGREGATIONS[self._steps.whole if head == NO_PARENT else self._steps.aggregations[head]]


def _finite(values: FloatArray) -> FloatArray:
    return np.where(np.isfinite(values), values, 0.0)


def _kept(values: FloatArray, floored: FloatArray) -> FloatArray:
    """Return which part of a change of the values is one above the floor."""
    change = values[1] - values[0]
    above = (values[0] == floored[0]).astype(np.float64)
    return np.divide(floored[1] - floored[0], change, out=above, where=change != 0)
