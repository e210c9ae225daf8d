"""Runs under several versions, data or methods, set against the first of them, over the units of all."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from itertools import chain
from typing import Any, Literal

import numpy as np

from indexer.models import Run
from indexer.numeric.comparison.joined_trees import NOWHERE, JoinedTrees
from indexer.numeric.comparison.rank_correlation import kendall_by_version
from indexer.numeric.comparison.score_change import ChangeParts, ScoredSide, split_change
from indexer.numeric.comparison.versions import (
    band_flows,
    correlate_midranks,
    kendall_tau_b,
    mean_absolute_shift,
    mean_shift_matrix,
    midranks,
    rank_shift,
    spearman,
    top_overlap,
)
from indexer.numeric.method.node_steps import NodeSteps
from indexer.numeric.scores.ranking import min_ranks
from indexer.selectors.cities import Cities
from indexer.selectors.composites import ranks_by_run
from indexer.selectors.joined_frameworks import join_frameworks
from indexer.selectors.plans import plan_of, steps_of_ranked
from indexer.selectors.runs import RunResult, results_of
from weighting.models import Indicator
from weighting.numeric.arrays import BoolArray, FloatArray, IntArray
from weighting.numeric.tree import Tree, local_from_leaf_weights
from weighting.selectors.frameworks import indicators_by_framework, sub_indices_of
from weighting.selectors.tree_changes import TreeChange, tree_change
from weighting.selectors.versions import global_weights_of

# Weights are products of a few quotients: below this they differ by rounding alone.
WEIGHT_TOLERANCE = 1e-12
TOPS = (3, 10, 50, 100)
# So many scores of units on nodes are split at a time.
SPLIT_CELLS = 2_000_000
# Ranks of so many units in all are correlated with one version's at a time.
CORRELATED_CELLS = 1_000_000
BANDS = (10, 50, 100, 200, 500, 1000, 2000, 5000)

# Why a change of the scores cannot be split: the two versions measure in different units or form
# their nodes differently, a score is a place among the others, or parts would tell what may not be
# given away.
NotSplit = Literal["", "units", "formed", "others", "withheld"]


@dataclass(frozen=True)
class ShiftSummary:
    """How far the ranks of one version are from those of the base.

    ``tops`` holds the part of the first 3, 10, ... units that both have in common.
    """

    moved: int
    largest: int
    mean_absolute: float
    spearman: float | None
    tau_b: float | None
    tops: Mapping[int, float]


@dataclass(frozen=True, eq=False)
class Apart:
    """The units that some runs do not rank, which the comparison leaves out.

    ``ranks`` and ``scores``, (units, versions), are those in each run among all of its own units: 0
    and nan where it does not rank the unit, for want of values or, without ``in_data``, of the unit.
    ``compared`` are the same ranks of the units that are compared.
    """

    cities: Cities
    ranks: IntArray
    scores: FloatArray
    in_data: BoolArray
    compared: IntArray

    def __len__(self) -> int:
        return len(self.cities)


@dataclass(frozen=True, eq=False)
class Comparison:
    """Finished runs side by side; ``results[0]`` is the base, arrays follow ``cities``.

    Runs may follow several frameworks: ``nodes`` are those of all, ``joined`` where each run has them.
    Ranks are those among ``cities``, which every run ranks: a unit that came in ahead of others is no
    reason why these fall. ``apart`` are the units that came, went or have no rank; None for none.
    """

    results: list[RunResult]
    nodes: list[Indicator]
    joined: JoinedTrees  # with places for each run
    cities: Cities
    weights: FloatArray  # global, (nodes, versions); 0 where a run's framework does not have the node
    frameworks: Mapping[int, Sequence[Indicator]]
    apart: Apart | None = None

    @property
    def tree(self) -> Tree:
        return self.joined.tree

    @property
    def names(self) -> dict[str, str]:
        """What nodes are called, by code."""
        return {node.code: node.name for node in self.nodes}

    def has_node(self, place: int, node: int) -> bool:
        """Tell whether the framework of a run has a node."""
        return bool(self.joined.places[place][node] != NOWHERE)

    def scores_of(self, place: int, city: int) -> FloatArray:
        """Return what a unit scores on each node under a version; nan for none, and for one kept back."""
        return self._node_scores(place, slice(city, city + 1))[0]

    @cached_property
    def tree_changes(self) -> dict[int, TreeChange]:
        """What each other framework has otherwise than that of the base, by its key."""
        base, *others = dict.fromkeys(run.data_set.framework_id for run in self.runs)
        return {key: tree_change(self.frameworks[base], self.frameworks[key]) for key in others}

    def narrowed_to(self, place: int) -> "Comparison":
        """Return the base and one other version alone."""
        places = [0, place]
        return replace(
            self,
            results=[self.results[at] for at in places],
            joined=replace(self.joined, places=tuple(self.joined.places[at] for at in places)),
            weights=self.weights[:, places],
            apart=None,
        )

    @property
    def runs(self) -> list[Run]:
        return [result.run for result in self.results]

    @cached_property
    def sub_positions(self) -> IntArray:
        """Positions of the sub-indices among the nodes."""
        return np.array([node.position for node in self.sub_indices])

    @cached_property
    def sub_indices(self) -> list[Indicator]:
        return sub_indices_of(self.nodes)

    @cached_property
    def ranks(self) -> IntArray:
        """Rank of each unit under each version, (units, versions)."""
        return np.stack([result.ranks for result in self.results], axis=1)

    @property
    def own_ranks(self) -> IntArray:
        """Rank of each unit among all that a run ranks, (units, versions)."""
        return self.ranks if self.apart is None else self.apart.compared

    @cached_property
    def shifts(self) -> IntArray:
        """Places gained against the base, (units, versions); the base's own are 0."""
        base = self.results[0].ranks
        return np.stack([rank_shift(base, result.ranks) for result in self.results], axis=1)

    @cached_property
    def largest_shifts(self) -> IntArray:
        """The shift of each unit that is largest in size, (units,)."""
        widest = np.abs(self.shifts).argmax(axis=1)
        return np.take_along_axis(self.shifts, widest[:, np.newaxis], axis=1)[:, 0]

    @cached_property
    def moved(self) -> int:
        """Units whose rank is not the same under every version."""
        return int((self.largest_shifts != 0).sum())

    @cached_property
    def summaries(self) -> list[ShiftSummary]:
        """The base against each other version."""
        return [summary for _other, summary in self._beside(0)]

    @cached_property
    def mean_shifts(self) -> FloatArray:
        """R_S between every two versions, (versions, versions)."""
        return mean_shift_matrix(self.ranks)

    @property
    def tops(self) -> list[int]:
        """The tops that fewer units than all make up."""
        return tops_of(len(self.cities))

    def top_overlaps(self, k: int) -> FloatArray:
        """How much of their first k units every two versions share, (versions, versions)."""
        return top_overlap(self.ranks, k)

    def pairs(self) -> Iterator[tuple[int, int, "ShiftSummary"]]:
        """Yield how far every two versions are apart."""
        for one in range(len(self.results)):
            yield from ((one, other, summary) for other, summary in self._beside(one))

    def _beside(self, one: int) -> Iterator[tuple[int, "ShiftSummary"]]:
        """Yield how far each version behind one is apart from it; they are correlated together."""
        ranks = self._ranks_by_version
        width = max(1, CORRELATED_CELLS // ranks.shape[1])
        for start in range(one + 1, len(ranks), width):
            taus = kendall_by_version(ranks[one], ranks[start : start + width]).tolist()
            for other, tau in enumerate(taus, start):
                tops = {k: float(shared[one, other]) for k, shared in self._overlaps.items()}
                rho = partial(correlate_midranks, self._midranks[one], self._midranks[other])
                yield other, _summary(ranks[one], ranks[other], rho, partial(float, tau), tops)

    @cached_property
    def _ranks_by_version(self) -> IntArray:
        """The same as ``ranks``, one version after the other, (versions, units)."""
        return np.ascontiguousarray(self.ranks.T)

    @cached_property
    def _midranks(self) -> list[FloatArray]:
        return [midranks(version) for version in self._ranks_by_version]

    @cached_property
    def _overlaps(self) -> dict[int, FloatArray]:
        return {k: self.top_overlaps(k) for k in self.tops}

    @cached_property
    def band_limits(self) -> IntArray:
        """The last rank of each band but the last."""
        count = len(self.cities)
        limits = [limit for limit in BANDS if limit < count] or [-(-count // 3), -(-2 * count // 3)]
        return np.array(sorted({limit for limit in limits if limit < count}), dtype=np.int64)

    @cached_property
    def flows(self) -> IntArray:
        """Units by step, band of the base, band before and after; see `band_flows`."""
        return band_flows(self.ranks, self.band_limits)

    @cached_property
    def score_changes(self) -> FloatArray:
        """The last score minus the base's, (units,); not times 100."""
        return self.results[-1].scores - self.results[0].scores

    @property
    def scale(self) -> float:
        """What a score of the base is shown times."""
        return self.runs[0].method.scale

    @property
    def one_data_set(self) -> bool:
        return len({run.data_set_id for run in self.runs}) == 1

    @property
    def one_method(self) -> bool:
        return len({run.method_id for run in self.runs}) == 1

    def why_not_split(self, place: int = -1) -> NotSplit:
        """Say why the change from the base to another version has no parts; empty where it has."""
        pair = (self.results[0], self.results[place])
        if len({self._unit_of_values(at, (0, place)) for at in (0, place)}) > 1:
            return "units"
        steps = self._steps(place)
        if steps is None:
            return "formed"
        if any(result.kept_nodes for result in pair):
            return "withheld"
        return "" if steps.splits else "others"

    def adds_up(self, place: int = -1) -> bool:
        """Whether the scores of the base and of another version are weighted sums over all indicators."""
        return all(
            plan_of(result.run.method).adds_up and not result.lacks_values
            for result in (self.results[0], self.results[place])
        )

    def change_in(self, rows: slice, place: int = -1) -> ChangeParts | None:
        """Split the changes of some units from the base to another version, (units, nodes).

        None where ``why_not_split`` tells.
        """
        steps = self._steps(place)
        if steps is None or self.why_not_split(place):
            return None
        return split_change(self.tree, steps, self._side(0, rows), self._side(place, rows))

    @cached_property
    def change(self) -> ChangeParts | None:
        """What each sub-index adds to the change from the base to the last version, (units, sub-indices)."""
        steps = self._steps(-1)
        if steps is None or self.why_not_split():
            return None
        if steps.is_sum and self.one_data_set and self.one_method:
            # The same values under other weights: what they add is told by the scores of the sub-indices.
            before, after = self._added(0), self._added(-1)
            return ChangeParts(after - before, np.broadcast_to(0.0, after.shape))
        return self._change_in_parts()

    def _added(self, place: int) -> FloatArray:
        """Return what each sub-index adds to the scores under a version, (units, sub-indices)."""
        result, own = self.results[place], self.joined.places[place][self.sub_positions]
        scores = np.stack([result.on_node(node) for node in own.tolist()])
        there = ~np.isnan(scores)
        # Weights are those of what a unit has.
        weights = self.weights[self.sub_positions, place][:, np.newaxis] * there
        mass = np.where(there.all(axis=0), 1.0, weights.sum(axis=0))
        shares = np.divide(weights, mass, out=np.zeros_like(scores), where=mass > 0)
        added: FloatArray = (shares * np.where(there, scores, 0.0)).T
        return added

    def _change_in_parts(self) -> ChangeParts:
        """Split the changes of some units after the others, and keep of each the sub-indices."""
        for result in (self.results[0], self.results[-1]):
            result.leaves.values  # noqa: B018  (normalised once for all parts)
        shape = len(self.cities), len(self.sub_positions)
        parts = ChangeParts(np.empty(shape), np.empty(shape))
        step = max(1, SPLIT_CELLS // len(self.tree))
        for start in range(0, len(self.cities), step):
            rows = slice(start, start + step)
            split = self.change_in(rows)
            assert split is not None  # noqa: S101  (asked by the caller)
            parts.weights[rows] = split.weights[:, self.sub_positions]
            parts.values[rows] = split.values[:, self.sub_positions]
        return parts

    def _side(self, place: int, rows: slice) -> ScoredSide:
        local = local_from_leaf_weights(self.tree, self.weights[self.tree.leaves, place])
        return ScoredSide(local, self._node_scores(place, rows), self.results[place].scores[rows])

    def _node_scores(self, place: int, rows: slice) -> FloatArray:
        return self.joined.spread(self.results[place].node_scores_in(rows), place, np.nan)

    def _steps(self, place: int) -> NodeSteps | None:
        """Return how the base and another version form their nodes; None where they do it otherwise."""
        pair = self.narrowed_to(place)
        own = [steps_of_ranked(r.run.method, r.leaves.structure.tree) for r in pair.results]
        return pair.joined.steps(own)

    def _unit_of_values(self, place: int, pair: tuple[int, int]) -> tuple[Any, ...]:
        """Return what of a run has to be alike for scores of a pair to be subtracted."""
        method = self.runs[place].method
        codes = [set(self.runs[at].data_set.leaf_codes) for at in pair]
        own = {code: cells.get("normalisation", "") for code, cells in method.leaves.items()}
        common = sorted((code, how) for code, how in own.items() if how and code in codes[0] & codes[1])
        return method.normalisation, method.scale, *common

    @cached_property
    def lower_weights_differ(self) -> bool:
        """Whether any two versions weigh differently inside a sub-index, too."""
        branches = self.tree.descendant_leaves[self.sub_positions]
        of_branch = branches.T @ self.weights[self.sub_positions]
        leaf_weights = self.weights[self.tree.leaves]
        inside = np.divide(leaf_weights, of_branch, out=np.zeros_like(leaf_weights), where=of_branch > 0)
        return bool(np.ptp(inside, axis=1).max() > WEIGHT_TOLERANCE)


def compare_runs(runs: Sequence[Run]) -> Comparison:
    """Set finished runs side by side, over the units that all rank, the base first."""
    frameworks = indicators_by_framework({run.data_set.framework_id for run in runs})
    nodes, joined = join_frameworks([frameworks[run.data_set.framework_id] for run in runs])
    weights = global_weights_of([run.weight_version_id for run in runs])
    ids = list(dict.fromkeys(chain.from_iterable(run.data_set.city_ids for run in runs)))
    results, cities, apart = _ranked_in_all(results_of(runs, frameworks, city_ids=ids), ids)
    spread = [joined.spread(weights[run.weight_version_id], at, 0.0) for at, run in enumerate(runs)]
    return Comparison(
        results=results,
        nodes=nodes,
        joined=joined,
        cities=cities,
        weights=np.stack(spread, axis=1),
        frameworks=frameworks,
        apart=apart,
    )


def have_ranked_in_common(runs: Sequence[Run]) -> bool:
    """Whether there is a unit that all of some finished runs rank."""
    if len({run.data_set_id for run in runs}) == 1 and not any(
        plan_of(run.method).may_leave_out for run in runs
    ):
        return True
    ranks = ranks_by_run([run.pk for run in runs])
    ranked = [set(np.array(run.data_set.city_ids)[ranks[run.pk] > 0].tolist()) for run in runs]
    return bool(set.intersection(*ranked))


def _ranked_in_all(
    results: list[RunResult], ids: Sequence[int]
) -> tuple[list[RunResult], Cities, Apart | None]:
    """Return the units that every run ranks, ranked among themselves, and those left out."""
    run = results[0].run
    ranked = np.logical_and.reduce([result.ranks > 0 for result in results])
    if ranked.all():
        return results, Cities(run, ids=list(ids)), None
    chosen, others = np.flatnonzero(ranked), np.flatnonzero(~ranked)
    some = [
        replace(
            result,
            scores=result.scores[chosen],
            # Ties are those that the whole run has.
            ranks=min_ranks(-result.ranks[chosen].astype(np.float64)),
            rows=chosen if result.rows is None else result.rows[chosen],
        )
        for result in results
    ]
    apart = Apart(
        cities=Cities(run, ids=[ids[place] for place in others.tolist()]),
        ranks=np.stack([result.ranks[others] for result in results], axis=1),
        scores=np.stack([result.scores[others] for result in results], axis=1),
        in_data=np.stack(
            [np.ones(len(others), bool) if r.rows is None else r.rows[others] >= 0 for r in results], axis=1
        ),
        compared=np.stack([result.ranks[chosen] for result in results], axis=1),
    )
    return some, Cities(run, ids=[ids[place] for place in chosen.tolist()]), apart


def summarise_shift(before: IntArray, after: IntArray) -> ShiftSummary:
    """Return the figures that say how far two rankings are apart."""
    both = np.stack([before, after], axis=1)
    tops = {k: float(top_overlap(both, k)[0, 1]) for k in tops_of(len(before))}
    rho, tau = partial(spearman, before, after), partial(kendall_tau_b, before, after)
    return _summary(before, after, rho, tau, tops)


def _summary(
    before: IntArray,
    after: IntArray,
    rho: Callable[[], float],
    tau: Callable[[], float],
    tops: dict[int, float],
) -> ShiftSummary:
    sizes = np.abs(rank_shift(before, after))
    try:
        correlation = rho()
    except ValueError:  # all units tie in one of them
        correlation = None
    return ShiftSummary(
        moved=int((sizes > 0).sum()),
        largest=int(sizes.max()),
        mean_absolute=mean_absolute_shift(before, after),
        spearman=correlation,
        tau_b=None if correlation is None else tau(),
        tops=tops,
    )


def tops_of(cities: int) -> list[int]:
    """Return the sizes of the tops that are looked at among so many units."""
    return [k for k in TOPS if k < cities] or [1]
