"""Whom a sentence names where several have the most of something."""

import numpy as np
from django.utils.translation import gettext as _

from weighting.numeric.arrays import FloatArray

ROUNDING = 1e-9


def largest_of(sizes: FloatArray) -> list[int]:
    """Return the places of the largest, which rounding alone does not tell apart."""
    places: list[int] = np.flatnonzero(sizes >= sizes.max() * (1 - ROUNDING)).tolist()
    return places


def and_more(name: str, others: int) -> str:
    """Name one of those that tie, and count the others."""
    return _("%(city)s and %(others)s more") % {"city": name, "others": others} if others else name


def who_leads(name: str, *, sharing: int, count: int, units: str) -> str:
    """Say who is first of so many, and whether others share the rank."""
    words = {"city": and_more(name, sharing - 1), "count": count, "units": units}
    if count == 1:
        return _("%(city)s alone has a score here") % words
    if sharing == count:
        return _("All %(count)s %(units)s tie") % words
    if sharing > 1:
        return _("%(city)s share the first rank among %(count)s %(units)s") % words
    return _("%(city)s leads %(count)s %(units)s") % words
