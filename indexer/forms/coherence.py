"""Which group of an index, and which pair of its nodes, is looked at."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from indexer.forms.grouping_choice import offer_colours
from indexer.forms.node_choice import INDENT
from indexer.models import OutsideSeries
from indexer.selectors.cities import Cities
from indexer.selectors.node_pairs import SERIES
from weighting.forms.offers import offer_choices
from weighting.models import Indicator
from weighting.selectors.frameworks import along_the_tree


def named_choices(nodes: Sequence[Indicator]) -> list[tuple[str, str]]:
    """Return nodes as a list of choices, each further in than what is above it."""
    return [(node.code, INDENT * node.depth + node.name) for node in nodes]


class GroupChoice(forms.Form):
    """The group below the composite or below a node; a code that makes no sense is left out."""

    group = forms.ChoiceField(label=gettext_lazy("Group"), required=False)

    def __init__(self, data: Any, *, parents: Sequence[Indicator]) -> None:
        super().__init__(data)
        self._parents = {node.code: node for node in parents}
        offer_choices(self, "group", [*self._top(), *named_choices(parents)])
        self.full_clean()

    def _top(self) -> list[tuple[str, str]]:
        return [("", _("Composite score"))]

    @property
    def chosen(self) -> Indicator | None:
        """The node above the group; None for the composite."""
        return self._parents.get(str(self.cleaned_data.get("group", "")))


class LeafGroupChoice(GroupChoice):
    """The same of a data set; ``usual`` is shown unasked, None for indicators with nothing above them."""

    def __init__(
        self, data: Any, *, parents: Sequence[Indicator], has_top: bool, usual: Indicator | None
    ) -> None:
        self._has_top, self._usual = has_top, usual
        self._is_asked = "group" in data
        super().__init__(data, parents=parents)
        # A choice that was left out is shown as what stands in its place.
        self.initial = {"group": usual.code if usual else ""}

    def _top(self) -> list[tuple[str, str]]:
        return [("", _("Without a group"))] if self._has_top else []

    @property
    def chosen(self) -> Indicator | None:
        found = super().chosen
        is_top = self._is_asked and self._has_top and not self.cleaned_data.get("group")
        return found if found or is_top else self._usual


class MemberChoice(forms.Form):
    """One indicator of the group that is looked at, the first where none was chosen."""

    group = forms.CharField(required=False, widget=forms.HiddenInput)
    indicator = forms.ChoiceField(label=gettext_lazy("Indicator"), required=False)

    def __init__(self, data: Any, *, members: Sequence[Indicator], group: str) -> None:
        super().__init__({"group": group, "indicator": data.get("indicator", "")})
        self._members = {node.code: node for node in members}
        offer_choices(self, "indicator", [(node.code, node.name) for node in members])
        self.full_clean()

    @property
    def chosen(self) -> Indicator:
        first = next(iter(self._members.values()))
        return self._members.get(str(self.cleaned_data.get("indicator", "")), first)


class PairChoice(forms.Form):
    """Two figures to be held against each other; a code that makes no sense is left out."""

    a = forms.ChoiceField(label=gettext_lazy("Across"), required=False)
    b = forms.ChoiceField(label=gettext_lazy("Upwards"), required=False)

    def __init__(
        self,
        data: Any,
        *,
        nodes: Sequence[Indicator],
        series: Sequence[OutsideSeries] = (),
        cities: Cities | None = None,
    ) -> None:
        """Marks of ``cities`` may be coloured by their groups."""
        super().__init__(data)
        self._nodes = {node.code: node for node in nodes}
        self._series = {f"{SERIES}{one.pk}": one for one in series}
        offered = along_the_tree(list(nodes))
        self._first = offered[0]
        choices = named_choices(offered)
        outside = [(code, f"{one.name} ({one.year})") for code, one in self._series.items()]
        offer_choices(self, "a", [*choices, *outside])
        offer_choices(self, "b", [("", _("Composite score")), *choices])
        if cities is not None:
            offer_colours(self, cities, usual=_("distance from the line"))
        self.full_clean()
        # A choice that was left out is shown as what is drawn in its place.
        self.initial = {"a": self._first.code}

    @property
    def across(self) -> Indicator | OutsideSeries:
        """The first node where nothing was chosen."""
        code = str(self.cleaned_data.get("a", ""))
        return self._series.get(code) or self._nodes.get(code, self._first)

    @property
    def level(self) -> str:
        """The code of the level whose groups are told apart by colour; '' for none."""
        return str(self.cleaned_data.get("level", ""))

    @property
    def upwards(self) -> Indicator | None:
        """None for the composite."""
        return self._nodes.get(str(self.cleaned_data.get("b", "")))


class NodeOfIndex(forms.Form):
    """One node of an index, the first leaf where none was chosen."""

    node = forms.ChoiceField(label=gettext_lazy("Indicator"), required=False)

    def __init__(self, data: Any, *, nodes: Sequence[Indicator]) -> None:
        super().__init__(data)
        self._nodes = {node.code: node for node in nodes}
        offered = along_the_tree(list(nodes))
        self._first = next(node for node in offered if node.is_leaf)
        offer_choices(self, "node", named_choices(offered))
        self.full_clean()

    @property
    def chosen(self) -> Indicator:
        return self._nodes.get(str(self.cleaned_data.get("node", "")), self._first)
