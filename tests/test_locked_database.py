"""Another process holds SQLite's write lock for longer than anybody waits."""

import sqlite3
import subprocess
import sys

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import OperationalError, connection, transaction

from config.sqlite.base import DatabaseWrapper
from indexer.enums import RunStatus
from indexer.models import DataImport, Run, RunScores
from indexer.services.registers import default_register
from indexer.services.runs import claim_runs, compute_waiting_runs
from tests import factories
from tests.indexer.claimed_runs import compute_claimed_runs
from tests.indexer.finished_runs import make_runs, random_values, register_places
from tests.weighting.ballots import save, stored
from weighting.enums import Role

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL locks rows, not the database"),
]

HOLD = """
import sqlite3, sys
link = sqlite3.connect(sys.argv[1], isolation_level=None)
link.execute("BEGIN IMMEDIATE")
print("held", flush=True)
sys.stdin.read()
link.execute("ROLLBACK")
"""


class Lock:
    """The write lock of the test's database, held by a process until it is released."""

    def __init__(self):
        with connection.cursor() as cursor:
            # Not the 20 s of the settings: the outcome is the same.
            cursor.execute("PRAGMA busy_timeout = 100")
        command = [sys.executable, "-c", HOLD, str(connection.settings_dict["NAME"])]
        self.holder = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self.holder.stdout.readline() == "held\n"

    def release(self):
        if self.holder.poll() is None:
            self.holder.communicate(timeout=30)

    def release_when_met(self, monkeypatch):
        """Let go once somebody waited in vain."""
        wait = DatabaseWrapper._begin_in_steps

        def wait_and_let_go(wrapper, steps):
            try:
                wait(wrapper, steps)
            except sqlite3.OperationalError:
                self.release()
                raise

        monkeypatch.setattr(DatabaseWrapper, "_begin_in_steps", wait_and_let_go)


@pytest.fixture
def locks():
    """Make locks; whatever the test did, none stays."""
    made = []

    def make():
        made.append(Lock())
        return made[-1]

    yield make
    for lock in made:
        lock.release()


def test_whoever_waits_for_the_lock_asks_in_even_steps(locks):
    account = factories.make_account()
    lock, asked = locks(), []

    def count(statement):
        asked.append(statement)
        if asked.count("BEGIN IMMEDIATE") == 20:
            lock.release()

    with connection.cursor() as cursor:
        cursor.execute("PRAGMA busy_timeout = 20000")
    connection.connection.set_trace_callback(count)
    with transaction.atomic():
        account.save()
    connection.connection.set_trace_callback(None)

    # SQLite alone asks once by this count, and 20 times in more than a second.
    assert asked.count("BEGIN IMMEDIATE") >= 20
    with connection.cursor() as cursor:
        assert cursor.execute("PRAGMA busy_timeout").fetchone() == (20_000,)


def test_what_is_wrong_with_a_beginning_but_the_lock_is_said_at_once():
    with connection.cursor() as cursor:
        cursor.execute("BEGIN")
        with pytest.raises(OperationalError, match="within a transaction"), transaction.atomic():
            pass
        cursor.execute("ROLLBACK")


def test_a_save_is_refused_with_a_retry_and_taken_afterwards(client, locks):
    invitation = factories.make_invitation()
    expert = factories.sign_in_expert(client, invitation)
    assert save(expert, "infra", 2).status_code == 200
    expert.raise_request_exception = False
    lock = locks()

    refused = save(expert, "infra", 4, seen=1)

    assert (refused.status_code, refused.json()["state"]) == (503, "unavailable")
    assert int(refused["Retry-After"]) > 0
    lock.release()
    assert stored(invitation) == {"infra": 2}
    assert save(expert, "infra", 4, seen=1).status_code == 200


def test_a_run_that_nobody_can_take_waits_and_counts_no_attempt(locks):
    run = make_runs(random_values(3), tilts=[None], computed=False)[0]
    lock = locks()

    with pytest.raises(OperationalError, match="locked"):
        compute_waiting_runs(run.data_set_id)

    run.refresh_from_db()
    assert (run.status, run.attempts) == (RunStatus.QUEUED, 0)
    lock.release()
    assert compute_waiting_runs(run.data_set_id) == 1


def test_a_run_whose_result_cannot_be_stored_is_put_back_and_counts_no_attempt(locks, monkeypatch):
    run = make_runs(random_values(3), tilts=[None], computed=False)[0]
    claimed = claim_runs(run.data_set_id)
    locks().release_when_met(monkeypatch)

    with pytest.raises(OperationalError, match="locked"):
        compute_claimed_runs(claimed)

    run.refresh_from_db()
    assert (run.status, run.attempts, run.failure) == (RunStatus.QUEUED, 0, [])
    assert not RunScores.objects.exists()
    assert compute_waiting_runs(run.data_set_id) == 1
    run.refresh_from_db()
    assert (run.status, run.attempts) == (RunStatus.DONE, 1)


@pytest.mark.parametrize(
    ("language", "words"), [("en", "try again in a minute"), ("zh-hans", "服务尚未就绪")]
)
def test_an_import_says_what_to_do_and_leaves_nothing_half_done(client, locks, language, words):
    framework = factories.make_framework()
    register_places(2, actor=framework.created_by)
    analyst = factories.sign_in_staff(client, factories.make_account(Role.ANALYST))
    analyst.raise_request_exception = False

    def send():
        data = "unit,fixed,mobile,retail,finance,travel\n南阳,1,2,3,4,5\n西安,2,3,4,5,6\n"
        choices = {"normalisation": "share", "negative": "reflect", "missing": "refuse"}
        form = {
            "framework": framework.pk,
            "register": default_register().pk,
            "name_zh": "数据",
            "name_en": "Data",
            "year": "2016",
            "file": SimpleUploadedFile("data.csv", data.encode()),
            "aggregation": "arithmetic",
            **choices,
        }
        return analyst.post("/data-sets/import/", form, headers={"Accept-Language": language})

    lock = locks()
    refused = send()

    assert refused.status_code == 503
    assert int(refused["Retry-After"]) > 0
    assert words in refused.content.decode()
    lock.release()
    assert not DataImport.objects.exists()
    assert send().status_code == 302
    assert DataImport.objects.count() == 1
    assert Run.objects.count() == 0
