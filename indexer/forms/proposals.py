"""Which method is to propose weights, and what the draft is called."""

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from weighting.enums import VersionSource
from weighting.forms.names import LabelledForm
from weighting.forms.offers import offer_rows
from weighting.models import WeightVersion


class VersionField(forms.ModelChoiceField):
    """A version, called by its number and its label."""

    def label_from_instance(self, version: Any) -> str:
        return _("version %(number)s, %(label)s") % {"number": version.number, "label": version.label}


class ProposalForm(LabelledForm):
    METHODS = [
        (VersionSource.ENTROPY.value, gettext_lazy("Entropy: what is spread unevenly weighs more")),
        (
            VersionSource.CRITIC.value,
            gettext_lazy("CRITIC: what varies and contradicts its siblings weighs more"),
        ),
        (
            VersionSource.PCA.value,
            gettext_lazy("Principal components: what moves with its siblings weighs more"),
        ),
        (
            VersionSource.BALANCED.value,
            gettext_lazy("Fitted to importance: each decides as much as it is meant to"),
        ),
    ]

    method = forms.ChoiceField(label=gettext_lazy("Method"), choices=METHODS, widget=forms.RadioSelect)
    aim = VersionField(
        label=gettext_lazy("What importance is meant to be"),
        queryset=WeightVersion.objects.none(),
        required=False,
        empty_label=gettext_lazy("The same for all of a group"),
        help_text=gettext_lazy(
            "Only for weights fitted to importance: a version says what each is meant to decide."
        ),
    )
    field_order = ("method", "aim", "label_zh", "label_en")

    def __init__(self, data: Any = None, *, versions: QuerySet[WeightVersion]) -> None:
        """``versions`` are those whose weights may be aimed at."""
        super().__init__(data)
        offer_rows(self, "aim", versions)
