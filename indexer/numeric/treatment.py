"""Outliers: which columns hold them by a stated rule, and what is done to those columns."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from indexer.numeric.entries import Entries
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

    ``treat`` gives the treated column, (cities,), and what was done; None where columns are
    kept. ``draws_in`` says whether `OutlierRule.most` matters.
    """

    code: str
    treat: Callable[[FloatArray, OutlierRule], tuple[FloatArray, Done]] | None
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
    """Treated values, (cities, leaves); which cells were winsorised; the columns concerned."""

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
    order of the cities changes no bit.

    Parameters
    ----------
    column : float array, (cities,)
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
    values = np.sort(column[~np.isnan(column)])
    n = len(values)
    if n < FEWEST or values[0] == values[-1]:
        return Shape(0.0, 0.0)
    scaled = _scaled(values)
    deviations = scaled - scaled.mean()
    squares = deviations**2
    m2, m3, m4 = squares.mean(), (squares * deviations).mean(), (squares**2).mean()
    skewness = np.sqrt(n * (n - 1)) / (n - 2) * m3 / m2**1.5
    kurtosis = (n - 1) / ((n - 2) * (n - 3)) * ((n + 1) * (m4 / m2**2 - 3) + 6)
    return Shape(float(skewness), float(kurtosis))


def treat_outliers(values: FloatArray, rule: OutlierRule) -> Treated:
    r"""Treat the columns that hold outliers by the rule, each by itself.

    Winsorising gives the largest value of a column (the smallest one where the skewness is
    negative) the next value inwards, all cells that tie together, until the column is within
    the limits, or the next step would change more than ``rule.most`` cells or leave one value.

    The logarithm is :math:`\ln(1 + 100 (x - \min) / (\max - \min))`, from 0 for the smallest
    value to :math:`\ln 101` for the largest: COINr's ``log_CT`` but for a constant, so that it
    does not depend on the unit and never falls below zero. A column with negative skewness is
    mirrored before and after. The order of the cities is kept, and the rule that was not met
    is reported, not hidden: see `ColumnTreatment.is_within`.

    Parameters
    ----------
    values : float array, (cities, leaves)
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
    treated = np.array(values, dtype=np.float64)
    winsorised = np.zeros(treated.shape, dtype=bool)
    treatments = []
    if (treat := OUTLIER_ACTIONS[rule.action].treat) is not None:
        for place in range(treated.shape[1]):
            column = np.ascontiguousarray(treated[:, place])
            before = shape_of(column)
            if _is_within(before, rule):
                continue
            result, done = treat(column, rule)
            after = shape_of(result)
            changed = result != column if done == "winsorised" else ~np.isnan(column)
            changed &= ~np.isnan(column)
            treated[:, place] = result
            winsorised[:, place] = changed & (done == "winsorised")
            treatments.append(
                ColumnTreatment(place, done, int(changed.sum()), before, after, _is_within(after, rule))
            )
    return Treated(treated, winsorised, tuple(treatments))


def _winsorise(column: FloatArray, rule: OutlierRule) -> tuple[FloatArray, Done]:
    return _winsorised(column, rule), "winsorised"


def _log(column: FloatArray, _rule: OutlierRule) -> tuple[FloatArray, Done]:
    return _logged(column), "logged"


def _winsorise_or_log(column: FloatArray, rule: OutlierRule) -> tuple[FloatArray, Done]:
    drawn_in = _winsorised(column, rule)
    if _is_within(shape_of(drawn_in), rule):
        return drawn_in, "winsorised"
    return _logged(column), "logged"


def _winsorised(column: FloatArray, rule: OutlierRule) -> FloatArray:
    """Draw in the extreme cells, step by step, on the side that the skewness points to."""
    result = column.copy()
    while not _is_within(shape := shape_of(result), rule):
        sign = 1.0 if shape.skewness >= 0 else -1.0
        side = sign * result
        extreme = side == np.nanmax(side)
        step = np.where(extreme, sign * np.nanmax(side[~extreme]), result)
        # A column drawn in to a single value would tell no city from another.
        if (step != column)[~np.isnan(column)].sum() > rule.most or np.nanmin(step) == np.nanmax(step):
            break
        result = step
    return result


def _logged(column: FloatArray) -> FloatArray:
    scaled = _scaled(column)
    low, high = np.nanmin(scaled), np.nanmax(scaled)
    if shape_of(column).skewness >= 0:
        return np.log1p(LOG_STEPS * ((scaled - low) / (high - low)))
    return np.log1p(LOG_STEPS) - np.log1p(LOG_STEPS * ((high - scaled) / (high - low)))


def _scaled(values: FloatArray) -> FloatArray:
    """Divide by a power of two, which is exact, so that the powers of values stay in range."""
    return np.ldexp(values, -np.frexp(np.nanmax(np.abs(values)))[1])


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
