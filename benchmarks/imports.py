"""Files of data to stored editions, beside what others need to read the same file and do nothing else."""

import gc
import hashlib
import json
import resource
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl  # noqa: F401  (not while it is timed)
import pandas as pd
import pyarrow.csv
import pyarrow.parquet
from django.core.management import call_command
from django.db import connection, transaction

import benchmarks.ready  # noqa: F401  (before the models)
from benchmarks.memory import peak, reset_peak
from benchmarks.processes import rows_in_process
from indexer.intake.files import operator_limits
from indexer.intake.registers import CityRow
from indexer.services.data_imports import Terms, store_read
from indexer.services.import_reading import DataFile
from indexer.services.mapped_imports import read_mapped
from indexer.services.methods import use_method
from indexer.services.registers import default_register, register_cities
from weighting.models import Account, Framework
from weighting.services.frameworks import import_framework

LARGE = (10_000, 1_000)
# A workbook is read cell by cell, so fewer are taken in: as many as may be.
WORKBOOK = (398, 1_000)
TURNS = 3
BARE = "a bare store of it"
Write = Callable[[pd.DataFrame, Path], object]
Read = Callable[[Path], object]
# How each kind of file is written, who reads it, and how many times as long the import may take.
FORMATS: dict[str, tuple[tuple[int, int], Write, dict[str, tuple[Read, float]]]] = {
    "csv": (
        LARGE,
        lambda frame, path: frame.to_csv(path, index=False),
        {
            "pandas reading it": (pd.read_csv, 3),
            BARE: (lambda path: _store_bare(path, pyarrow.csv.read_csv), 2),
        },
    ),
    "parquet": (
        LARGE,
        lambda frame, path: frame.to_parquet(path, index=False),
        {
            "pandas reading it": (pd.read_parquet, 3),
            "pyarrow reading it": (pyarrow.parquet.read_table, 3),
            BARE: (lambda path: _store_bare(path, pyarrow.parquet.read_table), 2),
        },
    ),
    "xlsx": (
        WORKBOOK,
        lambda frame, path: frame.to_excel(path, index=False),
        {"pandas with openpyxl reading it": (partial(pd.read_excel, engine="openpyxl"), 0.33)},
    ),
}


def rows() -> list[dict[str, object]]:
    """Import each kind of file, and have it read by others, each time in a process of its own.

    In turn, and the quickest of each counts: what the kernel takes for memory differs most between turns,
    and whoever comes second in a process finds the memory of the first.
    """
    found: list[dict[str, object]] = []
    for kind, (size, write, readers) in FORMATS.items():
        with tempfile.TemporaryDirectory(prefix="quanheng-bench-import-") as folder:
            path = Path(folder) / f"data.{kind}"
            write(_make_frame(*size), path)
            prepared = Path(folder) / "prepared.sqlite3"
            rows_in_process("benchmarks.imports", "prepare", kind, folder, url=f"sqlite:///{prepared}")
            turns: dict[str, list[dict[str, float]]] = {reader: [] for reader in ("", *readers)}
            for turn in range(TURNS):
                database = Path(folder) / f"turn-{turn}.sqlite3"
                shutil.copy(prepared, database)
                for reader, taken in turns.items():
                    one = rows_in_process(
                        "benchmarks.imports", "turn", kind, folder, reader, url=f"sqlite:///{database}"
                    )
                    taken += one  # type: ignore[arg-type]
            found += _compared(kind, path, turns)
    return found


