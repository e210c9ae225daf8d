"""Why data cannot be prepared or normalised, with all indicators and units concerned."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import compress
from typing import Literal

import numpy as np

from weighting.numeric.arrays import BoolArray

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
    "below_zero",
    "no_transform",
    "bound_no_transform",
    "bounds_order",
    "target_outside",
    "no_reference",
    "reference_at_worst",
    "no_earlier",
    "no_value_in_group",
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
    "not_positive": "this mean needs values above zero in {codes}",
    "below_zero": "values below zero, which this step does not take, in {codes}",
    "no_transform": "values that the transform is not defined for in {codes}: {units}",
    "bound_no_transform": "bounds that the transform is not defined for in {codes}",
    "bounds_order": "the lower bound is not below the upper bound in {codes}",
    "target_outside": "the target is not better than the worst value, or lies outside the bounds, in {codes}",
    "no_reference": "the reference unit is not there, or has no value, in {codes}",
    "reference_at_worst": "the reference unit has the worst value there is in {codes}",
    "no_value_in_group": "no city of the group has a value of {codes}: {units}",
    "no_earlier": "no earlier edition has the missing values of {codes}: {units}",
}


@dataclass(frozen=True)
class DataFault:
    """One reason why the data cannot be normalised, with all indicators and units it names.

    ``values`` are what the units have, where that is what is wrong.
    """

    kind: FaultKind
    codes: tuple[str, ...] = ()
    units: tuple[str, ...] = ()
    values: tuple[float, ...] = ()

    def __str__(self) -> str:
        return FAULT_TEXTS[self.kind].format(codes=", ".join(self.codes), units=", ".join(self.units))


class NormalisationError(ValueError):
    """The data cannot be normalised; ``faults`` and ``problems`` list every reason."""

    def __init__(self, faults: Sequence[DataFault]) -> None:
        self.faults = tuple(faults)
        self.problems = [str(fault) for fault in faults]
        super().__init__("; ".join(self.problems))


def raise_for(codes: Sequence[str], bad: dict[FaultKind, BoolArray]) -> None:
    """Raise one error for all indicators where a mask, (leaves,) or (units, leaves), is true."""
    columns = {kind: np.logical_or.reduce(np.atleast_2d(mask)) for kind, mask in bad.items() if mask.any()}
    if faults := [DataFault(kind, tuple(compress(codes, hit))) for kind, hit in columns.items()]:
        raise NormalisationError(faults)
