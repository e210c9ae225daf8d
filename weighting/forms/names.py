"""Fields in both languages, of which one is enough."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, ClassVar

from django import forms
from django.forms.utils import ErrorList
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

OTHER_MAY_STAY_EMPTY = gettext_lazy("One language is enough; the other may stay empty.")


class BoundToPair(forms.BoundField):
    """One of two fields; that both are empty is shown at the one that is read first."""

    @property
    def errors(self) -> ErrorList:
        # Asked first: it is the cleaning that finds out what both lack.
        noted, shown_at = self.form.errors, getattr(self.form, "shown_at", {})
        if self.name in shown_at:
            return self.form.error_class()
        of = next((name for name, shown in shown_at.items() if shown == self.name), self.name)
        return noted.get(of, self.form.error_class())


class PairField(forms.CharField):
    """The text in one of two languages."""

    def get_bound_field(self, form: forms.BaseForm, field_name: str) -> BoundToPair:
        return BoundToPair(form, self, field_name)


def names_in_either() -> tuple[PairField, PairField]:
    """Return the fields of a name: Chinese, English."""
    return in_either(gettext_lazy("Chinese name"), gettext_lazy("English name"))


def titles_in_either() -> tuple[PairField, PairField]:
    """Return the fields of a title: Chinese, English."""
    return in_either(gettext_lazy("Chinese title"), gettext_lazy("English title"))


def labels_in_either() -> tuple[PairField, PairField]:
    """Return the fields of a label: Chinese, English."""
    return in_either(gettext_lazy("Chinese label"), gettext_lazy("English label"))


def in_either(chinese: Any, english: Any) -> tuple[PairField, PairField]:
    """Return the two fields of a text that stands in one language at least."""
    return (
        PairField(label=chinese, max_length=200, required=False, help_text=OTHER_MAY_STAY_EMPTY),
        PairField(label=english, max_length=200, required=False),
    )


def require_either(form: "ReadersLanguageFirst", cleaned: dict[str, Any], stem: str = "name") -> None:
    """Note that of two fields, ``stem``_zh and ``stem``_en, both are empty, and name both as they stand.

    It is noted at the Chinese one, in whatever language: programs find it by its name. Pages show it at the
    first one, which is no longer called optional.
    """
    pair = _pair_of(form, stem)
    if not any(map(cleaned.get, pair)) and not form.errors.keys() & set(pair):
        labels = {"first": form.fields[pair[0]].label, "second": form.fields[pair[1]].label}
        form.add_error(
            f"{stem}_zh", _("Fill in “%(first)s” or “%(second)s”: one of them is enough.") % labels
        )
        ask_either(form, stem)
        if pair[0] != f"{stem}_zh":
            form.shown_at = {**form.shown_at, f"{stem}_zh": pair[0]}


def ask_either(form: forms.BaseForm, stem: str) -> None:
    """Call the first of two fields no longer optional, of which one is asked for."""
    form.fields[_pair_of(form, stem)[0]].is_asked = True  # type: ignore[attr-defined]


def _pair_of(form: forms.BaseForm, stem: str) -> list[str]:
    return [name for name in form.fields if name in (f"{stem}_zh", f"{stem}_en")]


class ReadersLanguageFirst(forms.BaseForm):
    """A form that asks for a text in the language that is being read before it asks for the other.

    Pairs are declared Chinese first; elsewhere each Chinese field stands behind the English ones that follow
    it. What helps with the pair as a whole stays with its first field, which is not called optional where one
    of the two is asked for.
    """

    in_either: ClassVar[tuple[str, ...]] = ()
    # Where pages show what is noted at another field, by the name of that.
    shown_at: Mapping[str, str] = MappingProxyType({})

    def order_fields(self, field_order: Iterable[str] | None) -> None:
        super().order_fields(field_order)
        if not (get_language() or "").startswith("zh"):
            self._put_english_first()
        for stem in self.in_either:
            ask_either(self, stem)

    def _put_english_first(self) -> None:
        ordered: list[str] = []
        held: list[str] = []
        for name in self.fields:
            if not name.endswith("_en"):
                ordered += held
                held = []
            if name.endswith("_zh"):
                held = [name]
            else:
                if held and not self.fields[name].help_text:
                    _move_help(self.fields[held[0]], self.fields[name])
                ordered.append(name)
        self.fields = {name: self.fields[name] for name in (*ordered, *held)}


class NamedForm(ReadersLanguageFirst, forms.Form):
    """A form with a name in one language at least."""

    name_zh, name_en = names_in_either()
    in_either = ("name",)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        require_either(self, cleaned)
        return cleaned


class LabelledForm(ReadersLanguageFirst, forms.Form):
    """A form with a label in one language at least."""

    label_zh, label_en = labels_in_either()
    in_either = ("label",)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        require_either(self, cleaned, "label")
        return cleaned


def _move_help(source: forms.Field, target: forms.Field) -> None:
    target.help_text, source.help_text = source.help_text, ""
