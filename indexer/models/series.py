"""Outside series: one number for each unit from another source, to hold an index against."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from indexer.models.register import Register
from weighting.models.named import BilingualName


class OutsideSeries(BilingualName):
    """A figure such as GDP; ``values`` are packed float64 in the order of ``city_ids``.

    A unit without a value is not among the ids. ``total`` is that of the nation, digit for digit as it
    is published, or empty.
    """

    register = models.ForeignKey(Register, on_delete=models.PROTECT, related_name="outside_series")
    unit = models.CharField(_("unit"), max_length=40)
    year = models.PositiveSmallIntegerField(_("year"))
    total = models.CharField(_("published total"), max_length=24, blank=True)
    note = models.TextField(_("note"), blank=True)
    city_ids = models.JSONField()
    values = models.BinaryField()
    sha256 = models.CharField(max_length=64, unique=True)
    is_published = models.BooleanField(_("published"), default=False)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["pk"]
        verbose_name_plural = "outside series"
