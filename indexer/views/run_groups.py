"""Lists of runs by data set, as pages show them."""

from collections.abc import Iterable, Mapping
from itertools import groupby
from typing import Any

from django.urls import reverse

from indexer.enums import RunStatus
from indexer.models import Run
from indexer.selectors.jobs import UNFINISHED, progress_of
from indexer.views.job_words import failure_names, failure_words, progress_note
from indexer.views.words import data_set_name

# A list longer than this renews itself less often.
MANY = 100


def runs_context(runs: Iterable[Run], *, only: int | None = None) -> dict[str, Any]:
    """Group runs, in order of their data sets; ``only`` is the data set of a page about one."""
    runs = list(runs)
    names = failure_names(runs)
    groups = [
        _group(list(members), names) for _key, members in groupby(runs, key=lambda run: run.data_set_id)
    ]
    whole = reverse("indexer:data-set-detail", args=[only]) if only else reverse("indexer:run-list")
    return {
        "groups": groups,
        "only": only,
        "is_moving": any(group["is_moving"] for group in groups),
        "pace": 1 if len(runs) <= MANY else 5,
        "refresh_url": whole,
    }


def _group(runs: list[Run], names: Mapping[Any, str]) -> dict[str, Any]:
    progress = progress_of(runs)
    for run in runs:
        run.failure_words = failure_words(run.failure, names) if run.status == RunStatus.FAILED else []  # type: ignore[attr-defined]
    return {
        "data_set": runs[0].data_set,
        "name": data_set_name(runs[0].data_set),
        "runs": runs,
        "progress": progress,
        "progress_note": progress_note(progress),
        "is_moving": any(run.status in UNFINISHED for run in runs),
        "is_comparable": sum(run.status == RunStatus.DONE for run in runs) > 1,
    }
