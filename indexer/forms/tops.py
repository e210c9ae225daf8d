"""Which scores stand side by side, and how many of the first of each."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from indexer.forms.leads import COMPOSITE, INDENT
from indexer.forms.place_filter import PlaceFilter, places_in
from indexer.selectors.cities import Cities
from weighting.forms.offers import offer_choices
from weighting.models import Indicator
from weighting.selectors.frameworks import along_the_tree

USUAL, MOST = 10, 500
# As many columns as a page shows unasked, and the levels that are offered.
COLUMNS, LEVELS = 10, 2


class TopsChoice(PlaceFilter):
    """A number, some scores and of which places; what makes no sense gives way to the usual."""

    n = forms.IntegerField(label=gettext_lazy("The first"), required=False, min_value=1, max_value=MOST)
    nodes = forms.MultipleChoiceField(
        label=gettext_lazy("Scores"), required=False, widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, data: Any, *, nodes: Sequence[Indicator], cities: Cities) -> None:
        offered = [node for node in along_the_tree(list(nodes)) if node.depth <= LEVELS]
        # The sub-indices before what is below them: wide before deep.
        usual = [COMPOSITE, *(node.code for node in sorted(offered, key=lambda node: node.depth))][:COLUMNS]
        known = {COMPOSITE, *(node.code for node in nodes)}
        asked = [code for code in data.getlist("nodes") if code in known]
        super().__init__({"n": data.get("n", "") or USUAL, "nodes": asked or usual} | places_in(data))
        names = [(node.code, INDENT * (node.depth - 1) + node.name) for node in offered]
        further = [(node.code, node.name) for node in nodes if node.code in asked and node not in offered]
        offer_choices(self, "nodes", [(COMPOSITE, _("Composite score")), *names, *further])
        self._nodes = {node.code: node for node in nodes}
        self.offer_places(cities)
        self.order_fields(["n", *self.place_fields, "nodes"])
        self.full_clean()

    @property
    def count(self) -> int:
        return int(self.cleaned_data.get("n") or USUAL)

    @property
    def codes(self) -> list[str]:
        return list(self.cleaned_data["nodes"])

    @property
    def chosen(self) -> list[Indicator | None]:
        """The scores in the order of the address; None is the composite."""
        return [self._nodes.get(code) for code in self.codes]
