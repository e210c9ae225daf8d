"""Codes and keys typed by hand."""

from django import forms
from django.utils.translation import gettext_lazy as _

LONGEST = 40


class CodeForm(forms.Form):
    """Sixteen letters and digits, in whatever groups and case they are typed."""

    code = forms.CharField(
        label=_("Your code"),
        help_text=_("16 letters and digits, such as 7K3M-X0QZ-91VD-P4HA. Capitals and spaces do not matter."),
        max_length=LONGEST,
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}
        ),
    )


class KeyForm(forms.Form):
    """Twelve letters and digits, as they were written down."""

    key = forms.CharField(
        label=_("Ballot key"),
        help_text=_("12 letters and digits, such as 7K3M-X0QZ-91VD. Capitals and spaces do not matter."),
        max_length=LONGEST,
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}
        ),
    )
