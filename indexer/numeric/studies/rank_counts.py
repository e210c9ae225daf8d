"""What many draws of the ranks add up to, and what is said of it (docs/method.md 8)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from indexer.numeric.scores.rank_bands import EXACT_RANKS, Bands, bands_of_shape
from indexer.numeric.studies.packed_counts import Histogram, added, opened
from weighting.numeric.arrays import FloatArray, IntArray

PERCENTS = (5, 25, 50, 75, 95)
# A share of the draws so near to all of them is written as all.
WHOLE = 0.9995


@dataclass(frozen=True, eq=False)
class Exactly:
    """What is counted beside bands of ranks, so that it need not be read from them.

    Attributes
    ----------
    rank_sums : int array, (units,)
        Sum of the unit's ranks over the draws.
    kept : int array, (units,)
        Draws in which the unit had its nominal rank.
    shift_sums : int array, (draws,)
        Sum of the units' absolute rank shifts of each draw, in any order.
    """

    rank_sums: IntArray
    kept: IntArray
    shift_sums: IntArray

    def __add__(self, other: "Exactly") -> "Exactly":
        return Exactly(
            self.rank_sums + other.rank_sums,
            self.kept + other.kept,
            np.concatenate([self.shift_sums, other.shift_sums]),
        )


@dataclass(frozen=True, eq=False)
class RankCounts:
    """What a number of draws adds up to; counts of different draws are merged by ``+``.

    Attributes
    ----------
    histogram : int array, (units, ranks), or packed, (units, bands)
        Draws in which the unit had the rank, or one of the band's (see `bands_of`); each row sums
        to the number of draws.
    shifts : int array, (largest sum + 1,)
        Draws by the sum of the units' absolute rank shifts, which is R_S times the units.
    wins : int array, (pairs, 2)
        Draws in which the first, and in which the second unit of a pair was above the other.
    exactly : Exactly, optional
        Beside bands, where ``shifts`` are empty.
    """

    histogram: Histogram
    shifts: IntArray
    wins: IntArray
    exactly: Exactly | None = None

    @property
    def draws(self) -> int:
        """How many draws were counted."""
        return int(self.shifts.sum()) if self.exactly is None else len(self.exactly.shift_sums)

    @property
    def bands(self) -> Bands:
        """The ranks that each column of the histogram stands for."""
        return bands_of_shape(*self.histogram.shape)

    def __add__(self, other: "RankCounts") -> "RankCounts":
        size = max(len(self.shifts), len(other.shifts))
        return RankCounts(
            histogram=added(self.histogram, other.histogram),
            shifts=_padded(self.shifts, size) + _padded(other.shifts, size),
            wins=self.wins + other.wins,
            exactly=self.exactly + other.exactly if self.exactly and other.exactly else None,
        )


@dataclass(frozen=True, eq=False)
class RankSummary:
    """Ranks of each unit over the draws, each (units,).

    Attributes
    ----------
    mean, q05, q25, median, q75, q95 : float array
        Quantiles interpolate linearly between order statistics (Hyndman & Fan's type 7). Of ranks
        counted in bands the quantile lies between ``median_low`` and ``median_high``, and the median
        is the middle of these; q05 and q25 are then the lowest that the quantile can be, q75 and
        q95 the highest, so that intervals are rather too wide. The mean is exact.
    """

    mean: FloatArray
    q05: FloatArray
    q25: FloatArray
    median: FloatArray
    q75: FloatArray
    q95: FloatArray
    median_low: FloatArray | None = None
    median_high: FloatArray | None = None


@dataclass(frozen=True)
class ShiftSummary:
    """R_S, the average absolute rank shift, over the draws: mean and type 7 quantiles."""

    mean: float
    q05: float
    q25: float
    median: float
    q75: float
    q95: float


def summarise_ranks(counts: RankCounts) -> RankSummary:
    """Return mean and quantiles of each unit's rank."""
    quantiles = _quantiles(counts, PERCENTS)
    if counts.exactly is not None:
        (q05, _), (q25, _), (low, high), (_, q75), (_, q95) = quantiles
        mean = counts.exactly.rank_sums / counts.draws
        return RankSummary(mean, q05, q25, (low + high) / 2, q75, q95, low, high)
    ranks = np.arange(1, counts.histogram.shape[1] + 1)
    sums = _by_block(counts.histogram, lambda block: block @ ranks)
    return RankSummary(sums / counts.draws, *(low for low, _high in quantiles))


def summarise_shifts(counts: RankCounts) -> ShiftSummary:
    """Return mean and quantiles of R_S, the average absolute rank shift.

    References
    ----------
    Saisana, Saltelli & Tarantola (2005), https://doi.org/10.1111/j.1467-985X.2005.00350.x
    """
    cities = counts.histogram.shape[0]
    if counts.exactly is not None:
        sums = np.sort(counts.exactly.shift_sums)
        found = [_of_sorted(sums, percent) / cities for percent in PERCENTS]
        return ShiftSummary(int(sums.sum()) / counts.draws / cities, *found)
    mean = int(counts.shifts @ np.arange(len(counts.shifts))) / counts.draws / cities
    quantiles = [float(_quantile(counts.shifts[np.newaxis], percent)[0]) / cities for percent in PERCENTS]
    return ShiftSummary(mean, *quantiles)


def probability_in_top(counts: RankCounts, k: int) -> FloatArray:
    """Return each unit's share of the draws with a rank of k or better, (units,).

    Raises ValueError for a k below 1, or one beyond the ranks that are counted alone.
    """
    if k < 1:
        raise ValueError(f"the top {k} has no rank")
    if k > EXACT_RANKS and not counts.bands.is_exact:
        raise ValueError(f"the top {k} ends within a band of ranks: at most {EXACT_RANKS}")
    top: FloatArray = _by_block(counts.histogram, lambda block: block[:, :k].sum(axis=1)) / counts.draws
    return top


def kept_draws(counts: RankCounts, nominal: IntArray) -> IntArray:
    """Return in how many draws each unit keeps its nominal rank, (units,)."""
    if counts.exactly is not None:
        return counts.exactly.kept
    (_rows, histogram), *_ = opened(counts.histogram)
    kept: IntArray = histogram[np.arange(len(nominal)), nominal - 1].astype(np.int64)
    return kept


@dataclass(frozen=True)
class Doubt:
    """The first unit down the nominal ranking whose rank is in doubt, by its place among the units.

    ``leaders`` above it keep theirs in all draws; ``kept`` is the share of draws in which it keeps its own.
    """

    unit: int
    rank: int
    leaders: int
    kept: float


def first_in_doubt(nominal: IntArray, kept: FloatArray) -> Doubt | None:
    """Return the first unit that does not keep its rank; None where all keep theirs.

    Parameters
    ----------
    nominal, kept : (units,)
        Ranks with the nominal weights, and the share of the draws in which each unit keeps its own.
    """
    order = np.argsort(nominal, kind="stable")
    doubtful = np.flatnonzero(kept[order] < WHOLE)
    if not len(doubtful):
        return None
    leaders = int(doubtful[0])
    unit = int(order[leaders])
    return Doubt(unit=unit, rank=int(nominal[unit]), leaders=leaders, kept=float(kept[unit]))


def group_indistinct(counts: RankCounts, nominal: IntArray) -> IntArray:
    """Number the groups of units that the draws cannot tell apart, from 1, (units,).

    Down the nominal ranking, a group is led by the first unit not yet in one and takes in the
    units below it as long as their 5-95 % interval of ranks meets the leader's. Intervals
    meet more often than paired comparisons fail, so the groups are rather too large.

    Parameters
    ----------
    nominal : int array, (units,)
        Ranks with the nominal weights.
    """
    (low, _), (_, high) = _quantiles(counts, (PERCENTS[0], PERCENTS[-1]))
    groups = np.zeros(len(nominal), dtype=np.int64)
    group, leader = 0, -1
    for city in np.argsort(nominal, kind="stable"):
        if leader < 0 or low[city] > high[leader]:
            group, leader = group + 1, city
        groups[city] = group
    return groups


def _by_block(histogram: Histogram, sum_up: Callable[[IntArray], IntArray]) -> IntArray:
    """Return what a block of rows comes to, for all of them, (units,)."""
    return np.concatenate([sum_up(block) for _rows, block in opened(histogram)])


def _quantiles(counts: RankCounts, percents: Sequence[int]) -> list[tuple[FloatArray, FloatArray]]:
    """Return the lowest and the highest that each unit's quantile can be, (units,) each, by percent.

    Where each rank is counted alone they are the same.
    """
    cities, firsts, lasts = counts.histogram.shape[0], counts.bands.firsts, counts.bands.lasts
    found = [(np.empty(cities), np.empty(cities)) for _percent in percents]
    for rows, block in opened(counts.histogram):
        cumulated = np.cumsum(block, axis=1)
        for (low, high), percent in zip(found, percents, strict=True):
            below, above, part = _order_statistics(cumulated, percent)
            if counts.exactly is None:
                low[rows] = high[rows] = below + (above - below) * part + 1
            else:
                low[rows], high[rows] = firsts[below], lasts[above]
    return found


def _of_sorted(values: IntArray, percent: int) -> float:
    """Return the type 7 quantile of sorted whole numbers; exact in integers."""
    position, hundredths = divmod((len(values) - 1) * percent, 100)
    if not hundredths:
        return float(values[position])
    low, high = int(values[position]), int(values[position + 1])
    return low + (high - low) * (hundredths / 100)


def _order_statistics(cumulated: IntArray, percent: int) -> tuple[IntArray, IntArray, float]:
    """Return the columns of the two order statistics that a type 7 quantile lies between, and where."""
    position, hundredths = divmod((int(cumulated[0, -1]) - 1) * percent, 100)
    # The smallest value with more than `position` draws up to it.
    below = (cumulated <= position).sum(axis=1)
    above = (cumulated <= position + 1).sum(axis=1) if hundredths else below
    return below, above, hundredths / 100


def _quantile(counts: IntArray, percent: int) -> FloatArray:
    """Return the type 7 quantile of 0, 1, 2, ... counted in each row, (rows,); exact in integers."""
    below, above, part = _order_statistics(np.cumsum(counts, axis=1), percent)
    quantile: FloatArray = below + (above - below) * part
    return quantile


def _padded(values: IntArray, size: int) -> IntArray:
    return np.pad(values, (0, size - len(values)))
