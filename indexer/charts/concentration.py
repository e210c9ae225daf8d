"""Figures of how far a total lies in few places."""

from collections.abc import Sequence

from django.utils.text import capfirst
from django.utils.translation import gettext as _

from weighting.drawing import PALETTE, UP, Spec, field, field_of_points
from weighting.lettering import with_plain_names

HEIGHT = 360
# A curve of thousands of units is as smooth with so many points.
MAX_POINTS = 400


@with_plain_names
def lorenz_chart(curve: Sequence[float], *, units_word: str, title: str, subtitle: str, source: str) -> Spec:
    """Draw a Lorenz curve, (parts + 1,) from 0 to 1, under the line of equal parts."""
    last, words = len(curve) - 1, {"units": units_word}
    step = max(1, last // MAX_POINTS)
    chosen = sorted({*range(0, last, step), last})
    rows = [{"cities": 100 * place / last, "held": 100 * curve[place], "count": place} for place in chosen]
    x = {
        "field": "cities",
        "type": "quantitative",
        "scale": {"domain": [0, 100], "nice": False},
        "axis": {"title": _("%(units)s, the smallest first, %%") % words, "tickCount": 5, "grid": True},
    }
    y = {
        "field": "held",
        "type": "quantitative",
        "scale": {"domain": [0, 100], "nice": False},
        "axis": {"title": _("what they hold, %"), "tickCount": 5, "grid": True, "labelFontSize": 12},
    }
    tooltip = [
        field("count", capfirst(units_word), "quantitative"),
        field("cities", _("Share of the %(units)s, %%") % words, "quantitative", ".1f"),
        field("held", _("What they hold, %"), "quantitative", ".2f"),
    ]
    layers: list[Spec] = [
        {
            "mark": {"type": "area", "color": UP, "opacity": 0.12},
            "encoding": {"x": x, "y": y, "y2": {"field": "cities"}},
        },
        {
            "data": {"values": [{"cities": 0, "held": 0}, {"cities": 100, "held": 100}]},
            "mark": {
                "type": "line",
                "color": PALETTE["chart-axis"],
                "strokeDash": [5, 4],
                "strokeWidth": 1.5,
            },
            "encoding": {"x": x, "y": y},
        },
        {
            "data": {"values": [{"cities": 48, "held": 48, "text": _("if all held the same")}]},
            "mark": {"type": "text", "align": "right", "dx": -6, "dy": -6},
            "encoding": {"x": x, "y": y, "text": {"field": "text"}},
        },
        {
            "mark": {"type": "line", "color": UP, "strokeWidth": 2.5},
            "encoding": {"x": x, "y": y},
        },
        {
            "mark": {"type": "point", "filled": True, "size": 60, "opacity": 0},
            "encoding": {"x": x, "y": y, "tooltip": tooltip},
        },
    ]
    return field_of_points(rows, layers, title=title, subtitle=subtitle, source=source, height=HEIGHT)
