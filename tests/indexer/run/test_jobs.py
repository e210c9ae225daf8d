"""Jobs of any kind: queues, cancelling, progress, and failing in words."""

import threading
from datetime import timedelta

import pytest
from django.db import DatabaseError
from django.urls import reverse
from django.utils import timezone, translation

from indexer import dispatch, tasks
from indexer.enums import Queue, RunStatus
from indexer.job_words import duration_words, failure_words
from indexer.models import Run, RunScores
from indexer.numeric.method.faults import FAULT_TEXTS
from indexer.numeric.scores.composite import COMPOSITE_TEXTS
from indexer.selectors import jobs as selectors
from indexer.selectors.jobs import Progress, interactive_work_waits, progress_of
from indexer.selectors.runs import data_sets_with_waiting_runs
from indexer.services import run_results
from indexer.services import runs as services
from indexer.services.jobs import cancel_job, requeue_job
from indexer.services.leases import keep_lease
from indexer.services.runs import claim_runs, compute_waiting_runs
from tests.factories import make_account, make_framework, sign_in_staff
from tests.indexer.claimed_runs import compute_claimed_runs
from tests.indexer.factories import make_data_set, make_version
from tests.processes import wait_until
from weighting.enums import Role
from weighting.exceptions import Refused

pytestmark = pytest.mark.django_db


def queue(versions=2, **options):
    data_set = make_data_set(**options)
    for tilt in range(versions):
        make_version(data_set.framework, tilt=tilt)
    return data_set


class TestQueues:
    def test_work_of_a_second_is_interactive_and_more_is_bulk(self, monkeypatch):
        data_set = queue(versions=1)
        monkeypatch.setattr(selectors, "INTERACTIVE_CELLS", 3 * 5 - 1)
        make_version(data_set.framework, tilt=2)

        assert list(Run.objects.order_by("pk").values_list("queue", flat=True)) == ["interactive", "bulk"]

    def test_interactive_runs_are_claimed_before_bulk_ones(self):
        data_set = queue(versions=3)
        first, *others = Run.objects.order_by("-pk")
        Run.objects.exclude(pk=first.pk).update(queue=Queue.BULK)

        assert claim_runs(data_set.pk) == [first]
        assert len(claim_runs(data_set.pk)) == len(others)

    def test_bulk_work_stops_after_one_claim_when_somebody_waits(self, monkeypatch):
        monkeypatch.setattr(services, "CLAIM_ROWS", 1)
        bulk = queue(versions=3)
        Run.objects.update(queue=Queue.BULK)
        assert not interactive_work_waits()
        quick = queue(versions=1)

        assert interactive_work_waits()
        assert compute_waiting_runs(bulk.pk, seconds=60) == 1
        compute_waiting_runs(quick.pk)
        assert compute_waiting_runs(bulk.pk, seconds=60) == 2

    def test_a_turn_sends_what_is_left_to_the_end_of_its_queue(self, monkeypatch, settings):
        sent = []
        monkeypatch.setattr(tasks, "send_runs", lambda *args: sent.append(args))
        monkeypatch.setattr(services, "CLAIM_ROWS", 1)
        settings.RUN_TURN_SECONDS = 0
        data_set = queue(versions=2)
        Run.objects.update(queue=Queue.BULK)

        assert [tasks.compute_runs(data_set.pk) for _turn in range(2)] == [1, 1]
        assert sent == [(data_set.pk, Queue.BULK)]

    def test_bulk_work_is_told_to_several_workers(self, monkeypatch):
        sent = []
        monkeypatch.setattr(tasks.compute_runs, "apply_async", lambda args, **options: sent.append(options))
        dispatch.wake_workers([1], queue=Queue.BULK)
        dispatch.wake_workers([1])

        assert [options["queue"] for options in sent] == ["bulk"] * dispatch.HELPERS + ["interactive"]

    def test_a_data_set_is_sent_to_the_queue_of_the_first_of_its_runs(self):
        data_set, other = queue(versions=2), queue(versions=1)
        Run.objects.update(queue=Queue.BULK)
        Run.objects.filter(pk=data_set.runs.last().pk).update(queue=Queue.INTERACTIVE)

        assert data_sets_with_waiting_runs() == {data_set.pk: "interactive", other.pk: "bulk"}

    @pytest.mark.faults
    def test_one_interactive_run_does_not_wait_behind_thousands_of_bulk_messages(
        self, celery_worker_process, monkeypatch
    ):
        """A real broker holds 2,000 bulk messages; that of the later, interactive run goes first."""
        with monkeypatch.context() as patch:
            patch.setattr(selectors, "INTERACTIVE_CELLS", 0)
            slow = queue(versions=1)
        quick = queue(versions=1)
        for _message in range(250):
            dispatch.wake_workers([slow.pk], queue=Queue.BULK)

        celery_worker_process()
        wait_until(quick.runs.filter(status=RunStatus.DONE).exists, what="the interactive run")
        finished = quick.runs.get().finished_at
        wait_until(slow.runs.filter(status=RunStatus.DONE).exists, what="the other")
        assert finished < slow.runs.get().finished_at


