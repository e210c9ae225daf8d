"""Scores of provinces and regions, from the scores of their units."""

import numpy as np

from weighting.numeric.arrays import BoolArray, FloatArray, IntArray


def sum_by_place(scores: FloatArray, places: IntArray, count: int) -> FloatArray:
    r"""Add up what the units of each place score, :math:`T_P = \sum_{c \in P} T_c`.

    Right where scores are shares of one total: the sum is the share that the place holds.

    Parameters
    ----------
    scores : float array, (units,) or (units, columns)
        nan where a unit has no score; it then adds nothing.
    places : int array, (units,)
        The place of each unit, from 0 to ``count - 1``.
    count : int
        Number of places.

    Returns
    -------
    float array, (places,) or (places, columns)
        nan where no unit of a place has a score.
    """
    present = ~np.isnan(scores)
    return _added(np.where(present, scores, 0.0), present, places, count)[0]


def mean_by_place(
    scores: FloatArray, places: IntArray, count: int, weights: FloatArray | None = None
) -> FloatArray:
    r"""Average what the units of each place score, :math:`\sum_c w_c T_c / \sum_c w_c`.

    The units are added in their order, one column at a time, so that neither other columns nor
    other places change a bit.

    Parameters
    ----------
    scores : float array, (units,) or (units, columns)
        nan where a unit has no score; its weight then counts for nothing.
    places : int array, (units,)
    count : int
    weights : float array, (units,), optional
        Not negative; equal weights, hence the plain mean, when left out.

    Returns
    -------
    float array, (places,) or (places, columns)
        nan where no unit with a weight above zero has a score.

    Raises
    ------
    ValueError
        When a weight is negative, missing or not finite.
    """
    weights = np.ones(len(scores)) if weights is None else np.asarray(weights, dtype=np.float64)
    if not (np.isfinite(weights).all() and (weights >= 0).all()):
        raise ValueError("weights of cities must be finite and not negative")
    present = ~np.isnan(scores)
    by_city = weights.reshape(-1, *[1] * (scores.ndim - 1))
    weighted = np.where(present, scores, 0.0) * by_city
    sums, masses = _added(weighted, present & (by_city > 0), places, count, by_city * present)
    return np.divide(sums, masses, out=np.full(sums.shape, np.nan), where=masses > 0)


def median_by_place(scores: FloatArray, places: IntArray, count: int) -> FloatArray:
    """Return the median of what the units of each place score: half of them score no more, half no less.

    Between the two in the middle where their number is even.

    Parameters
    ----------
    scores : float array, (units, columns)
        nan where a unit has no score; it then counts for nothing.
    places : int array, (units,)
    count : int

    Returns
    -------
    float array, (places, columns)
        nan where no unit of a place has a score.
    """
    medians = np.full((count, scores.shape[1]), np.nan)
    for place in np.unique(places).tolist():
        inside = scores[places == place]
        known = ~np.isnan(inside).all(axis=0)
        medians[place, known] = np.nanmedian(inside[:, known], axis=0)
    return medians


def _added(
    values: FloatArray,
    counted: BoolArray,
    places: IntArray,
    count: int,
    masses: FloatArray | None = None,
) -> tuple[FloatArray, FloatArray]:
    """Add values and masses by place, in the order of the units; nan where nothing counts."""
    shape = (count, *values.shape[1:])
    sums, whole, members = np.zeros(shape), np.zeros(shape), np.zeros(shape, dtype=np.int64)
    np.add.at(sums, places, values)
    np.add.at(members, places, counted)
    if masses is not None:
        np.add.at(whole, places, masses)
    return np.where(members > 0, sums, np.nan), whole