def _compared(kind: str, path: Path, turns: dict[str, list[dict[str, float]]]) -> list[dict[str, object]]:
    (cities, leaves), _write, readers = FORMATS[kind]
    seconds = {reader: min(one["seconds"] for one in taken) for reader, taken in turns.items()}
    growth, matrix = max(one["growth"] for one in turns[""]), 8 * cities * leaves
    name = f"{kind} of {cities:,} x {leaves:,} ({path.stat().st_size / 1e6:.0f} MB) to a stored edition"
    return [
        *(
            {
                "name": f"{name}, {reader}",
                "ours": seconds[""] * 1e3,
                "reference": seconds[reader] * 1e3,
                "ratio": seconds[""] / seconds[reader],
                "goal": goal,
                "better": "lower",
            }
            for reader, (_read, goal) in readers.items()
        ),
        {
            "name": f"{name}, peak memory beside the matrix",
            "ours": growth / 2**20,
            "reference": matrix / 2**20,
            "ratio": growth / matrix,
            "goal": 4 if (cities, leaves) == LARGE else "none",
            "better": "lower",
            "unit": "MB",
        },
    ]


def _prepare(kind: str, folder: Path) -> list[dict[str, float]]:
    """Make the framework and the register that the file is about."""
    call_command("migrate", verbosity=0)
    _make_terms(*FORMATS[kind][0])
    connection.close()
    return []


def _take_turn(kind: str, folder: Path, reader: str = "") -> list[dict[str, float]]:
    """Take the file in, or have it read by one of the others."""
    path = folder / f"data.{kind}"
    if reader:
        read, _goal = FORMATS[kind][2][reader]
        return [{"seconds": _seconds(partial(read, path))}]
    terms, actor = _terms(), Account.objects.get(username="bench")
    connection.close()
    before = reset_peak()
    seconds = _seconds(
        lambda: _store(
            data=DataFile(path, path.name), totals=None, terms=terms, actor=actor, limits=operator_limits()
        )
    )
    return [{"seconds": seconds, "growth": peak() - before}]


def _store(**sent: Any) -> object:
    with transaction.atomic():
        return store_read(read_mapped(**sent), actor=sent["actor"])


def _store_bare(path: Path, read: Callable[[BytesIO], pyarrow.Table]) -> None:
    """Read, hash and insert the numbers and nothing else, as any import that keeps what it read has to."""
    content = path.read_bytes()
    hashlib.sha256(content)
    columns = read(BytesIO(content)).drop(["unit"]).columns
    matrix = np.column_stack([column.to_numpy() for column in columns])
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("CREATE TABLE bare (id INTEGER PRIMARY KEY, content BLOB)")
        cursor.execute("INSERT INTO bare (content) VALUES (%s)", [matrix.tobytes()])


def _make_terms(cities: int, leaves: int) -> None:
    actor, _is_new = Account.objects.get_or_create(username="bench", role="administrator")
    lines = ["code,parent"] + [f"g{g}," for g in range(10)] + [f"x{k},g{k % 10}" for k in range(leaves)]
    import_framework(
        source="\n".join(lines).encode(), filename="f.csv", actor=actor, name_zh="大", name_en="Large"
    )
    units = [CityRow(f"城{n}", f"City {n}", "省", "Province", "区", "Region") for n in range(cities)]
    register_cities(units, actor=actor)


def _terms() -> Terms:
    return Terms(
        framework=Framework.objects.get(),
        register=default_register(),
        year=2016,
        method=use_method(),
        name_zh="大",
        name_en="Large",
    )


def _make_frame(cities: int, leaves: int) -> pd.DataFrame:
    values = np.random.default_rng(1).lognormal(0, 1.5, (cities, leaves)).round(6)
    frame = pd.DataFrame(values, columns=[f"x{k}" for k in range(leaves)])
    frame.insert(0, "unit", [f"城{n}" for n in range(cities)])
    return frame


def _seconds(act: Callable[[], object]) -> float:
    """Return the processor time of an act, with that of the processes that read workbooks."""
    start = _spent()
    act()
    return _spent() - start


def _spent() -> float:
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


if __name__ == "__main__":
    # As every process of the product does with what it has loaded; pandas alone is more than all of that.
    gc.collect()
    gc.freeze()
    step, kind, folder, *readers = sys.argv[1:]
    do = {"prepare": _prepare, "turn": _take_turn}[step]
    print(json.dumps(do(kind, Path(folder), *readers)))
