"""Vega-Lite specs of the product's figures, and their rendering to a file.

A spec carries the light palette and names every colour in ``usermeta``, so that the page can
exchange them for the reader's own (static/css/tokens.css holds the same names). Its title,
unit and source are set by the page in a browser, and drawn into the picture by ``render``.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import vl_convert
from django.utils.translation import gettext as _

Spec = dict[str, Any]

# Okabe & Ito (2008), https://jfly.uni-koeln.de/color/, in the order that keeps neighbours apart.
PALETTE = {
    "series-1": "#0072b2",
    "series-2": "#e69f00",
    "series-3": "#009e73",
    "series-4": "#cc79a7",
    "series-5": "#56b4e9",
    "series-6": "#d55e00",
    "chart-ink": "#1b1e24",
    "chart-muted": "#545a65",
    "chart-grid": "#e4e1d9",
    "chart-axis": "#747a84",
    "chart-paper": "#fcfbf9",
}
SERIES = [colour for name, colour in PALETTE.items() if name.startswith("series")]
UP, DOWN = PALETTE["series-1"], PALETTE["series-6"]
SHAPES = ["circle", "diamond", "square", "triangle-up", "cross", "triangle-down"]
FONT = '"Noto Sans CJK SC", "PingFang SC", "Microsoft YaHei", "Noto Sans SC", sans-serif'
SCHEMA = "https://vega.github.io/schema/vega-lite/v6.json"
VEGA_LITE = "6.4"
PICTURE_WIDTH = 720


@dataclass(frozen=True)
class Caption:
    """The words around a figure: the finding, the unit, and where the figures come from."""

    title: str
    subtitle: str
    source: str


@dataclass(frozen=True)
class RankMove:
    """A city's rank under two versions."""

    name: str
    before: int
    after: int

    @property
    def shift(self) -> int:
        """Places gained: positive where the city moves up towards rank 1."""
        return self.before - self.after


@dataclass(frozen=True)
class ScoreMove:
    """The change of a city's composite score, split by sub-index."""

    name: str
    parts: Mapping[str, float]

    @property
    def total(self) -> float:
        return sum(self.parts.values())


@dataclass(frozen=True)
class NodeWeight:
    """The weight of an indicator under one version, in percent."""

    version: str
    name: str
    percent: float


@dataclass(frozen=True)
class CityPoint:
    """A city's composite score under one version, in percent of the whole."""

    version: str
    name: str
    score: float


def theme() -> dict[str, Any]:
    """Return the Vega-Lite config of every figure: print-like, no frame, light vertical grid."""
    ink, muted = PALETTE["chart-ink"], PALETTE["chart-muted"]
    return {
        "font": FONT,
        "background": PALETTE["chart-paper"],
        "padding": 4,
        "view": {"stroke": None},
        "range": {"category": SERIES, "symbol": SHAPES},
        "axis": {"labelColor": muted, "titleColor": muted, "labelFontSize": 12, "titleFontSize": 12},
        "axisX": {"gridColor": PALETTE["chart-grid"], "domain": False, "ticks": False, "labelPadding": 8},
        "axisY": {
            "grid": False,
            "domain": False,
            "ticks": False,
            "labelPadding": 8,
            "labelLimit": 160,
            "labelColor": ink,
            "labelFontSize": 13,
        },
        "legend": {
            "orient": "top",
            "direction": "horizontal",
            "title": None,
            "labelColor": ink,
            "labelFontSize": 13,
            "symbolSize": 110,
            "offset": 12,
            "labelLimit": 260,
            "columnPadding": 16,
            "layout": {"top": {"anchor": "start", "margin": 16}},
        },
        "title": {
            "anchor": "start",
            "frame": "group",
            "color": ink,
            "fontSize": 17,
            "fontWeight": "bold",
            "subtitleColor": muted,
            "subtitleFontSize": 13,
            "subtitlePadding": 6,
            "offset": 16,
        },
        "text": {"color": muted, "fontSize": 12},
    }


