"""What becomes of the years of a file that are stored already."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from indexer.enums import StoredYears
from indexer.services.yearly_imports import AlreadyStored


class StoredYearsForm(forms.Form):
    """Left alone, left out or corrected with a reason; nothing is chosen until somebody chooses."""

    stored = forms.ChoiceField(
        label=gettext_lazy("What becomes of them"),
        choices=StoredYears.choices,
        required=False,
        widget=forms.RadioSelect,
    )
    reason = forms.CharField(
        label=gettext_lazy("Why they are corrected"),
        required=False,
        max_length=400,
        help_text=gettext_lazy("Stands on each corrected edition; only needed where years are corrected."),
    )

    def __init__(self, data: Any = None) -> None:
        super().__init__(data, initial={"stored": StoredYears.STOP})

    @property
    def already(self) -> AlreadyStored:
        """The choice as the service takes it."""
        said = self.cleaned_data
        return AlreadyStored(said["stored"] or StoredYears.STOP, said["reason"])
