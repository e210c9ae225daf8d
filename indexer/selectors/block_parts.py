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
    """Return all of a block, read a few megabytes at a time; ``size`` is asked for where it is not known."""
    block, start = bytearray(block_length(model, pk, column) if size is None else size), 0
    for piece in block_pieces(model, pk, column, len(block)):
        block[start : start + len(piece)] = piece
        start += len(piece)
    return block


def block_pieces(model: type[Model], pk: int, column: str, size: int, *, row: int = 1) -> Iterator[bytes]:
    """Yield a block of ``size`` bytes from its beginning to its end, whole rows of ``row`` bytes at a time.

    Nothing else is to be asked of the database until all of it is read: on PostgreSQL it comes by one
    statement, whose rows are taken one at a time.
    """
    piece = max(1, PIECE // row) * row
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

    query = sql.SQL(
        "SELECT (SELECT substring({} FROM part.first FOR part.size) FROM {} WHERE id = %s)"
        " FROM unnest(%s::int[], %s::int[]) AS part (first, size)"
    ).format(sql.Identifier(column), sql.Identifier(table))
    given = pk, [first + 1 for first, _end in parts], [end - first for first, end in parts]
    # As bytes, not as their digits, which are twice as many and have to be read.
    with connection.wrap_database_errors, psycopg.Cursor(own) as cursor:
        for (part,) in cursor.stream(query, given, binary=True):
            if part is None:
                raise ObjectDoesNotExist
            # Its memory is that of the row, which goes with the next.
            yield bytes(part)
