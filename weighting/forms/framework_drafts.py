"""A node of a framework that is made in the browser; what it may say is checked as in a file."""

from collections.abc import Iterable, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from weighting.forms.names import OTHER_MAY_STAY_EMPTY, ReadersLanguageFirst
from weighting.models import Indicator
from weighting.readers import FileProblem
from weighting.selectors.framework_drafts import CELLS, DraftNode, Row

# A space that no browser takes away: how deep a choice of the list lies.
STEP = "\u2003"


def _text(label: Any, help_text: Any = "") -> forms.CharField:
    return forms.CharField(label=label, required=False, help_text=help_text)


def _long_text(label: Any) -> forms.CharField:
    return forms.CharField(label=label, required=False, widget=forms.Textarea(attrs={"rows": 3}))


class NodeForm(ReadersLanguageFirst, forms.Form):
    """The cells of one node, and below which other it lies."""

    code = _text(
        gettext_lazy("Code in files"),
        gettext_lazy("Short and unique, such as gdp_per_head: data and weights are matched by it."),
    )
    parent = forms.TypedChoiceField(
        label=gettext_lazy("Part of"), coerce=int, empty_value=None, required=False
    )
    name_zh = _text(gettext_lazy("Chinese name"), OTHER_MAY_STAY_EMPTY)
    name_en = _text(gettext_lazy("English name"))
    direction = forms.ChoiceField(label=gettext_lazy("Direction"), required=False)
    unit = _text(gettext_lazy("Unit"), gettext_lazy("Such as %, yuan or days."))
    definition_zh = _long_text(gettext_lazy("Chinese definition"))
    definition_en = _long_text(gettext_lazy("English definition"))
    source = _text(gettext_lazy("Source"))
    licence = _text(gettext_lazy("Licence"))
    note = _long_text(gettext_lazy("Note"))

    def __init__(self, *args: Any, parents: Sequence[DraftNode], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["direction"].choices = [  # type: ignore[attr-defined]
            (str(value), label) for value, label in Indicator.DIRECTIONS
        ]
        self.fields["parent"].choices = [  # type: ignore[attr-defined]
            ("", _("The whole index")),
            *((node.row["key"], STEP * node.depth + node.name) for node in parents),
        ]

    @property
    def cells(self) -> dict[str, str]:
        """What was written, with the line ends that files have."""
        return {column: self.cleaned_data[column].replace("\r\n", "\n") for column in CELLS}

    def note_clash(self, row: Row, said: Iterable[str]) -> None:
        """Say at each field what somebody else wrote there meanwhile."""
        self.add_error(None, list(said))
        names = {key: name.strip() for key, name in self.fields["parent"].choices}  # type: ignore[attr-defined]
        for field, own in (*self.cells.items(), ("parent", self.cleaned_data["parent"])):
            if row[field] != own:
                now = names.get(row[field] or "", "") if field == "parent" else row[field]
                self.add_error(
                    field, _("It says now: “%(now)s”.") % {"now": now} if now else _("It is empty now.")
                )

    def note_problems(self, problems: Iterable[FileProblem]) -> None:
        """Put each problem at its field."""
        for problem in problems:
            self.add_error(problem.column if problem.column in self.fields else None, problem.message)