class TestCancelling:
    def test_a_queued_run_is_not_computed(self):
        data_set = queue(versions=2)
        cancelled = cancel_job(Run.objects.first(), actor=data_set.created_by)

        assert compute_waiting_runs(data_set.pk) == 1
        assert Run.objects.get(pk=cancelled.pk).status == RunStatus.CANCELLED

    def test_a_running_one_stores_nothing_and_the_rest_of_its_claim_does(self):
        data_set = queue(versions=2)
        claimed = claim_runs(data_set.pk)
        with keep_lease(claimed[0]):
            for run in claimed[1:]:
                cancel_job(run, actor=data_set.created_by)

        assert compute_claimed_runs(claimed) == 1
        assert {row.run_id for row in RunScores.objects.all()} == {claimed[0].pk}

    def test_a_cancelled_run_is_tried_again_before_bulk_work(self):
        data_set = queue(versions=1)
        Run.objects.update(queue=Queue.BULK)
        run = requeue_job(cancel_job(Run.objects.get(), actor=data_set.created_by), actor=data_set.created_by)

        assert (run.status, run.queue, run.finished_at) == (RunStatus.QUEUED, Queue.INTERACTIVE, None)
        assert compute_waiting_runs(data_set.pk) == 1

    def test_what_has_ended_is_not_cancelled(self):
        data_set = queue(versions=1)
        compute_waiting_runs(data_set.pk)
        with pytest.raises(Refused):
            cancel_job(Run.objects.get(), actor=data_set.created_by)

    def test_through_the_api(self, client):
        queue(versions=1)
        run = Run.objects.get()
        sign_in_staff(client, make_account(Role.ANALYST))
        cancel, retry = (reverse(f"indexer:api-run-{act}", args=[run.pk]) for act in ("cancel", "retry"))

        assert client.post(cancel).json()["status"] == "cancelled"
        assert client.post(cancel).status_code == 409
        assert client.post(retry).json()["status"] == "queued"
        assert "can be tried again" in client.post(retry).json()["detail"]


class TestProgress:
    def test_rate_and_time_left(self):
        progress = Progress(done=30, total=120, seconds=10)

        assert (progress.rate, progress.seconds_left) == (3, 30)
        assert Progress(done=0, total=9).seconds_left is None

    def test_an_earlier_batch_does_not_count(self):
        data_set = queue(versions=2)
        compute_waiting_runs(data_set.pk)
        make_version(data_set.framework, tilt=7)
        now = timezone.now()
        assert progress_of(Run.objects.all()) == Progress(done=0, total=1)
        (run,) = claim_runs(data_set.pk)
        Run.objects.filter(pk=run.pk).update(started_at=now)

        assert progress_of(Run.objects.all(), now=now + timedelta(seconds=4)) == Progress(0, 1, 4.0)

    def test_through_the_api_and_in_the_log(self, client, caplog):
        data_set = queue(versions=2)
        sign_in_staff(client, make_account(Role.ANALYST))
        address = reverse("indexer:api-data-set-progress", args=[data_set.pk])
        assert client.get(address).json() == {"done": 0, "total": 2, "rate": None, "seconds_left": None}

        with caplog.at_level("INFO"):
            tasks.compute_runs(data_set.pk)

        assert f"data set {data_set.pk}: 2 runs finished, 2 of 2," in caplog.text
        assert client.get(address).json()["done"] == 2

    def test_strangers_do_not_see_the_worker(self, client):
        framework = make_framework()
        data_set = queue(versions=1, framework=framework)
        compute_waiting_runs(data_set.pk)
        type(data_set).objects.update(is_published=True)
        type(Run.objects.get().weight_version).objects.update(is_published=True)
        address = reverse("indexer:api-run", args=[Run.objects.get().pk])
        assert client.get(address).json()["worker"] == ""
        sign_in_staff(client, make_account(Role.ANALYST))
        assert client.get(address).json()["worker"] == Run.objects.get().worker != ""

    @pytest.mark.parametrize(
        ("seconds", "words"), [(4.2, "4.2 s"), (80, "80 s"), (600, "10 min"), (9000, "2.5 h")]
    )
    def test_durations_in_words(self, seconds, words):
        assert duration_words(seconds) == words


class TestFailing:
    @pytest.mark.parametrize("kind", [*FAULT_TEXTS, *COMPOSITE_TEXTS, "memory", "exhausted", "unexpected"])
    def test_every_reason_has_words_in_both_languages(self, kind):
        reason = {"kind": kind, "codes": [f"c{n}" for n in range(7)], "units": [1], "number": 25}
        (english,) = failure_words([reason], {"c0": "Roads", 1: "Beijing"})
        with translation.override("zh-hans"):
            (chinese,) = failure_words([reason])

        assert english != chinese
        assert "%(" not in english + chinese
        assert "c1" not in english or "Roads, c1" in english

    @pytest.mark.parametrize(("error", "kind"), [(MemoryError(), "memory"), (KeyError("x"), "unexpected")])
    def test_an_error_of_the_program_ends_the_run_at_once(self, monkeypatch, caplog, error, kind):
        data_set = queue(versions=1)
        monkeypatch.setattr(services, "score_nodes", lambda *_, **__: (_ for _ in ()).throw(error))

        assert compute_waiting_runs(data_set.pk) == 1
        assert [reason["kind"] for reason in Run.objects.get().failure] == [kind]
        assert f"run {Run.objects.get().pk} failed" in caplog.text

    def test_a_database_that_fails_costs_the_run_no_attempt(self, monkeypatch):
        data_set = queue(versions=2)
        insert = run_results.insert_scores
        monkeypatch.setattr(
            run_results, "insert_scores", lambda *_: (_ for _ in ()).throw(DatabaseError("disk is full"))
        )
        with pytest.raises(DatabaseError):
            compute_waiting_runs(data_set.pk)

        assert {(run.status, run.attempts, run.lease) for run in Run.objects.all()} == {("queued", 0, None)}
        monkeypatch.setattr(run_results, "insert_scores", insert)
        assert compute_waiting_runs(data_set.pk) == 2


def test_no_thread_is_left_behind():
    before = set(threading.enumerate())
    compute_waiting_runs(queue(versions=1).pk)
    assert set(threading.enumerate()) <= before
