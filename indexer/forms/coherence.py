"""Which group of an index, and which pair of its nodes, is looked at."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from indexer.forms.node_choice import INDENT
from weighting.forms.offers import offer_choices
from weighting.models import Indicator


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
