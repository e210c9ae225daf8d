"""Maps of units as areas between their borders, coloured by class."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

from django.utils.text import capfirst
from django.utils.translation import gettext as _

from weighting.drawing import PALETTE, SHADES, Spec, field, field_of_points, with_narrow
from weighting.lettering import with_plain_names

HEIGHT = 520
ASPECT = 0.62
# More degrees than this from west to east are shown as the whole earth.
WIDE_LAND = 120
# A part of a unit is far off beyond so much of the land around it, and small below so much of its largest.
AROUND, SMALL = 0.1, 0.2


@dataclass(frozen=True)
class MapArea:
    """A unit on a map: its polygons, and the class of its score; None without one."""

    name: str
    rank: int
    score: float
    place: int | None
    polygons: Sequence[Any]


@with_plain_names
def border_map(
    areas: Sequence[MapArea], labels: Sequence[str], unit: str, *, unit_word: str, title: str, subtitle: str,
    source: str,
) -> Spec:  # fmt: skip
    """Fill each area with the shade of its class; ``labels`` name the classes from the lowest on."""
    none, all_areas = _("no score"), areas
    areas = _near(areas)
    if areas != all_areas:
        subtitle = _("%(subtitle)s; parts far off are not drawn") % {"subtitle": subtitle}
    rows = [
        {
            "type": "Feature",
            "geometry": {"type": "MultiPolygon", "coordinates": area.polygons},
            "name": area.name,
            "rank": area.rank or None,
            "score": area.score if area.place is not None else None,
            "class": none if area.place is None else labels[area.place],
        }
        for area in areas
    ]
    lacks = any(area.place is None for area in areas)
    shades = SHADES[len(SHADES) - len(labels) :]
    scale = {
        "domain": [*labels, *([none] if lacks else [])],
        "range": [*shades, *([PALETTE["chart-grid"]] if lacks else [])],
    }
    shape = {
        "mark": {"type": "geoshape", "stroke": PALETTE["chart-paper"], "strokeWidth": 0.6},
        "encoding": {
            "color": {
                "field": "class",
                "type": "nominal",
                "scale": scale,
                "legend": {"title": unit, "titleColor": PALETTE["chart-ink"], "symbolType": "square"},
            },
            "tooltip": [
                field("name", capfirst(unit_word)),
                field("rank", _("Rank"), "quantitative"),
                field("score", unit, "quantitative", ".4f"),
            ],
        },
    }
    drawn = field_of_points(rows, [shape], title=title, subtitle=subtitle, source=source, height=HEIGHT)
    drawn["usermeta"]["aspect"] = ASPECT
    return with_narrow({**drawn, "projection": _projection(areas)}, layers=[shape], beside=0)


def _projection(areas: Sequence[MapArea]) -> Spec:
    """Return an equal-area projection: of the earth, or of a land around its middle."""
    west, south, east, north = _frame(polygon for area in areas for polygon in area.polygons)
    if east - west > WIDE_LAND or south < 0 < north:
        return {"type": "equalEarth"}
    sixth = (north - south) / 6
    return {
        "type": "conicEqualArea",
        "parallels": [round(south + sixth, 1), round(north - sixth, 1)],
        "rotate": [-round((west + east) / 2, 1), 0],
    }


def _near(areas: Sequence[MapArea]) -> list[MapArea]:
    """Return the areas without small parts that lie far from where all units mainly are.

    Else one island beyond an ocean makes a continent too small to be read. The whole earth keeps all.
    """
    largest = [max(area.polygons, key=_size) for area in areas]
    west, south, east, north = _frame(largest)
    if east - west > WIDE_LAND:
        return list(areas)
    beside, above = AROUND * (east - west), AROUND * (north - south)

    def is_near(polygon: Any) -> bool:
        left, low, right, high = _frame([polygon])
        return (
            right >= west - beside
            and left <= east + beside
            and high >= south - above
            and low <= north + above
        )

    return [
        replace(area, polygons=[p for p in area.polygons if _size(p) >= SMALL * _size(main) or is_near(p)])
        for area, main in zip(areas, largest, strict=True)
    ]


def _frame(polygons: Iterable[Any]) -> tuple[float, float, float, float]:
    """Return how far polygons reach to the west, south, east and north, in degrees."""
    points = [point for polygon in polygons for point in polygon[0]]
    return (
        min(x for x, _y in points),
        min(y for _x, y in points),
        max(x for x, _y in points),
        max(y for _x, y in points),
    )


def _size(polygon: Any) -> float:
    """Return about how large a polygon is: square degrees at the equator."""
    ring = polygon[0]
    middle = math.radians(sum(y for _x, y in ring) / len(ring))
    twice = sum(x * after[1] - after[0] * y for (x, y), after in pairwise(ring))
    return abs(twice) / 2 * math.cos(middle)
