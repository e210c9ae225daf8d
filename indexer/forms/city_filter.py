"""The filter above a table of units."""

from typing import Any

from django import forms
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from indexer.forms.place_filter import PlaceFilter
from indexer.selectors.cities import Cities

PAGE_SIZE = 50
ALL = "all"


class CityFilter(PlaceFilter):
    """Search by names, region, province and other groups; a value that makes no sense is left out."""

    q = forms.CharField(required=False, max_length=60, widget=forms.SearchInput)
    size = forms.ChoiceField(
        label=_("Rows per page"), required=False, choices=[("", "50"), ("200", "200"), (ALL, _("All"))]
    )

    def __init__(self, data: Any, *, cities: Cities) -> None:
        super().__init__(data)
        self.fields["q"].label = capfirst(cities.register.unit)
        self.offer_places(cities)
        self.order_fields(["q", *self.place_fields, "size"])
        self.full_clean()

    @property
    def page_size(self) -> int:
        size = self.cleaned_data.get("size", "")
        return max(1, len(self._cities)) if size == ALL else int(size or PAGE_SIZE)

    @property
    def narrows(self) -> bool:
        return bool(self.cleaned_data.get("q")) or self.is_narrowed
