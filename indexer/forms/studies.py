"""What a new study is asked: the fields of its kind and no others.

The service reads what was sent, whoever sent it: the form only shows it and its complaints.
"""

from typing import Any

from django import forms
from django.forms.utils import ErrorDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from indexer.enums import Aggregation, Missing, Normalisation, StudyKind
from indexer.services.study_parameters import DEFAULTS, EXPERT_DRAWS, WEIGHTS_OF, BadParameters
from weighting.forms.offers import offer_choices

WEIGHTS = {
    StudyKind.BOOTSTRAP.value: gettext_lazy("Experts drawn again (bootstrap)"),
    StudyKind.NOISE.value: gettext_lazy("Noise around the version’s weights"),
    StudyKind.DIRICHLET.value: gettext_lazy("Dirichlet weights around the version’s"),
    "any": gettext_lazy("Any weights"),
    "none": gettext_lazy("The version’s own weights alone"),
}
FIELDS = {
    StudyKind.BOOTSTRAP: ("draws", "seed"),
    StudyKind.JACKKNIFE: (),
    StudyKind.NOISE: ("nu", "draws", "seed"),
    StudyKind.DIRICHLET: ("kappa", "draws", "seed"),
    StudyKind.LEFT_OUT: ("nodes",),
    StudyKind.VARIANTS: (
        "normalisations", "missing", "aggregations", "weights", "nu", "kappa", "draws", "seed",
    ),
    StudyKind.SOBOL: ("output", "city", "weights", "nu", "kappa", "draws", "seed"),
    StudyKind.DROPPED: (),
    StudyKind.SMAA: ("bounds", "order", "draws", "seed"),
}  # fmt: skip


class StudyForm(forms.Form):
    """Every field a study can have; those of other kinds are taken away."""

    normalisations = forms.MultipleChoiceField(
        label=gettext_lazy("Normalisations"),
        choices=Normalisation.choices,
        initial=[Normalisation.SHARE, Normalisation.MINMAX, Normalisation.ZSCORE, Normalisation.RANK],
        widget=forms.CheckboxSelectMultiple,
    )
    missing = forms.MultipleChoiceField(
        label=gettext_lazy("Missing values"),
        choices=Missing.choices,
        initial=[Missing.REFUSE],
        widget=forms.CheckboxSelectMultiple,
    )
    aggregations = forms.MultipleChoiceField(
        label=gettext_lazy("Aggregations"),
        choices=Aggregation.choices,
        initial=[Aggregation.ARITHMETIC, Aggregation.GEOMETRIC],
        widget=forms.CheckboxSelectMultiple,
    )
    nodes = forms.ChoiceField(
        label=gettext_lazy("What is left out"),
        choices=[
            ("leaves", gettext_lazy("Each indicator in turn")),
            ("branches", gettext_lazy("Each branch in turn, with all below it")),
        ],
        widget=forms.RadioSelect,
    )
    output = forms.ChoiceField(
        label=gettext_lazy("What is to be explained"),
        choices=[
            ("shift", gettext_lazy("R_S, the average rank shift of all cities")),
            ("rank", gettext_lazy("The rank of a city")),
            ("score", gettext_lazy("The score of a city")),
        ],
        widget=forms.RadioSelect,
    )
    city = forms.CharField(
        label=gettext_lazy("City"),
        help_text=gettext_lazy("In either language; for a rank or a score."),
        required=False,
    )
    bounds = forms.CharField(
        label=gettext_lazy("Bounds"),
        help_text=gettext_lazy(
            "One line for each weight that is bounded: its code, the least and the most local weight, such "
            "as “code 0.2 0.4”. Empty: any weights."
        ),
        widget=forms.Textarea(attrs={"rows": 3}),
        required=False,
    )
    order = forms.CharField(
        label=gettext_lazy("Order"),
        help_text=gettext_lazy(
            "One line for each group: codes of siblings, the heaviest first, with > between."
        ),
        widget=forms.Textarea(attrs={"rows": 2}),
        required=False,
    )
    weights = forms.ChoiceField(label=gettext_lazy("Weights"), widget=forms.RadioSelect)
    nu = forms.CharField(
        label=gettext_lazy("Size of the noise ν"),
        help_text=gettext_lazy("0 to 1; 0.1 moves every weight by up to a tenth of itself."),
        widget=forms.NumberInput(attrs={"min": 0, "max": 1, "step": "any"}),
        required=False,
    )
    kappa = forms.CharField(
        label=gettext_lazy("Concentration κ"),
        help_text=gettext_lazy("Above 0; the larger, the nearer to the version’s weights."),
        widget=forms.NumberInput(attrs={"min": 0, "step": "any"}),
        required=False,
    )
    draws = forms.CharField(
        label=gettext_lazy("Draws"), widget=forms.NumberInput(attrs={"min": 1, "max": 1_000_000, "step": 1})
    )
    seed = forms.CharField(
        label=gettext_lazy("Seed"),
        help_text=gettext_lazy("A whole number, 0 or more: the same seed draws the same again."),
        widget=forms.NumberInput(attrs={"min": 0, "step": 1}),
    )

    def __init__(self, data: Any = None, *, kind: StudyKind) -> None:
        super().__init__(data)
        self.kind = kind
        for name in set(self.fields) - set(FIELDS[kind]):
            del self.fields[name]
        self.order_fields(FIELDS[kind])
        for name, field in self.fields.items():
            field.initial = field.initial or DEFAULTS.get(name)
        if "weights" in self.fields:
            choices = [(weights, WEIGHTS[weights]) for weights in WEIGHTS_OF[kind]]
            offer_choices(self, "weights", choices)
            self.fields["weights"].initial = StudyKind.NOISE
            for name in ("nu", "kappa"):
                self.fields[name].label = _("%(field)s, for such weights") % {
                    "field": self.fields[name].label
                }
        if kind == StudyKind.BOOTSTRAP:
            self.fields["draws"].widget.attrs |= {"min": EXPERT_DRAWS, "step": EXPERT_DRAWS}
            self.fields["draws"].help_text = _("In whole hundreds, which give no single draw away.")
        if kind == StudyKind.SOBOL:
            self.fields["draws"].label = _("Samples")
            self.fields["draws"].initial = 4000

    def sent(self) -> dict[str, Any]:
        """Return what was sent for the fields of this kind, for the service to read."""
        many = ("normalisations", "missing", "aggregations")
        posted: Any = self.data
        read = {name: posted.getlist if name in many else posted.get for name in self.fields}
        return {name: get(name) for name, get in read.items()}

    def show(self, refusal: BadParameters) -> None:
        """Put the service's complaints beside the fields that they are about."""
        self._errors = ErrorDict()
        self.cleaned_data: dict[str, Any] = {}
        for name, texts in refusal.fields.items():
            for text in texts:
                self.add_error(name if name in self.fields else None, text)


class PairForm(forms.Form):
    """Which two cities to compare draw by draw."""

    above = forms.CharField(label=gettext_lazy("Is this city"), max_length=60)
    below = forms.CharField(label=gettext_lazy("above this one?"), max_length=60)
