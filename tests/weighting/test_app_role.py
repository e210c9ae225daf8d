"""The role that the product runs as on PostgreSQL: it can do the work, and not undo the guards."""

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction

from tests.factories import make_account, make_round
from tests.indexer.factories import make_version
from weighting import immutability
from weighting.enums import RoundState
from weighting.management.commands.grant_app_role import PASSWORD_VARIABLE
from weighting.models import AuditEntry, WeightVersion
from weighting.services import residue
from weighting.services.versions import freeze_version, publish_version, retire_version

pytestmark = [pytest.mark.django_db, pytest.mark.postgres]
postgres_only = pytest.mark.skipif("connection.vendor != 'postgresql'", reason="SQLite has no roles")

ATTACKS = {
    "disable a trigger": f"ALTER TABLE {immutability.VERSION} DISABLE TRIGGER ALL",
    "drop a trigger": f"DROP TRIGGER keep_{immutability.VERSION}_update ON {immutability.VERSION}",
    "replace its function": f"CREATE OR REPLACE FUNCTION keep_{immutability.VERSION}_update() RETURNS trigger"
    " LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$",
    "truncate": f"TRUNCATE {immutability.WEIGHT}",
    "play a replica": "SET session_replication_role = replica",
    "drop the table": f"DROP TABLE {immutability.WEIGHT}",
    "make a table": "CREATE TABLE stowaway (id int)",
    "rewrite the log": f"UPDATE {immutability.LOG} SET act = 'nothing'",
    "empty the log": f"DELETE FROM {immutability.LOG}",
    "forget a migration": "DELETE FROM django_migrations",
    "become the owner": "SET ROLE postgres",
}


# The owner is refused these too, as long as the triggers stand.
MET_BY_TRIGGERS = {"truncate", "rewrite the log", "empty the log"}


@pytest.fixture
def app_role(monkeypatch):
    """Everything in the test happens as the role; it is gone with the test's transaction."""
    monkeypatch.setenv(PASSWORD_VARIABLE, "a-password")
    call_command("grant_app_role", role="quanheng_app_test")
    with connection.cursor() as cursor:
        # Of the session, not of the statement: no way back to the owner for what runs as it.
        cursor.execute("SET LOCAL SESSION AUTHORIZATION quanheng_app_test")
        yield
        cursor.execute("RESET SESSION AUTHORIZATION")


@postgres_only
@pytest.mark.usefixtures("app_role")
def test_what_a_machine_that_fell_silent_had_locked_is_free_within_half_a_minute():
    with connection.cursor() as cursor:
        cursor.execute("SELECT rolconfig FROM pg_roles WHERE rolname = 'quanheng_app_test'")
        said = dict(each.split("=") for each in cursor.fetchone()[0])
    assert int(said["tcp_user_timeout"]) <= 25_000
    assert int(said["tcp_keepalives_idle"]) + int(said["tcp_keepalives_interval"]) <= 25


@postgres_only
def test_the_role_can_do_the_products_work(app_role):
    manager = make_account()
    round_ = make_round(state=RoundState.AGGREGATED, manager=manager)
    version = freeze_version(WeightVersion.objects.get(round=round_), actor=manager)
    retire_version(publish_version(version, actor=manager), actor=manager)
    make_version(round_.framework).refresh_from_db()
    call_command("verify_versions", verbosity=0)

    assert AuditEntry.objects.filter(act="retire").exists()


@postgres_only
def test_the_role_can_remove_the_dead_rows_of_people_and_ballots(app_role, caplog):
    if connection.pg_version < residue.MAINTAIN_SINCE:
        pytest.skip("an older server lets the owner alone do it")
    make_round(state=RoundState.CLOSED)
    # What is deferred to the end of the test's transaction would be in the way.
    connection.check_constraints()
    residue._rewrite_tables(*residue.PEOPLE, *residue.BALLOTS)

    assert "not removed" not in caplog.text


@postgres_only
@pytest.mark.parametrize("name", ATTACKS)
def test_what_would_undo_the_guards_is_refused(app_role, name):
    with pytest.raises(DatabaseError, match=r"must be owner|permission denied"):
        attack(name)


@transaction.atomic
def attack(name):
    with connection.cursor() as cursor:
        cursor.execute(ATTACKS[name])


@postgres_only
@pytest.mark.parametrize("name", [name for name in ATTACKS if name not in MET_BY_TRIGGERS])
def test_the_owner_could_do_all_that(name):
    attack(name)


@postgres_only
def test_granting_twice_changes_nothing(app_role):
    with connection.cursor() as cursor:
        cursor.execute("RESET SESSION AUTHORIZATION")
    once = rights_of_role()
    call_command("grant_app_role", role="quanheng_app_test")

    assert once["weighting_score"] == {"SELECT", "INSERT", "UPDATE", "DELETE"}
    assert rights_of_role() == once


def rights_of_role():
    """What the role may do with each table."""
    rights = {}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name, privilege_type FROM information_schema.role_table_grants"
            " WHERE grantee = 'quanheng_app_test'"
        )
        for table, right in cursor.fetchall():
            rights.setdefault(table, set()).add(right)
    return rights


@pytest.fixture
def plain_owner(monkeypatch):
    """Everything in the test happens as an owner of the tables who is no superuser."""
    monkeypatch.setenv(PASSWORD_VARIABLE, "a-password")
    with connection.cursor() as cursor:
        cursor.execute("CREATE ROLE plain_owner NOLOGIN")
        cursor.execute("DO $$ BEGIN EXECUTE format('GRANT %I TO plain_owner', current_user); END $$")
        yield cursor
        cursor.execute("RESET SESSION AUTHORIZATION")


def rights_beyond(cursor):
    cursor.execute(
        "SELECT rolsuper, rolcreatedb, rolcreaterole FROM pg_roles WHERE rolname = 'quanheng_app_test'"
    )
    return cursor.fetchone()


@postgres_only
def test_an_owner_who_is_no_superuser_grants_it_too(plain_owner):
    plain_owner.execute("ALTER ROLE plain_owner CREATEROLE")
    plain_owner.execute("SET LOCAL SESSION AUTHORIZATION plain_owner")
    call_command("grant_app_role", role="quanheng_app_test")
    call_command("grant_app_role", role="quanheng_app_test")

    assert rights_beyond(plain_owner) == (False, False, False)


@postgres_only
def test_who_may_make_no_roles_is_told_what_to_do(plain_owner):
    plain_owner.execute("SET LOCAL SESSION AUTHORIZATION plain_owner")
    with pytest.raises(CommandError, match="ALTER ROLE owner CREATEROLE"):
        call_command("grant_app_role", role="quanheng_app_test")

    assert rights_beyond(plain_owner) is None


@postgres_only
def test_a_role_that_may_more_loses_it(plain_owner):
    plain_owner.execute("CREATE ROLE quanheng_app_test SUPERUSER CREATEDB CREATEROLE")
    call_command("grant_app_role", role="quanheng_app_test")

    assert rights_beyond(plain_owner) == (False, False, False)


@postgres_only
def test_a_missing_password_is_refused(monkeypatch):
    monkeypatch.delenv(PASSWORD_VARIABLE, raising=False)
    with pytest.raises(CommandError, match=PASSWORD_VARIABLE):
        call_command("grant_app_role")


@pytest.mark.skipif("connection.vendor != 'sqlite'", reason="SQLite's answer")
def test_sqlite_has_no_roles():
    with pytest.raises(CommandError, match="Only PostgreSQL has roles"):
        call_command("grant_app_role")
