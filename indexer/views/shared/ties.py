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
