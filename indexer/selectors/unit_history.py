"""A unit of a published index in all its editions: rank, score and the raw values of every indicator."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from indexer.models import City, IndexEdition, Run
from indexer.numeric.method.plan import is_absolute
from indexer.selectors.composites import Standing, city_ids_by_run, standings_of
from indexer.selectors.plans import plan_of
from indexer.selectors.published import given_away
from indexer.selectors.trends import raw_values_of
from weighting.numeric.arrays import FloatArray


@dataclass(frozen=True, eq=False)
class UnitHistory:
    """The editions in which a unit has a rank, the newest first, and its raw values by year.

    ``are_comparable`` where one raw value is one score in every edition. ``values`` are (years, leaves), in
    the order of the data: of each year those of its newest edition, nan where there is none to give.
    """

    standings: Sequence[tuple[IndexEdition, Standing]]
    are_comparable: bool
    years: Sequence[int]
    values: FloatArray


def history_of(editions: Sequence[IndexEdition], run: Run, city: City) -> UnitHistory:
    """Return what becomes of a unit over released editions of an index, the newest first."""
    found = standings_of(city.pk, city_ids_by_run([edition.run_id for edition in editions]))
    runs = _run_of_each_year(editions, run)
    codes = run.data_set.leaf_codes
    return UnitHistory(
        standings=[(edition, found[edition.run_id]) for edition in editions if edition.run_id in found],
        are_comparable=_have_one_scale([edition.run for edition in editions], codes),
        years=[one.data_set.year for one in runs],
        values=_values_given(runs, city, codes),
    )


def _run_of_each_year(editions: Sequence[IndexEdition], run: Run) -> list[Run]:
    """Return the runs of the newest edition of each year with the same indicators, in order.

    Of its own year a run stands for itself: an older edition shows its own values.
    """
    newest: dict[int, Run] = {}
    for edition in editions:
        if edition.run.data_set.framework_id == run.data_set.framework_id:
            newest.setdefault(edition.run.data_set.year, edition.run)
    newest[run.data_set.year] = run
    return [newest[year] for year in sorted(newest)]


def _have_one_scale(runs: Sequence[Run], codes: Sequence[str]) -> bool:
    if len({(run.method_id, run.weight_version_id) for run in runs}) > 1:
        return False
    plan = plan_of(runs[0].method)
    return all(is_absolute(plan.leaf_step(code)) for code in codes)


def _values_given(runs: Sequence[Run], city: City, codes: Sequence[str]) -> FloatArray:
    given = given_away(None, runs)
    values = raw_values_of(runs, city.pk, codes)
    values[[run.pk not in given.runs for run in runs]] = np.nan
    values[:, [code in given.withheld for code in codes]] = np.nan
    return values
