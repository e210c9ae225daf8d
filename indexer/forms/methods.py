"""The choices of a method, and for which versions a data set is computed by it."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from indexer.enums import Aggregation, Missing, Negative, Normalisation, Outliers
from indexer.models import IndexMethod
from indexer.selectors.methods import is_in, numbers_in
from indexer.services.methods import MethodChoice, choice_of, method_blockers
from weighting.models import WeightVersion
from weighting.readers import Vocabulary

NAMES = tuple(MethodChoice.__dataclass_fields__)


class MethodForm(forms.Form):
    """Every choice of METHOD 3 and 4; ``columns`` are what may be named as a denominator."""

    normalisation = forms.ChoiceField(label=gettext_lazy("Normalisation"), choices=Normalisation.choices)
    negative = forms.ChoiceField(
        label=gettext_lazy("Indicators where lower is better"),
        choices=Negative.choices,
        help_text=gettext_lazy("Used by shares alone."),
    )
    missing = forms.ChoiceField(label=gettext_lazy("Missing values"), choices=Missing.choices)
    aggregation = forms.ChoiceField(label=gettext_lazy("Aggregation"), choices=Aggregation.choices)
    outliers = forms.ChoiceField(
        label=gettext_lazy("Outliers"),
        choices=Outliers.choices,
        help_text=gettext_lazy(
            "Indicators whose skewness and kurtosis both exceed the limits are treated, all others are not."
        ),
    )
    skewness_limit = forms.FloatField(label=gettext_lazy("Limit of the skewness"), min_value=0, max_value=1e6)
    kurtosis_limit = forms.FloatField(label=gettext_lazy("Limit of the kurtosis"), min_value=0, max_value=1e6)
    winsorised_most = forms.IntegerField(
        label=gettext_lazy("Cells winsorised at most, for each indicator"), min_value=1, max_value=10_000
    )
    denominators = forms.CharField(
        label=gettext_lazy("Denominators"),
        required=False,
        # Stripped, an empty first line would make every number of a line wrong.
        strip=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy(
            "One line for each indicator to divide: its code, an equals sign, and the code of the column "
            "that divides it."
        ),
    )

    def __init__(
        self,
        data: Any = None,
        *,
        method: IndexMethod | None,
        leaves: Sequence[str],
        columns: Sequence[str],
    ) -> None:
        choice = choice_of(method) if method else MethodChoice()
        pairs = [f"{leaf} = {column}" for leaf, column in choice.denominators.items()]
        initial = {name: getattr(choice, name) for name in NAMES} | {"denominators": "\n".join(pairs)}
        super().__init__(data, initial=initial)
        self._leaves, self._columns = Vocabulary(leaves), Vocabulary(columns)

    def clean_denominators(self) -> dict[str, str]:
        """Read the pairs; every line that cannot be read is named."""
        pairs: dict[str, str] = {}
        problems = []
        for number, line in enumerate(self.cleaned_data["denominators"].splitlines(), start=1):
            if not line.strip():
                continue
            leaf, equals, column = (part.strip() for part in line.partition("="))
            if problem := self._problem_of(leaf, equals, column, pairs):
                problems.append(_("Line %(number)s: %(problem)s") % {"number": number, "problem": problem})
            pairs[leaf] = column
        if problems:
            raise ValidationError(problems)
        return pairs

    def clean(self) -> dict[str, Any]:
        """Refuse at once what no data could satisfy."""
        cleaned = super().clean() or self.cleaned_data
        if not self.errors and (blockers := method_blockers(MethodChoice(**self.choices()))):
            raise ValidationError(blockers)
        return cleaned

    def choices(self) -> dict[str, Any]:
        """Return the choices as `use_method` takes them."""
        return {name: self.cleaned_data[name] for name in NAMES}

    def _problem_of(self, leaf: str, equals: str, column: str, pairs: dict[str, str]) -> str:
        if not equals or not column:
            return _("write an indicator's code, an equals sign and a column's code.")
        if leaf not in self._leaves:
            return self._leaves.suggest(_("The framework has no such leaf. Correct the code."), leaf)
        if column not in self._columns:
            return self._columns.suggest(_("There is no such column. Correct the code."), column)
        if leaf in pairs:
            return _("the indicator already has a denominator. Keep one of the lines.")
        return ""


class ComputeForm(MethodForm):
    """A method, and the numbers of the versions to compute by it."""

    versions = forms.CharField(
        label=gettext_lazy("Weight versions"),
        required=False,
        max_length=400,
        help_text=gettext_lazy("Numbers such as 1-3, 7. All frozen versions when left empty."),
    )
    field_order = ["versions", *NAMES]

    def __init__(self, data: Any = None, *, frozen: Sequence[WeightVersion], **options: Any) -> None:
        super().__init__(data, **options)
        self._frozen = frozen

    def clean_versions(self) -> list[WeightVersion]:
        """Return the frozen versions that are named."""
        text = self.cleaned_data["versions"]
        if not text.strip():
            return list(self._frozen)
        try:
            spans = numbers_in(text)
        except ValueError as error:
            raise ValidationError(
                _("“%(part)s” is no version number. Write numbers such as 1-3, 7.") % {"part": error}
            ) from error
        chosen = [version for version in self._frozen if is_in(version.number, spans)]
        if not chosen:
            known = _(", ").join(str(version.number) for version in self._frozen[:10]) or _("none")
            raise ValidationError(
                _("No frozen version has such a number. The first ones: %(known)s.") % {"known": known}
            )
        return chosen