def rank_shift_chart(moves: Sequence[RankMove], caption: Caption, *, limit: int = 20) -> Spec:
    """Draw the places gained or lost by the cities that move most; the unmoved are left out."""
    chosen = sorted((m for m in moves if m.shift), key=lambda m: (-abs(m.shift), m.after))[:limit]
    chosen.sort(key=lambda m: (-m.shift, m.after))
    rises, falls = _("moves up"), _("moves down")
    rows = [
        {
            **asdict(move),
            "shift": move.shift,
            "start": 0,
            "direction": rises if move.shift > 0 else falls,
            "ranks": f"{move.before} → {move.after}",
        }
        for move in chosen
    ]
    # The padding, in pixels, leaves room for the ranks beside the marks.
    x = {
        "field": "shift",
        "type": "quantitative",
        "scale": {"padding": 72, "nice": False},
        "axis": {"title": None, "tickMinStep": 1, "format": "+d", "labelExpr": _SIGNED, "tickCount": 6},
    }
    colour = {
        "field": "direction",
        "type": "nominal",
        "scale": {"domain": [rises, falls], "range": [UP, DOWN]},
    }
    shape = {**colour, "scale": {"domain": [rises, falls], "range": ["triangle-up", "triangle-down"]}}
    tooltip = [
        _field("name", _("City")),
        _field("before", _("Rank before"), "quantitative"),
        _field("after", _("Rank after"), "quantitative"),
        _field("shift", _("Places gained"), "quantitative", "+d"),
    ]
    layers = [
        _zero_line(),
        {
            "mark": {"type": "rule", "strokeWidth": 2},
            "encoding": {
                "x": {"field": "start", "type": "quantitative"},
                "x2": {"field": "shift"},
                "color": colour,
                "tooltip": tooltip,
            },
        },
        {
            "mark": {"type": "point", "filled": True, "size": 110, "opacity": 1},
            "encoding": {"x": x, "color": colour, "shape": shape, "tooltip": tooltip},
        },
        _end_label("datum.shift > 0", "ranks", x, align="left", dx=12),
        _end_label("datum.shift < 0", "ranks", x, align="right", dx=-12),
    ]
    return _figure(rows, layers, caption, step=26)


def score_shift_chart(moves: Sequence[ScoreMove], caption: Caption, *, limit: int = 20) -> Spec:
    """Stack, for the cities whose score changes most, what each sub-index adds or takes away."""
    chosen = sorted(moves, key=lambda m: -abs(m.total))[:limit]
    chosen.sort(key=lambda m: -m.total)
    names = list(dict.fromkeys(part for move in chosen for part in move.parts))
    rows = [
        {"name": move.name, "part": part, "change": change, "total": move.total, "order": names.index(part)}
        for move in chosen
        for part, change in move.parts.items()
    ]
    x = {
        "field": "change",
        "type": "quantitative",
        "stack": "zero",
        "axis": {"title": None, "format": "+.3~r", "labelExpr": _SIGNED, "tickCount": 6},
    }
    tooltip = [
        _field("name", _("City")),
        _field("part", _("Sub-index")),
        _field("change", _("Change from it"), "quantitative", "+.3~r"),
        _field("total", _("Change of the score"), "quantitative", "+.3~r"),
    ]
    net = _("change of the score")
    layers = [
        {
            "mark": {
                "type": "bar",
                "height": {"band": 0.7},
                "stroke": PALETTE["chart-paper"],
                "strokeWidth": 1,
            },
            "encoding": {
                "x": x,
                "color": {"field": "part", "type": "nominal", "scale": {"domain": names}},
                "order": {"field": "order"},
                "tooltip": tooltip,
            },
        },
        _zero_line(),
        {
            "mark": {
                "type": "point",
                "filled": True,
                "fill": PALETTE["chart-ink"],
                "size": 70,
                "opacity": 1,
                "stroke": PALETTE["chart-paper"],
                "strokeWidth": 1,
            },
            "encoding": {
                "x": {"field": "total", "type": "quantitative", "aggregate": "max"},
                "shape": {"datum": net, "scale": {"range": ["diamond"]}},
            },
        },
    ]
    return _figure(rows, layers, caption, step=26)


def weights_chart(weights: Sequence[NodeWeight], caption: Caption) -> Spec:
    """Set the weights of the sub-indices side by side, one line per version."""
    versions = list(dict.fromkeys(w.version for w in weights))
    x = {
        "field": "percent",
        "type": "quantitative",
        "scale": {"zero": False, "nice": False, "padding": 48},
        "axis": {"title": None, "tickCount": 6},
    }
    offset = {"field": "version", "type": "nominal", "scale": {"domain": versions}}
    tooltip = [
        _field("name", _("Indicator")),
        _field("version", _("Weight version")),
        _field("percent", _("Weight, %"), "quantitative", ".4~f"),
    ]
    layers: list[Spec] = [
        {
            "mark": {"type": "point", "filled": True, "size": 110, "opacity": 1},
            "encoding": {"x": x, "yOffset": offset, "color": offset, "shape": offset, "tooltip": tooltip},
        },
        {
            "mark": {"type": "text", "align": "left", "dx": 10},
            "encoding": {"x": x, "yOffset": offset, "text": {"field": "percent", "format": ".2f"}},
        },
    ]
    rows = [asdict(w) for w in weights]
    return _figure(rows, layers, caption, step=22 * len(versions) + 8)


