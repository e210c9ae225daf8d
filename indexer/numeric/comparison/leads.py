"""Where a unit ranks better than elsewhere: leads of one rank over others."""

import numpy as np

from indexer.numeric.scores.ranking import ranks_of_present
from weighting.numeric.arrays import FloatArray


def rank_columns(scores: FloatArray) -> FloatArray:
    """Rank each column among the units that have a score, as `ranks_of_present`; nan where there is none.

    Parameters
    ----------
    scores : float array, (units,) or (units, nodes)

    Returns
    -------
    float array, the shape of `scores`
    """
    scores = np.asarray(scores, dtype=np.float64)
    columns = scores.reshape(len(scores), -1).T
    ranks = np.stack([ranks_of_present(column) for column in columns], axis=1).astype(np.float64)
    ranks[ranks == 0] = np.nan
    return ranks.reshape(scores.shape)


def rank_leads(ranks: FloatArray, others: FloatArray) -> FloatArray:
    r"""Return by how many places a rank is better than each of some others, at least.

    .. math:: L_c = \min_k (r'_{ck} - r_c)

    so that a unit leads by more than n places on all of them when L is larger than n. nan where
    a rank is missing.

    Parameters
    ----------
    ranks : float array, (units,)
    others : float array, (units, nodes)
        At least one.

    Returns
    -------
    float array, (units,)

    Raises
    ------
    ValueError
        When there are no others.
    """
    if not others.shape[1]:
        raise ValueError("there is nothing to lead over")
    leads: FloatArray = (others - ranks[:, np.newaxis]).min(axis=1)
    return leads
