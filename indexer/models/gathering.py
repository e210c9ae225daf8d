"""An edition that several hands deliver the columns of, and what each delivered."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from indexer.models.data_set import DataSeries
from indexer.models.method import IndexMethod
from indexer.models.register import Register
from weighting.models import Framework
from weighting.models.named import BilingualName


class Gathering(BilingualName):
    """What the deliveries are of; its owner makes the edition of them."""

    is_in_progress: ClassVar = True

    framework = models.ForeignKey(Framework, on_delete=models.PROTECT, related_name="+")
    register = models.ForeignKey(Register, on_delete=models.PROTECT, related_name="+")
    method = models.ForeignKey(IndexMethod, on_delete=models.PROTECT, related_name="+")
    series = models.ForeignKey(DataSeries, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    year = models.PositiveSmallIntegerField(_("year"))
    note = models.TextField(_("note"), blank=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-pk"]


class Delivery(models.Model):
    """A checked file of some indicators and units; of two values of one cell the later delivered one counts.

    ``values`` is a C-ordered float64 matrix, NaN where the file holds none: a row for each of ``city_ids``, a
    column for each of ``leaf_codes`` and then of ``beside_codes``, which are no indicators. ``origin`` is
    what an edition keeps of its file: the mapping, every correction, how it was read.
    """

    gathering = models.ForeignKey(Gathering, on_delete=models.CASCADE, related_name="deliveries")
    partner = models.CharField(_("delivered by"), max_length=200)
    sent_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    delivered_at = models.DateTimeField(auto_now_add=True)
    file_name = models.CharField(max_length=255)
    file_sha256 = models.CharField(max_length=64)
    leaf_codes = models.JSONField()
    beside_codes = models.JSONField(default=list, blank=True)
    city_ids = models.JSONField()
    values = models.BinaryField()
    totals = models.JSONField(default=dict, blank=True)
    origin = models.JSONField(default=dict, blank=True)

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"delivery {self.pk} of {self.partner}"
