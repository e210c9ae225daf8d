"""What was done to the cells of a data set before they were normalised."""

from django.db import models

from indexer.models.data_set import DataSet
from indexer.models.method import IndexMethod


class Preparation(models.Model):
    """The record of a data set under a method: which cells are not as they were given.

    ``cells`` is a C-ordered uint8 matrix (units, leaves), compressed by zlib; its bits are those
    of `indexer.numeric.method.preparation`. ``treatments`` describes every column treated for outliers.
    Written with the first result that rests on it, and the same for all weight versions.
    """

    data_set = models.ForeignKey(DataSet, on_delete=models.CASCADE, related_name="preparations")
    method = models.ForeignKey(IndexMethod, on_delete=models.PROTECT, related_name="+")
    cells = models.BinaryField()
    treatments = models.JSONField(default=list, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["data_set", "method"], name="preparation_once")]

    def __str__(self) -> str:
        return f"preparation {self.pk}"
