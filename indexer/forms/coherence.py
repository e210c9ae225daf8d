"""Which group of an index, and which pair of its nodes, is looked at."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from indexer.forms.node_choice import INDENT
from weighting.forms.offers import offer_choices
from weighting.models import Indicator
from weighting.selectors.frameworks import along_the_tree


class GroupChoice(forms.Form):
    """The group below the composite or below a node; a code that makes no sense is left out."""

    group = forms.ChoiceField(label=gettext_lazy("Group"), required=False)

    def __init__(self, data: Any, *, parents: Sequence[Indicator]) -> None:
        super().__init__(data)
        self._parents = {node.code: node for node in parents}
        choices = [(node.code, INDENT * node.depth + node.name) for node in parents]
        offer_choices(self, "group", [("", _("Composite score")), *choices])
        self.full_clean()

    @property
    def chosen(self) -> Indicator | None:
        """The node above the group; None for the composite."""
        return self._parents.get(str(self.cleaned_data.get("group", "")))


class PairChoice(forms.Form):
    """Two scores to be held against each other; a code that makes no sense is left out."""

    a = forms.ChoiceField(label=gettext_lazy("Across"), required=False)
    b = forms.ChoiceField(label=gettext_lazy("Upwards"), required=False)

    def __init__(self, data: Any, *, nodes: Sequence[Indicator]) -> None:
        super().__init__(data)
        self._nodes = {node.code: node for node in nodes}
        offered = along_the_tree(list(nodes))
        self._first = offered[0]
        choices = [(node.code, INDENT * node.depth + node.name) for node in offered]
        offer_choices(self, "a", choices)
        offer_choices(self, "b", [("", _("Composite score")), *choices])
        self.full_clean()
        # A choice that was left out is shown as what is drawn in its place.
        self.initial = {"a": self._first.code}

    @property
    def across(self) -> Indicator:
        """The first node where none was chosen."""
        return self._nodes.get(str(self.cleaned_data.get("a", "")), self._first)

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
        offer_choices(self, "node", [(node.code, INDENT * node.depth + node.name) for node in offered])
        self.full_clean()

    @property
    def chosen(self) -> Indicator:
        return self._nodes.get(str(self.cleaned_data.get("node", "")), self._first)
