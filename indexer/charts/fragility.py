"""Figures of how little it takes to turn two neighbours round."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from django.utils.text import capfirst
from django.utils.translation import gettext as _

from weighting.drawing import PALETTE, Spec, field, field_of_points
from weighting.lettering import with_plain_names

HEIGHT = 340


@dataclass(frozen=True)
class PairDot:
    """Two neighbours, and the smallest change of one weight that turns them round."""

    rank: int
    pair: str
    indicator: str
    branch: str
    points: float
    weights: str


@with_plain_names
def fragility_chart(
    dots: Sequence[PairDot],
    branches: Sequence[str],
    *,
    unit_word: str,
    units_word: str,
    title: str,
    subtitle: str,
    source: str,
) -> Spec:
    """Draw the smallest change by rank, on a scale that spreads small ones; colour and shape by sub-index."""
    rows = [asdict(dot) for dot in dots]
    branch = {"field": "branch", "type": "nominal", "scale": {"domain": list(branches)}}
    encoding = {
        "x": {
            "field": "rank",
            "type": "quantitative",
            "scale": {"nice": False, "zero": False, "padding": 12},
            "axis": {
                "title": _("rank of the better %(unit)s") % {"unit": unit_word},
                "tickCount": 8,
                "tickMinStep": 1,
                "grid": False,
            },
        },
        "y": {
            "field": "points",
            "type": "quantitative",
            "scale": {"type": "symlog", "constant": 0.02, "nice": False, "padding": 12},
            "axis": {
                "title": _("smallest change, percentage points"),
                "values": [0, 0.01, 0.1, 1, 10, 100],
                "format": "~r",
                "grid": True,
                "labelFontSize": 12,
            },
        },
        "color": branch,
        "shape": branch,
        "tooltip": [
            field("pair", capfirst(units_word)),
            field("indicator", _("Indicator")),
            field("weights", _("Local weight, %")),
            field("points", _("Change, percentage points"), "quantitative", "+.3~r"),
        ],
    }
    layers: list[Spec] = [
        {
            "data": {"values": [{"limit": 1}]},
            "mark": {"type": "rule", "color": PALETTE["chart-axis"], "strokeDash": [5, 4]},
            "encoding": {"y": {"field": "limit", "type": "quantitative"}},
        },
        {"mark": {"type": "point", "filled": True, "size": 45, "opacity": 0.85}, "encoding": encoding},
    ]
    return field_of_points(rows, layers, title=title, subtitle=subtitle, source=source, height=HEIGHT)