def distribution_strip(
    points: Sequence[CityPoint],
    caption: Caption,
    *,
    named: Sequence[str] = (),
    scale: Literal["linear", "log"] = "linear",
) -> Spec:
    """Draw one tick per city and version, and name the few cities of ``named``.

    ``log`` spreads scores that span orders of magnitude; it needs positive scores.
    """
    rows = [{**asdict(p), "named": p.name in named} for p in points]
    x: Spec = {
        "field": "score",
        "type": "quantitative",
        "scale": {"type": scale, "nice": False, "padding": 32},
        "axis": {"title": None, "tickCount": 6, "format": "~r"},
    }
    if scale == "log":
        # Vega draws a grid line for every 2, 3, ... 9 as well, which reads as hatching.
        x["axis"]["values"] = [10.0**k for k in range(-6, 7)]
    tooltip = [
        _field("name", _("City")),
        _field("version", _("Weight version")),
        _field("score", _("Score, % of the whole"), "quantitative", ".4r"),
    ]
    chosen = [{"filter": "datum.named"}]
    layers: list[Spec] = [
        {
            "mark": {"type": "tick", "thickness": 1.5, "height": 18, "opacity": 0.55, "color": UP},
            "encoding": {"x": x, "tooltip": tooltip},
        },
        {
            "transform": chosen,
            "mark": {
                "type": "tick",
                "thickness": 3,
                "height": 26,
                "opacity": 1,
                "color": PALETTE["chart-ink"],
            },
            "encoding": {"x": x, "tooltip": tooltip},
        },
        {
            "transform": chosen,
            "mark": {"type": "text", "dy": -22, "color": PALETTE["chart-ink"]},
            "encoding": {"x": x, "text": {"field": "name"}},
        },
    ]
    return _figure(rows, layers, caption, step=64, y="version")


def render(spec: Spec, format: Literal["svg", "png"], lang: str) -> bytes:
    """Draw a figure as a file that stands alone: title, unit and source are in the picture."""
    picture = _with_caption(spec)
    if format == "png":
        return vl_convert.vegalite_to_png(picture, vl_version=VEGA_LITE, scale=2, allowed_base_urls=[])
    svg = vl_convert.vegalite_to_svg(picture, vl_version=VEGA_LITE, allowed_base_urls=[])
    return svg.replace("<svg ", f'<svg lang="{lang}" ', 1).encode()


_SIGNED = "datum.value === 0 ? '0' : datum.label"


def _field(field: str, title: str, kind: str = "nominal", format: str = "") -> Spec:
    return {"field": field, "title": title, "type": kind} | ({"format": format} if format else {})


def _zero_line() -> Spec:
    return {
        "mark": {"type": "rule", "color": PALETTE["chart-axis"], "strokeWidth": 1},
        "data": {"values": [{"zero": 0}]},
        "encoding": {"x": {"field": "zero", "type": "quantitative"}, "y": None},
    }


def _end_label(test: str, field: str, x: Spec, *, align: str, dx: int) -> Spec:
    return {
        "transform": [{"filter": test}],
        "mark": {"type": "text", "align": align, "dx": dx},
        "encoding": {"x": x, "text": {"field": field}},
    }


def _figure(
    rows: list[dict[str, Any]], layers: list[Spec], caption: Caption, *, step: int, y: str = "name"
) -> Spec:
    return {
        "$schema": SCHEMA,
        "description": caption.title,
        "usermeta": {"palette": PALETTE, **asdict(caption)},
        "config": theme(),
        "width": "container",
        "height": step * len({row[y] for row in rows}),
        "data": {"values": rows},
        # The order of the rows is the order of the figure.
        "encoding": {"y": {"field": y, "type": "nominal", "sort": None, "title": None}},
        "layer": layers,
    }


def _with_caption(spec: Spec) -> Spec:
    """Put the title above and the source below, as the page does around the drawing."""
    caption = spec["usermeta"]
    drawing = {k: v for k, v in spec.items() if k not in {"$schema", "config", "usermeta"}}
    foot = {
        "width": PICTURE_WIDTH,
        "height": 12,
        "data": {"values": [{}]},
        "mark": {"type": "text", "align": "left", "x": 0, "fontSize": 11, "limit": PICTURE_WIDTH},
        "encoding": {"text": {"value": caption["source"]}},
    }
    return {
        "$schema": SCHEMA,
        "config": {**spec["config"], "padding": 20, "concat": {"spacing": 16}},
        "title": {"text": caption["title"], "subtitle": caption["subtitle"]},
        "vconcat": [{**drawing, "width": PICTURE_WIDTH}, foot],
    }
