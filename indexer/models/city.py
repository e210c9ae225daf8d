"""The register of places."""

from django.db import models

from weighting.models.named import BilingualName


class Region(BilingualName):
    """A group of provinces, such as East."""

    class Meta:
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["name_zh"], name="region_once")]


class Province(BilingualName):
    region = models.ForeignKey(Region, on_delete=models.PROTECT, related_name="provinces")

    class Meta:
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["name_zh"], name="province_once")]


class City(BilingualName):
    """A place that is scored; ``aliases`` are the other Chinese names it goes by."""

    province = models.ForeignKey(Province, on_delete=models.PROTECT, related_name="cities")
    aliases = models.JSONField(default=list, blank=True)

    class Meta:
        ordering = ["pk"]
        verbose_name_plural = "cities"
        constraints = [models.UniqueConstraint(fields=["province", "name_zh"], name="city_once")]
