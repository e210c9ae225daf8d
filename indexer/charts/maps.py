"""Maps of units as dots; without borders, which a ranking of units does not need."""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from django.utils.text import capfirst
from django.utils.translation import gettext as _

from indexer.charts.groups import Groups, group_colours
from indexer.charts.names import NamedPoint, name_layers, place_names
from weighting.drawing import DOWN, NARROW, PALETTE, UP, WIDE, Spec, field, field_of_points, with_narrow
from weighting.lettering import with_plain_names

HEIGHT = 680
# Height of the drawing for each pixel of its width, on narrow screens.
ASPECT = 0.82
# Degrees between the lines, and beyond the outermost units.
STEP, MARGIN = 10, 2
# The largest dot, in square pixels.
LARGEST = 1300
LARGEST_CELL = 110
LABELS = 14
# A dot's name stands above it where it can.
NAME_SIDES = ("above", "below", "right", "left")

# The south-west and the north-east corner, as longitude and latitude.
_Corners = list[list[float]]


@dataclass(frozen=True)
class MapDot:
    """A unit on a map: where it is, its rank and score, the places it gained, and its group."""

    name: str
    province: str
    latitude: float
    longitude: float
    rank: int
    score: float
    shift: int = 0
    group: str = ""


@dataclass(frozen=True)
class MapCell:
    """The units near each other: how many, their mean value, and who of them is ranked best."""

    name: str
    latitude: float
    longitude: float
    count: int
    value: float


@with_plain_names
def score_map(
    dots: Sequence[MapDot],
    unit: str,
    *,
    unit_word: str,
    place_word: str = "",
    groups: Groups | None = None,
    title: str,
    subtitle: str,
    source: str,
) -> Spec:
    """Draw scores as areas; below zero, as areas of their distance from it, in another colour.

    ``place_word`` is what the provinces of the dots are called; '' leaves them out. Where colours
    tell ``groups`` apart, it is the shape that says which scores are below zero.
    """
    below = any(dot.score < 0 for dot in dots)
    sides = [_("above zero"), _("below zero")]
    rows = [
        {**vars(dot), "size": abs(dot.score), "side": sides[dot.score < 0]}
        for dot in sorted(dots, key=lambda dot: -abs(dot.score))
    ]
    whole = _round_part(max(row["size"] for row in rows))
    looks: Spec = {"color": {"value": UP}}
    by_side = {"field": "side", "type": "nominal"}
    if groups:
        looks = {"color": group_colours(groups)}
    if below and groups:
        looks["shape"] = {**by_side, "scale": {"domain": sides, "range": ["circle", "diamond"]}}
    elif below:
        looks["color"] = {**by_side, "scale": {"domain": sides, "range": [UP, DOWN]}}
    size = {
        "field": "size",
        "type": "quantitative",
        "scale": {"domainMin": 0, "range": [0, LARGEST], "nice": False},
        "legend": _legend(unit, [whole / 4, whole]),
    }
    tooltip = [
        field("name", capfirst(unit_word)),
        *([field("province", capfirst(place_word))] if place_word else []),
        field("rank", _("Rank"), "quantitative"),
        field("score", unit, "quantitative", ".4f"),
        *_told(groups),
    ]
    encoding = {"size": size, **looks, "tooltip": tooltip}
    mark = {"type": "point", "filled": True, "opacity": 0.55, "stroke": PALETTE["chart-paper"]}
    return _map(rows, mark, encoding, title=title, subtitle=subtitle, source=source)


