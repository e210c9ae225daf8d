"""Which two cities are to change places."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from indexer.forms.city_names import CityNames
from indexer.models import City
from indexer.names import UnitError


class PairChoice(forms.Form):
    """Two cities by name, in any order; they are cleaned to their positions."""

    first = forms.CharField(label=gettext_lazy("One city"), max_length=60)
    second = forms.CharField(label=gettext_lazy("The other city"), max_length=60)

    def __init__(self, data: Any, *, cities: Sequence[City]) -> None:
        super().__init__(data)
        self._cities = cities

    def clean(self) -> dict[str, Any]:
        """Find both cities, or say which name stands for none."""
        cleaned, names = super().clean() or self.cleaned_data, CityNames(self._cities)
        for field in ("first", "second"):
            try:
                cleaned[field] = names.find(cleaned.get(field, ""))
            except UnitError as error:
                if field not in self.errors:
                    self.add_error(field, names.explain(error))
        if not self.errors and cleaned["first"] == cleaned["second"]:
            self.add_error("second", _("Name two different cities."))
        return cleaned
