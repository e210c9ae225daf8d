"""Runs: the job row of (data set, weight version, method), and what it produced."""

from datetime import datetime

from django.db import models
from django.db.models import Q

from indexer.enums import RunStatus
from indexer.models.data_set import DataSet
from indexer.models.job import Job
from indexer.models.method import IndexMethod
from weighting.models import WeightVersion


class Run(Job):
    """One computation of an index. The row is the truth; a Celery message only wakes a worker.

    ``node_scores`` holds the scores of the nodes that have children: their count and positions
    in the framework as int64, then a C-ordered float64 matrix (inner nodes, units). Leaves
    score their normalised values, which all runs of a data set and method share. It is the last
    column of its table: SQLite walks through a block to read what stands behind it.
    """

    data_set = models.ForeignKey(DataSet, on_delete=models.PROTECT, related_name="runs")
    weight_version = models.ForeignKey(WeightVersion, on_delete=models.PROTECT, related_name="runs")
    method = models.ForeignKey(IndexMethod, on_delete=models.PROTECT, related_name="runs")
    # What the result was computed from and by, kept with it.
    data_sha256 = models.CharField(max_length=64, blank=True)
    manifest_hash = models.CharField(max_length=64, blank=True)
    code_version = models.CharField(max_length=40, blank=True)
    node_scores = models.BinaryField(null=True)
    result_sha256 = models.CharField(max_length=64, blank=True)
    # Whether a publication prints its figures; every selector of runs asks for it.
    reproduces_publication: bool
    # The last unit that was put into a group: pages offer groups, which are only ever added to.
    last_member: int | None
    # The edition of the register now, which may be a later one than that of the data.
    register_edition: int = 1
    # How often the register was filled in, which older results show.
    register_completions: int = 0
    register_completed_at: datetime | None = None
    # Whether figures of it may be kept from whom it was loaded for; selectors know better.
    keeps_back: bool = True

    class Meta(Job.Meta):
        ordering = ["-pk"]
        constraints = [
            *Job.Meta.constraints,
            models.UniqueConstraint(fields=["data_set", "weight_version", "method"], name="run_once"),
            models.CheckConstraint(
                condition=Q(status=RunStatus.DONE, node_scores__isnull=False, finished_at__isnull=False)
                | (~Q(status=RunStatus.DONE) & Q(node_scores__isnull=True)),
                name="run_done_is_whole",
            ),
        ]
        indexes = [
            *Job.Meta.indexes,
            # What waits is found without a look at what has ended, of which each row has a page of its own.
            models.Index(fields=["data_set", "status"], name="run_state_of_data_set"),
        ]

    def __str__(self) -> str:
        return f"run {self.pk}"

    @property
    def is_public(self) -> bool:
        """Whether anybody may read it; both publications are for good."""
        return (
            self.data_set.is_published
            and self.weight_version.is_published
            and self.method_id == self.data_set.method_id
        )


class RunScores(models.Model):
    """The composite score and rank of every unit of one run, unrounded, as two blocks.

    Both are in the order of the data set's units: ``scores`` of float64, NaN for a unit without
    one, ``ranks`` of uint32, 0 for the same. A row for each unit would be thirteen times as large;
    what asks for one unit reads its few bytes out of the blocks. Nothing checks them as they are
    written: the run's row is locked meanwhile, and `verify_versions` has its checksum.
    """

    run = models.OneToOneField(Run, on_delete=models.CASCADE, primary_key=True, related_name="composite")
    scores = models.BinaryField()
    ranks = models.BinaryField()

    def __str__(self) -> str:
        return f"scores of run {self.run_id}"
