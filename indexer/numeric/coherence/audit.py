"""The whole audit of an index: every figure that its files, pages and API tell."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from indexer.numeric.coherence.consistency import Components, Consistency, components_of, consistency_of
from indexer.numeric.coherence.correlations import (
    correlation_flags,
    correlation_matrix,
    rank_correlation_matrix,
)
from indexer.numeric.coherence.importance import (
    DRAWS,
    Importance,
    importance_of,
    linear_importance,
    variance_shares,
)
from indexer.numeric.coherence.indicators import IndicatorFacts, UnitFacts, indicator_facts, unit_facts
from indexer.numeric.scores.index import Index
from indexer.numeric.studies.sensitivity import leave_nodes_out
from weighting.numeric.arrays import FloatArray, IntArray
from weighting.numeric.tree import NO_PARENT, Tree

# One seed for all audits, so that the same index has the same intervals wherever they are asked for.
SEED = 20160101


@dataclass(frozen=True, eq=False)
class Group:
    """A sibling group with what holds it together.

    Attributes
    ----------
    parent : int
        Its parent's position; -1 for the group whose whole is the total.
    members : int array, (members,)
        Positions of its members.
    mean, lowest : float
        Of the correlations between members; nan of a single one.
    """

    parent: int
    members: IntArray
    consistency: Consistency
    components: Components
    mean: float
    lowest: float


@dataclass(frozen=True, eq=False)
class Weighed:
    """Nodes held against one whole above them, (nodes,) each.

    Attributes
    ----------
    whole : int
        Its position; -1 for the total.
    nodes : int array
    weights : float array
        Within that whole.
    """

    whole: int
    nodes: IntArray
    weights: FloatArray


class AuditedIndex(ABC):
    """An index and what its audit finds: worked out from its scores, or kept.

    Attributes
    ----------
    tree : Tree
    local : float array, (nodes,)
        Local weights.
    global_ : float array, (nodes,)
        Global weights.
    total : float array, (units,)
        The composite score.
    """

    tree: Tree
    local: FloatArray
    global_: FloatArray
    total: FloatArray

    @abstractmethod
    def scores_on(self, nodes: IntArray) -> FloatArray:
        """Return the scores of some nodes, (units, nodes); nan where a unit has nothing of one."""

    @property
    @abstractmethod
    def pearson(self) -> FloatArray:
        """Of all nodes and, last, the total, (nodes + 1, nodes + 1)."""

    @property
    @abstractmethod
    def spearman(self) -> FloatArray:
        """The same of ranks, (nodes + 1, nodes + 1)."""

    @property
    @abstractmethod
    def groups(self) -> tuple[Group, ...]:
        """Every sibling group, in the order of ``tree.groups``."""

    @property
    @abstractmethod
    def indicators(self) -> IndicatorFacts:
        """The raw values of each indicator."""

    @property
    @abstractmethod
    def units(self) -> UnitFacts:
        """What each unit has of them."""

    @cached_property
    def flags(self) -> IntArray:
        """What is remarkable about each pair of nodes, (nodes, nodes), as positions in `FLAGS`."""
        return correlation_flags(self.tree, self.pearson[:-1, :-1])

    @cached_property
    def closest(self) -> tuple[IntArray, FloatArray]:
        """The sibling that each node goes with most, and their correlation, (nodes,) each.

        -1 and nan where there is none.
        """
        return closest_siblings(self.tree, self.pearson[:-1, :-1])

    @property
    def missing(self) -> int:
        """How many raw values are not there."""
        return len(self.total) * len(self.tree.leaves) - int(self.indicators.count.sum())

    @property
    def missing_share(self) -> float:
        """As a part of all."""
        return self.missing / (len(self.total) * len(self.tree.leaves))

    def whole_of(self, parent: int) -> FloatArray:
        """Return the scores of a group's whole, (units,)."""
        return self.total if parent == NO_PARENT else self.scores_on(np.array([parent]))[:, 0]

    def importance(self, members: IntArray, parent: int, *, draws: int = DRAWS) -> Importance:
        """Return the importance of some nodes for the whole above them, or for the total (-1)."""
        rng = np.random.default_rng(SEED)
        return importance_of(self.scores_on(members), self.whole_of(parent), rng, draws=draws)

    def variance(self, group: Group) -> FloatArray:
        """Return the members' parts of the variance of their whole, (members,).

        nan where that is no weighted sum.
        """
        weights, whole = self.local[group.members], self.whole_of(group.parent)
        return variance_shares(weights, self.scores_on(group.members), whole)

    @cached_property
    def weighed(self) -> tuple[Weighed, ...]:
        """Every group under its parent, and last all leaves deeper than that under the total."""
        groups = [
            Weighed(int(self.tree.parents[members[0]]), members, self.local[members])
            for members in self.tree.groups
        ]
        deeper = self.tree.leaves[self.tree.parents[self.tree.leaves] != NO_PARENT]
        return (*groups, *([Weighed(NO_PARENT, deeper, self.global_[deeper])] if len(deeper) else []))

    def importances(self, *, draws: int = DRAWS) -> Iterator[tuple[Weighed, Importance]]:
        """Return for each of ``weighed`` how important its nodes are."""
        for each in self.weighed:
            yield each, self.importance(each.nodes, each.whole, draws=draws)


