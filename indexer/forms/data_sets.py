"""What an analyst sends in to add a data set."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy

from indexer.enums import Aggregation, Missing, Negative, Normalisation
from indexer.services.methods import MethodChoice, method_blockers
from weighting.forms.uploads import TableFileField
from weighting.models import Framework


class FrameworkChoice(forms.ModelChoiceField):
    """Frameworks by their name in the reader's language."""

    def label_from_instance(self, framework: Any) -> str:
        return str(framework.name)


class DataSetImportForm(forms.Form):
    """The files, their names, and how raw values become scores."""

    framework = FrameworkChoice(
        label=gettext_lazy("Framework"), queryset=Framework.objects.none(), empty_label=None
    )
    name_zh = forms.CharField(label=gettext_lazy("Chinese name"), max_length=200)
    name_en = forms.CharField(label=gettext_lazy("English name"), max_length=200)
    year = forms.IntegerField(label=gettext_lazy("Year of the data"), min_value=1900, max_value=2100)
    file = TableFileField(
        label=gettext_lazy("Data (CSV)"),
        help_text=gettext_lazy(
            "One row for each city: a column “unit” with its name and one column for each leaf indicator, "
            "headed by its code. UTF-8 or GBK."
        ),
    )
    totals = TableFileField(
        label=gettext_lazy("National totals (CSV)"),
        required=False,
        help_text=gettext_lazy(
            "Columns: code, total. Shares are taken of the total, or of the sum of the column without one."
        ),
    )
    normalisation = forms.ChoiceField(label=gettext_lazy("Normalisation"), choices=Normalisation.choices)
    negative = forms.ChoiceField(
        label=gettext_lazy("Indicators where lower is better"),
        choices=Negative.choices,
        help_text=gettext_lazy("Used by shares alone."),
    )
    missing = forms.ChoiceField(label=gettext_lazy("Missing values"), choices=Missing.choices)
    aggregation = forms.ChoiceField(label=gettext_lazy("Aggregation"), choices=Aggregation.choices)
    note = forms.CharField(
        label=gettext_lazy("Note"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("Where the data come from, and what a reader must know about them."),
    )

    def __init__(self, *args: Any, frameworks: QuerySet[Framework]) -> None:
        super().__init__(*args)
        self.fields["framework"].queryset = frameworks  # type: ignore[attr-defined]
        self.fields["framework"].initial = frameworks.first()

    def clean(self) -> dict[str, Any]:
        """Refuse at once what no data could satisfy."""
        cleaned = super().clean() or self.cleaned_data
        said = {
            name: cleaned[name] for name in MethodChoice.__dataclass_fields__ if cleaned.get(name) is not None
        }
        if blockers := method_blockers(MethodChoice(**said)):
            raise ValidationError(blockers)
        return cleaned
