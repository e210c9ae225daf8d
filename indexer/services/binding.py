"""Large blocks on their way to the database, handed over as they are.

Django writes parameters into the statement on PostgreSQL, where a block then is several times over: as its
digits, as the statement, as the bytes of it, and once more of each in the server.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from django.db import connection


@contextmanager
def binding_cursor() -> Iterator[Any]:
    """Give a cursor that hands over blocks as they are."""
    if connection.vendor == "postgresql":
        # Loading it is a tenth of a start, and on SQLite nobody needs it.
        import psycopg

        with connection.wrap_database_errors, psycopg.Cursor(connection.connection) as cursor:
            yield cursor
    else:
        with connection.cursor() as cursor:
            yield cursor


def place_for(parts: Sequence[memoryview]) -> tuple[str, Any]:
    """Return what stands for a block in a statement: itself, or room that `fill_place` fills."""
    if connection.vendor == "postgresql":
        return "%s", b"".join(parts)
    return "zeroblob(%s)", sum(part.nbytes for part in parts)


def fill_place(table: str, column: str, row: int, parts: Sequence[memoryview]) -> None:
    """Write a block into the room that a statement made for it.

    SQLite copies what a statement brings twice before it lies in its pages.
    """
    if connection.vendor == "postgresql":
        return
    with connection.wrap_database_errors, connection.connection.blobopen(table, column, row) as block:
        for part in parts:
            block.write(part)


@contextmanager
def bound_blocks() -> Iterator[None]:
    """Have what is saved meanwhile handed over so, too."""
    if connection.vendor != "postgresql":
        yield
        return
    from django.db.backends.postgresql.base import ServerBindingCursor  # type: ignore[attr-defined]

    connection.ensure_connection()
    used = connection.connection
    before, used.cursor_factory = used.cursor_factory, ServerBindingCursor
    try:
        yield
    finally:
        used.cursor_factory = before
