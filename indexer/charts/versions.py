"""Figures of versions and of their rankings, side by side."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Literal

from django.utils.text import capfirst
from django.utils.translation import gettext as _

from weighting.drawing import DOWN, PALETTE, UP, Spec, field, figure
from weighting.lettering import with_plain_names

# Where the drawing ends, in lengths of the longest bar, on a wide and on a narrow screen: its figure
# stands beside it.
FIGURE_ROOM = (1.1, 1.3)


@dataclass(frozen=True)
class RankMove:
    """A unit's rank under two versions."""

    name: str
    before: int
    after: int

    @property
    def shift(self) -> int:
        """Places gained: positive where the unit moves up towards rank 1."""
        return self.before - self.after


@dataclass(frozen=True)
class ScoreMove:
    """The change of a unit's composite score, split by sub-index."""

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
    """A unit's composite score under one version, in percent of the whole."""

    version: str
    name: str
    score: float


@with_plain_names
def rank_shift_chart(
    moves: Sequence[RankMove], *, unit_word: str, title: str, subtitle: str, source: str, limit: int = 20
) -> Spec:
    """Draw the places gained or lost by the units that move most; the unmoved are left out."""
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
        field("name", capfirst(unit_word)),
        field("before", _("Rank before"), "quantitative"),
        field("after", _("Rank after"), "quantitative"),
        field("shift", _("Places gained"), "quantitative", "+d"),
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
    return figure(rows, layers, title=title, subtitle=subtitle, source=source, step=26)


@with_plain_names
def score_shift_chart(
    moves: Sequence[ScoreMove], *, unit_word: str, title: str, subtitle: str, source: str, limit: int = 20
) -> Spec:
    """Stack, for the units whose score changes most, what each sub-index adds or takes away."""
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
        field("name", capfirst(unit_word)),
        field("part", _("Sub-index")),
        field("change", _("Change from it"), "quantitative", "+.3~r"),
        field("total", _("Change of the score"), "quantitative", "+.3~r"),
    ]
    net = _("change of the score")
    layers = [
        _bars_of_parts(x, names, tooltip),
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
    return figure(rows, layers, title=title, subtitle=subtitle, source=source, step=26)


@with_plain_names
def weights_chart(weights: Sequence[NodeWeight], *, title: str, subtitle: str, source: str) -> Spec:
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
        field("name", _("Indicator")),
        field("version", _("Weight version")),
        field("percent", _("Weight, %"), "quantitative", ".4~f"),
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
    return figure(rows, layers, title=title, subtitle=subtitle, source=source, step=22 * len(versions) + 8)


@with_plain_names
def distribution_strip(
    points: Sequence[CityPoint],
    *,
    unit_word: str,
    title: str,
    subtitle: str,
    source: str,
    named: Sequence[str] = (),
    scale: Literal["linear", "log"] = "linear",
) -> Spec:
    """Draw one tick per unit and version, and name the few units of ``named``.

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
        field("name", capfirst(unit_word)),
        field("version", _("Weight version")),
        field("score", _("Score, % of the whole"), "quantitative", ".4r"),
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
    return figure(rows, layers, title=title, subtitle=subtitle, source=source, step=64, y="version")


@with_plain_names
def composition_chart(
    scores: Sequence[ScoreMove], *, unit_word: str, digits: int, title: str, subtitle: str, source: str
) -> Spec:
    """Stack what each sub-index adds to the scores of the first units, in the order given."""
    names = list(dict.fromkeys(part for score in scores for part in score.parts))
    rows = [
        {"name": score.name, "part": part, "value": value, "total": score.total, "order": names.index(part)}
        for score in scores
        for part, value in score.parts.items()
    ]
    longest = max((score.total for score in scores), default=1)
    wide, narrow = (_composition_layers(names, unit_word, longest * room, digits) for room in FIGURE_ROOM)
    return figure(rows, wide, title=title, subtitle=subtitle, source=source, step=24, narrow_layers=narrow)


def _composition_layers(names: Sequence[str], unit_word: str, end: float, digits: int) -> list[Spec]:
    x = {
        "field": "value",
        "type": "quantitative",
        "stack": "zero",
        "scale": {"nice": False, "domainMax": end},
        "axis": {"title": None, "format": "~r", "tickCount": 6},
    }
    tooltip = [
        field("name", capfirst(unit_word)),
        field("part", _("Sub-index")),
        field("value", _("Adds to the score"), "quantitative", ".4~r"),
        field("total", _("Score"), "quantitative", ".5~r"),
    ]
    return [
        _bars_of_parts(x, names, tooltip),
        {
            "transform": [{"filter": {"field": "order", "equal": 0}}],
            "mark": {"type": "text", "align": "left", "dx": 6},
            "encoding": {
                "x": {"field": "total", "type": "quantitative"},
                "text": {"field": "total", "format": f".{digits}f"},
            },
        },
    ]


def _bars_of_parts(x: Spec, names: Sequence[str], tooltip: list[Spec]) -> Spec:
    """Return the layer of a bar for each line, of a colour for each of its parts."""
    return {
        "mark": {"type": "bar", "height": {"band": 0.7}, "stroke": PALETTE["chart-paper"], "strokeWidth": 1},
        "encoding": {
            "x": x,
            "color": {"field": "part", "type": "nominal", "scale": {"domain": names}},
            "order": {"field": "order"},
            "tooltip": tooltip,
        },
    }


_SIGNED = "datum.value === 0 ? '0' : datum.label"


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
