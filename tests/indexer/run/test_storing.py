"""How results are stored on SQLite: in a transaction that waits for no disk, and a log that stays short."""

import shutil
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path

import pytest
from django.db import connection, transaction

from indexer.models import Run
from indexer.services import runs as services
from indexer.services import storing as module
from indexer.services.runs import compute_waiting_runs
from indexer.services.storing import storing
from tests.indexer.factories import make_data_set, make_version

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL has no such lock and no such log"),
]

# Byte 121 of the index of the log: https://sqlite.org/walformat.html
WRITER_BACK = (
    "import fcntl, sys, time; index = open(sys.argv[1], 'r+b');"
    " fcntl.lockf(index, fcntl.LOCK_EX, 1, 121); print('held', flush=True); time.sleep(600)"
)


def queue(versions):
    data_set = make_data_set()
    for tilt in range(versions):
        make_version(data_set.framework, tilt=tilt)
    return data_set


def setting(name):
    with connection.cursor() as cursor:
        return cursor.execute(f"PRAGMA {name}").fetchone()[0]


def bytes_of_log():
    """Bytes of the pages in the log since it was begun; looking writes back what can be."""
    with connection.cursor() as cursor:
        pages = cursor.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()[1]
    return pages * setting("page_size")


@pytest.fixture
def durable():
    """The disk waited for, as in an installation."""
    usual = setting("synchronous")
    connection.connection.execute("PRAGMA synchronous = FULL")
    yield
    connection.connection.execute(f"PRAGMA synchronous = {usual}")


@pytest.fixture
def short_log(monkeypatch):
    monkeypatch.setattr(module, "LOG_BYTES", 100 << 10)
    yield
    connection.cursor().execute("DROP TABLE IF EXISTS filling")


def write(kilobytes):
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE IF NOT EXISTS filling (block blob)")
        cursor.execute("INSERT INTO filling VALUES (zeroblob(%s))", [kilobytes << 10])


@pytest.mark.usefixtures("durable")
def test_only_what_can_be_computed_again_waits_for_no_disk(monkeypatch):
    seen = []

    def look_at(name):
        act = getattr(services, name)

        def look(*asked):
            seen.append((name, setting("synchronous")))
            return act(*asked)

        monkeypatch.setattr(services, name, look)

    look_at("store_results")
    look_at("claim_runs")

    assert compute_waiting_runs(queue(versions=2).pk) == 2
    assert seen == [(name, module.NORMAL) for name in ("claim_runs", "store_results", "claim_runs")]
    assert setting("synchronous") == 2


@pytest.mark.usefixtures("durable")
def test_after_an_error_the_disk_is_waited_for_again():
    with pytest.raises(KeyError), storing():
        raise KeyError

    assert setting("synchronous") == 2


@pytest.mark.usefixtures("short_log")
@pytest.mark.parametrize("is_read", [False, True])
def test_a_long_log_is_begun_anew_unless_somebody_reads_in_it(is_read):
    name = connection.settings_dict["NAME"]
    queue(versions=1)
    with closing(sqlite3.connect(name, isolation_level=None)) as reader:
        write(200)
        if is_read:
            reader.execute("BEGIN")
            reader.execute("SELECT count(*) FROM indexer_run").fetchone()
        assert Path(f"{name}-wal").stat().st_size > module.LOG_BYTES

        with storing():
            Run.objects.update(worker="somebody")
        write(1)

        assert (bytes_of_log() < 200 << 10) == (not is_read)
        assert setting("busy_timeout") > 0


@pytest.mark.usefixtures("short_log")
def test_a_log_that_others_write_in_is_begun_anew_between_two_of_them(monkeypatch):
    monkeypatch.setattr(module, "PATIENCE_MS", 10_000)
    queue(versions=1)
    write(200)
    tried = threading.Event()
    name = connection.settings_dict["NAME"]
    with closing(sqlite3.connect(name, isolation_level=None, check_same_thread=False)) as other:

        def look(statement):
            if "checkpoint(RESTART)" in statement:
                # What is written now nobody else writes back.
                other.execute("BEGIN IMMEDIATE")
                other.execute("UPDATE filling SET block = zeroblob(300000)")
                tried.set()

        def end_when_tried():
            tried.wait()
            other.execute("COMMIT")

        connection.connection.set_trace_callback(look)
        ending = threading.Thread(target=end_when_tried)
        ending.start()
        with storing():
            Run.objects.update(worker="somebody")
        connection.connection.set_trace_callback(None)
        ending.join()
        write(1)

        assert bytes_of_log() < 200 << 10


@pytest.fixture
def writer_back(transactional_db):
    """Another process that holds the lock of those who write the log back."""
    # What tests before have left in the log is not to be found in the file by this one.
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    name = f"{connection.settings_dict['NAME']}-shm"
    with subprocess.Popen([sys.executable, "-c", WRITER_BACK, name], stdout=subprocess.PIPE) as other:
        assert other.stdout.read(4) == b"held"
        yield other
        other.kill()


@pytest.mark.parametrize("is_freed", [True, False])
def test_what_is_large_is_written_back_after_whoever_else_does(monkeypatch, tmp_path, writer_back, is_freed):
    monkeypatch.setattr(module, "LARGE", 1)
    monkeypatch.setattr(module, "STEPS", 10_000 if is_freed else 3)
    data_set, tries = queue(versions=1), []

    def look(statement):
        if "checkpoint(PASSIVE)" in statement:
            tries.append(statement)
            if is_freed and len(tries) == 3:
                writer_back.kill()

    connection.connection.set_trace_callback(look)
    assert compute_waiting_runs(data_set.pk) == 1
    connection.connection.set_trace_callback(None)

    assert len(tries) >= 3
    assert setting("wal_autocheckpoint") == 1000
    # Without its log, the file has what is written back.
    shutil.copy(connection.settings_dict["NAME"], tmp_path / "file")
    with closing(sqlite3.connect(tmp_path / "file")) as file:
        assert file.execute("SELECT count(*) FROM indexer_runscores").fetchone() == (int(is_freed),)


def test_a_log_that_two_workers_need_keeps_its_file():
    log = Path(f"{connection.settings_dict['NAME']}-wal")
    queue(versions=1)
    with transaction.atomic():
        # What is taken back has been in the log, as far as SQLite had no room for it.
        connection.cursor().execute("CREATE TABLE filling AS SELECT zeroblob(80000000) AS block")
        transaction.set_rollback(True)
    before = log.stat().st_size
    assert before > 60 << 20

    with connection.cursor() as cursor:
        cursor.execute("PRAGMA wal_checkpoint(RESTART)")
    Run.objects.update(worker="somebody")

    assert log.stat().st_size == before
    # Or each who stores would take the log for a long one.
    assert setting("journal_size_limit") < module.LOG_BYTES


def test_a_new_database_has_pages_that_blocks_fit_in():
    assert setting("page_size") == 16384
