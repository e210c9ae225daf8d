"""How the values of one indicator are spread, as pages of runs and of data sets show it."""

from collections.abc import Sequence

from django.utils.translation import gettext as _

from indexer import charts
from indexer.numeric.coherence.indicators import IndicatorFacts, histogram
from indexer.views.shared.tables import plain_number
from weighting.numeric.arrays import FloatArray
from weighting.views.numbers import signed

PERCENT = 100


def histogram_bins(present: FloatArray) -> list[charts.Bin]:
    """Count values, all of them finite, in classes."""
    edges, counts = histogram(present)
    return [
        charts.Bin(low, high, count)
        for low, high, count in zip(edges[:-1].tolist(), edges[1:].tolist(), counts.tolist(), strict=True)
    ]


def bin_rows(bins: Sequence[charts.Bin]) -> list[tuple[str, str, int]]:
    """Return the classes as the table beside the chart shows them."""
    return [(plain_number(part.low), plain_number(part.high), part.count) for part in bins]


def value_stats(facts: IndicatorFacts, at: int, count: int, units: str) -> list[dict[str, str]]:
    """Return what is known of the values of one indicator over ``count`` units."""
    shape = facts.shapes[at]
    return [
        {
            "label": _("Values"),
            "value": str(int(facts.count[at])),
            "note": _("of %(count)s %(units)s") % {"count": count, "units": units},
        },
        {"label": _("Zeros"), "value": _share(facts.zeros[at]), "note": _("of the values")},
        {"label": _("The commonest value"), "value": _share(facts.repeats[at]), "note": _("of the values")},
        {
            "label": _("Skewness"),
            "value": signed(shape.skewness, 2, plus=False),
            "note": _("2 or more is far"),
        },
        {
            "label": _("Kurtosis"),
            "value": signed(shape.kurtosis, 2, plus=False),
            "note": _("3.5 or more is far"),
        },
    ]


def _share(part: float) -> str:
    return f"{signed(float(part) * PERCENT, 1, plus=False)} %"
