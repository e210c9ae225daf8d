"""Broker restarted or emptied, messages doubled, database restarted or full: no run is lost or differs."""

import random
import shutil
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.conf import settings
from django.db import DatabaseError, Error, IntegrityError, connection

from config.broker import client_of, valkey_command, wait_for_broker
from indexer import dispatch
from indexer.enums import RunStatus
from indexer.models import Run, RunScores
from indexer.services import run_results
from indexer.services import runs as services
from indexer.services.runs import claim_runs, compute_waiting_runs
from tests.factories import make_framework
from tests.faults.test_database_outage import (
    FULL_AT_BYTES,
    Postgres,
    free_the_disk,
    is_answering,
    limit_files,
)
from tests.faults.test_worker_kill import Celery, forget_results, results
from tests.indexer.claimed_runs import compute_claimed_runs
from tests.indexer.factories import make_data_set, make_version
from tests.numbers import in_full
from tests.processes import kill_tree, spawn, wait_until

pytestmark = [
    pytest.mark.postgres,
    pytest.mark.faults,
    pytest.mark.slow,
    pytest.mark.django_db(transaction=True),
]

CITIES, VERSIONS = 800, 12
TREE = {f"g{group}": {f"g{group}.i{leaf}": {} for leaf in range(12)} for group in range(10)}
# Every job is at its end within the lease and this.
GRACE = 60


class Broker:
    """The real broker of the running test, killed, started and emptied."""

    def __init__(self):
        self.folder = settings.VAR_DIR / "broker"
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir()
        self.start()

    def start(self):
        self.process = spawn(valkey_command(self.folder), self.folder / "valkey.log", None)
        assert wait_for_broker(settings.CELERY_BROKER_URL, seconds=10)

    def restart(self):
        kill_tree(self.process)
        self.start()

    def flush(self):
        client_of(settings.CELERY_BROKER_URL, timeout=2).flushall()


@pytest.fixture
def broker():
    broker = Broker()
    yield broker
    kill_tree(broker.process)


@pytest.fixture
def data_set():
    """A data set whose runs are many claims of little work."""
    data_set = make_data_set(make_framework(TREE), cities=CITIES)
    for tilt in range(VERSIONS):
        make_version(data_set.framework, tilt=tilt)
    compute_waiting_runs(data_set.pk)
    return data_set


@pytest.fixture
def celery(request, broker, tmp_path, data_set):
    celery = Celery(tmp_path, **getattr(request, "param", {}))
    celery.ensure_worker()
    yield celery
    celery.stop()


def all_ended():
    try:
        return not Run.objects.filter(status__in=[RunStatus.QUEUED, RunStatus.RUNNING]).exists()
    except Error:
        connection.close()
        return False


def injure_again_and_again(data_set, injure, times, *, before=0.4):
    """Let all runs wait, injure at a random moment, and hold the results against the undisturbed ones."""
    undisturbed, dice, under_way, longest = results(), random.Random(2016), 0, 0.0
    for _time in range(times):
        forget_results()
        dispatch.wake_workers([data_set.pk])
        time.sleep(dice.uniform(0, before))
        injure()
        injured_at = time.monotonic()
        under_way += not all_ended()
        wait_until(all_ended, settings.RUN_LEASE_SECONDS + GRACE, "the end of all runs")
        longest = max(longest, time.monotonic() - injured_at)
        assert results() == undisturbed
    print(f"{times} times, {under_way} of them under way; at its end after at most {longest:.1f} s")


RESTARTS = in_full(50, otherwise=2)


def test_a_broker_that_restarts_loses_no_run(celery, broker, data_set):
    injure_again_and_again(data_set, broker.restart, RESTARTS)


def test_a_broker_that_is_emptied_loses_no_run(celery, broker, data_set):
    injure_again_and_again(data_set, broker.flush, RESTARTS)


def test_without_the_sweeper_an_emptied_broker_would_lose_them(broker, data_set, tmp_path):
    """Control: the message alone is not enough."""
    forget_results()
    dispatch.wake_workers([data_set.pk])
    broker.flush()
    celery = Celery(tmp_path, sweeps=False)
    celery.ensure_worker()
    try:
        # It reads the broker then, and finds nothing.
        wait_until(celery.is_ready, what="a worker that is ready")
        time.sleep(1)
    finally:
        celery.stop()

    assert set(Run.objects.values_list("status", flat=True)) == {RunStatus.QUEUED}


# Nobody dies, and a worker that is slow is not to be taken for dead.
@pytest.mark.parametrize("celery", [{"RUN_LEASE_SECONDS": "60"}], indirect=True, ids=["patient"])
def test_a_message_that_arrives_twice_changes_nothing(celery, data_set):
    """Two deliveries at once to the worker and two more beside it, of the same runs."""
    undisturbed = results()

    def deliver(_copy):
        try:
            return compute_waiting_runs(data_set.pk)
        finally:
            connection.close()

    for _time in range(times := in_full(200, otherwise=5)):
        forget_results()
        for _copy in range(2):
            dispatch.wake_workers([data_set.pk])
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(deliver, range(2)))
        wait_until(all_ended, settings.RUN_LEASE_SECONDS + GRACE, "the end of all runs")
        assert results() == undisturbed
        assert set(Run.objects.values_list("attempts", flat=True)) == {1}
    print(f"delivered four times over: {times} times")


