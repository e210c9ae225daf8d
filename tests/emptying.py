"""How a transactional test leaves the database: no rows, and the next ones numbered from one."""

from django.core.management.color import no_style
from django.db import connections

from weighting.immutability import drop_triggers, install_triggers

# What the migrations write and no test changes: Django would make them anew after every test.
KEPT = {"django_migrations", "django_content_type", "auth_permission"}


def empty(alias):
    """Empty the tables that hold rows; the triggers that forbid it go first, and come back after."""
    connection = connections[alias]
    drop_triggers(alias)
    statements = connection.ops.sql_flush(
        no_style(),
        _filled(connection),
        reset_sequences=True,
        # PostgreSQL asks for those that refer to them, though they hold nothing.
        allow_cascade=connection.vendor == "postgresql",
    )
    if connection.vendor == "sqlite":
        # Also of tables that the test emptied itself.
        kept = ", ".join(f"'{table}'" for table in sorted(KEPT))
        statements.append(f"UPDATE sqlite_sequence SET seq = 0 WHERE name NOT IN ({kept})")
    connection.ops.execute_sql_flush(statements)
    install_triggers(alias)


def _filled(connection):
    tables = connection.introspection.django_table_names(only_existing=True, include_views=False)
    asked = [f"SELECT '{table}' WHERE EXISTS (SELECT 1 FROM {table})" for table in set(tables) - KEPT]
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(asked))
        return [table for (table,) in cursor.fetchall()]
