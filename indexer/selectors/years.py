"""The years of a run's series, and the run of the same version and method of each."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby

from django.db.models import OuterRef, Subquery

from indexer.enums import RunStatus
from indexer.models import DataSet, Run
from indexer.selectors.runs import runs_visible_to
from weighting.models import Account
from weighting.permissions import STAFF, has_role


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


def _chosen(editions: Iterable[YearOfRun], run: Run) -> YearOfRun:
    return max(editions, key=lambda one: (one.run_id == run.pk, one.run_id is not None, one.edition))