def test_without_the_lease_a_second_delivery_would_collide(data_set, monkeypatch):
    """Control: who holds no lease and writes all the same meets the key of run and city."""
    forget_results()
    first = claim_runs(data_set.pk)
    compute_claimed_runs(first)
    assert compute_claimed_runs(first) == 0

    monkeypatch.setattr(run_results, "rows_held", lambda runs: {run.pk for run in runs})
    with pytest.raises(IntegrityError):
        compute_claimed_runs(first)


def test_a_database_that_restarts_loses_no_run(celery, data_set):
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has no server; its file is filled below")
    server = Postgres()

    def restart():
        connection.close()
        server.stop("immediate")
        server.start()

    injure_again_and_again(data_set, restart, in_full(50, otherwise=2))


def test_a_disk_that_is_full_leaves_no_half_result(data_set):
    """SQLite's own refusal, SQLITE_FULL, at a random page; nothing is written, and no attempt counts."""
    if connection.vendor != "sqlite":
        pytest.skip("PostgreSQL's disk is filled below, by a limit on its files")
    undisturbed, dice, met = results(), random.Random(2016), 0
    for _time in range(times := in_full(50, otherwise=5)):
        forget_results()
        with connection.cursor() as cursor:
            cursor.execute("VACUUM")
            pages = cursor.execute("PRAGMA page_count").fetchone()[0]
            cursor.execute(f"PRAGMA max_page_count = {pages + dice.randrange(0, 30)}")
        with pytest.raises(DatabaseError):
            compute_waiting_runs(data_set.pk)
        met += 1
        assert not RunScores.objects.filter(run__status=RunStatus.QUEUED).exists()
        assert set(Run.objects.values_list("attempts", flat=True)) <= {0, 1}
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA max_page_count = 1073741823")
            assert cursor.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        Run.objects.filter(status=RunStatus.RUNNING).update(lease_until="2020-01-01T00:00Z")
        compute_waiting_runs(data_set.pk)
        assert results() == undisturbed
    print(f"disk full: met {met} of {times} times")


def test_a_postgresql_whose_disk_is_full_leaves_no_half_result(data_set):
    """Its processes may write no more, from the start or from a random moment on; then there is space."""
    if connection.vendor != "postgresql":
        pytest.skip("SQLite's disk is filled above, page by page")
    undisturbed, dice, server = results(), random.Random(2016), Postgres()
    met, tries, times = 0, 0, in_full(50, otherwise=3)

    def fill_after(seconds):
        time.sleep(seconds)
        writers = server.backends()
        limit_files(writers, FULL_AT_BYTES)
        return writers

    while met < times:
        tries += 1
        forget_results()
        with ThreadPoolExecutor(1) as pool:
            filling = pool.submit(fill_after, dice.uniform(0, 0.1) if met else 0)
            if not met:
                filling.result()
            try:
                compute_waiting_runs(data_set.pk)
            except Error:
                met += 1
            free_the_disk(filling.result())
        connection.close()
        wait_until(is_answering, GRACE, "the database")
        assert not RunScores.objects.exclude(run__status=RunStatus.DONE).exists()
        assert not Run.objects.filter(status=RunStatus.FAILED).exists()
        Run.objects.filter(status=RunStatus.RUNNING).update(lease_until="2020-01-01T00:00Z")
        compute_waiting_runs(data_set.pk)
        assert set(Run.objects.values_list("status", flat=True)) == {RunStatus.DONE}
        assert results() == undisturbed
    print(f"disk full on PostgreSQL: met {met} of {tries} times")


def once_all_have_claimed(act, workers):
    """Return an act that each worker does for the first time once all of them have come to it."""
    together, come = threading.Barrier(workers), threading.local()

    def wait_and_act(*arguments):
        if not hasattr(come, "before"):
            together.wait(GRACE)
            come.before = True
        return act(*arguments)

    return wait_and_act


def test_one_two_or_eight_workers_come_to_the_same_bytes(data_set, celery_worker_process, monkeypatch):
    """Computed by one in the fixture; then by eight that share the claims, then by two real workers."""
    undisturbed = results()

    def work(_worker):
        try:
            return compute_waiting_runs(data_set.pk)
        finally:
            connection.close()

    forget_results()
    with monkeypatch.context() as patch:
        patch.setattr(services, "CLAIM_ROWS", CITIES)
        load = once_all_have_claimed(services._load_what_is_shared, 8)
        patch.setattr(services, "_load_what_is_shared", load)
        with ThreadPoolExecutor(8) as pool:
            shares = list(pool.map(work, range(8)))
    assert sum(shares) == VERSIONS
    assert all(shares)
    assert results() == undisturbed

    forget_results()
    for _worker in range(2):
        celery_worker_process()
    dispatch.wake_workers([data_set.pk] * 2)
    wait_until(all_ended, GRACE, "the end of all runs")
    assert results() == undisturbed
