"""Which method is to propose weights, and what the draft is called."""

from django import forms
from django.utils.translation import gettext_lazy

from weighting.enums import VersionSource


class ProposalForm(forms.Form):
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
    ]

    method = forms.ChoiceField(label=gettext_lazy("Method"), choices=METHODS, widget=forms.RadioSelect)
    label_zh = forms.CharField(label=gettext_lazy("Chinese label"), max_length=200)
    label_en = forms.CharField(label=gettext_lazy("English label"), max_length=200)
