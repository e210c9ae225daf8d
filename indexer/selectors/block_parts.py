"""Parts of the large blocks that rows keep, read without the rest of them."""

from collections.abc import Iterator, Sequence

from django.core.exceptions import ObjectDoesNotExist
from django.db import connection
from django.db.models import Model
from django.db.models.functions import Length

# A driver holds several copies of what it fetches at once: large blocks come in pieces of so many bytes.
PIECE = 8 << 20


def block_length(model: type[Model], pk: int, column: str) -> int:
    """Return how many bytes a block has."""
    size: int = model._default_manager.values_list(Length(column), flat=True).get(pk=pk)
    return size


def block_parts(model: type[Model], pk: int, column: str, parts: Sequence[tuple[int, int]]) -> list[bytes]:
    """Return what stands in a block from the first to before the second place of each part."""
    return list(_each_part(model, pk, column, parts)) if parts else []


def whole_block(model: type[Model], pk: int, column: str, size: int | None = None) -> bytearray:
    """Return all of a block, read a few megabytes at a time; its size is asked for where nobody knows it."""
    block, start = bytearray(block_length(model, pk, column) if size is None else size), 0
    for piece in block_pieces(model, pk, column, len(block), PIECE):
        block[start : start + len(piece)] = piece
        start += len(piece)
    return block


def block_pieces(model: type[Model], pk: int, column: str, size: int, piece: int) -> Iterator[bytes]:
    """Yield a block of ``size`` bytes from its beginning to its end, ``piece`` bytes at a time."""
    places = [(first, min(first + piece, size)) for first in range(0, size, piece)]
    return _each_part(model, pk, column, places)


def _each_part(model: type[Model], pk: int, column: str, parts: Sequence[tuple[int, int]]) -> Iterator[bytes]:
    connection.ensure_connection()
    own, table = connection.connection, model._meta.db_table
    if connection.vendor == "sqlite":
        # Its SUBSTR takes the whole block into memory, for each part once more.
        with connection.wrap_database_errors, own.blobopen(table, column, pk, readonly=True) as block:
            for first, end in parts:
                yield block[first:end]
        return
    # Loading it is a tenth of a start, and on SQLite nobody needs it.
    import psycopg
    from psycopg import sql

    part = sql.SQL("SELECT substring({} FROM %s FOR %s) FROM {} WHERE id = %s")
    query = part.format(sql.Identifier(column), sql.Identifier(table))
    # As bytes, not as their digits, which are twice as many and have to be read.
    with connection.wrap_database_errors, psycopg.Cursor(own) as cursor:
        for first, end in parts:
            found = cursor.execute(query, (first + 1, end - first, pk), binary=True).fetchone()
            if found is None:
                raise ObjectDoesNotExist
            yield found[0]
