"""Studies: how sure a ranking is, counted in parts that add up."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from indexer.enums import StudyKind, StudyStatus
from indexer.models.run import Run


class Study(models.Model):
    """One question put to a finished run, and its answer; the row is the truth, as of a run.

    ``parameters`` are canonical, and ``key`` is the hash of all that the answer depends on, so
    that nothing is computed twice. ``draws`` counts the versions of the weights (or the cases)
    that are ranked. ``histogram`` and ``table`` are blocks of `indexer.numeric.studies.blocks`: the
    counts (units, ranks), and what is shown for each unit or case. ``pairs`` keeps the paired
    comparisons that were asked for, by "first,second" in positions of the data set. ``failure``
    lists why a study failed, as codes, like that of a `Job`. ``lease`` is held by who merges the
    counted parts, for the ``attempts``-th time.
    """

    run = models.ForeignKey(Run, on_delete=models.PROTECT, related_name="studies")
    kind = models.CharField(max_length=9, choices=StudyKind)
    parameters = models.JSONField(default=dict, blank=True)
    draws = models.PositiveIntegerField()
    seed = models.BigIntegerField(null=True, blank=True)
    key = models.CharField(max_length=64, unique=True)
    status = models.CharField(max_length=9, choices=StudyStatus, default=StudyStatus.QUEUED)
    chunks = models.PositiveIntegerField()
    chunks_done = models.PositiveIntegerField(default=0)
    failure = models.JSONField(default=list, blank=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    data_sha256 = models.CharField(max_length=64, blank=True)
    manifest_hash = models.CharField(max_length=64, blank=True)
    code_version = models.CharField(max_length=40, blank=True)
    result_sha256 = models.CharField(max_length=64, blank=True)
    histogram = models.BinaryField(null=True)
    table = models.BinaryField(null=True)
    summary = models.JSONField(default=dict, blank=True)
    pairs = models.JSONField(default=dict, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    lease = models.UUIDField(null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-pk"]
        verbose_name_plural = "studies"
        constraints = [
            models.CheckConstraint(
                condition=Q(status=StudyStatus.DONE, table__isnull=False, finished_at__isnull=False)
                | (~Q(status=StudyStatus.DONE) & Q(table__isnull=True, histogram__isnull=True)),
                name="study_done_is_whole",
            ),
            models.CheckConstraint(condition=Q(draws__gte=1), name="study_has_draws"),
            models.CheckConstraint(
                condition=Q(seed__isnull=True) | Q(seed__gte=0), name="study_seed_not_negative"
            ),
        ]
        indexes = [models.Index(fields=["run", "kind", "status"], name="study_of_run")]

    def __str__(self) -> str:
        return f"study {self.pk}"


class StudyPart(models.Model):
    """A range of a study's chunks, held by one worker at a time and counted once.

    ``block`` is the tally of the chunks ``first`` to ``end`` - 1 once they are counted. Parts
    go when the study ends; one that is cancelled or fails keeps what it has counted.
    """

    study = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="parts")
    first = models.PositiveIntegerField()
    end = models.PositiveIntegerField()
    attempts = models.PositiveSmallIntegerField(default=0)
    lease = models.UUIDField(null=True)
    lease_until = models.DateTimeField(null=True)
    block = models.BinaryField(null=True)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["study", "first"], name="study_part_once"),
            models.CheckConstraint(condition=Q(end__gt=models.F("first")), name="study_part_not_empty"),
            models.CheckConstraint(
                condition=Q(lease__isnull=True, lease_until__isnull=True)
                | Q(lease__isnull=False, lease_until__isnull=False, block__isnull=True),
                name="study_part_lease_is_whole",
            ),
        ]

    def __str__(self) -> str:
        return f"part {self.first} of study {self.study_id}"
