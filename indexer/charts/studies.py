"""Figures of studies: how far ranks reach under other experts, weights, methods and samples."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from django.utils.text import capfirst
from django.utils.translation import gettext as _

from weighting.drawing import PALETTE, SERIES, Spec, field, field_of_points, figure
from weighting.lettering import with_plain_names

INK, AXIS = PALETTE["chart-ink"], PALETTE["chart-axis"]
NARROW, WIDE = PALETTE["series-1"], PALETTE["series-5"]


@dataclass(frozen=True)
class RankInterval:
    """A unit's nominal rank, its median, and the middle 50 and 90 % of its ranks."""

    name: str
    nominal: int
    q05: float
    q25: float
    median: float
    q75: float
    q95: float


@dataclass(frozen=True)
class RankShare:
    """The share of the draws, in percent, in which a unit has a rank."""

    name: str
    rank: int
    percent: float


@dataclass(frozen=True)
class Amount:
    """A named amount, such as an indicator's R_S, with an interval where it has one."""

    name: str
    value: float
    low: float | None = None
    high: float | None = None
    part: str = ""


@with_plain_names
def interval_chart(
    rows: Sequence[RankInterval], *, unit_word: str, title: str, subtitle: str, source: str
) -> Spec:
    """Draw the nominal rank as a dot on the bars of the middle 50 and 90 % of the ranks."""
    x = _quantity("q05", _("rank"), zero=False)
    tooltip = [
        field("name", capfirst(unit_word)),
        field("nominal", _("Nominal rank"), "quantitative"),
        field("q05", "Q5", "quantitative", ".1~f"),
        field("median", _("Median"), "quantitative", ".1~f"),
        field("q95", "Q95", "quantitative", ".1~f"),
    ]
    layers = [
        _bar("q05", "q95", WIDE, 5, x, tooltip),
        _bar("q25", "q75", NARROW, 11, x, tooltip),
        {
            "mark": {"type": "tick", "color": PALETTE["chart-paper"], "thickness": 2, "size": 11},
            "encoding": {"x": {"field": "median", "type": "quantitative"}, "tooltip": tooltip},
        },
        {
            "mark": {"type": "point", "filled": True, "size": 55, "opacity": 1, "color": INK},
            "encoding": {"x": {"field": "nominal", "type": "quantitative"}, "tooltip": tooltip},
        },
    ]
    return figure(
        [asdict(row) for row in rows], layers, title=title, subtitle=subtitle, source=source, step=22
    )


@with_plain_names
def rank_heat_chart(
    shares: Sequence[RankShare], *, unit_word: str, share_word: str, title: str, subtitle: str, source: str
) -> Spec:
    """Shade, for each unit, how often it has each rank; ``share_word`` is what the percentages are of."""
    encoding = {
        "x": {
            "field": "rank",
            "type": "ordinal",
            "axis": {"title": _("rank"), "labelOverlap": "greedy", "labelAngle": 0, "grid": False},
            "scale": {"paddingInner": 0},
        },
        "color": {
            "field": "percent",
            "type": "quantitative",
            "scale": {
                "domain": [0, 100],
                "range": [PALETTE["chart-paper"], NARROW],
                "type": "sqrt",
                "interpolate": "rgb",
            },
            "legend": {
                "title": share_word,
                "titleColor": PALETTE["chart-muted"],
                "gradientLength": 180,
                "values": [0, 10, 40, 100],
            },
        },
        "tooltip": [
            field("name", capfirst(unit_word)),
            field("rank", _("Rank"), "quantitative"),
            field("percent", share_word, "quantitative", ".2~f"),
        ],
    }
    layers: list[Spec] = [{"mark": {"type": "rect"}, "encoding": encoding}]
    rows = [{**vars(share)} for share in shares]
    return figure(rows, layers, title=title, subtitle=subtitle, source=source, step=20)


