"""The chapters of a written report, and somebody's own words in one of them."""

from collections.abc import Iterator, Sequence
from typing import Any

from django import forms
from django.forms import BoundField
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from indexer.enums import ReportChapter

LONGEST = 5_000


class ParagraphForm(forms.Form):
    """The words, and which state of them the page that sends them had seen."""

    text = forms.CharField(
        label=gettext_lazy("Your own words"),
        required=False,
        max_length=LONGEST,
        widget=forms.Textarea(attrs={"rows": 10}),
        help_text=gettext_lazy(
            "An empty line begins a new paragraph. Markdown is read: **bold**, *emphasis*, - or 1. for "
            "lists, # for a heading, > for a quotation, [text](https://address) for a link."
        ),
    )
    revision = forms.IntegerField(min_value=0, widget=forms.HiddenInput)


class OutlineForm(forms.Form):
    """Which chapters there are and at which place, and which choice the page that sends it had seen."""

    revision = forms.IntegerField(min_value=0, widget=forms.HiddenInput)

    def __init__(self, data: Any = None, *, chapters: Sequence[str], revision: int) -> None:
        super().__init__(data, initial={"revision": revision})
        self.codes = [*chapters, *(code for code in ReportChapter.values if code not in chapters)]
        for position, code in enumerate(self.codes, 1):
            label = ReportChapter(code).label
            self.fields[_use(code)] = forms.BooleanField(
                label=label, required=False, initial=code in chapters
            )
            self.fields[_place(code)] = forms.IntegerField(
                label=_("Place of “%(chapter)s”") % {"chapter": label},
                min_value=1,
                max_value=99,
                initial=position,
                widget=forms.NumberInput(attrs={"size": 3}),
            )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if not any(cleaned.get(_use(code)) for code in self.codes):
            self.add_error(None, _("A report has one chapter at least: choose some."))
        return cleaned

    @property
    def chosen(self) -> list[str]:
        """The chapters of a valid form by their places; equal places keep the order they had."""
        used = [code for code in self.codes if self.cleaned_data[_use(code)]]
        return sorted(used, key=lambda code: self.cleaned_data[_place(code)])

    def rows(self) -> Iterator[tuple[str, BoundField, BoundField]]:
        """Yield each chapter with its two fields, as the page shows them."""
        for code in self.codes:
            yield code, self[_use(code)], self[_place(code)]


def _use(code: str) -> str:
    return f"use-{code}"


def _place(code: str) -> str:
    return f"place-{code}"
