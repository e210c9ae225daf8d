"""What is done where a raw value is missing: each policy is an entry of one table."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import compress
from typing import Literal

import numpy as np

from indexer.numeric.entries import Entries
from indexer.numeric.faults import DataFault, NormalisationError, raise_for
from weighting.numeric.arrays import BoolArray, FloatArray


@dataclass(frozen=True, eq=False)
class Gaps:
    """Raw values, (cities, leaves), which of them are missing, and names for the messages."""

    values: FloatArray
    missing: BoolArray
    codes: Sequence[str]
    units: Sequence[str]


@dataclass(frozen=True)
class MissingPolicy:
    """A policy for missing raw values.

    Attributes
    ----------
    fill : callable
        From the gaps to values, (cities, leaves); raises `NormalisationError` where it cannot.
    takes_missing : bool
        Whether data with gaps are computed at all.
    leaves_gaps : bool
        Whether gaps stay, so that the composite has to rescale the weights around them.
    """

    code: str
    fill: Callable[[Gaps], FloatArray]
    takes_missing: bool = True
    leaves_gaps: bool = False

    @property
    def composite(self) -> Literal["refuse", "reweight"]:
        """What the composite does about a gap."""
        return "reweight" if self.leaves_gaps else "refuse"


def none_missing(gaps: Gaps) -> FloatArray:
    """Return the values, of which none may be missing."""
    columns = zip(gaps.codes, gaps.missing.T, strict=True)
    faults = [DataFault("missing", (c,), tuple(compress(gaps.units, m))) for c, m in columns if m.any()]
    if faults:
        raise NormalisationError(faults)
    return gaps.values


def zeros(gaps: Gaps) -> FloatArray:
    """Fill in the raw value 0, which for direction -1 is the best value there is."""
    return np.where(gaps.missing, 0.0, gaps.values)


def column_means(gaps: Gaps) -> FloatArray:
    """Fill in the mean of the indicator over the cities that have it."""
    raise_for(gaps.codes, {"no_value": np.logical_and.reduce(gaps.missing)})
    return np.where(gaps.missing, np.nanmean(gaps.values, axis=0), gaps.values)


def left_out(gaps: Gaps) -> FloatArray:
    """Fill in nothing: the composite leaves the cell out and rescales the weights of its siblings."""
    if empty := tuple(compress(gaps.units, np.logical_and.reduce(gaps.missing, axis=1))):
        raise NormalisationError([DataFault("empty_unit", units=empty)])
    return gaps.values


MISSING_POLICIES = Entries(
    "policy for missing values",
    [
        MissingPolicy("refuse", none_missing, takes_missing=False),
        MissingPolicy("zero", zeros),
        MissingPolicy("reweight", left_out, leaves_gaps=True),
        MissingPolicy("mean", column_means),
    ],
)


def handle_missing(
    values: FloatArray, policy: str, *, codes: Sequence[str], units: Sequence[str]
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
    return MISSING_POLICIES[policy].fill(Gaps(values, np.isnan(values), codes, units))
