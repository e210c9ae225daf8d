"""What the installation is doing, in figures for Prometheus; never what an expert answered, nor a score.

What each web process counts is added up over all of them, by files in a folder that gunicorn makes. What the
tables and the broker know is looked up when it is asked for.
"""

import os
from collections.abc import Iterator

import redis
from celery import current_app
from django.conf import settings
from django.db.models import Count, F, Min, Sum
from django.utils import timezone
from kombu.exceptions import KombuError
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from config.broker import client_of
from config.health import Watch
from indexer.enums import Queue, RunStatus
from indexer.selectors.jobs import kinds_of_jobs
from upkeep.database import database_bytes
from upkeep.jobs import KINDS
from weighting.selectors.rounds import due_rounds

SHARED_FOLDER = "PROMETHEUS_MULTIPROC_DIR"
SAVE = "weighting:ballot-item-save"
METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
BROKER_TIMEOUT, WORKER_TIMEOUT = 0.5, 1.0

_counted = CollectorRegistry()
ANSWERS = Counter("quanheng_requests", "Answers, by page", ("page", "method", "status"), registry=_counted)
TOOK = Histogram(
    "quanheng_request_seconds", "Time to an answer, by page", ("page",), buckets=SECONDS, registry=_counted
)
SAVES = Counter(
    "quanheng_saves", "Answers of experts, by what became of them", ("status",), registry=_counted
)


def count_answer(*, page: str, method: str, status: int, seconds: float) -> None:
    """Count one answer to a request."""
    # A stranger may send any method: each that is counted is kept for ever.
    ANSWERS.labels(page, method if method in METHODS else "other", str(status)).inc()
    TOOK.labels(page).observe(seconds)
    if page == SAVE:
        SAVES.labels(str(status)).inc()


def metrics_text() -> bytes:
    """Return everything in the text format of Prometheus."""
    looked_up = CollectorRegistry()
    looked_up.register(_State())
    return generate_latest(_counted_by_all()) + generate_latest(looked_up)


def _counted_by_all() -> CollectorRegistry:
    if SHARED_FOLDER not in os.environ:
        return _counted
    shared = CollectorRegistry()
    MultiProcessCollector(shared)
    return shared


class _State(Collector):
    """What tables, broker and workers say at this moment."""

    def collect(self) -> Iterator[GaugeMetricFamily]:
        yield from _jobs()
        yield from _waiting()
        yield from _broker()
        yield _gauge("quanheng_workers", "Workers that answer", int(_workers.parts().get("workers", 0)))
        yield _gauge("quanheng_rounds_overdue", "Open rounds past their deadline", due_rounds().count())
        yield _gauge("quanheng_database_bytes", "Size of the database", database_bytes())


def _jobs() -> Iterator[GaugeMetricFamily]:
    jobs = GaugeMetricFamily("quanheng_jobs", "Jobs, by kind and state", labels=("kind", "state"))
    takeovers = GaugeMetricFamily(
        "quanheng_job_takeovers",
        "How often the jobs there are were taken again after a worker fell silent",
        labels=("kind",),
    )
    for kind, described in KINDS.items():
        rows = described.model._default_manager.order_by()
        there = dict(rows.values_list("status").annotate(Count("pk")))
        for state in RunStatus.values:
            jobs.add_metric((kind, state), there.get(state, 0))
        again = rows.filter(attempts__gt=1).aggregate(sum=Sum(F("attempts") - 1))["sum"]
        takeovers.add_metric((kind,), again or 0)
    yield jobs
    yield takeovers


def _waiting() -> Iterator[GaugeMetricFamily]:
    waiting = GaugeMetricFamily(
        "quanheng_queue_jobs", "Runs and facts that wait for a worker", labels=("queue",)
    )
    age = GaugeMetricFamily(
        "quanheng_queue_oldest_seconds", "How long the first of them has", labels=("queue",)
    )
    queued = [kind._default_manager.order_by().filter(status=RunStatus.QUEUED) for kind in kinds_of_jobs()]
    found = [
        row for rows in queued for row in rows.values_list("queue").annotate(Count("pk"), Min("queued_at"))
    ]
    for queue in Queue.values:
        counts = [count for of, count, _first in found if of == queue]
        first = min((first for of, _count, first in found if of == queue), default=None)
        waiting.add_metric((queue,), sum(counts))
        age.add_metric((queue,), max((timezone.now() - first).total_seconds(), 0) if first else 0)
    yield waiting
    yield age


def _broker() -> Iterator[GaugeMetricFamily]:
    up = _gauge("quanheng_broker_up", "Whether the broker answers", 0)
    messages = GaugeMetricFamily("quanheng_queue_messages", "Messages in the broker", labels=("queue",))
    try:
        with client_of(settings.CELERY_BROKER_URL, timeout=BROKER_TIMEOUT) as client:
            for queue in Queue.values:
                messages.add_metric((queue,), client.llen(queue))
        up = _gauge("quanheng_broker_up", "Whether the broker answers", 1)
    except (redis.RedisError, OSError):
        messages.samples.clear()
    yield up
    yield messages


def _gauge(name: str, text: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, text, value=value)


def _count_workers() -> dict[str, str]:
    try:
        with current_app.connection_for_write(connect_timeout=WORKER_TIMEOUT) as link:
            answers = current_app.control.ping(timeout=WORKER_TIMEOUT, connection=link)
    except (redis.RedisError, KombuError, OSError):
        return {"workers": "0"}
    return {"workers": str(len(answers or ()))}


# Asking takes a second, beside the requests.
_workers = Watch(_count_workers)
