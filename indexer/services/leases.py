"""Leases: the worker that lives keeps its runs, the runs of one that died are taken over."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db import DatabaseError, connection
from django.utils import timezone

from indexer.models import Run


def lease_time() -> timedelta:
    """How long a run stays with a worker that says nothing."""
    return timedelta(seconds=settings.RUN_LEASE_SECONDS)


@contextmanager
def keep_lease(run: Run) -> Iterator[None]:
    """Renew the run's lease, from a thread, until the work inside ends.

    One long computation thus keeps its lease. A worker that hangs is ended by the task's
    time limit, and its heartbeat with it.
    """
    done = threading.Event()
    heart = threading.Thread(target=_beat, args=(run.lease, done), daemon=True)
    heart.start()
    try:
        yield
    finally:
        done.set()
        heart.join()


def renew_lease(lease: UUID) -> int:
    """Prolong the lease of the runs that it still holds; return how many."""
    return Run.objects.filter(lease=lease).update(lease_until=timezone.now() + lease_time())


def _beat(lease: UUID, done: threading.Event) -> None:
    while not done.wait(settings.RUN_LEASE_SECONDS / 3):
        try:
            renew_lease(lease)
        except DatabaseError:
            # A missed beat is made up by the next; if none succeeds, the lease runs out.
            continue
        finally:
            connection.close()
