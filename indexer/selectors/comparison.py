"""Runs of one data set under several weight versions, set against the first of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from indexer.enums import Aggregation
from indexer.models import City, Run
from indexer.numeric.comparison import decompose_change, mean_absolute_shift, rank_shift, spearman
from indexer.selectors.cities import cities_of_run
from indexer.selectors.runs import RunResult, results_of
from weighting.models import Indicator
from weighting.numeric.arrays import FloatArray, IntArray
from weighting.numeric.tree import Tree
from weighting.selectors.frameworks import indicators_of, tree_of
from weighting.selectors.versions import global_weights_of

# Weights are products of a few quotients: below this they differ by rounding alone.
WEIGHT_TOLERANCE = 1e-12


@dataclass(frozen=True)
class ShiftSummary:
    """How far the ranks of one version are from those of the base."""

    moved: int
    largest: int
    mean_absolute: float
    spearman: float | None


@dataclass(frozen=True, eq=False)
class Comparison:
    """Finished runs side by side; ``results[0]`` is the base, arrays follow ``cities``."""

    results: list[RunResult]
    nodes: list[Indicator]
    tree: Tree
    cities: list[City]
    weights: FloatArray  # global, (nodes, versions)

    @property
    def runs(self) -> list[Run]:
        return [result.run for result in self.results]

    @cached_property
    def roots(self) -> IntArray:
        """Positions of the sub-indices among the nodes."""
        return self.tree.groups[0]

    @cached_property
    def sub_indices(self) -> list[Indicator]:
        return [self.nodes[root] for root in self.roots]

    @cached_property
    def ranks(self) -> IntArray:
        """Rank of each city under each version, (cities, versions)."""
        return np.stack([result.ranks for result in self.results], axis=1)

    @cached_property
    def shifts(self) -> IntArray:
        """Places gained against the base, (cities, versions); the base's own are 0."""
        base = self.results[0].ranks
        return np.stack([rank_shift(base, result.ranks) for result in self.results], axis=1)

    @cached_property
    def largest_shifts(self) -> IntArray:
        """The shift of each city that is largest in size, (cities,)."""
        widest = np.abs(self.shifts).argmax(axis=1)
        return np.take_along_axis(self.shifts, widest[:, np.newaxis], axis=1)[:, 0]

    @cached_property
    def moved(self) -> int:
        """Cities whose rank is not the same under every version."""
        return int((self.largest_shifts != 0).sum())

    @cached_property
    def summaries(self) -> list[ShiftSummary]:
        """The base against each other version."""
        return [summarise_shift(self.results[0].ranks, other.ranks) for other in self.results[1:]]

    @cached_property
    def score_changes(self) -> FloatArray:
        """The last score minus the base's, (cities,); not times 100."""
        return self.results[-1].scores - self.results[0].scores

    @cached_property
    def contributions(self) -> FloatArray | None:
        """What each node adds to the change of the score, (cities, nodes).

        None where the composite is not a weighted sum over all leaves: the geometric mean, and
        cities whose weights were rescaled for want of a value.
        """
        values = self.results[0].node_scores[:, self.tree.leaves]
        if self.runs[0].method.aggregation != Aggregation.ARITHMETIC or np.isnan(values).any():
            return None
        return decompose_change(self.tree, self.weights[:, 0], self.weights[:, -1], values)

    @cached_property
    def lower_weights_differ(self) -> bool:
        """Whether any two versions weigh differently inside a sub-index, too."""
        branches = self.tree.descendant_leaves[self.roots]
        of_branch = branches.T @ self.weights[self.roots]
        leaf_weights = self.weights[self.tree.leaves]
        inside = np.divide(leaf_weights, of_branch, out=np.zeros_like(leaf_weights), where=of_branch > 0)
        return bool(np.ptp(inside, axis=1).max() > WEIGHT_TOLERANCE)


def compare_runs(runs: Sequence[Run]) -> Comparison:
    """Set finished runs of one data set and method side by side; the first is the base."""
    nodes = indicators_of(runs[0].data_set.framework_id)
    weights = global_weights_of([run.weight_version_id for run in runs])
    return Comparison(
        results=results_of(runs),
        nodes=nodes,
        tree=tree_of(nodes),
        cities=cities_of_run(runs[0]),
        weights=np.stack([weights[run.weight_version_id] for run in runs], axis=1),
    )


def summarise_shift(before: IntArray, after: IntArray) -> ShiftSummary:
    """Return the figures that say how far two rankings are apart."""
    sizes = np.abs(rank_shift(before, after))
    try:
        correlation = spearman(before, after)
    except ValueError:  # all cities tie in one of them
        correlation = None
    return ShiftSummary(
        moved=int((sizes > 0).sum()),
        largest=int(sizes.max()),
        mean_absolute=mean_absolute_shift(before, after),
        spearman=correlation,
    )
