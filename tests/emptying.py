"""How a transactional test leaves the database: no rows, and the next ones numbered from one."""

from django.core.management.color import no_style
from django.db import connections, transaction

from weighting.immutability import drop_triggers, expected_triggers, install_triggers, missing_triggers

# What the migrations write and no test changes: Django would make them anew after every test.
KEPT = {"django_migrations", "django_content_type", "auth_permission"}


def empty(alias):
    """Delete every row; the triggers that forbid it stand aside meanwhile."""
    connection = connections[alias]
    if missing_triggers(connection):
        # Those that a test took away.
        install_triggers(alias)
    filled = _filled(connection)
    expected = expected_triggers(connection)
    guards = {name: table for table in filled if (name := f"keep_{table}_delete") in expected}
    statements = _on_sqlite if connection.vendor == "sqlite" else _on_postgres
    with transaction.atomic(using=alias), connection.cursor() as cursor:
        for statement in statements(cursor, filled, guards):
            cursor.execute(statement)


def make_files_anew(alias):
    """Give the tables of PostgreSQL new files: what is only deleted stays in the old ones.

    It takes thirty times what it takes to delete the rows, for all indices get new ones, too.
    """
    connection = connections[alias]
    drop_triggers(alias)
    connection.ops.execute_sql_flush(connection.ops.sql_flush(no_style(), _tables(connection)))
    install_triggers(alias)


def _tables(connection):
    tables = connection.introspection.django_table_names(only_existing=True, include_views=False)
    return sorted({*tables} - KEPT)


def _filled(connection):
    asked = [f"SELECT '{table}' WHERE EXISTS (SELECT 1 FROM {table})" for table in _tables(connection)]
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(asked))
        return [table for (table,) in cursor.fetchall()]


def _on_sqlite(cursor, filled, guards):
    cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
    again = [sql for name, sql in cursor.fetchall() if name in guards]
    yield from (f"DROP TRIGGER {name}" for name in guards)
    yield from (f"DELETE FROM {table}" for table in filled)
    # Also of tables that the test emptied itself.
    kept = ", ".join(f"'{table}'" for table in sorted(KEPT))
    yield f"UPDATE sqlite_sequence SET seq = 0 WHERE name NOT IN ({kept})"
    yield from again


def _on_postgres(_cursor, filled, guards):
    # Whether what a row refers to is there is asked of each row by a trigger, but not in this role.
    yield "SET LOCAL session_replication_role = replica"
    yield from (f"ALTER TABLE {table} DISABLE TRIGGER {name}" for name, table in guards.items())
    yield from (f"DELETE FROM {table}" for table in filled)
    kept = ", ".join(f"'{table}_id_seq'" for table in sorted(KEPT))
    yield (
        "SELECT setval(format('%I.%I', schemaname, sequencename)::regclass, 1, false) FROM pg_sequences"
        f" WHERE last_value IS NOT NULL AND sequencename NOT IN ({kept})"
    )
    yield from (f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {name}" for name, table in guards.items())
