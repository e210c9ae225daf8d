"""Processor time of the pages that list the cities of a run: ``python -m benchmarks.listing``."""

import time
from collections.abc import Callable
from functools import partial
from statistics import median
from typing import Any

from benchmarks.installations import own_installation

CITIES, LEAVES, VERSIONS, TURNS = 10_000, 100, 100, 15
PART = {"HX-Request": "true", "HX-Target": "results"}
ASKED = {
    "by rank": "",
    "by a sub-index": "?sort=-s0",
    "by name": "?sort=city",
    "searched": "?q=12",
    "on a node": "?node=s0",
}


def main() -> None:
    """Measure on a database of its own, in a temporary folder, or in the one that is named."""
    with own_installation("QUANHENG_LISTING"):
        _measure()


def _measure() -> None:
    from django.test import Client

    client = Client()
    account, run = _world()
    client.force_login(account)
    for words, query in ASKED.items():
        for part, headers in {
            "page": {},
            "table alone": {"HX-Request": "true", "HX-Target": "results"},
        }.items():
            _print(
                f"ranking {words}, {part}", partial(client.get, f"/runs/{run.pk}/{query}", headers=headers)
            )
    api = f"/api/v1/runs/{run.pk}"
    for words, address in {
        "API, ranking, 50 rows": f"{api}/ranking/?limit=50",
        "API, ranking on a node, 50 rows": f"{api}/nodes/s0/ranking/?limit=50",
        "provinces": f"/runs/{run.pk}/places/",
        "data set": f"/data-sets/{run.data_set_id}/",
        "list of its runs": "/runs/",
    }.items():
        _print(words, partial(client.get, address))


def _world() -> tuple[Any, Any]:
    from benchmarks.worlds import make_world
    from indexer.models import Run
    from indexer.services.runs import compute_waiting_runs
    from weighting.models import Account

    if not Run.objects.exists():
        compute_waiting_runs(make_world(CITIES, LEAVES, VERSIONS).pk)
    return Account.objects.get(), Run.objects.order_by("pk")[VERSIONS // 2]


def _print(words: str, task: Callable[[], Any]) -> None:
    seconds = []
    for _turn in range(TURNS):
        started = time.process_time()
        answer = task()
        seconds.append(time.process_time() - started)
        if answer.status_code != 200:
            raise AssertionError(f"{words}: {answer.status_code}")
    print(f"{words:60} {median(seconds) * 1e3:8.1f} ms")


if __name__ == "__main__":
    main()
