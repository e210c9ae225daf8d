"""Which two units are to change places."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _

from indexer.forms.city_names import CityNames
from indexer.names import UnitError
from indexer.selectors.cities import Cities


class PairChoice(forms.Form):
    """Two units by name, in any order; they are cleaned to their positions."""

    first = forms.CharField(max_length=60)
    second = forms.CharField(max_length=60)

    def __init__(self, data: Any, *, cities: Cities) -> None:
        super().__init__(data)
        words = {"unit": cities.register.unit}
        self.fields["first"].label = _("One %(unit)s") % words
        self.fields["second"].label = _("The other %(unit)s") % words
        self._cities = cities

    def clean(self) -> dict[str, Any]:
        """Find both units, or say which name stands for none."""
        cleaned, names = super().clean() or self.cleaned_data, CityNames(self._cities)
        for field in ("first", "second"):
            try:
                cleaned[field] = names.find(cleaned.get(field, ""))
            except UnitError as error:
                if field not in self.errors:
                    self.add_error(field, names.explain(error))
        if not self.errors and cleaned["first"] == cleaned["second"]:
            self.add_error(
                "second", _("Name two different %(units)s.") % {"units": self._cities.register.units}
            )
        return cleaned
