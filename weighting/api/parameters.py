"""What an address of the API does not know, or cannot read, it refuses by name."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from django.utils.translation import gettext as _
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.serializers import BaseSerializer, ListSerializer, Serializer
from rest_framework.settings import api_settings

# These name several things, joined by commas or each by itself.
REPEATED = ("runs", "versions")


def check_parameters(request: Request, known: Collection[str], *, filled: Collection[str] = ()) -> None:
    """Refuse parameters that are not known, that come twice, or that are empty though ``filled``."""
    said = {name: _complaint(request, name, known, filled) for name in request.query_params}
    wrong = {name: [text] for name, text in said.items() if text}
    if wrong:
        raise ValidationError(wrong)


def check_body(request: Request, body: type[Serializer] | None) -> None:
    """Refuse a body that holds no fields, and fields that are not known, however deep, each by its path."""
    sent: Any = request.data
    if body and not isinstance(sent, Mapping):
        # Some bodies are read by forms, which ask no further: this is what a serializer says of them.
        message = body().error_messages["invalid"].format(datatype=type(sent).__name__)
        raise ValidationError({api_settings.NON_FIELD_ERRORS_KEY: [message]})
    wrong = dict(_unknown_fields(body() if body else Serializer(), sent, ""))
    if wrong:
        raise ValidationError(wrong)


def _unknown_fields(known: Any, sent: Any, path: str) -> Iterator[tuple[str, list[str]]]:
    """Walk what was sent along the serializer; what has another form, the serializer itself refuses."""
    if isinstance(known, ListSerializer) and isinstance(sent, list):
        for place, entry in enumerate(sent):
            yield from _unknown_fields(known.child, entry, f"{path}{place}.")
    elif isinstance(known, Serializer) and isinstance(sent, Mapping):
        for name in sent:
            if name not in known.fields:
                message = _("The body has no field of this name. Known: %(known)s.")
                yield f"{path}{name}", [message % {"known": _(", ").join(known.fields) or "–"}]
            elif isinstance(known.fields[name], BaseSerializer):
                yield from _unknown_fields(known.fields[name], sent[name], f"{path}{name}.")


def _complaint(request: Request, name: str, known: Collection[str], filled: Collection[str]) -> str:
    values = request.query_params.getlist(name)
    if name not in known:
        message = _("This address has no parameter of this name. Known: %(known)s.")
        return message % {"known": _(", ").join(known) or "–"}
    if len(values) > 1 and name not in REPEATED:
        return _("This parameter is given more than once: give it once.")
    if name in filled and not values[-1]:
        return _("This parameter is empty: give a value, or leave it out.")
    return ""
