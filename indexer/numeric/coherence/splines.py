"""A natural cubic spline through a few knots, and the penalty on its bends."""

import numpy as np

from weighting.numeric.arrays import FloatArray

# Knots lie no closer than this part of the range, so that a long tail leaves no steep bends elsewhere.
CLOSEST = 0.005


def choose_knots(x: FloatArray, most: int) -> FloatArray:
    """Return at most so many knots at even quantiles of the distinct values, the ends among them.

    Parameters
    ----------
    x : float array, (points,)
        In [0, 1], both ends taken.

    Returns
    -------
    float array, (knots,)
        Rising, two or more.
    """
    distinct = np.unique(x)
    wanted = np.quantile(distinct, np.linspace(0, 1, min(most, len(distinct))))
    knots = [0.0]
    knots += [knot for knot in wanted[1:-1].tolist() if CLOSEST < knot < 1 - CLOSEST]
    chosen = [knots[0]]
    for knot in knots[1:]:
        if knot - chosen[-1] > CLOSEST:
            chosen.append(knot)
    return np.array([*chosen, 1.0])


def natural_spline(x: FloatArray, knots: FloatArray) -> tuple[FloatArray, FloatArray]:
    r"""Return the natural cubic spline in terms of its values at the knots, and its penalty.

    The spline with values b at the knots is ``basis @ b`` at the points, and ``b @ penalty @ b`` is
    :math:`\int f''(x)^2 dx`; both are exact for straight lines, whose penalty is 0.

    Parameters
    ----------
    x : float array, (points,)
        Between the first and the last knot.
    knots : float array, (knots,)
        Rising, two or more.

    Returns
    -------
    basis : float array, (points, knots)
    penalty : float array, (knots, knots)
        Symmetric, not negative.

    References
    ----------
    S. N. Wood, Generalized Additive Models, 2nd edition (2017), section 5.3.1,
    doi:10.1201/9781315370279
    """
    count, gaps = len(knots), np.diff(knots)
    bends, penalty = _bends(gaps, count)
    place = np.clip(np.searchsorted(knots, x, side="right") - 1, 0, count - 2)
    gap, left, right = gaps[place], knots[place + 1] - x, x - knots[place]
    rows = np.arange(len(x))
    basis = np.zeros((len(x), count))
    basis[rows, place] = left / gap
    basis[rows, place + 1] = right / gap
    basis += ((left**3 / gap - gap * left) / 6)[:, np.newaxis] * bends[place]
    basis += ((right**3 / gap - gap * right) / 6)[:, np.newaxis] * bends[place + 1]
    return basis, penalty


def _bends(gaps: FloatArray, count: int) -> tuple[FloatArray, FloatArray]:
    """Return the second derivatives at the knots as a map of the values there, and the penalty."""
    bends = np.zeros((count, count))
    if count == 2:
        return bends, np.zeros((2, 2))
    inner = np.arange(count - 2)
    slopes = np.zeros((count - 2, count))
    slopes[inner, inner] = 1 / gaps[:-1]
    slopes[inner, inner + 1] = -1 / gaps[:-1] - 1 / gaps[1:]
    slopes[inner, inner + 2] = 1 / gaps[1:]
    band = np.diag((gaps[:-1] + gaps[1:]) / 3)
    band[inner[:-1], inner[1:]] = band[inner[1:], inner[:-1]] = gaps[1:-1] / 6
    bends[1:-1] = np.linalg.solve(band, slopes)
    penalty = slopes.T @ bends[1:-1]
    return bends, (penalty + penalty.T) / 2
