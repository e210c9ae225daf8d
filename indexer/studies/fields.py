"""Fields that several kinds of study ask for.

The kind reads what was sent, whoever sent it: a field only shows it.
"""

from typing import Any

from django import forms
from django.utils.translation import gettext as _

from indexer.studies.questions import DEFAULTS, EXPERT_DRAWS, MOST_DRAWS

Fields = dict[str, forms.Field]


def draws_fields(*, of_experts: bool = False, **changes: Any) -> Fields:
    """Return the fields of a study that draws: how often, and from which seed.

    ``changes`` are arguments of the first field that differ.
    """
    least = EXPERT_DRAWS if of_experts else 1
    attributes = {"min": least, "max": MOST_DRAWS, "step": least}
    said: dict[str, Any] = {"label": _("Draws"), "initial": DEFAULTS["draws"]} | changes
    if of_experts:
        said["help_text"] = _("In whole hundreds, which give no single draw away.")
    return {
        "draws": forms.CharField(widget=forms.NumberInput(attrs=attributes), **said),
        "seed": forms.CharField(
            label=_("Seed"),
            help_text=_("A whole number, 0 or more: the same seed draws the same again."),
            initial=DEFAULTS["seed"],
            widget=forms.NumberInput(attrs={"min": 0, "step": 1}),
        ),
    }


def nu_field(label: str = "") -> forms.Field:
    """Return the field of the size of noise."""
    return forms.CharField(
        label=label or _("Size of the noise ν"),
        help_text=_("0 to 1; 0.1 moves every weight by up to a tenth of itself."),
        initial=DEFAULTS["nu"],
        widget=forms.NumberInput(attrs={"min": 0, "max": 1, "step": "any"}),
        required=False,
    )


def kappa_field(label: str = "") -> forms.Field:
    """Return the field of the concentration of Dirichlet weights."""
    return forms.CharField(
        label=label or _("Concentration κ"),
        help_text=_("Above 0; the larger, the nearer to the version’s weights."),
        initial=DEFAULTS["kappa"],
        widget=forms.NumberInput(attrs={"min": 0, "step": "any"}),
        required=False,
    )
