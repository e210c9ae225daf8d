"""The filter above a table of cities."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.text import capfirst
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from indexer.models import Grouping
from indexer.selectors.cities import PROVINCE, REGION, Cities, matching_cities
from weighting.forms.offers import offer_choices
from weighting.numeric.arrays import IntArray

PAGE_SIZE = 50
ALL = "all"
GROUP = "group_"


class CityFilter(forms.Form):
    """Search by names, region, province and other groups; a value that makes no sense is left out."""

    q = forms.CharField(required=False, max_length=60, widget=forms.SearchInput)
    region = forms.TypedChoiceField(required=False, coerce=int, empty_value=None)
    province = forms.TypedChoiceField(required=False, coerce=int, empty_value=None)
    size = forms.ChoiceField(
        label=_("Rows per page"), required=False, choices=[("", "50"), ("200", "200"), (ALL, _("All"))]
    )

    def __init__(self, data: Any, *, cities: Cities) -> None:
        super().__init__(data)
        self._cities = cities
        self.fields["q"].label = capfirst(cities.register.unit)
        regions = [(region.pk, region.name) for region in cities.regions]
        register = cities.register
        self._offer_level(REGION, register.region_word, register.regions_word, regions)
        self._offer_level(PROVINCE, register.province_word, register.provinces_word, self._provinces())
        self._groups = [self._offer(grouping) for grouping in cities.groupings]
        self.order_fields(["q", "region", "province", *self._groups, "size"])
        self.full_clean()

    def positions(self) -> IntArray:
        """Return the positions of the cities that pass."""
        chosen = self.cleaned_data
        return matching_cities(
            self._cities,
            text=chosen.get("q", ""),
            region=chosen.get("region"),
            province=chosen.get("province"),
            groups=[chosen[name] for name in self._groups if chosen.get(name)],
        )

    @property
    def page_size(self) -> int:
        size = self.cleaned_data.get("size", "")
        return max(1, len(self._cities)) if size == ALL else int(size or PAGE_SIZE)

    @property
    def narrows(self) -> bool:
        return any(self.cleaned_data.get(name) for name in ("q", "region", "province", *self._groups))

    def _offer_level(self, level: str, word: str, words: str, choices: Sequence[Any]) -> None:
        """Offer the places of a level, or leave out the field where they do not tell units apart."""
        if level not in self._cities.shown_levels:
            del self.fields[level]
            return
        self.fields[level].label = capfirst(word)
        offer_choices(self, level, [("", gettext("All %(places)s") % {"places": words}), *choices])

    def _offer(self, grouping: Grouping) -> str:
        """Offer the groups of a grouping, and return the field in which one is chosen."""
        name = f"{GROUP}{grouping.code}"
        self.fields[name] = forms.TypedChoiceField(
            label=grouping.name, required=False, coerce=int, empty_value=None
        )
        groups = [(group.pk, group.name) for group in grouping.groups.all()]
        offer_choices(self, name, [("", _("All")), *groups])
        return name

    def _provinces(self) -> list[Any]:
        if REGION not in self._cities.shown_levels:
            return [(province.pk, province.name) for province in self._cities.provinces]
        groups: dict[str, list[tuple[int, str]]] = {region.name: [] for region in self._cities.regions}
        for province in self._cities.provinces:
            groups[province.region.name].append((province.pk, province.name))
        return list(groups.items())
