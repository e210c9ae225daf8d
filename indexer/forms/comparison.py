"""Which versions to compare, and what of them the figures show."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from indexer.enums import RunStatus
from indexer.forms.city_names import read_names
from indexer.models import Run
from indexer.selectors.cities import Cities
from indexer.selectors.comparison import have_ranked_in_common
from weighting.forms.offers import offer_choices

FEWEST, MOST = 2, 50
LINES = (10, 20, 50)


class ComparisonForm(forms.Form):
    """Two to fifty finished runs that rank units in common, the first or the chosen one as base."""

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
        offer_choices(self, "runs", choices)
        offer_choices(self, "base", choices)

    def clean_runs(self) -> list[Run]:
        """Return the runs in the order asked for."""
        chosen = [self._runs[pk] for pk in dict.fromkeys(self.cleaned_data["runs"])]
        if not FEWEST <= len(chosen) <= MOST:
            raise ValidationError(
                _("%(count)s chosen: choose %(fewest)s to %(most)s versions.")
                % {"count": len(chosen), "fewest": FEWEST, "most": MOST}
            )
        if strange := _nothing_in_common(chosen):
            raise ValidationError(strange)
        if waiting := [run for run in chosen if run.status != RunStatus.DONE]:
            raise ValidationError(
                _("Not computed yet: %(versions)s. Leave it out, or wait until its run is finished.")
                % {"versions": _(", ").join(run.weight_version.label for run in waiting)}
            )
        if not have_ranked_in_common(chosen):
            raise ValidationError(
                _("No %(unit)s is ranked by all of these runs. Choose data sets that have some in common.")
                % {"unit": chosen[0].data_set.series.register.unit}
            )
        return chosen

    def clean(self) -> dict[str, Any]:
        """Put the base first."""
        cleaned = super().clean() or self.cleaned_data
        base, runs = cleaned.get("base"), cleaned.get("runs")
        if base and runs and self._runs[base] in runs:
            runs.sort(key=lambda run: run.pk != base)
        return cleaned


@dataclass(frozen=True)
class FigureOptions:
    """How many lines to draw, the top to look at, and the positions of the units to mark."""

    lines: int
    k: int
    marked: tuple[int, ...] = ()


class FigureForm(forms.Form):
    """What the figures show; a number that is not offered gives way to the usual one."""

    lines = forms.TypedChoiceField(coerce=int, required=False)
    k = forms.TypedChoiceField(label=gettext_lazy("Top looked at"), coerce=int, required=False)
    mark = forms.CharField(
        required=False,
        max_length=400,
        help_text=gettext_lazy("Names, with commas between them."),
    )

    def __init__(self, data: Any, *, cities: Cities, tops: Sequence[int]) -> None:
        usual = {"lines": "20", "k": str(tops[min(1, len(tops) - 1)]), "mark": ""}
        offered = {"lines": LINES, "k": tops}
        given = {name: data.get(name, "") for name in usual}
        for name, values in offered.items():
            if given[name] not in map(str, values):
                given[name] = usual[name]
        super().__init__(given)
        for name, values in offered.items():
            offer_choices(self, name, [(value, str(value)) for value in values])
        units = {"units": capfirst(cities.register.units)}
        self.fields["lines"].label = _("%(units)s drawn") % units
        self.fields["mark"].label = _("%(units)s to mark") % units
        self._cities = cities
        self.full_clean()

    def clean_mark(self) -> tuple[int, ...]:
        """Return the positions of the units that are named."""
        return tuple(read_names(self.cleaned_data["mark"], self._cities))

    @property
    def options(self) -> FigureOptions:
        chosen = self.cleaned_data
        return FigureOptions(lines=chosen["lines"], k=chosen["k"], marked=chosen.get("mark", ()))


def _nothing_in_common(runs: Sequence[Run]) -> str:
    """Name the frameworks that share no indicator with that of the first run; empty where all do."""
    codes = {run.data_set.framework_id: set(run.data_set.leaf_codes) for run in runs}
    names = {run.data_set.framework_id: run.data_set.framework.name for run in runs}
    base = runs[0].data_set.framework_id
    strange = [names[key] for key, own in codes.items() if own.isdisjoint(codes[base])]
    if not strange:
        return ""
    return _(
        "No indicator of %(names)s has the code of one of %(base)s: there is nothing to compare. Choose runs "
        "of one framework, or of editions of it."
    ) % {"names": _(", ").join(strange), "base": names[base]}
