"""From raw values to what is normalised: divided, filled in, transformed, treated, in this order."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import compress

import numpy as np
import numpy.typing as npt

from indexer.numeric.method.faults import DataFault, NormalisationError
from indexer.numeric.method.gaps import MISSING_POLICIES, Beside, MissingPolicy, handle_missing
from indexer.numeric.method.transforms import TRANSFORMS, Extent, Transform
from indexer.numeric.method.treatment import ColumnTreatment, OutlierRule, Treated, treat_outliers
from weighting.numeric.arrays import BoolArray, FloatArray, span_of

CellArray = npt.NDArray[np.uint8]
# What happened to a cell: bits, since a cell that was filled in may be winsorised, too.
IMPUTED, LEFT_OUT, WINSORISED, LOGGED = 1, 2, 4, 8
# Beside IMPUTED: what fills the cell in is the last value of an earlier edition.
CARRIED = 16


@dataclass(frozen=True, eq=False)
class Prepared:
    """What the normalisation takes, and what was done to get there.

    Attributes
    ----------
    values : float array, (units, leaves)
        nan where ``reweight`` leaves a gap.
    totals : float array, (leaves,)
        The given totals; nan, for the column sum, where the column is divided or treated: a
        total of raw values is no total of what the share is taken of.
    cells : uint8 array, (units, leaves)
        `IMPUTED`, `CARRIED`, `LEFT_OUT`, `WINSORISED` and `LOGGED`, added; 0 for a cell as it was given.
    treatments : tuple of ColumnTreatment
    extent, within : Extent
        That of the columns before they were transformed, which bounds go by; and the same of the
        cells that the outlier rule did not draw in.
    """

    values: FloatArray
    totals: FloatArray
    cells: CellArray
    treatments: tuple[ColumnTreatment, ...]
    extent: Extent
    within: Extent


def prepare(
    values: FloatArray,
    *,
    missing: str,
    codes: Sequence[str],
    units: Sequence[str],
    totals: FloatArray | None = None,
    denominators: Mapping[int, FloatArray] | None = None,
    rule: OutlierRule | None = None,
    transform: str = "none",
    beside: Beside | None = None,
) -> Prepared:
    """Divide the columns that have a denominator, fill in what is missing, transform, treat outliers.

    A quotient is missing where either part is. Means that fill in are means of quotients, and
    the outlier rule sees the filled and transformed column, as in the OECD handbook's order of steps.

    Parameters
    ----------
    values : float array, (units, leaves)
        Raw values; nan where missing.
    missing : str
        A code of `MISSING_POLICIES`.
    codes, units : sequence of str, (leaves,) and (units,)
        Names for the error messages.
    totals : float array, (leaves,), optional
    denominators : mapping of int to float array (units,), optional
        By the position of the leaf that is divided.
    rule : OutlierRule, optional
    transform : str
        A code of `TRANSFORMS`.
    beside : Beside, optional

    Raises
    ------
    NormalisationError
        Naming every indicator and unit whose denominator is zero or negative, or whose value the
        transform is not defined for, and as `handle_missing`.
    """
    denominators = denominators or {}
    divided = _divide(np.ascontiguousarray(values, dtype=np.float64), denominators, codes, units)
    gaps = np.isnan(divided)
    earlier = _undivided(beside or Beside(), denominators)
    filled = handle_missing(divided, missing, codes=codes, units=units, beside=earlier)
    extent = _extent_of(filled)
    scaled = _transform(filled, TRANSFORMS[transform], extent, codes, units)
    treated = treat_outliers(scaled, rule or OutlierRule())
    whole = np.full(len(codes), np.nan) if totals is None else np.array(totals, dtype=np.float64)
    whole[[*denominators, *(treatment.column for treatment in treated.treatments)]] = np.nan
    if TRANSFORMS[transform].changes:
        whole[:] = np.nan
    cells = _cells_of(gaps, MISSING_POLICIES[missing], treated)
    within = _extent_of(np.where(treated.winsorised, np.nan, filled)) if treated.treatments else extent
    return Prepared(treated.values, whole, cells, treated.treatments, extent, within)


def _cells_of(gaps: BoolArray, policy: MissingPolicy, treated: Treated) -> CellArray:
    """Return what was done to each cell, added."""
    gone = LEFT_OUT if policy.leaves_gaps else IMPUTED | (CARRIED if policy.carries else 0)
    cells = gaps * np.uint8(gone) if gaps.any() else np.zeros(gaps.shape, dtype=np.uint8)
    if treated.treatments:
        cells[treated.winsorised] |= WINSORISED
    for treatment in treated.treatments:
        if treatment.done == "logged":
            cells[~np.isnan(treated.values[:, treatment.column]), treatment.column] |= LOGGED
    return cells


def _extent_of(values: FloatArray) -> Extent:
    return Extent(*span_of(values))


def _transform(
    values: FloatArray, transform: Transform, extent: Extent, codes: Sequence[str], units: Sequence[str]
) -> FloatArray:
    if not transform.changes:
        return values
    refused = transform.refused(values, extent).T
    faults = [
        DataFault("no_transform", (code,), tuple(compress(units, bad)), tuple(column[bad].tolist()))
        for code, column, bad in zip(codes, values.T, refused, strict=True)
        if bad.any()
    ]
    if faults:
        raise NormalisationError(faults)
    with np.errstate(over="ignore", divide="ignore"):
        return transform.formula(values, extent)


def _undivided(beside: Beside, denominators: Mapping[int, FloatArray]) -> Beside:
    """Take the earlier values of divided columns away: what they were divided by then is not known."""
    if beside.before is None or not denominators:
        return beside
    before = beside.before.copy()
    before[:, list(denominators)] = np.nan
    return replace(beside, before=before)


def _divide(
    values: FloatArray,
    denominators: Mapping[int, FloatArray],
    codes: Sequence[str],
    units: Sequence[str],
) -> FloatArray:
    if not denominators:
        return values
    faults = []
    divided = values.copy()
    for place, below in denominators.items():
        if (bad := below <= 0).any():
            faults.append(DataFault("denominator", (codes[place],), tuple(compress(units, bad))))
            continue
        with np.errstate(over="ignore"):
            divided[:, place] = values[:, place] / below
    if faults:
        raise NormalisationError(faults)
    return divided
