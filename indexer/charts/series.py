"""Figures of an index against an outside series."""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from django.utils.text import capfirst
from django.utils.translation import gettext as _

from indexer.charts.groups import Groups, group_colours
from indexer.charts.names import NamedPoint, name_layers, place_names
from weighting.drawing import (
    AXIS_ROOM,
    DOWN,
    NARROW,
    PALETTE,
    UP,
    WIDE,
    Spec,
    field,
    field_of_points,
    with_narrow,
)
from weighting.lettering import with_plain_names

HEIGHT, PADDING = 440, 12


@dataclass(frozen=True)
class SeriesPoint:
    """A unit's figure in the series and its score; outliers are named."""

    name: str
    rank: int
    value: float
    score: float
    residual: float
    is_outlier: bool
    group: str = ""


@dataclass(frozen=True)
class ScatterCell:
    """A rectangle of a crowded drawing: from where to where, and how many units lie in it."""

    low: float
    high: float
    bottom: float
    top: float
    count: int


@dataclass(frozen=True)
class Behind:
    """What is drawn behind the marks: thin lines at the medians, across and upwards, and counted units."""

    medians: tuple[float, float] | None = None
    crowd: Sequence[ScatterCell] = ()
    units_word: str = ""


@dataclass(frozen=True)
class Axes:
    """What the series and the scores are called, and whether both are drawn by their logarithms."""

    x_title: str
    y_title: str
    logarithmic: bool
    # What the colours of the marks tell apart; without them, how far they are from the line.
    groups: Groups | None = None


@dataclass(frozen=True)
class Line:
    """The line of least squares, in the figures that are drawn or in their logarithms."""

    slope: float
    intercept: float


@with_plain_names
def series_scatter(
    points: Sequence[SeriesPoint],
    *,
    unit_word: str,
    axes: Axes,
    line: Line | None,
    named: int,
    title: str,
    subtitle: str,
    source: str,
    behind: Behind | None = None,
) -> Spec:
    """Draw scores over the series with the line of least squares; the furthest ``named`` get names.

    Where there are too many units for a mark each, ``behind`` counts them all and ``points`` are the furthest
    and the outermost.
    """
    behind = behind or Behind()
    # The furthest are drawn last, so that no other mark hides them.
    ordered = sorted(points, key=lambda point: abs(point.residual))
    kinds = [_("near the line"), _("far from it")]
    rows = [{**vars(point), "kind": kinds[point.is_outlier]} for point in ordered]
    logarithmic = axes.logarithmic
    x = _axis("value", axes.x_title, logarithmic=logarithmic)
    y = _axis("score", axes.y_title, logarithmic=logarithmic)
    layers = [*_crowd(behind, x, y), *_medians(behind.medians)]
    if line is not None:
        layers.append(_line(points, x, y, line, logarithmic=logarithmic))
    tooltip = _point_words(axes, unit_word)
    layers.append(_points(x, y, kinds, groups=axes.groups, tooltip=tooltip, is_crowded=bool(behind.crowd)))
    wide, narrow = (
        layers + _names(ordered, {"x": x, "y": y}, named, width - AXIS_ROOM, logarithmic=logarithmic)
        for width in (WIDE, NARROW)
    )
    drawn = field_of_points(rows, wide, title=title, subtitle=subtitle, source=source, height=HEIGHT)
    if behind.crowd:
        drawn["resolve"] = {"scale": {"color": "independent"}, "legend": {"color": "independent"}}
    return with_narrow(drawn, layers=narrow)


def _point_words(axes: Axes, unit_word: str) -> list[Spec]:
    """Return the tooltip of a unit's mark."""
    return [
        field("name", capfirst(unit_word)),
        field("rank", _("Rank"), "quantitative"),
        field("value", axes.x_title, "quantitative", ",.4~g"),
        field("score", axes.y_title, "quantitative", ".4~g"),
        field("residual", _("Studentised residual"), "quantitative", "+.2f"),
        *([field("group", axes.groups.title)] if axes.groups else []),
    ]


