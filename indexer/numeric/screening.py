"""What looks wrong in raw values: far outliers, changes of unit, columns and rows that repeat."""

from dataclasses import dataclass

import numpy as np

from weighting.numeric.arrays import BoolArray, FloatArray

FENCE = 3.0
# The median unit does not grow or shrink fivefold from one edition to the next.
UNIT_JUMP = 5.0
CELL_JUMP = 10.0


def tukey_outliers(values: FloatArray, fence: float = FENCE) -> BoolArray:
    r"""Return which cells lie outside Tukey's outer fences of their column.

    .. math:: x < Q_1 - f (Q_3 - Q_1) \quad\text{or}\quad x > Q_3 + f (Q_3 - Q_1)

    with quartiles interpolated linearly (Hyndman & Fan's type 7). A column whose quartiles are
    equal, of which at least half the cells are alike, is not judged; nor is one without a number.

    Parameters
    ----------
    values : float array, (cities, leaves)
        nan where missing; a missing cell is no outlier.
    fence : float
        3 for far outliers, 1.5 for outliers.

    Returns
    -------
    bool array, (cities, leaves)

    References
    ----------
    Tukey (1977), "Exploratory Data Analysis", section 2D.
    """
    judged = np.isfinite(values).sum(axis=0) > 0
    # NumPy takes no quantiles of no columns.
    if not judged.any():
        return np.zeros(values.shape, dtype=bool)
    low, high = np.full(values.shape[1], -np.inf), np.full(values.shape[1], np.inf)
    # Values near the largest that there are leave no room for their own distances: nothing lies beyond them.
    with np.errstate(invalid="ignore", over="ignore"):
        first, third = np.nanquantile(values[:, judged], [0.25, 0.75], axis=0)
        spread = np.where(third > first, third - first, np.inf)
        low[judged], high[judged] = first - fence * spread, third + fence * spread
        return (values < low) | (values > high)


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
    first: dict[bytes, int] = {}
    pairs = []
    for place, row in enumerate(np.ascontiguousarray(values + 0.0)):
        if not np.isnan(row).all() and (seen := first.setdefault(row.tobytes(), place)) != place:
            pairs.append((seen, place))
    return pairs
