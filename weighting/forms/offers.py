"""What a form offers, known only when it is made."""

from collections.abc import Iterable
from typing import Any

from django.db.models import QuerySet
from django.forms import BaseForm, ChoiceField, ModelChoiceField


def offer_choices(form: BaseForm, name: str, choices: Iterable[Any]) -> None:
    """Let a field take one of these values, each with its label."""
    field = form.fields[name]
    if not isinstance(field, ChoiceField):
        raise TypeError(f"The field {name} takes no choices.")
    field.choices = list(choices)


def offer_rows(form: BaseForm, name: str, rows: QuerySet[Any]) -> None:
    """Let a field take one of these rows."""
    field = form.fields[name]
    if not isinstance(field, ModelChoiceField):
        raise TypeError(f"The field {name} takes no rows.")
    field.queryset = rows
