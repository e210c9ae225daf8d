"""From raw values to normalised values, one column at a time (METHOD 3)."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import compress
from typing import Literal

import numpy as np

from weighting.numeric.arrays import BoolArray, FloatArray, IntArray

Method = Literal["share", "minmax", "zscore", "rank", "none"]
Negative = Literal["reflect", "reciprocal"]
Missing = Literal["refuse", "zero", "reweight", "mean"]

FaultKind = Literal[
    "infinite",
    "no_value",
    "missing",
    "negative_value",
    "zero_reciprocal",
    "zero_total",
    "negative_total",
    "constant",
    "out_of_range",
    "empty_unit",
    "denominator",
    "unknown_column",
    "not_positive",
]

FAULT_TEXTS: dict[FaultKind, str] = {
    "infinite": "values that are not finite in {codes}",
    "no_value": "no city has a value in {codes}",
    "missing": "missing values in {codes}: {units}",
    "negative_value": "negative values, which have no share, in {codes}",
    "zero_reciprocal": "zeros, which have no reciprocal, in {codes}",
    "zero_total": "the total is zero in {codes}",
    "negative_total": "the given total is negative or not finite in {codes}",
    "constant": "all cities have the same value in {codes}",
    "out_of_range": "values too large or too small to normalise in {codes}",
    "empty_unit": "no value at all for {units}",
    "denominator": "the denominator of {codes} is zero or negative for {units}",
    "unknown_column": "the data set has no column {codes}",
    "not_positive": "geometric means need values above zero in {codes}",
}


@dataclass(frozen=True)
class DataFault:
    """One reason why the data cannot be normalised, with all indicators and cities it names."""

    kind: FaultKind
    codes: tuple[str, ...] = ()
    units: tuple[str, ...] = ()

    def __str__(self) -> str:
        return FAULT_TEXTS[self.kind].format(codes=", ".join(self.codes), units=", ".join(self.units))


class NormalisationError(ValueError):
    """The data cannot be normalised; ``faults`` and ``problems`` list every reason."""

    def __init__(self, faults: Sequence[DataFault]) -> None:
        self.faults = tuple(faults)
        self.problems = [str(fault) for fault in faults]
        super().__init__("; ".join(self.problems))


def normalise(
    values: FloatArray,
    *,
    method: Method,
    directions: IntArray,
    codes: Sequence[str],
    totals: FloatArray | None = None,
    negative: Negative = "reflect",
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

    X is the column sum unless a total is given; the standard deviation s divides by n;
    r is the 1-based rank on exactly equal values, ties sharing the smallest, so that the best
    city has 1 and the worst 1/n. A nan stays nan, and every column statistic (X, min, max,
    mean, s, n) is taken over the cities that have a value.

    Parameters
    ----------
    values : float array, (cities, leaves)
        Raw values in the units of their indicators; nan where missing.
    method : {"share", "minmax", "zscore", "rank", "none"}
    directions : int array, (leaves,)
        +1 where more is better, -1 where less is better.
    codes : sequence of str, (leaves,)
        Names for the error messages.
    totals : float array, (leaves,), optional
        Used by ``share`` alone: the total of what the share is taken of (after reflecting),
        nan where the column sum is to be used. It may include places outside the sample.
    negative : {"reflect", "reciprocal"}
        How ``share`` turns an indicator of direction -1.

    Returns
    -------
    float array, (cities, leaves)

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
    low, high = np.fmin.reduce(values), np.fmax.reduce(values)
    _raise_for(codes, {"infinite": np.isinf(low) | np.isinf(high), "no_value": np.isnan(low)})
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        match method:
            case "share":
                return _shares(values, directions, totals, negative, codes)
            case "minmax":
                return _minmax(values, directions, codes)
            case "zscore":
                return _zscores(values, directions, codes)
            case "rank":
                return _rank_fractions(values, directions)
            case "none":
                return values.copy()
    raise ValueError(f"unknown method {method!r}")


def handle_missing(
    values: FloatArray, policy: Missing, *, codes: Sequence[str], units: Sequence[str]
) -> FloatArray:
    """Apply the policy for missing raw values; the cells it fills are ``isnan(values)``.

    ``refuse`` raises when a value is missing. ``zero`` fills the raw value 0, which for
    direction -1 is the best value there is. ``mean`` fills the mean of the indicator over the
    cities that have it. ``reweight`` fills nothing: the composite leaves the cell out and
    rescales the weights of its siblings.

    Parameters
    ----------
    values : float array, (cities, leaves)
        nan where missing.
    codes, units : sequence of str, (leaves,) and (cities,)
        Names for the error messages.

    Returns
    -------
    float array, (cities, leaves)

    Raises
    ------
    NormalisationError
        Under ``refuse`` naming every missing cell; under ``mean`` naming every indicator
        without any value; under ``reweight`` naming every city without any value.
    """
    values = np.array(values, dtype=np.float64)
    missing = np.isnan(values)
    match policy:
        case "refuse":
            columns = zip(codes, missing.T, strict=True)
            faults = [DataFault("missing", (c,), tuple(compress(units, m))) for c, m in columns if m.any()]
            if faults:
                raise NormalisationError(faults)
        case "zero":
            values[missing] = 0.0
        case "mean":
            _raise_for(codes, {"no_value": np.logical_and.reduce(missing)})
            values = np.where(missing, np.nanmean(values, axis=0), values)
        case "reweight":
            if empty := tuple(compress(units, np.logical_and.reduce(missing, axis=1))):
                raise NormalisationError([DataFault("empty_unit", units=empty)])
        case _:
            raise ValueError(f"unknown policy {policy!r}")
    return values


def _shares(
    values: FloatArray,
    directions: IntArray,
    totals: FloatArray | None,
    negative: Negative,
    codes: Sequence[str],
) -> FloatArray:
    turned, low = directions == -1, np.fmin.reduce(values)
    directed = _turn(values, turned, negative)
    whole = directed.sum(axis=0)
    if np.isnan(whole).any():
        whole = np.nansum(directed, axis=0)
    if totals is not None:
        whole = np.where(np.isnan(totals), whole, totals)
    bad: dict[FaultKind, BoolArray] = {
        "negative_value": low < 0,
        "zero_reciprocal": (values == 0) & turned if negative == "reciprocal" else np.zeros_like(turned),
        "zero_total": whole == 0,
        "negative_total": ((whole < 0) & (low >= 0)) | (whole == -np.inf),
    }
    _raise_for(codes, bad)
    # An infinite sum would turn every share into 0 without a word. Shares keep the order of the cells.
    _raise_for(codes, {"out_of_range": np.isinf(whole) | np.isinf(np.fmax.reduce(directed) / whole)})
    shares: FloatArray = directed / whole
    return shares


def _turn(values: FloatArray, turned: BoolArray, negative: Negative) -> FloatArray:
    if negative in ("reflect", "reciprocal") and not turned.any():
        return values
    match negative:
        case "reflect":
            flipped = np.nanmax(values, axis=0) + np.nanmin(values, axis=0) - values
        case "reciprocal":
            flipped = 1 / values
        case _:
            raise ValueError(f"unknown way {negative!r} to turn an indicator")
    return np.where(turned, flipped, values)


def _minmax(values: FloatArray, directions: IntArray, codes: Sequence[str]) -> FloatArray:
    low, high = np.nanmin(values, axis=0), np.nanmax(values, axis=0)
    _raise_for(codes, {"constant": low == high})
    _raise_for(codes, {"out_of_range": np.isinf(high - low)})
    rising, falling = (values - low) / (high - low), (high - values) / (high - low)
    return _checked(np.where(directions == -1, falling, rising), values, codes)


def _zscores(values: FloatArray, directions: IntArray, codes: Sequence[str]) -> FloatArray:
    _raise_for(codes, {"constant": np.nanmin(values, axis=0) == np.nanmax(values, axis=0)})
    deviations = values - np.nanmean(values, axis=0)
    spread = np.sqrt(np.nanmean(deviations**2, axis=0))
    _raise_for(codes, {"out_of_range": ~np.isfinite(spread)})
    return _checked(directions * deviations / spread, values, codes)


def _rank_fractions(values: FloatArray, directions: IntArray) -> FloatArray:
    """(n - r + 1) / n is the share of the cities that are not better."""
    fractions = np.full(values.shape, np.nan)
    for j, column in enumerate((directions * values).T):
        present = ~np.isnan(column)
        ascending = np.sort(column[present])
        fractions[present, j] = np.searchsorted(ascending, column[present], side="right") / len(ascending)
    return fractions


def _checked(result: FloatArray, values: FloatArray, codes: Sequence[str]) -> FloatArray:
    _raise_for(codes, {"out_of_range": ~np.isfinite(result) & ~np.isnan(values)})
    return result


def _check_shapes(
    values: FloatArray, directions: IntArray, totals: FloatArray | None, codes: Sequence[str]
) -> None:
    if values.ndim != 2 or values.shape[0] == 0:
        raise ValueError(f"values of shape {values.shape}, not (cities, leaves)")
    leaves = values.shape[1]
    if directions.shape != (leaves,) or not np.isin(directions, (1, -1)).all():
        raise ValueError(f"directions must be +1 or -1 for each of {leaves} indicators")
    if len(codes) != leaves or (totals is not None and np.shape(totals) != (leaves,)):
        raise ValueError(f"codes and totals must have one entry for each of {leaves} indicators")


def _raise_for(codes: Sequence[str], bad: dict[FaultKind, BoolArray]) -> None:
    """Raise one error for all indicators where a mask, (leaves,) or (cities, leaves), is true."""
    columns = {kind: np.logical_or.reduce(np.atleast_2d(mask)) for kind, mask in bad.items()}
    if faults := [DataFault(kind, tuple(compress(codes, hit))) for kind, hit in columns.items() if hit.any()]:
        raise NormalisationError(faults)
