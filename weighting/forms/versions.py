"""What a manager says about a weight version."""

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from weighting.enums import VersionSource
from weighting.forms.names import LabelledForm
from weighting.forms.offers import CHOOSE_FRAMEWORK, offer_rows
from weighting.forms.uploads import SheetFileField
from weighting.models import Framework


class CorrectionForm(forms.Form):
    """Why a frozen version is corrected."""

    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        help_text=gettext_lazy("What was wrong, for readers in years to come; it is part of the manifest."),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 4}),
    )


class VersionForm(LabelledForm):
    """A new draft: equal weights, or the weights of a file."""

    SOURCES = [
        (VersionSource.EQUAL.value, gettext_lazy("Equal weights within every group")),
        (VersionSource.IMPORTED.value, gettext_lazy("Weights from a file")),
    ]

    framework = forms.ModelChoiceField(
        label=gettext_lazy("Framework"), queryset=Framework.objects.none(), empty_label=CHOOSE_FRAMEWORK
    )
    source = forms.ChoiceField(
        label=gettext_lazy("Where the weights come from"),
        choices=SOURCES,
        initial=VersionSource.EQUAL,
        widget=forms.RadioSelect,
    )
    file = SheetFileField(
        label=gettext_lazy("Weight file (CSV or XLSX)"),
        help_text=gettext_lazy(
            "Only for weights from a file. Columns: code and local_weight for every indicator, or code and "
            "global_weight for every leaf; names will do in place of codes. Each group sums to 1, within "
            "0.000001."
        ),
        required=False,
    )
    normalise = forms.BooleanField(
        label=gettext_lazy("Rescale every group to a sum of 1"),
        help_text=gettext_lazy(
            "For weights in other units, such as percent or points. That they were rescaled is recorded."
        ),
        required=False,
    )
    field_order = ("framework", "label_zh", "label_en", "source", "file", "normalise")

    def __init__(self, *args: Any, frameworks: QuerySet[Framework], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer_rows(self, "framework", frameworks)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        is_imported = cleaned.get("source") == VersionSource.IMPORTED
        if is_imported and not cleaned.get("file") and "file" not in self.errors:
            self.add_error("file", _("Choose the file that holds the weights."))
        if cleaned.get("file") and not is_imported and "source" in cleaned:
            message = _("A file was sent, but not asked for. Choose “Weights from a file”, or send none.")
            self.add_error("source", message)
        return cleaned
