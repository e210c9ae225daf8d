"""What looks wrong in raw values: far outliers, changes of unit, columns and rows that repeat."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from weighting.numeric.arrays import BoolArray, FloatArray, IntArray

# So many columns are taken at once: what is computed of them stays near the processor.
BLOCK = 64
FENCE = 3.0
# The median unit does not grow or shrink fivefold from one edition to the next.
UNIT_JUMP = 5.0
CELL_JUMP = 10.0


@dataclass(frozen=True, eq=False)
class Screened:
    """A column, (cities,), its values in ascending order, (present,), and the rows of its far outliers."""

    column: FloatArray
    ordered: FloatArray
    far: IntArray

    @property
    def median(self) -> float:
        """The median of the values; nan where there is none."""
        middle = len(self.ordered) // 2
        with np.errstate(over="ignore"):
            return float(self.ordered[middle - 1 + len(self.ordered) % 2 : middle + 1].mean())


def columns_of(values: FloatArray) -> Iterator[FloatArray]:
    """Yield the columns of values (cities, leaves), each beside itself in memory, (cities,)."""
    for columns in _blocks_of_columns(values):
        yield from columns


def _blocks_of_columns(values: FloatArray) -> Iterator[FloatArray]:
    """Yield some columns at a time as rows, (columns, cities), which are ten times as quick to go through."""
    for start in range(0, values.shape[1], BLOCK):
        yield np.ascontiguousarray(values[:, start : start + BLOCK].T)


def screen_columns(values: FloatArray, fence: float = FENCE) -> Iterator[Screened]:
    r"""Yield each column in ascending order, with the cells outside Tukey's outer fences.

    .. math:: x < Q_1 - f (Q_3 - Q_1) \quad\text{or}\quad x > Q_3 + f (Q_3 - Q_1)

    with quartiles interpolated linearly (Hyndman & Fan's type 7). A column whose quartiles are
    equal, of which at least half the cells are alike, is not judged; nor is one without a number.

    Parameters
    ----------
    values : float array, (cities, leaves)
        nan where missing; a missing cell is no outlier.
    fence : float
        3 for far outliers, 1.5 for outliers.

    Yields
    ------
    Screened

    References
    ----------
    Tukey (1977), "Exploratory Data Analysis", section 2D.
    """
    for columns in _blocks_of_columns(values):
        # nan comes last.
        for column, whole in zip(columns, np.sort(columns, axis=1), strict=True):
            has_gaps = len(whole) and np.isnan(whole[-1])
            ordered = whole[: len(whole) - np.isnan(whole).sum()] if has_gaps else whole
            yield Screened(column, ordered, _far(column, ordered, fence))


def _far(column: FloatArray, ordered: FloatArray, fence: float) -> IntArray:
    if not len(ordered):
        return np.empty(0, dtype=int)
    # Values near the largest that there are leave no room for their own distances: nothing lies beyond them.
    with np.errstate(invalid="ignore", over="ignore"):
        first, third = _quartile(ordered, 0.25), _quartile(ordered, 0.75)
        spread = third - first if third > first else np.inf
        low, high = first - fence * spread, third + fence * spread
    if not (ordered[0] < low or ordered[-1] > high):
        return np.empty(0, dtype=int)
    return np.flatnonzero((column < low) | (column > high))


def _quartile(ordered: FloatArray, share: float) -> np.float64:
    """Return a quantile of sorted values as NumPy interpolates it, to the bit."""
    place = share * (len(ordered) - 1)
    below = int(place)
    low, high = ordered[below], ordered[min(below + 1, len(ordered) - 1)]
    part = place - below
    step = high - low
    found: np.float64 = high - step * (1 - part) if part >= 0.5 else low + step * part
    return found


@dataclass(frozen=True, eq=False)
class Jumps:
    """Median ratio of each column to the edition before, (leaves,), nan where there is none;
    the cells that moved unlike their column, (cities, leaves)."""

    ratios: FloatArray
    cells: BoolArray

    @property
    def columns(self) -> BoolArray:
        """The columns, (leaves,), that look like another unit."""
        with np.errstate(invalid="ignore"):
            return (self.ratios >= UNIT_JUMP) | (self.ratios <= 1 / UNIT_JUMP)


def unit_jumps(values: FloatArray, before: FloatArray) -> Jumps:
    r"""Compare raw values with those of the same cities in the edition before.

    The ratio of a column is :math:`r_j = \operatorname{median}_c x_{cj} / x'_{cj}` over the cities
    whose values are above zero in both; a column with :math:`r_j \ge 5` or :math:`r_j \le 1/5`
    looks like another unit. A cell whose own ratio is ten times :math:`r_j` or more, or a tenth
    or less, looks like a slip.

    Parameters
    ----------
    values, before : float array, (cities, leaves)
        The same cities and leaves; nan where missing or not there before.

    Returns
    -------
    Jumps
    """
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        ratios = np.where((values > 0) & (before > 0), values / before, np.nan)
        known = np.isfinite(ratios).any(axis=0)
        medians = np.full(values.shape[1], np.nan)
        medians[known] = np.nanmedian(ratios[:, known], axis=0)
        own = ratios / medians
        return Jumps(medians, (own >= CELL_JUMP) | (own <= 1 / CELL_JUMP))


def repeats(values: FloatArray) -> list[tuple[int, int]]:
    """Return (first, later) for each row that repeats an earlier one in every cell.

    Rows that hold nothing repeat nothing; pass the transpose for columns.
    """
    # Rows whose prints differ cannot be alike, and most differ in their first cells; the others are compared
    # in full.
    maybe = np.arange(len(values))
    for width in (BLOCK, values.shape[1]):
        maybe = maybe[_shared(_prints(values[:, :width], maybe))]
    first: dict[bytes, int] = {}
    pairs = []
    for place in maybe.tolist():
        row = values[place] + 0.0
        if not np.isnan(row).all() and (seen := first.setdefault(row.tobytes(), place)) != place:
            pairs.append((seen, place))
    return pairs


def _shared(prints: IntArray) -> BoolArray:
    """Tell the prints that are there more than once."""
    _marks, group, sizes = np.unique(prints, return_inverse=True, return_counts=True)
    shared: BoolArray = sizes[group] > 1
    return shared


def _prints(values: FloatArray, rows: IntArray) -> IntArray:
    """Return a whole number for each row that is asked for, the same for the same bits."""
    drawn = np.random.default_rng(0).integers(2**62, size=values.shape[1])
    factors = np.bitwise_or(drawn.view(np.uint64), 1)
    prints = np.zeros(len(rows), dtype=np.uint64)
    for start in range(0, values.shape[1], BLOCK):
        # Zero added makes one zero of the two.
        bits = np.ascontiguousarray(values[rows, start : start + BLOCK] + 0.0).view(np.uint64)
        prints += (bits * factors[start : start + BLOCK]).sum(axis=1, dtype=np.uint64)
    return prints.view(np.int64)
