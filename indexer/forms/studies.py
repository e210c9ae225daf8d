"""What a new study is asked: the fields of its kind and no others.

The kind reads what was sent, whoever sent it: the form only shows it and its complaints.
"""

from typing import Any

from django import forms
from django.forms.utils import ErrorDict
from django.utils.translation import gettext as _

from indexer.models import Register, Run
from indexer.studies.kind import Kind
from indexer.studies.questions import BadParameters


class StudyForm(forms.Form):
    """The fields of one kind of study."""

    def __init__(self, data: Any = None, *, kind: Kind, run: Run) -> None:
        super().__init__(data, initial=kind.offered(run))
        self.kind = kind.code
        self.fields |= kind.fields(run.data_set.series.register)

    def sent(self) -> dict[str, Any]:
        """Return what was sent for the fields of this kind, for the service to read."""
        posted: Any = self.data
        return {
            name: (posted.getlist if isinstance(field, forms.MultipleChoiceField) else posted.get)(name)
            for name, field in self.fields.items()
        }

    def show(self, refusal: BadParameters) -> None:
        """Put the service's complaints beside the fields that they are about."""
        self._errors = ErrorDict()
        self.cleaned_data: dict[str, Any] = {}
        for name, texts in refusal.fields.items():
            for text in texts:
                self.add_error(name if name in self.fields else None, text)


class PairForm(forms.Form):
    """Which two units to compare draw by draw."""

    above = forms.CharField(max_length=60)
    below = forms.CharField(max_length=60)

    def __init__(self, data: Any = None, *, register: Register) -> None:
        super().__init__(data)
        self.fields["above"].label = _("Is this %(unit)s") % {"unit": register.unit}
        self.fields["below"].label = _("above this %(unit)s?") % {"unit": register.unit}
