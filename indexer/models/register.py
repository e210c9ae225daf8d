"""Registers: a named set of units, and the word for one of them."""

from django.db import models
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from weighting.models.named import BilingualName, named_once

PLAIN_ZH = "对象"


class Register(BilingualName):
    """A set of units that can be scored, such as the cities of China or countries."""

    unit_zh = models.CharField(_("Chinese word for a unit"), max_length=40, blank=True, default="城市")
    unit_en = models.CharField(_("English word for a unit"), max_length=40, blank=True, default="city")
    units_en = models.CharField(
        _("English word for several units"), max_length=40, blank=True, default="cities"
    )

    class Meta:
        ordering = ["pk"]
        constraints = named_once("register_once")

    @property
    def units(self) -> str:
        """The word for several units in the visitor's language; a plain one where it has none."""
        is_chinese = (get_language() or "").startswith("zh")
        return (self.unit_zh or PLAIN_ZH) if is_chinese else (self.units_en or "units")

    @property
    def unit(self) -> str:
        """The word for one unit in the visitor's language; a plain one where it has none."""
        is_chinese = (get_language() or "").startswith("zh")
        return (self.unit_zh or PLAIN_ZH) if is_chinese else (self.unit_en or "unit")
