"""A few runs to choose from, however many there are: those that a text finds, and those chosen already."""

from collections.abc import Iterable

from django.db.models import Count, Exists, Min, OuterRef, QuerySet

from indexer.enums import RunStatus
from indexer.models import DataSet, Run
from indexer.selectors.data_sets import NAMES
from weighting.enums import VersionSource
from weighting.requests import read_id
from weighting.selectors.offers import Offered, find_named, offer, shorten

# So many are offered; the others are found by their names.
MOST_OFFERED = 100

OfferedRuns = Offered[Run]


def offer_runs(runs: QuerySet[Run], text: str, chosen: Iterable[str] = ()) -> OfferedRuns:
    """Return the first runs that a text finds, and among them, in their order, those chosen already.

    ``chosen`` are ids as they were sent.
    """
    text = shorten(text)
    return offer(runs, find_runs(runs, text), text, kept=_ids(chosen), most=MOST_OFFERED)


def runs_named(runs: QuerySet[Run], ids: Iterable[str]) -> list[Run]:
    """Return the runs of some ids, as they were sent; unknown ones are left out."""
    return list(runs.filter(pk__in=_ids(ids)))


def data_sets_of(runs: QuerySet[Run]) -> QuerySet[DataSet]:
    """Return the data sets that runs are of, with what names them and tells whether they compare."""
    # Of each data set the first run is enough, where all of them together may be ten thousand.
    known = DataSet.objects.filter(Exists(runs.order_by().filter(data_set=OuterRef("pk"))))
    return (
        known.select_related("series")
        .order_by("pk")
        .only(*NAMES, "year", "edition", "framework", "leaf_codes", "series__register")
    )


def first_pair(runs: QuerySet[Run]) -> list[Run]:
    """Return two finished versions of the newest edition of the first series that has two, in their order.

    The lowest-numbered one is set against equal weights, which is what anybody would ask first; against
    the next one where no version has them.
    """
    done = runs.filter(status=RunStatus.DONE)
    fields = ("data_set", "method", *(f"data_set__{name}" for name in ("series", "year", "edition")))
    counted = done.order_by().values(*fields).annotate(count=Count("pk"), least=Min("weight_version__number"))
    several = list(counted.filter(count__gte=2).order_by("data_set", "least"))
    if not several:
        return []
    of_first = [group for group in several if group["data_set__series"] == several[0]["data_set__series"]]
    # Of one edition the method that came first; `max` keeps the first of equals.
    group = max(of_first, key=lambda group: (group["data_set__year"], group["data_set__edition"]))
    alike = done.filter(data_set=group["data_set"], method=group["method"])
    first, second = alike[:2]
    equal = alike.filter(weight_version__source=VersionSource.EQUAL).exclude(pk=first.pk).first()
    return [first, equal or second]


def find_runs(runs: QuerySet[Run], text: str) -> QuerySet[Run]:
    """Return the runs whose names have every word of a text: of label and data, the number or the year."""
    names = ("weight_version__label", "data_set__name")
    return find_named(runs, text, names=names, numbers=("weight_version__number", "data_set__year"))


def _ids(texts: Iterable[str]) -> set[int]:
    return set(filter(None, map(read_id, texts)))
