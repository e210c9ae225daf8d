"""Lists of runs by data set, as pages show them."""

from collections.abc import Iterable, Mapping
from itertools import groupby
from typing import Any

from django.core.paginator import Paginator
from django.urls import reverse
from django.utils.http import urlencode

from indexer.enums import RunStatus
from indexer.job_words import failure_names, failure_words, progress_note
from indexer.method_words import method_words
from indexer.models import Run
from indexer.selectors.jobs import UNFINISHED, progress_of
from indexer.words import data_set_name

# A list longer than this renews itself less often.
MANY = 100
# So many rankings of a data set by one method are listed at once.
PAGE_SIZE = 50


def runs_context(
    runs: Iterable[Run], *, only: int | None = None, method: int | None = None, page: str | None = None
) -> dict[str, Any]:
    """Group runs by data set and method, in order of their data sets.

    ``only`` is the data set of a page about one, ``method`` that of a list of all its rankings by
    one method, of which ``page`` is shown. Anywhere else the first ones stand for a long list.
    """
    runs = list(runs)
    names = failure_names(runs)
    groups = [
        _group(list(members), names, page) for _key, members in groupby(runs, key=lambda run: run.data_set_id)
    ]
    query = {"data_set": only, "method": method, "page": page}
    asked = urlencode({name: value for name, value in query.items() if value})
    own = reverse("indexer:data-set-detail", args=[only]) if only else reverse("indexer:run-list")
    return {
        "groups": groups,
        "only": None if method else only,
        "is_moving": any(group["is_moving"] for group in groups),
        "pace": 1 if len(runs) <= MANY else 5,
        "progress_query": asked,
        "refresh_url": f"{reverse('indexer:run-list')}?{asked}" if method else own,
    }


def _group(runs: list[Run], names: Mapping[Any, str], page: str | None) -> dict[str, Any]:
    progress = progress_of(runs)
    for run in runs:
        run.failure_words = failure_words(run.failure, names) if run.status == RunStatus.FAILED else []  # type: ignore[attr-defined]
    by_method: dict[int, list[Run]] = {}
    for run in sorted(runs, key=lambda run: run.method_id != run.data_set.method_id):
        by_method.setdefault(run.method_id, []).append(run)
    tells_method = len(by_method) > 1 or runs[0].method_id != runs[0].data_set.method_id
    return {
        "data_set": runs[0].data_set,
        "name": data_set_name(runs[0].data_set),
        "runs": runs,
        "methods": [_of_method(members, page, tells_method) for members in by_method.values()],
        "progress": progress,
        "progress_note": progress_note(progress),
        "is_moving": any(run.status in UNFINISHED for run in runs),
        "is_comparable": sum(run.status == RunStatus.DONE for run in runs) > 1,
    }


def _of_method(runs: list[Run], page: str | None, tells_method: bool) -> dict[str, Any]:
    """Return the rankings by one method that are shown: a page, or the first of a long list."""
    pages = Paginator(runs, PAGE_SIZE)
    shown = pages.get_page(page)
    query = urlencode({"data_set": runs[0].data_set_id, "method": runs[0].method_id, "page": 1})
    is_cut = page is None and pages.num_pages > 1
    return {
        "words": method_words(runs[0].method) if tells_method else "",
        "is_own": runs[0].method_id == runs[0].data_set.method_id,
        "page": shown if page is not None else None,
        "runs": _troubled_first(runs)[:PAGE_SIZE] if is_cut else list(shown.object_list),
        "count": len(runs),
        "all_url": f"{reverse('indexer:run-list')}?{query}" if is_cut else "",
    }


def _troubled_first(runs: list[Run]) -> list[Run]:
    """Put what failed before the rest, so that a cut list does not hide it."""
    return sorted(runs, key=lambda run: run.status != RunStatus.FAILED)
