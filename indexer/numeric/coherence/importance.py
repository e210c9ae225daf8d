"""How much of what moves a whole each of its parts accounts for (docs/method.md 10)."""

from dataclasses import dataclass

import numpy as np

from indexer.numeric.coherence.correlations import FEWEST, is_constant
from indexer.numeric.coherence.splines import choose_knots, natural_spline
from weighting.numeric.arrays import FloatArray

KNOTS = 8
# Degrees of freedom count more than they cost, lest a smooth follow what is chance.
DEARER = 1.4
SMOOTHNESS = np.logspace(-6, 4, 21)
# Fewer units determine no smooth line.
SMOOTH_FEWEST = 10
DRAWS = 200
# Sums of a few hundred products differ by less.
ROUNDING = 1e-9
LOW, HIGH = 0.05, 0.95


@dataclass(frozen=True, eq=False)
class Importance:
    r"""First-order importance of the parts of one whole, (parts,) each, in [0, 1].

    Attributes
    ----------
    linear : float array
        :math:`r^2`: of the best straight line.
    smooth : float array
        Of the best smooth line; not below ``linear``. nan for fewer than ten units.
    low, high : float array
        Where 90 % of the bootstrap replications of ``smooth`` lie, and itself: of a part without any
        importance they lie above it.
    """

    linear: FloatArray
    smooth: FloatArray
    low: FloatArray
    high: FloatArray

    @property
    def shares(self) -> FloatArray:
        """``linear`` over its sum, (parts,), to hold beside weights; nan where nothing moves the whole."""
        return shares_of(self.linear)


@dataclass(frozen=True, eq=False)
class _Smooth:
    """A fitted line: what it is made of, how bent it may be, and what it explains."""

    basis: FloatArray
    penalty: FloatArray
    explained: float


def importance_of(
    parts: FloatArray, whole: FloatArray, rng: np.random.Generator, *, draws: int = DRAWS
) -> Importance:
    r"""Return :math:`S_i = \mathrm{Var}(\mathrm{E}[y \mid x_i]) / \mathrm{Var}(y)` of each part.

    The conditional mean is a straight line and, beside it, a penalised natural cubic spline whose
    smoothness generalised cross-validation chooses. For the interval whole units are drawn with
    replacement, the same for every part, and the smoothness stays as it is.

    Parameters
    ----------
    parts : float array, (units, parts)
        nan where missing; each part is held against the whole over the units that have both.
    whole : float array, (units,)
        nan where missing.
    draws : int
        Replications of the bootstrap; 0 for no interval.

    References
    ----------
    P. Paruolo, M. Saisana & A. Saltelli, Journal of the Royal Statistical Society A 176 (2013),
    609-634, doi:10.1111/j.1467-985X.2012.01059.x; W. Becker et al., Ecological Indicators 80 (2017),
    12-22, doi:10.1016/j.ecolind.2017.03.056
    """
    parts, whole = np.asarray(parts, dtype=np.float64), np.asarray(whole, dtype=np.float64)
    counts = rng.multinomial(len(whole), np.full(len(whole), 1 / len(whole)), size=draws).astype(np.float64)
    found = [_of_part(part, whole, counts) for part in parts.T]
    columns = np.array(found).reshape(-1, 4).T
    return Importance(*columns)


def linear_importance(parts: FloatArray, whole: FloatArray) -> FloatArray:
    """Return :math:`r^2` of each part and the whole, (parts,): `importance_of` without its smooth.

    Parameters are those of `importance_of`.
    """
    return np.array([_linear(*_common(part, whole)) for part in parts.T])


def importance_of_sum(weights: FloatArray, covariances: FloatArray) -> FloatArray:
    r"""Return the importance of the terms of a weighted sum, where all relations are linear.

    For :math:`y = \sum_j w_j x_j`,

    .. math:: S_i = \frac{(\sum_j w_j s_j r_{ij})^2}{\mathrm{Var}(y)}
              = \frac{(C w)_i^2}{c_{ii}\, w^\top C w}

    Parameters
    ----------
    weights : float array, (terms,)
    covariances : float array, (terms, terms)

    Returns
    -------
    float array, (terms,)

    References
    ----------
    Paruolo, Saisana & Saltelli (2013), equation 8, doi:10.1111/j.1467-985X.2012.01059.x
    """
    pulls = covariances @ weights
    return pulls**2 / (np.diagonal(covariances) * (weights @ pulls))


def variance_shares(weights: FloatArray, parts: FloatArray, whole: FloatArray) -> FloatArray:
    r"""Split the variance of a weighted sum y among its terms.

    .. math:: w_i \mathrm{Cov}(x_i, y) / \mathrm{Var}(y)

    The shares sum to 1, and one is below 0 where a term pulls against the others.

    Parameters
    ----------
    weights : float array, (parts,)
    parts : float array, (units, parts)
    whole : float array, (units,)

    Returns
    -------
    float array, (parts,)
        nan where the whole is constant, or not ``parts @ weights``, as where values are missing.

    References
    ----------
    G. S. Fields, Research in Labor Economics 22 (2003), 1-38, doi:10.1016/s0147-9121(03)22001-x
    """
    deviations = whole - whole.mean()
    variance = deviations @ deviations
    errors = np.abs(parts @ weights - whole)
    if not (variance > 0 and errors.max() <= ROUNDING * np.abs(whole).max()):
        return np.full(len(weights), np.nan)
    return np.asarray(weights * (deviations @ (parts - parts.mean(axis=0))) / variance)


