"""What an expert states before the first item."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _


class ConsentForm(forms.Form):
    """Consent to the terms, and the declaration of interests; nothing is chosen beforehand."""

    INTERESTS = [("none", _("I have none")), ("some", _("I have an interest to declare"))]

    interest = forms.ChoiceField(
        label=_("Conflict of interest"),
        help_text=_(
            "For example: you work for somebody whose rank depends on these weights. "
            "The managers of the round read it, with your name; it does not exclude you."
        ),
        choices=INTERESTS,
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose one of the two.")},
    )
    conflict = forms.CharField(
        label=_("What the interest is"),
        required=False,
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    consent = forms.BooleanField(
        label=_("I have read these terms and agree to take part"),
        error_messages={"required": _("Tick the box to take part; without it nothing is recorded.")},
    )

    def clean(self) -> dict[str, Any]:
        """An interest that is declared must be described."""
        cleaned = super().clean() or {}
        if cleaned.get("interest") == "some" and not cleaned.get("conflict"):
            self.add_error(
                "conflict", _("Describe the interest in a sentence, or choose that you have none.")
            )
        return cleaned

    @property
    def declared(self) -> str:
        """The interest in the expert's words; empty for none."""
        return self.cleaned_data["conflict"] if self.cleaned_data["interest"] == "some" else ""
