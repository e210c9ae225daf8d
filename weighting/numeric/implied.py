"""The weights that published totals imply (docs/method.md 5 and 7)."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from weighting.numeric.arrays import BoolArray, FloatArray

# Beyond, the published digits cannot tell the weights of the columns apart.
MAX_CONDITION = 1e6
# Relative to the size of the problem; well above the rounding of a few hundred products.
OPTIMALITY = 1e-12
MAX_STEPS = 10_000


class ImpliedWeightsError(ValueError):
    """The totals do not determine the weights; ``columns`` are the positions concerned."""

    def __init__(self, reason: str, columns: Sequence[int] = ()) -> None:
        self.reason = reason
        self.columns = tuple(columns)
        super().__init__(reason)


@dataclass(frozen=True, eq=False)
class ImpliedWeights:
    """The best fit of the totals.

    Attributes
    ----------
    weights : float array, (columns,)
        Not negative; sum to 1.
    residuals : float array, (units,)
        Published total less fitted total, in the unit of the totals.
    condition : float
        Condition number of the columns' differences from one another; errors of the published
        figures may be magnified so many times in the weights.
    """

    weights: FloatArray
    residuals: FloatArray
    condition: float


@dataclass(frozen=True, eq=False)
class Reproduction:
    """Whether weights reproduce published totals as far as rounding allows.

    Attributes
    ----------
    errors : float array, (units,)
        Published total less weighted sum.
    allowed : float array, (units,)
        The largest error that the rounding of totals, values and weights explains.
    """

    errors: FloatArray
    allowed: FloatArray

    @property
    def unexplained(self) -> BoolArray:
        """The units whose error no rounding explains, (units,)."""
        return np.abs(self.errors) > self.allowed

    @property
    def reproduced(self) -> bool:
        """True when rounding explains every error."""
        return not self.unexplained.any()


def fit_implied_weights(values: FloatArray, totals: FloatArray) -> ImpliedWeights:
    r"""Fit :math:`\min_w \|V w - T\|^2` with :math:`w \ge 0, \sum w = 1`.

    Since the weights sum to 1 the residual is :math:`\sum_j w_j (v_j - T)`: the point nearest
    to the origin in the convex hull of the columns' differences from the totals, which Wolfe's
    algorithm finds exactly in finitely many steps.

    Parameters
    ----------
    values : float array, (units, columns)
        Published sub-index values.
    totals : float array, (units,)
        Published totals, in the same unit.

    Raises
    ------
    ImpliedWeightsError
        For a value that is not finite, fewer units than columns, and columns whose weights
        the values cannot tell apart: equal, or one a mixture of others, or nearly so.

    References
    ----------
    P. Wolfe, Mathematical Programming 11 (1976), 128-149, doi:10.1007/BF01580381
    """
    values, totals = np.asarray(values, dtype=np.float64), np.asarray(totals, dtype=np.float64)
    condition = _check(values, totals)
    weights = _nearest_point(values - totals[:, np.newaxis])
    return ImpliedWeights(weights, totals - values @ weights, condition)


def check_reproduction(
    values: FloatArray,
    totals: FloatArray,
    weights: FloatArray,
    *,
    total_step: float,
    value_step: float = 0.0,
    weight_step: float = 0.0,
) -> Reproduction:
    """Compare published totals with the sums under published weights.

    Parameters
    ----------
    values : float array, (units, columns)
    totals : float array, (units,)
    weights : float array, (columns,)
        Not negative; used as given.
    total_step, value_step, weight_step : float
        One unit of the last place printed, such as 0.0001; half of it is the rounding error.

    Returns
    -------
    Reproduction

    Raises
    ------
    ValueError
        When a step is negative.
    """
    if min(total_step, value_step, weight_step) < 0:
        raise ValueError("a step of rounding must not be negative")
    values, weights = np.asarray(values, dtype=np.float64), np.asarray(weights, dtype=np.float64)
    of_values = value_step / 2 * (weights.sum() + len(weights) * weight_step / 2)
    of_weights = weight_step / 2 * np.abs(values).sum(axis=1)
    # Binary fractions are not the printed decimals either.
    slack = 1e-12 * (np.abs(totals) + np.abs(values) @ np.abs(weights))
    return Reproduction(totals - values @ weights, total_step / 2 + of_values + of_weights + slack)


def _nearest_point(points: FloatArray) -> FloatArray:
    """Return the convex combination of the columns nearest to the origin, (columns,)."""
    squares = (points**2).sum(axis=0)
    tolerance = OPTIMALITY * squares.max()
    weights = np.zeros(points.shape[1])
    weights[squares.argmin()] = 1
    # Every step finds a nearer point, on a face of its own; the bound is for rounding alone.
    for _ in range(MAX_STEPS):
        nearest = points @ weights
        # A column further along than the nearest point itself cannot bring it nearer.
        slack = points.T @ nearest
        entering = int(np.where(weights > 0, np.inf, slack).argmin())
        if weights[entering] > 0 or slack[entering] >= nearest @ nearest - tolerance:
            break
        weights = _descend(points, weights, entering)
    return weights


def _descend(points: FloatArray, weights: FloatArray, entering: int) -> FloatArray:
    """Move to the nearest point of the enlarged face, dropping columns whose weight vanishes."""
    active = weights > 0
    active[entering] = True
    weights = weights.copy()
    while True:
        target = np.zeros_like(weights)
        target[active] = _affine_minimum(points[:, active])
        if (target[active] > 0).all():
            return target
        falling = np.flatnonzero(active & (target <= 0))
        steps = weights[falling] / np.maximum(weights[falling] - target[falling], np.finfo(float).tiny)
        weights += steps.min() * (target - weights)
        dropped = falling[steps.argmin()]
        weights[dropped] = 0
        active[dropped] = False


def _affine_minimum(points: FloatArray) -> FloatArray:
    """Return coefficients that sum to 1, of any sign, nearest to the origin."""
    base, others = points[:, 0], points[:, 1:]
    coefficients = np.linalg.lstsq(others - base[:, np.newaxis], -base, rcond=None)[0]
    return np.concatenate([[1 - coefficients.sum()], coefficients])


def _check(values: FloatArray, totals: FloatArray) -> float:
    """Check what the fit needs and return the condition number of the columns' differences."""
    if values.ndim != 2 or totals.shape != values.shape[:1]:
        raise ValueError(f"values {values.shape} and totals {totals.shape} are not of the same cities")
    cities, columns = values.shape
    if not (np.isfinite(values).all() and np.isfinite(totals).all()):
        raise ImpliedWeightsError("values or totals that are missing or not finite")
    if columns < 2:
        raise ImpliedWeightsError("weights are implied by two columns or more")
    if cities < columns:
        raise ImpliedWeightsError(f"{cities} cities cannot determine the weights of {columns} columns")
    return _condition(values)


def _condition(values: FloatArray) -> float:
    """Return the condition number over the changes of weights that keep their sum."""
    columns = values.shape[1]
    # Orthonormal, each column of it summing to 0.
    changes = np.linalg.svd(np.ones((1, columns)))[2][1:].T
    _left, sizes, right = np.linalg.svd(values @ changes, full_matrices=False)
    # Columns alike throughout leave rounding alone, whose own condition says nothing.
    rounding = np.finfo(float).eps * max(values.shape) * np.linalg.norm(values)
    if sizes[-1] > rounding and sizes[-1] * MAX_CONDITION > sizes[0]:
        return float(sizes[0] / sizes[-1])
    change = np.abs(changes @ right[-1])
    alike = np.flatnonzero(change > 0.1 * change.max())
    numbers = ", ".join(str(column + 1) for column in alike)
    raise ImpliedWeightsError(
        f"the values cannot tell the weights of columns {numbers} apart", alike.tolist()
    )
