"""The years of a run's series, and the run of the same version and method of each."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery

from indexer.enums import RunStatus
from indexer.models import DataSeries, DataSet, Run
from indexer.selectors.plans import score_unit_of
from indexer.selectors.runs import listed_runs_visible_to, runs_visible_to
from weighting.models import Account, Framework, Indicator
from weighting.permissions import STAFF, has_role
from weighting.selectors.frameworks import kindred_frameworks


@dataclass(frozen=True)
class YearOfRun:
    """A year of a series: its edition, and the finished run of it; None where there is no such run."""

    year: int
    edition: int
    run_id: int | None


def years_of(run: Run, account: Account | None) -> list[YearOfRun]:
    """Return the years of a run's series that the visitor may see, in order, in one query.

    Of a year the run's own edition counts, of every other the newest that has such a run.
    """
    runs = runs_visible_to(account).filter(
        data_set=OuterRef("pk"),
        weight_version=run.weight_version_id,
        method=run.method_id,
        status=RunStatus.DONE,
    )
    editions = DataSet.objects.filter(series=run.data_set.series_id)
    if not has_role(account, STAFF):
        editions = editions.filter(is_published=True)
    found = editions.annotate(found=Subquery(runs.order_by().values("pk")[:1])).order_by("year", "edition")
    rows = [YearOfRun(*row) for row in found.values_list("year", "edition", "found")]
    return [_chosen(members, run) for _year, members in groupby(rows, key=lambda row: row.year)]


def runs_to_set_beside(run: Run, account: Account | None) -> list[Run]:
    """Return the finished runs of other trees that the years of a run can go on with, by year.

    They rank units of the same register, have an indicator whose code the run's framework has, now or in
    another edition, and count scores in the same unit; years that the run's series has are left out.
    """
    own = run.data_set
    leaves = Indicator.objects.filter(framework=own.framework_id, is_leaf=True)
    alike = Indicator.objects.filter(is_leaf=True, code__in=leaves.values("code")).values("framework")
    runs = listed_runs_visible_to(account).filter(
        Q(data_set__framework__in=alike) | Q(data_set__framework__in=_editions()),
        status=RunStatus.DONE,
        data_set__series__register__in=DataSeries.objects.filter(pk=own.series_id).values("register"),
    )
    taken = DataSet.objects.filter(series=own.series_id).values("year")
    runs = runs.exclude(data_set__framework=own.framework_id).exclude(data_set__year__in=taken)
    runs = runs.annotate(is_alike=Exists(alike.filter(framework=OuterRef("data_set__framework"))))
    unit = score_unit_of(run.method), run.method.scale
    found = runs.order_by("data_set__year", "data_set_id", "weight_version__number", "pk")
    offered = [other for other in found if (score_unit_of(other.method), other.method.scale) == unit]
    if all(other.is_alike for other in offered):
        return list(offered)
    kindred = kindred_frameworks(own.framework_id)
    return [other for other in offered if other.is_alike or other.data_set.framework_id in kindred]


def _editions() -> QuerySet[Framework]:
    """Return the frameworks that follow another one, or that another one follows."""
    followed = Framework.objects.filter(came_from__isnull=False).values("came_from")
    return Framework.objects.filter(Q(came_from__isnull=False) | Q(pk__in=followed))


def years_with(years: list[YearOfRun], beside: Iterable[Run]) -> list[YearOfRun]:
    """Return the years of a series with those of runs that are set beside it, in order."""
    others = [YearOfRun(other.data_set.year, other.data_set.edition, other.pk) for other in beside]
    return sorted([*years, *others], key=lambda one: one.year)


def _chosen(editions: Iterable[YearOfRun], run: Run) -> YearOfRun:
    return max(editions, key=lambda one: (one.run_id == run.pk, one.run_id is not None, one.edition))
