"""What a manager says to, and about, the panel of an open round."""

from collections.abc import Iterable, Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from weighting.enums import Language, Sector
from weighting.forms.names import ReadersLanguageFirst, require_either
from weighting.models import Expert, Panel, RoundNote
from weighting.models.letter import LONGEST_BODY, LONGEST_SUBJECT
from weighting.placeholders import body_problems, subject_problems
from weighting.readers import PanelRow
from weighting.services.letter_texts import Words
from weighting.services.sectors import own_sectors_of

# A year.
MOST_HOURS = 24 * 366


class ExpertForm(forms.ModelForm):
    """One more person for the panel."""

    class Meta:
        model = Expert
        fields = ["code", "name", "email", "organisation", "sector", "language"]
        help_texts = {
            "code": _("As on the panel's list, such as E098; each expert has one of their own."),
            "email": _("Of whom you know none it may stay empty: you hand them their link yourself."),
        }

    def __init__(self, *args: Any, panel: Panel, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        own = [(sector, sector) for sector in own_sectors_of(panel)]
        self.fields["sector"] = forms.ChoiceField(
            label=_("Sector"), choices=[*Sector.choices, *own], initial=Sector.OTHER
        )
        # That of the page, as for a panel's file that says none.
        self.initial["language"] = get_language()

    def person(self) -> PanelRow:
        """Return what was said as a row of a panel."""
        return PanelRow(row=1, **self.cleaned_data)


class AddressForm(forms.Form):
    """The right address of an expert."""

    email = forms.EmailField(label=_("E-mail"), max_length=254)


class AddressesForm(forms.Form):
    """The addresses of experts of whom none was known; a field that stays empty leaves it so."""

    def __init__(self, *args: Any, experts: Iterable[Expert], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.experts = list(experts)
        for expert in self.experts:
            told = " · ".join(filter(None, [expert.name, expert.code, expert.organisation]))
            self.fields[f"email_{expert.pk}"] = forms.EmailField(label=told, max_length=254, required=False)

    def addresses(self) -> dict[int, str]:
        """Return what was given, by the id of the expert."""
        given = {expert.pk: self.cleaned_data[f"email_{expert.pk}"] for expert in self.experts}
        return {pk: email for pk, email in given.items() if email}


class NoteForm(ReadersLanguageFirst, forms.ModelForm):
    """A note in one language or both."""

    in_either = ("text",)

    class Meta:
        model = RoundNote
        fields = ["text_zh", "text_en"]
        widgets = {name: forms.Textarea(attrs={"rows": 3}) for name in ("text_zh", "text_en")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        next(iter(self.fields.values())).help_text = _(
            "The date is added by itself, and the note stays: it cannot be changed later."
        )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        require_either(self, cleaned, "text")
        return cleaned


class ReminderForm(forms.Form):
    """When a reminder goes out by itself."""

    hours = forms.IntegerField(
        label=_("Hours before the deadline"),
        min_value=1,
        max_value=MOST_HOURS,
        help_text=_("48 is two days before."),
    )


class LetterTextForm(forms.Form):
    """What a mail of a round says, in each language of the round; both fields empty: the default text."""

    def __init__(self, *args: Any, default: Mapping[Language, Words], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.default = default
        for language in default:
            labels = {"language": language.label}
            self.fields[f"subject_{language}"] = forms.CharField(
                label=_("Subject, %(language)s") % labels, max_length=LONGEST_SUBJECT, required=False
            )
            self.fields[f"body_{language}"] = forms.CharField(
                label=_("Text, %(language)s") % labels,
                max_length=LONGEST_BODY,
                required=False,
                widget=forms.Textarea(attrs={"rows": 16, "lang": language}),
            )

    def clean(self) -> dict[str, Any]:
        for language in self.default:
            said = self._said(language)
            if said != Words("", ""):
                self._add_errors(f"subject_{language}", subject_problems(said.subject), said.subject)
                self._add_errors(f"body_{language}", body_problems(said.body), said.body)
        return self.cleaned_data

    def words(self) -> dict[Language, Words | None]:
        """Return what was said, by language; None where it is the default text."""
        said = {language: self._said(language) for language in self.default}
        plain = {language: (Words("", ""), words) for language, words in self.default.items()}
        return {language: None if each in plain[language] else each for language, each in said.items()}

    def _said(self, language: Language) -> Words:
        subject, body = (self.cleaned_data.get(f"{part}_{language}", "") for part in ("subject", "body"))
        # Browsers send CR and LF.
        return Words(subject, "\n".join(body.splitlines()))

    def _add_errors(self, name: str, problems: list[str], text: str) -> None:
        if not text:
            problems = [gettext("Fill this in as well, or empty both fields for the default text.")]
        if problems and name not in self.errors:
            self.add_error(name, ValidationError(problems))
