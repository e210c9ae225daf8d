"""Two statements and their transaction in one trip to the database, for the act that happens most often."""

from datetime import datetime
from typing import Any

import psycopg
from django.db import connection, transaction

Statement = tuple[str, tuple[str | int | bool | datetime | None, ...]]


def run_in_one_trip(hold: Statement, write: Statement) -> tuple[Any, ...] | None:
    """Lock by the first statement, write by the second, commit; return the first row of the second.

    On PostgreSQL both travel together, and the server prepares them once a connection. Each sees what
    was committed before it began, so the second sees whatever the first waited for. SQLite locks as the
    transaction begins.
    """
    if connection.vendor != "postgresql":
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(*write)
            row: tuple[Any, ...] | None = cursor.fetchone()
            return row
    with connection.cursor() as cursor:
        # Made by Django, so that the connection was looked after; its own cursors know no pipeline.
        link: psycopg.Connection[Any] = cursor.connection
    with connection.wrap_database_errors:
        return _pipelined(link, hold, write, begins=not connection.in_atomic_block)


def _pipelined(
    link: psycopg.Connection[Any], hold: Statement, write: Statement, *, begins: bool
) -> tuple[Any, ...] | None:
    """Send everything at once; psycopg's own transactions would wait for an answer at each end."""
    frame, written = psycopg.Cursor(link), psycopg.Cursor(link)
    try:
        with link.pipeline():
            if begins:
                frame.execute(b"BEGIN")
            frame.execute(hold[0].encode(), hold[1], prepare=True)
            written.execute(write[0].encode(), write[1], prepare=True)
            if begins:
                frame.execute(b"COMMIT")
    except psycopg.Error:
        if begins and not link.closed:
            link.rollback()
        raise
    return written.fetchone()
