"""Which versions to compare."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from indexer.enums import RunStatus
from indexer.models import Run

FEWEST, MOST = 2, 8


class ComparisonForm(forms.Form):
    """Two to eight finished runs of one data set and method, the first or the chosen one as base."""

    runs = forms.TypedMultipleChoiceField(
        label=gettext_lazy("Versions"), coerce=int, widget=forms.CheckboxSelectMultiple
    )
    base = forms.TypedChoiceField(
        label=gettext_lazy("Compare with"), coerce=int, required=False, empty_value=None
    )

    def __init__(self, data: Any, *, runs: Sequence[Run], names: Sequence[str]) -> None:
        super().__init__(data)
        self._runs = {run.pk: run for run in runs}
        choices = list(zip(self._runs, names, strict=True))
        self.fields["runs"].choices = choices  # type: ignore[attr-defined]
        self.fields["base"].choices = choices  # type: ignore[attr-defined]

    def clean_runs(self) -> list[Run]:
        """Return the runs in the order asked for."""
        chosen = [self._runs[pk] for pk in dict.fromkeys(self.cleaned_data["runs"])]
        if not FEWEST <= len(chosen) <= MOST:
            raise ValidationError(
                _("%(count)s chosen: choose %(fewest)s to %(most)s versions.")
                % {"count": len(chosen), "fewest": FEWEST, "most": MOST}
            )
        if len({(run.data_set_id, run.method_id) for run in chosen}) > 1:
            raise ValidationError(_("Only versions of one data set can be compared: choose within one."))
        if waiting := [run for run in chosen if run.status != RunStatus.DONE]:
            raise ValidationError(
                _("Not computed yet: %(versions)s. Leave it out, or wait until its run is finished.")
                % {"versions": ", ".join(run.weight_version.label for run in waiting)}
            )
        return chosen

    def clean(self) -> dict[str, Any]:
        """Put the base first."""
        cleaned = super().clean() or self.cleaned_data
        base, runs = cleaned.get("base"), cleaned.get("runs")
        if base and runs and self._runs[base] in runs:
            runs.sort(key=lambda run: run.pk != base)
        return cleaned
