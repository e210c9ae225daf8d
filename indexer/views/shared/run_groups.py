"""Lists of runs by data set, as pages show them."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.http import urlencode

from indexer.enums import RunStatus
from indexer.job_words import failure_names, failure_words, progress_note
from indexer.models import Run
from indexer.selectors.run_lists import DataSetRuns, MethodRuns, grouped_runs
from indexer.views.shared.run_names import method_names
from indexer.words import data_set_name

# A list longer than this renews itself less often.
MANY = 100


def runs_context(
    runs: QuerySet[Run], *, only: int | None = None, method: int | None = None, page: str | None = None
) -> dict[str, Any]:
    """Group runs by data set and method, in order of their data sets.

    ``only`` is the data set of a page about one, ``method`` that of a list of all its rankings by
    one method, of which ``page`` is shown. Anywhere else the first ones stand for a long list.
    """
    found = grouped_runs(runs, page)
    query = {"data_set": only, "method": method, "page": page}
    asked = urlencode({name: value for name, value in query.items() if value})
    own = reverse("indexer:data-set-detail", args=[only]) if only else reverse("indexer:run-list")
    count = sum(of_method.count for of_set in found for of_method in of_set.methods)
    return {
        "groups": _groups(found),
        "only": None if method else only,
        "is_moving": any(of_set.is_moving for of_set in found),
        "pace": 1 if count <= MANY else 5,
        "progress_query": asked,
        "refresh_url": f"{reverse('indexer:run-list')}?{asked}" if method else own,
    }


def _groups(found: Sequence[DataSetRuns]) -> list[dict[str, Any]]:
    """Return what is shown of each data set, with its methods in words where they are to be told apart."""
    listed = [run for of_set in found for of_method in of_set.methods for run in of_method.runs]
    told = [of_set for of_set in found if _tells_method(of_set)]
    firsts = [of_method.runs[0] for of_set in told for of_method in of_set.methods]
    names = failure_names(listed)
    methods = dict(zip([run.pk for run in firsts], method_names(firsts), strict=True))
    return [_group(of_set, names, methods) for of_set in found]


def _tells_method(of_set: DataSetRuns) -> bool:
    """Whether rankings of a data set have to be told apart by method, or are by another than its own."""
    first = of_set.methods[0].runs[0]
    return len(of_set.methods) > 1 or first.method_id != first.data_set.method_id


def _group(of_set: DataSetRuns, names: Mapping[Any, str], methods: Mapping[int, str]) -> dict[str, Any]:
    first = of_set.methods[0].runs[0]
    return {
        "data_set": first.data_set,
        "name": data_set_name(first.data_set),
        "methods": [_of_method(listed, names, methods) for listed in of_set.methods],
        "progress": of_set.progress,
        "progress_note": progress_note(of_set.progress),
        "is_moving": of_set.is_moving,
        "is_comparable": of_set.done_count > 1,
    }


def _of_method(listed: MethodRuns, names: Mapping[Any, str], methods: Mapping[int, str]) -> dict[str, Any]:
    """Return the rankings by one method that are shown: a page, or the first of a long list."""
    for run in listed.runs:
        run.failure_words = failure_words(run.failure, names) if run.status == RunStatus.FAILED else []  # type: ignore[attr-defined]
    first = listed.runs[0]
    query = urlencode({"data_set": first.data_set_id, "method": first.method_id, "page": 1})
    return {
        "words": methods.get(first.pk, ""),
        "is_own": first.method_id == first.data_set.method_id,
        "page": listed.page,
        "runs": listed.runs,
        "count": listed.count,
        "all_url": f"{reverse('indexer:run-list')}?{query}" if listed.is_cut else "",
    }
