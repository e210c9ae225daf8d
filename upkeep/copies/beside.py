"""An empty database beside the one in use, which takes its place once it is whole."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from django.db import connection, transaction
from django.db.migrations.recorder import MigrationRecorder

from upkeep.copies.archive import CopyError

SCHEMA = "quanheng_beside"
OTHERS = (
    "SELECT count(*) FROM pg_stat_activity"
    " WHERE datname = current_database() AND usesysid IS NOT NULL AND pid <> pg_backend_pid()"
)
STOP_FIRST = "The product still uses the database. Stop it (its web servers, worker and beat) and try again."


@contextmanager
def database_beside() -> Iterator[None]:
    """Lead all queries to an empty database, which replaces the one in use unless something fails.

    Raises
    ------
    CopyError
        When somebody else still uses the database.
    """
    with _file_beside() if connection.vendor == "sqlite" else _schema_beside():
        yield


def refuse_while_used() -> None:
    """Refuse while another process is connected.

    Raises
    ------
    CopyError
        When one is.
    """
    if connection.vendor == "sqlite":
        _refuse_while_open()
        return
    with connection.cursor() as cursor:
        cursor.execute(OTHERS)
        if cursor.fetchone()[0]:
            raise CopyError(STOP_FIRST)


def _refuse_while_open() -> None:
    """Put the write-ahead log into the file and leave it off: SQLite does so for a lone connection only."""
    connection.close()
    path = Path(connection.settings_dict["NAME"])
    if not path.exists():
        return
    try:
        with closing(sqlite3.connect(path, timeout=1)) as alone:
            alone.execute("PRAGMA journal_mode=DELETE")
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            raise CopyError(STOP_FIRST) from error
        raise CopyError(f"{path} cannot be written: {error}.") from error


@contextmanager
def _file_beside() -> Iterator[None]:
    used = str(connection.settings_dict["NAME"])
    beside = f"{used}.beside"
    _lead_to(beside)
    try:
        _remove(beside)
        yield
        _lead_to(used)
        _refuse_while_open()
        os.replace(beside, used)
        _sync_folder(Path(used).parent)
    finally:
        _lead_to(used)
        _remove(beside)


def _lead_to(path: str) -> None:
    # The last connection that closes takes the write-ahead log away.
    connection.close()
    connection.settings_dict["NAME"] = path


def _remove(path: str) -> None:
    for end in ("", "-wal", "-shm", "-journal"):
        Path(path + end).unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)


@contextmanager
def _schema_beside() -> Iterator[None]:
    _execute(f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE", f"CREATE SCHEMA {SCHEMA}")
    used = _first("SELECT current_schema()")[0]
    _execute(f"SET search_path TO {SCHEMA}")
    try:
        yield
        _execute("RESET search_path")
        refuse_while_used()
        with transaction.atomic(durable=True):
            _put_in_place(used)
    finally:
        _execute("RESET search_path", f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE")


def _put_in_place(used: str) -> None:
    """Move the tables, not the schema: rights and extensions that belong to it stay."""
    old = [MigrationRecorder.Migration._meta.db_table, *connection.introspection.django_table_names()]
    new = _first("SELECT tablename FROM pg_tables WHERE schemaname = %s ORDER BY tablename", SCHEMA)
    quote = connection.ops.quote_name
    _execute(
        *(f"DROP TABLE IF EXISTS {quote(used)}.{quote(table)} CASCADE" for table in sorted({*old, *new})),
        *(f"ALTER TABLE {SCHEMA}.{quote(table)} SET SCHEMA {quote(used)}" for table in new),
    )


def _execute(*statements: str) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def _first(query: str, *values: str) -> list[str]:
    """Return the first column of what a query finds."""
    with connection.cursor() as cursor:
        cursor.execute(query, values)
        return [row[0] for row in cursor.fetchall()]
