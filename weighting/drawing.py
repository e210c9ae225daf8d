"""How every figure looks, and how one becomes a file.

A spec carries the light palette and names every colour in ``usermeta``, so that the page can
exchange them for the reader's own (static/css/tokens.css holds the same names). Its title,
unit and source are set by the page in a browser, and drawn into the picture by ``render``.
"""

import re
from typing import Any
from unicodedata import east_asian_width

import pylopdf_fonts_zh_cn
import vl_convert

Spec = dict[str, Any]

# What a picture is saved as, and how it is sent.
PICTURES = {"svg": "image/svg+xml", "png": "image/png", "pdf": "application/pdf"}

# A machine without Chinese fonts of its own still draws Chinese: the package brings Noto Sans SC.
vl_convert.register_font_directory(str(pylopdf_fonts_zh_cn.sans_path().parent))

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
SOURCE_SIZE, SOURCE_LINE = 11, 15
LABEL_LIMIT = 320
# Of the height, on average; a Chinese character is as wide as it is high.
LATIN_WIDTH = 0.56
# A word, or one Chinese character with the marks that may not begin a line.
WORDS = re.compile(r"[\u2e80-\uffef][，。；：、！？）》”’]*\s*|[^\s\u2e80-\uffef]+\s*|\s+")


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


def render(spec: Spec, format: str, lang: str) -> bytes:
    """Draw a figure as one of `PICTURES` that stands alone: title, unit and source are in the picture."""
    picture = _with_caption(spec)
    if format == "png":
        return vl_convert.vegalite_to_png(picture, vl_version=VEGA_LITE, scale=2, allowed_base_urls=[])
    if format == "pdf":
        return vl_convert.vegalite_to_pdf(picture, vl_version=VEGA_LITE, allowed_base_urls=[])
    svg = vl_convert.vegalite_to_svg(picture, vl_version=VEGA_LITE, allowed_base_urls=[])
    return svg.replace("<svg ", f'<svg lang="{lang}" ', 1).encode()


def broken_into_lines(text: str, size: int, width: int = PICTURE_WIDTH) -> list[str]:
    """Break a text of ``size`` pixels where it would leave the picture: between words or characters."""
    lines, used = [""], 0.0
    for word in WORDS.findall(text):
        needed = size * sum(1.0 if east_asian_width(c) in "WF" else LATIN_WIDTH for c in word.rstrip())
        if lines[-1] and used + needed > width:
            lines[-1] = lines[-1].rstrip()
            lines.append("")
            used = 0.0
        lines[-1] += word
        used += needed + size * LATIN_WIDTH * (len(word) - len(word.rstrip()))
    return lines


def _with_caption(spec: Spec) -> Spec:
    """Put the title above and the source below, as the page does around the drawing."""
    caption = spec["usermeta"]
    drawing = {k: v for k, v in spec.items() if k not in {"$schema", "config", "usermeta"}}
    source = broken_into_lines(caption["source"], SOURCE_SIZE)
    foot = {
        "width": PICTURE_WIDTH,
        "height": SOURCE_LINE * len(source),
        "data": {"values": [{}]},
        "mark": {
            "type": "text",
            "text": source,
            "align": "left",
            "baseline": "top",
            "x": 0,
            "y": 0,
            "fontSize": SOURCE_SIZE,
            "lineHeight": SOURCE_LINE,
        },
    }
    title = spec["config"]["title"]
    return {
        "$schema": SCHEMA,
        "config": {
            **spec["config"],
            "padding": 20,
            "concat": {"spacing": 16},
            # Nobody can point at a picture to read the rest of a name.
            "axisY": {**spec["config"]["axisY"], "labelLimit": LABEL_LIMIT},
        },
        "title": {
            "text": broken_into_lines(caption["title"], title["fontSize"]),
            "subtitle": broken_into_lines(caption["subtitle"], title["subtitleFontSize"]),
        },
        "vconcat": [{**drawing, "width": PICTURE_WIDTH}, foot],
    }