def _points(
    x: Spec, y: Spec, kinds: Sequence[str], *, groups: Groups | None, tooltip: list[Spec], is_crowded: bool
) -> Spec:
    """Return the layer of the units' marks; their shape says of which of two ``kinds`` each is."""
    kind: Spec = {"field": "kind", "type": "nominal"}
    by_distance = {**kind, "scale": {"domain": kinds, "range": [UP, DOWN]}}
    shape: Spec = {**kind, "scale": {"domain": kinds, "range": ["circle", "diamond"]}}
    if is_crowded:
        # The colours of a crowd are none of the marks', so that the keys of both do not become one.
        shape["legend"] = None
    return {
        "mark": {"type": "point", "filled": True, "opacity": 0.75},
        "encoding": {
            "x": x,
            "y": y,
            "color": group_colours(groups) if groups else by_distance,
            "shape": shape,
            "size": {"condition": {"test": "datum.is_outlier", "value": 110}, "value": 40},
            "tooltip": tooltip,
        },
    }


def _axis(name: str, title: str, *, logarithmic: bool) -> Spec:
    scale: Spec = {"nice": False, "padding": PADDING} | ({"type": "log"} if logarithmic else {"zero": False})
    axis: Spec = {"title": title, "grid": True, "format": "~s" if name == "value" else "~r", "tickCount": 6}
    axis["labelFontSize"] = 12
    return {"field": name, "type": "quantitative", "scale": scale, "axis": axis}


def _names(
    ordered: Sequence[SeriesPoint], place: Spec, named: int, width: float, *, logarithmic: bool
) -> list[Spec]:
    """Write the names of the furthest outliers that have room in a drawing of so many pixels across."""
    across = _pixels([point.value for point in ordered], width, logarithmic=logarithmic)
    upwards = _pixels([point.score for point in ordered], HEIGHT, logarithmic=logarithmic)
    points = [
        NamedPoint(point.name, x, HEIGHT - y)
        for point, x, y in zip(ordered, across, upwards, strict=True)
        if point.is_outlier
    ]
    names = place_names(points[::-1], width=width, height=HEIGHT, most=named)
    return name_layers(names, place, {"color": PALETTE["chart-ink"]})


def _pixels(values: Sequence[float], size: float, *, logarithmic: bool) -> list[float]:
    """Return where an axis of ``size`` pixels has the values."""
    at = [math.log(value) if logarithmic else value for value in values]
    low, high = min(at), max(at)
    inner = size - 2 * PADDING
    return [PADDING + inner * ((value - low) / (high - low) if high > low else 0.5) for value in at]


def _crowd(behind: Behind, x: Spec, y: Spec) -> list[Spec]:
    """Return the layer that counts units in rectangles; none without any."""
    crowd, units_word = behind.crowd, behind.units_word
    if not crowd:
        return []
    legend = {"title": units_word, "titleColor": PALETTE["chart-ink"], "format": ".6~g"}
    scale = {"type": "log", "range": [PALETTE["chart-grid"], PALETTE["series-3"]]}
    count = {"field": "count", "type": "quantitative", "scale": scale, "legend": legend}
    return [
        {
            "data": {"values": [asdict(cell) for cell in crowd]},
            "mark": {"type": "rect"},
            "encoding": {
                "x": {**x, "field": "low"},
                "x2": {"field": "high"},
                "y": {**y, "field": "bottom"},
                "y2": {"field": "top"},
                "color": count,
                "tooltip": [field("count", capfirst(units_word), "quantitative")],
            },
        }
    ]


def _medians(medians: tuple[float, float] | None) -> list[Spec]:
    if medians is None:
        return []
    look = {"type": "rule", "color": PALETTE["chart-axis"], "strokeWidth": 1}
    return [
        {"mark": look, "encoding": {channel: {"datum": at, "type": "quantitative"}}}
        for channel, at in zip("xy", medians, strict=True)
    ]


def _line(points: Sequence[SeriesPoint], x: Spec, y: Spec, line: Line, *, logarithmic: bool) -> Spec:
    values = [point.value for point in points]
    ends = []
    for value in (min(values), max(values)):
        at = line.intercept + line.slope * (math.log(value) if logarithmic else value)
        ends.append({"value": value, "score": math.exp(at) if logarithmic else at})
    return {
        "data": {"values": ends},
        "mark": {"type": "line", "color": PALETTE["chart-axis"], "strokeDash": [5, 4]},
        "encoding": {"x": x, "y": y},
    }
