"""From normalised values to the scores of a tree whose nodes are not all formed alike (docs/method.md 9).

A node is formed of its children, with the weights of those that a unit has; a node of which a unit
has less than its coverage has no score for that unit, nor has any node above it.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from indexer.numeric.method.aggregations import AGGREGATIONS, Aggregation, Parts
from indexer.numeric.method.node_steps import NodeSteps
from indexer.numeric.scores.composite import (
    CompositeError,
    Missing,
    composite_scores,
    inner_scores,
)
from indexer.numeric.scores.unbuffered import unbuffered
from weighting.numeric.arrays import BoolArray, FloatArray, IntArray
from weighting.numeric.tree import NO_PARENT, Tree

# Shares of weight that differ by less are the same one.
ROUNDING = 1e-9
# Scores of one node that are formed at a time; those of its children stay in the processor's cache, too.
CLIMBED_CELLS = 24_000


@dataclass(frozen=True, eq=False)
class Scored:
    """Scores, (versions, units) and (versions, inner nodes, units), nan where a unit has none.

    Inner nodes are in the order of ``tree.inner``.
    """

    scores: FloatArray
    inner: FloatArray

    @property
    def ranked(self) -> IntArray:
        """The positions of the units that have a score under the first version, rising."""
        return np.flatnonzero(~np.isnan(self.scores[0]))

    def with_leaves(self, tree: Tree, normalised: FloatArray) -> FloatArray:
        """Return the scores on all nodes under the first version, (units, nodes)."""
        nodes = np.empty((len(normalised), len(tree)))
        nodes[:, tree.leaves], nodes[:, tree.inner] = normalised, self.inner[0].T
        return nodes


def score_nodes(
    tree: Tree,
    leaf_weights: FloatArray,
    normalised: FloatArray,
    steps: NodeSteps,
    *,
    missing: Missing = "refuse",
    given: BoolArray | None = None,
    inner: bool = True,
) -> Scored:
    """Score every unit on the index and on every inner node, under many versions at once.

    Children are added in their order in plain IEEE arithmetic, so that a version scored alone or
    with others has the same bits. Where all nodes are formed by one mean and no coverage is asked
    for, the scores are those of `composite_scores` and `inner_scores`, to the bit.

    Parameters
    ----------
    leaf_weights : float array, (leaves, versions)
        Global weights of the leaves; each version sums to 1.
    normalised : float array, (units, leaves)
        nan where missing.
    missing : {"refuse", "reweight"}
    given : bool array, (units, leaves), optional
        Which values count for the coverage; by default those that are not nan.
    inner : bool
        Whether the inner nodes are wanted where the index can do without them.

    Raises
    ------
    CompositeError
        As `composite_scores`; "not_positive" names the nodes, too, whose scores a mean does not take.
    """
    if steps.is_uniform and not steps.has_coverage:
        entry = AGGREGATIONS[steps.whole]
        values = steps.floored(normalised, entry)
        how: dict[str, str] = {"aggregation": steps.whole, "missing": missing}
        scores = composite_scores(values, leaf_weights, tree=tree, **how)  # type: ignore[arg-type]
        if inner:
            nodes = inner_scores(tree, leaf_weights, values, **how)  # type: ignore[arg-type]
        else:
            nodes = np.empty((leaf_weights.shape[1], 0, len(normalised)))
        return Scored(np.ascontiguousarray(scores.T), nodes)
    local = _local_weights(tree, np.asarray(leaf_weights, dtype=np.float64))
    return score_locally(tree, local, normalised, steps, missing=missing, given=given)


def _local_weights(tree: Tree, leaf_weights: FloatArray) -> FloatArray:
    """Return the local weights of each version, (nodes, versions), as `local_from_leaf_weights`.

    Versions are added side by side, node by node, so that one alone has the bits it has among others.
    """
    totals = np.zeros((len(tree), leaf_weights.shape[1]))
    totals[tree.leaves] = leaf_weights
    for level in reversed(tree.levels[1:]):
        for node in level.tolist():
            totals[tree.parents[node]] += totals[node]
    local = np.empty_like(totals)
    for group in tree.groups:
        whole = np.zeros(leaf_weights.shape[1])
        for node in group.tolist():
            whole += totals[node]
        equal = np.full(totals[group].shape, 1 / len(group))
        local[group] = np.divide(totals[group], whole, out=equal, where=whole > 0)
    return local


def score_locally(
    tree: Tree,
    local: FloatArray,
    normalised: FloatArray,
    steps: NodeSteps,
    *,
    missing: Missing = "refuse",
    given: BoolArray | None = None,
) -> Scored:
    """Score as `score_nodes`, node by node whatever the steps, under local weights, (nodes, versions).

    Raises `CompositeError` as it does.
    """
    absent = np.isnan(normalised)
    if missing == "refuse" and not steps.has_coverage and absent.any():
        raise CompositeError("missing", leaves=np.flatnonzero(absent.any(axis=0)))
    present = ~absent if given is None else given
    climb = _Climb(tree, steps, np.ascontiguousarray(normalised.T), present)
    versions = local.shape[1]
    scores = np.empty((versions, len(normalised)))
    inner = np.empty((versions, len(tree.inner), len(normalised)))
    step = climb.versions_at_once
    for start in range(0, versions, step):
        part = slice(start, min(start + step, versions))
        climb.score(local[:, part], inner[part], scores[part])
    return Scored(scores, inner)


class _Climb:
    """Forms the nodes of a tree from the bottom up, for some versions at a time."""

    def __init__(self, tree: Tree, steps: NodeSteps, values: FloatArray, given: BoolArray) -> None:
        self._tree, self._steps = tree, steps
        self._leaf_row = {int(leaf): row for row, leaf in enumerate(tree.leaves)}
        self._inner_row = {int(node): row for row, node in enumerate(tree.inner)}
        self._values, self._given = values, np.ascontiguousarray(given.T)
        self._has_gaps = bool(np.isnan(values).any())
        # Sums and products of one node after the other stand in the same memory, which stays in the cache.
        self.versions_at_once = max(1, CLIMBED_CELLS // values.shape[1])
        self._room = np.empty((2, self.versions_at_once, values.shape[1]))
        self._terms: dict[tuple[int, str], FloatArray] = {}
        # Deepest groups first; the root group, whose parent is none, comes last.
        self._groups = sorted(tree.groups, key=lambda group: -int(tree.depth[group[0]]))

    def score(self, local: FloatArray, inner: FloatArray, scores: FloatArray) -> None:
        """Write ``inner``, (versions, inner nodes, units), and ``scores``, (versions, units).

        ``local`` are (nodes, versions). Raises `CompositeError` naming the units that have nothing of any
        leaf, but for those that a coverage leaves without a score.
        """
        shares: dict[int, FloatArray] = {}
        lost: dict[int, BoolArray] = {}
        for group in self._groups:
            node = int(self._tree.parents[group[0]])
            made = scores if node == NO_PARENT else inner[:, self._inner_row[node]]
            self._form(node, group, local, inner, made)
            if self._steps.has_coverage:
                shares[node] = self._share(group, local, shares)
                lost[node] = self._lost(node, group, shares[node], lost)
                made[lost[node]] = np.nan
        bare = np.isnan(scores)
        if self._steps.has_coverage:
            bare &= ~lost[NO_PARENT]
        if bare.any():
            raise CompositeError("nothing_present", cities=np.flatnonzero(bare.any(axis=0)))

    def _form(
        self, node: int, group: IntArray, local: FloatArray, inner: FloatArray, out: FloatArray
    ) -> None:
        """Write the scores of a node, (versions, units): nan where a unit has nothing of it."""
        code = self._steps.whole if node == NO_PARENT else self._steps.aggregations[node]
        if len(group) == 1 and node == NO_PARENT and int(group[0]) in self._inner_row:
            # The only node of the root group is the index itself, whatever that is formed by.
            out[:] = inner[:, self._inner_row[int(group[0])]]
            return
        entry = AGGREGATIONS[code]
        if entry.combine is not None:
            out[:] = self._combine(entry, group, local, inner)
            return
        add = self._add_what_is_there if self._has_gaps else self._add
        out[:] = entry.finish(add(entry, group, local, inner))

    def _add(self, entry: Aggregation, group: IntArray, local: FloatArray, inner: FloatArray) -> FloatArray:
        """Add up the children."""
        total, product = self._room[:, : local.shape[1]]
        total[:] = 0
        with unbuffered():
            for child in group.tolist():
                weight = local[child][:, np.newaxis]
                total += np.multiply(weight, self._term(child, entry, inner), out=product)
        return total

    def _add_what_is_there(
        self, entry: Aggregation, group: IntArray, local: FloatArray, inner: FloatArray
    ) -> FloatArray:
        """Add up the children and divide by the weight of those that a unit has: nan where that is none."""
        total, product = self._room[:, : local.shape[1]]
        total[:] = 0
        mass, whole = np.zeros_like(total), np.ones(total.shape, dtype=bool)
        for child in group.tolist():
            weight, term = local[child][:, np.newaxis], self._term(child, entry, inner)
            there = ~np.isnan(term)
            total += np.multiply(weight, np.where(there, term, 0), out=product)
            mass += np.multiply(weight, there, out=product)
            whole &= there
        # Exactly 1 where all children are there.
        total /= np.where(whole, 1.0, np.where(mass > 0, mass, np.nan))
        return total

    def _term(self, child: int, entry: Aggregation, inner: FloatArray) -> FloatArray:
        """Return what the weight of a child is applied to, (1 or versions, units)."""
        if child not in self._leaf_row:
            return self._checked(child, entry, inner[:, self._inner_row[child]])
        key = (child, entry.code)
        if key not in self._terms:
            self._terms[key] = self._checked(child, entry, self._values[self._leaf_row[child]][np.newaxis])
        return self._terms[key]

    def _checked(self, child: int, entry: Aggregation, values: FloatArray) -> FloatArray:
        values = self._steps.floored(values, entry)
        if entry.refusal and not self._steps.raises(entry) and entry.refused_cells(values).any():
            if child in self._leaf_row:
                raise CompositeError(entry.refusal, leaves=[self._leaf_row[child]])
            raise CompositeError(entry.refusal, nodes=[child])
        return entry.terms(values)

    def _child(self, child: int, inner: FloatArray) -> FloatArray:
        """Return the scores of a child, (1 or versions, units)."""
        if child in self._leaf_row:
            return self._values[self._leaf_row[child]][np.newaxis]
        return inner[:, self._inner_row[child]]

    def _combine(
        self, entry: Aggregation, group: IntArray, local: FloatArray, inner: FloatArray
    ) -> FloatArray:
        shape = (local.shape[1], self._values.shape[1])
        children = [self._child(child, inner) for child in group.tolist()]
        values = np.stack([np.broadcast_to(child, shape) for child in children])
        there = ~np.isnan(values)
        weights = local[group][:, :, np.newaxis] * there
        mass = weights[0].copy()
        for weight in weights[1:]:
            mass += weight
        mass = np.where(there.all(axis=0), 1.0, mass)
        with np.errstate(invalid="ignore", divide="ignore"):
            weights = weights / mass
            formed = tuple(self._steps.aggregations[child] for child in group.tolist())
            assert entry.combine is not None  # noqa: S101  (asked by the caller)
            made = entry.combine(Parts(values, weights, local[group], formed))
        return np.where(mass > 0, made, np.nan)

    def _share(self, group: IntArray, local: FloatArray, shares: dict[int, FloatArray]) -> FloatArray:
        """Return which share of the weight below a node a unit has, (versions, units)."""
        share = np.zeros((local.shape[1], self._values.shape[1]))
        for child in group.tolist():
            below = shares[child] if child in shares else self._given[self._leaf_row[child]]
            share += local[child][:, np.newaxis] * below
        return share

    def _lost(self, node: int, group: IntArray, share: FloatArray, lost: dict[int, BoolArray]) -> BoolArray:
        """Return which units have no score on a node, for its own sake or for that of one below."""
        least = self._steps.whole_coverage if node == NO_PARENT else self._steps.coverages[node]
        gone = share < least - ROUNDING
        for child in group.tolist():
            if child in lost:
                gone |= lost[child]
        return gone

    def shortfalls(self, local: FloatArray) -> Iterator["Shortfall"]:
        """Yield what keeps units from a score, lower nodes first; ``local`` is (nodes, 1)."""
        shares: dict[int, FloatArray] = {}
        for group in self._groups:
            node = int(self._tree.parents[group[0]])
            shares[node] = self._share(group, local, shares)
            least = self._steps.whole_coverage if node == NO_PARENT else self._steps.coverages[node]
            for city in np.flatnonzero(shares[node][0] < least - ROUNDING).tolist():
                yield Shortfall(city, node, float(shares[node][0, city]), least)


@dataclass(frozen=True)
class Shortfall:
    """A node of which a unit has less than the coverage; -1 for the index itself."""

    city: int
    node: int
    share: float
    least: float


def shortfalls(tree: Tree, local: FloatArray, given: BoolArray, steps: NodeSteps) -> list[Shortfall]:
    """Return why units have no score, under one version of the local weights, (nodes,)."""
    climb = _Climb(tree, steps, np.zeros(given.T.shape), given)
    return list(climb.shortfalls(local[:, np.newaxis]))