@with_plain_names
def shift_map(
    dots: Sequence[MapDot],
    *,
    unit_word: str,
    place_word: str = "",
    groups: Groups | None = None,
    title: str,
    subtitle: str,
    source: str,
) -> Spec:
    """Draw places gained and lost: shape and colour say the way, the area how far.

    Where colours tell ``groups`` apart, it is the shape alone.
    """
    ways = [_("moves up"), _("moves down"), _("keeps its rank")]
    signs = {1: ways[0], -1: ways[1], 0: ways[2]}
    rows = [
        {**vars(dot), "size": abs(dot.shift), "way": signs[(dot.shift > 0) - (dot.shift < 0)]}
        for dot in sorted(dots, key=lambda dot: -abs(dot.shift))
    ]
    by_way = {"field": "way", "type": "nominal"}
    farthest = max(row["size"] for row in rows)
    size: Spec = {
        "field": "size",
        "type": "quantitative",
        # What keeps its rank is still a dot that can be seen.
        "scale": {"domain": [0, max(1, farthest)], "range": [14, 420], "nice": False},
        "legend": {**_legend(_("places"), [1, _round_part(farthest)]), "symbolType": "triangle-up"}
        if farthest > 1
        else None,
    }
    tooltip = [
        field("name", capfirst(unit_word)),
        *([field("province", capfirst(place_word))] if place_word else []),
        field("rank", _("Rank"), "quantitative"),
        field("shift", _("Places gained"), "quantitative", "+d"),
        *_told(groups),
    ]
    colours = {**by_way, "scale": {"domain": ways, "range": [UP, DOWN, PALETTE["chart-axis"]]}}
    encoding = {
        "size": size,
        "color": group_colours(groups) if groups else colours,
        "shape": {**by_way, "scale": {"domain": ways, "range": ["triangle-up", "triangle-down", "circle"]}},
        "tooltip": tooltip,
    }
    return _map(rows, {"type": "point", "filled": True, "opacity": 0.75}, encoding,
                title=title, subtitle=subtitle, source=source)  # fmt: skip


@with_plain_names
def cell_map(
    cells: Sequence[MapCell], unit: str, *, units_word: str, title: str, subtitle: str, source: str
) -> Spec:
    """Draw the units of each cell as one dot: its area says how many, its colour their mean value."""
    rows = [{**asdict(cell), "size": cell.count} for cell in sorted(cells, key=lambda cell: -cell.count)]
    values = [cell.value for cell in cells]
    farthest = max(max(values), -min(values)) or 1.0
    pale = PALETTE["chart-grid"]
    scale: Spec = {"domain": [min(values), max(values)], "range": [pale, UP]}
    if min(values) < 0:
        scale = {"domain": [-farthest, 0, farthest], "range": [DOWN, pale, UP]}
    most = max(cell.count for cell in cells)
    encoding = {
        "size": {
            "field": "count",
            "type": "quantitative",
            "scale": {"domainMin": 0, "range": [0, LARGEST_CELL], "nice": False},
            "legend": _legend(units_word, sorted({1.0, _round_part(most)})),
        },
        "color": {
            "field": "value",
            "type": "quantitative",
            "scale": scale,
            "legend": {"title": unit, "titleColor": PALETTE["chart-ink"], "format": ".4~g"},
        },
        "tooltip": [
            field("count", capfirst(units_word), "quantitative"),
            field("value", _("Mean, %(unit)s") % {"unit": unit}, "quantitative", ",.4~g"),
            field("name", _("Ranked best here")),
        ],
    }
    mark = {"type": "circle", "opacity": 0.9, "stroke": PALETTE["chart-axis"], "strokeWidth": 0.5}
    return _map(rows, mark, encoding, title=title, subtitle=subtitle, source=source, is_named=False)


def _told(groups: Groups | None) -> list[Spec]:
    """Return the line of a tooltip that names the group of a dot."""
    return [field("group", groups.title)] if groups else []


def _map(
    rows: list[dict[str, Any]],
    mark: Spec,
    encoding: Spec,
    *,
    title: str,
    subtitle: str,
    source: str,
    is_named: bool = True,
) -> Spec:
    """Put dots on a net of meridians and parallels; the rows come largest first, small dots on top."""
    place = {
        "longitude": {"field": "longitude", "type": "quantitative"},
        "latitude": {"field": "latitude", "type": "quantitative"},
    }
    extent = _extent(rows)
    net = {
        "data": {"graticule": {"step": [STEP, STEP], "extent": extent}},
        "mark": {"type": "geoshape", "filled": False, "stroke": PALETTE["chart-grid"], "strokeWidth": 1},
    }
    # The smallest areas would not be seen at all.
    seat = {
        "mark": {"type": "circle", "size": 5, "color": PALETTE["chart-axis"], "opacity": 1},
        "encoding": place,
    }
    dots: list[Spec] = [net, seat, {"mark": mark, "encoding": {**place, **encoding}}]
    layers, small = (
        dots + (_names(rows, extent, place, width) if is_named else []) for width in (WIDE, NARROW)
    )
    drawn = field_of_points(rows, layers, title=title, subtitle=subtitle, source=source, height=HEIGHT)
    drawn["usermeta"]["aspect"] = ASPECT
    return with_narrow({**drawn, "projection": _projection(extent)}, layers=small, beside=0)


