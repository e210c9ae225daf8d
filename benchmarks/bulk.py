"""Runs by the hundred: two workers beside one, on one data set and on several, on both databases.

The workers are processes of one BLAS thread that claim, compute and store as those of Celery do.
"""

import json
import os
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from pathlib import Path

from django.core.management import call_command
from django.db import connection

import benchmarks.ready  # noqa: F401  (before the models)
from benchmarks.processes import both_databases, rows_in_process
from benchmarks.worlds import forget_results, make_world
from indexer.enums import RunStatus
from indexer.management.workers import one_thread_processes
from indexer.models import DataSet, Run
from indexer.services.runs import compute_waiting_runs

# Cities, indicators and versions of each data set: several claims each, which take seconds in all.
ONE = [(2_000, 400, 600)]
SEVERAL = [(2_000, 400, 201), (2_000, 400, 200), (2_000, 400, 199)]
ROUNDS = 2


def rows() -> list[dict[str, object]]:
    """Measure each database in a process of its own."""
    with both_databases() as urls:
        return [row for url in urls for row in rows_in_process("benchmarks.bulk", url=url)]


def bench(sizes: Sequence[tuple[int, int, int]]) -> list[dict[str, object]]:
    """Let one worker and two compute the same runs, by turns, and take the fewest seconds of each.

    By the wall, and in processor time with that of the database behind each worker, since others
    may be at work: two workers on free cores take half of what both used together, unless they
    wait for each other, as writers of SQLite do.
    """
    data_sets = [make_world(*size) for size in sizes]
    times: dict[int, list[tuple[float, float]]] = {1: [], 2: []}
    results = set()
    with ExitStack() as stack:
        pools = {count: stack.enter_context(one_thread_processes(count)) for count in times}
        connection.close()
        for _round in range(ROUNDS):
            for count, pool in pools.items():
                times[count].append(_compute_all(pool, count, data_sets))
                results.add(digest_of(data_sets))
    if len(results) != 1:
        raise AssertionError("results depend on the number of workers")
    cities, leaves, _versions = sizes[0]
    versions = sum(size[2] for size in sizes)
    place = "one data set" if len(sizes) == 1 else f"{len(sizes)} data sets"
    name = f"{connection.vendor}: {versions} runs of {cities:,} x {leaves}, {place}: two workers, one"
    (one, one_used), (two, two_used) = (tuple(map(min, zip(*times[count], strict=True))) for count in (1, 2))
    return [_row(f"{name}, wall", two, one), _row(f"{name}, processors", two_used / 2, one_used)]


def _row(name: str, ours: float, reference: float) -> dict[str, object]:
    return {
        "name": name,
        "ours": ours * 1e3,
        "reference": reference * 1e3,
        "ratio": reference / ours,
        "goal": 1.7,
        "better": "higher",
    }


def _compute_all(
    pool: ProcessPoolExecutor, workers: int, data_sets: Sequence[DataSet]
) -> tuple[float, float]:
    """Return the seconds by the wall, and those of all processors."""
    # A first call starts the processes.
    list(pool.map(_work, [[]] * workers))
    for data_set in data_sets:
        forget_results(data_set)
    tidy_up()
    keys = [data_set.pk for data_set in data_sets]
    start = time.perf_counter()
    # Messages reach one worker after another: each begins with another data set.
    used = sum(pool.map(_work, [keys[worker:] + keys[:worker] for worker in range(workers)]))
    return time.perf_counter() - start, used


def tidy_up() -> None:
    """Write and clear away now what forgetting left: databases would do it while the workers work.

    SQLite goes through thousands of free pages for each that it takes, a quarter of the time that its lock
    is held: in a file that results were forgotten in, and not in one that grows, as with new runs. The log
    keeps its file, as where the product is up.
    """
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("VACUUM indexer_runscores, indexer_run")
            cursor.execute("CHECKPOINT")
        else:
            cursor.execute("VACUUM")
            cursor.execute("PRAGMA wal_checkpoint(RESTART)")
    connection.close()


def _work(data_sets: Sequence[int]) -> float:
    """Compute what waits, and return the seconds of processor time that this took."""
    connection.ensure_connection()
    start = processor_seconds()
    for data_set in data_sets:
        compute_waiting_runs(data_set)
    return processor_seconds() - start


def processor_seconds() -> float:
    """Return what this process has used, and on PostgreSQL the server's process behind it."""
    if connection.vendor != "postgresql":
        return time.process_time()
    backend = connection.connection.info.backend_pid
    fields = Path(f"/proc/{backend}/stat").read_text().rpartition(")")[2].split()
    return time.process_time() + (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def digest_of(data_sets: Sequence[DataSet]) -> tuple[str, ...]:
    runs = Run.objects.filter(data_set__in=data_sets).order_by("pk")
    if runs.exclude(status=RunStatus.DONE).exists():
        raise AssertionError("runs are left")
    return tuple(runs.values_list("result_sha256", flat=True))


if __name__ == "__main__":
    call_command("migrate", verbosity=0)
    print(json.dumps([*bench(ONE), *bench(SEVERAL)]))
