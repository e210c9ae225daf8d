"""From raw values to normalised values, one column at a time (docs/method.md 3)."""

from collections.abc import Sequence

import numpy as np

from indexer.numeric.method.faults import raise_for
from indexer.numeric.method.normalisations import NORMALISATIONS, Block, Parameters
from weighting.numeric.arrays import FloatArray, IntArray, span_of


def normalise(
    values: FloatArray,
    *,
    method: str,
    directions: IntArray,
    codes: Sequence[str],
    totals: FloatArray | None = None,
    negative: str = "reflect",
    parameters: Parameters | None = None,
) -> FloatArray:
    r"""Bring every indicator to a common scale on which more is better.

    ========  ==============================  =========================================
    method    direction +1                    direction -1
    ========  ==============================  =========================================
    share     :math:`x / X`                   of :math:`\max + \min - x` (``reflect``) or
                                              of :math:`1 / x` (``reciprocal``)
    minmax    :math:`(x-\min)/(\max-\min)`    :math:`(\max-x)/(\max-\min)`
    zscore    :math:`(x-\bar x)/s`            :math:`-(x-\bar x)/s`
    rank      :math:`(n-r+1)/n`, highest 1st  the same, lowest 1st
    none      :math:`x`                       :math:`x`: normalised means directed, too
    ========  ==============================  =========================================

    The further entries of `NORMALISATIONS` say their formulas themselves.

    X is the column sum unless a total is given; the standard deviation s divides by n;
    r is the 1-based rank on exactly equal values, ties sharing the smallest, so that the best
    unit has 1 and the worst 1/n. A nan stays nan, and every column statistic (X, min, max,
    mean, s, n) is taken over the units that have a value.

    Parameters
    ----------
    values : float array, (units, leaves)
        Raw values in the units of their indicators; nan where missing.
    method : str
        A code of `NORMALISATIONS`.
    directions : int array, (leaves,)
        +1 where more is better, -1 where less is better.
    codes : sequence of str, (leaves,)
        Names for the error messages.
    totals : float array, (leaves,), optional
        Used by ``share`` alone: the total of what the share is taken of (after reflecting),
        nan where the column sum is to be used. It may include places outside the sample.
    negative : str
        A code of `TURNS`: how ``share`` turns an indicator of direction -1.
    parameters : Parameters, optional
        Bounds, targets and the like of each column; they bring ``negative`` along.

    Returns
    -------
    float array, (units, leaves)

    Raises
    ------
    NormalisationError
        Naming all indicators with an infinite or no value; under ``share`` with negative
        values or a total that is zero or negative; under ``minmax`` and ``zscore`` with one
        value throughout; and with values whose result exceeds the range of a float.

    References
    ----------
    2016 "Internet Plus" index report, chapter 1, section 3.2.
    """
    # One memory layout, since the order in which a column is summed follows it.
    values = np.ascontiguousarray(values, dtype=np.float64)
    directions = np.asarray(directions)
    _check_shapes(values, directions, totals, codes)
    # The least and the greatest of a column tell all that its cells could, and are quicker asked.
    low, high = span_of(values)
    raise_for(codes, {"infinite": np.isinf(low) | np.isinf(high), "no_value": np.isnan(low)})
    block = Block(values, directions, codes, totals)
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        entry, told = NORMALISATIONS[method], parameters or Parameters(negative)
        return entry.held(entry.formula(block, told), told.caps)


def _check_shapes(
    values: FloatArray, directions: IntArray, totals: FloatArray | None, codes: Sequence[str]
) -> None:
    if values.ndim != 2 or values.shape[0] == 0:
        raise ValueError(f"values of shape {values.shape}, not (cities, leaves)")
    leaves = values.shape[1]
    if directions.shape != (leaves,) or (np.abs(directions) != 1).any():
        raise ValueError(f"directions must be +1 or -1 for each of {leaves} indicators")
    if len(codes) != leaves or (totals is not None and np.shape(totals) != (leaves,)):
        raise ValueError(f"codes and totals must have one entry for each of {leaves} indicators")
