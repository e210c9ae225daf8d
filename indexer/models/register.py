"""Registers: a named set of units, and the word for one of them."""

from django.db import models
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from weighting.models.named import BilingualName


class Register(BilingualName):
    """A set of units that can be scored, such as the cities of China or countries."""

    unit_zh = models.CharField(_("Chinese word for a unit"), max_length=40, default="城市")
    unit_en = models.CharField(_("English word for a unit"), max_length=40, default="city")
    units_en = models.CharField(_("English word for several units"), max_length=40, default="cities")

    class Meta:
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["name_zh"], name="register_once")]

    @property
    def units(self) -> str:
        """The word for several units in the visitor's language."""
        return self.unit_zh if (get_language() or "").startswith("zh") else self.units_en

    @property
    def unit(self) -> str:
        """The word for one unit in the visitor's language."""
        return self.unit_zh if (get_language() or "").startswith("zh") else self.unit_en
