"""Figures of what the parts of an index weigh, and what they account for."""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from django.utils.text import capfirst
from django.utils.translation import gettext as _

from weighting.drawing import PALETTE, UP, Spec, field, field_of_points, figure
from weighting.lettering import with_plain_names

HEIGHT = 260


@dataclass(frozen=True)
class WeightAndImportance:
    """What a member of a group weighs and what it accounts for, in percent; nan without an interval."""

    name: str
    weight: float
    importance: float
    low: float
    high: float


@dataclass(frozen=True)
class Bin:
    """A class of a histogram, and how many values it holds."""

    low: float
    high: float
    count: int


@with_plain_names
def dumbbell_chart(rows: Sequence[WeightAndImportance], *, title: str, subtitle: str, source: str) -> Spec:
    """Draw the weight of each member and its importance, joined, and how sure the importance is."""
    words = [_("weight"), _("importance")]
    x = {
        "field": "weight",
        "type": "quantitative",
        "scale": {"zero": True, "nice": True},
        "axis": {"title": "%", "tickCount": 6},
    }
    tooltip = [
        field("name", _("Indicator")),
        field("weight", _("Weight, %"), "quantitative", ".2f"),
        field("importance", _("Importance, %"), "quantitative", ".2f"),
        field("low", _("from"), "quantitative", ".2f"),
        field("high", _("to"), "quantitative", ".2f"),
    ]
    layers: list[Spec] = [
        _between(
            "low", "high", {"strokeWidth": 9, "color": PALETTE["series-5"], "opacity": 0.35}, x, tooltip
        ),
        _between("weight", "importance", {"strokeWidth": 2, "color": PALETTE["chart-axis"]}, x, tooltip),
        _end("weight", words[0], words, x, tooltip),
        _end("importance", words[1], words, x, tooltip),
    ]
    drawn = [{key: _or_none(value) for key, value in asdict(row).items()} for row in rows]
    return figure(drawn, layers, title=title, subtitle=subtitle, source=source, step=26)


@with_plain_names
def histogram_chart(
    bins: Sequence[Bin], *, x_title: str, units_word: str, title: str, subtitle: str, source: str
) -> Spec:
    """Draw how many values lie in each class."""
    rows = [asdict(part) for part in bins]
    tooltip = [
        field("low", _("from"), "quantitative", ",.4~g"),
        field("high", _("to"), "quantitative", ",.4~g"),
        field("count", capfirst(units_word), "quantitative"),
    ]
    layers: list[Spec] = [
        {
            "mark": {"type": "rect", "color": UP, "stroke": PALETTE["chart-paper"], "strokeWidth": 0.5},
            "encoding": {
                "x": {
                    "field": "low",
                    "type": "quantitative",
                    "scale": {"zero": False, "nice": False},
                    "axis": {"title": x_title or None, "format": "~s", "tickCount": 6},
                },
                "x2": {"field": "high"},
                "y": {
                    "field": "count",
                    "type": "quantitative",
                    "axis": {"title": units_word, "tickCount": 5, "grid": True, "labelFontSize": 12},
                },
                "y2": {"datum": 0},
                "tooltip": tooltip,
            },
        }
    ]
    return field_of_points(rows, layers, title=title, subtitle=subtitle, source=source, height=HEIGHT)


def _between(start: str, end: str, look: Spec, x: Spec, tooltip: list[Spec]) -> Spec:
    return {
        "mark": {"type": "rule", **look},
        "encoding": {"x": {**x, "field": start}, "x2": {"field": end}, "tooltip": tooltip},
    }


def _end(name: str, word: str, words: Sequence[str], x: Spec, tooltip: list[Spec]) -> Spec:
    """Draw one end of the dumbbells, with its own colour and shape in the key."""
    scales = {
        "color": [PALETTE["series-2"], PALETTE["series-1"]],
        "shape": ["diamond", "circle"],
    }
    key = {
        channel: {"datum": word, "type": "nominal", "scale": {"domain": list(words), "range": looks}}
        for channel, looks in scales.items()
    }
    return {
        "mark": {"type": "point", "filled": True, "size": 110, "opacity": 1},
        "encoding": {"x": {**x, "field": name}, "tooltip": tooltip, **key},
    }


def _or_none(value: Any) -> Any:
    """A value that there is not is left out of the drawing."""
    return None if isinstance(value, float) and math.isnan(value) else value
