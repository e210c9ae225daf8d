"""Up from older releases with a copy before, and back to it, on both databases."""

import sqlite3
import subprocess
import sys
import uuid
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

from tests.factories import make_account
from tests.processes import ROOT, clean_environment, database_url
from upkeep.copies.archive import lines_of, open_archive, read_head
from upkeep.copies.prints import print_of
from weighting.immutability import missing_triggers
from weighting.models import Account

# What the code of that time made: two frozen versions, two runs, a draft, an open round with a ballot.
RELEASES = Path(__file__).with_name("releases")
UP_AND_BACK = """
call('go_back', {recorded!r}, yes=True)
call('upgrade', verbosity=0)
call('verify_versions', verbosity=0)
from weighting.models import Account
Account.objects.create(username='late')
print('AND BACK')
call('go_back', yes=True)
from pathlib import Path
from upkeep.copies.backup import write_copy_of_any_state, write_copy_to
write_copy_to(Path({again!r}), write_copy_of_any_state)
"""
pytestmark = pytest.mark.django_db(transaction=True)
postgres_only = pytest.mark.skipif("connection.vendor != 'postgresql'", reason="the other one runs on SQLite")


@pytest.fixture
def on_a_new_database(tmp_path):
    """Run Python in the product on a new, empty database; return what it prints, or why it stopped."""
    url, drop = _new_database(tmp_path)
    own = clean_environment(QUANHENG_VAR=tmp_path / "var", DATABASE_URL=url, DJANGO_LOG_LEVEL="ERROR")
    begin = "import django; django.setup(); from django.core.management import call_command as call\n"

    def run(program):
        command = [sys.executable, "-c", begin + program]
        done = subprocess.run(command, env=own, cwd=ROOT, capture_output=True, text=True, check=False)
        return done.stdout + done.stderr

    yield run
    drop()


def _new_database(folder):
    if connection.vendor == "sqlite":
        return f"sqlite:///{folder}/own.sqlite3", lambda: None
    name, url = f"ways_{uuid.uuid4().hex}", database_url()

    def execute(statement):
        with closing(psycopg.connect(url, autocommit=True)) as server:
            server.execute(statement)

    execute(f"CREATE DATABASE {name}")
    return url.replace(connection.settings_dict["NAME"], name), lambda: execute(f"DROP DATABASE {name}")


def prints(path):
    """What tells the rows of a copy from others, whatever order they or their documents have."""
    with open_archive(str(path)) as archive:
        return {name: print_of(lines_of(archive, name)) for name in read_head(archive).tables}


# One on each database, since each takes seconds; the oldest where changes build a table anew.
@pytest.mark.parametrize(
    ("release", "last"),
    [
        pytest.param(
            "first-days", "indexer.0002_initial and weighting.0004_versions_in_depth", id="first-days"
        ),
        pytest.param(
            "0.1.0",
            "indexer.0021_ranking_without_an_index and weighting.0007_api_tokens",
            id="0.1.0",
            marks=[pytest.mark.postgres, postgres_only],
        ),
    ],
)
def test_an_older_release_is_upgraded_and_found_again_to_the_row(release, last, on_a_new_database, tmp_path):
    recorded, again = RELEASES / f"{release}.zip", tmp_path / "again.zip"

    up, _sign, back = on_a_new_database(
        UP_AND_BACK.format(recorded=str(recorded), again=str(again))
    ).partition("AND BACK")

    assert last in up
    assert "Everything holds." in up
    assert "weighting_account: 1 made, 0 changed, 0 removed" in back
    assert last in back
    then = prints(recorded)
    copies = tmp_path / "var" / "copies"
    (before,), (kept,) = copies.glob("before-upgrade-*"), copies.glob("before-going-back-*")
    assert prints(before) == prints(again) == then
    assert prints(kept)["weighting_account"][0] == then["weighting_account"][0] + 1


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
    (last,) = MigrationLoader(connection).graph.leaf_nodes("weighting")
    recorder.record_unapplied(*last)
    try:
        with pytest.raises(CommandError, match=r"Nothing was upgraded\. .*taken cannot be made"):
            call_command("upgrade", into=tmp_path / "taken")
        assert last not in recorder.applied_migrations()
    finally:
        recorder.record_applied(*last)
