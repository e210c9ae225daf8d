"""The way of a few numbers over the years, as a line the size of a word, with its numbers in words."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from indexer.views.shared.tables import plain_number

WIDTH, HEIGHT = 40, 12
# Half of the line's width on each side.
MARGIN = 1


@dataclass(frozen=True)
class Spark:
    """The path of a line, and what it shows in words."""

    path: str
    words: str


def draw_spark(years: Sequence[int], values: Sequence[float]) -> Spark | None:
    """Return the line of values by year, nan where there is none; None for fewer than two."""
    known = [value for value in values if not math.isnan(value)]
    if len(known) < 2:
        return None
    said = [
        _("%(year)s: %(value)s") % {"year": year, "value": plain_number(value)}
        for year, value in zip(years, values, strict=True)
        if not math.isnan(value)
    ]
    return Spark(
        "".join(_steps(years, values, min(known), max(known))), pgettext("between names", ", ").join(said)
    )


def _steps(years: Sequence[int], values: Sequence[float], low: float, high: float) -> Iterator[str]:
    """Yield the points of a path; a year without a value breaks the line."""
    is_broken = True
    for year, value in zip(years, values, strict=True):
        if not math.isnan(value):
            x = MARGIN + (WIDTH - 2 * MARGIN) * (year - years[0]) / (years[-1] - years[0])
            # What stays as it is runs along the middle.
            height = (value - low) / (high - low) if high > low else 0.5
            y = HEIGHT - MARGIN - (HEIGHT - 2 * MARGIN) * height
            yield f"{'M' if is_broken else 'L'}{x:.1f} {y:.1f}"
        is_broken = math.isnan(value)
