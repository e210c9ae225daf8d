"""What a form offers, known only when it is made."""

from collections.abc import Iterable
from typing import Any

from django.db.models import QuerySet
from django.forms import BaseForm, ChoiceField, ModelChoiceField
from django.utils.translation import gettext_lazy

# What a list says while nothing of it is chosen.
CHOOSE_FRAMEWORK = gettext_lazy("Choose a framework")
CHOOSE_PANEL = gettext_lazy("Choose a panel")


def offer_choices(form: BaseForm, name: str, choices: Iterable[Any]) -> None:
    """Let a field take one of these values, each with its label."""
    field = form.fields[name]
    if not isinstance(field, ChoiceField):
        raise TypeError(f"The field {name} takes no choices.")
    field.choices = list(choices)


def offer_rows(form: BaseForm, name: str, rows: QuerySet[Any]) -> None:
    """Let a field take one of these rows; a single one that must be taken is chosen already."""
    field = form.fields[name]
    if not isinstance(field, ModelChoiceField):
        raise TypeError(f"The field {name} takes no rows.")
    field.queryset = rows
    if field.required and field.empty_label is not None and not form.is_bound:
        first = list(rows[:2])
        if len(first) == 1:
            field.initial, field.empty_label = first[0].pk, None
