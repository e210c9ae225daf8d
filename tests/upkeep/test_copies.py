"""A copy holds the whole database of one moment; it is restored whole into either database, or not at all."""

import hashlib
import json
import os
import subprocess
import sys
import threading
import zipfile
from types import SimpleNamespace

import pytest
from django.apps import apps
from django.conf import settings
from django.contrib.admin.models import ADDITION, LogEntry
from django.contrib.auth.management import create_permissions
from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.management import create_contenttypes
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.models import Session
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, connections
from django.utils import timezone

from indexer.enums import RunStatus
from indexer.models import DataFacts, Run, RunFacts, RunScores
from indexer.numeric.studies.blocks import pack_arrays
from indexer.selectors.coherence import arrays_to_keep_of_run
from indexer.selectors.data_facts import arrays_to_keep
from tests.factories import fill_ballot, make_account, make_invitation, make_panel, make_round
from tests.indexer.study_runs import make_panel_run, make_study
from tests.prepared import place_database
from tests.processes import ROOT, clean_environment, database_url
from upkeep.copies import ways
from upkeep.copies.archive import HEAD, LONGEST_HEAD, CopyError, open_archive, read_head
from upkeep.copies.backup import check_copy, copies_of, write_next_copy
from upkeep.copies.snapshot import one_moment
from weighting import immutability
from weighting.models import AccessLink, Account, Expert, NodeWeight, WeightVersion
from weighting.selectors.version_chain import all_heads
from weighting.services.access import issue_invitation_link
from weighting.services.handing import mark_handed
from weighting.services.versions import publish_version

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgres]
postgres_only = pytest.mark.skipif("connection.vendor != 'postgresql'", reason="SQLite has no roles")
WEIGHTS, RUNS, SCORES = NodeWeight._meta.db_table, Run._meta.db_table, RunScores._meta.db_table
# Of every kind of column: blocks, documents, times, dates, ids that are random, references to these.
FULL = {WEIGHTS, RUNS, SCORES, "indexer_study", "weighting_ballot", "weighting_invitation", "weighting_score"}
FULL |= {"weighting_auditentry", "weighting_round_managers", "auth_group_permissions", "django_admin_log"}
FULL |= {DataFacts._meta.db_table, RunFacts._meta.db_table}


@pytest.fixture(scope="module")
def copied(django_db_setup, django_db_blocker, tmp_path_factory):
    """A copy of a store with something in every corner, and what was in it; the store is empty again."""
    path = tmp_path_factory.mktemp("copies") / "quanheng.zip"
    with django_db_blocker.unblock():
        _renumber_content_types()
        _fill()
        call_command("backup", str(path))
        last = Account.objects.order_by("pk").last().pk
        was = SimpleNamespace(
            last=last,
            path=path,
            heads=all_heads(),
            types=dict(ContentType.objects.values_list("pk", "model")),
        )
        _empty()
    return was


def _renumber_content_types():
    """Make the ids those of a database in which models came and went."""
    Permission.objects.all().delete()
    ContentType.objects.all().delete()
    ContentType.objects.create(app_label="weighting", model="gone")
    for app in reversed(list(apps.get_app_configs())):
        create_contenttypes(app, verbosity=0)
        create_permissions(app, verbosity=0)


def _fill():
    run = make_panel_run(cities=4, experts=5)
    publish_version(run.weight_version, actor=run.data_set.created_by)
    make_study(run, draws=200)
    kept = {"status": RunStatus.DONE, "finished_at": timezone.now()}
    DataFacts.objects.create(data_set=run.data_set, block=pack_arrays(arrays_to_keep(run.data_set)), **kept)
    RunFacts.objects.create(run=run, block=pack_arrays(arrays_to_keep_of_run(run.pk)), **kept)
    handed = make_invitation(make_round(panel=make_panel(email="")))
    fill_ballot(handed)
    issue_invitation_link(handed)
    mark_handed(handed.round, invitations=[handed.pk], actor=handed.round.managers.get())
    group = Group.objects.create(name="readers")
    group.permissions.add(Permission.objects.get(codename="view_round"))
    run.data_set.created_by.groups.add(group)
    LogEntry.objects.create(
        user=run.data_set.created_by,
        content_type=ContentType.objects.get_for_model(Account),
        object_id="1",
        action_flag=ADDITION,
    )
    make_account().delete()
    Session.objects.create(session_key="k" * 32, session_data="{}", expire_date=timezone.now())


def _empty():
    immutability.drop_triggers("default")
    call_command("flush", interactive=False, verbosity=0)


def tables_of(path):
    with open_archive(str(path)) as archive:
        return read_head(archive).tables


