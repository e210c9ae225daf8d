"""What a map of a run shows."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from indexer.forms.node_choice import NodeChoice
from indexer.models import Run
from weighting.forms.offers import offer_choices
from weighting.models import Indicator


class MapChoice(NodeChoice):
    """A score, and a run of the same data set to take the shifts of ranks against."""

    against = forms.TypedChoiceField(
        label=gettext_lazy("Shift of ranks against"), coerce=int, required=False, empty_value=None
    )

    def __init__(
        self, data: Any, *, nodes: Sequence[Indicator], runs: Sequence[Run], names: Sequence[str]
    ) -> None:
        super().__init__(data, nodes=nodes)
        choices = [(run.pk, name) for run, name in zip(runs, names, strict=True)]
        offer_choices(self, "against", [("", _("none: show the scores")), *choices])
        self.full_clean()

    @property
    def other(self) -> int | None:
        """The id of the run to compare with."""
        return self.cleaned_data.get("against")
