"""``python -m benchmarks.workers``: one, two, four and eight workers, and what they wait for.

All but the wall is of one run: the processors, with that of the database behind each worker, and what the
workers stood still. SQLite's lock is timed; PostgreSQL's processes are looked at a hundred times a second.
On a machine with other work the wall, and whatever is waited for, says less than the processors; the
fewest seconds of some turns (``--turns``) say most.
"""

import argparse
import json
import sqlite3
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import psycopg
from django.core.management import call_command
from django.db import connection

import benchmarks.ready  # noqa: F401  (before the models)
from benchmarks.bulk import digest_of, processor_seconds, tidy_up
from benchmarks.processes import both_databases, rows_in_process
from benchmarks.worlds import forget_results, make_world
from config.sqlite.base import DatabaseWrapper
from indexer.management.workers import one_thread_processes
from indexer.services import storing
from indexer.services.runs import compute_waiting_runs

CITIES, LEAVES, VERSIONS = 2_000, 400, 600
COUNTS = (1, 2, 4, 8)
DATABASES = ("sqlite", "postgresql")
LOOK_SECONDS = 0.01
LOOK = (
    "SELECT coalesce(wait_event_type || ' ' || wait_event, 'computing') FROM pg_stat_activity"
    " WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()"
)


class Lock:
    """Seconds that this process waited for SQLite's lock, held it, computed so, and wrote the log back."""

    def __init__(self) -> None:
        self.waited = self.held = self.computed = self.back = 0.0
        self._since: tuple[float, float] | None = None

    def watch(self) -> None:
        """Time every transaction of this process from now on."""
        begin = DatabaseWrapper._start_transaction_under_autocommit

        def timed(wrapper: DatabaseWrapper) -> None:
            asked = time.perf_counter()
            begin(wrapper)
            self._since = time.perf_counter(), time.thread_time()
            self.waited += self._since[0] - asked

        DatabaseWrapper._start_transaction_under_autocommit = timed  # type: ignore[method-assign, assignment]
        for name in ("_commit", "_rollback"):
            setattr(DatabaseWrapper, name, self._timed_end(getattr(DatabaseWrapper, name)))
        storing._write_back = self._timed_back(storing._write_back)

    def _timed_end(self, end: Callable[[DatabaseWrapper], None]) -> Callable[[DatabaseWrapper], None]:
        def timed(wrapper: DatabaseWrapper) -> None:
            end(wrapper)
            if not self._since:
                return
            self.held += time.perf_counter() - self._since[0]
            self.computed += time.thread_time() - self._since[1]
            self._since = None

        return timed

    def _timed_back(self, write_back: Callable[[sqlite3.Connection], None]) -> Callable[..., None]:
        def timed(own: sqlite3.Connection) -> None:
            start = time.perf_counter()
            write_back(own)
            self.back += time.perf_counter() - start

        return timed


def bench(versions: int, counts: Sequence[int], turns: int) -> list[dict[str, object]]:
    """Let each number of workers, in fresh processes, compute the same runs, and do so some times."""
    data_set, digests, rows = make_world(CITIES, LEAVES, versions), set(), []
    for count in [*counts] * turns:
        with one_thread_processes(count) as pool:
            # A first call starts the processes.
            list(pool.map(work, [0] * count))
            forget_results(data_set)
            tidy_up()
            with looking() as seen:
                start = time.perf_counter()
                spent = list(pool.map(work, [data_set.pk] * count))
                wall = time.perf_counter() - start
        digests.add(digest_of([data_set]))
        each = {name: 1000 * sum(worker[name] for worker in spent) / versions for name in spent[0]}
        shares = {what: times / seen.total() for what, times in seen.most_common(5)}
        rows.append({"workers": count, "wall": wall, **each, "seen": shares})
    if len(digests) != 1:
        raise AssertionError("results depend on the number of workers")
    return rows


def work(data_set: int) -> dict[str, float]:
    """Compute what waits; return the seconds that this worker used and stood still, and those of the lock."""
    connection.ensure_connection()
    if not data_set:
        return {}
    lock = Lock()
    if connection.vendor == "sqlite":
        lock.watch()
    began, start, written = time.perf_counter(), processor_seconds(), _bytes_written()
    compute_waiting_runs(data_set)
    used = processor_seconds() - start
    still = time.perf_counter() - began - used
    return {
        "used": used,
        "still": still,
        "waited": lock.waited,
        "held": lock.held,
        "computed": lock.computed,
        "back": lock.back,
        # Multiplied by a thousand with the seconds.
        "kilobytes": (_bytes_written() - written) / 1e6,
    }


def _bytes_written() -> int:
    """Return what this process has handed to the system, log and file alike."""
    said = dict(line.split(": ") for line in Path("/proc/self/io").read_text().splitlines())
    return int(said["wchar"])


@contextmanager
def looking() -> Iterator[Counter[str]]:
    """Count what the processes of PostgreSQL were found doing meanwhile."""
    seen: Counter[str] = Counter()
    if connection.vendor != "postgresql":
        yield seen
        return
    connection.ensure_connection()
    over, url = threading.Event(), connection.get_connection_params()
    connection.close()

    def look() -> None:
        kept = {name: url[name] for name in ("host", "port", "user", "password", "dbname") if name in url}
        with psycopg.connect(**kept, autocommit=True) as own:
            while not over.wait(LOOK_SECONDS):
                seen.update(what for (what,) in own.execute(LOOK))

    watcher = threading.Thread(target=look)
    watcher.start()
    try:
        yield seen
    finally:
        over.set()
        watcher.join()


def main() -> None:
    """Measure each database in a process of its own, and print a line for each number of workers."""
    asked = _parser().parse_args()
    if asked.here:
        call_command("migrate", verbosity=0)
        print(json.dumps(bench(asked.versions, asked.workers, asked.turns)))
        return
    with both_databases() as urls:
        for url in (url for url in urls if url.partition(":")[0] in asked.databases):
            rows = rows_in_process("benchmarks.workers", *sys.argv[1:], "--here", url=url)
            print(f"{url.partition(':')[0]}: {asked.versions} runs of {CITIES:,} x {LEAVES}, ms of one run")
            first: dict[str, object] = {}
            for row in rows:
                if row["workers"] == asked.workers[0]:
                    first = row
                of_first = first["wall"] / row["wall"]  # type: ignore[operator]
                print(
                    f"{row['workers']} workers: wall {row['wall']:.2f} s, {of_first:.2f} of"
                    f" {asked.workers[0]}; used {row['used']:.2f}, still {row['still']:.1f}; lock waited for"
                    f" {row['waited']:.2f}, held {row['held']:.2f}, of the processor {row['computed']:.2f};"
                    f" log written back in {row['back']:.2f}; {row['kilobytes']:.0f} KB written;"
                    f" {row['seen']}",
                    flush=True,
                )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser()
    parser.add_argument("versions", type=int, nargs="?", default=VERSIONS)
    parser.add_argument("--workers", type=int, nargs="+", default=COUNTS)
    parser.add_argument("--turns", type=int, default=1)
    parser.add_argument("--databases", nargs="+", choices=DATABASES, default=DATABASES)
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    return parser


if __name__ == "__main__":
    main()
