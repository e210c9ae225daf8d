"""Jobs of every kind: which wait, which come first, and how far they are."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from django.db.models import Q, QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from indexer.enums import Queue, RunStatus
from indexer.models import Job

AnyJob = TypeVar("AnyJob", bound=Job)

# About a second of weighing: unit x leaf indicator x version.
INTERACTIVE_CELLS = 100_000_000
UNFINISHED = (RunStatus.QUEUED, RunStatus.RUNNING)


@dataclass(frozen=True)
class Progress:
    """How far work is: ``done`` of ``total`` pieces in ``seconds`` since the first was begun."""

    done: int
    total: int
    seconds: float = 0.0

    @property
    def rate(self) -> float | None:
        """Pieces a second; none before the first is done."""
        return self.done / self.seconds if self.done and self.seconds > 0 else None

    @property
    def seconds_left(self) -> float | None:
        """Seconds until the last is done, at the rate so far."""
        return (self.total - self.done) / self.rate if self.rate else None


def kinds_of_jobs() -> list[Any]:
    """Return the models that are jobs."""
    return Job.__subclasses__()


def waiting_jobs(model: type[AnyJob]) -> QuerySet[AnyJob]:
    """Return the jobs of a kind that are queued, or whose worker's lease ran out."""
    unfinished = model._default_manager.filter(status__in=UNFINISHED)
    # In two conditions: databases look states up in an index, however many have ended.
    return unfinished.filter(Q(status=RunStatus.QUEUED) | Q(lease_until__lte=Now()))


def queue_for(cells: int) -> Queue:
    """Return the queue of work that weighs so many cells: what takes long lets the rest go first."""
    return Queue.INTERACTIVE if cells <= INTERACTIVE_CELLS else Queue.BULK


def interactive_work_waits() -> bool:
    """Whether somebody waits for a job of any kind that no worker has taken."""
    return any(waiting_jobs(kind).filter(queue=Queue.INTERACTIVE).exists() for kind in kinds_of_jobs())


def progress_of(jobs: Iterable[Job], *, now: datetime | None = None) -> Progress:
    """Return how far jobs that belong together are.

    What ended before the first of the unfinished was queued was another batch and does not
    count; without unfinished jobs all are one batch.
    """
    jobs = list(jobs)
    unfinished = [job for job in jobs if job.status in UNFINISHED]
    since = min((job.queued_at for job in unfinished), default=None)
    ended = [job for job in jobs if job.finished_at and (since is None or job.finished_at >= since)]
    started = min((job.started_at for job in [*ended, *unfinished] if job.started_at), default=None)
    elapsed = ((now or timezone.now()) - started).total_seconds() if started and unfinished else 0.0
    return Progress(done=len(ended), total=len(ended) + len(unfinished), seconds=elapsed)
