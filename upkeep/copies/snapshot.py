"""One moment of the database, read while others write; and what state its tables are in."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction
from django.db.migrations.executor import MigrationExecutor

from upkeep.copies.archive import CopyError


@contextmanager
def one_moment() -> Iterator[None]:
    """Let everything inside see the database as it is at one moment; nobody waits for it."""
    if connection.vendor == "postgresql":
        with transaction.atomic(durable=True), connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            yield
        return
    # A transaction of this product takes SQLite's one lock as it begins; a reader needs none.
    connection.ensure_connection()
    mode = connection.transaction_mode  # type: ignore[attr-defined]  # SQLite's own
    connection.transaction_mode = "DEFERRED"  # type: ignore[attr-defined]  # as above
    try:
        with transaction.atomic(durable=True):
            yield
    finally:
        connection.transaction_mode = mode  # type: ignore[attr-defined]  # as above


def migrations_here() -> list[list[str]]:
    """Return the migrations that the tables have been through, all of which this code has.

    Raises
    ------
    CopyError
        When the database is older than the code.
    """
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        raise CopyError(
            "The database is not migrated to this release. To put a copy back, run manage.py migrate first;"
            " to make one before an upgrade, run manage.py backup of the release that the database is at."
        )
    applied = set(executor.loader.applied_migrations) & set(executor.loader.disk_migrations)
    return sorted([app, name] for app, name in applied)
