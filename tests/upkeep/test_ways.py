"""Up from older releases with a copy before, and back to it, and the short way, on both databases."""

import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder

from tests.factories import make_account
from tests.processes import ROOT, clean_environment, database_url
from tests.upkeep.stores import COPY, RELEASES, Store, prints
from weighting.immutability import missing_triggers
from weighting.models import Account

DESCRIBE = """
import json
from tests.upkeep.schema import described
print(json.dumps(described()))
"""
# An older release left rows that name models of its own, which are no part of how a database is made.
DESCRIBE_WITHOUT_MODELS_THAT_ARE_GONE = """
import json
from django.db import transaction
from tests.upkeep.schema import described
with transaction.atomic():
    call('remove_stale_contenttypes', interactive=False, verbosity=0)
    print(json.dumps(described()))
    transaction.set_rollback(True)
"""
UP = """
call('go_back', {recorded!r}, yes=True)
call('upgrade', verbosity=0)
call('verify_versions', verbosity=0)
from weighting.models import Account
Account.objects.create(username='late')
print('MADE OF')
"""
BACK = """
print('AND BACK')
call('go_back', yes=True)
"""
ODD = """
from django.db import connection
connection.cursor().execute("ALTER TABLE weighting_round ADD COLUMN odd integer")
"""
OWN_APPS = ("weighting", "indexer")
# One on each database, since each takes seconds; the oldest where changes build a table anew.
RELEASE = {
    "sqlite": ("first-days", "indexer.0002_initial and weighting.0004_versions_in_depth"),
    "postgresql": ("0.1.0", "indexer.0021_ranking_without_an_index and weighting.0007_api_tokens"),
}
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(scope="module")
def walked(django_db_setup, tmp_path_factory):
    """An older release that went every step up to this one and back; what was said, met and kept."""
    folder = tmp_path_factory.mktemp("walked")
    release, last = RELEASE[connection.vendor]
    recorded, again, store = RELEASES / f"{release}.zip", folder / "again.zip", Store(folder)
    up = UP.format(recorded=str(recorded)) + DESCRIBE_WITHOUT_MODELS_THAT_ARE_GONE
    said = store.run(up + BACK + COPY.format(path=str(again)))
    up, _sign, said = said.partition("MADE OF")
    described, _sign, back = said.partition("AND BACK")
    yield SimpleNamespace(
        last=last, up=up, described=described, back=back, recorded=recorded, again=again, copies=store.copies
    )
    store.end()


@pytest.fixture
def store(tmp_path):
    made = Store(tmp_path)
    yield made
    made.end()


@pytest.mark.postgres
def test_an_older_release_is_upgraded_and_found_again_to_the_row(walked):
    assert walked.last in walked.up
    assert "Everything holds." in walked.up
    assert "weighting_account: 1 made, 0 changed, 0 removed" in walked.back
    assert walked.last in walked.back
    then = prints(walked.recorded)
    (before,), (kept,) = walked.copies.glob("before-upgrade-*"), walked.copies.glob("before-going-back-*")
    assert prints(before) == prints(walked.again) == then
    assert prints(kept)["weighting_account"][0] == then["weighting_account"][0] + 1


@pytest.mark.postgres
def test_the_short_way_leads_to_the_database_that_every_step_leads_to(walked, store):
    short, odd = map(
        json.loads, store.run("call('migrate', verbosity=0)\n" + DESCRIBE + ODD + DESCRIBE).splitlines()
    )
    stepped = json.loads(walked.described)

    for kind in stepped:
        assert short[kind] == stepped[kind], kind
    # Control: another column is seen.
    assert odd != stepped
    # A release from before there were short ways knows a database by these names.
    assert {(app, name) for app, name in short["migrations"] if app in OWN_APPS} == {
        (app, file.stem)
        for app in OWN_APPS
        for file in Path(ROOT, app, "migrations").glob("0*.py")
        if "_squashed_" not in file.stem
    }


