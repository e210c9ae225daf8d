"""What a page about the years of a run looks at."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from indexer.forms.city_names import read_names
from indexer.forms.node_choice import NodeChoice
from indexer.models import Run
from indexer.selectors.cities import PROVINCE, Cities
from indexer.selectors.levels import level_choices
from indexer.selectors.place_trends import MEAN, MEDIAN
from weighting.forms.offers import offer_choices
from weighting.models import Indicator

RANKS, SCORES = "ranks", "scores"
OWN, COMMON = "own", "common"


@dataclass(frozen=True)
class Beside:
    """Runs of other trees for years that a series does not have: those offered, and the chosen ones."""

    offered: Sequence[Run] = ()
    chosen: Sequence[Run] = ()
    problems: Sequence[str] = ()

    @property
    def asked(self) -> dict[str, str]:
        """What was chosen, for addresses of the same."""
        return {"beside": ",".join(str(run.pk) for run in self.chosen)} if self.chosen else {}


def read_beside(texts: Sequence[str], offered: Sequence[Run]) -> Beside:
    """Return the runs that are named, one or several a text with commas between them, and what is wrong."""
    known = {str(run.pk): run for run in offered}
    named = dict.fromkeys(pk.strip() for text in texts for pk in text.split(",") if pk.strip())
    chosen: dict[int, Run] = {}
    problems = []
    for pk in named:
        run = known.get(pk)
        if run is None:
            message = _(
                "Run %(run)s cannot stand beside these years. Name a finished run of another tree with "
                "common codes, of the same register and unit of scores, and of a year that is not there yet."
            )
            problems.append(message % {"run": pk})
        elif run.data_set.year in chosen:
            words = {"year": run.data_set.year, "first": chosen[run.data_set.year].pk, "second": pk}
            problems.append(
                _("Runs %(first)s and %(second)s are both of %(year)s: choose one of them.") % words
            )
        else:
            chosen[run.data_set.year] = run
    return Beside(offered, list(chosen.values()), problems)


class _YearsChoice(NodeChoice):
    """What pages about the years have in common; ``among`` says among whom ranks are counted."""

    @property
    def among_common(self) -> bool:
        return self.cleaned_data.get("among") == COMMON

    @property
    def asked(self) -> dict[str, str]:
        """What was chosen that is not the usual, for addresses of the same."""
        return {name: str(value) for name in self.fields if (value := self.cleaned_data.get(name))}


class TrendChoice(_YearsChoice):
    """A score, ranks or scores, and among whom ranks are counted; what makes no sense is left out."""

    show = forms.ChoiceField(
        label=gettext_lazy("Show"),
        required=False,
        choices=[("", gettext_lazy("Ranks")), (SCORES, gettext_lazy("Scores"))],
    )
    among = forms.ChoiceField(
        label=gettext_lazy("Ranks among"),
        required=False,
        choices=[("", gettext_lazy("all of the year")), (COMMON, gettext_lazy("those of all years"))],
    )

    @property
    def shows(self) -> str:
        return str(self.cleaned_data.get("show") or RANKS)


class PlaceTrendChoice(_YearsChoice):
    """Which places over the years, on which score, and what stands for their units."""

    level = forms.ChoiceField(label=gettext_lazy("Level"), required=False)
    middle = forms.ChoiceField(
        label=gettext_lazy("Of their units"),
        required=False,
        choices=[("", gettext_lazy("the mean")), (MEDIAN, gettext_lazy("the median"))],
    )
    show = forms.ChoiceField(
        label=gettext_lazy("Show"),
        required=False,
        choices=[("", gettext_lazy("Scores")), (RANKS, gettext_lazy("Ranks"))],
    )
    among = forms.ChoiceField(
        label=gettext_lazy("Units counted"),
        required=False,
        choices=[("", gettext_lazy("all of the year")), (COMMON, gettext_lazy("those of all years"))],
    )
    field_order = ["level", "node", "middle", "show", "among"]

    def __init__(self, data: Any, *, nodes: Sequence[Indicator], cities: Cities) -> None:
        super().__init__(data, nodes=nodes)
        levels = level_choices(cities)
        offer_choices(self, "level", levels)
        self._first = levels[0][0] if levels else PROVINCE
        self.full_clean()

    @property
    def tells_apart(self) -> bool:
        """Whether there is a level that tells units apart."""
        return bool(self.fields["level"].choices)  # type: ignore[attr-defined]

    @property
    def chosen_level(self) -> str:
        return self.cleaned_data.get("level") or self._first

    @property
    def chosen_middle(self) -> str:
        return str(self.cleaned_data.get("middle") or MEAN)

    @property
    def of_ranks(self) -> bool:
        return self.cleaned_data.get("show") == RANKS


class MarkedTrendChoice(TrendChoice):
    """The same, with the units that a chart draws beside the first ones."""

    mark = forms.CharField(
        label=gettext_lazy("Draw beside the first"),
        required=False,
        max_length=400,
        help_text=gettext_lazy("Names, with commas between them."),
    )

    def __init__(self, data: Any, *, nodes: Sequence[Indicator], cities: Cities) -> None:
        self._cities = cities
        self.marked: list[int] = []
        super().__init__(data, nodes=nodes)

    def clean_mark(self) -> str:
        """Find the units that are named."""
        self.marked = read_names(self.cleaned_data["mark"], self._cities)
        return str(self.cleaned_data["mark"])
