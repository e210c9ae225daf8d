"""kill -9 of a real worker in mid-job: whatever it was doing, every run ends DONE with the same bytes."""

import os
import random
import signal
import time

import psutil
import pytest
from django.conf import settings

from indexer.enums import RunStatus
from indexer.models import Run
from indexer.services.leases import MOST_DEATHS
from indexer.services.runs import compute_waiting_runs
from tests.factories import make_framework
from tests.indexer.composites import all_blocks, forget_scores
from tests.indexer.factories import make_data_set, make_version
from tests.numbers import in_full
from tests.nursery import begin
from tests.processes import clean_environment, database_url, kill_tree, wait_until

KILLS = in_full(200, otherwise=8)
CITIES, VERSIONS = 3000, 24
TREE = {f"g{group}": {f"g{group}.i{leaf}": {} for leaf in range(20)} for group in range(10)}
QUICK = {"RUN_LEASE_SECONDS": "1", "RUN_SWEEP_SECONDS": "0.5"}


def results():
    """The bytes of every result, without who computed it when."""
    runs = Run.objects.order_by("pk").values_list("pk", "status", "result_sha256", "node_scores")
    scores = all_blocks()
    return [(*row[:3], bytes(row[3] or b"")) for row in runs], list(scores)


def forget_results():
    forget_scores()
    Run.objects.update(
        status=RunStatus.QUEUED, attempts=0, node_scores=None, result_sha256="", finished_at=None
    )


class Celery:
    """Real celery processes on the database and broker of the running test."""

    def __init__(self, folder, *, sweeps=True, **environment):
        self.folder, self.worker, self.beat = folder, None, None
        self.environment = clean_environment(
            DATABASE_URL=database_url(),
            REDIS_URL=settings.CELERY_BROKER_URL,
            QUANHENG_VAR=settings.VAR_DIR,
            **QUICK | environment,
        )
        if sweeps:
            self.beat = self._start("beat", "--schedule", str(folder / "beat"), "--pidfile=")

    def ensure_worker(self):
        # Nobody waits until it answers: by then it may have done all there is to do.
        if self.worker is None:
            options = ["--without-mingle", "--without-gossip", "--concurrency", "1", "--loglevel", "INFO"]
            options += ["--queues", "interactive,bulk"]
            self.worker = self._start("worker", *options)

    def is_ready(self):
        log = self.folder / "worker.log"
        return log.exists() and " ready." in log.read_text()

    def kill_worker(self):
        """Kill the worker and its pool, as a power cut does."""
        kill_tree(self.worker)
        self.worker = None

    def kill_pool(self):
        """Kill the computing process alone, as the kernel does when memory runs out."""
        for child in psutil.Process(self.worker.pid).children():
            os.kill(child.pid, signal.SIGKILL)

    def stop(self):
        for process in filter(None, (self.beat, self.worker)):
            kill_tree(process)

    def _start(self, *arguments):
        log = self.folder / f"{arguments[0]}.log"
        return begin(self.environment, "celery", "--app", "config", *arguments, log=log)


@pytest.fixture
def celery(valkey, transactional_db, tmp_path):
    celery = Celery(tmp_path)
    yield celery
    celery.stop()


def is_running():
    return Run.objects.filter(status=RunStatus.RUNNING).exists()


def unfinished():
    return Run.objects.filter(status__in=[RunStatus.QUEUED, RunStatus.RUNNING])


def most_attempts():
    return max(unfinished().values_list("attempts", flat=True), default=0)


def count_attempts():
    return sum(Run.objects.values_list("attempts", flat=True))


@pytest.mark.postgres
@pytest.mark.faults
@pytest.mark.slow
def test_a_worker_that_is_killed_in_mid_job_changes_no_byte(celery):
    data_set = make_data_set(make_framework(TREE), cities=CITIES)
    for tilt in range(VERSIONS):
        make_version(data_set.framework, tilt=tilt)
    compute_waiting_runs(data_set.pk)
    undisturbed = results()
    forget_results()

    hits, kills, claims, dice = 0, 0, 0, random.Random(2016)
    while hits < KILLS:
        attempts = count_attempts()
        celery.ensure_worker()
        if most_attempts() >= MOST_DEATHS - 1:
            # One more would end it: let this batch be.
            wait_until(lambda: not unfinished().exists(), what="the end of all runs")
            claims += count_attempts()
            forget_results()
            continue
        wait_until(lambda before=attempts: count_attempts() > before, what="a claim")
        time.sleep(dice.uniform(0, 0.1))
        kills += 1
        celery.kill_worker() if kills % 2 else celery.kill_pool()
        # The dead end nothing any more: what is running now was hit in mid-job.
        hits += is_running()
        if not Run.objects.exclude(status=RunStatus.DONE).exists():
            assert results() == undisturbed
            claims += count_attempts()
            forget_results()

    celery.ensure_worker()
    wait_until(lambda: not unfinished().exists(), what="the end of all runs")
    print(f"worker killed in mid-job: {hits} of {kills} kills")
    assert results() == undisturbed
    assert claims + count_attempts() >= VERSIONS + KILLS
