"""A run beside those of the same version and method of other years: scores, ranks and raw values."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import chain

import numpy as np
from django.db.models import BinaryField, Case, IntegerField, Value, When
from django.db.models.functions import Substr

from indexer.models import City, DataSet, Run, Study
from indexer.numeric.comparison.trends import annual_growth, growth_by_step
from indexer.numeric.scores.ranking import ranks_of_present
from indexer.selectors.cities import Cities
from indexer.selectors.plans import score_unit_of
from indexer.selectors.published import given_away
from indexer.selectors.runs import RunResult, load_runs, results_of
from indexer.selectors.studies import RunIntervals, intervals_of_runs
from indexer.selectors.years import YearOfRun, years_of, years_with
from weighting.models import Account, Indicator
from weighting.numeric.arrays import BoolArray, FloatArray, IntArray
from weighting.selectors.frameworks import along_the_tree, indicators_by_framework
from weighting.selectors.tree_changes import TreeChange, tree_change

NUMBER = 8


@dataclass(frozen=True, eq=False)
class Trend:
    """Finished runs of one version and method, a year each, with one score in view; None is the composite.

    Years of other trees may be set beside them: ``nodes`` are those of the run's own framework, which
    another has where it has the code. Arrays are (units, years), over the units that any of the years
    has. With ``among_common`` ranks are those among the units that every year ranks, as in a comparison
    of runs; else among all of the year.
    """

    results: list[RunResult]
    nodes: list[Indicator]
    frameworks: Mapping[int, Sequence[Indicator]]
    cities: Cities
    node: Indicator | None = None
    among_common: bool = False
    # Of the series, those without a run included; and with those that are set beside it.
    own_years: list[YearOfRun] = field(default_factory=list)
    all_years: list[YearOfRun] = field(default_factory=list)
    studied: dict[int, RunIntervals] = field(default_factory=dict)

    @property
    def runs(self) -> list[Run]:
        return [result.run for result in self.results]

    @property
    def years(self) -> list[int]:
        return [run.data_set.year for run in self.runs]

    @property
    def beside(self) -> list[Run]:
        """The runs that follow another tree."""
        own = self.nodes[0].framework_id
        return [run for run in self.runs if run.data_set.framework_id != own]

    @property
    def span(self) -> int:
        """The years from the first to the last."""
        return self.years[-1] - self.years[0]

    @property
    def scale(self) -> float:
        return self.runs[0].method.scale

    @cached_property
    def scores(self) -> FloatArray:
        """Unrounded; nan where a year does not have the unit, or a unit has nothing of the node."""
        return self.scores_on(self.node)

    @cached_property
    def ranks(self) -> IntArray:
        """0 where there is none."""
        return self.ranks_on(self.node)

    @cached_property
    def own_ranks(self) -> IntArray:
        """Ranks among all of the year, (units, years); 0 where there is none."""
        return self._own_ranks(self._computed_on(self.node))

    @property
    def in_every_year(self) -> BoolArray:
        """Which units every year ranks, (units,)."""
        every: BoolArray = np.logical_and.reduce(self.own_ranks > 0, axis=1)
        return every

    @cached_property
    def change(self) -> FloatArray:
        """The last score less the first, (units,); nan where one of them is not there."""
        return self.scores[:, -1] - self.scores[:, 0] if self.span else np.full(len(self.cities), np.nan)

    @cached_property
    def growth(self) -> FloatArray:
        """The annual growth of the score from the first year to the last, (units,)."""
        return self.growth_of(self.scores)

    @cached_property
    def gained(self) -> FloatArray:
        """The places gained from the first year to the last, (units,); nan where a rank is not there."""
        first, last = (np.where(self.ranks[:, at] > 0, self.ranks[:, at], np.nan) for at in (0, -1))
        return first - last if self.span else np.full(len(self.cities), np.nan)

    @cached_property
    def intervals(self) -> FloatArray:
        """Between which ranks nine of ten draws of a study lie, (2, units, years); nan where none says."""
        found = np.full((2, *self.scores.shape), np.nan)
        for at, result in enumerate(self.results):
            if self._has_intervals and (studied := self.studied.get(result.run.pk)):
                ranked = np.flatnonzero(result.ranks > 0)
                if result.rows is not None:
                    ranked = ranked[np.argsort(result.rows[ranked], kind="stable")]
                found[0, ranked, at], found[1, ranked, at] = studied.q05, studied.q95
        return found

    @property
    def studies(self) -> list[Study]:
        """The studies that the intervals are of, by year."""
        asked = (self.studied.get(run.pk) for run in self.runs if self._has_intervals)
        return [studied.study for studied in asked if studied]

    @property
    def _has_intervals(self) -> bool:
        # Studies are about the composite, among all units of a run.
        return self.node is None and not self.among_common

    def on(self, node: Indicator | None) -> "Trend":
        """Return the same years with another score in view."""
        return replace(self, node=node)

    def scores_on(self, node: Indicator | None) -> FloatArray:
        """Return the scores on a node as the reader may see them, (units, years)."""
        return np.stack([self._of(result, node, RunResult.on_node) for result in self.results], axis=1)

    def _computed_on(self, node: Indicator | None) -> FloatArray:
        return np.stack(
            [self._of(result, node, RunResult.computed_on_node) for result in self.results], axis=1
        )

    def _of(
        self, result: RunResult, node: Indicator | None, scores: Callable[[RunResult, int], FloatArray]
    ) -> FloatArray:
        """Return the scores of a year, (units,); nan where its tree does not have the node."""
        if node is None:
            return result.scores
        place = self._places[result.run.data_set.framework_id].get((node.kin, node.is_leaf))
        return np.full(len(result.scores), np.nan) if place is None else scores(result, place)

    @cached_property
    def _places(self) -> dict[int, dict[tuple[str, bool], int]]:
        return {
            key: {(node.kin, node.is_leaf): node.position for node in tree}
            for key, tree in self.frameworks.items()
        }

    def own_codes(self) -> list[dict[str, str]]:
        """Return what each year calls the indicators of the run's own tree, by code; those it has alone."""
        codes = {key: {node.kin: node.code for node in tree} for key, tree in self.frameworks.items()}
        of_year = [codes[run.data_set.framework_id] for run in self.runs]
        return [{node.code: own[node.kin] for node in self.nodes if node.kin in own} for own in of_year]

    @cached_property
    def tree_changes(self) -> dict[int, TreeChange]:
        """What each other tree has otherwise than the run's own, by the key of its framework."""
        own = self.nodes[0].framework_id
        others = {key: tree for key, tree in self.frameworks.items() if key != own}
        return {key: tree_change(self.nodes, tree) for key, tree in others.items()}

    def ranks_on(self, node: Indicator | None) -> IntArray:
        """Return the ranks on a node, (units, years), each year by itself; 0 where there is none."""
        scores = self._computed_on(node)
        if not self.among_common:
            return self._own_ranks(scores)
        everywhere = np.logical_and.reduce(~np.isnan(scores), axis=1)
        return self._own_ranks(np.where(everywhere[:, np.newaxis], scores, np.nan))

    def growth_of(self, scores: FloatArray) -> FloatArray:
        """Return the annual growth of scores, (..., years), from the first year to the last.

        Standard deviations from a mean have none, whatever their sign.
        """
        if not self.span or score_unit_of(self.runs[0].method) == "standard_deviation":
            return np.full(scores.shape[:-1], np.nan)
        return annual_growth(scores[..., 0], scores[..., -1], self.span)

    def _own_ranks(self, scores: FloatArray) -> IntArray:
        return np.stack([ranks_of_present(column) for column in scores.T], axis=1)


