"""Whether the members of a group measure one thing: Cronbach's alpha and principal components."""

from dataclasses import dataclass

import numpy as np

from indexer.numeric.coherence.correlations import (
    FEWEST,
    correlation_matrix,
    covariance_matrix,
    is_constant,
)
from weighting.numeric.arrays import FloatArray

# Above the rounding of eigenvalues that are 1.
KAISER = 1 + 1e-9


@dataclass(frozen=True, eq=False)
class Consistency:
    """Cronbach's alpha of a group.

    Attributes
    ----------
    alpha : float
        Of the scores as they are added; at most 1, and below 0 where members contradict each other.
    standardised : float
        Of the scores brought to one variance, which units of measurement do not change.
    without : float array, (members,)
        ``alpha`` of the group without each member; nan where fewer than two would remain.
    """

    alpha: float
    standardised: float
    without: FloatArray


@dataclass(frozen=True, eq=False)
class Components:
    """Principal components of the correlation matrix of a group, the largest first.

    Attributes
    ----------
    count : int
        Units with all members, over which it is formed.
    eigenvalues : float array, (members,)
        Sum to the number of members; nan where a member is constant or fewer than three units
        have all.
    loadings : float array, (members, members)
        Correlation of each member (row) with each component; a component's sum is not negative.
    """

    count: int
    eigenvalues: FloatArray
    loadings: FloatArray

    @property
    def kept(self) -> int:
        """How many components have an eigenvalue above 1 (Kaiser's rule)."""
        return int((self.eigenvalues > KAISER).sum())

    @property
    def first_share(self) -> float:
        """The part of all variance that the first component explains."""
        return float(self.eigenvalues[0] / len(self.eigenvalues))


def consistency_of(values: FloatArray) -> Consistency:
    r"""Return Cronbach's alpha of a group and of the group without each member.

    .. math:: \alpha = \frac{k}{k-1} \Bigl(1 - \frac{\sum_j c_{jj}}{\sum_{j,l} c_{jl}}\Bigr)

    with the covariances c over the units that both members of a pair have. The standardised
    alpha takes correlations for covariances.

    Parameters
    ----------
    values : float array, (units, members)
        More is better; nan where missing.

    Returns
    -------
    Consistency
        nan for fewer than two members, and where members cancel each other out.

    References
    ----------
    L. J. Cronbach, Psychometrika 16 (1951), 297-334, doi:10.1007/BF02310555
    """
    matrix = covariance_matrix(values)
    members = matrix.shape[0]
    without = [_alpha(np.delete(np.delete(matrix, j, axis=0), j, axis=1)) for j in range(members)]
    return Consistency(_alpha(matrix), _alpha(correlation_matrix(values)), np.array(without))


def components_of(values: FloatArray) -> Components:
    r"""Return the eigenvalues and loadings of the correlation matrix of a group.

    With eigenvalues :math:`\lambda_m` and unit eigenvectors :math:`v_m`, the loading of member j on
    component m is :math:`v_{jm} \sqrt{\lambda_m}`.

    Parameters
    ----------
    values : float array, (units, members)
        nan where missing; a unit counts when it has all members.

    References
    ----------
    OECD & JRC, Handbook on Constructing Composite Indicators (2008), section 4.1,
    doi:10.1787/9789264043466-en
    """
    complete = values[~np.isnan(values).any(axis=1)]
    members = values.shape[1]
    if len(complete) < FEWEST or is_constant(complete).any():
        nothing = np.full((members, members), np.nan)
        return Components(len(complete), nothing[0], nothing)
    eigenvalues, vectors = np.linalg.eigh(correlation_matrix(complete, in_place=True))
    eigenvalues, vectors = np.clip(eigenvalues[::-1], 0, None), vectors[:, ::-1]
    loadings = vectors * np.sqrt(eigenvalues)
    turned = np.where(loadings.sum(axis=0) < 0, -1.0, 1.0)
    return Components(len(complete), eigenvalues, loadings * turned)


def _alpha(covariances: FloatArray) -> float:
    members = len(covariances)
    if members < 2:
        return float("nan")
    whole, own = covariances.sum(), np.trace(covariances)
    # Of members that cancel out nothing but rounding is left.
    if not whole > 1e-12 * own:
        return float("nan")
    return float(members / (members - 1) * (1 - own / whole))
