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
    """A column, (units,), its values in ascending order, (present,), and the rows of its far outliers."""

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
    """Yield the columns of values (units, leaves), each beside itself in memory, (units,)."""
    for columns in _blocks_of_columns(values):
        yield from columns


def _blocks_of_columns(values: FloatArray) -> Iterator[FloatArray]:
    """Yield some columns at a time as rows, (columns, units), which are ten times as quick to go through."""
    for start in range(0, values.shape[1], BLOCK):
        yield np.ascontiguousarray(values[:, start : start + BLOCK].T)


def screen_columns(values: FloatArray, fence: float = FENCE) -> Iterator[Screened]:
    r"""Yield each column in ascending order, with the cells outside Tukey's outer fences.

    .. math:: x < Q_1 - f (Q_3 - Q_1) \quad\text{or}\quad x > Q_3 + f (Q_3 - Q_1)

    with quartiles interpolated linearly (Hyndman & Fan's type 7). A column whose quartiles are
    equal, of which at least half the cells are alike, is not judged; nor is one without a number.

    Parameters
    ----------
    values : float array, (units, leaves)
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
    nothing = np.empty(0, dtype=int)
    for columns in _blocks_of_columns(values):
        # nan comes last: the quartiles of columns without one are found at once.
        inorder = np.sort(columns, axis=1)
        if not inorder.shape[1]:
            yield from (Screened(column, column, nothing) for column in columns)
            continue
        low, high = _fences(inorder, fence)
        is_far = (inorder[:, 0] < low) | (inorder[:, -1] > high)
        gaps = np.isnan(inorder[:, -1])
        for position, (column, ordered) in enumerate(zip(columns, inorder, strict=True)):
            if gaps[position]:
                ordered = ordered[: len(ordered) - np.isnan(ordered).sum()]
                yield Screened(column, ordered, _far_of(column, ordered, fence))
            elif is_far[position]:
                yield Screened(column, ordered, _beyond(column, low[position], high[position]))
            else:
                yield Screened(column, ordered, nothing)


def _far_of(column: FloatArray, ordered: FloatArray, fence: float) -> IntArray:
    """Return the far outliers of a column with gaps, beside its values in order."""
    if not len(ordered):
        return np.empty(0, dtype=int)
    low, high = _fences(ordered[None], fence)
    return _beyond(column, low[0], high[0])


def _beyond(column: FloatArray, low: np.float64, high: np.float64) -> IntArray:
    return np.flatnonzero((column < low) | (column > high))


def _fences(ordered: FloatArray, fence: float) -> tuple[FloatArray, FloatArray]:
    """Return the outer fences of rows of sorted values, (rows,) each."""
    # Values near the largest that there are leave no room for their own distances: nothing lies beyond them.
    with np.errstate(invalid="ignore", over="ignore"):
        first, third = _quartiles(ordered, 0.25), _quartiles(ordered, 0.75)
        spread = np.where(third > first, third - first, np.inf)
        return first - fence * spread, third + fence * spread


def _quartiles(ordered: FloatArray, share: float) -> FloatArray:
    """Return a quantile of each row of sorted values as NumPy interpolates it, to the bit, (rows,)."""
    last = ordered.shape[1] - 1
    below = int(share * last)
    low, high = ordered[:, below], ordered[:, min(below + 1, last)]
    part = share * last - below
    step = high - low
    found: FloatArray = high - step * (1 - part) if part >= 0.5 else low + step * part
    return found


@dataclass(frozen=True, eq=False)
class Jumps:
    """Median ratio of each column to the edition before, (leaves,), nan where there is none;
    the cells that moved unlike their column, (units, leaves)."""

    ratios: FloatArray
    cells: BoolArray

    @property
    def columns(self) -> BoolArray:
        """The columns, (leaves,), that look like another unit."""
        with np.errstate(invalid="ignore"):
            return (self.ratios >= UNIT_JUMP) | (self.ratios <= 1 / UNIT_JUMP)


def unit_jumps(values: FloatArray, before: FloatArray) -> Jumps:
    r"""Compare raw values with those of the same units in the edition before.

    The ratio of a column is :math:`r_j = \operatorname{median}_c x_{cj} / x'_{cj}` over the units
    whose values are above zero in both; a column with :math:`r_j \ge 5` or :math:`r_j \le 1/5`
    looks like another unit. A cell whose own ratio is ten times :math:`r_j` or more, or a tenth
    or less, looks like a slip.

    Parameters
    ----------
    values, before : float array, (units, leaves)
        The same units and leaves; nan where missing or not there before.

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
