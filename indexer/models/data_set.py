"""Data sets: one immutable, checksummed matrix of units x indicators each."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from indexer.models.city import City, Province
from indexer.models.method import IndexMethod
from indexer.models.register import Register
from weighting.models import Framework, Indicator
from weighting.models.named import BilingualName, named_once


class DataSeries(BilingualName):
    """What the editions of one collection of data share, over the years: its name and its units."""

    framework = models.ForeignKey(Framework, on_delete=models.PROTECT, related_name="data_series")
    register = models.ForeignKey(Register, on_delete=models.PROTECT, related_name="data_series")

    class Meta:
        ordering = ["pk"]
        constraints = named_once("data_series_once", "framework")


class DataSet(BilingualName):
    """Raw values, packed: ``values`` is a C-ordered float64 matrix, NaN where missing.

    Rows are the units of ``city_ids``, columns the leaf indicators of ``leaf_codes``;
    ``totals`` (float64, NaN where the column sum serves) are the totals. Columns that
    are no indicators but may divide or weigh them, such as population, are in ``auxiliary``,
    packed in the same way, one for each of ``auxiliary_codes``.
    """

    framework = models.ForeignKey(Framework, on_delete=models.PROTECT, related_name="data_sets")
    series = models.ForeignKey(DataSeries, on_delete=models.PROTECT, related_name="editions")
    # Editions of a series count from 1 in each year; ``previous`` is what this one follows.
    edition = models.PositiveSmallIntegerField(_("edition"))
    previous = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="followers"
    )
    method = models.ForeignKey(IndexMethod, on_delete=models.PROTECT, related_name="+")
    year = models.PositiveSmallIntegerField(_("year"))
    note = models.TextField(_("note"), blank=True)
    # Of the register, when the data were stored: what was corrected since does not change them.
    register_edition = models.PositiveSmallIntegerField(default=1)
    city_ids = models.JSONField()
    leaf_codes = models.JSONField()
    values = models.BinaryField()
    totals = models.BinaryField()
    auxiliary_codes = models.JSONField(default=list, blank=True)
    auxiliary = models.BinaryField(default=bytes, blank=True)
    # Where the values are from: the files as they were sent, and what became of each column and row.
    file_name = models.CharField(max_length=255, blank=True)
    file_sha256 = models.CharField(max_length=64, blank=True)
    totals_name = models.CharField(max_length=255, blank=True)
    totals_sha256 = models.CharField(max_length=64, blank=True)
    mapping = models.JSONField(default=dict, blank=True)
    sha256 = models.CharField(max_length=64)
    is_published = models.BooleanField(_("published"), default=False)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["series", "year", "edition"], name="data_set_edition_once"),
            # Its checksum names the tree, which private frameworks may have in common.
            models.UniqueConstraint(fields=["framework", "sha256", "method"], name="data_set_once"),
        ]


class PublishedFigure(models.Model):
    """A figure that a publication prints for a unit: text as printed, and its rank there.

    Without an indicator it is the composite. A computed cell counts as published when it
    equals this figure at the printed digits; every other cell is reconstructed.
    """

    data_set = models.ForeignKey(DataSet, on_delete=models.CASCADE, related_name="published_figures")
    city = models.ForeignKey(City, on_delete=models.PROTECT, related_name="+")
    indicator = models.ForeignKey(Indicator, null=True, on_delete=models.PROTECT, related_name="+")
    value = models.CharField(max_length=24)
    rank = models.PositiveIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["data_set", "city", "indicator"], name="published_figure_once"),
            # Nulls differ from each other in a unique index, so composites need one of their own.
            models.UniqueConstraint(
                fields=["data_set", "city"],
                condition=models.Q(indicator__isnull=True),
                name="published_composite_once",
            ),
        ]

    def __str__(self) -> str:
        return f"published figure {self.pk}"


class PrintedPlaceFigure(models.Model):
    """A figure that a publication prints for a province, as printed, beside what its units sum to.

    Without an indicator it is the composite. It is a value of its own, and decides no mark: what is
    counted for a province may be counted for none of its units.
    """

    data_set = models.ForeignKey(DataSet, on_delete=models.CASCADE, related_name="printed_place_figures")
    province = models.ForeignKey(Province, on_delete=models.PROTECT, related_name="+")
    indicator = models.ForeignKey(Indicator, null=True, on_delete=models.PROTECT, related_name="+")
    value = models.CharField(max_length=24)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["data_set", "province", "indicator"], name="printed_place_figure_once"
            ),
            models.UniqueConstraint(
                fields=["data_set", "province"],
                condition=models.Q(indicator__isnull=True),
                name="printed_place_composite_once",
            ),
        ]

    def __str__(self) -> str:
        return f"printed figure of a place {self.pk}"
