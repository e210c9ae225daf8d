"""Jobs: rows that a worker computes under a lease."""

from django.db import models
from django.db.models import Q

from indexer.enums import Queue, RunStatus


class Job(models.Model):
    """Work that waits, is held by one worker, or has ended. The row is the truth.

    A worker holds ``lease`` until ``lease_until``; whoever finds the lease run out may take
    the job. ``attempts`` counts how often it was taken. ``failure`` lists why it failed, as
    codes and what they concern: pages and API put it into the reader's language.
    """

    status = models.CharField(max_length=9, choices=RunStatus, default=RunStatus.QUEUED)
    queue = models.CharField(max_length=11, choices=Queue, default=Queue.INTERACTIVE)
    attempts = models.PositiveSmallIntegerField(default=0)
    lease = models.UUIDField(null=True)
    lease_until = models.DateTimeField(null=True)
    queued_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    failure = models.JSONField(default=list, blank=True)
    worker = models.CharField(max_length=100, blank=True)

    class Meta:
        abstract = True
        constraints = [
            models.CheckConstraint(
                condition=Q(status=RunStatus.RUNNING, lease__isnull=False, lease_until__isnull=False)
                | (~Q(status=RunStatus.RUNNING) & Q(lease__isnull=True, lease_until__isnull=True)),
                name="%(class)s_running_has_lease",
            ),
        ]
        indexes = [models.Index(fields=["status", "lease_until"], name="%(class)s_waiting")]
