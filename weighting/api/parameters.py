"""What an address of the API does not know, or cannot read, it refuses by name."""

from collections.abc import Collection

from django.utils.translation import gettext as _
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request

# These name several things, joined by commas or each by itself.
REPEATED = ("runs", "versions")


def check_parameters(request: Request, known: Collection[str], *, filled: Collection[str] = ()) -> None:
    """Refuse parameters that are not known, that come twice, or that are empty though ``filled``."""
    said = {name: _complaint(request, name, known, filled) for name in request.query_params}
    wrong = {name: [text] for name, text in said.items() if text}
    if wrong:
        raise ValidationError(wrong)


def _complaint(request: Request, name: str, known: Collection[str], filled: Collection[str]) -> str:
    values = request.query_params.getlist(name)
    if name not in known:
        message = _("This address has no parameter of this name. Known: %(known)s.")
        return message % {"known": ", ".join(known) or "–"}
    if len(values) > 1 and name not in REPEATED:
        return _("This parameter is given more than once: give it once.")
    if name in filled and not values[-1]:
        return _("This parameter is empty: give a value, or leave it out.")
    return ""
