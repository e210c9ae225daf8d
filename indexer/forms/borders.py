"""Borders that a register is brought."""

from django import forms
from django.utils.translation import gettext_lazy

from weighting.forms.carrying import CarryingFileInput
from weighting.forms.uploads import TableFileField
from weighting.readers.strict_json import MOST_BYTES


class GeoJsonField(TableFileField):
    """A file of GeoJSON."""

    widget = CarryingFileInput(attrs={"accept": ".geojson,.json,application/geo+json"})


class BordersForm(forms.Form):
    """The file, and whose borders they are."""

    file = GeoJsonField(
        most_bytes=MOST_BYTES,
        label=gettext_lazy("Borders (GeoJSON)"),
        help_text=gettext_lazy(
            "One feature for each unit, a Polygon or a MultiPolygon in degrees (WGS 84); its id or one of "
            "its properties is the unit's code or name."
        ),
    )
    source = forms.CharField(
        label=gettext_lazy("Source and licence of the borders"),
        max_length=300,
        help_text=gettext_lazy("It stands under every map that shows them."),
    )
