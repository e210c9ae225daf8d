from datetime import timedelta

import pytest
from django.conf import settings
from django.utils import timezone

from tests.factories import make_round
from tests.processes import wait_until
from weighting.enums import RoundState
from weighting.models import AuditEntry, Round
from weighting.selectors.claims import bears_locks
from weighting.services.rounds import close_due_round
from weighting.tasks import close_due_rounds


def let_pass(round_):
    Round.objects.filter(pk=round_.pk).update(deadline=timezone.now() - timedelta(seconds=1))


@pytest.mark.postgres
@pytest.mark.django_db
def test_a_round_closes_at_its_deadline_by_itself_and_once():
    due, running = make_round(sealed=3), make_round(sealed=1)
    let_pass(due)

    assert close_due_rounds() == [due.pk]
    assert close_due_rounds() == []

    due.refresh_from_db()
    running.refresh_from_db()
    assert (due.state, due.sealed_count, running.state) == (RoundState.CLOSED, 3, RoundState.OPEN)
    assert not bears_locks(due)
    entry = AuditEntry.objects.get(act="close")
    assert (entry.actor, entry.subject_id) == (None, str(due.pk))


@pytest.mark.django_db
def test_a_deadline_that_moved_after_it_was_looked_up_is_respected():
    round_ = make_round(sealed=3)
    let_pass(round_)
    seen = Round.objects.get(pk=round_.pk)
    Round.objects.update(deadline=timezone.now() + timedelta(days=1))

    assert close_due_round(seen) is None
    assert Round.objects.get().state == RoundState.OPEN


def test_the_clock_sends_for_it():
    tasks = {entry["task"]: entry["schedule"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}
    assert tasks["weighting.tasks.close_due_rounds"] <= 30


def test_a_real_worker_closes_it(celery_worker_process):
    round_ = make_round(sealed=3)
    let_pass(round_)
    celery_worker_process()

    close_due_rounds.delay()

    wait_until(lambda: Round.objects.get(pk=round_.pk).state == RoundState.CLOSED, what="the close")
