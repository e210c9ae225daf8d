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


def raise_for(codes: Sequence[str], bad: dict[FaultKind, BoolArray]) -> None:
    """Raise one error for all indicators where a mask, (leaves,) or (cities, leaves), is true."""
    columns = {kind: np.logical_or.reduce(np.atleast_2d(mask)) for kind, mask in bad.items()}
    if faults := [DataFault(kind, tuple(compress(codes, hit))) for kind, hit in columns.items() if hit.any()]:
        raise NormalisationError(faults)
