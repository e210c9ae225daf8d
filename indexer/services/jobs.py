"""What people do with jobs of any kind: cancel one, and try one again."""

from typing import TypeVar

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from indexer.enums import Queue, RunStatus
from indexer.models import Job
from indexer.selectors.jobs import UNFINISHED
from weighting.exceptions import Refused
from weighting.models import Account
from weighting.services.audit import record_act
from weighting.services.locks import still_there

AnyJob = TypeVar("AnyJob", bound=Job)


@transaction.atomic
def cancel_job(job: AnyJob, *, actor: Account) -> AnyJob:
    """End a job that waits or runs; a worker that holds it loses its lease and stores nothing."""
    job = _lock(job)
    if job.status not in UNFINISHED:
        raise Refused(_("Only what waits or runs can be cancelled; this has ended."))
    job.status, job.lease, job.lease_until = RunStatus.CANCELLED, None, None
    job.finished_at = timezone.now()
    job.save(update_fields=["status", "lease", "lease_until", "finished_at"])
    record_act(actor, "cancel", job)
    return job


@transaction.atomic
def requeue_job(job: AnyJob, *, actor: Account, queue: str = Queue.INTERACTIVE) -> AnyJob:
    """Put a failed or cancelled job back in a queue with fresh attempts; as a rule somebody waits for it."""
    job = _lock(job)
    if job.status not in (RunStatus.FAILED, RunStatus.CANCELLED):
        raise Refused(_("Only what failed or was cancelled can be tried again."))
    job.status, job.queue, job.queued_at = RunStatus.QUEUED, queue, timezone.now()
    job.attempts, job.failure, job.started_at, job.finished_at = 0, [], None, None
    job.save(
        update_fields=["status", "queue", "queued_at", "attempts", "failure", "started_at", "finished_at"]
    )
    record_act(actor, "retry", job)
    return job


def _lock(job: AnyJob) -> AnyJob:
    return still_there(type(job)._default_manager.select_for_update(), job.pk)
