"""What a manager says about a draft from several rounds, from published totals, or edited by hand."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from weighting.forms.names import LabelledForm
from weighting.forms.offers import CHOOSE_FRAMEWORK, offer_rows
from weighting.forms.uploads import SheetFileField
from weighting.manifest import WeightedNode
from weighting.models import Framework, Indicator, Round, WeightVersion
from weighting.requests import read_id


class RoundsField(forms.ModelMultipleChoiceField):
    def clean(self, value: Any) -> Any:
        """Refuse what names nothing; of very long numbers some databases are refused the question, loudly."""
        for text in value or ():
            if read_id(text) is None:
                raise ValidationError(self.error_messages["invalid_pk_value"], params={"pk": text})
        return super().clean(value)

    def label_from_instance(self, obj: Round) -> str:
        return _("%(round)s (%(framework)s, %(rule)s, %(count)d)") % {
            "round": obj.title,
            "framework": obj.framework.name,
            "rule": obj.get_rule_display(),
            "count": obj.sealed_count,
        }


class PoolForm(LabelledForm):
    """Closed rounds of one framework and one rule."""

    rounds = RoundsField(
        label=gettext_lazy("Rounds"),
        help_text=gettext_lazy("With framework, rule and number of sealed ballots."),
        queryset=Round.objects.none(),
        widget=forms.CheckboxSelectMultiple,
    )

    def __init__(self, *args: Any, rounds: QuerySet[Round], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer_rows(self, "rounds", rounds)
        self.order_fields(["rounds"])


class ImpliedForm(LabelledForm):
    """Published totals and sub-index values, and the weights to hold against them."""

    framework = forms.ModelChoiceField(
        label=gettext_lazy("Framework"), queryset=Framework.objects.none(), empty_label=CHOOSE_FRAMEWORK
    )
    file = SheetFileField(
        label=gettext_lazy("Published figures (CSV or XLSX)"),
        help_text=gettext_lazy(
            "One row for each unit. Columns: unit, total, and one for each sub-index, named by its code. "
            "Digits as printed: they decide what rounding explains."
        ),
    )
    compared = forms.ModelChoiceField(
        label=gettext_lazy("Printed weights to check"),
        help_text=gettext_lazy(
            "Do these weights reproduce the totals? The draft takes its weights below the sub-indices from "
            "here; without a choice they are equal."
        ),
        queryset=WeightVersion.objects.none(),
        required=False,
        empty_label=gettext_lazy("None: the weights below the sub-indices are equal"),
    )

    def __init__(
        self,
        *args: Any,
        frameworks: QuerySet[Framework],
        versions: QuerySet[WeightVersion],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        offer_rows(self, "framework", frameworks)
        offer_rows(self, "compared", versions)
        self.order_fields(["framework", "file", "compared"])

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        compared, framework = cleaned.get("compared"), cleaned.get("framework")
        if compared and framework and compared.framework_id != framework.pk:
            self.add_error("compared", gettext_lazy("This version weighs another framework."))
        return cleaned


class DescribeForm(LabelledForm):
    """Labels and note of a draft."""

    note = forms.CharField(
        label=gettext_lazy("Note"),
        help_text=gettext_lazy("For readers in years to come; it is part of the manifest."),
        max_length=2000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
    )


class GroupForm(forms.Form):
    """The weights of one sibling group in percent, which of them stay put, and why they change."""

    rescale = forms.BooleanField(
        label=gettext_lazy("Rescale the weights that are not kept, in proportion, to 100 %"), required=False
    )
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        help_text=gettext_lazy("Kept in the log and with the version."),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2}),
    )

    def __init__(self, *args: Any, nodes: list[WeightedNode], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.nodes = nodes
        for node in nodes:
            self._add_node(node.indicator, node.local_weight)

    def _add_node(self, indicator: Indicator, weight: float) -> None:
        widget = forms.NumberInput(attrs={"step": "any", "class": "num", "data-weight": ""})
        self.fields[f"weight_{indicator.pk}"] = forms.FloatField(
            label=indicator.name,
            min_value=0,
            max_value=1e9,
            initial=round(100 * weight, 8),
            widget=widget,
        )
        self.fields[f"keep_{indicator.pk}"] = forms.BooleanField(
            required=False, widget=forms.CheckboxInput(attrs={"data-keep": ""})
        )

    @property
    def rows(self) -> list[tuple[WeightedNode, forms.BoundField, forms.BoundField]]:
        """Each indicator with its two fields."""
        return [
            (node, self[f"weight_{node.indicator.pk}"], self[f"keep_{node.indicator.pk}"])
            for node in self.nodes
        ]

    def weights(self) -> dict[str, float]:
        """Return the weights as parts of 1, by code."""
        return {
            node.indicator.code: self.cleaned_data[f"weight_{node.indicator.pk}"] / 100 for node in self.nodes
        }

    def kept(self) -> set[str]:
        """Return the codes whose weight stays as typed."""
        return {node.indicator.code for node in self.nodes if self.cleaned_data[f"keep_{node.indicator.pk}"]}