@with_plain_names
def shift_histogram(
    bins: Sequence[tuple[float, float, float]], *, share_word: str, title: str, subtitle: str, source: str
) -> Spec:
    """Draw the distribution of R_S: bins of (low, high, percent), the last of what ``share_word`` says."""
    rows = [{"low": low, "high": high, "percent": percent} for low, high, percent in bins]
    encoding = {
        "x": {
            "field": "low",
            "type": "quantitative",
            "scale": {"zero": False, "nice": False},
            "axis": {"title": _("mean rank shift, places"), "tickCount": 8},
        },
        "x2": {"field": "high"},
        "y": {
            "field": "percent",
            "type": "quantitative",
            "axis": {"title": share_word, "grid": True, "tickCount": 5, "labelFontSize": 12},
        },
        # With two ends across, a bar has no length of its own unless its foot is named.
        "y2": {"datum": 0},
        "tooltip": [
            field("low", _("Mean rank shift from"), "quantitative", ".3~f"),
            field("high", _("Mean rank shift to"), "quantitative", ".3~f"),
            field("percent", share_word, "quantitative", ".2~f"),
        ],
    }
    layers: list[Spec] = [
        {"mark": {"type": "bar", "color": NARROW, "stroke": PALETTE["chart-paper"]}, "encoding": encoding}
    ]
    return field_of_points(rows, layers, title=title, subtitle=subtitle, source=source, height=220)


@with_plain_names
def amount_chart(rows: Sequence[Amount], *, title: str, subtitle: str, source: str, unit: str) -> Spec:
    """Draw one bar for each amount, with its interval where it has one."""
    encoding = {
        "x": _quantity("value", unit),
        "tooltip": [field("name", _("Name")), field("value", unit, "quantitative", ".3~f")],
    }
    layers: list[Spec] = [{"mark": {"type": "bar", "height": 12, "color": NARROW}, "encoding": encoding}]
    if any(row.low is not None for row in rows):
        layers.append(_whisker())
    return figure(
        [asdict(row) for row in rows], layers, title=title, subtitle=subtitle, source=source, step=24
    )


@with_plain_names
def sobol_chart(rows: Sequence[Amount], *, title: str, subtitle: str, source: str) -> Spec:
    """Draw first and total order side by side, each with its interval of 95 %."""
    parts = list(dict.fromkeys(row.part for row in rows))
    side = {"field": "part", "type": "nominal", "sort": parts}
    colour = {**side, "scale": {"domain": parts, "range": [SERIES[0], SERIES[1]]}}
    encoding = {
        "x": _quantity("value", _("share of the variance")),
        "yOffset": side,
        "color": colour,
        "tooltip": [
            field("name", _("Group of weights")),
            field("part", _("Order")),
            field("value", _("share of the variance"), "quantitative", ".3~f"),
            field("low", _("from"), "quantitative", ".3~f"),
            field("high", _("to"), "quantitative", ".3~f"),
        ],
    }
    whisker = _whisker()
    whisker["encoding"]["yOffset"] = side
    layers = [{"mark": {"type": "bar"}, "encoding": encoding}, whisker]
    return figure(
        [asdict(row) for row in rows], layers, title=title, subtitle=subtitle, source=source, step=40
    )


@with_plain_names
def acceptability_chart(
    rows: Sequence[Amount], *, unit_word: str, title: str, subtitle: str, source: str
) -> Spec:
    """Stack for each unit how often it has each rank, or a rank of each band."""
    parts = list(dict.fromkeys(row.part for row in rows))
    values = [{**asdict(row), "order": parts.index(row.part)} for row in rows]
    encoding = {
        "x": {**_quantity("value", _("% of the weights")), "stack": "zero"},
        "color": {
            "field": "part",
            "type": "nominal",
            "scale": {"domain": parts, "range": [*SERIES[: len(parts) - 1], PALETTE["chart-grid"]]},
        },
        "order": {"field": "order", "type": "quantitative"},
        "tooltip": [
            field("name", capfirst(unit_word)),
            field("part", _("Rank")),
            field("value", _("% of the weights"), "quantitative", ".2~f"),
        ],
    }
    layers: list[Spec] = [{"mark": {"type": "bar", "height": 14}, "encoding": encoding}]
    return figure(values, layers, title=title, subtitle=subtitle, source=source, step=24)


def _quantity(name: str, title: str, *, zero: bool = True) -> dict[str, Any]:
    axis = {"title": title, "tickCount": 8}
    scale = {"zero": zero, "nice": not zero, "padding": 0 if zero else 8}
    return {"field": name, "type": "quantitative", "axis": axis, "scale": scale}


def _bar(low: str, high: str, colour: str, height: int, x: dict[str, Any], tooltip: list[Spec]) -> Spec:
    return {
        "mark": {"type": "bar", "height": height, "color": colour, "minBandSize": 2},
        "encoding": {"x": {**x, "field": low}, "x2": {"field": high}, "tooltip": tooltip},
    }


def _whisker() -> Spec:
    low = {"field": "low", "type": "quantitative"}
    return {
        "mark": {"type": "rule", "color": AXIS, "strokeWidth": 2},
        "encoding": {"x": low, "x2": {"field": "high"}},
    }
