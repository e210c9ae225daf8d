"""The units of which place or group a page shows: the same fields in every form that may narrow them."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django import forms
from django.utils.text import capfirst
from django.utils.translation import gettext

from indexer.selectors.cities import PROVINCE, REGION, Cities, matching_cities
from weighting.forms.offers import offer_choices
from weighting.numeric.arrays import IntArray

GROUP = "group_"


class PlaceFilter(forms.Form):
    """Region, province and other groups, as far as a form offers them for its units."""

    # The names of the fields that narrow by place.
    place_fields: Sequence[str] = ()

    def offer_places(self, cities: Cities) -> None:
        """Offer what tells these units apart."""
        self._cities = cities
        register = cities.register
        levels = [
            (REGION, register.region_word, register.regions_word, self._regions),
            (PROVINCE, register.province_word, register.provinces_word, self._provinces),
        ]
        for level, word, words, choices in levels:
            if level in cities.shown_levels:
                everywhere = gettext("All %(places)s") % {"places": words}
                self._offer(level, capfirst(word), everywhere, choices())
        for grouping in cities.groupings:
            groups = [(group.pk, group.name) for group in grouping.groups.all()]
            self._offer(f"{GROUP}{grouping.code}", grouping.name, gettext("All"), groups)

    @property
    def places_asked(self) -> dict[str, str]:
        """What was chosen, for addresses of the same."""
        return {name: str(value) for name in self.place_fields if (value := self.cleaned_data.get(name))}

    @property
    def is_narrowed(self) -> bool:
        return bool(self.places_asked)

    @property
    def place_names(self) -> list[str]:
        """The names of the places chosen, as a reader sees them."""
        return [_label_of(self.fields[name].choices, value) for name, value in self.places_asked.items()]  # type: ignore[attr-defined]

    def positions(self) -> IntArray:
        """Return the positions of the units that pass."""
        chosen = self.cleaned_data
        return matching_cities(
            self._cities,
            text=chosen.get("q", ""),
            region=chosen.get(REGION),
            province=chosen.get(PROVINCE),
            groups=[
                group for name in self.place_fields if name.startswith(GROUP) and (group := chosen.get(name))
            ],
        )

    def _offer(self, name: str, label: str, everywhere: str, choices: Sequence[Any]) -> None:
        """Add a field in which one place may be chosen, or none."""
        self.fields[name] = forms.TypedChoiceField(label=label, required=False, coerce=int, empty_value=None)
        offer_choices(self, name, [("", everywhere), *choices])
        self.place_fields = [*self.place_fields, name]

    def _regions(self) -> list[Any]:
        return [(region.pk, region.name) for region in self._cities.regions]

    def _provinces(self) -> list[Any]:
        if REGION not in self._cities.shown_levels:
            return [(province.pk, province.name) for province in self._cities.provinces]
        groups: dict[str, list[tuple[int, str]]] = {region.name: [] for region in self._cities.regions}
        for province in self._cities.provinces:
            groups[province.region.name].append((province.pk, province.name))
        return list(groups.items())


def places_in(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return what an address says of places, for a form that takes no other values as they come."""
    return {name: data[name] for name in data if name in (REGION, PROVINCE) or name.startswith(GROUP)}


def _label_of(choices: Iterable[Any], value: str) -> str:
    """Return the label of a value among choices, which may be in groups."""
    for key, label in choices:
        if isinstance(label, list | tuple):
            if found := _label_of(label, value):
                return found
        elif str(key) == value:
            return str(label)
    return ""
