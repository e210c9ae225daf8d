"""How two figures of the same units go together: correlations, a line, and who is far from it."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from indexer.numeric.comparison.versions import spearman
from weighting.numeric.arrays import BoolArray, FloatArray, IntArray
from weighting.numeric.distributions import student_p_value

# A line through fewer leaves no residual that could be judged.
FEWEST = 4
# The normal quantile of a 95 % interval.
Z_95 = 1.959963984540054
# Which of the two figures a fit takes the logarithms of.
SCALES = ("linear", "log-x", "log-log")


@dataclass(frozen=True)
class Association:
    """Correlations of two figures over some units; nan where they are undefined.

    Attributes
    ----------
    count : int
        Cities.
    pearson, spearman : float
        In [-1, 1].
    log_count : int
        Cities where both figures are above zero.
    log_pearson : float
        Of the logarithms, over these.
    """

    count: int
    pearson: float
    spearman: float
    log_count: int
    log_pearson: float


@dataclass(frozen=True, eq=False)
class Line:
    """A least-squares line y = intercept + slope x, with its studentised residuals, (units,)."""

    slope: float
    intercept: float
    studentised: FloatArray


@dataclass(frozen=True)
class Inference:
    """How sure a correlation is: two-sided p-value, and the 95 % interval; nan where undefined."""

    p_value: float
    low: float
    high: float


@dataclass(frozen=True)
class Fit:
    """A straight line y = intercept + slope x on one of `SCALES`, over the units that have a place on it.

    Everything but ``count`` is nan where the units determine no line.
    """

    scale: str
    count: int
    r: float
    inference: Inference
    slope: float
    intercept: float

    @property
    def r_squared(self) -> float:
        """The part of the variance of y that the line accounts for."""
        return self.r**2


def infer_correlation(r: float, count: int) -> Inference:
    r"""Say how sure a correlation of so many pairs is.

    .. math:: t = r \sqrt{(n - 2) / (1 - r^2)}, \quad \tanh(\operatorname{artanh} r \pm 1.96 / \sqrt{n - 3})

    The interval is of Pearson's r; of three pairs it is everything.

    Parameters
    ----------
    r : float
        In [-1, 1], or nan.
    count : int
        Pairs.

    References
    ----------
    Fisher (1921), On the probable error of a coefficient of correlation, Metron 1, 3-32.
    """
    if math.isnan(r) or count < 3:
        return Inference(math.nan, math.nan, math.nan)
    if abs(r) == 1:
        return Inference(0.0, r, r)
    p_value = student_p_value(r * math.sqrt((count - 2) / (1 - r * r)), count - 2)
    if count == 3:
        return Inference(p_value, -1.0, 1.0)
    middle, reach = math.atanh(r), Z_95 / math.sqrt(count - 3)
    return Inference(p_value, math.tanh(middle - reach), math.tanh(middle + reach))


def fit_scales(x: FloatArray, y: FloatArray) -> list[Fit]:
    """Fit a straight line on each of `SCALES`: as they are, over log x, and of both logarithms.

    Logarithms are natural, and of what is above zero alone.

    Parameters
    ----------
    x, y : float array, (units,)
        Finite.
    """
    x, y = _pair(x, y)
    above, both = x > 0, (x > 0) & (y > 0)
    return [
        _fit("linear", x, y),
        _fit("log-x", np.log(x[above]), y[above]),
        _fit("log-log", np.log(x[both]), np.log(y[both])),
    ]


def _fit(scale: str, x: FloatArray, y: FloatArray) -> Fit:
    r = pearson(x, y)
    slope = intercept = math.nan
    if len(x) > 1 and np.ptp(x) > 0:
        a = x - x.mean()
        slope = float(a @ (y - y.mean()) / (a @ a))
        intercept = float(y.mean() - slope * x.mean())
    return Fit(scale, len(x), r, infer_correlation(r, len(x)), slope, intercept)


def pearson(x: FloatArray, y: FloatArray) -> float:
    """Return the product-moment correlation; nan for fewer than two units or a constant side.

    Parameters
    ----------
    x, y : float array, (units,)
        Finite.
    """
    x, y = _pair(x, y)
    if len(x) < 2:
        return float("nan")
    # Scaled first, so that large units do not overflow and small ones do not vanish.
    a, b = _centred(x), _centred(y)
    spread = np.sqrt((a @ a) * (b @ b))
    return float(np.clip(a @ b / spread, -1, 1)) if spread > 0 else float("nan")


def associate(x: FloatArray, y: FloatArray) -> Association:
    """Return all correlations of two figures.

    Parameters
    ----------
    x, y : float array, (units,)
        Finite.

    Raises
    ------
    ValueError
        When the shapes differ or a value is not finite.
    """
    x, y = _pair(x, y)
    positive = (x > 0) & (y > 0)
    return Association(
        count=len(x),
        pearson=pearson(x, y),
        spearman=_spearman(x, y),
        log_count=int(positive.sum()),
        log_pearson=pearson(np.log(x[positive]), np.log(y[positive])),
    )


def fit_line(x: FloatArray, y: FloatArray) -> Line:
    r"""Fit a line by least squares, and say how far each unit is from it without its own pull.

    The externally studentised residual is :math:`t_i = e_i / (s_{(i)} \sqrt{1 - h_i})`, with the
    residual e, the leverage h and the standard error of the fit to all other units.

    Parameters
    ----------
    x, y : float array, (units,)
        Finite, at least four units, x not constant.

    Raises
    ------
    ValueError
        For fewer units or a constant x.

    References
    ----------
    Belsley, Kuh & Welsch (1980), Regression Diagnostics, section 2.1,
    https://doi.org/10.1002/0471725153
    """
    x, y = _pair(x, y)
    if len(x) < FEWEST or np.ptp(x) == 0:
        raise ValueError(f"{len(x)} cities, or one value of x, determine no line with residuals")
    count, a = len(x), x - x.mean()
    slope = float(a @ (y - y.mean()) / (a @ a))
    intercept = float(y.mean() - slope * x.mean())
    residuals = y - intercept - slope * x
    leverage = 1 / count + a**2 / (a @ a)
    rest = 1 - leverage
    # A unit that fixes the line alone has no residual of its own; nor has a perfect fit any.
    free = rest > 1e-12
    without = np.full(count, np.nan)
    without[free] = (residuals @ residuals - residuals[free] ** 2 / rest[free]) / (count - 3)
    scale = np.sqrt(np.clip(without, 0, None) * rest)
    judged = free & (scale > 1e-12 * np.abs(y).max(initial=0.0))
    studentised = np.divide(residuals, scale, out=np.zeros(count), where=judged)
    return Line(slope=slope, intercept=intercept, studentised=studentised)


def bands_of(ranks: IntArray, limits: Sequence[int]) -> list[tuple[int, int, BoolArray]]:
    """Cut ranks into bands: first and last rank of each, and who is in it, (units,).

    Limits 100 and 200 give 1-100, 101-200 and what is left; a band of nobody is left out.

    Raises
    ------
    ValueError
        When the limits do not rise from 1.
    """
    if any(low >= high for low, high in zip([0, *limits], limits, strict=False)):
        raise ValueError(f"the limits {list(limits)} do not rise from 1")
    last = int(ranks.max(initial=0))
    ends = [*(limit for limit in limits if limit < last), last]
    bands = []
    for start, end in zip([0, *ends], ends, strict=False):
        inside = (ranks > start) & (ranks <= end)
        if inside.any():
            bands.append((start + 1, end, inside))
    return bands


def _pair(x: FloatArray, y: FloatArray) -> tuple[FloatArray, FloatArray]:
    x, y = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    if x.ndim != 1 or x.shape != y.shape:
        raise ValueError(f"shapes {x.shape} and {y.shape} are not one value per city")
    if not (np.isfinite(x).all() and np.isfinite(y).all()):
        raise ValueError("a value is not finite")
    return x, y


def _centred(values: FloatArray) -> FloatArray:
    largest = np.abs(values).max()
    scaled = values / largest if largest > 0 else values
    # Equal values differ from their mean by rounding alone.
    return np.zeros_like(scaled) if np.ptp(values) == 0 else scaled - scaled.mean()


def _spearman(x: FloatArray, y: FloatArray) -> float:
    try:
        return spearman(x, y) if len(x) > 1 else float("nan")
    except ValueError:  # a constant side
        return float("nan")


# By the number that `quadrants` gives a unit: across, then upwards.
QUADRANTS = ("high_high", "low_high", "low_low", "high_low")


def quadrants(x: FloatArray, y: FloatArray) -> IntArray:
    """Return the quadrant of each unit about the medians, as positions in `QUADRANTS`, (units,).

    A unit at a median is counted as high.

    Parameters
    ----------
    x, y : float array, (units,)
        Finite, at least one.
    """
    right, upper = x >= np.median(x), y >= np.median(y)
    return np.where(upper, np.where(right, 0, 1), np.where(right, 3, 2))
