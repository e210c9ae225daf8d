"""An analyst's own words in the report of an audit."""

from django import forms
from django.utils.translation import gettext_lazy

LONGEST = 5_000


class ParagraphForm(forms.Form):
    """The words, and which state of them the page that sends them had seen."""

    text = forms.CharField(
        label=gettext_lazy("Your own words"),
        required=False,
        max_length=LONGEST,
        widget=forms.Textarea(attrs={"rows": 10}),
        help_text=gettext_lazy(
            "An empty line begins a new paragraph. Whoever can read this ranking can read these words."
        ),
    )
    revision = forms.IntegerField(min_value=0, widget=forms.HiddenInput)
