"""How the nodes of a tree are formed, each in its own way, and what the ways refuse (docs/method.md 9)."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import compress

import numpy as np

from indexer.numeric.method.aggregations import AGGREGATIONS, Aggregation
from indexer.numeric.method.faults import DataFault
from weighting.numeric.arrays import FloatArray
from weighting.numeric.tree import NO_PARENT, Tree


@dataclass(frozen=True)
class NodeSteps:
    """How the scores of a tree are formed.

    Attributes
    ----------
    aggregations : tuple of str, (nodes,)
        Codes of `AGGREGATIONS`; '' for a leaf.
    whole : str
        That of the index itself, which is formed of the root group.
    coverages : tuple of float, (nodes,)
        The least share of the weight below that a unit has to have; 0 for any.
    whole_coverage : float
    floor : float, optional
        What stands in for smaller values where a mean needs them above zero.
    """

    aggregations: tuple[str, ...]
    whole: str
    coverages: tuple[float, ...]
    whole_coverage: float = 0.0
    floor: float | None = None

    @cached_property
    def is_uniform(self) -> bool:
        """Whether all nodes are formed by one mean, so that a score is a mean of the leaves."""
        return AGGREGATIONS[self.whole].is_mean and {*self.aggregations, ""} <= {self.whole, ""}

    @cached_property
    def is_sum(self) -> bool:
        """Whether a score is the sum of its weighted leaves, whoever has a score."""
        return self.is_uniform and AGGREGATIONS[self.whole].is_sum and not self.has_coverage

    @cached_property
    def splits(self) -> bool:
        """Whether the change of a score can be split into parts that add up."""
        return all(entry.splits for entry in self._entries)

    @cached_property
    def needs_above_zero(self) -> bool:
        """Whether any node is a mean of values above zero, for which a floor may stand in."""
        return any(entry.needs_above_zero for entry in self._entries)

    @cached_property
    def _entries(self) -> list[Aggregation]:
        return [AGGREGATIONS[code] for code in sorted({self.whole, *self.aggregations} - {""})]

    @cached_property
    def looks_at_all(self) -> bool:
        """Whether the score of a unit depends on the other units' normalised values."""
        return any(entry.root_alone for entry in self._entries)

    @property
    def for_all(self) -> "NodeSteps":
        """The same steps without coverages, for units of which it is settled that they have a score."""
        return replace(self, coverages=(0.0,) * len(self.coverages), whole_coverage=0.0)

    @cached_property
    def has_coverage(self) -> bool:
        """Whether a unit may go without a score."""
        return self.whole_coverage > 0 or any(coverage > 0 for coverage in self.coverages)

    def entry_above(self, tree: Tree, node: int) -> Aggregation:
        """Return how that is formed which a node is a part of."""
        parent = int(tree.parents[node])
        return AGGREGATIONS[self.whole if parent == NO_PARENT else self.aggregations[parent]]

    def raises(self, entry: Aggregation) -> bool:
        """Whether the floor brings every value to where the mean takes it."""
        return entry.needs_above_zero and (self.floor or 0) > 0

    def floored(self, values: FloatArray, entry: Aggregation) -> FloatArray:
        """Return the values, in the shape given, raised to the floor where the mean needs that."""
        if self.floor is None or not entry.needs_above_zero:
            return values
        return np.maximum(values, self.floor)


def uniform_steps(tree: Tree, aggregation: str) -> NodeSteps:
    """Return the steps of a tree all of whose nodes are formed alike."""
    codes = tuple("" if leaf else aggregation for leaf in tree.is_leaf)
    return NodeSteps(codes, aggregation, (0.0,) * len(tree))


def may_refuse(tree: Tree, steps: NodeSteps) -> bool:
    """Tell whether any mean above a leaf refuses values at all."""
    return any(steps.entry_above(tree, leaf).refusal for leaf in tree.leaves.tolist())


def refused_faults(
    tree: Tree,
    codes: Sequence[str],
    normalised: FloatArray,
    steps: NodeSteps,
    units: Sequence[str],
    *,
    without: Collection[str] = (),
) -> list[DataFault]:
    """Return the leaves that the mean above them cannot be formed of, each with the units concerned.

    ``codes`` name the columns, (units, leaves), which may be some of the leaves; ``without`` those of
    leaves, and of nodes above them, that are not looked at.
    """
    faults = []
    for code, column in zip(codes, normalised.T, strict=True):
        leaf = tree.index[code]
        entry, parent = steps.entry_above(tree, leaf), int(tree.parents[leaf])
        above = "" if parent == NO_PARENT else tree.codes[parent]
        if entry.refusal is None or code in without or above in without:
            continue
        if (refused := entry.refused_cells(steps.floored(column, entry))).any():
            names, values = tuple(compress(units, refused)), tuple(column[refused].tolist())
            faults.append(DataFault(entry.refusal, (code,), names, values))
    return faults


def leaf_terms(tree: Tree, normalised: FloatArray, steps: NodeSteps) -> FloatArray:
    """Return what the weights of the leaves are applied to, (leaves, units); nan where missing."""
    terms = np.array(normalised.T, order="C")
    for row, leaf in enumerate(tree.leaves.tolist()):
        entry = steps.entry_above(tree, leaf)
        terms[row] = entry.terms(steps.floored(terms[row], entry))
    return terms
