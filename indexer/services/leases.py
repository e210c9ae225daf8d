"""Leases: the worker that lives keeps its jobs, the jobs of one that died are taken over.

Made for every kind of `Job`: a service claims rows with `lock_rows` and `take_lease`, works
inside `keep_lease`, and writes the outcome in a transaction that begins with `rows_held`.
"""

import os
import socket
import threading
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import Any, TypeVar
from uuid import UUID

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.models import F, QuerySet
from django.db.models.expressions import CombinedExpression
from django.db.models.functions import Greatest, Now
from django.utils import timezone

from config.stopping import is_stopping
from indexer.enums import RunStatus
from indexer.models import Job, Study, StudyPart
from indexer.selectors.jobs import waiting_jobs

# A job whose worker died this often is given up: it is what killed them. The count is kept on
# the row, so that a job which kills its worker cannot go round for ever.
MOST_DEATHS = 3
# How soon the holder of a job hears that its worker was told to stop, in seconds.
HEARS_WITHIN = 0.5

# An attempt that does not count; it may have been taken back once, when the worker was told to stop.
ONE_LESS = Greatest(F("attempts") - 1, 0)

AnyJob = TypeVar("AnyJob", bound=Job)
# A study's parts, and the study while it is merged, are held like jobs; their state is the study's.
Leased = Job | StudyPart | Study
# What this process gave back while the database was away.
_owed: list[tuple[type[Leased], UUID | None, dict[str, Any]]] = []


def lease_end() -> CombinedExpression:
    """Until when a job stays with a worker that says nothing, by the database's clock, which all share."""
    return Now() + timedelta(seconds=settings.RUN_LEASE_SECONDS)


def lock_rows(jobs: QuerySet[AnyJob]) -> QuerySet[AnyJob]:
    """Lock the rows and pass by those another worker is taking; SQLite's lock is the transaction."""
    if connection.features.has_select_for_update_skip_locked:
        # Of the job alone: a lock on what it shares with others would hide them all.
        return jobs.select_for_update(skip_locked=True, of=("self",))
    return jobs


def take_lease(jobs: Sequence[AnyJob]) -> None:
    """Mark locked, waiting jobs as running under one new lease of this worker."""
    lease, now = uuid.uuid4(), timezone.now()
    type(jobs[0])._default_manager.filter(pk__in=[job.pk for job in jobs]).update(
        status=RunStatus.RUNNING,
        lease=lease,
        lease_until=lease_end(),
        started_at=now,
        worker=f"{socket.gethostname()}:{os.getpid()}"[:100],
        attempts=F("attempts") + 1,
    )
    for job in jobs:
        job.lease, job.started_at, job.attempts = lease, now, job.attempts + 1


@contextmanager
def keep_lease(job: Leased) -> Iterator[None]:
    """Renew the lease of a job or part, and of those taken with it, until the work inside ends.

    One long computation thus keeps its lease. A worker that hangs is ended by the task's
    time limit, and its heartbeat with it.
    """
    done = threading.Event()
    heart = threading.Thread(target=_beat, args=(type(job), job.lease, done), daemon=True)
    heart.start()
    try:
        yield
    finally:
        done.set()
        heart.join()


def renew_lease(model: type[Leased], lease: UUID) -> int:
    """Prolong the lease of the jobs that it still holds; return how many."""
    held = model._default_manager.filter(lease=lease)
    return int(held.update(lease_until=lease_end()))


def rows_held(jobs: Sequence[Job]) -> set[int]:
    """Lock the rows that the lease of these jobs still holds; return their ids."""
    held = type(jobs[0])._default_manager.select_for_update()
    held = held.filter(pk__in=[job.pk for job in jobs], status=RunStatus.RUNNING, lease=jobs[0].lease)
    return set(held.values_list("pk", flat=True))


def end_job(job: Job, status: RunStatus, **outcome: Any) -> None:
    """Write how a job ended; the caller holds its row."""
    ended = type(job)._default_manager.filter(pk=job.pk)
    ended.update(status=status, lease=None, lease_until=None, finished_at=timezone.now(), **outcome)


def release(held: Leased, **state: Any) -> None:
    """Give back what could not be done through no fault of its own; the attempt does not count.

    Where even this cannot be written it is made up for before the next claim, should the lease
    not have passed to somebody else by then.
    """
    _owed.append((type(held), held.lease, state))
    with suppress(DatabaseError):
        settle_releases()


def settle_releases() -> None:
    """Write what was given back while the database was away."""
    while _owed:
        model, lease, state = _owed[-1]
        rows = model._default_manager.filter(lease=lease)
        rows.update(lease=None, lease_until=None, attempts=ONE_LESS, **state)
        _owed.pop()


def give_up_exhausted(model: type[Job]) -> int:
    """Give up on jobs that were tried too often, and say so; return how many."""
    tired = waiting_jobs(model).filter(attempts__gte=MOST_DEATHS)
    return tired.update(
        status=RunStatus.FAILED,
        lease=None,
        lease_until=None,
        finished_at=timezone.now(),
        failure=[{"kind": "exhausted", "number": MOST_DEATHS}],
    )


def forgive_attempt(model: type[Leased], lease: UUID) -> None:
    """Take the attempt back of what a lease holds: should its holder end now, it did not kill it."""
    model._default_manager.filter(lease=lease).update(attempts=ONE_LESS)


def _beat(model: type[Leased], lease: UUID, done: threading.Event) -> None:
    """Renew a lease until the work is done, and forgive the attempt once the worker is told to stop."""
    every, beaten, forgiven = settings.RUN_LEASE_SECONDS / 3, time.monotonic(), False
    while not done.wait(min(every, HEARS_WITHIN)):
        is_due = time.monotonic() - beaten >= every
        try:
            if is_stopping() and not forgiven:
                forgive_attempt(model, lease)
                forgiven = True
            if is_due:
                beaten = time.monotonic()
                renew_lease(model, lease)
        except DatabaseError:
            # A missed beat is made up by the next; if none succeeds, the lease runs out.
            continue
        finally:
            connection.close()
