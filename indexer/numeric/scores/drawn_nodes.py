"""Scores under drawn weights where nodes are not all formed alike (docs/method.md 8).

A mean of means of one kind is a mean of all that is below: it is formed at once, by one matrix
product for its leaves, and what lies between is never written down.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from indexer.numeric.method.aggregations import AGGREGATIONS, Aggregation, Parts
from indexer.numeric.method.node_steps import NodeSteps
from indexer.numeric.scores.composite import CompositeError
from indexer.numeric.scores.unbuffered import unbuffered
from weighting.numeric.arrays import BoolArray, FloatArray, IntArray
from weighting.numeric.tree import NO_PARENT, Tree

# Scores of one node that are formed at a time: those of a few nodes stay in the processor's cache.
CELLS = 25_600


@dataclass(frozen=True, eq=False)
class _Stretch:
    """A node that is formed, and what it is formed of, through nodes of the same mean.

    Attributes
    ----------
    node : int
        `NO_PARENT` for the index itself.
    leaves : int array
    nodes : list of int
        Those that are formed before it.
    terms : float array, (leaves, units)
        What the weights of the leaves are applied to; where the node is no mean, their values.
    """

    node: int
    entry: Aggregation
    leaves: IntArray
    nodes: list[int]
    terms: FloatArray


class DrawnNodes:
    """Scores units that lack nothing under many local weights, to within rounding of a run's scores.

    Not where units are compared with each other: see `NodeSteps.looks_at_all`.

    Parameters
    ----------
    normalised : float array, (units, leaves)

    Raises
    ------
    CompositeError
        "not_positive" and "below_zero" with the leaves, or the nodes, that a mean does not take.
    """

    def __init__(self, tree: Tree, steps: NodeSteps, normalised: FloatArray) -> None:
        self._tree, self._steps, self._cities = tree, steps, len(normalised)
        self._children = {int(tree.parents[group[0]]): group for group in tree.groups}
        only = self._children[NO_PARENT]
        # The only node of the root group is the index itself, whatever that is formed by.
        self._top = int(only[0]) if len(only) == 1 and not tree.is_leaf[only[0]] else NO_PARENT
        self._passed = self._find_passed()
        self._within = [level[self._passed[tree.parents[level]]] for level in tree.levels[1:]]
        values = np.ascontiguousarray(normalised.T)
        rows = {int(leaf): row for row, leaf in enumerate(tree.leaves)}
        self._stretches = [self._stretch(node, values, rows) for node in self._formed()]

    def scores(self, local: FloatArray) -> FloatArray:
        """Score each unit, (nodes, versions) -> (versions, units)."""
        weights = np.array(local)
        for nodes in self._within:
            weights[nodes] *= weights[self._tree.parents[nodes]]
        of_leaves = [weights[stretch.leaves] for stretch in self._stretches]
        scores = np.empty((local.shape[1], self._cities))
        step = max(1, CELLS // self._cities)
        for start in range(0, len(scores), step):
            block = slice(start, min(start + step, len(scores)))
            self._score(weights[:, block], [own[:, block] for own in of_leaves], scores[block])
        return scores

    def _score(self, weights: FloatArray, of_leaves: list[FloatArray], out: FloatArray) -> None:
        made: dict[int, FloatArray] = {}
        for stretch, own in zip(self._stretches, of_leaves, strict=True):
            made[stretch.node] = self._form(stretch, weights, own, made)
        out[:] = made[self._top]
        # The greatest of some numbers is none where one of them is none.
        if np.isnan(out.max()):
            raise CompositeError("nothing_present", cities=np.flatnonzero(np.isnan(out).any(axis=0)))

    def _form(
        self, stretch: _Stretch, weights: FloatArray, of_leaves: FloatArray, made: dict[int, FloatArray]
    ) -> FloatArray:
        """Return the scores of a node, (versions, units)."""
        if stretch.entry.combine is not None:
            return self._combine(stretch, weights, made)
        total = of_leaves.T @ stretch.terms
        for node in stretch.nodes:
            term = self._taken(made.pop(node)[np.newaxis], stretch.entry, nodes=np.array([node]))[0]
            # Nobody else needs them, so that they can be weighed where they stand.
            with unbuffered():
                term *= weights[node][:, np.newaxis]
            total += term
        return stretch.entry.finish(total)

    def _combine(self, stretch: _Stretch, weights: FloatArray, made: dict[int, FloatArray]) -> FloatArray:
        group = self._children[stretch.node]
        leaves = dict(zip(stretch.leaves.tolist(), stretch.terms, strict=True))
        shape = (weights.shape[1], self._cities)
        values = [leaves[child] if child in leaves else made.pop(child) for child in group.tolist()]
        formed = tuple(self._steps.aggregations[child] for child in group.tolist())
        local = np.broadcast_to(weights[group][:, :, np.newaxis], (len(group), *shape))
        parts = Parts(
            np.stack([np.broadcast_to(one, shape) for one in values]), local, weights[group], formed
        )
        assert stretch.entry.combine is not None  # noqa: S101  (asked by the caller)
        with np.errstate(invalid="ignore", divide="ignore"):
            return stretch.entry.combine(parts)

    def _code(self, node: int) -> str:
        return self._steps.whole if node == NO_PARENT else self._steps.aggregations[node]

    def _find_passed(self) -> BoolArray:
        """Return which nodes, (nodes,), are means within a mean of the same kind."""
        passed = np.zeros(len(self._tree), dtype=bool)
        for node in self._tree.inner.tolist():
            parent = int(self._tree.parents[node])
            alike = node != self._top and self._code(node) == self._code(parent)
            passed[node] = alike and AGGREGATIONS[self._code(node)].is_mean
        return passed

    def _formed(self) -> list[int]:
        """Return the nodes that are formed, those below first."""
        inner = sorted(self._tree.inner.tolist(), key=lambda node: -int(self._tree.depth[node]))
        formed = [node for node in inner if not self._passed[node]]
        return formed if self._top != NO_PARENT else [*formed, NO_PARENT]

    def _stretch(self, node: int, values: FloatArray, rows: dict[int, int]) -> _Stretch:
        entry = AGGREGATIONS[self._code(node)]
        parts = list(self._below(node))
        leaves = np.array([part for part in parts if part in rows], dtype=np.int64)
        own = np.array([rows[leaf] for leaf in leaves.tolist()], dtype=np.int64)
        terms = values[own]
        if entry.combine is None:
            terms = self._taken(terms, entry, leaves=own)
        return _Stretch(node, entry, leaves, [part for part in parts if part not in rows], terms)

    def _below(self, node: int) -> Iterator[int]:
        for child in self._children[node].tolist():
            if self._passed[child]:
                yield from self._below(child)
            else:
                yield child

    def _taken(self, values: FloatArray, entry: Aggregation, **places: IntArray) -> FloatArray:
        """Return values, (places, ...), as a mean takes them; raise for the places that it does not take."""
        values = self._steps.floored(values, entry)
        if entry.refusal and not self._steps.raises(entry) and (refused := entry.refused_cells(values)).any():
            bad = refused.reshape(len(refused), -1).any(axis=1)
            raise CompositeError(entry.refusal, **{name: at[bad] for name, at in places.items()})
        return entry.terms(values)
