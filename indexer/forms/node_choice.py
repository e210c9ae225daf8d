"""Which node of the tree a page about one run looks at."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from weighting.forms.offers import offer_choices
from weighting.models import Indicator
from weighting.selectors.frameworks import along_the_tree

# Ordinary spaces at the start of a choice are not drawn.
INDENT = "\u2003"


class NodeChoice(forms.Form):
    """The composite or a node; a code that makes no sense is left out."""

    node = forms.ChoiceField(label=gettext_lazy("Score"), required=False)

    def __init__(self, data: Any, *, nodes: Sequence[Indicator]) -> None:
        super().__init__(data)
        self._nodes = {node.code: node for node in nodes}
        choices = [(node.code, INDENT * node.depth + node.name) for node in along_the_tree(list(nodes))]
        offer_choices(self, "node", [("", _("Composite score")), *choices])
        self.full_clean()

    @property
    def chosen(self) -> Indicator | None:
        """The node; None for the composite."""
        return self._nodes.get(self.code)

    @property
    def code(self) -> str:
        """The code of the node; '' for the composite."""
        return str(self.cleaned_data.get("node", ""))