def changed(copied, folder, *, table=None, change=None, **head):
    """A copy in which somebody changed the rows of a table, checksum and all, or the head."""
    path = folder / "changed.zip"
    with zipfile.ZipFile(copied.path) as old, zipfile.ZipFile(path, "w") as new:
        told = json.loads(old.read(HEAD)) | head
        for name in old.namelist():
            content = old.read(name)
            if name == f"{table}.jsonl":
                rows = [json.loads(line) for line in content.splitlines()]
                columns = told["tables"][table]["columns"]
                for row in rows:
                    row[:] = change(dict(zip(columns, row, strict=True))).values()
                content = b"".join(json.dumps(row).encode() + b"\n" for row in rows)
                told["tables"][table]["sha256"] = hashlib.sha256(content).hexdigest()
            if name != HEAD:
                new.writestr(name, content)
        new.writestr(HEAD, json.dumps(told))
    return path


def refused(path, match):
    """Whether a copy is refused for a reason, and nothing of it stays."""
    with pytest.raises(CommandError, match=match):
        call_command("restore", str(path), verbosity=0)
    assert not WeightVersion.objects.exists()
    assert immutability.missing_triggers(connection) == []


def test_a_copy_is_restored_whole_and_guarded(copied, tmp_path):
    assert dict(ContentType.objects.values_list("pk", "model")) != copied.types  # they collide

    call_command("restore", str(copied.path), verbosity=0)
    again = tmp_path / "again.zip"
    call_command("backup", str(again))

    assert tables_of(again) == tables_of(copied.path)
    assert {name for name, table in tables_of(again).items() if table.rows} >= FULL
    assert all_heads() == copied.heads
    assert Group.objects.get().permissions.get().codename == "view_round"
    assert LogEntry.objects.get().content_type.model_class() is Account
    assert not Session.objects.exists()
    # Experts whom no address tells apart.
    assert (Expert.objects.filter(email="").count(), AccessLink.objects.filter(handed=True).count()) == (5, 1)
    call_command("verify_versions", verbosity=0)
    with pytest.raises(DatabaseError, match="immutable"):
        NodeWeight.objects.update(local_weight=0.5)
    # Not the number of an account that was deleted before the copy.
    assert make_account().pk == copied.last + 2


