"""A job that ends its workers is given up after three; what was no fault of the job counts nothing."""

import subprocess
import sys
import time

import pytest
from django.db import DatabaseError, connection

from indexer.enums import StudyStatus
from indexer.models import Run, Study, StudyPart
from indexer.selectors.studies import studies_under_way
from indexer.services import leases, studies
from indexer.services.leases import MOST_DEATHS, keep_lease, release, settle_releases
from indexer.services.runs import claim_runs
from indexer.services.studies import claim_part, count_waiting_parts, fail_exhausted_studies
from tests.indexer.claimed_runs import compute_claimed_runs
from tests.indexer.composites import forget_scores
from tests.indexer.study_runs import make_panel_run, make_study
from tests.processes import ROOT, wait_until

GIVEN_UP = [{"kind": "exhausted", "number": 3}]
LONG_AGO = "2020-01-01T00:00Z"


@pytest.fixture
def run(db):
    return make_panel_run()


def lapse(model):
    model.objects.filter(lease__isnull=False).update(lease_until=LONG_AGO)


def waiting_study(run):
    study = make_study(run, draws=2000, counted=False)
    assert study.parts.count() > 2
    return study


def test_a_part_that_ends_its_workers_ends_its_study_after_three(run):
    study, others = waiting_study(run), make_study(run, draws=100, seed=9, counted=False)
    killer, tries = claim_part(study.pk), 1
    lapse(StudyPart)
    while part := claim_part(study.pk):
        assert part.pk == killer.pk
        tries += 1
        lapse(StudyPart)

    assert tries == MOST_DEATHS == 3
    assert fail_exhausted_studies() == 1
    study.refresh_from_db()
    assert (study.status, study.failure) == (StudyStatus.FAILED, GIVEN_UP)
    assert studies_under_way() == [others.pk]
    count_waiting_parts(others.pk)
    others.refresh_from_db()
    assert others.status == StudyStatus.DONE


def test_a_part_that_ended_a_worker_is_tried_alone(run):
    study = waiting_study(run)
    first, second = claim_part(study.pk), claim_part(study.pk)
    StudyPart.objects.filter(pk=first.pk).update(lease_until=LONG_AGO)

    assert claim_part(study.pk) is None
    StudyPart.objects.filter(pk=second.pk).update(lease_until=LONG_AGO)
    assert claim_part(study.pk).pk == first.pk
    assert claim_part(study.pk) is None


def test_merging_that_ends_its_workers_ends_the_study_after_three(run, monkeypatch):
    study = waiting_study(run)

    def die(*_arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr(studies, "_merge", die)
    for tries in range(1, MOST_DEATHS + 1):
        with pytest.raises(KeyboardInterrupt):
            count_waiting_parts(study.pk)
        assert Study.objects.get().attempts == tries
        assert fail_exhausted_studies() == 0
        assert studies_under_way() == []
        lapse(Study)
    assert count_waiting_parts(study.pk) == 0
    assert fail_exhausted_studies() == 1
    study.refresh_from_db()
    assert (study.status, study.failure) == (StudyStatus.FAILED, GIVEN_UP)


def test_too_little_memory_fails_the_study_at_once(run, monkeypatch):
    study = waiting_study(run)

    def refuse(_study):
        raise MemoryError

    monkeypatch.setattr(studies, "planned_of", refuse)
    count_waiting_parts(study.pk)
    study.refresh_from_db()
    assert (study.status, study.failure) == (StudyStatus.FAILED, [{"kind": "memory"}])


def test_a_database_that_is_away_is_no_death(run, monkeypatch):
    study = waiting_study(run)
    part = claim_part(study.pk)

    def away(*_arguments):
        raise DatabaseError

    with monkeypatch.context() as outage:
        outage.setattr(leases, "settle_releases", away)
        release(part)
    part.refresh_from_db()
    assert (part.attempts, part.lease is None) == (1, False)

    settle_releases()
    part.refresh_from_db()
    assert (part.attempts, part.lease) == (0, None)


@pytest.mark.django_db(transaction=True)
def test_an_orderly_stop_is_no_death(monkeypatch):
    run = make_panel_run()
    Run.objects.update(status="queued", node_scores=None, result_sha256="", finished_at=None, attempts=0)
    forget_scores()
    (held,) = claim_runs(run.data_set_id)
    monkeypatch.setattr(leases, "is_stopping", lambda: True)
    with keep_lease(held):
        wait_until(lambda: Run.objects.get().attempts == 0)
        # Once: the next death is another's.
        Run.objects.update(attempts=2)
        time.sleep(3 * leases.HEARS_WITHIN)
        assert Run.objects.get().attempts == 2
    assert compute_claimed_runs([held]) == 1
    connection.close()


def test_a_worker_that_is_stopped_claims_nothing_more(run, monkeypatch):
    study = waiting_study(run)
    monkeypatch.setattr(studies, "is_stopping", lambda: True)
    assert count_waiting_parts(study.pk) == 0
    assert set(study.parts.values_list("attempts", flat=True)) == {0}


def test_the_pool_hears_that_its_worker_stops():
    """A process forked before the signal sees what the handler writes after it."""
    code = """
import os, time
from config.celery import app
from celery.signals import worker_shutting_down
from config.stopping import is_stopping
heard, tells = os.pipe()
child = os.fork()
if not child:
    assert not is_stopping()
    os.write(tells, b"goes on")
    end = time.monotonic() + 50
    while not is_stopping() and time.monotonic() < end:
        time.sleep(0.01)
    os._exit(7 if is_stopping() else 1)
os.close(tells)
os.read(heard, 1)
worker_shutting_down.send(sender=None, sig="SIGTERM", how="Warm", exitcode=0)
raise SystemExit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, timeout=60, check=False)
    assert done.returncode == 7
