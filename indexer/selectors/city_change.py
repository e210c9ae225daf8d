"""What moved one unit between the base of a comparison and another version."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from indexer.models import City, Run
from indexer.numeric.comparison.joined_trees import NOWHERE
from indexer.numeric.comparison.score_change import ChangeParts
from indexer.numeric.comparison.versions import Passing, find_passing
from indexer.selectors.comparison import Comparison, NotSplit
from weighting.models import Indicator
from weighting.numeric.arrays import FloatArray, IntArray
from weighting.numeric.tree import local_from_leaf_weights


@dataclass(frozen=True)
class NodeChange:
    """One indicator: its weights and the unit's score on it, before and after, and what it adds.

    ``through_weights`` and ``through_values`` are parts of the change of the composite; an inner
    node has the sums of its children. ``is_there`` tells whether the framework of each side has it.
    """

    node: Indicator
    local: tuple[float, float]
    global_: tuple[float, float]
    values: tuple[float, float]
    is_there: tuple[bool, bool]
    through_weights: float
    through_values: float
    children: "Sequence[NodeChange]"

    @property
    def total(self) -> float:
        return self.through_weights + self.through_values

    def and_below(self) -> "Iterator[NodeChange]":
        """Return the node, followed by all below it."""
        yield self
        for child in self.children:
            yield from child.and_below()


@dataclass(frozen=True, eq=False)
class CityChange:
    """A unit between the base and the version in column ``place`` of a comparison."""

    compared: Comparison
    position: int
    place: int

    @property
    def city(self) -> City:
        return self.compared.cities[self.position]

    @property
    def runs(self) -> tuple[Run, Run]:
        return self.compared.runs[0], self.compared.runs[self.place]

    @property
    def ranks(self) -> tuple[int, int]:
        before, after = self.compared.ranks[self.position, [0, self.place]].tolist()
        return before, after

    @property
    def gained(self) -> int:
        """Places gained: positive towards rank 1."""
        return self.ranks[0] - self.ranks[1]

    @property
    def scores(self) -> tuple[float, float]:
        before, after = (self.compared.results[place].scores for place in (0, self.place))
        return float(before[self.position]), float(after[self.position])

    @property
    def why_not_split(self) -> NotSplit:
        return self.compared.why_not_split(self.place)

    @cached_property
    def parts(self) -> ChangeParts | None:
        """The parts of the change, (1, nodes) each; None where ``why_not_split`` tells."""
        return self.compared.change_in(slice(self.position, self.position + 1), self.place)

    @cached_property
    def tree(self) -> list[NodeChange]:
        """The sub-indices with all below them; empty where the change has no parts."""
        if self.parts is None:
            return []
        children: dict[int, list[int]] = {}
        for node, parent in enumerate(self.compared.tree.parents.tolist()):
            children.setdefault(parent, []).append(node)
        return [self._branch(root, children) for root in children[-1]]

    @cached_property
    def branches(self) -> list[NodeChange]:
        """Every node of the tree, each followed by all below it."""
        return [branch for root in self.tree for branch in root.and_below()]

    @cached_property
    def leaves(self) -> list[NodeChange]:
        """All leaves, the one that moves the score most first."""
        found = [branch for branch in self.branches if not branch.children]
        return sorted(found, key=lambda leaf: (-abs(leaf.total), leaf.node.position))

    @cached_property
    def passing(self) -> Passing:
        ranks = self.compared.ranks
        return find_passing(ranks[:, 0], ranks[:, self.place], self.position)

    @property
    def passed(self) -> list[int]:
        """Positions of those it passed, the best under the base first."""
        return self._in_order(np.flatnonzero(self.passing.passed), 0)

    @property
    def passed_by(self) -> list[int]:
        """Positions of those who passed it, the best in the end first."""
        return self._in_order(np.flatnonzero(self.passing.passed_by), self.place)

    def _in_order(self, positions: IntArray, place: int) -> list[int]:
        return positions[np.argsort(self.compared.ranks[positions, place], kind="stable")].tolist()

    @cached_property
    def _scores(self) -> FloatArray:
        """Its scores before and after as the reader may see them, (2, nodes); nan where there is none."""
        return np.stack([self.compared.scores_of(side, self.position) for side in (0, self.place)])

    @cached_property
    def _local(self) -> FloatArray:
        """Local weights before and after, (2, nodes); 0 of what a framework does not have."""
        compared, tree = self.compared, self.compared.tree
        sides = [0, self.place]
        local = [local_from_leaf_weights(tree, compared.weights[tree.leaves, side]) for side in sides]
        there = [compared.joined.places[side] != NOWHERE for side in sides]
        return np.where(there, local, 0.0)

    def _branch(self, node: int, children: dict[int, list[int]]) -> NodeChange:
        assert self.parts is not None  # noqa: S101  (the tree is empty without parts)
        sides = (0, self.place)
        before, after = self._scores[:, node].tolist()
        first, second = self.compared.weights[node, sides].tolist()
        one, other = self._local[:, node].tolist()
        return NodeChange(
            node=self.compared.nodes[node],
            local=(one, other),
            global_=(first, second),
            values=(before, after),
            is_there=(self.compared.has_node(0, node), self.compared.has_node(self.place, node)),
            through_weights=float(self.parts.weights[0, node]),
            through_values=float(self.parts.values[0, node]),
            children=[self._branch(child, children) for child in children.get(node, ())],
        )


def city_change_of(compared: Comparison, city_id: int, place: int) -> CityChange | None:
    """Return the change of a unit from the base to another version; None for a unit not among them."""
    if city_id not in compared.cities.ids:
        return None
    change = CityChange(compared, compared.cities.ids.index(city_id), place)
    # Fetched before anybody asks for its province: few units come together, and bring theirs.
    assert change.city.pk == city_id  # noqa: S101
    return change