@dataclass(frozen=True, eq=False)
class ScoreTrend:
    """A unit on one score over the years, the composite without a node; arrays are (years,)."""

    node: Indicator | None
    scores: FloatArray
    ranks: IntArray
    change: float
    growth: float


@dataclass(frozen=True, eq=False)
class ValueTrend:
    """The raw values of a unit on one indicator, (years,), their growth by step and over all years."""

    node: Indicator
    values: FloatArray
    steps: FloatArray
    growth: float


@dataclass(frozen=True, eq=False)
class CityTrend:
    """One unit over the years."""

    trend: Trend
    position: int
    account: Account | None

    @property
    def city(self) -> City:
        return self.trend.cities[self.position]

    @cached_property
    def scores(self) -> list[ScoreTrend]:
        """The composite, and every inner node as a reader follows the tree."""
        inner = [node for node in along_the_tree(self.trend.nodes) if not node.is_leaf]
        return [self._on(node) for node in (None, *inner)]

    @cached_property
    def values(self) -> list[ValueTrend]:
        """The raw values of every indicator in its unit, as far as the reader may have them."""
        leaves, runs = [node for node in self.trend.nodes if node.is_leaf], self.trend.runs
        given = given_away(self.account, runs)
        if not given.runs:
            return []
        codes = [leaf.code for leaf in leaves]
        rows = raw_values_of(runs, self.city.pk, codes, own=self.trend.own_codes())
        for at, run in enumerate(runs):
            if change := self.trend.tree_changes.get(run.data_set.framework_id):
                other_unit = {node.code for node, _other in change.remeasured}
                rows[at, [leaf.code in other_unit for leaf in leaves]] = np.nan
        rows[[run.pk not in given.runs for run in runs]] = np.nan
        rows[:, [leaf.code in given.withheld for leaf in leaves]] = np.nan
        years = np.array(self.trend.years, dtype=np.float64)
        steps = growth_by_step(rows.T, years)
        span = self.trend.span
        growth = annual_growth(rows[0], rows[-1], span) if span else np.full(len(leaves), np.nan)
        return [ValueTrend(leaf, rows[:, at], steps[at], float(growth[at])) for at, leaf in enumerate(leaves)]

    def _on(self, node: Indicator | None) -> ScoreTrend:
        trend = self.trend
        scores = trend.scores if node is None else trend.scores_on(node)
        ranks = trend.ranks if node is None else trend.ranks_on(node)
        own = scores[self.position]
        return ScoreTrend(
            node,
            own,
            ranks[self.position],
            float(own[-1] - own[0]) if trend.span else float("nan"),
            float(trend.growth_of(own)),
        )


