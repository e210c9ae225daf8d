"""What the database holds otherwise than a copy of it: what would be lost by going back."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from zipfile import ZipFile

import numpy as np
from numpy.typing import NDArray

from upkeep.copies.archive import Head, Listed, lines_of, open_archive
from upkeep.copies.prints import row_print
from upkeep.copies.snapshot import state_here
from upkeep.copies.tables import OWN_TO_MIGRATION, Table, all_tables

Prints = NDArray[np.uint64]


@dataclass(frozen=True)
class Since:
    """Rows of a table that were made, changed and removed since the copy."""

    name: str
    made: int
    changed: int
    removed: int


def changed_since(path: str, head: Head) -> list[Since]:
    """Return the tables that differ, compared in the columns that both releases know."""
    now = {table.name: table for table in all_tables(state_here().apps)}
    with open_archive(path) as archive:
        found = [
            _compare(name, now.get(name), head.tables.get(name), archive)
            for name in sorted({*now, *head.tables})
        ]
    differing = [since for since in found if since.made or since.changed or since.removed]
    return [since for since in differing if since.name not in OWN_TO_MIGRATION]


def _compare(name: str, now: Table | None, then: Listed | None, archive: ZipFile) -> Since:
    if now is None:
        return Since(name, 0, 0, then.rows if then else 0)
    if then is None:
        return Since(name, now.model._base_manager.count(), 0, 0)
    columns = [column for column in then.columns if column in now.columns]
    keys = [str(field.column) for field in now.model._meta.pk_fields]
    if not set(keys) <= set(columns):
        # Rows that had other keys cannot be told to be the same.
        return Since(name, now.model._base_manager.count(), 0, then.rows)
    places = [then.columns.index(column) for column in columns]
    key_places = [columns.index(column) for column in keys]
    ours, whole = _prints(map(json.loads, Table(now.model, columns).lines()), key_places)
    theirs, old_whole = _prints(_picked(lines_of(archive, name), places), key_places)
    made, removed = _missing(ours, theirs), _missing(theirs, ours)
    return Since(name, made, _missing(old_whole, whole) - removed, removed)


def _picked(lines: Iterable[bytes], places: Sequence[int]) -> Iterator[list[Any]]:
    for line in lines:
        yield _at(json.loads(line), places)


def _at(row: list[Any], places: Sequence[int]) -> list[Any]:
    return [row[place] for place in places]


def _prints(rows: Iterable[list[Any]], keys: Sequence[int]) -> tuple[Prints, Prints]:
    """Return the prints of keys and of rows, eight bytes each: tables have millions."""
    of_keys, whole = bytearray(), bytearray()
    for row in rows:
        of_keys += row_print(_at(row, keys), bits=64)
        whole += row_print(row, bits=64)
    return np.frombuffer(bytes(of_keys), np.uint64), np.frombuffer(bytes(whole), np.uint64)


def _missing(some: Prints, others: Prints) -> int:
    """Return how many of some are not among others."""
    return int(np.isin(some, others, invert=True).sum())
