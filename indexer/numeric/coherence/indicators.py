"""What each indicator and each unit of a data set looks like before anything is done to it."""

from dataclasses import dataclass

import numpy as np

from indexer.numeric.method.treatment import Shape, shape_of
from weighting.numeric.arrays import FloatArray, IntArray

# COINr's limits of what is remarkable: fewer values than that, more zeros or more of one value.
FEW, MANY = 0.65, 0.5
MOST_CLASSES = 30


@dataclass(frozen=True, eq=False)
class IndicatorFacts:
    """The raw values of each indicator, (leaves,) each; parts are of the values that are there.

    Attributes
    ----------
    count : int array
        Values that are there.
    available : float array
        As a part of all units.
    zeros : float array
        Part of the values that is zero.
    repeats : float array
        Part of the values that the commonest one takes.
    low, high, mean, median, spread : float array
        Smallest, largest, mean, median and standard deviation (by n - 1) in raw units; nan without
        values.
    shapes : tuple of Shape
        Skewness and excess kurtosis.
    """

    count: IntArray
    available: FloatArray
    zeros: FloatArray
    repeats: FloatArray
    low: FloatArray
    high: FloatArray
    mean: FloatArray
    median: FloatArray
    spread: FloatArray
    shapes: tuple[Shape, ...]


@dataclass(frozen=True, eq=False)
class UnitFacts:
    """What each unit has, (units,) each.

    Attributes
    ----------
    count : int array
        Values that are there.
    available : float array
        As a part of all indicators.
    weight : float array
        The global weight of the indicators that are there.
    zeros : int array
        Values that are zero.
    """

    count: IntArray
    available: FloatArray
    weight: FloatArray
    zeros: IntArray


def indicator_facts(raw: FloatArray) -> IndicatorFacts:
    """Describe each column of raw values.

    Parameters
    ----------
    raw : float array, (units, leaves)
        nan where missing.

    References
    ----------
    W. Becker et al., COINr (2022), ``get_stats``, doi:10.21105/joss.04567
    """
    columns = [_column_facts(column[~np.isnan(column)]) for column in raw.T]
    count, *parts = np.array(columns, dtype=np.float64).reshape(-1, 8).T
    zeros, repeats, low, high, mean, median, spread = parts
    return IndicatorFacts(
        count=count.astype(np.int64),
        available=count / len(raw),
        zeros=zeros,
        repeats=repeats,
        low=low,
        high=high,
        mean=mean,
        median=median,
        spread=spread,
        shapes=tuple(shape_of(column) for column in raw.T),
    )


def unit_facts(raw: FloatArray, leaf_weights: FloatArray) -> UnitFacts:
    """Describe what each row of raw values has.

    Parameters
    ----------
    raw : float array, (units, leaves)
        nan where missing.
    leaf_weights : float array, (leaves,)
        Global weights, which sum to 1.
    """
    present = ~np.isnan(raw)
    count = present.sum(axis=1)
    weight = np.minimum(present @ leaf_weights, 1.0)
    return UnitFacts(count, count / raw.shape[1], weight, (raw == 0).sum(axis=1))


def histogram(values: FloatArray) -> tuple[FloatArray, IntArray]:
    """Count values in classes of one width: as many as the root of their number, at most 30.

    Parameters
    ----------
    values : float array, (units,)
        Finite, at least one.

    Returns
    -------
    edges : float array, (classes + 1,)
    counts : int array, (classes,)
    """
    classes = int(np.clip(np.ceil(np.sqrt(len(values))), 1, MOST_CLASSES))
    counts, edges = np.histogram(values, bins=1 if np.ptp(values) == 0 else classes)
    return edges, counts


def _column_facts(values: FloatArray) -> tuple[float, ...]:
    """Return count, zeros, repeats, low, high, mean, median and spread of the values there are."""
    count = len(values)
    if not count:
        return (0, *[np.nan] * 7)
    commonest = np.unique(values, return_counts=True)[1].max()
    spread = values.std(ddof=1) if count > 1 else np.nan
    return (
        count,
        (values == 0).mean(),
        commonest / count,
        values.min(),
        values.max(),
        values.mean(),
        np.median(values),
        spread,
    )
