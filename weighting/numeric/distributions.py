"""The one distribution function that the panel statistics need."""

import math


def chi2_survival(x: float, degrees: int) -> float:
    """Return P(X > x) for a chi-square variable: the regularised upper incomplete gamma function.

    A series below x/2 = degrees/2 + 1, a continued fraction above.

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
    tiny = 1e-300
    b = z + 1 - a
    c, d = 1 / tiny, 1 / b
    result = d
    for i in range(1, 10_000):
        factor = -i * (i - a)
        b += 2
        d = 1 / (factor * d + b or tiny)
        c = b + factor / c or tiny
        result *= c * d
        if abs(c * d - 1) < 1e-16:
            break
    return result
