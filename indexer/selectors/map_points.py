"""The units of a run as points on a map."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from indexer.models import City
from indexer.selectors.cities import rows_of_cities
from indexer.selectors.node_scores import NodeScores
from weighting.numeric.arrays import FloatArray, IntArray


@dataclass(frozen=True)
class MapPoint:
    """A unit, by its position in the run, with its score and rank.

    ``shift`` are the places gained against another run; ``changed`` values behind the score were
    filled in, left out or treated.
    """

    position: int
    city: City
    score: float
    rank: int
    shift: int | None
    changed: int


@dataclass(frozen=True)
class MapView:
    """Points by rank, and the units that cannot be placed or have no score."""

    points: list[MapPoint]
    unplaced: list[City]
    absent: list[City]


@dataclass(frozen=True, eq=False)
class Placement:
    """Positions of the units that have a score: those with a place, by rank, and those without.

    ``places`` are (units, 2): latitude and longitude, nan where there are none.
    """

    placed: IntArray
    unplaced: IntArray
    places: FloatArray


def placement_of(subject: NodeScores, among: IntArray) -> Placement:
    """Sort the units of a run by whether they can be placed; ``among`` are positions of those shown."""
    places = _places_of(subject)
    present = among[np.isfinite(subject.scores[among])]
    is_placed = np.isfinite(places[present]).all(axis=1)
    placed = present[is_placed]
    placed = placed[np.lexsort((np.array(subject.cities.ids)[placed], subject.ranks[placed]))]
    return Placement(placed, present[~is_placed], places)


def points_along(
    subject: NodeScores, other: NodeScores | None, positions: Sequence[int]
) -> Iterator[MapPoint]:
    """Yield the points of some units in their order, whose names are read block by block."""
    for place, city in zip(positions, subject.cities.along(positions), strict=True):
        yield _point(subject, other, place, city)


def map_of(subject: NodeScores, other: NodeScores | None = None, *, among: IntArray | None = None) -> MapView:
    """Place the units of a run; ``other`` is a run of the same data set to take shifts against.

    ``among`` are the positions of those that are shown; without it all are.
    """
    present = np.array(subject.present, dtype=np.int64)
    shown = (present if among is None else present[np.isin(present, among)]).tolist()
    subject.cities.load(shown)
    points: list[MapPoint] = []
    unplaced: list[City] = []
    for place in shown:
        city = subject.cities[place]
        if city.latitude is None or city.longitude is None:
            unplaced.append(city)
        else:
            points.append(_point(subject, other, place, city))
    points.sort(key=lambda point: (point.rank, point.city.pk))
    return MapView(points=points, unplaced=unplaced, absent=subject.absent)


def _point(subject: NodeScores, other: NodeScores | None, place: int, city: City) -> MapPoint:
    rank, before = int(subject.ranks[place]), int(other.ranks[place]) if other else 0
    shift, changed = before - rank if before else None, int(subject.changed_values[place])
    return MapPoint(place, city, float(subject.scores[place]), rank, shift, changed)


def _places_of(subject: NodeScores) -> FloatArray:
    ids = subject.cities.ids
    place_of = {pk: place for pk, *place in rows_of_cities(ids, ["pk", "latitude", "longitude"])}
    for pk, before in subject.cities.before().items():
        latitude, longitude = place_of.get(pk, (None, None))
        place_of[pk] = [before.get("latitude", latitude), before.get("longitude", longitude)]
    return np.array([place_of[pk] for pk in ids], dtype=float).reshape(-1, 2)
