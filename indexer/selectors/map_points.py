"""The cities of a run as points on a map."""

from dataclasses import dataclass

import numpy as np

from indexer.models import City
from indexer.selectors.node_scores import NodeScores
from weighting.numeric.arrays import IntArray


@dataclass(frozen=True)
class MapPoint:
    """A city, by its position in the run, with its score and rank.

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
    """Points by rank, and the cities that cannot be placed or have no score."""

    points: list[MapPoint]
    unplaced: list[City]
    absent: list[City]


def map_of(subject: NodeScores, other: NodeScores | None = None, *, among: IntArray | None = None) -> MapView:
    """Place the cities of a run; ``other`` is a run of the same data set to take shifts against.

    ``among`` are the positions of those that are shown; without it all are.
    """
    present = np.array(subject.present, dtype=np.int64)
    shown = (present if among is None else present[np.isin(present, among)]).tolist()
    subject.cities.load(shown)
    points: list[MapPoint] = []
    unplaced: list[City] = []
    for place in shown:
        city, rank = subject.cities[place], int(subject.ranks[place])
        before = int(other.ranks[place]) if other else 0
        shift, changed = before - rank if before else None, int(subject.changed_values[place])
        point = MapPoint(place, city, float(subject.scores[place]), rank, shift, changed)
        if city.latitude is None or city.longitude is None:
            unplaced.append(city)
        else:
            points.append(point)
    points.sort(key=lambda point: (point.rank, point.city.pk))
    return MapView(points=points, unplaced=unplaced, absent=subject.absent)
