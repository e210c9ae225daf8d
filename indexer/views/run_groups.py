"""Lists of runs by data set, as pages show them."""

from collections.abc import Iterable
from itertools import groupby
from typing import Any

from django.urls import reverse

from indexer.enums import RunStatus
from indexer.models import Run
from indexer.selectors.runs import unfinished_runs
from indexer.views.words import data_set_name


def runs_context(runs: Iterable[Run], *, only: int | None = None) -> dict[str, Any]:
    """Group runs, in order of their data sets; ``only`` is the data set of a page about one."""
    groups = [_group(list(members)) for _key, members in groupby(runs, key=lambda run: run.data_set_id)]
    whole = reverse("indexer:data-set-detail", args=[only]) if only else reverse("indexer:run-list")
    return {
        "groups": groups,
        "only": only,
        "is_moving": any(group["is_moving"] for group in groups),
        "refresh_url": whole,
    }


def _group(runs: list[Run]) -> dict[str, Any]:
    waiting = unfinished_runs(runs)
    return {
        "data_set": runs[0].data_set,
        "name": data_set_name(runs[0].data_set),
        "runs": runs,
        "ended": len(runs) - len(waiting),
        "is_moving": bool(waiting),
        "is_comparable": sum(run.status == RunStatus.DONE for run in runs) > 1,
    }
