"""Parts of the large blocks that rows keep, read without the rest of them."""

from collections.abc import Sequence

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
