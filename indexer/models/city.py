"""The register of places."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from indexer.models.register import Register
from indexer.names import fold_name
from weighting.models.named import BilingualName, named_once


class Region(BilingualName):
    """A group of provinces, such as East; in a register of countries, a continent."""

    register = models.ForeignKey(Register, on_delete=models.PROTECT, related_name="regions")

    class Meta:
        ordering = ["pk"]
        constraints = named_once("region_once", "register")

    @property
    def is_everything(self) -> bool:
        """Whether it holds what is in no region: it is called what the register is."""
        return (self.name_zh, self.name_en) == (self.register.name_zh, self.register.name_en)


class Province(BilingualName):
    region = models.ForeignKey(Region, on_delete=models.PROTECT, related_name="provinces")

    class Meta:
        ordering = ["pk"]
        constraints = named_once("province_once", "region")

    @property
    def is_everything(self) -> bool:
        """Whether it holds units of no group: it is called, as its region is, what their register is."""
        return self.region.is_everything and (self.name_zh, self.name_en) == (
            self.region.name_zh,
            self.region.name_en,
        )


class FoldedNames(models.TextField):
    """All names of a unit, folded, one a line; written with the unit, whoever saves it.

    The first line is what units sort by: the English name, which for a Chinese place is its pinyin.
    """

    def pre_save(self, model_instance: models.Model, add: bool) -> str:
        unit: City = model_instance  # type: ignore[assignment]
        names = [unit.name_en or unit.name_zh, unit.name_zh or unit.name_en, *unit.aliases]
        folded = "\n".join(map(fold_name, names))
        setattr(unit, self.attname, folded)
        return folded


class City(BilingualName):
    """A unit of a register, which is scored; ``aliases`` are the other names it goes by.

    ``code`` is the official one (GB/T 2260 for the cities of China); the coordinates are those of
    its seat, in degrees north and east (WGS 84). Either may be unknown.
    """

    register = models.ForeignKey(Register, on_delete=models.PROTECT, related_name="cities")
    province = models.ForeignKey(Province, on_delete=models.PROTECT, related_name="cities")
    aliases = models.JSONField(default=list, blank=True)
    folded_names = FoldedNames(editable=False, default="")
    code = models.CharField(_("code"), max_length=20, blank=True)
    latitude = models.FloatField(_("latitude"), null=True, blank=True)
    longitude = models.FloatField(_("longitude"), null=True, blank=True)
    # Whether another unit that is shown with this one has its name.
    has_namesake = False

    class Meta:
        ordering = ["pk"]
        verbose_name_plural = "cities"
        constraints = [
            *named_once("city_once", "province"),
            models.UniqueConstraint(
                fields=["register", "code"], condition=~Q(code=""), name="city_code_once"
            ),
            models.CheckConstraint(
                condition=Q(latitude__isnull=True, longitude__isnull=True)
                | Q(latitude__range=(-90, 90), longitude__range=(-180, 180)),
                name="city_on_earth",
            ),
        ]

    @property
    def name(self) -> str:
        """The name in the visitor's language, with the place where another unit beside it has that name."""
        if not self.has_namesake:
            return super().name
        return gettext("%(name)s (%(place)s)") % {"name": super().name, "place": self.province.name}
