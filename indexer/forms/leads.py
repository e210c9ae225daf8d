"""Which lead of one rank over another to look for."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from indexer.selectors.profiles import DARK_HORSE_PLACES, Lead, Leads, dark_horses_of, leads_over
from weighting.forms.offers import offer_choices
from weighting.models import Indicator
from weighting.selectors.frameworks import along_the_tree

COMPOSITE = "composite"
INDENT = "\u2003"


class LeadForm(forms.Form):
    """A score, what its rank is set against, and by how many places it must be better."""

    node = forms.ChoiceField(label=gettext_lazy("Better in"), required=False)
    over = forms.ChoiceField(label=gettext_lazy("than in"), required=False)
    places = forms.IntegerField(label=gettext_lazy("by more places than"), required=False, min_value=0)

    def __init__(self, data: Any, *, nodes: Sequence[Indicator]) -> None:
        given = {name: data.get(name, "") for name in ("node", "over", "places")}
        super().__init__(given | {"places": given["places"] or str(DARK_HORSE_PLACES)})
        along = [(node.code, INDENT * (node.depth - 1) + node.name) for node in along_the_tree(list(nodes))]
        scores = [(COMPOSITE, _("Composite score")), *along]
        offer_choices(self, "node", [("", _("any sub-index")), *scores])
        offer_choices(self, "over", [("", _("every other sub-index")), *scores])
        self._nodes = {node.code: node for node in nodes}

    def clean(self) -> dict[str, Any]:
        """Set nothing against itself, and only sub-indices against every other."""
        cleaned = super().clean() or self.cleaned_data
        node, over = cleaned.get("node"), cleaned.get("over")
        if node and node == over:
            self.add_error("over", _("This is the same score: choose another one."))
        if over and not node:
            self.add_error("node", _("Choose a score to set against this one."))
        if node and not over and (node == COMPOSITE or self._nodes[node].parent_id is not None):
            self.add_error("over", _("Only a sub-index can be set against every other: choose a score."))
        return cleaned

    @property
    def threshold(self) -> int:
        return int(self.cleaned_data["places"])

    def indicator(self, name: str) -> Indicator | None:
        """The node chosen in a field; None for the composite."""
        return self._nodes.get(self.cleaned_data[name])

    def find(self, leads: Leads) -> list[Lead]:
        """Return the leads that a valid form asks for."""
        if self.cleaned_data["over"]:
            return leads_over(leads, self.indicator("node"), self.indicator("over"), self.threshold)
        return dark_horses_of(leads, self.threshold, self.indicator("node"))
