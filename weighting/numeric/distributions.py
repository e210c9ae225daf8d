"""The two distribution functions that statistics need: of chi-square, and of Student's t."""

import math

MOST_TERMS = 10_000
TINY = 1e-300


def chi2_survival(x: float, degrees: int) -> float:
    """Return P(X > x) for a chi-square variable: the regularised upper incomplete gamma function.

    A series below x/2 = degrees/2 + 1, a continued fraction above. Raises ValueError for an x below 0, and
    for fewer degrees of freedom than 1.

    References
    ----------
    W. H. Press et al., Numerical Recipes, 3rd ed. (2007), section 6.2.
    """
    if degrees < 1 or not x >= 0:
        raise ValueError(f"chi-square needs x >= 0 and degrees >= 1, not {x} and {degrees}")
    a, z = degrees / 2, x / 2
    if z == 0:
        return 1.0
    if math.isinf(z):
        return 0.0
    scale = math.exp(a * math.log(z) - z - math.lgamma(a))
    return 1 - scale * _series(a, z) if z < a + 1 else scale * _continued_fraction(a, z)


def _series(a: float, z: float) -> float:
    term = total = 1 / a
    step = a
    while abs(term) > abs(total) * 1e-17:
        step += 1
        term *= z / step
        total += term
    return total


def _continued_fraction(a: float, z: float) -> float:
    b = z + 1 - a
    c, d = 1 / TINY, 1 / b
    result = d
    for i in range(1, MOST_TERMS):
        factor = -i * (i - a)
        b += 2
        d = 1 / (factor * d + b or TINY)
        c = b + factor / c or TINY
        result *= c * d
        if abs(c * d - 1) < 1e-16:
            break
    return result


def student_p_value(t: float, degrees: int) -> float:
    r"""Return the two-sided tail :math:`P(|T| \ge |t|)` of Student's t.

    .. math:: P = I_{\nu / (\nu + t^2)}(\nu / 2, 1 / 2)

    with the regularised incomplete beta function I, by the continued fraction of Lentz.

    Parameters
    ----------
    t : float
    degrees : int
        Degrees of freedom, at least 1.

    Raises
    ------
    ValueError
        When t is no number or there are no degrees of freedom.

    References
    ----------
    Abramowitz & Stegun (1964), 26.5.8 and 26.7.1.
    """
    if math.isnan(t) or degrees < 1:
        raise ValueError(f"t = {t} with {degrees} degrees of freedom has no tail")
    if math.isinf(t):
        return 0.0
    a, x = degrees / 2, degrees / (degrees + t * t)
    return _incomplete_beta(a, 0.5, x, t * t / (degrees + t * t))


def _incomplete_beta(a: float, b: float, x: float, rest: float) -> float:
    """The regularised I_x(a, b), with 1 - x given apart, as it may be too small to be left by subtraction."""
    if x <= 0 or rest <= 0:
        return float(rest <= 0)
    log_front = a * math.log(x) + b * math.log(rest) - _log_beta(a, b)
    if x < (a + 1) / (a + b + 2):
        return math.exp(log_front) * _beta_fraction(a, b, x) / a
    return 1 - math.exp(log_front) * _beta_fraction(b, a, rest) / b


def _log_beta(a: float, b: float) -> float:
    return math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b)


def _beta_fraction(a: float, b: float, x: float) -> float:
    """The continued fraction 26.5.8, evaluated from the front (Lentz 1976)."""
    c, d = 1.0, 1 / (1 - (a + b) * x / (a + 1) or TINY)
    total = d
    for m in range(1, MOST_TERMS):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        for term in (even, odd):
            d = 1 / (1 + term * d or TINY)
            c = 1 + term / c or TINY
            total *= c * d
        if abs(c * d - 1) < 1e-15:
            break
    return total