def _names(rows: Sequence[dict[str, Any]], extent: _Corners, place: Spec, width: int) -> list[Spec]:
    """Write the names of the largest dots that have room on a map of so many pixels across."""
    height = width * ASPECT
    projected = _projected(rows, extent, width, height)
    points = [NamedPoint(row["name"], *projected[at]) for at, row in enumerate(rows) if row["size"]]
    names = place_names(points, width=width, height=height, most=LABELS, sides=NAME_SIDES)
    halo = {"stroke": PALETTE["chart-paper"], "strokeWidth": 3, "strokeJoin": "round", "opacity": 0.85}
    ink = {"color": PALETTE["chart-ink"]}
    return [*name_layers(names, place, halo), *name_layers(names, place, ink)]


def _projected(
    rows: Sequence[dict[str, Any]], extent: _Corners, width: float, height: float
) -> list[tuple[float, float]]:
    """Return the pixels of the dots, where the whole net fits into the drawing."""
    (west, south), (east, north) = extent
    net = [(west + (east - west) * i / 8, edge) for i in range(9) for edge in (south, north)]
    corners = [_albers(*point, extent) for point in net]
    left, right = min(x for x, _y in corners), max(x for x, _y in corners)
    low, high = min(y for _x, y in corners), max(y for _x, y in corners)
    scale = min(width / (right - left), height / (high - low))
    beside, over = (width - scale * (right - left)) / 2, (height - scale * (high - low)) / 2
    dots = [_albers(row["longitude"], row["latitude"], extent) for row in rows]
    return [(beside + scale * (x - left), over + scale * (high - y)) for x, y in dots]


def _albers(longitude: float, latitude: float, extent: _Corners) -> tuple[float, float]:
    """Return a place on the unit sphere in Albers' projection, y upwards (Snyder 1987, p. 100)."""
    (west, _south), (east, _north) = extent
    first, second = (math.sin(math.radians(parallel)) for parallel in _projection(extent)["parallels"])
    cone = (first + second) / 2
    whole = 1 - first**2 + 2 * cone * first
    radius = math.sqrt(whole - 2 * cone * math.sin(math.radians(latitude))) / cone
    angle = cone * math.radians(longitude - (west + east) / 2)
    return radius * math.sin(angle), -radius * math.cos(angle)


def _extent(rows: Sequence[dict[str, Any]]) -> _Corners:
    """Return the south-west and the north-east corner of the net around the dots."""
    east, north = [row["longitude"] for row in rows], [row["latitude"] for row in rows]
    return [[min(east) - MARGIN, min(north) - MARGIN], [max(east) + MARGIN, max(north) + MARGIN]]


def _projection(extent: _Corners) -> Spec:
    """Return Albers' equal-area projection, its parallels a sixth of the way in (Snyder 1987, p. 99)."""
    (west, south), (east, north) = extent
    sixth = (north - south) / 6
    return {
        "type": "conicEqualArea",
        "parallels": [round(south + sixth, 1), round(north - sixth, 1)],
        "rotate": [-round((west + east) / 2, 1), 0],
    }


def _legend(title: str, values: list[float]) -> Spec:
    # Without a precision of its own the format takes that of the steps, and 10 reads 1e+1.
    return {"title": title, "titleColor": PALETTE["chart-ink"], "values": values, "format": ".6~g"}


def _round_part(largest: float) -> float:
    """Return the largest of 1, 2 and 5 times a power of ten that is not above, for a legend of areas."""
    if largest <= 0:
        return 0.0
    power = 10.0 ** math.floor(math.log10(largest))
    # A number just below a power of ten has that power's logarithm.
    return max((step * power for step in (1, 2, 5) if step * power <= largest), default=power / 2)
