"""The units of a large run on a map: summed up by the cells of a net, and the first of them by name."""

from dataclasses import dataclass

import numpy as np

from indexer.selectors.map_points import placement_of
from indexer.selectors.node_scores import NodeScores
from weighting.numeric.arrays import FloatArray, IntArray

# More units than this are drawn by cell: a browser would draw a mark for each of them.
MOST_POINTS = 5_000
CELLS_ACROSS = 60


@dataclass(frozen=True, eq=False)
class MapCells:
    """The cells that hold units; arrays are over them, places in degrees are the middle of their units.

    ``values`` are mean scores, or mean places gained; ``firsts`` are positions of those ranked best.
    """

    latitudes: FloatArray
    longitudes: FloatArray
    counts: IntArray
    values: FloatArray
    firsts: IntArray


@dataclass(frozen=True, eq=False)
class CrowdedMap:
    """Positions of the units with a place, by rank; of those without; and the shifts, if asked for."""

    placed: IntArray
    unplaced: IntArray
    places: FloatArray  # (units, 2): latitude and longitude, nan where there are none
    shifts: IntArray | None
    cells: MapCells


def is_crowded(among: IntArray) -> bool:
    """Tell whether so many units, by their positions, are more than are drawn one by one."""
    return len(among) > MOST_POINTS


def crowded_map_of(subject: NodeScores, other: NodeScores | None = None, *, among: IntArray) -> CrowdedMap:
    """Sum up those units that have a score and a place; ``other`` is a run to take shifts against.

    ``among`` are the positions of those that are shown.
    """
    found = placement_of(subject, among)
    shifts = None if other is None else np.where(other.ranks > 0, other.ranks - subject.ranks, 0)
    values = subject.scores * subject.scale if shifts is None else shifts.astype(float)
    cells = _cells(found.places, values, found.placed)
    return CrowdedMap(found.placed, found.unplaced, found.places, shifts, cells)


def _cells(places: FloatArray, values: FloatArray, placed: IntArray) -> MapCells:
    """Sum up the placed units, which come by rank, so that the first met in a cell is its best."""
    where = places[placed]
    low = where.min(axis=0, initial=90.0)
    size = max(float((where.max(axis=0, initial=-180.0) - low).max()) / CELLS_ACROSS, 1e-6)
    row, column = ((where - low) // size).astype(np.int64).T
    _found, first, of_unit, counts = np.unique(
        row * (CELLS_ACROSS + 2) + column, return_index=True, return_inverse=True, return_counts=True
    )

    def mean(of: FloatArray) -> FloatArray:
        summed: FloatArray = np.bincount(of_unit, weights=of, minlength=len(counts)) / counts
        return summed

    return MapCells(
        latitudes=mean(where[:, 0]),
        longitudes=mean(where[:, 1]),
        counts=counts,
        values=mean(values[placed]),
        firsts=placed[first],
    )
