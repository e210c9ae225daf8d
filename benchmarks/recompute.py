"""From job rows to committed results, beside the bare product and the bare writes of a row a city and run."""

import json
import statistics
import sys
import time
from collections.abc import Callable
from itertools import repeat
from typing import Any

import django
import numpy as np

if __name__ == "__main__":
    django.setup()

from django.core.management import call_command
from django.db import connection, transaction

from benchmarks.memory import peak, reset_peak
from benchmarks.processes import both_databases, rows_in_process
from benchmarks.worlds import forget_results, make_world
from indexer.models import DataSet, Run
from indexer.selectors.composites import composites_of
from indexer.selectors.data_sets import normalised_values, structure_of
from indexer.services.binding import binding_cursor
from indexer.services.runs import compute_waiting_runs
from weighting.numeric.arrays import FloatArray
from weighting.selectors.versions import global_weights_of

SMALL, LARGE = (351, 90, 100), (10_000, 1_000, 100)
ROWS_PER_COMMIT = 50_000
# A row of the binary COPY of PostgreSQL: its number of fields, then length and value of each.
COPIED_ROW = np.dtype(
    [
        ("fields", ">i2"),
        ("run_size", ">i4"),
        ("run", ">i8"),
        ("city_size", ">i4"),
        ("city", ">i8"),
        ("score_size", ">i4"),
        ("score", ">f8"),
        ("rank_size", ">i4"),
        ("rank", ">i4"),
    ]
)
COPY_HEAD, COPY_END = b"PGCOPY\n\xff\r\n\0" + bytes(8), b"\xff\xff"
COPY = 'COPY bare_scores (run_id, city_id, score, "rank") FROM STDIN (FORMAT BINARY)'


def recompute_rows() -> list[dict[str, object]]:
    """Time both sizes on SQLite and on a PostgreSQL of their own, each in a fresh process."""
    with both_databases() as urls:
        turns = [(size, url) for size in ("small", "large") for url in urls]
        return [row for size, url in turns for row in rows_in_process("benchmarks.recompute", size, url=url)]


def bench(size: tuple[int, int, int], *, repeats: int, goal: float) -> list[dict[str, object]]:
    """Time both in turn, so that whatever else the machine does falls on both; medians in ms."""
    data_set = make_world(*size)
    ours, reference, floor = [], [], None
    for _repeat in range(repeats):
        forget_results(data_set)
        connection.close()
        before = reset_peak()
        ours.append(_time(lambda: compute_waiting_runs(data_set.pk)))
        growth = peak() - before
        floor = floor or Floor(data_set)
        reference.append(_time(floor.run))
        floor.forget()
    mine, bare = statistics.median(ours) * 1000, statistics.median(reference) * 1000
    cities, leaves, versions = size
    name = f"{connection.vendor}: {cities:,} x {leaves:,}, {versions} versions, rows to results"
    matrix = 8 * cities * leaves
    time_row: dict[str, object] = {
        "name": name,
        "ours": mine,
        "reference": bare,
        "ratio": mine / bare,
        "goal": goal,
        "better": "lower",
    }
    if size != LARGE:
        return [time_row]
    memory_row: dict[str, object] = {
        "name": f"{name}, peak memory beside the matrix",
        "ours": growth / 2**20,
        "reference": matrix / 2**20,
        "ratio": growth / matrix,
        "goal": 3,
        "better": "lower",
        "unit": "MB",
    }
    return [time_row, memory_row]


class Floor:
    """The same numbers with nothing around them: one product, then the same rows and blocks."""

    def __init__(self, data_set: DataSet) -> None:
        runs = list(Run.objects.filter(data_set=data_set).order_by("pk"))
        structure = structure_of(data_set.framework_id)
        weights = global_weights_of([run.weight_version_id for run in runs])
        self.weights: FloatArray = np.stack(
            [weights[run.weight_version_id][structure.tree.leaves] for run in runs], axis=1
        )
        whole = DataSet.objects.get(pk=data_set.pk)
        self.normalised = normalised_values(whole, data_set.method, structure)
        composites = composites_of([run.pk for run in runs])
        cities = data_set.city_ids
        self.rows = [
            row
            for run in runs
            for row in zip(repeat(run.pk), cities, *map(np.ndarray.tolist, composites[run.pk]), strict=False)
        ]
        self.blocks = [(run.pk, bytes(run.node_scores or b"")) for run in runs]
        with connection.cursor() as cursor:
            cursor.execute("DROP TABLE IF EXISTS bare_scores")
            cursor.execute("DROP TABLE IF EXISTS bare_blocks")
            cursor.execute(
                "CREATE TABLE bare_scores (run_id bigint NOT NULL, city_id bigint NOT NULL, "
                "score double precision NOT NULL, rank integer NOT NULL, PRIMARY KEY (run_id, city_id))"
            )
            cursor.execute("CREATE INDEX bare_scores_by_rank ON bare_scores (run_id, rank)")
            kind = "bytea" if connection.vendor == "postgresql" else "blob"
            cursor.execute(f"CREATE TABLE bare_blocks (run_id bigint PRIMARY KEY, block {kind})")
        if connection.vendor == "postgresql":
            self.copied = [self._copied(start) for start in range(0, len(self.rows), ROWS_PER_COMMIT)]

    def run(self) -> None:
        _product = self.normalised @ self.weights
        per_part = max(1, len(self.blocks) * ROWS_PER_COMMIT // len(self.rows))
        for part in range(-(-len(self.rows) // ROWS_PER_COMMIT)):
            with transaction.atomic(), connection.cursor() as cursor:
                self._insert(cursor, part)
                # Django's own cursor would write the blocks into the statement, which takes far longer.
                with binding_cursor() as binding:
                    for block in self.blocks[part * per_part : (part + 1) * per_part]:
                        binding.execute("INSERT INTO bare_blocks VALUES (%s, %s)", block)

    def _insert(self, cursor: Any, part: int) -> None:
        if connection.vendor == "postgresql":
            with cursor.copy(COPY) as copy:
                copy.write(self.copied[part])
        else:
            rows = self.rows[part * ROWS_PER_COMMIT : (part + 1) * ROWS_PER_COMMIT]
            cursor.executemany("INSERT INTO bare_scores VALUES (%s, %s, %s, %s)", rows)

    def _copied(self, start: int) -> bytes:
        part = np.array(self.rows[start : start + ROWS_PER_COMMIT])
        rows = np.empty(len(part), dtype=COPIED_ROW)
        rows["fields"], rows["rank_size"] = 4, 4
        rows["run_size"] = rows["city_size"] = rows["score_size"] = 8
        rows["run"], rows["city"], rows["score"], rows["rank"] = part.T
        return COPY_HEAD + rows.tobytes() + COPY_END

    def forget(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM bare_scores")
            cursor.execute("DELETE FROM bare_blocks")


def _time(act: Callable[[], object]) -> float:
    started = time.perf_counter()
    act()
    return time.perf_counter() - started


if __name__ == "__main__":
    call_command("migrate", verbosity=0)
    SIZES = {"small": (SMALL, 9, 3.0), "large": (LARGE, 1, 2.0)}
    chosen, turns, wanted = SIZES[sys.argv[1]]
    print(json.dumps(bench(chosen, repeats=turns, goal=wanted)))
