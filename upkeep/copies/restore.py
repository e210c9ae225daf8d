"""Put a copy into an empty, migrated database: all of it, checked, or nothing."""

from collections.abc import Iterable, Iterator, Sequence
from zipfile import ZipFile

from django.contrib.sessions.models import Session
from django.core.exceptions import ValidationError
from django.db import DEFAULT_DB_ALIAS, DatabaseError, connection, transaction

from upkeep.copies.archive import DAMAGE, CopyError, Head, lines_of, open_archive
from upkeep.copies.backup import check_copy
from upkeep.copies.snapshot import current_state
from upkeep.copies.tables import OWN_TO_MIGRATION, Table, all_tables
from upkeep.database import owns_tables
from upkeep.evidence import faults_of_store
from weighting.immutability import drop_triggers, install_triggers
from weighting.selectors import version_chain

# What is raised of rows that somebody wrote, whose checksums are right.
UNFIT = (DatabaseError, ValidationError, *DAMAGE)


def restore_copy(path: str, *, heads: Sequence[version_chain.Head] = ()) -> Head:
    """Load a copy made on either database, with its own content types and permissions.

    Raises
    ------
    CopyError
        When the copy or the database is not fit for it, or what was loaded does not hold.
    """
    head = check_copy(path)
    tables = all_tables()
    _refuse_other_release(head, tables)
    _refuse_unfit_database(tables)
    with open_archive(path) as archive, transaction.atomic(durable=True):
        # Frozen versions come before their weights, which the triggers refuse.
        drop_triggers(DEFAULT_DB_ALIAS)
        Session.objects.all().delete()
        clear(table for table in tables if table.name in OWN_TO_MIGRATION)
        for table in tables:
            load(table, archive)
        check_references()
        set_counters(tables, head)
        install_triggers(DEFAULT_DB_ALIAS)
        known = [version_chain.Head(**row) for row in head.chain_heads]
        if faults := [*_miscounted(tables, head), *faults_of_store(heads=[*known, *heads])]:
            raise CopyError(f"Nothing was restored. What was loaded does not hold: {'; '.join(faults)}.")
    return head


def _refuse_other_release(head: Head, tables: Sequence[Table]) -> None:
    here = current_state().migrations
    strange = [f"{app}.{name}" for app, name in head.migrations if [app, name] not in here]
    lacking = [f"{app}.{name}" for app, name in here if [app, name] not in head.migrations]
    columns = {table.name: table.columns for table in tables}
    if strange or lacking or {name: listed.columns for name, listed in head.tables.items()} != columns:
        raise CopyError(
            f"The copy was made by {head.made_by}, whose tables are not those of this release"
            f" (only in the copy: {', '.join(strange) or 'none'}; only here: {', '.join(lacking) or 'none'})."
            " Restore it with the release that made it, then upgrade."
        )


def _refuse_unfit_database(tables: Sequence[Table]) -> None:
    if not owns_tables():
        raise CopyError(
            "This role does not own the tables. Restore as their owner: with the DATABASE_URL that migrates."
        )
    found = [table.name for table in tables if table.name not in OWN_TO_MIGRATION and _holds_rows(table)]
    if found:
        raise CopyError(
            f"The database is not empty, there are rows in {', '.join(found)}. Restore into a new one, where"
            " nothing but manage.py migrate has run."
        )


def _holds_rows(table: Table) -> bool:
    return table.model._base_manager.exists()


def clear(tables: Iterable[Table]) -> None:
    """Remove what the migration left: the copy brings its own."""
    for table in reversed(list(tables)):
        table.model._base_manager.all()._raw_delete(DEFAULT_DB_ALIAS)


def load(table: Table, archive: ZipFile) -> None:
    """Fill a table with the rows of a copy."""
    try:
        for batch in table.batches(lines_of(archive, table.name)):
            table.insert(batch)
    except UNFIT as error:
        reason = str(error).partition("\n")[0]
        raise CopyError(f"Nothing was restored: {table.name} does not take its rows: {reason}.") from error


def check_references() -> None:
    """Refuse rows that refer to others that are not there."""
    try:
        connection.check_constraints()
    except DatabaseError as error:
        raise CopyError(f"Nothing was restored: a row refers to one that is not there: {error}") from error


def set_counters(tables: Sequence[Table], head: Head) -> None:
    """Let new rows be numbered on."""
    for table in tables:
        try:
            if counter := head.tables[table.name].counter:
                table.count_from(counter)
        except UNFIT as error:
            raise CopyError(f"Nothing was restored: {table.name} cannot count from {counter!r}.") from error


def _miscounted(tables: Sequence[Table], head: Head) -> Iterator[str]:
    for table in tables:
        there = table.model._base_manager.count()
        if there != head.tables[table.name].rows:
            yield f"{table.name} has {there} rows in place of {head.tables[table.name].rows}"
