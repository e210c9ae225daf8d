"""How every figure looks, and how one becomes a file.

A spec carries the light palette and names every colour in ``usermeta``, so that the page can
exchange them for the reader's own (static/css/tokens.css holds the same names). Its title,
unit and source are set by the page in a browser, and drawn into the picture by ``render``.
"""

from typing import Any, Literal

import vl_convert

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


def figure(
    rows: list[dict[str, Any]],
    layers: list[Spec],
    *,
    title: str,
    subtitle: str,
    source: str,
    step: int,
    y: str = "name",
) -> Spec:
    """Return a figure with one line of ``step`` pixels for each ``y`` of the rows, in their order."""
    height = step * len({row[y] for row in rows})
    # The order of the rows is the order of the figure.
    lines = {"y": {"field": y, "type": "nominal", "sort": None, "title": None}}
    drawn = field_of_points(rows, layers, title=title, subtitle=subtitle, source=source, height=height)
    return {**drawn, "encoding": lines}


def field_of_points(
    rows: list[dict[str, Any]], layers: list[Spec], *, title: str, subtitle: str, source: str, height: int
) -> Spec:
    """Return a figure whose layers place the rows themselves, such as a curve or a map."""
    return {
        "$schema": SCHEMA,
        "description": title,
        "usermeta": {"palette": PALETTE, "title": title, "subtitle": subtitle, "source": source},
        "config": theme(),
        "width": "container",
        "height": height,
        "data": {"values": rows},
        "layer": layers,
    }


def field(name: str, title: str, kind: str = "nominal", format: str = "") -> Spec:
    """Return one line of a tooltip."""
    return {"field": name, "title": title, "type": kind} | ({"format": format} if format else {})


def render(spec: Spec, format: Literal["svg", "png"], lang: str) -> bytes:
    """Draw a figure as a file that stands alone: title, unit and source are in the picture."""
    picture = _with_caption(spec)
    if format == "png":
        return vl_convert.vegalite_to_png(picture, vl_version=VEGA_LITE, scale=2, allowed_base_urls=[])
    svg = vl_convert.vegalite_to_svg(picture, vl_version=VEGA_LITE, allowed_base_urls=[])
    return svg.replace("<svg ", f'<svg lang="{lang}" ', 1).encode()


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
