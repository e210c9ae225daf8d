"""Rows that are locked to be changed, which somebody may have removed since a page found them."""

from typing import TypeVar

from django.db.models import Model, QuerySet
from django.utils.translation import gettext as _

from weighting.exceptions import Refused

Row = TypeVar("Row", bound=Model)


def still_there(locked: QuerySet[Row], pk: int) -> Row:
    """Return the row as it stands under its lock; refused where it is gone."""
    found = locked.filter(pk=pk).order_by().first()
    if found is None:
        raise Refused(_("This is not here any more: somebody removed or replaced it meanwhile."))
    return found
