"""What there is to know of large data sets and rankings, kept once a worker has worked it out."""

from django.db import models
from django.db.models import Q

from indexer.enums import RunStatus
from indexer.models.data_set import DataSet
from indexer.models.job import Job
from indexer.models.run import Run

WHOLE = Q(status=RunStatus.DONE, block__isnull=False) | (~Q(status=RunStatus.DONE) & Q(block__isnull=True))


class DataFacts(Job):
    """Statistics of every indicator and unit of a data set, correlations, groups; a job until they are there.

    ``block`` holds the arrays of `indexer.numeric.coherence.kept_facts`. They follow from the values, which
    do not change. Small data sets have none: theirs are worked out when they are asked for.
    """

    data_set = models.OneToOneField(DataSet, on_delete=models.CASCADE, related_name="facts")
    block = models.BinaryField(null=True)

    class Meta(Job.Meta):
        constraints = [
            *Job.Meta.constraints,
            models.CheckConstraint(condition=WHOLE, name="data_facts_done_are_whole"),
        ]

    def __str__(self) -> str:
        return f"facts of data set {self.data_set_id}"


class RunFacts(Job):
    """The same of a finished run, its inner nodes and its total.

    ``changes`` holds the arrays of `indexer.selectors.fragility.changes_to_keep`, apart: pages read either.
    What was worked out before there was the column has none.
    """

    run = models.OneToOneField(Run, on_delete=models.CASCADE, related_name="facts")
    block = models.BinaryField(null=True)
    changes = models.BinaryField(null=True)

    class Meta(Job.Meta):
        constraints = [
            *Job.Meta.constraints,
            models.CheckConstraint(condition=WHOLE, name="run_facts_done_are_whole"),
        ]

    def __str__(self) -> str:
        return f"facts of run {self.run_id}"
