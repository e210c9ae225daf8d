"""What waits is sent for: with a broker, without one, and once it is back."""

import logging
import socket
import time
from functools import partial

import pytest

from indexer import dispatch, tasks
from indexer.enums import RunStatus
from indexer.models import Run
from indexer.selectors.runs import data_sets_with_waiting_runs
from indexer.services.runs import compute_waiting_runs
from tests.indexer.run.test_runs import queue
from tests.processes import wait_until

pytestmark = pytest.mark.django_db


def accepted(listener):
    """Return the next link that somebody made; None when there is none."""
    try:
        return listener.accept()[0]
    except BlockingIOError:
        return None


class TestWaking:
    def test_without_a_broker_the_row_waits_and_the_request_goes_on(self, caplog):
        data_set = queue(versions=1)
        started = time.monotonic()

        with caplog.at_level(logging.WARNING):
            dispatch.wake_workers([data_set.pk])

        # A busy machine takes its time.
        assert time.monotonic() - started < 30
        assert "no broker" in caplog.text
        assert list(data_sets_with_waiting_runs()) == [data_set.pk]

    def test_a_broker_that_never_answers_costs_less_than_three_seconds(self, monkeypatch):
        with socket.socket() as mute:
            mute.bind(("127.0.0.1", 0))
            mute.listen()
            url = f"redis://127.0.0.1:{mute.getsockname()[1]}/0"
            open_connection = dispatch.current_app.connection_for_write
            monkeypatch.setattr(
                type(dispatch.current_app._get_current_object()),
                "connection_for_write",
                lambda self, **options: open_connection(url, **options),
            )
            started = time.monotonic()

            dispatch.wake_workers([1, 2, 3])
            waited = time.monotonic() - started

            mute.setblocking(False)
            links = list(iter(partial(accepted, mute), None))
        for link in links:
            link.close()
        assert waited > 0.5
        # However slow the machine is: what it may wait for on each link that it made.
        assert 0 < len(links) * dispatch.IMPATIENT["socket_timeout"] < 3

    def test_the_sweeper_sends_for_what_waits_and_nothing_else(self, monkeypatch):
        sent = []
        monkeypatch.setattr(tasks.compute_runs, "apply_async", lambda args, **_: sent.extend(args))
        done, waiting = queue(versions=1), queue(versions=1)
        compute_waiting_runs(done.pk)

        tasks.sweep_runs()

        assert sent == [waiting.pk]

    @pytest.mark.faults
    def test_a_run_written_without_a_broker_is_computed_when_it_is_back(
        self, celery_worker_process, settings
    ):
        data_set = queue(versions=2)
        celery_worker_process()

        tasks.sweep_runs()

        wait_until(lambda: not Run.objects.exclude(status=RunStatus.DONE).exists(), what="the runs")
        assert set(data_set.runs.values_list("status", flat=True)) == {RunStatus.DONE}
