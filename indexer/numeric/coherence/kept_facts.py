"""What audits find, as arrays to be kept, and audits from these, without the values and scores."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np

from indexer.numeric.coherence.audit import AuditedIndex, Group, closest_siblings
from indexer.numeric.coherence.consistency import Components, Consistency
from indexer.numeric.coherence.correlations import correlation_flags
from indexer.numeric.coherence.importance import DRAWS, Importance
from indexer.numeric.coherence.indicators import IndicatorFacts, UnitFacts
from indexer.numeric.coherence.unweighted import UnweightedIndex
from indexer.numeric.method.treatment import Shape
from indexer.numeric.studies.blocks import Tally
from weighting.numeric.arrays import FloatArray, IntArray
from weighting.numeric.tree import Tree


class UnweightedFacts(Protocol):
    """A data set before any weights: worked out from its values as they are asked for, or kept."""

    @property
    def tree(self) -> Tree: ...
    @property
    def pearson(self) -> FloatArray:
        """Of all nodes and, last, the total, (nodes + 1, nodes + 1); nan but of leaves."""

    @property
    def spearman(self) -> FloatArray:
        """The same of ranks, (nodes + 1, nodes + 1)."""

    @property
    def flags(self) -> IntArray:
        """What is remarkable about each pair of nodes, (nodes, nodes)."""

    @property
    def closest(self) -> tuple[IntArray, FloatArray]:
        """The sibling that each node goes with most, and their correlation, (nodes,) each."""

    @property
    def indicators(self) -> IndicatorFacts: ...
    @property
    def units(self) -> UnitFacts: ...
    @property
    def groups(self) -> tuple[Group, ...]:
        """The leaves of every group that has any."""


@dataclass(frozen=True, eq=False)
class KeptFacts:
    """The same as it was kept."""

    tree: Tree
    arrays: Tally

    @cached_property
    def pearson(self) -> FloatArray:
        return _among_nodes(self.tree, self.arrays["pearson"])

    @cached_property
    def spearman(self) -> FloatArray:
        return _among_nodes(self.tree, self.arrays["spearman"])

    @cached_property
    def indicators(self) -> IndicatorFacts:
        return _indicators_in(self.arrays)

    @cached_property
    def units(self) -> UnitFacts:
        return _units_in(self.arrays)

    @cached_property
    def groups(self) -> tuple[Group, ...]:
        return _groups_in(self.arrays)

    @cached_property
    def flags(self) -> IntArray:
        return correlation_flags(self.tree, self.pearson[:-1, :-1])

    @cached_property
    def closest(self) -> tuple[IntArray, FloatArray]:
        return closest_siblings(self.tree, self.pearson[:-1, :-1])


@dataclass(frozen=True, eq=False)
class KeptIndex(AuditedIndex):
    """An index of which was kept what its audit finds; scores of a few nodes are read as they are asked for.

    Attributes
    ----------
    arrays : dict
        As `arrays_of_index` gave them; that of an earlier release has no importance, which is then worked out
        of the scores.
    read : callable
        From positions of nodes to their scores, (units, nodes).
    """

    tree: Tree
    local: FloatArray
    global_: FloatArray
    total: FloatArray
    arrays: Tally
    read: Callable[[IntArray], FloatArray]

    def scores_on(self, nodes: IntArray) -> FloatArray:
        return self.read(nodes)

    @property
    def pearson(self) -> FloatArray:
        return self.arrays["pearson"]

    @property
    def spearman(self) -> FloatArray:
        return self.arrays["spearman"]

    @cached_property
    def groups(self) -> tuple[Group, ...]:
        return _groups_in(self.arrays)

    @cached_property
    def indicators(self) -> IndicatorFacts:
        return _indicators_in(self.arrays)

    @cached_property
    def units(self) -> UnitFacts:
        return _units_in(self.arrays)

    def importance(self, members: IntArray, parent: int, *, draws: int = DRAWS) -> Importance:
        kept = None if draws else self._importances.get((parent, *members.tolist()))
        return super().importance(members, parent, draws=draws) if kept is None else kept

    def variance(self, group: Group) -> FloatArray:
        kept = self._variances.get((group.parent, *group.members.tolist()))
        return super().variance(group) if kept is None else kept

    @cached_property
    def _importances(self) -> dict[tuple[int, ...], Importance]:
        """By the whole and the members, without intervals."""
        parts = self._by_members("importance", [(each.whole, each.nodes) for each in self.weighed])
        return {of: Importance(*found, *np.full_like(found, np.nan)) for of, found in parts.items()}

    @cached_property
    def _variances(self) -> dict[tuple[int, ...], FloatArray]:
        return self._by_members("variance", [(each.parent, each.members) for each in self.groups])

    def _by_members(
        self, name: str, each: Sequence[tuple[int, IntArray]]
    ) -> dict[tuple[int, ...], FloatArray]:
        """Cut an array whose last axis is that of the members of each whole; nothing where none was kept."""
        if name not in self.arrays:
            return {}
        ends = np.cumsum([len(members) for _whole, members in each])[:-1]
        parts = np.split(self.arrays[name], ends, axis=-1)
        return {(whole, *members.tolist()): part for (whole, members), part in zip(each, parts, strict=True)}


def arrays_of_data(index: UnweightedIndex) -> Tally:
    """Return all that there is to know of an index before it has weights, by name."""
    leaves = np.ix_(index.tree.leaves, index.tree.leaves)
    among = {"pearson": index.pearson[leaves], "spearman": index.spearman[leaves]}
    return _arrays_of_facts(index) | _arrays_of_groups(index.groups) | among


def arrays_of_index(index: AuditedIndex) -> Tally:
    """Return all that the audit of an index finds without drawing or leaving out anything, by name."""
    among = {"pearson": index.pearson, "spearman": index.spearman}
    return _arrays_of_facts(index) | _arrays_of_groups(index.groups) | among | _arrays_of_importance(index)


def _arrays_of_importance(index: AuditedIndex) -> Tally:
    """Return importance, linear and smooth, (2, members of each whole), and parts of variance, (members,)."""
    found = [(each.linear, each.smooth) for _weighed, each in index.importances(draws=0)]
    return {
        "importance": np.concatenate([np.stack(each) for each in found], axis=1),
        "variance": np.concatenate([index.variance(group) for group in index.groups]),
    }


def _arrays_of_facts(index: AuditedIndex) -> Tally:
    facts, units = index.indicators, index.units
    shapes = np.array([(shape.skewness, shape.kurtosis) for shape in facts.shapes])
    columns = (facts.available, facts.zeros, facts.repeats, facts.low, facts.high, facts.mean, facts.median)
    return {
        "counts": facts.count,
        "columns": np.stack([*columns, facts.spread, *shapes.T]),
        "unit_counts": np.stack([units.count, units.zeros]),
        "units": np.stack([units.available, units.weight]),
    }


def _indicators_in(arrays: Tally) -> IndicatorFacts:
    available, zeros, repeats, low, high, mean, median, spread, *shapes = arrays["columns"]
    return IndicatorFacts(
        count=arrays["counts"],
        available=available,
        zeros=zeros,
        repeats=repeats,
        low=low,
        high=high,
        mean=mean,
        median=median,
        spread=spread,
        shapes=tuple(map(Shape, *(shape.tolist() for shape in shapes))),
    )


def _units_in(arrays: Tally) -> UnitFacts:
    (count, zeros), (available, weight) = arrays["unit_counts"], arrays["units"]
    return UnitFacts(count, available, weight, zeros)


def _among_nodes(tree: Tree, of_leaves: FloatArray) -> FloatArray:
    found = np.full((len(tree) + 1, len(tree) + 1), np.nan)
    found[np.ix_(tree.leaves, tree.leaves)] = of_leaves
    return found


def _arrays_of_groups(groups: Sequence[Group]) -> Tally:
    """Return the figures of groups, those of members one group after the other."""
    alike = [
        (each.consistency.alpha, each.consistency.standardised, each.mean, each.lowest) for each in groups
    ]
    return {
        "parents": np.array([each.parent for each in groups]),
        "sizes": np.array([len(each.members) for each in groups]),
        "members": np.concatenate([each.members for each in groups]),
        "complete": np.array([each.components.count for each in groups]),
        "groups": np.array(alike).T,
        "without": np.concatenate([each.consistency.without for each in groups]),
        "eigenvalues": np.concatenate([each.components.eigenvalues for each in groups]),
        "loadings": np.concatenate([each.components.loadings.ravel() for each in groups]),
    }


def _groups_in(arrays: Tally) -> tuple[Group, ...]:
    found, sizes = list[Group](), arrays["sizes"]
    ends, areas = np.cumsum(sizes), np.cumsum(sizes**2)
    for at, size in enumerate(sizes.tolist()):
        own, square = slice(ends[at] - size, ends[at]), slice(areas[at] - size**2, areas[at])
        alpha, standardised, mean, lowest = arrays["groups"][:, at].tolist()
        loadings = arrays["loadings"][square].reshape(size, size)
        found.append(
            Group(
                parent=int(arrays["parents"][at]),
                members=arrays["members"][own],
                consistency=Consistency(alpha, standardised, arrays["without"][own]),
                components=Components(int(arrays["complete"][at]), arrays["eigenvalues"][own], loadings),
                mean=mean,
                lowest=lowest,
            )
        )
    return tuple(found)
