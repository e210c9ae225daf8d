"""What is said when the method of a ranking becomes that of its data."""

from django import forms
from django.utils.translation import gettext_lazy


class AdoptionForm(forms.Form):
    """Why, and of which years."""

    reason = forms.CharField(
        label=gettext_lazy("Why the method changes"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("It stands beside the edition, for readers of what was computed before."),
    )
    every_year = forms.BooleanField(
        label=gettext_lazy("Of every year of the series, not of this one alone"),
        required=False,
        help_text=gettext_lazy("Years are set beside each other where one method computes them all."),
    )
