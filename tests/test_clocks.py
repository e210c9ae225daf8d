"""A worker whose clock is wrong closes no round early and takes nobody's job: the database's decides.

What wakes them goes on when its own clock is put back.
"""

from datetime import timedelta
from uuid import uuid4

import pytest
from celery.beat import PersistentScheduler, Service
from django.utils import timezone

from config.celery import app
from indexer.enums import RunStatus
from indexer.models import Run
from indexer.selectors.jobs import waiting_jobs
from indexer.services.leases import renew_lease, take_lease
from tests.factories import make_framework, make_round
from tests.indexer.factories import make_data_set, make_version
from weighting.enums import RoundState
from weighting.models import Round
from weighting.services.rounds import close_due_round
from weighting.tasks import close_due_rounds

pytestmark = [pytest.mark.django_db, pytest.mark.postgres]


@pytest.fixture
def clock_is_off(monkeypatch):
    """Let this process believe that it is so much later."""
    right = timezone.now
    return lambda off: monkeypatch.setattr(timezone, "now", lambda: right() + off)


def test_a_round_is_not_closed_by_a_clock_that_runs_ahead(clock_is_off):
    round_ = make_round(sealed=3)
    clock_is_off(timedelta(days=400))

    assert timezone.now() > round_.deadline
    assert close_due_rounds() == []
    assert close_due_round(round_) is None
    assert Round.objects.get().state == RoundState.OPEN


def test_a_round_is_closed_by_a_clock_that_lags_behind(clock_is_off):
    round_ = make_round(sealed=3)
    Round.objects.update(deadline=timezone.now() - timedelta(seconds=1))
    clock_is_off(timedelta(days=-1))

    assert close_due_rounds() == [round_.pk]


def test_a_job_is_not_taken_from_its_worker_by_a_clock_that_runs_ahead(clock_is_off):
    framework = make_framework()
    make_version(framework)
    make_data_set(framework)
    run = Run.objects.get()
    take_lease([run])

    clock_is_off(timedelta(days=1))
    assert not waiting_jobs(Run).exists()
    # Nor does it keep one for longer than it says.
    assert renew_lease(Run, run.lease) == 1
    clock_is_off(timedelta(0))
    assert Run.objects.get().lease_until < timezone.now() + timedelta(hours=1)
    # Control: a lease that has run out is another's for the taking.
    Run.objects.update(lease_until=timezone.now() - timedelta(seconds=1), lease=uuid4())
    assert waiting_jobs(Run).get().status == RunStatus.RUNNING


SOON = min(entry["schedule"] for entry in app.conf.beat_schedule.values())


@pytest.fixture
def beat(tmp_path):
    """Celery's clock with the product's schedule, as it is begun again and again with one file."""
    begun = []

    def begin():
        own = {"schedule_filename": str(tmp_path / "schedule")}
        begun.append(Service(app, scheduler_cls=app.conf.beat_scheduler, **own).scheduler)
        return begun[-1]

    yield begin
    for scheduler in begun:
        scheduler.close()


def let_it_have_been_tomorrow(scheduler):
    for entry in scheduler.schedule.values():
        entry.last_run_at += timedelta(days=1)
    scheduler.sync()


def test_what_wakes_the_workers_goes_on_when_its_clock_is_put_back(beat):
    scheduler = beat()
    assert 0 < scheduler.tick() <= SOON

    let_it_have_been_tomorrow(scheduler)
    assert 0 < scheduler.tick() <= SOON


def test_it_does_so_after_a_start_as_well(beat):
    scheduler = beat()
    let_it_have_been_tomorrow(scheduler)
    scheduler.close()

    assert 0 < beat().tick() <= SOON


def test_by_itself_it_would_wait_for_tomorrow(beat):
    scheduler = beat()
    let_it_have_been_tomorrow(scheduler)

    assert PersistentScheduler.tick(scheduler) == scheduler.max_interval > SOON
