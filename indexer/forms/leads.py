"""Which lead of one rank over another to look for."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from indexer.forms.place_filter import PlaceFilter, places_in
from indexer.models import OutsideSeries
from indexer.selectors.cities import Cities
from indexer.selectors.lead_rules import ALL, ANY, TOGETHER, LeadRule, find_leads
from indexer.selectors.profiles import DARK_HORSE_PLACES, Lead, Leads, dark_horses_of
from weighting.forms.offers import offer_choices
from weighting.models import Indicator
from weighting.selectors.frameworks import along_the_tree

COMPOSITE = "composite"
SERIES = "series:"
INDENT = "\u2003"
NODES = ("node", "second", "third")


class LeadForm(PlaceFilter):
    """Up to three scores, what their ranks are set against, by how many places, and of which places."""

    node = forms.ChoiceField(label=gettext_lazy("Better in"), required=False)
    second = forms.ChoiceField(label=gettext_lazy("and in"), required=False)
    third = forms.ChoiceField(label=gettext_lazy("and in"), required=False)
    join = forms.ChoiceField(
        label=gettext_lazy("Of these"),
        required=False,
        choices=[
            (ALL, gettext_lazy("all lead")),
            (ANY, gettext_lazy("any leads")),
            (TOGETHER, gettext_lazy("their weighted sum leads")),
        ],
    )
    over = forms.ChoiceField(label=gettext_lazy("than in"), required=False)
    places = forms.IntegerField(label=gettext_lazy("by more places than"), required=False, min_value=0)
    within = forms.IntegerField(label=gettext_lazy("and within the first"), required=False, min_value=1)

    def __init__(
        self,
        data: Any,
        *,
        nodes: Sequence[Indicator],
        series: Sequence[OutsideSeries] = (),
        cities: Cities | None = None,
    ) -> None:
        """Of ``cities`` some may be shown alone: those of a place; without them all are."""
        given = {name: data.get(name, "") for name in self.base_fields} | places_in(data)
        usual = {"places": str(DARK_HORSE_PLACES), "join": ALL}
        super().__init__(given | {name: given[name] or value for name, value in usual.items()})
        if cities is not None:
            self.offer_places(cities)
        along = [(node.code, INDENT * (node.depth - 1) + node.name) for node in along_the_tree(list(nodes))]
        scores = [(COMPOSITE, _("Composite score")), *along]
        outside = [(f"{SERIES}{one.pk}", f"{one.name} ({one.year})") for one in series]
        offer_choices(self, "node", [("", _("any sub-index")), *scores])
        offer_choices(self, "second", [("", _("nothing else")), *scores])
        offer_choices(self, "third", [("", _("nothing else")), *scores])
        offer_choices(self, "over", [("", _("every other sub-index")), *scores, *outside])
        self._nodes = {node.code: node for node in nodes}
        self._series = {f"{SERIES}{one.pk}": one for one in series}

    def clean(self) -> dict[str, Any]:
        """Set nothing against itself, and only sub-indices against every other."""
        cleaned = super().clean() or self.cleaned_data
        chosen, over = self._chosen(), cleaned.get("over")
        if over and over in chosen:
            self.add_error("over", _("This is the same score: choose another one."))
        if len(set(chosen)) < len(chosen):
            self.add_error("second", _("A score stands here twice: choose another one."))
        if over and not chosen:
            self.add_error("node", _("Choose a score to set against this one."))
        if chosen and not over and not self._is_sub_index(chosen):
            self.add_error("over", _("Only a sub-index can be set against every other: choose a score."))
        if cleaned.get("join") == TOGETHER and COMPOSITE in chosen:
            self.add_error("join", _("The composite holds all scores: it has no sum with another."))
        return cleaned

    @property
    def threshold(self) -> int:
        return int(self.cleaned_data["places"])

    @property
    def nodes(self) -> list[Indicator | None]:
        """The scores chosen; None is the composite."""
        return [self._nodes.get(code) for code in self._chosen()]

    @property
    def base(self) -> Indicator | OutsideSeries | None:
        """What the scores are set against; None is the composite."""
        over = self.cleaned_data["over"]
        return self._series.get(over) or self._nodes.get(over)

    @property
    def rule(self) -> LeadRule | None:
        """The rule asked for; None for the dark horses, each sub-index over every other."""
        if not self.cleaned_data["over"]:
            return None
        within = self.cleaned_data["within"]
        return LeadRule(self.nodes, self.cleaned_data["join"], self.base, self.threshold, within)

    def find(self, leads: Leads) -> list[Lead]:
        """Return the leads that a valid form asks for: ranks are among all units, whoever is shown."""
        found = self._find(leads)
        if not self.is_narrowed:
            return found
        inside = set(self.positions().tolist())
        return [lead for lead in found if lead.position in inside]

    def led_in(self, lead: Lead) -> list[Indicator | None]:
        """The scores that a lead is of: the one that decided for any of several, else all that were asked."""
        rule = self.rule
        return [lead.node] if rule is None or rule.join == ANY else list(rule.nodes)

    def _find(self, leads: Leads) -> list[Lead]:
        rule = self.rule
        if rule is not None:
            return find_leads(leads, rule)
        found = dark_horses_of(leads, self.threshold, next(iter(self.nodes), None))
        within = self.cleaned_data["within"]
        return [lead for lead in found if within is None or lead.rank <= within]

    def _chosen(self) -> list[str]:
        return [self.cleaned_data[name] for name in NODES if self.cleaned_data.get(name)]

    def _is_sub_index(self, chosen: Sequence[str]) -> bool:
        node = self._nodes.get(chosen[0])
        return len(chosen) == 1 and node is not None and node.parent_id is None
