"""A data set on its way in: what was sent, what it was mapped to, and what was corrected."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from indexer.models.data_set import DataSeries
from indexer.models.gathering import Gathering
from indexer.models.method import IndexMethod
from indexer.models.register import Register
from weighting.models import Framework
from weighting.models.named import BilingualName


class DataImport(BilingualName):
    """A draft that its owner alone sees; the edition that it becomes keeps the mapping.

    ``columns``, ``units`` and ``lines`` label ``values``, a C-ordered float64 matrix
    (rows, columns), NaN where a cell holds no number; ``texts`` are the cells that hold
    something else, as [row, column, text], and ``corrections`` the cells written anew, in the
    same form. ``column_targets`` and ``row_targets`` are [target, how], one for each.
    ``reading`` says which sheet was read, in which encoding, with some of its words, and every
    decision of the reader; ``choices`` are those that somebody made, by their keys. ``file`` is what
    was sent, compressed, so that it can be read again by other choices; empty of a larger one. With a
    ``gathering`` it holds some of the indicators, and becomes a delivery of ``partner`` to it.
    """

    is_in_progress: ClassVar = True

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    framework = models.ForeignKey(Framework, on_delete=models.CASCADE, related_name="+")
    # Empty until one has the units of the file.
    register = models.ForeignKey(Register, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    method = models.ForeignKey(IndexMethod, on_delete=models.PROTECT, related_name="+")
    series = models.ForeignKey(DataSeries, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    gathering = models.ForeignKey(
        Gathering, null=True, blank=True, on_delete=models.SET_NULL, related_name="drafts"
    )
    partner = models.CharField(max_length=200, blank=True)
    year = models.PositiveSmallIntegerField(_("year"))
    note = models.TextField(_("note"), blank=True)
    file_name = models.CharField(max_length=255)
    file_sha256 = models.CharField(max_length=64)
    totals_name = models.CharField(max_length=255, blank=True)
    totals_sha256 = models.CharField(max_length=64, blank=True)
    layout = models.CharField(max_length=4)
    unit_column = models.CharField(max_length=255, blank=True)
    columns = models.JSONField()
    units = models.JSONField()
    lines = models.JSONField()
    values = models.BinaryField()
    texts = models.JSONField(default=list, blank=True)
    totals = models.JSONField(default=dict, blank=True)
    unread = models.JSONField(default=list, blank=True)
    other_sheets = models.JSONField(default=list, blank=True)
    reading = models.JSONField(default=dict, blank=True)
    choices = models.JSONField(default=dict, blank=True)
    file = models.BinaryField(default=bytes)
    column_targets = models.JSONField(default=list, blank=True)
    row_targets = models.JSONField(default=list, blank=True)
    corrections = models.JSONField(default=list, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-pk"]
