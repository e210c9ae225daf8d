"""Outliers: which columns hold them by a stated rule, and what is done to those columns."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from indexer.numeric.method.entries import Entries
from weighting.numeric.arrays import BoolArray, FloatArray

Done = Literal["winsorised", "logged"]

# The sample kurtosis divides by (n - 2)(n - 3).
FEWEST = 4
# One hundredth of the range keeps the logarithm off the smallest value.
LOG_STEPS = 100


@dataclass(frozen=True)
class OutlierRule:
    """A column is treated when ``|skewness|`` and ``kurtosis`` both exceed their limits.

    ``winsorise`` draws in at most ``most`` cells of a column, ``log`` takes logarithms, and
    ``winsorise_log`` takes logarithms of the raw column where drawing in was not enough.
    """

    action: str = "keep"
    skewness: float = 2.0
    kurtosis: float = 3.5
    most: int = 5


@dataclass(frozen=True)
class OutlierAction:
    """What is done with a column beyond the limits.

    ``treat`` gives the treated column, (units,), its shape and what was done, from the column and
    its shape; None where columns are kept. ``draws_in`` says whether `OutlierRule.most` matters.
    """

    code: str
    treat: Callable[[FloatArray, "Shape", OutlierRule], tuple[FloatArray, "Shape", Done]] | None
    draws_in: bool = False

    @property
    def changes(self) -> bool:
        """Whether a column may be changed at all."""
        return self.treat is not None


@dataclass(frozen=True)
class Shape:
    """Sample skewness and excess kurtosis of a column; 0 where they are not defined."""

    skewness: float
    kurtosis: float


@dataclass(frozen=True)
class ColumnTreatment:
    """What was done to one column, and whether it is within the limits now."""

    column: int
    done: Done
    cells: int
    before: Shape
    after: Shape
    is_within: bool


@dataclass(frozen=True, eq=False)
class Treated:
    """Treated values, (units, leaves); which cells were winsorised; the columns concerned."""

    values: FloatArray
    winsorised: BoolArray
    treatments: tuple[ColumnTreatment, ...]


def shape_of(column: FloatArray) -> Shape:
    r"""Return the skewness :math:`G_1` and the excess kurtosis :math:`G_2` of a column.

    .. math::

        G_1 = \frac{\sqrt{n(n-1)}}{n-2} \frac{m_3}{m_2^{3/2}}, \qquad
        G_2 = \frac{n-1}{(n-2)(n-3)} \left((n+1)\Bigl(\frac{m_4}{m_2^2} - 3\Bigr) + 6\right)

    with :math:`m_r` the mean of the r-th powers of the deviations: the definitions of SAS,
    SPSS, Excel (SKEW, KURT) and COINr. The values are added in ascending order, so that the
    order of the units changes no bit.

    Parameters
    ----------
    column : float array, (units,)
        nan where missing; missing cells are left out.

    Returns
    -------
    Shape
        Both 0 for a constant column, and for fewer than four values.

    References
    ----------
    Joanes & Gill (1998), "Comparing measures of sample skewness and kurtosis",
    doi:10.1111/1467-9884.00122, types 2.
    """
    return shape_of_sorted(np.sort(column[~np.isnan(column)]))


def shape_of_sorted(values: FloatArray) -> Shape:
    """Return the shape of values that are in ascending order already, without a gap, (units,)."""
    n = len(values)
    if n < FEWEST or values[0] == values[-1]:
        return Shape(0.0, 0.0)
    scaled = _scaled(values, max(abs(values[0]), abs(values[-1])))
    deviations = scaled - _mean(scaled)
    squares = deviations**2
    m2, m3, m4 = _mean(squares), _mean(squares * deviations), _mean(squares**2)
    skewness = np.sqrt(n * (n - 1)) / (n - 2) * m3 / m2**1.5
    kurtosis = (n - 1) / ((n - 2) * (n - 3)) * ((n + 1) * (m4 / m2**2 - 3) + 6)
    return Shape(float(skewness), float(kurtosis))


def _mean(values: FloatArray) -> np.float64:
    """Return what ``values.mean()`` does, which for so few values takes three times as long."""
    mean: np.float64 = np.add.reduce(values) / len(values)
    return mean


def treat_outliers(values: FloatArray, rule: OutlierRule) -> Treated:
    r"""Treat the columns that hold outliers by the rule, each by itself.

    Winsorising gives the largest value of a column (the smallest one where the skewness is
    negative) the next value inwards, all cells that tie together, until the column is within
    the limits, or the next step would change more than ``rule.most`` cells or leave one value.

    The logarithm is :math:`\ln(1 + 100 (x - \min) / (\max - \min))`, from 0 for the smallest
    value to :math:`\ln 101` for the largest: COINr's ``log_CT`` but for a constant, so that it
    does not depend on the unit and never falls below zero. A column with negative skewness is
    mirrored before and after. The order of the units is kept, and the rule that was not met
    is reported, not hidden: see `ColumnTreatment.is_within`.

    Parameters
    ----------
    values : float array, (units, leaves)
        Finite; nan where missing, which stays so.
    rule : OutlierRule

    Returns
    -------
    Treated

    Raises
    ------
    ValueError
        When the rule is unknown or its limits make no sense.

    References
    ----------
    OECD & JRC (2008), "Handbook on Constructing Composite Indicators", step 5,
    doi:10.1787/9789264043466-en; Becker et al. (2022), "COINr", doi:10.21105/joss.04567.
    """
    _check(rule)
    winsorised = np.zeros(values.shape, dtype=bool)
    treatments: list[ColumnTreatment] = []
    if (treat := OUTLIER_ACTIONS[rule.action].treat) is None:
        return Treated(values, winsorised, ())
    treated = np.array(values, dtype=np.float64)
    for position in range(treated.shape[1]):
        column = np.ascontiguousarray(treated[:, position])
        before = shape_of(column)
        if _is_within(before, rule):
            continue
        result, after, done = treat(column, before, rule)
        changed = result != column if done == "winsorised" else ~np.isnan(column)
        changed &= ~np.isnan(column)
        treated[:, position] = result
        winsorised[:, position] = changed & (done == "winsorised")
        treatments.append(
            ColumnTreatment(position, done, int(changed.sum()), before, after, _is_within(after, rule))
        )
    return Treated(treated, winsorised, tuple(treatments))


def _winsorise(column: FloatArray, shape: Shape, rule: OutlierRule) -> tuple[FloatArray, Shape, Done]:
    """Draw in the extreme cells, step by step, on the side that the skewness points to."""
    ordered = np.sort(column[~np.isnan(column)])
    low, high = 0, len(ordered)
    while not _is_within(shape, rule):
        if shape.skewness >= 0:
            end = int(np.searchsorted(ordered, ordered[-1], side="left"))
            start, edge, drawn_in = low, ordered[end - 1], slice(end, None)
        else:
            start = int(np.searchsorted(ordered, ordered[0], side="right"))
            end, edge, drawn_in = high, ordered[start], slice(start)
        # A column drawn in to a single value would tell no unit from another.
        if start + len(ordered) - end > rule.most or edge in (ordered[0], ordered[-1]):
            break
        low, high = start, end
        ordered[drawn_in] = edge
        shape = shape_of_sorted(ordered)
    held = np.where(column > ordered[-1], ordered[-1], column)
    return np.where(column < ordered[0], ordered[0], held), shape, "winsorised"


def _log(column: FloatArray, shape: Shape, _rule: OutlierRule) -> tuple[FloatArray, Shape, Done]:
    scaled = _scaled(column, np.nanmax(np.abs(column)))
    low, high = np.nanmin(scaled), np.nanmax(scaled)
    if shape.skewness >= 0:
        logged = np.log1p(LOG_STEPS * ((scaled - low) / (high - low)))
    else:
        logged = np.log1p(LOG_STEPS) - np.log1p(LOG_STEPS * ((high - scaled) / (high - low)))
    return logged, shape_of(logged), "logged"


def _winsorise_or_log(column: FloatArray, shape: Shape, rule: OutlierRule) -> tuple[FloatArray, Shape, Done]:
    drawn_in = _winsorise(column, shape, rule)
    return drawn_in if _is_within(drawn_in[1], rule) else _log(column, shape, rule)


def _scaled(values: FloatArray, largest: float) -> FloatArray:
    """Divide by a power of two, which is exact, so that the powers of values stay in range."""
    return np.ldexp(values, -math.frexp(largest)[1])


def _is_within(shape: Shape, rule: OutlierRule) -> bool:
    return abs(shape.skewness) <= rule.skewness or shape.kurtosis <= rule.kurtosis


def _check(rule: OutlierRule) -> None:
    if not (rule.skewness >= 0 and rule.kurtosis >= 0 and rule.most >= 1):
        raise ValueError(f"limits of the outlier rule make no sense: {rule}")


OUTLIER_ACTIONS = Entries(
    "treatment of outliers",
    [
        OutlierAction("keep", None),
        OutlierAction("winsorise", _winsorise, draws_in=True),
        OutlierAction("log", _log),
        OutlierAction("winsorise_log", _winsorise_or_log, draws_in=True),
    ],
)
