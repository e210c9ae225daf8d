"""What the database says of itself."""

from django.db import connection

from weighting.immutability import VERSION
from weighting.services.residue import BALLOTS, MAINTAIN_SINCE, PEOPLE


def owns_tables() -> bool:
    """Whether the product's role may take triggers away; on SQLite whoever has the file may."""
    if connection.vendor == "sqlite":
        return True
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_has_role(relowner, 'USAGE') FROM pg_class WHERE oid = %s::regclass", [VERSION]
        )
        return bool(cursor.fetchone()[0])


def may_remove_dead_rows() -> bool:
    """Whether the product's role, which owns nothing, may write the tables of people and ballots anew."""
    if connection.pg_version < MAINTAIN_SINCE:  # type: ignore[attr-defined]  # PostgreSQL's own
        return False
    tables = [*PEOPLE, *BALLOTS]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT bool_and(has_table_privilege(name, 'MAINTAIN')) FROM unnest(%s::text[]) AS name", [tables]
        )
        return bool(cursor.fetchone()[0])


def database_bytes() -> int:
    """How large the database is."""
    query = (
        "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()"
        if connection.vendor == "sqlite"
        else "SELECT pg_database_size(current_database())"
    )
    with connection.cursor() as cursor:
        cursor.execute(query)
        return int(cursor.fetchone()[0])