@pytest.fixture
def copy(tmp_path):
    """A copy of a store with one account, of which there are two by now."""
    make_account()
    path = tmp_path / "copy.zip"
    call_command("backup", str(path))
    make_account()
    return str(path)


@pytest.mark.postgres
def test_nothing_is_replaced_while_the_product_runs(copy, tmp_path):
    with closing(_another_connection()), pytest.raises(CommandError, match="still uses the database"):
        call_command("go_back", copy, "--yes", into=tmp_path)

    assert Account.objects.count() == 2


def _another_connection():
    if connection.vendor == "postgresql":
        return psycopg.connect(database_url())
    other = sqlite3.connect(connection.settings_dict["NAME"])
    other.execute("SELECT count(*) FROM weighting_account").fetchone()
    return other


@pytest.fixture
def _as_if_unused(monkeypatch):
    """Threads of earlier tests of this process may still hold the database; who uses it is tried above."""
    monkeypatch.setattr("upkeep.copies.ways.refuse_while_used", lambda: None)


@pytest.mark.skipif("connection.vendor != 'sqlite'", reason="a server, no file")
def test_a_file_that_cannot_be_written_is_not_said_to_be_in_use(tmp_path):
    """As where the disk is full: to stop the product would not help."""
    (tmp_path / "folder").mkdir()
    own = clean_environment(DATABASE_URL=f"sqlite:///{tmp_path}/folder", QUANHENG_VAR=tmp_path)
    command = [sys.executable, "manage.py", "go_back", str(RELEASES / "0.1.0.zip"), "--yes"]
    done = subprocess.run(command, cwd=ROOT, env=own, capture_output=True, text=True, check=False)

    assert done.returncode == 1
    assert f"{tmp_path}/folder cannot be written: unable to open database file." in done.stderr


@pytest.mark.usefixtures("_as_if_unused")
def test_nothing_is_replaced_unless_somebody_agrees(copy, tmp_path, monkeypatch, capsys):
    for answer in (lambda _question: "no", _nobody):
        monkeypatch.setattr("builtins.input", answer)
        with pytest.raises(CommandError, match="Nothing was changed"):
            call_command("go_back", copy, into=tmp_path)

    assert "weighting_account: 1 made, 0 changed, 0 removed" in capsys.readouterr().out
    assert Account.objects.count() == 2
    assert [path.name for path in tmp_path.iterdir()] == ["copy.zip"]


def _nobody(_question):
    raise EOFError


@pytest.mark.usefixtures("_as_if_unused")
def test_a_copy_that_does_not_come_out_whole_replaces_nothing(tmp_path, monkeypatch):
    make_account()
    monkeypatch.setattr(
        "upkeep.copies.rebuild.heads_in", lambda _apps: [{"framework": "f", "number": 1, "hash": "h"}]
    )
    with pytest.raises(CommandError, match="not what the copy holds: heads"):
        call_command("go_back", str(RELEASES / "first-days.zip"), "--yes", into=tmp_path)

    assert Account.objects.count() == 1
    assert missing_triggers(connection) == []


@pytest.mark.postgres
def test_a_database_of_a_later_release_is_not_upgraded(tmp_path):
    MigrationRecorder(connection).record_applied("weighting", "0099_later")
    try:
        with pytest.raises(CommandError, match=r"later release: weighting.0099_later"):
            call_command("upgrade", into=tmp_path)
    finally:
        MigrationRecorder(connection).record_unapplied("weighting", "0099_later")


def test_without_a_copy_nothing_is_upgraded(tmp_path):
    (tmp_path / "taken").touch()
    recorder = MigrationRecorder(connection)
    last = max(key for key in recorder.applied_migrations() if key[0] == "weighting")
    recorder.record_unapplied(*last)
    try:
        with pytest.raises(CommandError, match=r"Nothing was upgraded\. .*taken cannot be made"):
            call_command("upgrade", into=tmp_path / "taken")
        assert last not in recorder.applied_migrations()
    finally:
        recorder.record_applied(*last)
