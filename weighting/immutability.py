"""Triggers that keep frozen versions and the log as they are, whoever writes.

The ORM, raw SQL, INSERT OR REPLACE (which on SQLite passes by UPDATE and DELETE triggers)
and, on PostgreSQL, TRUNCATE and a session in replica role are all refused. Of a frozen
version only the labels "published" and "retired" may still change. Django rebuilds SQLite
tables when it alters them, which drops their triggers or stumbles over those of others: they
are taken away before a migration, installed again after it, and checked at start-up.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper

VERSION, WEIGHT, LOG = "weighting_weightversion", "weighting_nodeweight", "weighting_auditentry"
POOLED = "weighting_weightversion_pooled_rounds"
TABLES = (VERSION, WEIGHT, POOLED, LOG)
LABEL_COLUMNS = ("status", "is_published")
REFUSAL = "immutable: frozen versions and the log are never rewritten"

# Conditions are written on OLD and NEW, in the SQL that both databases share.
FROZEN_ROW_CHANGES = "OLD.number IS NOT NULL AND (NEW.status = 'draft' OR {changed})"
FROZEN_TWIN = (
    f"EXISTS (SELECT 1 FROM {VERSION} v WHERE v.number IS NOT NULL AND (v.id = NEW.id"
    " OR v.round_id = NEW.round_id OR (v.framework_id = NEW.framework_id AND v.number = NEW.number)))"
)
OF_FROZEN = f"EXISTS (SELECT 1 FROM {VERSION} v WHERE v.id = {{row}}.{{key}} AND v.number IS NOT NULL)"


# (name, event, table, condition under which the event is refused)
Rule = tuple[str, str, str, str]


@dataclass(frozen=True)
class Kept:
    """Tables that are never rewritten, and the rules of each."""

    tables: tuple[str, ...]
    rules: Callable[[BaseDatabaseWrapper], Iterator[Rule]]


_others: list[Kept] = []


def keep_also(kept: Kept) -> None:
    """Keep the tables of another application under the same guard."""
    if kept not in _others:
        _others.append(kept)


def expected_triggers(connection: BaseDatabaseWrapper) -> list[str]:
    """Name the triggers that must stand in the database."""
    events = ["insert", "update", "delete", *([] if connection.vendor == "sqlite" else ["truncate"])]
    return [f"keep_{table}_{event}" for table in _tables() for event in events]


def _tables() -> list[str]:
    return [*TABLES, *(table for kept in _others for table in kept.tables)]


def missing_triggers(connection: BaseDatabaseWrapper) -> list[str]:
    """Name the triggers that ought to stand in the database and do not, or are switched off."""
    query = (
        "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        if connection.vendor == "sqlite"
        else "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled = 'A'"
    )
    with connection.cursor() as cursor:
        cursor.execute(query)
        present = {name for (name,) in cursor.fetchall()}
    return [name for name in expected_triggers(connection) if name not in present]


def install_triggers(using: str) -> None:
    """Install every trigger that is missing."""
    connection = connections[using]
    drop_triggers(using)
    with connection.cursor() as cursor:
        for statement in _create_statements(connection, connection.introspection.table_names(cursor)):
            cursor.execute(statement)


def drop_triggers(using: str) -> None:
    """Take the triggers away: for a migration that must rewrite a table, and for test databases."""
    connection = connections[using]
    present = set(expected_triggers(connection)) - set(missing_triggers(connection))
    with connection.cursor() as cursor:
        for name in sorted(present):
            table = name.removeprefix("keep_").rsplit("_", 1)[0]
            on_table = "" if connection.vendor == "sqlite" else f" ON {table}"
            cursor.execute(f"DROP TRIGGER IF EXISTS {name}{on_table}")


def _rules(connection: BaseDatabaseWrapper, present: Sequence[str]) -> Iterator[Rule]:
    """Yield the rules of every table that is there already."""
    yield from _own_rules(connection)
    for kept in _others:
        if set(kept.tables) <= set(present):
            yield from kept.rules(connection)


def _own_rules(connection: BaseDatabaseWrapper) -> Iterator[Rule]:
    changed = changed_columns(connection, VERSION, labels=LABEL_COLUMNS)
    yield f"keep_{VERSION}_insert", "INSERT", VERSION, FROZEN_TWIN
    yield f"keep_{VERSION}_update", "UPDATE", VERSION, FROZEN_ROW_CHANGES.format(changed=changed)
    yield f"keep_{VERSION}_delete", "DELETE", VERSION, "OLD.number IS NOT NULL"
    for table, key in ((WEIGHT, "version_id"), (POOLED, "weightversion_id")):
        old, new = OF_FROZEN.format(row="OLD", key=key), OF_FROZEN.format(row="NEW", key=key)
        yield f"keep_{table}_insert", "INSERT", table, new
        yield f"keep_{table}_update", "UPDATE", table, f"{old} OR {new}"
        yield f"keep_{table}_delete", "DELETE", table, old
    yield f"keep_{LOG}_insert", "INSERT", LOG, f"EXISTS (SELECT 1 FROM {LOG} l WHERE l.id = NEW.id)"
    yield f"keep_{LOG}_update", "UPDATE", LOG, "1 = 1"
    yield f"keep_{LOG}_delete", "DELETE", LOG, "1 = 1"


def changed_columns(connection: BaseDatabaseWrapper, table: str, *, labels: Sequence[str]) -> str:
    """Return the condition that any column of a row but its labels is another than before."""
    with connection.cursor() as cursor:
        columns = [c.name for c in connection.introspection.get_table_description(cursor, table)]
    kept = [column for column in columns if column not in labels]
    return " OR ".join(f'OLD."{column}" IS NOT NEW."{column}"' for column in kept)


def _create_statements(connection: BaseDatabaseWrapper, present: Sequence[str]) -> Iterator[str]:
    if connection.vendor == "sqlite":
        for name, event, table, condition in _rules(connection, present):
            yield (
                f"CREATE TRIGGER {name} BEFORE {event} ON {table} WHEN {condition}"
                f" BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"
            )
        return
    for name, event, table, condition in _rules(connection, present):
        refused = condition.replace(" IS NOT NEW.", " IS DISTINCT FROM NEW.")
        yield from _postgres_trigger(name, event, table, refused)
    for name, table in _truncate_triggers(connection, present).items():
        yield from _postgres_trigger(name, "TRUNCATE", table, "TRUE")


def _postgres_trigger(name: str, event: str, table: str, refused: str) -> Iterator[str]:
    """Each trigger has a function of its own: a WHEN clause may not read other tables."""
    result = "NEW" if event in ("INSERT", "UPDATE") else "OLD"
    level = "STATEMENT" if event == "TRUNCATE" else "ROW"
    yield (
        f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF {refused} THEN"
        f" RAISE EXCEPTION '{REFUSAL}' USING ERRCODE = 'integrity_constraint_violation'; END IF;"
        f" RETURN {result}; END $$"
    )
    yield f"CREATE TRIGGER {name} BEFORE {event} ON {table} FOR EACH {level} EXECUTE FUNCTION {name}()"
    yield f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {name}"


def _truncate_triggers(connection: BaseDatabaseWrapper, present: Sequence[str]) -> dict[str, str]:
    if connection.vendor == "sqlite":
        return {}
    return {f"keep_{table}_truncate": table for table in _tables() if table in present}
