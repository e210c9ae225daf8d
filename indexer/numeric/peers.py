"""A unit beside others like it: where it stands out."""

import numpy as np

from weighting.numeric.arrays import FloatArray, IntArray

# Of fewer peers a mean and a spread say nothing.
LEAST_PEERS = 3


def peer_gaps(scores: FloatArray, position: int, peers: IntArray) -> FloatArray:
    r"""Return how far a unit is from the mean of its peers, in standard deviations of theirs.

    .. math:: g_j = (s_{cj} - \bar s_{Pj}) / \sqrt{\frac{1}{|P|} \sum_{p \in P} (s_{pj} - \bar s_{Pj})^2}

    A gap above 1 is a strength and one below -1 a weakness, as the Global Innovation Index tells those of
    an economy within its income group; there the economy is one of the group, here it is not.

    Parameters
    ----------
    scores : float array, (units, indicators)
        On a scale where more is better; nan where missing.
    position : int
        The unit's row.
    peers : int array
        Rows of the peers, without the unit's own.

    Returns
    -------
    float array, (indicators,)
        nan where the unit has no score, where fewer than `LEAST_PEERS` peers have one, or where all of
        them have the same.

    References
    ----------
    WIPO (2023), Global Innovation Index 2023, p. 218: income group strengths and weaknesses.
    """
    gaps = np.full(scores.shape[1], np.nan)
    for column, group in enumerate(scores[peers].T):
        present = group[np.isfinite(group)]
        # Equal scores have a spread of rounding alone.
        if len(present) >= LEAST_PEERS and np.ptp(present) > 0:
            gaps[column] = (scores[position, column] - present.mean()) / present.std()
    return gaps