@postgres_only
def test_the_same_file_goes_into_sqlite_and_back(copied, tmp_path):
    back = str(tmp_path / "back.zip")
    program = (
        "import django; django.setup(); from django.core.management import call_command as call; "
        f"call('restore', {str(copied.path)!r}); call('backup', {back!r})"
    )
    (tmp_path / "var").mkdir(mode=0o700)
    place_database(tmp_path / "var" / "quanheng.sqlite3")
    own = clean_environment(QUANHENG_VAR=tmp_path / "var")
    done = subprocess.run(
        [sys.executable, "-c", program], env=own, cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr

    call_command("restore", back, verbosity=0)
    call_command("backup", str(tmp_path / "again.zip"))

    assert tables_of(tmp_path / "again.zip") == tables_of(copied.path)


def test_a_copy_is_one_moment_and_nobody_waits_for_it(tmp_path):
    def write():
        make_account(username=f"written-{Account.objects.count()}")
        connection.close()

    def write_elsewhere():
        thread = threading.Thread(target=write)
        thread.start()
        thread.join(10)
        assert not thread.is_alive()

    with one_moment():
        assert Account.objects.count() == 0
        write_elsewhere()
        assert Account.objects.count() == 0
    assert Account.objects.count() == 1
    # Control: outside of it, what others write is seen at once.
    write_elsewhere()
    assert Account.objects.count() == 2


SPOILT = [
    (WEIGHTS, lambda row: row | {"local_weight": row["local_weight"] / 2}, "not those of its manifest"),
    (SCORES, lambda row: row | {"scores": row["ranks"]}, "scores and ranks"),
    (SCORES, lambda row: row | {"ranks": row["scores"]}, "scores and ranks"),
    (RUNS, lambda row: row | {"manifest_hash": "f" * 64}, "computed from its version"),
    (RUNS, lambda row: row | {"data_sha256": "f" * 64}, "computed from its version"),
    ("indexer_study", lambda row: row | {"result_sha256": "f" * 64}, "every study"),
    (RUNS, lambda row: row | {"method_id": 10**6}, "refers to one that is not there"),
    (RUNS, lambda row: row | {"status": None}, "does not take its rows"),
    # What nobody's copy holds but one that was made up.
    (RUNS, lambda row: row | {"method_id": "none"}, "does not take its rows"),
    (RUNS, lambda row: row | {"method_id": 2**70}, "does not take its rows"),
    (RUNS, lambda row: row | {"finished_at": "never"}, "does not take its rows"),
    (RUNS, lambda row: row | {"finished_at": [[]]}, "does not take its rows"),
    (SCORES, lambda row: row | {"scores": 5}, "does not take its rows"),
    (RUNS, lambda row: {}, "does not take its rows"),
    (RUNS, lambda row: row | {"one": "more"}, "does not take its rows"),
]


def test_rows_that_do_not_hold_are_not_restored(copied, tmp_path):
    for table, change, match in SPOILT:
        refused(changed(copied, tmp_path, table=table, change=change), match)


def test_files_that_are_no_whole_copy_are_not_restored(copied, tmp_path):
    damaged, cut, text = (tmp_path / name for name in ("damaged", "cut", "text"))
    content = bytearray(copied.path.read_bytes())
    cut.write_bytes(content[: len(content) // 2])
    content[_inside_the_rows(copied.path)] ^= 0xFF
    damaged.write_bytes(content)
    text.write_text("[]")

    refused(damaged, "damaged")
    refused(cut, "not a whole copy")
    refused(text, "not a whole copy")
    refused(tmp_path / "nowhere", "No such file")
    refused(changed(copied, tmp_path, format="quanheng-copy/9"), "another|format")
    with pytest.raises(CommandError, match="damaged"):
        call_command("restore", str(damaged), "--check")


def test_a_head_is_not_unpacked_that_is_longer_than_any(tmp_path):
    path = tmp_path / "long.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as written:
        written.writestr(HEAD, b" " * (LONGEST_HEAD + 1))
    with open_archive(path) as archive, pytest.raises(CopyError, match="its head is too long"):
        read_head(archive)


def test_a_copy_with_any_byte_of_its_list_changed_is_told_to_be_damaged_or_is_whole(copied, tmp_path):
    content = copied.path.read_bytes()
    with zipfile.ZipFile(copied.path) as archive:
        first, second = (content.rfind(name.encode()) for name in archive.namelist()[:2])
    whole, broken = 0, 0
    for place in range(first - 46, second):
        damaged = bytearray(content)
        damaged[place] ^= 0xFF
        (tmp_path / "damaged").write_bytes(damaged)
        try:
            check_copy(str(tmp_path / "damaged"))
            whole += 1
        except CopyError:
            broken += 1

    # Dates, attributes and the name of the system are nobody's loss.
    assert broken > whole > 0


def _inside_the_rows(path):
    """Return where a byte of the largest table lies: a ZIP has bytes that nothing depends on, as the time."""
    with zipfile.ZipFile(path) as archive:
        largest = max(archive.infolist(), key=lambda entry: entry.compress_size)
        with archive.open(largest):
            return archive.fp.tell() + largest.compress_size // 2


def test_a_copy_of_another_release_names_what_differs(copied, tmp_path):
    told = json.loads(zipfile.ZipFile(copied.path).read(HEAD))["migrations"]
    strange = changed(copied, tmp_path, migrations=[*told[:-1], ["weighting", "0099_later"]])

    refused(strange, r"only in the copy: weighting.0099_later; only here: weighting")


def test_nothing_is_restored_over_what_is_there(copied):
    make_account()

    refused(copied.path, r"not empty, there are rows in weighting_account\.")


@postgres_only
def test_a_role_that_does_not_own_the_tables_is_told_so(copied, monkeypatch):
    monkeypatch.setenv("QUANHENG_APP_PASSWORD", "a-password")
    call_command("grant_app_role", role="quanheng_app_test")
    with connection.cursor() as cursor:
        cursor.execute("SET SESSION AUTHORIZATION quanheng_app_test")
        try:
            refused(copied.path, "does not own the tables")
        finally:
            cursor.execute("RESET SESSION AUTHORIZATION")


def test_a_database_behind_its_code_is_neither_copied_nor_filled(copied, tmp_path):
    with connection.cursor() as cursor:
        cursor.execute("SELECT app, name, applied FROM django_migrations ORDER BY id DESC LIMIT 1")
        row = cursor.fetchone()
        cursor.execute("DELETE FROM django_migrations WHERE app = %s AND name = %s", row[:2])
        try:
            refused(copied.path, "not migrated")
            with pytest.raises(CommandError, match="not migrated"):
                call_command("backup", str(tmp_path / "copy.zip"))
        finally:
            cursor.execute("INSERT INTO django_migrations (app, name, applied) VALUES (%s, %s, %s)", row)
    assert list(tmp_path.iterdir()) == []


def test_a_copy_is_its_owners_and_writes_over_nothing(tmp_path):
    path = tmp_path / "copy.zip"
    call_command("backup", str(path))

    assert path.stat().st_mode & 0o777 == 0o600
    assert os.listdir(tmp_path) == ["copy.zip"]
    with pytest.raises(CommandError, match="already"):
        call_command("backup", str(path))
    with pytest.raises(CommandError, match="cannot be written"):
        call_command("backup", str(tmp_path / "nowhere" / "copy.zip"))


def test_the_folder_of_a_series_is_made_for_its_owner_alone(copied, tmp_path):
    call_command("backup", into=str(tmp_path / "copies" / "of-quanheng"))

    assert (tmp_path / "copies" / "of-quanheng").stat().st_mode & 0o777 == 0o700
    (tmp_path / "file").touch()
    with pytest.raises(CommandError, match="cannot be made"):
        call_command("backup", into=str(tmp_path / "file" / "copies"))


def test_of_a_series_the_newest_stay_and_all_while_the_store_does_not_hold(copied, tmp_path):
    for day in range(1, 5):
        (tmp_path / f"quanheng-2020010{day}T000000Z.zip").touch()
    (tmp_path / "another.zip").touch()
    call_command("backup", "--into", str(tmp_path), "--keep", "3")

    first, *others = sorted(os.listdir(tmp_path))
    assert first == "another.zip"
    assert others[:2] == ["quanheng-20200103T000000Z.zip", "quanheng-20200104T000000Z.zip"]
    assert len(others) == 3
    call_command("restore", str(tmp_path / others[2]), "--check")
    with pytest.raises(CommandError, match="--keep is 0"):
        call_command("backup", "--into", str(tmp_path), "--keep", "0")

    call_command("restore", str(copied.path), verbosity=0)
    Run.objects.update(data_sha256="f" * 64)
    (tmp_path / others[2]).rename(tmp_path / "quanheng-20200105T000000Z.zip")
    with pytest.raises(CommandError, match="the store is not"):
        call_command("backup", "--into", str(tmp_path), "--keep", "1")
    assert len(os.listdir(tmp_path)) == 5


def test_a_clock_that_is_put_right_costs_no_copy_and_nobody_elses_file_goes(tmp_path):
    others = {"quanheng-20190101.zip", "quanheng-99999999T999999Z.zip", "quanheng-old-server.zip"}
    for name in others:
        (tmp_path / name).touch()
    # The clock ran ahead when this was made.
    (tmp_path / "quanheng-20990101T000000Z.zip").touch()
    made = [write_next_copy(tmp_path, keep=2)[0] for _day in range(3)]

    assert {path.name for path in tmp_path.iterdir()} - others == {path.name for path in made[-2:]}
    check_copy(str(made[-1]))


def test_the_last_upgrade_is_the_last_whatever_the_clock_said(tmp_path):
    for name in ("before-upgrade-20200101T000000000001Z.zip", "before-upgrade-20990101T000000999999Z.zip"):
        (tmp_path / name).touch()
    made = [ways.copy_before(tmp_path, "before-upgrade") for _upgrade in range(2)]

    assert copies_of(tmp_path, "before-upgrade") == made
    assert ways.last_copy(tmp_path) == made[-1]


def test_a_copy_can_be_streamed(tmp_path, capfdbinary):
    call_command("backup", "-")
    (tmp_path / "streamed.zip").write_bytes(capfdbinary.readouterr().out)

    call_command("restore", str(tmp_path / "streamed.zip"), "--check")


@pytest.mark.parametrize("taker", ["> /dev/full", "| true"])
def test_a_stream_that_nobody_takes_to_its_end_is_no_copy(taker):
    # The command opens the same file, and whoever closes it last tidies it away.
    connections.close_all()
    own = clean_environment(DATABASE_URL=database_url(), QUANHENG_VAR=settings.VAR_DIR)
    told = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {sys.executable} manage.py backup - {taker}"],
        cwd=ROOT,
        env=own,
        capture_output=True,
        text=True,
        check=False,
    )

    assert told.returncode != 0
    assert "no whole copy was made" in told.stderr
    assert "Traceback" not in told.stderr


def test_a_database_that_is_away_is_told_in_one_line(tmp_path):
    away = (
        "postgresql://u:secret@127.0.0.1:1/none"
        if connection.vendor == "postgresql"
        else "sqlite:////proc/none"
    )
    own = clean_environment(DATABASE_URL=away, QUANHENG_VAR=tmp_path)
    for words in (["backup", "copy.zip"], ["verify_versions"], ["upgrade"]):
        told = subprocess.run(
            [sys.executable, "manage.py", *words],
            cwd=ROOT,
            env=own,
            capture_output=True,
            text=True,
            check=False,
        )

        assert told.returncode == 1
        assert "The database failed: " in told.stderr
        assert "Traceback" not in told.stderr
        assert "secret" not in told.stderr


def test_a_store_that_does_not_hold_is_copied_and_said_to_be_broken(copied, tmp_path):
    call_command("restore", str(copied.path), verbosity=0)
    Run.objects.update(data_sha256="f" * 64)

    with pytest.raises(CommandError, match="was computed from its version and data"):
        call_command("backup", str(tmp_path / "copy.zip"))
    assert tables_of(tmp_path / "copy.zip")
