"""Which places a page looks at, on which score, and what weighs their units."""

from collections.abc import Collection, Sequence
from typing import Any

from django import forms
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from indexer.forms.node_choice import NodeChoice
from indexer.models import OutsideSeries
from indexer.selectors.cities import PROVINCE
from indexer.selectors.levels import level_choices
from indexer.selectors.node_scores import NodeScores
from weighting.forms.offers import offer_choices

# Asked for by name, since leaving it out asks for the usual weighting.
PLAIN = "plain"


class PlaceChoice(NodeChoice):
    """A value that makes no sense is left out."""

    level = forms.ChoiceField(label=gettext_lazy("Level"), required=False)
    weight = forms.ChoiceField(required=False)
    field_order = ["level", "node", "weight", "series"]

    def __init__(
        self,
        data: Any,
        *,
        subject: NodeScores,
        weights: Collection[str],
        usual: str,
        series: Sequence[OutsideSeries] = (),
    ) -> None:
        asked = data.copy()
        asked.setdefault("weight", usual or PLAIN)
        super().__init__(asked, nodes=subject.nodes)
        self._usual = usual
        levels = level_choices(subject.cities)
        offer_choices(self, "level", levels)
        self._first = levels[0][0] if levels else PROVINCE
        units = capfirst(subject.cities.register.units)
        self.fields["weight"].label = _("%(units)s weigh") % {"units": units}
        by_column = [(code, _("by %(column)s") % {"column": code}) for code in weights]
        offer_choices(self, "weight", [(PLAIN, _("all the same")), *by_column])
        self._series = {one.pk: one for one in series}
        if series:
            self.fields["series"] = forms.TypedChoiceField(
                label=_("Shares beside"), coerce=int, required=False, empty_value=None
            )
            choices = [(one.pk, f"{one.name} ({one.year})") for one in series]
            offer_choices(self, "series", [("", _("no series")), *choices])
        self.full_clean()

    @property
    def series(self) -> OutsideSeries | None:
        """The series whose shares stand beside those of the index."""
        return self._series.get(self.cleaned_data.get("series") or 0)

    @property
    def tells_apart(self) -> bool:
        """Whether there is a level that tells units apart."""
        return bool(self.fields["level"].choices)  # type: ignore[attr-defined]

    def show_weights(self, matter: bool) -> None:
        """Ask what weighs only where there is a choice that changes something."""
        if not matter:
            del self.fields["weight"]

    @property
    def chosen_level(self) -> str:
        return self.cleaned_data.get("level") or self._first

    @property
    def chosen_weight(self) -> str:
        """The code of the column that weighs; '' for the plain mean."""
        chosen = str(self.cleaned_data.get("weight") or self._usual)
        return "" if chosen == PLAIN else chosen
