"""Bands of ranks: up to a size each rank is counted alone, of more units further ranks together.

A histogram of units times ranks is the square of the units. Bands hold it to some four hundred columns,
and counts stay whole numbers that add up whatever the division of the work.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from weighting.numeric.arrays import IntArray

# Up to so many units every rank is a band of its own, and results are as they always were.
EXACT_UNITS = 5_000
# Of more units the first ranks still are: the chance to be among the first k is exact up to here.
EXACT_RANKS = 100
# Below them a band is as wide as this part of its rank, and never wider than that part of all.
OF_RANK, OF_UNITS = 32, 128


@dataclass(frozen=True, eq=False)
class Bands:
    """Ranks 1 to ``units`` cut into bands.

    Attributes
    ----------
    firsts : int array, (bands,)
        The first rank of each band, rising from 1.
    """

    units: int
    firsts: IntArray

    @property
    def is_exact(self) -> bool:
        """Whether each rank is a band of its own."""
        return len(self.firsts) == self.units

    @cached_property
    def lasts(self) -> IntArray:
        """The last rank of each band, (bands,)."""
        return np.append(self.firsts[1:] - 1, self.units)

    @cached_property
    def of_place(self) -> IntArray:
        """The band of each rank less one, (units,)."""
        return np.repeat(np.arange(len(self.firsts)), self.lasts - self.firsts + 1)


def bands_of(units: int) -> Bands:
    """Cut the ranks of so many units: the same bands wherever they are counted."""
    if units <= EXACT_UNITS:
        return Bands(units, np.arange(1, units + 1))
    widest, firsts = -(-units // OF_UNITS), list(range(1, EXACT_RANKS + 1))
    first = EXACT_RANKS + 1
    while first <= units:
        firsts.append(first)
        first += min(-(-first // OF_RANK), widest)
    return Bands(units, np.array(firsts))


def bands_of_shape(units: int, columns: int) -> Bands:
    """Return what the columns of a histogram of that shape stand for: ranks, or bands of many units."""
    return Bands(units, np.arange(1, units + 1)) if columns == units else bands_of(units)
