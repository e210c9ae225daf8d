"""How every figure looks, and how one becomes a file.

A spec carries the light palette and names every colour in ``usermeta``, so that the page can
exchange them for the reader's own (static/css/tokens.css holds the same names). Its title,
unit and source are set by the page in a browser, and drawn into the picture by ``render``.

``usermeta.narrow`` holds what is otherwise on a screen narrower than `WIDE`: names that would
take the room of the drawing stand on lines of their own, and keys are set one below another.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Self

from weighting.confined import MEGABYTE, Limits, run_confined
from weighting.lettering import (
    broken_into_lines,
    lines_expression,
    most_lines,
    text_width,
    with_straight_quotes,
)

Spec = dict[str, Any]


@dataclass(frozen=True)
class Figure:
    """A chart and the same numbers as a table, for components/_figure.html.

    ``chart`` is its spec, or what makes it when it is first asked for, which a page that shows the
    picture alone never does. ``labels`` are the heads of the table's columns that depend on what is
    shown; the others stand in the table's template. ``image_url`` is where the server draws the same chart.
    """

    title: str
    subtitle: str
    chart: Spec | Callable[[], Spec] | None
    rows: Sequence[Any]
    labels: Sequence[str] = ()
    image_url: str = ""

    @cached_property
    def spec(self) -> Spec | None:
        return self.chart() if callable(self.chart) else self.chart

    def drawn_at(self, image_url: str) -> Self:
        """Return the figure with the address of its picture."""
        return replace(self, image_url=image_url)


# What a picture is saved as, and how it is sent.
PICTURES = {"svg": "image/svg+xml", "png": "image/png", "pdf": "application/pdf"}

# V8 reserves more addresses than any machine has memory, so what is counted is what it writes to.
PROGRAM = Path(__file__).with_name("picture_program.py")
CONFINED = Limits(cpu_seconds=20, data=1024 * MEGABYTE, clock_seconds=40.0)

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
    "shade-1": "#d5e5f3",
    "shade-2": "#9cc6e4",
    "shade-3": "#5fa2d0",
    "shade-4": "#2b7bb8",
    "shade-5": "#0b4a86",
}
# The same on dark paper.
DARK = {
    "series-1": "#4ba3dc",
    "series-2": "#e6a92b",
    "series-3": "#2bb58c",
    "series-4": "#d795b9",
    "series-5": "#8cccf2",
    "series-6": "#ec7f35",
    "chart-ink": "#e8e6e0",
    "chart-muted": "#a9aeb6",
    "chart-grid": "#2c3239",
    "chart-axis": "#868d97",
    "chart-paper": "#14171b",
    "shade-1": "#1f3a56",
    "shade-2": "#2f6290",
    "shade-3": "#4b8fc4",
    "shade-4": "#86bce3",
    "shade-5": "#d5e5f3",
}
SERIES = [colour for name, colour in PALETTE.items() if name.startswith("series")]
# From few to much, told apart by their lightness alone: away from the paper, be it light or dark.
SHADES = [colour for name, colour in PALETTE.items() if name.startswith("shade")]
UP, DOWN = PALETTE["series-1"], PALETTE["series-6"]
SHAPES = ["circle", "diamond", "square", "triangle-up", "cross", "triangle-down"]
FONT = '"Noto Sans CJK SC", "PingFang SC", "Microsoft YaHei", "Noto Sans SC", sans-serif'
# What draws has this font in memory, while it opens the file of a Chinese one anew for every letter, several
# times: a picture takes it ten times as long. Whoever has not got it sees letters of the same width.
LATIN_FONT = '"Liberation Sans", Arial, Helvetica, sans-serif'
CHINESE = re.compile(r"[\u2e80-\uffef\U00020000-\U0003ffff]")
SCHEMA = "https://vega.github.io/schema/vega-lite/v6.json"
VEGA_LITE = "6.4"
PICTURE_WIDTH = 720
# What the pages that show a picture may ask for, by what they are shown on; a file to save has none of it.
DARK_LOOK, NARROW_LOOK, NARROW_DARK_LOOK = LOOKS = ("dark", "narrow", "narrow-dark")
# Of a narrow picture, with its padding: as wide as a phone, so that its letters are read as they are drawn.
PHONE_WIDTH, PHONE_PADDING, PHONE_TITLE = 360, 8, 15
SOURCE_SIZE, SOURCE_LINE = 11, 15
# What names may take beside the drawing of a wide screen, and a label before it is cut.
BESIDE_WIDE, LABEL_LIMIT = 400, 460
# The narrowest drawing of a wide screen, and that of the narrowest phone.
WIDE, NARROW = 640, 288
# On a narrow screen: the size of letters, what names may take beside the drawing, the line of one
# that stands above it, what an axis of figures takes, and the mark of a key with its space.
SMALL, BESIDE, LINE, AXIS_ROOM, KEY_ROOM = 12, 118, 16, 64, 26
# A title begins where names beside the drawing do: there is no room to its right.
PHONE_LETTERS = {"fontSize": PHONE_TITLE, "subtitleFontSize": SMALL, "frame": "bounds"}
# Between a name that stands above its line and the marks on either side of it.
AIR = 4
# On a wide screen: the size of the letters of a key, what stands between its words, and what a key
# of figures takes.
KEY_LETTERS, COLUMN_PADDING, OTHER_KEY = 13, 16, 160


def theme() -> dict[str, Any]:
    """Return the Vega-Lite config of every figure: print-like, no frame, light vertical grid."""
    ink, muted = PALETTE["chart-ink"], PALETTE["chart-muted"]
    return {
        "font": FONT,
        "background": PALETTE["chart-paper"],
        "padding": 4,
        "view": {"stroke": None},
        "range": {"category": SERIES, "symbol": SHAPES},
        # The drawing library would describe scales in English; the table beside says more, to everybody.
        "axis": {
            "aria": False,
            "labelColor": muted,
            "titleColor": muted,
            "labelFontSize": 12,
            "titleFontSize": 12,
            "gridColor": PALETTE["chart-grid"],
        },
        "axisX": {"domain": False, "ticks": False, "labelPadding": 8},
        "axisY": {
            "grid": False,
            "domain": False,
            "ticks": False,
            "labelPadding": 8,
            "labelLimit": LABEL_LIMIT,
            "labelColor": ink,
            "labelFontSize": 13,
        },
        "legend": {
            "aria": False,
            "orient": "top",
            "direction": "horizontal",
            "title": None,
            "titleLimit": LABEL_LIMIT,
            "labelColor": ink,
            "labelFontSize": KEY_LETTERS,
            # As many words as there are: by itself Vega stops at thirty.
            "symbolLimit": 0,
            "symbolSize": 110,
            "offset": 12,
            "labelLimit": LABEL_LIMIT,
            "columnPadding": COLUMN_PADDING,
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
    narrow_layers: list[Spec] | None = None,
) -> Spec:
    """Return a figure with one line of ``step`` pixels for each ``y`` of the rows, in their order."""
    names = list(dict.fromkeys(str(row[y]) for row in rows))
    # The order of the rows is the order of the figure.
    lines = {"field": y, "type": "nominal", "sort": None, "title": None}
    drawn = field_of_points(
        rows, layers, title=title, subtitle=subtitle, source=source, height=step * len(names)
    )
    wide = _named_lines(names, lines, step, width=WIDE, room=BESIDE_WIDE)
    narrow = _named_lines(names, lines, step, width=NARROW, room=BESIDE)
    return with_narrow(
        {**drawn, **wide},
        layers=narrow_layers or layers,
        beside=0 if "height" in narrow else BESIDE,
        **narrow,
    )


def field_of_points(
    rows: list[dict[str, Any]], layers: list[Spec], *, title: str, subtitle: str, source: str, height: int
) -> Spec:
    """Return a figure whose layers place the rows themselves, such as a curve or a map."""
    drawn = {
        "$schema": SCHEMA,
        "description": title,
        "usermeta": {"palette": PALETTE, "title": title, "subtitle": subtitle, "source": source},
        "config": theme(),
        "width": "container",
        "height": height,
        "data": {"values": rows},
        "layer": layers,
    }
    return with_narrow(drawn, layers=layers)


def with_narrow(spec: Spec, *, layers: Sequence[Spec], beside: int = AXIS_ROOM, **changes: Any) -> Spec:
    """Say what is otherwise on a narrow screen, with ``beside`` pixels taken by names or figures."""
    room = NARROW - beside - KEY_ROOM
    narrow = {
        "config": _narrow_config(spec["config"]),
        "layer": [_with_broken_key(layer, room) for layer in layers],
        **changes,
    }
    return _with_fitting_keys({**spec, "usermeta": {**spec["usermeta"], "narrow": narrow}})


def _named_lines(names: Sequence[str], lines: Spec, step: int, *, width: int, room: int) -> Spec:
    """Name the lines of a figure: beside them, or all above where one name is wider than ``room``."""
    if all(text_width(name, SMALL) <= room for name in names):
        return {"encoding": {"y": lines}}
    count = most_lines(names, SMALL, width)
    extra = AIR + LINE * count + AIR
    share = extra / (step + extra)
    axis = {
        "labelAlign": "left",
        "labelPadding": 0,
        "labelLimit": 0,
        "labelLineHeight": LINE,
        # From the middle of the line to that of the first line of letters above it.
        "labelOffset": AIR + LINE / 2 - step / 2 - extra,
        "zindex": 1,
    }
    if expression := lines_expression(names, SMALL, width, lines=count):
        axis["labelExpr"] = expression
    scale = {"paddingInner": share, "paddingOuter": share / 2, "align": 1}
    return {
        "height": (step + extra) * len(names),
        "encoding": {"y": {**lines, "scale": scale, "axis": axis}},
    }


def _with_fitting_keys(spec: Spec) -> Spec:
    """Set keys that are wider together than a drawing one below another, the words of each in columns."""
    words = dict(_words_of_keys(spec["layer"]))
    wide = {key: sum(map(_key_width, found)) or OTHER_KEY for key, found in words.items()}
    if sum(wide.values()) <= WIDE:
        return spec
    config, legend = spec["config"], spec["config"]["legend"]
    top = {**legend["layout"]["top"], "direction": "vertical"}
    layers = [_with_key_in_columns(layer) for layer in spec["layer"]]
    return {**spec, "config": {**config, "legend": {**legend, "layout": {"top": top}}}, "layer": layers}


def _words_of_keys(layers: Sequence[Spec]) -> Iterator[tuple[str, list[str]]]:
    """Yield each key with its words; one of figures has none."""
    for layer in layers:
        for channel in ("color", "shape", "size"):
            said = layer.get("encoding", {}).get(channel, {})
            if "scale" in said and said.get("legend", {}) is not None:
                words = said["scale"].get("domain", []) if said.get("type") == "nominal" else []
                yield (json.dumps(words) if words else str(said.get("field"))), words


def _key_width(word: str) -> float:
    return KEY_ROOM + COLUMN_PADDING + text_width(word, KEY_LETTERS)


def _with_key_in_columns(layer: Spec) -> Spec:
    """Set the words of a key in as many columns as have room on a wide screen."""
    encoding = dict(layer.get("encoding", {}))
    for channel in ("color", "shape"):
        said = encoding.get(channel) or {}
        words = said.get("scale", {}).get("domain", []) if said.get("type") == "nominal" else []
        if words and said.get("legend", {}) is not None and sum(map(_key_width, words)) > WIDE:
            columns = max(1, int(WIDE // max(map(_key_width, words))))
            encoding[channel] = {**said, "legend": {**said.get("legend", {}), "columns": columns}}
    return {**layer, "encoding": encoding} if "encoding" in layer else layer


def _narrow_config(config: Spec) -> Spec:
    """Return the config with smaller letters and every key in one column."""
    return {
        **config,
        "legend": {
            **config["legend"],
            "columns": 1,
            "labelFontSize": SMALL,
            "labelLimit": 0,
            "titleLimit": NARROW - KEY_ROOM,
            "layout": {"top": {"anchor": "start", "direction": "vertical", "margin": 4}},
        },
        "axisX": {**config["axisX"], "labelOverlap": "greedy", "labelSeparation": 12},
        "axisY": {**config["axisY"], "labelLimit": BESIDE + LINE, "labelFontSize": SMALL},
    }


def _with_broken_key(layer: Spec, room: int) -> Spec:
    """Break the words of a key that are wider than their room."""
    encoding = dict(layer.get("encoding", {}))
    for channel in ("color", "shape"):
        said = encoding.get(channel) or {}
        words = said.get("scale", {}).get("domain", []) if said.get("type") == "nominal" else []
        key = said.get("legend", {})
        # Names may stand beside what they name, and in no key.
        if key is not None and (expression := lines_expression(words, SMALL, room)):
            encoding[channel] = {**said, "legend": {**key, "labelExpr": expression}}
    return {**layer, "encoding": encoding}


def field(name: str, title: str, kind: str = "nominal", format: str = "") -> Spec:
    """Return one line of a tooltip."""
    return {"field": name, "title": title, "type": kind} | ({"format": format} if format else {})


def picture_source(spec: Spec, lang: str, look: str = "") -> bytes:
    """Return all that a picture depends on: it stands alone, with title, unit and source in it."""
    said = spec if lang.startswith("zh") else _in_straight_quotes(spec)
    laid_out = _on_a_phone(said) if look in (NARROW_LOOK, NARROW_DARK_LOOK) else _with_caption(said)
    if look in (DARK_LOOK, NARROW_DARK_LOOK):
        laid_out = _recoloured(laid_out, {light: DARK[name] for name, light in PALETTE.items()})
    picture = _in_one_font(laid_out)
    return json.dumps({"lang": lang, "vega_lite": VEGA_LITE, "picture": picture}).encode()


def draw(source: bytes, format: str) -> bytes:
    """Draw a `picture_source` as one of `PICTURES`, in a process of its own.

    Raises
    ------
    TookTooLong, Broke
        When it was not drawn within the limits.
    """
    return run_confined(PROGRAM, source, format, limits=CONFINED)


def render(spec: Spec, format: str, lang: str) -> bytes:
    """Draw a figure as one of `PICTURES`."""
    return draw(picture_source(spec, lang), format)


def _in_straight_quotes(part: Any) -> Any:
    """Let no curly quote be drawn by the Chinese font that a picture is drawn with."""
    if isinstance(part, str):
        return with_straight_quotes(part)
    if isinstance(part, list):
        return [_in_straight_quotes(item) for item in part]
    if isinstance(part, dict):
        return {_in_straight_quotes(key): _in_straight_quotes(value) for key, value in part.items()}
    return part


def _in_one_font(picture: Spec) -> Spec:
    """Draw with a Chinese font only what has a Chinese sign in it."""
    if CHINESE.search(json.dumps(picture, ensure_ascii=False)):
        return picture
    return {**picture, "config": {**picture["config"], "font": LATIN_FONT}}


def _recoloured(part: Any, colours: Mapping[str, str]) -> Any:
    """Put other colours in the place of those that are named, as the page does; data have none."""
    if isinstance(part, str):
        return colours.get(part, part)
    if isinstance(part, list):
        return [_recoloured(item, colours) for item in part]
    if isinstance(part, dict):
        return {key: value if key == "data" else _recoloured(value, colours) for key, value in part.items()}
    return part


def _on_a_phone(spec: Spec) -> Spec:
    """Lay out what is otherwise on a narrow screen, as the page does, with title and source above."""
    caption, width = spec["usermeta"], PHONE_WIDTH - 2 * PHONE_PADDING
    drawing = {k: v for k, v in (spec | caption["narrow"]).items() if k != "usermeta"}
    if aspect := caption.get("aspect"):
        drawing["height"] = round(PHONE_WIDTH * aspect)
    title = drawing["config"]["title"] | PHONE_LETTERS
    under = (caption["subtitle"], caption["source"])
    return {
        **drawing,
        "config": {**drawing["config"], "padding": PHONE_PADDING, "title": title},
        "width": PHONE_WIDTH,
        "autosize": {"type": "fit-x", "contains": "padding"},
        "title": {
            "text": broken_into_lines(caption["title"], PHONE_TITLE, width),
            "subtitle": [line for text in under for line in broken_into_lines(text, SMALL, width)],
        },
    }


def _with_caption(spec: Spec) -> Spec:
    """Put the title above and the source below, as the page does around the drawing."""
    caption = spec["usermeta"]
    drawing = {k: v for k, v in spec.items() if k not in {"$schema", "config", "usermeta"}}
    source = broken_into_lines(caption["source"], SOURCE_SIZE, PICTURE_WIDTH)
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
        "config": {**spec["config"], "padding": 20, "concat": {"spacing": 16}},
        "title": {
            "text": broken_into_lines(caption["title"], title["fontSize"], PICTURE_WIDTH),
            "subtitle": broken_into_lines(caption["subtitle"], title["subtitleFontSize"], PICTURE_WIDTH),
        },
        "vconcat": [{**drawing, "width": PICTURE_WIDTH}, foot],
    }
