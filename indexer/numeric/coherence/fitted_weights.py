"""Weights under which what each column accounts for is what it was meant to (docs/method.md 10).

For comparison only, like the other weights that data propose.
"""

from dataclasses import dataclass

import numpy as np

from indexer.numeric.coherence.correlations import correlation_matrix
from indexer.numeric.coherence.importance import importance_of_sum, shares_of
from indexer.numeric.proposals import check_scores
from weighting.numeric.arrays import FloatArray

STEPS = 2000
# A twentieth of a percentage point: nearer than any panel could mean it.
NEAR = 5e-4
# A weight that goes towards nothing is nothing.
LEAST = 1e-6


@dataclass(frozen=True, eq=False)
class FittedWeights:
    """Weights, (columns,), that sum to 1, and the share of the importance that each column has then."""

    weights: FloatArray
    shares: FloatArray


def fit_to_importance(
    scores: FloatArray, aim: FloatArray | None = None, *, near: float = NEAR
) -> FittedWeights:
    r"""Find weights of a sum under which the columns share its importance as they are meant to.

    With :math:`S_i = (C w)_i^2 / (c_{ii}\, w^\top C w)` and the aim a, the weights go from w = a by

    .. math:: w_i \leftarrow w_i \sqrt{a_i \Big/ \frac{S_i}{\sum_j S_j}}

    brought to sum to 1, until no share is further than ``near`` from its aim. Where that does not
    arrive, the solution of :math:`(C w)_i = \sqrt{c_{ii} a_i}` is taken if no weight of it is negative,
    else the weights on the way that came nearest: columns that pull against each other may allow no other.

    Parameters
    ----------
    scores : float array, (units, columns)
        More is better.
    aim : float array, (columns,), optional
        Not negative, sums to 1; equal parts by default.
    near : float
        Largest difference from the aim that is near enough.

    Returns
    -------
    FittedWeights
        No weight is negative.

    Raises
    ------
    ProposalError
        Where values are missing or a column is constant.

    References
    ----------
    W. Becker, M. Saisana, P. Paruolo & I. Vandecasteele, Ecological Indicators 80 (2017), 12-22,
    doi:10.1016/j.ecolind.2017.03.056
    """
    values = check_scores(scores)
    spreads = values.std(axis=0)
    # Scores of one spread first: units of measurement have no part in it.
    correlations = correlation_matrix(values)
    columns = len(correlations)
    meant = np.full(columns, 1 / columns) if aim is None else np.asarray(aim, dtype=np.float64)
    found = _approach(correlations, meant, near)
    if np.abs(found.shares - meant).max() > near:
        found = _solution(correlations, meant) or found
    weights = np.where(found.weights < LEAST, 0.0, found.weights) / spreads
    return FittedWeights(weights / weights.sum(), found.shares)


def _approach(correlations: FloatArray, meant: FloatArray, near: float) -> FittedWeights:
    """Return the first weights on the way that are near enough, or the nearest."""
    weights = np.maximum(meant, 1e-9)
    best, nearest = FittedWeights(weights, shares_of(importance_of_sum(weights, correlations))), np.inf
    for _step in range(STEPS):
        shares = shares_of(importance_of_sum(weights, correlations))
        distance = float(np.abs(shares - meant).max())
        if not np.isfinite(distance):
            break
        if distance < nearest:
            best, nearest = FittedWeights(weights, shares), distance
        if distance <= near:
            break
        weights = weights * np.sqrt(meant / np.maximum(shares, 1e-12))
        weights = weights / weights.sum()
    return best


def _solution(correlations: FloatArray, meant: FloatArray) -> FittedWeights | None:
    """Return the weights that meet the aim exactly; None where there are none, or one is negative."""
    if np.linalg.cond(correlations) > 1e12:
        return None
    weights = np.linalg.solve(correlations, np.sqrt(meant))
    if (weights < 0).any():
        return None
    return FittedWeights(weights / weights.sum(), meant)
