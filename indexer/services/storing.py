"""Transactions of what can be computed again: where writers share one lock, none waits in it for the disk."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from django.db import connection, transaction

# SQLite writes pages that it has no room for one by one, some twice. The results of a run fit in.
CACHE_KIB = 8192
# Two workers that store in turns leave no moment at which all of the log is written back: it would grow for
# as long as both have work.
LOG_BYTES = 64 << 20
# SQLite's word for waiting for the disk only as the log is written back.
NORMAL = 1
# SQLite's own: so many pages in the log, and a commit writes them back.
PAGES = 1000


@contextmanager
def storing() -> Iterator[None]:
    """Open a transaction that a power cut may take back; what it stored is then computed once more.

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
    is_long = _is_long(Path(f"{connection.settings_dict['NAME']}-wal"))
    # A commit writes back what it can, and lets others begin meanwhile; once the log is long they do not.
    _set(
        own, synchronous=min(usual, NORMAL), cache_size=-CACHE_KIB, wal_autocheckpoint=0 if is_long else PAGES
    )
    try:
        with transaction.atomic():
            yield
    finally:
        # One that an error has closed has no settings any more.
        with suppress(sqlite3.ProgrammingError):
            _set(own, synchronous=usual, wal_autocheckpoint=PAGES)
    if is_long:
        _begin_log_anew(own)


def _is_long(log: Path) -> bool:
    return log.exists() and log.stat().st_size >= LOG_BYTES


def _begin_log_anew(own: sqlite3.Connection) -> None:
    """Write all of the log back, so that the next to write begins it anew; who reads is not waited for."""
    (patience,) = own.execute("PRAGMA busy_timeout").fetchone()
    _set(own, busy_timeout=0)
    # Results are stored by now: a disk that is full may say so to whoever writes next.
    with suppress(sqlite3.OperationalError):
        own.execute("PRAGMA wal_checkpoint(RESTART)")
    _set(own, busy_timeout=patience)


def _set(own: sqlite3.Connection, **settings: int) -> None:
    for name, value in settings.items():
        own.execute(f"PRAGMA {name} = {value}")
