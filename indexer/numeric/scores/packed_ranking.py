"""Ranks of many versions at once: score and unit packed into one integer, sorted row by row."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from indexer.numeric.scores.ranking import TIE_TOLERANCE, ranks_of_present
from weighting.numeric.arrays import FloatArray, IntArray

# Neighbouring floats within the relative tolerance are at most this many floats apart: twice
# the tolerance over the epsilon, since a float of mantissa near 2 has half the relative step.
TIE_STEPS = int(2 * TIE_TOLERANCE / np.finfo(np.float64).eps) + 8
# Bits of infinity, next to those of the largest float; nan has higher ones.
INFINITY_BITS = int(np.float64(np.inf).view(np.int64))
# Cells that are ranked at a time: what that takes stays in the processor's second cache, and
# their numbers in the block need no more bits than those of many units.
CACHED_CELLS = 1 << 14
NOTHING: IntArray = np.empty(0, dtype=np.int64)


@dataclass(frozen=True, eq=False)
class PackedOrder:
    """The order of the units under each version.

    Attributes
    ----------
    cities : int array, (versions, units)
        The unit at each place, highest score first.
    tied : int array, (ties,)
        Places, counted through all versions, whose unit ties with the one before it.
    firsts : int array, (ties,)
        The first of the places that each of these ties with.
    """

    cities: IntArray
    tied: IntArray
    firsts: IntArray

    def shared(self, places: IntArray) -> IntArray:
        """Give units that tie the place of the first of them, (units,) or (versions, units)."""
        if not len(self.tied):
            return places
        places = np.broadcast_to(places, self.cities.shape).copy()
        flat = places.reshape(-1)
        flat[self.tied] = flat[self.firsts]
        return places


def order_cities(scores: FloatArray) -> PackedOrder:
    """Sort each version's units by score, and tell which of them tie.

    The bits of a float, read as an integer, sort as the float does (those of a negative one
    after a flip). The lowest ``ceil(log2(cities))`` bits give way to the number of the unit,
    so that sorting plain integers carries it along. What these bits held and the tolerance for
    ties together bound how near two keys may be while their scores tie or are exchanged: stretches of
    such keys, and no others, are put in order by the scores themselves.

    Parameters
    ----------
    scores : float array, (versions, units)
        Finite; one version per row.

    Raises
    ------
    ValueError
        When a score is nan or infinite.

    References
    ----------
    IEEE 754-2008, section 5.10, for the order of the bits.
    """
    scores = np.ascontiguousarray(scores, dtype=np.float64)
    return _Sorter(np.arange(scores.shape[1])[np.newaxis], len(scores)).order(scores)


def min_ranks_by_row(scores: FloatArray) -> IntArray:
    """Return ``min_ranks(scores.T).T``, several times quicker.

    Parameters
    ----------
    scores : float array, (versions, units)

    Returns
    -------
    int array, (versions, units)
        1-based ranks.
    """
    ranks = np.empty(scores.shape, dtype=np.int64)
    RowRanker(scores.shape[1]).rank(scores, out=ranks)
    return ranks


def ranks_by_row(scores: FloatArray) -> IntArray:
    """Return ranks as `min_ranks_by_row`, (versions, units), where a score may be nan and its rank is 0."""
    if not np.isnan(scores).any():
        return min_ranks_by_row(scores)
    return np.stack([ranks_of_present(row) for row in scores])


class RowRanker:
    """Ranks versions block after block, each in the memory of the one before.

    Parameters
    ----------
    cities : int
    dtype : integer type
        In which ranks are written; int32 takes half the memory.
    """

    def __init__(self, cities: int, dtype: npt.DTypeLike = np.int64) -> None:
        self._rows = max(1, CACHED_CELLS // cities)
        # A cell carries its number in the block rather than in its row: after the sort it is at
        # once the position that a flat scatter needs.
        cells = np.arange(self._rows * cities).reshape(self._rows, cities)
        self._sorter = _Sorter(cells, self._rows)
        self._places = np.tile(np.arange(1, cities + 1, dtype=dtype), self._rows)

    def rank(self, scores: FloatArray, *, out: npt.NDArray[np.integer]) -> None:
        """Write ``min_ranks(scores.T).T``, (versions, units), into whole rows of a table."""
        scores = np.ascontiguousarray(scores, dtype=np.float64)
        for start in range(0, len(scores), self._rows):
            self._rank(scores[start : start + self._rows], out[start : start + self._rows])

    def _rank(self, scores: FloatArray, out: npt.NDArray[np.integer]) -> None:
        order = self._sorter.order(scores)
        # No copy, which would take the ranks and vanish.
        flat, cells = out.reshape(-1, copy=False), order.cities.reshape(-1)
        flat[cells] = self._places[: scores.size]
        if len(order.tied):
            flat[cells[order.tied]] = self._places[order.firsts]


class _Sorter:
    """Sorts blocks of at most so many versions; what it returns lasts until the next block.

    The numbers, (1 or versions, units), count from 0 and are what stands for the units.
    """

    def __init__(self, numbers: IntArray, rows: int) -> None:
        self._mask = (1 << (numbers.size - 1).bit_length()) - 1
        # Inverting the score alone puts the highest first.
        self._inverted = ~numbers
        self._keys = np.empty((rows, numbers.shape[1]), dtype=np.int64)
        self._steps = np.empty(self._keys.size, dtype=np.int64)

    def order(self, scores: FloatArray) -> PackedOrder:
        """Return the order under each version, (versions, units); ValueError for what is not finite."""
        keys = self._sort(scores.view(np.int64))
        # The highest key of a row belongs to its lowest score, and is not negative where that is.
        if keys.size and keys[:, -1].max() >= 0:
            keys = self._sort(_bits_in_order(scores))
        if keys[:, 0].min() < -INFINITY_BITS or keys[:, -1].max() >= INFINITY_BITS:
            raise ValueError(f"{(~np.isfinite(scores)).sum()} scores are not finite and have no rank")
        near = self._near(keys)
        keys &= self._mask
        if not len(near):
            return PackedOrder(keys, near, near)
        return PackedOrder(keys, *self._settle(keys, scores, near))

    def _sort(self, bits: IntArray) -> IntArray:
        keys = np.bitwise_or(bits, self._mask, out=self._keys[: len(bits)])
        keys ^= self._inverted[: len(bits)]
        keys.sort(axis=1)
        return keys

    def _near(self, keys: IntArray) -> IntArray:
        """Return the places, counted through all versions, whose key the next one is too near to."""
        limit = TIE_STEPS + 2 * self._mask
        flat = keys.reshape(-1)
        # Unsigned, a step that is too large for its sign stays what it is.
        steps = np.subtract(flat[1:], flat[:-1], out=self._steps[1 : flat.size]).view(np.uint64)
        # Of few units the smallest step of all mostly is clear.
        if steps.size == 0 or steps.min() > limit:
            return NOTHING
        near = np.flatnonzero(steps <= limit)
        return near[(near + 1) % keys.shape[1] != 0]

    def _settle(self, keys: IntArray, scores: FloatArray, near: IntArray) -> tuple[IntArray, IntArray]:
        """Put what is too near in the order of its scores; return the places that tie, and with which.

        Between two stretches of such places the order is exact and strict.
        """
        places, flat = np.union1d(near, near + 1), keys.reshape(-1)
        units = flat[places]
        version = places // keys.shape[1] if len(self._inverted) == 1 else 0
        found = scores.reshape(-1)[units + version * keys.shape[1]]
        is_first = np.isin(places - 1, near, assume_unique=True, invert=True)
        order = np.lexsort((-found, np.cumsum(is_first)))
        flat[places], found = units[order], found[order]
        above, below = found[:-1], found[1:]
        is_first[1:] |= above - below > TIE_TOLERANCE * np.maximum(np.abs(above), np.abs(below))
        firsts = np.maximum.accumulate(np.where(is_first, places, 0))
        return places[~is_first], firsts[~is_first]


def _bits_in_order(scores: FloatArray) -> IntArray:
    """Return bits that sort as the scores do, of either sign."""
    # Adding zero turns -0.0, whose bits are the lowest of all, into 0.0.
    bits = (scores + 0.0).view(np.int64)
    return bits ^ ((bits >> 63) & np.iinfo(np.int64).max)
