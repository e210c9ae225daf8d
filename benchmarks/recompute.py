"""Full recompute of the demo, load to commit, beside the bare product and the bare insert."""

import sqlite3
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from django.core.management import call_command
from django.db import connection

from indexer.enums import RunStatus
from indexer.models import CityScore, DataSet, Run
from indexer.selectors.data_sets import normalised_values, structure_of
from indexer.services.runs import compute_waiting_runs
from weighting.numeric.arrays import FloatArray
from weighting.selectors.versions import global_weights_of

REPEATS = 30
GOAL = 3.0


def bench_recompute(folder: Path) -> dict[str, object]:
    """Time both in turn, so that whatever else the machine does falls on both; medians in ms."""
    call_command("migrate", verbosity=0)
    call_command("load_demo", compute=True, verbosity=0)
    data_set = DataSet.objects.get()
    floor = Floor(folder, data_set)
    ours, reference = [], []
    for _repeat in range(REPEATS):
        _forget_results()
        ours.append(_time(lambda: compute_waiting_runs(data_set.pk)))
        reference.append(_time(floor.run))
        floor.forget()
    mine, bare = statistics.median(ours) * 1000, statistics.median(reference) * 1000
    return {
        "name": f"recompute of the demo ({floor.shape}) / product + insert",
        "ours": mine,
        "reference": bare,
        "ratio": mine / bare,
        "goal": GOAL,
        "better": "lower",
    }


class Floor:
    """The same numbers with nothing around them: one product, then the same rows of scores."""

    def __init__(self, folder: Path, data_set: DataSet) -> None:
        runs = list(Run.objects.order_by("pk"))
        structure = structure_of(data_set.framework_id)
        weights = global_weights_of([run.weight_version_id for run in runs])
        self.weights: FloatArray = np.stack(
            [weights[run.weight_version_id][structure.tree.leaves] for run in runs], axis=1
        )
        self.normalised = normalised_values(data_set, data_set.method, structure)
        self.rows = list(CityScore.objects.values_list("id", "score", "rank", "city_id", "run_id"))
        self.shape = f"{len(runs)} versions x {self.normalised.shape[0]} x {self.normalised.shape[1]}"
        self.database = _copy_table(folder / "floor.sqlite3")

    def run(self) -> None:
        _product = self.normalised @ self.weights
        with self.database:
            self.database.executemany("INSERT INTO indexer_cityscore VALUES (?, ?, ?, ?, ?)", self.rows)

    def forget(self) -> None:
        with self.database:
            self.database.execute("DELETE FROM indexer_cityscore")


def _copy_table(path: Path) -> sqlite3.Connection:
    """Make the table of scores with its indexes, in a database that syncs as the product's does."""
    database = sqlite3.connect(path)
    database.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA secure_delete=ON;")
    with connection.cursor() as cursor:
        cursor.execute("SELECT sql FROM sqlite_master WHERE tbl_name = 'indexer_cityscore' AND sql NOT NULL")
        for (statement,) in cursor.fetchall():
            database.execute(statement)
    return database


def _forget_results() -> None:
    CityScore.objects.all().delete()
    Run.objects.update(status=RunStatus.QUEUED, attempts=0, node_scores=None, finished_at=None)


def _time(act: Callable[[], object]) -> float:
    started = time.perf_counter()
    act()
    return time.perf_counter() - started
