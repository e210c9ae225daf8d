"""Borders out of GeoJSON: which unit each feature is, and its rings as a map draws them."""

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from indexer.names import fold_name
from weighting.readers.problems import shortened
from weighting.readers.strict_json import read_strict_json

# What a map of a page can carry; finer borders are simplified by whoever sends them.
MOST_POINTS = 60_000
# A kilometre: less than a pixel of any map that is drawn here.
DIGITS = 2
# Of less nothing is seen, and what has no area at all would be drawn as the rest of the earth.
LEAST_AREA = 10.0 ** (-2 * DIGITS)
COUNTRIES = Path(__file__).parent / "natural_earth" / "countries.geojson"
COUNTRIES_SOURCE = "Natural Earth, naturalearthdata.com (public domain)"

Ring = list[list[float]]
Shape = list[list[Ring]]


class BorderError(ValueError):
    """A file holds no borders that could be drawn; says why, and what would help."""


@dataclass(frozen=True)
class Unit:
    """What a feature may call a unit: its key, its code and its names."""

    key: int
    words: Sequence[str]


def read_borders(source: bytes, units: Iterable[Unit]) -> dict[str, Shape]:
    """Return the shapes of units by their keys; features of others are left out.

    Raises `BorderError`.
    """
    features = _features(source)
    known = {fold_name(word): unit.key for unit in units for word in unit.words if word}
    called = _best_names(features, known)
    if not called:
        raise BorderError(
            _("No feature has a property or an id that is the code or a name of a unit of this register.")
        )
    shapes = {str(key): _shape(feature, at) for at, (feature, key) in called.items()}
    points = sum(len(ring) for shape in shapes.values() for polygon in shape for ring in polygon)
    if points > MOST_POINTS:
        raise BorderError(
            _("The borders have %(points)s points; at most %(most)s are taken. Simplify them first.")
            % {"points": f"{points:,}", "most": f"{MOST_POINTS:,}"}
        )
    return shapes


def _features(source: bytes) -> list[Mapping[str, Any]]:
    try:
        read = read_strict_json(source)
    except (ValueError, RecursionError):
        raise BorderError(_("The file is not GeoJSON: it cannot be read as JSON.")) from None
    features = read.get("features") if isinstance(read, dict) else None
    if not isinstance(features, list) or not all(isinstance(feature, dict) for feature in features):
        raise BorderError(_("The file is not GeoJSON: it has no list of features."))
    return features


def _best_names(
    features: Sequence[Mapping[str, Any]], known: Mapping[str, int]
) -> dict[int, tuple[Mapping[str, Any], int]]:
    """Find units by the id or by whichever property names most of them; the first feature of each stands."""
    columns: dict[str, dict[int, int]] = {}
    for at, feature in enumerate(features):
        own = feature.get("properties")
        named = {**(own if isinstance(own, dict) else {}), "": feature.get("id")}
        for column, word in named.items():
            key = known.get(fold_name(str(word))) if isinstance(word, str | int) else None
            if key is not None:
                columns.setdefault(column, {}).setdefault(key, at)
    best = max(columns.values(), key=len, default={})
    return {at: (features[at], key) for key, at in best.items()}


def _shape(feature: Mapping[str, Any], at: int) -> Shape:
    geometry = feature.get("geometry")
    kind = geometry.get("type") if isinstance(geometry, dict) else None
    if not isinstance(geometry, dict) or kind not in ("Polygon", "MultiPolygon"):
        raise BorderError(
            _("Feature %(number)s is a %(kind)s: borders are of the kind Polygon or MultiPolygon.")
            % {"number": at + 1, "kind": shortened(str(kind or "?"))}
        )
    drawn = geometry.get("coordinates")
    try:
        polygons: list[Any] = [drawn] if kind == "Polygon" else list(drawn or [])
        shape = [[_ring(ring, is_hole=bool(place)) for place, ring in enumerate(one)] for one in polygons]
    except (TypeError, ValueError, IndexError):
        raise BorderError(
            _("Feature %(number)s has a ring that is not a list of longitudes and latitudes in degrees.")
            % {"number": at + 1}
        ) from None
    # Islands of less than a point of the map are none.
    return [[ring for ring in polygon if ring] for polygon in shape if polygon and polygon[0]]


def _ring(points: Sequence[Sequence[float]], *, is_hole: bool) -> Ring:
    """Return a ring without what no map shows, wound as the drawing library fills it: the outer clockwise."""
    ring: Ring = []
    for longitude, latitude, *_height in points:
        if not (-180 <= longitude <= 180 and -90 <= latitude <= 90):
            raise ValueError
        point = [round(float(longitude), DIGITS), round(float(latitude), DIGITS)]
        if not ring or ring[-1] != point:
            ring.append(point)
    area = _area(ring) if len(ring) > 3 else 0.0
    if abs(area) < LEAST_AREA:
        return []
    return ring if (area > 0) == is_hole else ring[::-1]


def _area(ring: Ring) -> float:
    """Return twice the area in square degrees, above zero where a ring runs against the clock.

    A ring may step over the meridian of 180 degrees, where longitudes jump from one end to the other.
    """
    steps = [(other[0] - point[0] + 180) % 360 - 180 for point, other in itertools.pairwise(ring)]
    along = list(itertools.accumulate(steps, initial=ring[0][0]))
    heights = [latitude for _longitude, latitude in ring]
    pairs = itertools.pairwise(zip(along, heights, strict=True))
    return sum(x * other_y - other_x * y for (x, y), (other_x, other_y) in pairs)
