"""Maps of units as areas between their borders, coloured by class."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.text import capfirst
from django.utils.translation import gettext as _

from weighting.drawing import PALETTE, SHADES, Spec, field, field_of_points, with_narrow
from weighting.lettering import with_plain_names

HEIGHT = 520
ASPECT = 0.62
# More degrees than this from west to east are shown as the whole earth.
WIDE_LAND = 120


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
    none = _("no score")
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
    points = [point for area in areas for polygon in area.polygons for point in polygon[0]]
    west, east = min(x for x, _y in points), max(x for x, _y in points)
    south, north = min(y for _x, y in points), max(y for _x, y in points)
    if east - west > WIDE_LAND or south < 0 < north:
        return {"type": "equalEarth"}
    sixth = (north - south) / 6
    return {
        "type": "conicEqualArea",
        "parallels": [round(south + sixth, 1), round(north - sixth, 1)],
        "rotate": [-round((west + east) / 2, 1), 0],
    }
