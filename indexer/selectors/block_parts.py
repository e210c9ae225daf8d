"""Parts of the large blocks that rows keep, read without the rest of them."""

from collections.abc import Iterator, Sequence

from django.db import connection
from django.db.models import BinaryField, Model
from django.db.models.functions import Length, Substr


def block_length(model: type[Model], pk: int, column: str) -> int:
    """Return how many bytes a block has."""
    size: int = model._default_manager.values_list(Length(column), flat=True).get(pk=pk)
    return size


def block_parts(model: type[Model], pk: int, column: str, parts: Sequence[tuple[int, int]]) -> list[bytes]:
    """Return what stands in a block from the first to before the second place of each part."""
    if not parts:
        return []
    if connection.vendor == "sqlite":
        # Its SUBSTR takes the whole block into memory, for each part once more.
        connection.ensure_connection()
        table = model._meta.db_table
        with (
            connection.wrap_database_errors,
            connection.connection.blobopen(table, column, pk, readonly=True) as block,
        ):
            return [block[first:end] for first, end in parts]
    slices = [Substr(column, first + 1, end - first, output_field=BinaryField()) for first, end in parts]
    return list(map(bytes, model._default_manager.values_list(*slices).get(pk=pk)))


def block_pieces(model: type[Model], pk: int, column: str, size: int, piece: int) -> Iterator[bytes]:
    """Yield a block of ``size`` bytes from its beginning to its end, ``piece`` bytes at a time."""
    places = [(first, min(first + piece, size)) for first in range(0, size, piece)]
    if connection.vendor != "sqlite":
        for place in places:
            yield from block_parts(model, pk, column, [place])
        return
    connection.ensure_connection()
    with (
        connection.wrap_database_errors,
        connection.connection.blobopen(model._meta.db_table, column, pk, readonly=True) as block,
    ):
        for first, end in places:
            yield block[first:end]
