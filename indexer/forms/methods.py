"""The choices of a method, and for which versions a data set is computed by it."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy

from indexer.enums import Aggregation, Missing, Negative, Normalisation, Outliers
from indexer.forms.denominators import MORE, SPARE, DenominatorsField
from indexer.forms.versions import VersionsForm
from indexer.services.methods import MethodChoice, choose_instead, method_blockers
from weighting.models import Indicator

# The table of leaves and nodes has a page of its own; the form keeps what it says.
OFFERED = (
    "normalisation",
    "negative",
    "missing",
    "aggregation",
    "outliers",
    "skewness_limit",
    "kurtosis_limit",
    "winsorised_most",
    "denominators",
)


# The bounds of a method are those of all years of a series.
COMMON = "common"


class MethodForm(forms.Form):
    """Every choice of docs/method.md 3 and 4; leaves and auxiliary columns may divide an indicator."""

    normalisation = forms.ChoiceField(label=gettext_lazy("Normalisation"), choices=Normalisation.choices)
    negative = forms.ChoiceField(
        label=gettext_lazy("Indicators where lower is better"),
        choices=Negative.choices,
        help_text=gettext_lazy("Used by shares alone."),
    )
    missing = forms.ChoiceField(label=gettext_lazy("Missing values"), choices=Missing.choices)
    aggregation = forms.ChoiceField(label=gettext_lazy("Aggregation"), choices=Aggregation.choices)
    outliers = forms.ChoiceField(
        label=gettext_lazy("Outliers"),
        choices=Outliers.choices,
        help_text=gettext_lazy(
            "Indicators whose skewness and kurtosis both exceed the limits are treated, all others are not."
        ),
    )
    skewness_limit = forms.FloatField(label=gettext_lazy("Limit of the skewness"), min_value=0, max_value=1e6)
    kurtosis_limit = forms.FloatField(label=gettext_lazy("Limit of the kurtosis"), min_value=0, max_value=1e6)
    winsorised_most = forms.IntegerField(
        label=gettext_lazy("Cells winsorised at most, for each indicator"), min_value=1, max_value=10_000
    )
    denominators = DenominatorsField(
        label=gettext_lazy("Denominators"),
        required=False,
        help_text=gettext_lazy("One row for each indicator to divide, and the column that divides it."),
    )

    def __init__(
        self,
        data: Any = None,
        *,
        choice: MethodChoice,
        leaves: Sequence[Indicator],
        auxiliary: Sequence[str],
    ) -> None:
        initial: dict[str, Any] = {name: getattr(choice, name) for name in OFFERED}
        self._own = choice
        initial["denominators"] = list(choice.denominators.items())
        if data is not None and f"denominators-{MORE}" in data:
            initial, data = self._as_sent(data), None
        super().__init__(data, initial=initial)
        rows = self.fields["denominators"]
        rows.offer([(leaf.code, f"{leaf.name} ({leaf.code})") for leaf in leaves], auxiliary)  # type: ignore[attr-defined]

    def _as_sent(self, data: Any) -> dict[str, Any]:
        """Return what was typed so far, with further rows; nothing of it is judged yet."""
        fields = self.base_fields.items()
        sent = {name: field.widget.value_from_datadict(data, {}, name) for name, field in fields}
        sent["denominators"] += [("", "")] * SPARE
        return sent

    def clean(self) -> dict[str, Any]:
        """Refuse at once what no data could satisfy."""
        cleaned = super().clean() or self.cleaned_data
        if not self.errors and (blockers := method_blockers(MethodChoice(**self.choices()))):
            raise ValidationError(blockers)
        return cleaned

    def choice(self) -> MethodChoice:
        """Return what the index does, beside what single nodes do."""
        return choose_instead(self._own, {name: self.cleaned_data[name] for name in OFFERED})

    def choices(self) -> dict[str, Any]:
        """Return the choices as `use_method` takes them."""
        return vars(self.choice())


class ComputeForm(VersionsForm, MethodForm):
    """A method, and the numbers of the versions to compute by it."""

    bounds = forms.ChoiceField(
        label=gettext_lazy("Bounds of indicators"),
        required=False,
        choices=[
            ("", gettext_lazy("of this data set alone")),
            (COMMON, gettext_lazy("common to all years of the series")),
        ],
        help_text=gettext_lazy(
            "Common bounds are the least and the greatest value of any year. All years are computed by "
            "them, so that scores can be compared over the years; a further year asks for them anew."
        ),
    )
    field_order = ["versions", "bounds", *OFFERED]
