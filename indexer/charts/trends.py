"""Figures of ranks and scores over the years."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

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
from weighting.lettering import broken_into_lines, text_width, with_plain_names

HEIGHT, PADDING = 380, 14
# Of the drawing's width, what names may take behind the last year.
MOST_BESIDE = 0.5
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
    height = _height(lines)
    drawn = field_of_points(rows, wide, title=title, subtitle=subtitle, source=source, height=height)
    return with_narrow(drawn, layers=narrow)


def _layers(
    lines: Sequence[YearLine], rows: list[Spec], width: int, value: str, *, are_ranks: bool
) -> list[Spec]:
    years = sorted({row["year"] for row in rows})
    first, last = years[0], max(years[-1], years[0] + 1)
    inner = width - AXIS_ROOM
    room = min(MOST_BESIDE * inner, GAP + max(text_width(line.name, SMALL) for line in lines) + SMALL)
    part = room / (inner - room)
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
        _names(lines, rows, place, last, room - GAP, are_ranks=are_ranks),
    ]
    if any(row["low"] is not None for row in rows):
        layers.insert(0, _between(place))
    return layers


def _height(lines: Sequence[YearLine]) -> int:
    """Return the height at which every line has room for its name."""
    return max(HEIGHT, NAME_LINE * (len(lines) - 1) + 2 * PADDING)


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
    """Return the layer that writes the names behind the last year, none over another.

    Long names take several lines, as many as there is height for.
    """
    low, high = _extent(rows)
    inner = _height(lines) - 2 * PADDING
    ends = [(line.points[-1].value - low) / (high - low) for line in lines]
    most = max(1, inner // (NAME_LINE * len(lines)))
    broken = [_in_lines(line.name, room, most) for line in lines]
    sizes = [len(parts) for parts in broken]
    heights = set_apart([inner * (end if are_ranks else 1 - end) for end in ends], inner, sizes)
    # Letters are set from their first line.
    firsts = [
        (height - NAME_LINE * (size - 1) / 2) / inner for height, size in zip(heights, sizes, strict=True)
    ]
    named = [
        {
            "name": line.name,
            "label": "\n".join(parts),
            "year": last,
            "value": low + (first if are_ranks else 1 - first) * (high - low),
        }
        for line, parts, first in zip(lines, broken, firsts, strict=True)
    ]
    mark = {"type": "text", "align": "left", "baseline": "middle", "dx": GAP, "fontSize": SMALL}
    return {
        "data": {"values": named},
        "mark": {**mark, "limit": round(room), "lineBreak": "\n", "lineHeight": NAME_LINE},
        "encoding": {**place, "text": {"field": "label"}},
    }


def _in_lines(name: str, room: float, most: int) -> list[str]:
    """Break a name where it is wider than the room; what is beyond so many lines is cut off by the last."""
    lines = broken_into_lines(name, SMALL, room)
    return lines if len(lines) <= most else [*lines[: most - 1], " ".join(lines[most - 1 :])]


def set_apart(heights: Sequence[float], room: float, sizes: Sequence[int] = ()) -> list[float]:
    """Return heights in the same order that lie a line apart, as near to those given as the room allows.

    They are the middles of names of ``sizes`` lines, of one each without them.
    """
    sizes = sizes or [1] * len(heights)
    order = sorted(range(len(heights)), key=heights.__getitem__)
    half = [NAME_LINE * (sizes[at] - 1) / 2 for at in order]
    steps = [NAME_LINE + before + after for before, after in pairwise(half)]
    needed = sum(steps) + sum(half[:1] + half[-1:])
    scale = min(1.0, room / needed) if needed else 1.0
    placed, lowest = [0.0] * len(heights), scale * sum(half[:1])
    for count, at in enumerate(order):
        # What comes after needs room, too.
        after = scale * (sum(steps[count:]) + half[-1])
        placed[at] = min(max(heights[at], lowest), room - after)
        lowest = placed[at] + scale * sum(steps[count : count + 1])
    return placed
