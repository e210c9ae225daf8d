"""What is done where a raw value is missing: each policy is an entry of one table.

Every policy takes the `Gaps` of a matrix and returns values of its shape, (units, leaves), in the units
of the data; what is filled in stands where ``missing`` is true, and nothing else changes. Where there
is nothing to take it raises one `NormalisationError` that names every indicator, unit or group.

References
----------
OECD and JRC, Handbook on Constructing Composite Indicators (2008), step 3, doi:10.1787/9789264043466-en
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import compress
from typing import Literal

import numpy as np

from indexer.numeric.method.entries import Entries
from indexer.numeric.method.faults import DataFault, FaultKind, NormalisationError, raise_for
from weighting.numeric.arrays import BoolArray, FloatArray


@dataclass(frozen=True, eq=False)
class Beside:
    """What some policies go by beside the values.

    Attributes
    ----------
    groups : mapping of str to sequence of str, (units,)
        Labels of the units, by the name of the column; '' for a unit in no group.
    before : float array, (units, leaves), optional
        The last values of the same units in earlier editions, nan where there is none.
    may_be_empty : bool
        Whether a unit may lack all columns: they are not all there are, or a coverage decides who
        has a score.
    """

    groups: Mapping[str, Sequence[str]] = field(default_factory=dict)
    before: FloatArray | None = None
    may_be_empty: bool = False


@dataclass(frozen=True, eq=False)
class Gaps:
    """Raw values, (units, leaves) with nan where missing, which of them are, and names for the messages."""

    values: FloatArray
    missing: BoolArray
    codes: Sequence[str]
    units: Sequence[str]
    beside: Beside = field(default_factory=Beside)


@dataclass(frozen=True)
class MissingPolicy:
    """A policy for missing raw values.

    Attributes
    ----------
    fill : callable
        From the gaps to values, (units, leaves); raises `NormalisationError` where it cannot.
    takes_missing : bool
        Whether data with gaps are computed at all.
    leaves_gaps : bool
        Whether gaps stay, so that the composite has to rescale the weights around them.
    gives_worst : bool
        Whether gaps stay until values are normalised, and then have the worst value.
    carries : bool
        Whether it fills in what the unit had in an earlier edition.
    column : str
        The column of groups that it goes by, if any.
    """

    code: str
    fill: Callable[[Gaps], FloatArray]
    takes_missing: bool = True
    leaves_gaps: bool = False
    gives_worst: bool = False
    carries: bool = False
    column: str = ""

    @property
    def composite(self) -> Literal["refuse", "reweight"]:
        """What the composite does about a gap."""
        return "reweight" if self.leaves_gaps else "refuse"


def none_missing(gaps: Gaps) -> FloatArray:
    """Return the values; raises `NormalisationError` naming every cell that is missing."""
    if not gaps.missing.any():
        return gaps.values
    columns = zip(gaps.codes, gaps.missing.T, strict=True)
    faults = [DataFault("missing", (c,), tuple(compress(gaps.units, m))) for c, m in columns if m.any()]
    if faults:
        raise NormalisationError(faults)
    return gaps.values


def as_they_are(gaps: Gaps) -> FloatArray:
    """Fill in nothing yet."""
    return gaps.values


def raw_zeros(gaps: Gaps) -> FloatArray:
    """Fill in the raw value 0, which for direction -1 is the best value there is."""
    return np.where(gaps.missing, 0.0, gaps.values)


def column_means(gaps: Gaps) -> FloatArray:
    """Fill in the mean of the indicator over the units that have it."""
    raise_for(gaps.codes, {"no_value": np.logical_and.reduce(gaps.missing)})
    return np.where(gaps.missing, np.nanmean(gaps.values, axis=0), gaps.values)


def column_medians(gaps: Gaps) -> FloatArray:
    """Fill in the median of the indicator over the units that have it."""
    raise_for(gaps.codes, {"no_value": np.logical_and.reduce(gaps.missing)})
    return np.where(gaps.missing, np.nanmedian(gaps.values, axis=0), gaps.values)


def of_group(column: str, middle: Callable[..., FloatArray], gaps: Gaps) -> FloatArray:
    """Fill in the mean or median over the units of the same group that have the indicator.

    ``column`` names one of the groups beside the values. Raises `NormalisationError` for one that is not
    there, and naming what no unit of a group has.
    """
    if column not in gaps.beside.groups:
        raise NormalisationError([DataFault("unknown_column", (column,))])
    labels = np.array(gaps.beside.groups[column])
    filled = gaps.values.copy()
    for label in np.unique(labels[labels != ""]):
        rows = labels == label
        known = ~np.logical_and.reduce(gaps.missing[rows])
        middles = np.full(filled.shape[1], np.nan)
        middles[known] = middle(gaps.values[np.ix_(rows, known)], axis=0)
        filled[rows] = np.where(gaps.missing[rows], middles, filled[rows])
    return _whole(gaps, filled, "no_value_in_group")


def last_values(gaps: Gaps) -> FloatArray:
    """Fill in what the unit had in an earlier edition."""
    before = np.full(gaps.values.shape, np.nan) if gaps.beside.before is None else gaps.beside.before
    return _whole(gaps, np.where(gaps.missing, before, gaps.values), "no_earlier")


def _whole(gaps: Gaps, filled: FloatArray, kind: FaultKind) -> FloatArray:
    """Return the values, of which none may be missing still."""
    columns = zip(gaps.codes, np.isnan(filled).T, strict=True)
    if faults := [DataFault(kind, (c,), tuple(compress(gaps.units, m))) for c, m in columns if m.any()]:
        raise NormalisationError(faults)
    return filled


def _group_policy(code: str, middle: Callable[..., FloatArray]) -> Callable[[str], MissingPolicy]:
    def of_column(column: str) -> MissingPolicy:
        if not column:
            raise ValueError(f"{code} needs the name of a column of groups, such as {code}:region")
        return MissingPolicy(f"{code}:{column}", partial(of_group, column, middle), column=column)

    return of_column


def left_out(gaps: Gaps) -> FloatArray:
    """Fill in nothing: the composite leaves the cell out and rescales the weights of its siblings."""
    if not gaps.beside.may_be_empty:
        refuse_empty_units(gaps.missing, gaps.units)
    return gaps.values


def refuse_empty_units(missing: BoolArray, units: Sequence[str]) -> None:
    """Raise one error that names all units without any value, (units, leaves)."""
    if empty := tuple(compress(units, np.logical_and.reduce(missing, axis=1))):
        raise NormalisationError([DataFault("empty_unit", units=empty)])


MISSING_POLICIES = Entries(
    "policy for missing values",
    [
        MissingPolicy("refuse", none_missing, takes_missing=False),
        MissingPolicy("zero", as_they_are, gives_worst=True),
        MissingPolicy("reweight", left_out, leaves_gaps=True),
        MissingPolicy("mean", column_means),
        MissingPolicy("median", column_medians),
        MissingPolicy("last_value", last_values, carries=True),
        # What "zero" was before it gave the worst value; methods of that time are computed as they were.
        MissingPolicy("raw_zero", raw_zeros),
    ],
    families={
        "group_mean": _group_policy("group_mean", np.nanmean),
        "group_median": _group_policy("group_median", np.nanmedian),
    },
)


def handle_missing(
    values: FloatArray,
    policy: str,
    *,
    codes: Sequence[str],
    units: Sequence[str],
    beside: Beside | None = None,
) -> FloatArray:
    """Apply the policy for missing raw values; the cells it fills are ``isnan(values)``.

    ``refuse`` raises when a value is missing. ``mean`` and ``median`` fill those of the indicator
    over the units that have it, ``group_mean:<column>`` and ``group_median:<column>`` over those of
    the same group alone, ``last_value`` that of the unit in an earlier edition. ``zero`` fills
    nothing yet: the cell has the worst normalised value, whatever the direction. ``reweight`` fills
    nothing: the composite leaves the cell out and rescales the weights of its siblings. ``raw_zero``
    fills the raw value 0, which for direction -1 is the best value there is.

    Parameters
    ----------
    values : float array, (units, leaves)
        nan where missing.
    policy : str
        A code of `MISSING_POLICIES`.
    codes, units : sequence of str, (leaves,) and (units,)
        Names for the error messages.
    beside : Beside, optional
        The groups and the earlier values that some policies go by.

    Returns
    -------
    float array, (units, leaves)

    Raises
    ------
    NormalisationError
        Under ``refuse`` naming every missing cell; under those that fill in naming every
        indicator without any value to take; under ``reweight`` naming every unit without any
        value.
    """
    values = np.ascontiguousarray(values, dtype=np.float64)
    return MISSING_POLICIES[policy].fill(Gaps(values, np.isnan(values), codes, units, beside or Beside()))
