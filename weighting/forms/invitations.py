"""What a manager says to, and about, the panel of an open round."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from weighting.forms.names import require_either
from weighting.models import Expert, RoundNote
from weighting.readers import PanelRow


class ExpertForm(forms.ModelForm):
    """One more person for the panel."""

    class Meta:
        model = Expert
        fields = ["code", "name", "email", "organisation", "sector", "language"]
        help_texts = {"code": _("As on the panel's list, such as E098; each expert has one of their own.")}

    def person(self) -> PanelRow:
        """Return what was said as a row of a panel."""
        return PanelRow(row=1, **self.cleaned_data)


class NoteForm(forms.ModelForm):
    """A note in one language or both."""

    class Meta:
        model = RoundNote
        fields = ["text_zh", "text_en"]
        widgets = {name: forms.Textarea(attrs={"rows": 3}) for name in ("text_zh", "text_en")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["text_zh"].help_text = _(
            "The date is added by itself, and the note stays: it cannot be changed later."
        )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        require_either(self, cleaned, "text")
        return cleaned
