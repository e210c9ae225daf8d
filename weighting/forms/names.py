"""Fields in both languages, of which one is enough."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

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
    """Note at the first of two fields, ``stem``_zh and ``stem``_en, that both are empty, and name both."""
    first, second = f"{stem}_zh", f"{stem}_en"
    said = cleaned.get(first) or cleaned.get(second)
    if not said and first not in form.errors and second not in form.errors:
        labels = {"first": form.fields[first].label, "second": form.fields[second].label}
        form.add_error(first, _("Fill in “%(first)s” or “%(second)s”: one of them is enough.") % labels)


class NamedForm(forms.Form):
    """A form with a name in one language at least."""

    name_zh, name_en = names_in_either()

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        require_either(self, cleaned)
        return cleaned


class LabelledForm(forms.Form):
    """A form with a label in one language at least."""

    label_zh, label_en = labels_in_either()

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        require_either(self, cleaned, "label")
        return cleaned
