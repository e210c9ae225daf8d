"""What a map of a run shows."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from indexer.forms.grouping_choice import offer_colours
from indexer.forms.node_choice import NodeChoice
from indexer.forms.place_filter import PlaceFilter
from indexer.forms.run_offer import offer_found, search_field
from indexer.numeric.classes import EQUAL, QUANTILE
from indexer.selectors.cities import Cities
from indexer.selectors.run_search import OfferedRuns
from weighting.forms.offers import offer_choices
from weighting.models import Indicator

DOTS = "dots"
DRAWN = (
    (QUANTILE, gettext_lazy("areas, equal numbers")),
    (EQUAL, gettext_lazy("areas, equal widths")),
    (DOTS, gettext_lazy("dots")),
)


class MapChoice(NodeChoice, PlaceFilter):
    """A score, a run of the same data set to take the shifts of ranks against, whose units, and colours."""

    find = search_field()
    against = forms.TypedChoiceField(
        label=gettext_lazy("Shift of ranks against"), coerce=int, required=False, empty_value=None
    )

    drawn = forms.ChoiceField(label=gettext_lazy("Drawn as"), required=False)

    def __init__(
        self,
        data: Any,
        *,
        nodes: Sequence[Indicator],
        cities: Cities,
        offered: OfferedRuns,
        names: Sequence[str],
        has_borders: bool = False,
    ) -> None:
        super().__init__(data, nodes=nodes)
        self.offer_places(cities)
        offer_colours(self, cities, usual=_("none"))
        offer_found(self, "against", offered, names, first=[("", _("none: show the scores"))])
        if has_borders:
            offer_choices(self, "drawn", [(code, label) for code, label in DRAWN])
        else:
            del self.fields["drawn"]
        self.full_clean()

    @property
    def level(self) -> str:
        """The code of the level whose groups are told apart by colour; '' for none."""
        return str(self.cleaned_data.get("level", ""))

    @property
    def other(self) -> int | None:
        """The id of the run to compare with."""
        return self.cleaned_data.get("against")

    @property
    def classes(self) -> str:
        """How areas are shaded; "" where dots are to be drawn."""
        if "drawn" not in self.fields or self.other:
            return ""
        # Colours that tell groups apart are those of dots.
        asked = str(self.cleaned_data.get("drawn") or (DOTS if self.level else QUANTILE))
        return "" if asked == DOTS else asked
