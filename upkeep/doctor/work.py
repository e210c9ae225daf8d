"""What computes, sends and closes: the broker, the workers and the clock that wakes them."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import redis
from celery import current_app
from django.conf import settings
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from config.broker import client_of
from indexer.enums import Queue, RunStatus
from indexer.selectors.jobs import kinds_of_jobs
from upkeep.doctor.finding import Finding, fine, look, wrong
from weighting.selectors.rounds import due_rounds

BROKER_TIMEOUT, WORKER_TIMEOUT = 1.0, 2.0
# What a broker is called that throws no message away.
KEEPS_ALL = "noeviction"
# Much longer than the clock takes to send again, and a worker to take.
OVERDUE, WAITED = timedelta(minutes=5), timedelta(minutes=30)


def check_broker() -> Iterator[Finding]:
    """Look whether the broker answers and keeps what it is given."""
    with client_of(settings.CELERY_BROKER_URL, timeout=BROKER_TIMEOUT) as client:
        policy = _policy_of(client)
        if policy != KEEPS_ALL:
            yield look(
                _("The broker may throw messages away when it is full (%(policy)s).") % {"policy": policy},
                _("Start it with --maxmemory-policy noeviction."),
            )
        waiting = sum(client.llen(queue.value) for queue in Queue)
        yield fine(_("The broker answers; messages that wait: %(count)d.") % {"count": waiting})


def _policy_of(client: "redis.Redis") -> str:
    """Return what the broker does when it is full; one that somebody else runs may not say."""
    try:
        return str(dict(client.config_get("maxmemory-policy")).get("maxmemory-policy", KEEPS_ALL))
    except redis.ResponseError:
        return KEEPS_ALL


def check_workers() -> Iterator[Finding]:
    """Look whether somebody works, on every queue."""
    reading = current_app.control.inspect(timeout=WORKER_TIMEOUT).active_queues() or {}
    read = {queue["name"] for queues in reading.values() for queue in queues}
    if not reading:
        yield wrong(
            _("No worker answers: nothing is computed, mailed or closed. Ballots are saved."),
            _("Start one: the service worker, or celery --app config worker --queues interactive,bulk"),
        )
        return
    for queue in sorted({queue.value for queue in Queue} - read):
        yield wrong(
            _("No worker reads the queue %(queue)s.") % {"queue": queue},
            _("Start one with --queues interactive,bulk"),
        )
    yield fine(_("Workers that answer: %(names)s.") % {"names": ", ".join(sorted(reading))})


def check_jobs() -> Iterator[Finding]:
    """Look for work that should have been done by now: the clock may be away, which nobody can ask."""
    overdue = due_rounds().filter(deadline__lte=Now() - OVERDUE).count()
    if overdue:
        yield wrong(
            _("Rounds past their deadline that nobody closes: %(count)d.") % {"count": overdue},
            _("Start the clock: the service beat, or celery --app config beat"),
        )
    if old := _count_jobs(status=RunStatus.QUEUED, queued_at__lte=Now() - WAITED):
        yield look(
            _("Runs and facts that have waited for more than half an hour: %(count)d.") % {"count": old},
            _("Start another worker, or the clock where nothing moves at all."),
        )
    yield fine(
        _("Runs and facts that wait: %(waiting)d; that failed: %(failed)d.")
        % {"waiting": _count_jobs(status=RunStatus.QUEUED), "failed": _count_jobs(status=RunStatus.FAILED)}
    )


def _count_jobs(**state: Any) -> int:
    return sum(kind._default_manager.filter(**state).count() for kind in kinds_of_jobs())
