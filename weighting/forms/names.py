"""Fields in both languages, of which one is enough."""

from collections.abc import Iterable
from typing import Any, ClassVar

from django import forms
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

OTHER_MAY_STAY_EMPTY = gettext_lazy("One language is enough; the other may stay empty.")


def names_in_either() -> tuple[forms.CharField, forms.CharField]:
    """Return the fields of a name: Chinese, English."""
    return in_either(gettext_lazy("Chinese name"), gettext_lazy("English name"))


def titles_in_either() -> tuple[forms.CharField, forms.CharField]:
    """Return the fields of a title: Chinese, English."""
    return in_either(gettext_lazy("Chinese title"), gettext_lazy("English title"))


def labels_in_either() -> tuple[forms.CharField, forms.CharField]:
    """Return the fields of a label: Chinese, English."""
    return in_either(gettext_lazy("Chinese label"), gettext_lazy("English label"))


def in_either(chinese: Any, english: Any) -> tuple[forms.CharField, forms.CharField]:
    """Return the two fields of a text that stands in one language at least."""
    return (
        forms.CharField(label=chinese, max_length=200, required=False, help_text=OTHER_MAY_STAY_EMPTY),
        forms.CharField(label=english, max_length=200, required=False),
    )


def require_either(form: forms.BaseForm, cleaned: dict[str, Any], stem: str = "name") -> None:
    """Note that of two fields, ``stem``_zh and ``stem``_en, both are empty, and name both as they stand.

    It is noted at the Chinese one, in whatever language: programs find it by its name.
    """
    pair = [name for name in form.fields if name in (f"{stem}_zh", f"{stem}_en")]
    if not any(map(cleaned.get, pair)) and not form.errors.keys() & set(pair):
        labels = {"first": form.fields[pair[0]].label, "second": form.fields[pair[1]].label}
        form.add_error(
            f"{stem}_zh", _("Fill in “%(first)s” or “%(second)s”: one of them is enough.") % labels
        )


class ReadersLanguageFirst(forms.BaseForm):
    """A form that asks for a text in the language that is being read before it asks for the other.

    Pairs are declared Chinese first; elsewhere each Chinese field stands behind the English ones that follow
    it. What helps with the pair as a whole stays with its first field, which is not called optional where one
    of the two is asked for.
    """

    in_either: ClassVar[tuple[str, ...]] = ()

    def order_fields(self, field_order: Iterable[str] | None) -> None:
        super().order_fields(field_order)
        if not (get_language() or "").startswith("zh"):
            self._put_english_first()
        for stem in self.in_either:
            first = next(name for name in self.fields if name in (f"{stem}_zh", f"{stem}_en"))
            self.fields[first].is_asked = True  # type: ignore[attr-defined]

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
