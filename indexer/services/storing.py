"""Transactions of what can be computed again: where writers share one lock, none waits in it for the disk."""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from django.db import connection, transaction

# SQLite writes pages that it has no room for one by one, some twice. The results of a run fit in.
CACHE_KIB = 8192
# Whoever begins to write when all of the log is written back begins it anew. Two workers that store in turns
# leave few such moments: once it is that long one is made, for which the other waits.
LOG_BYTES = 256 << 20
# For so long it is tried.
PATIENCE_MS = 50
# Whoever stores so much, SQLite's thousand pages, writes it back from the log.
LARGE = 16 << 20
# In so many steps they wait for another who writes back.
STEPS, STEP_SECONDS = 100, 0.001
# SQLite's word for waiting for the disk only as the log is written back.
NORMAL = 1


@contextmanager
def storing(size: int = 0) -> Iterator[None]:
    """Open a transaction that a power cut may take back; what it stored is then computed once more.

    ``size`` is how many bytes it stores, where these may be many.

    Whatever is committed after it waits for the disk with all that was written before, this included
    (docs/decisions/results-wait-for-no-disk.md).
    """
    if connection.vendor != "sqlite" or connection.in_atomic_block:
        with transaction.atomic():
            yield
        return
    connection.ensure_connection()
    own: sqlite3.Connection = connection.connection
    (usual,) = own.execute("PRAGMA synchronous").fetchone()
    (pages,) = own.execute("PRAGMA wal_autocheckpoint").fetchone()
    is_long = _is_long(Path(f"{connection.settings_dict['NAME']}-wal"))
    _set(own, synchronous=min(usual, NORMAL), cache_size=-CACHE_KIB)
    if size >= LARGE:
        _set(own, wal_autocheckpoint=0)
    try:
        with transaction.atomic():
            yield
    finally:
        # One that an error has closed has no settings any more.
        with suppress(sqlite3.ProgrammingError):
            _set(own, synchronous=usual, wal_autocheckpoint=pages)
    if size >= LARGE:
        _write_back(own)
    if is_long:
        _begin_log_anew(own)


def _is_long(log: Path) -> bool:
    return log.exists() and log.stat().st_size >= LOG_BYTES


def _write_back(own: sqlite3.Connection) -> None:
    """Write the log back, after whoever else does.

    By itself SQLite leaves it be while somebody else does. Of two workers that store in turns one then has
    less to do, meets the other at the lock, and leaves what keeps the log from being begun at its front.
    """
    # Results are stored by now: a disk that is full may say so to whoever writes next.
    with suppress(sqlite3.OperationalError):
        for _step in range(STEPS):
            is_busy, *_pages = own.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
            if not is_busy:
                return
            time.sleep(STEP_SECONDS)


def _begin_log_anew(own: sqlite3.Connection) -> None:
    """Write back what the last commits left of the log, and let nobody write meanwhile but begin it anew.

    Who reads in it for longer keeps it as it is.
    """
    (usual,) = own.execute("PRAGMA busy_timeout").fetchone()
    _set(own, busy_timeout=PATIENCE_MS)
    # Results are stored by now: a disk that is full may say so to whoever writes next.
    with suppress(sqlite3.OperationalError):
        own.execute("PRAGMA wal_checkpoint(RESTART)")
    _set(own, busy_timeout=usual)


def _set(own: sqlite3.Connection, **settings: int) -> None:
    for name, value in settings.items():
        own.execute(f"PRAGMA {name} = {value}")
