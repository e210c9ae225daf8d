"""What becomes of values over the years (docs/method.md 11)."""

import numpy as np

from weighting.numeric.arrays import FloatArray


def annual_growth(first: FloatArray, last: FloatArray, years: FloatArray | float) -> FloatArray:
    r"""Return the compound annual growth rate, :math:`(x_T / x_0)^{1/T} - 1`.

    Parameters
    ----------
    first, last : float array
        Values above zero; nan where there is none.
    years : float array or float
        The years between them, above zero; broadcast against the values.

    Returns
    -------
    float array
        0.02 for two percent a year; nan where either value is missing, zero or negative, since
        a quotient of such values is no growth.
    """
    first, last = np.asarray(first, dtype=np.float64), np.asarray(last, dtype=np.float64)
    grows = (first > 0) & (last > 0)
    ratio = np.divide(last, first, out=np.full(np.broadcast(first, last).shape, np.nan), where=grows)
    return ratio ** (1 / np.asarray(years, dtype=np.float64)) - 1


def growth_by_step(values: FloatArray, years: FloatArray) -> FloatArray:
    """Return the annual growth from each year to the next that there is, (..., years) -> (..., years - 1).

    Parameters
    ----------
    values : float array, (..., years)
    years : float array, (years,)
        Rising; where one is left out the growth is that of each year between.
    """
    return annual_growth(values[..., :-1], values[..., 1:], np.diff(np.asarray(years, dtype=np.float64)))
