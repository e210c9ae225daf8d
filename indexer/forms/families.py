"""Which branch is published as an index of its own, under which name; which run shows it."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from indexer.forms.node_choice import INDENT
from indexer.forms.run_offer import offer_found, search_field
from indexer.models import Run
from indexer.selectors.run_search import OfferedRuns
from weighting.forms.names import NamedForm
from weighting.forms.offers import offer_choices
from weighting.models import Indicator


class BranchForm(NamedForm):
    """A branch of one framework and its names."""

    node = forms.ChoiceField(label=gettext_lazy("Branch"))
    note = forms.CharField(
        label=gettext_lazy("Note"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("What the index measures, and for whom."),
    )
    field_order = ("node", "name_zh", "name_en", "note")

    def __init__(self, data: Any = None, *, nodes: Sequence[Indicator], initial: dict[str, Any]) -> None:
        super().__init__(data, initial=initial)
        self._nodes = {node.code: node for node in nodes}
        choices = [(node.code, INDENT * node.depth + node.name) for node in nodes]
        offer_choices(self, "node", choices)

    @property
    def chosen(self) -> Indicator:
        return self._nodes[self.cleaned_data["node"]]


class RunChoice(forms.Form):
    """The run that a page about a branch shows; without one that is known, the first."""

    find = search_field()
    run = forms.TypedChoiceField(
        label=gettext_lazy("Data and weights"), coerce=int, required=False, empty_value=None
    )

    def __init__(self, data: Any, *, offered: OfferedRuns, names: Sequence[str]) -> None:
        asked = data.copy()
        self._runs = {str(run.pk): run for run in offered.rows}
        if asked.get("run") not in self._runs:
            asked["run"] = next(iter(self._runs), "")
        super().__init__(asked)
        offer_found(self, "run", offered, names)

    @property
    def chosen(self) -> Run | None:
        return self._runs.get(self.data["run"])
