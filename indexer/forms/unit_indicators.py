"""Which indicators of one unit are looked at, in what order, and among which others."""

from collections.abc import Sequence
from typing import Any, cast

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from indexer.forms.node_choice import NodeChoice
from indexer.selectors.cities import PROVINCE, REGION, Cities
from indexer.selectors.unit_indicators import BY_RANK, Order
from weighting.models import Indicator


class UnitIndicatorChoice(NodeChoice):
    """A value that makes no sense is left out."""

    node = forms.ChoiceField(label=gettext_lazy("Below"), required=False)
    order = forms.ChoiceField(
        label=gettext_lazy("In order of"),
        required=False,
        choices=[
            ("tree", gettext_lazy("the tree")),
            ("best", gettext_lazy("rank, the best first")),
            ("worst", gettext_lazy("rank, the worst first")),
            ("parts", gettext_lazy("what they add, the most first")),
            ("gap", gettext_lazy("the gap to the other, the widest first")),
        ],
    )
    peers = forms.ChoiceField(label=gettext_lazy("Peers"), required=False)
    field_order = ["node", "order", "peers", "against"]

    def __init__(self, data: Any, *, nodes: Sequence[Indicator], cities: Cities) -> None:
        self._sent = {name: data.get(name, "") for name in ("node", "order", "peers", "against")}
        super().__init__(self._sent, nodes=[node for node in nodes if not node.is_leaf])
        field = self.fields["peers"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101  (declared above)
        register, units = cities.register, cities.register.units
        words = {REGION: register.region_word, PROVINCE: register.province_word}
        field.choices = [
            (BY_RANK, _("the nearest by rank")),
            *(
                (level, _("%(units)s of the same %(place)s") % {"units": units, "place": words[level]})
                for level in reversed(cities.shown_levels)
            ),
            *(
                (
                    one.code,
                    _("%(units)s of the same group: %(grouping)s") % {"units": units, "grouping": one.name},
                )
                for one in cities.groupings
            ),
        ]
        self.full_clean()

    def offer(self, others: Sequence[tuple[int, str]], chosen: int | None) -> None:
        """Let one of these units be chosen to be told apart from."""
        self.fields["against"] = forms.ChoiceField(label=_("Against"), required=False, choices=others)
        self._sent["against"] = "" if chosen is None else str(chosen)

    @property
    def order_asked(self) -> Order:
        return cast(Order, self.cleaned_data.get("order") or "tree")

    @property
    def peers_asked(self) -> str:
        return self.cleaned_data.get("peers") or BY_RANK
