"""Weights proposed by the data alone: for comparison, since they say nothing of importance.

Each function takes one sibling group's scores and returns weights that sum to 1. A column of
one value throughout tells no unit from another and has no defined part in any of the three;
it is refused.
"""

import numpy as np

from weighting.numeric.arrays import FloatArray

# Above the rounding of a sum of correlations.
ROUNDING = 1e-9


class ProposalError(ValueError):
    """The scores propose no weights; ``columns`` are the positions concerned."""

    def __init__(self, reason: str, columns: list[int]) -> None:
        self.reason = reason
        self.columns = columns
        super().__init__(f"{reason}: columns {columns}")


def entropy_weights(scores: FloatArray) -> FloatArray:
    r"""Weigh by how unevenly each column is spread over the units.

    :math:`p_{cj} = x_{cj} / \sum_c x_{cj}`, :math:`E_j = -\sum_c p_{cj} \ln p_{cj} / \ln n`,
    :math:`w_j = (1 - E_j) / \sum_k (1 - E_k)`, with :math:`0 \ln 0 = 0`.

    Parameters
    ----------
    scores : float array, (units, columns)
        Not negative, more is better.

    Returns
    -------
    float array, (columns,)

    Raises
    ------
    ProposalError
        As `check_scores`, and naming every column with a value below zero.

    References
    ----------
    C.-L. Hwang & K. Yoon, Multiple Attribute Decision Making (1981), 52-56.
    """
    scores = check_scores(scores)
    negative = np.flatnonzero((scores < 0).any(axis=0))
    if negative.size:
        raise ProposalError("values below zero have no share", negative.tolist())
    shares = scores / scores.sum(axis=0)
    logs = np.log(shares, out=np.zeros_like(shares), where=shares > 0)
    spread = 1 + (shares * logs).sum(axis=0) / np.log(len(scores))
    return spread / spread.sum()


def critic_weights(scores: FloatArray) -> FloatArray:
    r"""Weigh by contrast and conflict with the other columns.

    On min-max scores, :math:`C_j = \sigma_j \sum_k (1 - r_{jk})` and
    :math:`w_j = C_j / \sum_k C_k`; the standard deviation divides by n - 1, which cancels out.

    Parameters
    ----------
    scores : float array, (units, columns)
        More is better.

    Returns
    -------
    float array, (columns,)

    Raises
    ------
    ProposalError
        As `check_scores`, and naming all columns where they rise and fall together.

    References
    ----------
    D. Diakoulaki, G. Mavrotas & L. Papayannakis, Computers & Operations Research 22 (1995),
    763-770, doi:10.1016/0305-0548(94)00059-H
    """
    scores = check_scores(scores)
    scaled = (scores - scores.min(axis=0)) / np.ptp(scores, axis=0)
    information = scaled.std(axis=0, ddof=1) * (1 - _correlations(scaled)).sum(axis=0)
    if not information.sum() > ROUNDING * scores.shape[1]:
        raise ProposalError("the columns rise and fall together", list(range(scores.shape[1])))
    return information / information.sum()


def pca_weights(scores: FloatArray) -> FloatArray:
    r"""Weigh by the squared loadings on the principal components whose eigenvalue is above 1.

    With eigenvalues :math:`\lambda_m` and unit eigenvectors :math:`v_m` of the correlation
    matrix, :math:`w_j \propto \sum_m \lambda_m v_{jm}^2`: the part of the column's variance
    that the kept components (the first at least) explain. No rotation.

    Parameters
    ----------
    scores : float array, (units, columns)

    References
    ----------
    OECD & JRC, Handbook on Constructing Composite Indicators (2008), section 6.1,
    doi:10.1787/9789264043466-en
    """
    values, vectors = np.linalg.eigh(_correlations(check_scores(scores)))
    kept = values > 1 + ROUNDING
    kept[-1] = True
    explained = (vectors[:, kept] ** 2) @ values[kept]
    return explained / explained.sum()


def _correlations(scores: FloatArray) -> FloatArray:
    return np.atleast_2d(np.corrcoef(scores, rowvar=False))


def check_scores(scores: FloatArray) -> FloatArray:
    """Return scores, (units, columns), from which weights can be proposed.

    Raises
    ------
    ValueError
        For fewer than three units or two columns.
    ProposalError
        Naming every column with a missing value, or else every one of one value throughout.
    """
    scores = np.asarray(scores, dtype=np.float64)
    if scores.ndim != 2 or len(scores) < 3 or scores.shape[1] < 2:
        raise ValueError(f"scores {scores.shape} are not of three cities and two columns or more")
    unusable = np.flatnonzero(~np.isfinite(scores).all(axis=0))
    if unusable.size:
        raise ProposalError("missing values", unusable.tolist())
    constant = np.flatnonzero(np.ptp(scores, axis=0) <= 1e-12 * np.abs(scores).max(axis=0))
    if constant.size:
        raise ProposalError("all cities have the same value", constant.tolist())
    return scores
