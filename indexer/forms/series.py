"""An outside series sent in, and how an index is held against one."""

import re
from collections.abc import Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from indexer.forms.grouping_choice import offer_groupings
from indexer.forms.node_choice import NodeChoice
from indexer.models import OutsideSeries, Register
from indexer.selectors.node_scores import NodeScores
from indexer.selectors.series import DEFAULT_BANDS
from weighting.forms.names import NamedForm
from weighting.forms.offers import offer_choices, offer_rows
from weighting.forms.uploads import SheetFileField
from weighting.requests import read_id

MOST_BANDS = 9
PLAIN_NUMBER = re.compile(r"\d+(\.\d+)?", re.ASCII)
AUTOMATIC, LINEAR, LOGARITHMIC = "", "linear", "log"
BY_TOTAL, BY_NODE = "", "node"


class RegisterField(forms.ModelChoiceField):
    def label_from_instance(self, obj: Any) -> str:
        return str(obj.name)


def _note_field() -> forms.CharField:
    return forms.CharField(
        label=gettext_lazy("Note"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("Where the data come from, and what a reader must know about them."),
    )


class SeriesDescriptionForm(NamedForm):
    """What a series is called, and what is said of it."""

    note = _note_field()


class SeriesImportForm(NamedForm):
    """A file of one figure for each unit, and what it is."""

    register = RegisterField(
        label=gettext_lazy("Register"), queryset=Register.objects.none(), empty_label=None
    )
    unit = forms.CharField(label=gettext_lazy("Unit"), max_length=40)
    year = forms.IntegerField(label=gettext_lazy("Year of the data"), min_value=1900, max_value=2100)
    file = SheetFileField(
        label=gettext_lazy("File (CSV or XLSX)"),
        help_text=gettext_lazy(
            "One row for each unit. Columns: unit (its name in Chinese or English, or its code) and value. "
            "Leave the value empty where there is none."
        ),
    )
    total = forms.CharField(
        label=gettext_lazy("Published total"),
        required=False,
        max_length=24,
        help_text=gettext_lazy(
            "Of the whole, as it is published, in the same unit. It may hold what belongs to none of "
            "the units. Shares of it stand beside those of the sum of the values."
        ),
    )
    note = _note_field()
    field_order = ("register", "name_zh", "name_en", "unit", "year", "file", "total", "note")

    def __init__(self, *args: Any, registers: QuerySet[Register], register: int | None) -> None:
        super().__init__(*args)
        offer_rows(self, "register", registers)
        self.fields["register"].initial = register or registers.first()

    @property
    def register_shown(self) -> int | None:
        """The number of the register that the form shows as chosen."""
        shown = self["register"].value()
        return shown.pk if isinstance(shown, Register) else read_id(str(shown or ""))

    def clean_total(self) -> str:
        """Keep every digit of a number above zero, without the marks of its thousands."""
        text = "".join(self.cleaned_data["total"].replace(",", "").replace("，", "").split())
        if text and not (PLAIN_NUMBER.fullmatch(text) and float(text) > 0):
            raise ValidationError(
                _("“%(text)s” is not a total: write a number above zero, such as 689052.1, or nothing.")
                % {"text": self.cleaned_data["total"]}
            )
        return text


def read_bands(text: str) -> list[int]:
    """Read the last ranks of the bands, joined by commas; '' are the default ones.

    Raises `ValidationError` for what is no rising list of ranks.
    """
    words = [word.strip() for word in text.replace("，", ",").split(",") if word.strip()]
    if not all(word.isdecimal() and len(word) < 8 for word in words):
        raise ValidationError(_("“%(text)s” is not a list of ranks such as 100, 200.") % {"text": text})
    limits = [int(word) for word in words]
    if len(limits) > MOST_BANDS or limits != sorted(set(limits)) or 0 in limits:
        raise ValidationError(
            _("“%(text)s”: give at most %(most)s ranks that rise, such as 100, 200.")
            % {"text": text, "most": MOST_BANDS}
        )
    return limits or list(DEFAULT_BANDS)


class SeriesChoice(NodeChoice):
    """A series, a score, the scale of the line, and the bands of ranks."""

    series = forms.TypedChoiceField(
        label=gettext_lazy("Series"), coerce=int, required=False, empty_value=None
    )
    scale = forms.ChoiceField(
        label=gettext_lazy("Scale"),
        required=False,
        choices=[
            (AUTOMATIC, gettext_lazy("Logarithms where possible")),
            (LINEAR, gettext_lazy("As they are")),
            (LOGARITHMIC, gettext_lazy("Logarithms")),
        ],
    )
    bands = forms.CharField(
        label=gettext_lazy("Bands end at rank"),
        required=False,
        max_length=80,
        widget=forms.TextInput(attrs={"placeholder": ", ".join(map(str, DEFAULT_BANDS))}),
    )

    ranks = forms.ChoiceField(
        label=gettext_lazy("Bands are of"),
        required=False,
        choices=[
            (BY_TOTAL, gettext_lazy("the total's ranks")),
            (BY_NODE, gettext_lazy("the ranks on this score")),
        ],
    )

    def __init__(self, data: Any, *, subject: NodeScores, series: Sequence[OutsideSeries]) -> None:
        super().__init__(data, nodes=subject.nodes)
        offer_groupings(self, subject.cities)
        self._series = {one.pk: one for one in series}
        choices = [(one.pk, f"{one.name} ({one.year})") for one in series]
        offer_choices(self, "series", choices)
        self.order_fields(["series", "node", "scale", "bands", "ranks", "level"])
        self.full_clean()

    def clean_bands(self) -> list[int]:
        return read_bands(self.cleaned_data["bands"])

    @property
    def limits(self) -> list[int]:
        return self.cleaned_data.get("bands") or list(DEFAULT_BANDS)

    @property
    def by_total(self) -> bool:
        """Whether bands are of the ranks on the composite, whatever score is in view."""
        return self.cleaned_data.get("ranks", "") != BY_NODE

    @property
    def logarithmic(self) -> bool | None:
        """Whether logarithms are asked for; None leaves it to the figures."""
        return {LINEAR: False, LOGARITHMIC: True}.get(self.cleaned_data.get("scale", ""))

    @property
    def grouping(self) -> str:
        """The code of the grouping asked for; '' for regions and provinces."""
        return str(self.cleaned_data.get("level", ""))

    @property
    def one(self) -> OutsideSeries:
        """The series asked for, or the first."""
        chosen = self.cleaned_data.get("series")
        return self._series[chosen] if chosen else next(iter(self._series.values()))
