"""Rows of every table, in a form that both databases read: what a copy holds."""

import base64
import json
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

from django.apps import apps as apps_now
from django.apps.registry import Apps
from django.db import connection, models

Row = Sequence[Any]

# Live sessions are keys to accounts, and of no use to an installation that starts anew.
LEFT_OUT = ("sessions.Session",)
# What every migrated database holds before anybody has used it.
OWN_TO_MIGRATION = ("django_content_type", "auth_permission")
# Blocks may be tens of megabytes each, other rows are short.
ROWS_AT_ONCE, BLOCKS_AT_ONCE = 2000, 2

# How a value is written where JSON has no such kind; all others are what JSON knows.
WRITTEN: tuple[tuple[type[models.Field], Callable[[Any], Any]], ...] = (
    (models.BinaryField, lambda value: base64.b64encode(value).decode()),
    (models.DateField, lambda value: value.isoformat()),
    (models.UUIDField, str),
    (models.DecimalField, str),
)


class Table:
    """One table: its columns, and its rows on their way to a file and back.

    ``columns`` are those that are read and written, in their order; by default all, as the model has them.
    """

    def __init__(self, model: type[models.Model], columns: Sequence[str] | None = None) -> None:
        self.model = model
        self.name = model._meta.db_table
        found = {str(field.column): field for field in model._meta.local_concrete_fields if field.column}
        self.columns = list(found) if columns is None else list(columns)
        self.fields = [found[column] for column in self.columns]

    def lines(self) -> Iterator[bytes]:
        """Yield each row as a line of JSON, in the order of its key."""
        writers = [_writer_of(field) for field in self.fields]
        rows = self.model._base_manager.order_by("pk").values_list(*(f.attname for f in self.fields))
        for row in rows.iterator(chunk_size=self._rows_at_once):
            written = [write(value) for write, value in zip(writers, row, strict=True)]
            yield json.dumps(written, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"

    def batches(self, lines: Iterator[bytes]) -> Iterator[list[Row]]:
        """Yield what the lines hold as the connected database takes it, so many rows at once."""
        readers = [partial(_read, _kept_by(field)) for field in self.fields]
        batch: list[Row] = []
        for line in lines:
            batch.append([read(value) for read, value in zip(readers, json.loads(line), strict=True)])
            if len(batch) == self._rows_at_once:
                yield batch
                batch = []
        if batch:
            yield batch

    def insert(self, batch: Sequence[Row]) -> None:
        """Insert rows as they are: no default, no time of now."""
        names = ", ".join(map(connection.ops.quote_name, self.columns))
        table = connection.ops.quote_name(self.name)
        with connection.cursor() as cursor:
            if connection.vendor == "postgresql":
                with (
                    connection.wrap_database_errors,
                    cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy,
                ):
                    for row in batch:
                        copy.write_row(row)
                return
            places = ", ".join(["%s"] * len(self.columns))
            cursor.executemany(f"INSERT INTO {table} ({names}) VALUES ({places})", batch)

    def counter(self) -> int | None:
        """Return the last number that was given to a row, which may be gone; None where nothing counts."""
        with connection.cursor() as cursor:
            if connection.vendor == "sqlite":
                cursor.execute("SELECT seq FROM sqlite_sequence WHERE name = %s", [self.name])
                found = cursor.fetchone()
                return int(found[0]) if found else None
            sequence = self._sequence(cursor)
            if sequence is None:
                return None
            cursor.execute(f"SELECT last_value FROM {sequence} WHERE is_called")
            found = cursor.fetchone()
            return int(found[0]) if found else None

    def count_from(self, counter: int) -> None:
        """Let the next new row have the number after it: the log speaks of rows that are gone by theirs."""
        with connection.cursor() as cursor:
            if connection.vendor == "sqlite":
                cursor.execute("DELETE FROM sqlite_sequence WHERE name = %s", [self.name])
                cursor.execute(
                    "INSERT INTO sqlite_sequence (name, seq) VALUES (%s, %s)", [self.name, counter]
                )
            elif sequence := self._sequence(cursor):
                cursor.execute("SELECT setval(%s::regclass, %s)", [sequence, counter])

    def _sequence(self, cursor: Any) -> str | None:
        if not isinstance(self.model._meta.pk, models.AutoField | models.BigAutoField):
            return None
        cursor.execute("SELECT pg_get_serial_sequence(%s, %s)", [self.name, self.model._meta.pk.column])
        return cursor.fetchone()[0]

    @property
    def _rows_at_once(self) -> int:
        has_blocks = any(isinstance(field, models.BinaryField) for field in self.fields)
        return BLOCKS_AT_ONCE if has_blocks else ROWS_AT_ONCE


def all_tables(apps: Apps = apps_now) -> list[Table]:
    """Return every table of the product but those that are left out, by default as this release has them."""
    found = apps.get_models(include_auto_created=True)
    kept = [model for model in found if model._meta.managed and not model._meta.proxy]
    return [Table(model) for model in kept if model._meta.label not in LEFT_OUT]


def _writer_of(field: models.Field) -> Callable[[Any], Any]:
    kept = _kept_by(field)
    write = next((write for kind, write in WRITTEN if isinstance(kept, kind)), None)
    return (lambda value: None if value is None else write(value)) if write else (lambda value: value)


def _read(field: models.Field, value: Any) -> Any:
    if value is not None and isinstance(field, models.BinaryField):
        value = base64.b64decode(value, validate=True)
    elif not isinstance(field, models.JSONField):
        value = field.to_python(value)
    return field.get_db_prep_save(value, connection)


def _kept_by(field: models.Field) -> models.Field:
    """Return the field whose kind of value a column holds: of a key to another row, that row's own."""
    while isinstance(field, models.ForeignKey):
        field = field.target_field
    return field
