"""Lists of runs by data set and method, of which few are read however many there are."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from django.core.paginator import Page, Paginator
from django.db.models import Case, Count, F, QuerySet, When, Window
from django.db.models.functions import RowNumber

from indexer.enums import RunStatus
from indexer.models import Run
from indexer.selectors.jobs import UNFINISHED, Progress, progress_of

# So many rankings of a data set by one method are listed at once; fewer where there are many such lists.
PAGE_SIZE, FEWEST, MOST_LISTED = 50, 10, 200
GROUP = ("data_set_id", "method_id")


@dataclass(frozen=True)
class MethodRuns:
    """The rankings of a data set by one method: how many there are, and those that are listed.

    ``page`` is the one asked for of all of them; without it the first stand for many, what failed before
    the rest, so that a cut list does not hide it.
    """

    runs: Sequence[Run]
    count: int
    page: Page | None = None

    @property
    def is_cut(self) -> bool:
        return self.page is None and self.count > len(self.runs)


@dataclass(frozen=True)
class DataSetRuns:
    """The rankings of a data set by each method, its own first, and how far all of them are."""

    methods: Sequence[MethodRuns]
    done_count: int
    is_moving: bool
    progress: Progress


def grouped_runs(runs: QuerySet[Run], page: str | None = None) -> list[DataSetRuns]:
    """Return runs by data set and method, in order; ``page`` is one of all rankings by a method."""
    counted = runs.order_by().values_list("data_set_id", "method_id", "status").annotate(count=Count("pk"))
    counts: dict[tuple[int, int], dict[str, int]] = {}
    for data_set, method, status, count in counted:
        counts.setdefault((data_set, method), {})[status] = count
    listed = runs.order_by("data_set_id", "weight_version__number", "pk")
    shown = _shown(listed, counts, page)
    progress = _progress_of(runs, counts)
    found = []
    order = sorted(shown, key=lambda key: (key[0], _is_trial(shown[key]), key[1]))
    for data_set, members in groupby(order, lambda key: key[0]):
        keys = list(members)
        by_status = [counts[key] for key in keys]
        found.append(
            DataSetRuns(
                methods=[shown[key] for key in keys],
                done_count=sum(of_method.get(RunStatus.DONE, 0) for of_method in by_status),
                is_moving=any(status in of_method for of_method in by_status for status in UNFINISHED),
                progress=progress[data_set],
            )
        )
    return found


def _is_trial(listed: MethodRuns) -> bool:
    """Whether these rankings are by another method than the data set's own."""
    return any(run.method_id != run.data_set.method_id for run in listed.runs[:1])


def _shown(
    listed: QuerySet[Run], counts: dict[tuple[int, int], dict[str, int]], page: str | None
) -> dict[tuple[int, int], MethodRuns]:
    if page is not None:
        return {key: _page_of(listed.filter(data_set=key[0], method=key[1]), page) for key in counts}
    troubled_first = Case(When(status=RunStatus.FAILED, then=0), default=1)
    order = [troubled_first.asc(), F("weight_version__number").asc(), F("pk").asc()]
    place = Window(RowNumber(), partition_by=[F(name) for name in GROUP], order_by=order)
    most = min(PAGE_SIZE, max(FEWEST, MOST_LISTED // max(1, len(counts))))
    # Placed by themselves: what is told of a run would be looked up for each that is not listed, too.
    placed = listed.order_by().values("pk").annotate(place=place).filter(place__lte=most).values("pk")
    first = listed.filter(pk__in=placed).order_by(*GROUP, *order)
    found = {}
    for key, members in groupby(first, key=lambda run: (run.data_set_id, run.method_id)):
        runs, count = list(members), sum(counts[key].values())
        if count <= most:
            runs.sort(key=lambda run: (run.weight_version.number, run.pk))
        found[key] = MethodRuns(runs, count)
    return found


def _page_of(runs: QuerySet[Run], page: str) -> MethodRuns:
    shown = Paginator(runs, PAGE_SIZE).get_page(page)
    return MethodRuns(list(shown.object_list), shown.paginator.count, shown)


def _progress_of(runs: QuerySet[Run], counts: dict[tuple[int, int], dict[str, int]]) -> dict[int, Progress]:
    """Return how far each data set is; of those alone where something moves the times are read."""
    moving = {key[0] for key, by_status in counts.items() if any(s in by_status for s in UNFINISHED)}
    times = runs.filter(data_set__in=moving).order_by("data_set_id").select_related(None)
    times = times.only("data_set_id", "status", "queued_at", "started_at", "finished_at")
    by_set = groupby(list(times) if moving else [], lambda run: run.data_set_id)
    found = {data_set: progress_of(members) for data_set, members in by_set}
    for data_set, _method in counts:
        if data_set not in found:
            ended = sum(sum(by_status.values()) for key, by_status in counts.items() if key[0] == data_set)
            found[data_set] = Progress(done=ended, total=ended, seconds=0.0)
    return found
