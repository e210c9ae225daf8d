"""Figures of ranks and scores over the years."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from weighting.drawing import (
    AXIS_ROOM,
    NARROW,
    SERIES,
    SMALL,
    WIDE,
    Spec,
    field,
    field_of_points,
    with_narrow,
)
from weighting.lettering import with_plain_names

HEIGHT, PADDING = 380, 14
# Of the years' width, what names take behind the last year.
BESIDE_LAST = {WIDE: 0.3, NARROW: 0.55}
MOST_YEARS_NAMED, TICKS = 12, 6
SCORE_TICKS: Spec = {"format": "~r", "tickCount": TICKS}
# Pixels from a point to its name, and from one name to the next below it.
GAP, NAME_LINE = 9, 15


@dataclass(frozen=True)
class YearPoint:
    """A value in a year; ``low`` and ``high`` are the ranks between which it lies, where that is known."""

    year: int
    value: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class YearLine:
    """What becomes of one thing over the years; a year without a value has no point."""

    name: str
    points: Sequence[YearPoint]


@with_plain_names
def years_chart(
    lines: Sequence[YearLine], *, value: str, are_ranks: bool, title: str, subtitle: str, source: str
) -> Spec:
    """Draw a line for each thing, its name behind the last point; rank 1 stands at the top."""
    rows = [
        {"name": line.name, "year": point.year, "value": point.value, "low": point.low, "high": point.high}
        for line in lines
        for point in line.points
    ]
    wide, narrow = (_layers(lines, rows, width, value, are_ranks=are_ranks) for width in (WIDE, NARROW))
    drawn = field_of_points(rows, wide, title=title, subtitle=subtitle, source=source, height=HEIGHT)
    return with_narrow(drawn, layers=narrow)


def _layers(
    lines: Sequence[YearLine], rows: list[Spec], width: int, value: str, *, are_ranks: bool
) -> list[Spec]:
    years = sorted({row["year"] for row in rows})
    first, last = years[0], max(years[-1], years[0] + 1)
    part = BESIDE_LAST[width]
    x = {
        "field": "year",
        "type": "quantitative",
        "scale": {"domain": [first, last + (last - first) * part], "nice": False, "padding": PADDING},
        "axis": {"title": None, "format": "d", "values": _named_years(years), "grid": False},
    }
    place = {"x": x, "y": _upwards(value, rows, are_ranks=are_ranks), "color": _colours(lines)}
    tooltip = [field("name", _("Name")), field("year", _("Year"), "quantitative", "d")]
    tooltip.append(field("value", value, "quantitative", "d" if are_ranks else ".4~g"))
    layers: list[Spec] = [
        {"mark": {"type": "line", "strokeWidth": 2}, "encoding": place},
        {
            "mark": {"type": "point", "filled": True, "size": 60, "opacity": 1},
            "encoding": {**place, "tooltip": tooltip},
        },
        _names(lines, rows, place, last, (width - AXIS_ROOM) * part / (1 + part), are_ranks=are_ranks),
    ]
    if any(row["low"] is not None for row in rows):
        layers.insert(0, _between(place))
    return layers


def _colours(lines: Sequence[YearLine]) -> Spec:
    """Return the colour of each line; over again where there are more, since names stand beside them."""
    names = [line.name for line in lines]
    colours = [SERIES[at % len(SERIES)] for at in range(len(names))]
    return {
        "field": "name",
        "type": "nominal",
        "scale": {"domain": names, "range": colours},
        "legend": None,
    }


def _named_years(years: Sequence[int]) -> list[int]:
    """Return the years under the drawing: of many, some at even steps, the last among them."""
    step = -(-len(years) // MOST_YEARS_NAMED)
    return list(years[::-1][::step])[::-1]


def _upwards(title: str, rows: list[Spec], *, are_ranks: bool) -> Spec:
    low, high = _extent(rows)
    axis: Spec = {"title": title, "grid": True, "labelFontSize": 12}
    ticks: Spec = {"format": "d", "values": _rank_ticks(low, high)} if are_ranks else SCORE_TICKS
    return {
        "field": "value",
        "type": "quantitative",
        "scale": {"domain": [low, high], "nice": False, "padding": PADDING, "reverse": are_ranks},
        "axis": axis | ticks,
    }


def _rank_ticks(low: float, high: float) -> list[int]:
    """Return round ranks in the range, and the first."""
    steps = (n * 10**power for power in range(9) for n in (1, 2, 5))
    step = next(step for step in steps if (high - low) / step <= TICKS)
    return [rank or 1 for rank in range(0, int(high) + 1, step) if (rank or 1) >= low]


def _extent(rows: list[Spec]) -> tuple[float, float]:
    shown = [row[name] for row in rows for name in ("value", "low", "high") if row[name] is not None]
    low, high = min(shown), max(shown)
    return (low, high) if high > low else (low - 1, high + 1)


def _between(place: Spec) -> Spec:
    """Return the layer of the ranks between which each lies."""
    tooltip = [field("low", _("Rank: Q5"), "quantitative"), field("high", _("Rank: Q95"), "quantitative")]
    return {
        "mark": {"type": "rule", "strokeWidth": 7, "opacity": 0.28, "strokeCap": "round"},
        "transform": [{"filter": "datum.low !== null"}],
        "encoding": {
            **place,
            "y": {**place["y"], "field": "low"},
            "y2": {"field": "high"},
            "tooltip": tooltip,
        },
    }


def _names(
    lines: Sequence[YearLine], rows: list[Spec], place: Spec, last: int, room: float, *, are_ranks: bool
) -> Spec:
    """Return the layer that writes the names behind the last year, none over another."""
    low, high = _extent(rows)
    inner = HEIGHT - 2 * PADDING
    ends = [(line.points[-1].value - low) / (high - low) for line in lines]
    heights = set_apart([inner * (end if are_ranks else 1 - end) for end in ends], inner)
    parts = [height / inner if are_ranks else 1 - height / inner for height in heights]
    named = [
        {"name": line.name, "year": last, "value": low + part * (high - low)}
        for line, part in zip(lines, parts, strict=True)
    ]
    mark = {"type": "text", "align": "left", "baseline": "middle", "dx": GAP, "fontSize": SMALL}
    return {
        "data": {"values": named},
        "mark": {**mark, "limit": round(room - GAP)},
        "encoding": {**place, "text": {"field": "name"}},
    }


def set_apart(heights: Sequence[float], room: float) -> list[float]:
    """Return heights in the same order that lie a line apart, as near to those given as the room allows."""
    step = min(NAME_LINE, room / max(1, len(heights) - 1))
    order = sorted(range(len(heights)), key=heights.__getitem__)
    placed = [0.0] * len(heights)
    below = -step
    for count, at in enumerate(order):
        # What comes after needs room, too.
        highest = room - step * (len(order) - 1 - count)
        below = placed[at] = min(max(heights[at], below + step), highest)
    return placed