def trend_of(
    run: Run,
    account: Account | None,
    code: str = "",
    *,
    among_common: bool = False,
    beside: Sequence[Run] = (),
) -> Trend:
    """Load a run's years in a constant number of queries, with those of other trees ``beside`` them.

    Raises `KeyError` for a code that the framework does not have; '' is the composite.
    """
    keys = {one.data_set.framework_id for one in (run, *beside)}
    frameworks = indicators_by_framework(keys)
    nodes = frameworks[run.data_set.framework_id]
    node = {node.code: node for node in nodes}[code] if code else None
    own_years = years_of(run, account)
    years = years_with(own_years, beside)
    asked = [year.run_id for year in years if year.run_id is not None]
    runs = load_runs(account, asked)
    ids = list(dict.fromkeys(chain.from_iterable(one.data_set.city_ids for one in reversed(runs))))
    return Trend(
        results=results_of(runs, frameworks, city_ids=ids),
        nodes=nodes,
        frameworks=frameworks,
        cities=Cities(runs[-1], ids=ids),
        node=node,
        among_common=among_common,
        own_years=own_years,
        all_years=years,
        studied={} if node or among_common else intervals_of_runs(runs, account),
    )


def city_trend_of(trend: Trend, city_id: int, account: Account | None) -> CityTrend | None:
    """Return one unit's way over the years, as an account may see it; None for one that no year has."""
    if city_id not in trend.cities.ids:
        return None
    return CityTrend(trend, trend.cities.ids.index(city_id), account)


def raw_values_of(
    runs: Sequence[Run], city_id: int, codes: Sequence[str], *, own: Sequence[Mapping[str, str]] = ()
) -> FloatArray:
    """Return the raw values of one unit in the data sets of some runs, (runs, codes); nan where it has none.

    ``own`` are the codes that each run has for these, where they follow several trees.

    The rows are cut out in the database, one of each matrix: all of them together may be large.
    """
    data_sets = {run.data_set_id: run.data_set for run in runs if city_id in run.data_set.city_ids}
    values = np.full((len(runs), len(codes)), np.nan)
    if not data_sets:
        return values
    sizes = {pk: NUMBER * len(data_set.leaf_codes) for pk, data_set in data_sets.items()}
    starts = {pk: sizes[pk] * one.city_ids.index(city_id) + 1 for pk, one in data_sets.items()}
    row = Substr("values", _by_data_set(starts), _by_data_set(sizes), output_field=BinaryField())
    found = dict(DataSet.objects.filter(pk__in=data_sets).annotate(row=row).values_list("pk", "row"))
    for at, run in enumerate(runs):
        if run.data_set_id in found:
            numbers = np.frombuffer(found[run.data_set_id], "<f8")
            there = dict(zip(run.data_set.leaf_codes, numbers, strict=True))
            called = own[at] if own else dict(zip(codes, codes, strict=True))
            values[at] = [there.get(called.get(code, ""), np.nan) for code in codes]
    return values


def _by_data_set(numbers: Mapping[int, int]) -> Case:
    return Case(
        *(When(pk=pk, then=Value(number)) for pk, number in numbers.items()), output_field=IntegerField()
    )