def shares_of(importance: FloatArray) -> FloatArray:
    """Return importance over its sum, (parts,); nan everywhere where that is zero."""
    total = np.nansum(importance)
    return importance / total if total > 0 else np.full(len(importance), np.nan)


def _of_part(part: FloatArray, whole: FloatArray, counts: FloatArray) -> list[float]:
    """Return linear, smooth, low and high of one part."""
    both = ~np.isnan(part) & ~np.isnan(whole)
    x, y = part[both], whole[both]
    linear = _linear(x, y)
    if np.isnan(linear) or len(x) < SMOOTH_FEWEST:
        return [linear, np.nan, np.nan, np.nan]
    y = _to_unit_variance(y)
    fitted = _smooth((x - x.min()) / np.ptp(x), y)
    smooth = float(max(fitted.explained, linear))
    drawn = _replications(fitted, y, counts[:, both]) if len(counts) else counts
    if not len(drawn):
        return [linear, smooth, np.nan, np.nan]
    low, high = np.quantile(drawn, [LOW, HIGH]).tolist()
    return [linear, smooth, min(low, smooth), max(high, smooth)]


def _linear(x: FloatArray, y: FloatArray) -> float:
    if len(x) < FEWEST or is_constant(np.stack([x, y], axis=1)).any():
        return float("nan")
    a, b = _to_unit_variance(x), _to_unit_variance(y)
    return min(float(a @ b / len(a)) ** 2, 1.0)


def _smooth(x: FloatArray, y: FloatArray) -> _Smooth:
    """Fit the smooth line of y, of mean 0 and variance 1, over x in [0, 1]."""
    basis, penalty = natural_spline(x, choose_knots(x, KNOTS))
    gram, pull, count = basis.T @ basis, basis.T @ y, len(y)
    size = np.trace(penalty)
    steps = SMOOTHNESS * (np.trace(gram) / size) if size > 0 else np.zeros(1)
    systems = gram + steps[:, np.newaxis, np.newaxis] * penalty + _ridge(gram)
    right = np.broadcast_to(pull[:, np.newaxis], (len(steps), len(pull), 1))
    heights = np.linalg.solve(systems, right)[..., 0]
    freedom = np.trace(np.linalg.solve(systems, np.broadcast_to(gram, systems.shape)), axis1=1, axis2=2)
    explained = np.einsum("si,ij,sj->s", heights, gram, heights)
    left = count - 2 * heights @ pull + explained
    spare = count - DEARER * freedom
    scores = np.divide(left, spare**2, out=np.full(len(steps), np.inf), where=spare > 0)
    best = int(scores.argmin())
    return _Smooth(basis, steps[best] * penalty, float(min(explained[best] / count, 1.0)))


def _replications(fitted: _Smooth, y: FloatArray, counts: FloatArray) -> FloatArray:
    """Return what the line explains when units count so often, (draws,); constant draws are left out."""
    basis, knots = fitted.basis, fitted.basis.shape[1]
    rows, columns = np.triu_indices(knots)
    gram = np.empty((len(counts), knots, knots))
    gram[:, rows, columns] = gram[:, columns, rows] = counts @ (basis[:, rows] * basis[:, columns])
    drawn = counts.sum(axis=1)
    mean = np.divide(counts @ y, drawn, out=np.zeros(len(drawn)), where=drawn > 0)
    sums = counts @ basis
    pull = counts @ (basis * y[:, np.newaxis]) - mean[:, np.newaxis] * sums
    spread = counts @ y**2 - drawn * mean**2
    systems = gram + fitted.penalty + _ridge(fitted.basis.T @ fitted.basis)
    heights = np.linalg.solve(systems, pull[..., np.newaxis])[..., 0]
    explained = np.einsum("di,dij,dj->d", heights, gram, heights)
    explained -= np.divide(
        (heights * sums).sum(axis=1) ** 2, drawn, out=np.zeros(len(drawn)), where=drawn > 0
    )
    usable = spread > 1e-9 * drawn
    return np.clip(explained[usable] / spread[usable], 0, 1)


def _ridge(gram: FloatArray) -> FloatArray:
    """Return so little that a draw without a unit near some knot can still be solved."""
    return np.asarray(1e-10 * np.trace(gram) * np.eye(len(gram)))


def _common(part: FloatArray, whole: FloatArray) -> tuple[FloatArray, FloatArray]:
    both = ~np.isnan(part) & ~np.isnan(whole)
    return part[both], whole[both]


def _to_unit_variance(values: FloatArray) -> FloatArray:
    centred = values - values.mean()
    centred = centred / np.abs(centred).max()
    return np.asarray(centred / centred.std())
