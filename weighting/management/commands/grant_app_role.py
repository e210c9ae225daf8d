"""Create the PostgreSQL role that the product runs as: ``manage.py grant_app_role``.

It owns nothing, so it can neither drop nor disable a trigger, TRUNCATE a table, nor play a
replica; the log it can only append to. Migrations run as the owner.
"""

import os
from argparse import ArgumentParser
from collections.abc import Iterator
from typing import Any, LiteralString

from django.core.management.base import BaseCommand, CommandError
from django.db import ProgrammingError, connection, transaction
from psycopg import sql

from weighting.immutability import LOG
from weighting.services.residue import BALLOTS, MAINTAIN_SINCE, PEOPLE

PASSWORD_VARIABLE = "QUANHENG_APP_PASSWORD"  # noqa: S105  (the name of the variable)
# What a role may beyond a database, and how that is taken away: only by who may it.
BEYOND = (
    "SELECT rolsuper, rolcreatedb, rolcreaterole, rolreplication, rolbypassrls"
    " FROM pg_roles WHERE rolname = %s"
)
TAKEN = ("NOSUPERUSER", "NOCREATEDB", "NOCREATEROLE", "NOREPLICATION", "NOBYPASSRLS")
RIGHTS = (
    "ALTER ROLE {role} LOGIN PASSWORD {password}",
    "REVOKE CREATE ON SCHEMA public FROM PUBLIC",
    "GRANT USAGE ON SCHEMA public TO {role}",
    "REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {role}",
    "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}",
    "GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {role}",
    "REVOKE UPDATE, DELETE ON {log} FROM {role}",
    "REVOKE INSERT, UPDATE, DELETE ON django_migrations FROM {role}",
    # A machine that goes away without a word would keep the rows that it had locked: for two hours where it
    # was waited for, for a quarter of one where it was sent something.
    "ALTER ROLE {role} SET tcp_keepalives_idle = 10",
    "ALTER ROLE {role} SET tcp_keepalives_interval = 5",
    "ALTER ROLE {role} SET tcp_user_timeout = 20000",
)


class Command(BaseCommand):
    help = f"Create or renew the role that the product runs as; its password is in {PASSWORD_VARIABLE}."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--role", default="quanheng_app")

    def handle(self, *args: Any, **options: Any) -> None:
        password = os.environ.get(PASSWORD_VARIABLE, "")
        if connection.vendor != "postgresql":
            raise CommandError("Only PostgreSQL has roles: on SQLite the file's owner may do anything.")
        if not password:
            raise CommandError(f"Set {PASSWORD_VARIABLE} to the password of the role.")
        try:
            _grant(options["role"], password)
        except ProgrammingError as error:
            reason = str(error).partition("\n")[0]
            raise CommandError(
                f"Nothing was granted: {reason}. Run it as the owner of the tables, to whom a superuser of"
                " PostgreSQL has said ALTER ROLE owner CREATEROLE; what this role may not take from"
                f" {options['role']}, such a superuser takes."
            ) from error


def _grant(role: str, password: str) -> None:
    names = {"role": sql.Identifier(role), "log": sql.Identifier(LOG), "password": sql.Literal(password)}
    with transaction.atomic(), connection.cursor() as cursor:
        for statement in (*_made(cursor, role), *RIGHTS, *_maintenance()):
            cursor.execute(sql.SQL(statement).format(**names))


def _made(cursor: Any, role: str) -> Iterator[LiteralString]:
    """Yield what makes the role, or takes from one that there is what it may beyond the database."""
    cursor.execute(BEYOND, [role])
    if (found := cursor.fetchone()) is None:
        yield "CREATE ROLE {role}"
        return
    for may, taken in zip(found, TAKEN, strict=True):
        if may:
            yield "ALTER ROLE {role} " + taken


def _maintenance() -> tuple[LiteralString, ...]:
    """Let the role remove the dead rows of people and ballots, which only PostgreSQL 17 can grant."""
    tables = ", ".join(PEOPLE + BALLOTS)
    is_grantable = connection.pg_version >= MAINTAIN_SINCE  # type: ignore[attr-defined]  # PostgreSQL's own
    return (f"GRANT MAINTAIN ON {tables} TO {{role}}",) if is_grantable else ()