@dataclass(frozen=True, eq=False)
class ScoredIndex(AuditedIndex):
    """The same from the scores of its units.

    Attributes
    ----------
    raw : float array, (units, leaves)
        nan where missing.
    scores : float array, (units, nodes)
        Of every node; a leaf's is its normalised value. nan where a unit has nothing of it.
    """

    tree: Tree
    local: FloatArray
    global_: FloatArray
    raw: FloatArray
    scores: FloatArray
    total: FloatArray

    def scores_on(self, nodes: IntArray) -> FloatArray:
        return self.scores[:, nodes]

    @cached_property
    def pearson(self) -> FloatArray:
        return correlation_matrix(self._with_total, in_place=True)

    @cached_property
    def spearman(self) -> FloatArray:
        return rank_correlation_matrix(self._with_total)

    @cached_property
    def groups(self) -> tuple[Group, ...]:
        return tuple(self.group_of(members) for members in self.tree.groups)

    @cached_property
    def linear(self) -> FloatArray:
        """Linear importance of each node for its parent, or for the total, (nodes,)."""
        found = np.empty(len(self.tree))
        for members in self.tree.groups:
            whole = self.whole_of(int(self.tree.parents[members[0]]))
            found[members] = linear_importance(self.scores[:, members], whole)
        return found

    @cached_property
    def indicators(self) -> IndicatorFacts:
        return indicator_facts(self.raw)

    @cached_property
    def units(self) -> UnitFacts:
        return unit_facts(self.raw, self.global_[self.tree.leaves])

    def whole_of(self, parent: int) -> FloatArray:
        return self.total if parent == NO_PARENT else self.scores[:, parent]

    def group_of(self, members: IntArray) -> Group:
        """Describe siblings, (members,) positions of all of them or of some, as a group."""
        scores = self.scores[:, members]
        pairs = self.pearson[np.ix_(members, members)][np.triu_indices(len(members), 1)]
        known = pairs[~np.isnan(pairs)]
        return Group(
            parent=int(self.tree.parents[members[0]]),
            members=members,
            consistency=consistency_of(scores),
            components=components_of(scores),
            mean=float(known.mean()) if len(known) else np.nan,
            lowest=float(known.min()) if len(known) else np.nan,
        )

    @property
    def _with_total(self) -> FloatArray:
        return np.column_stack([self.scores, self.total])


def closest_siblings(tree: Tree, pearson: FloatArray) -> tuple[IntArray, FloatArray]:
    """Return the sibling that each node goes with most, -1 for none, and their correlation, (nodes,) each."""
    matrix = pearson.copy()
    matrix[tree.parents[:, np.newaxis] != tree.parents] = np.nan
    np.fill_diagonal(matrix, np.nan)
    matrix[np.isnan(matrix)] = -np.inf
    place = matrix.argmax(axis=1)
    found = matrix[np.arange(len(matrix)), place]
    known = np.isfinite(found)
    return np.where(known, place, -1), np.where(known, found, np.nan)


def shifts_without(index: Index, nodes: IntArray) -> FloatArray:
    """Return by how many places ranks move on average when each node is left out, (nodes,).

    nan for a node without which nothing remains, of the index or of one of its units.
    """
    try:
        return leave_nodes_out(index, nodes).mean_shift
    except ValueError:
        # Of many at once one is enough to refuse all.
        return np.array([_shift_without(index, int(node)) for node in nodes])


def _shift_without(index: Index, node: int) -> float:
    try:
        return float(leave_nodes_out(index, [node]).mean_shift[0])
    except ValueError:
        return float("nan")
