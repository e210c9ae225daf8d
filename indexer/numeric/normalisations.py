"""The ways to normalise, each an entry of one table: formula, needs and the unit of its scores.

A new one is a formula and an entry here, a value of `indexer.enums.Normalisation`, its words for
a new unit in the views, its line in docs/method.md, and a test worked by hand.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from indexer.numeric.entries import Entries
from indexer.numeric.faults import FaultKind, raise_for
from weighting.numeric.arrays import BoolArray, FloatArray, IntArray

# What one of a composite score of 1 is, before it is shown times 100; views have the words.
ScoreUnit = Literal["total", "prepared_total", "points", "standard_deviation", "data_unit"]


@dataclass(frozen=True, eq=False)
class Block:
    """Columns that are normalised alike.

    Attributes
    ----------
    values : float array, (cities, leaves)
        Finite; nan where missing, with at least one value in each column.
    directions : int array, (leaves,)
        +1 where more is better, -1 where less is better.
    codes : sequence of str, (leaves,)
        Names for the error messages.
    totals : float array, (leaves,), optional
        Nan where the column sum is to be used.
    """

    values: FloatArray
    directions: IntArray
    codes: Sequence[str]
    totals: FloatArray | None = None

    def refuse(self, bad: Mapping[FaultKind, BoolArray]) -> None:
        """Raise one error that names all columns where a mask is true."""
        raise_for(self.codes, dict(bad))

    def checked(self, result: FloatArray) -> FloatArray:
        """Return the result, unless a value has left the range of a float."""
        self.refuse({"out_of_range": ~np.isfinite(result) & ~np.isnan(self.values)})
        return result


@dataclass(frozen=True)
class Parameters:
    """What a formula is told beside the columns."""

    negative: str = "reflect"


@dataclass(frozen=True)
class Turn:
    """A way to turn an indicator of direction -1 before a share is taken of it.

    ``refused`` says of each kind of fault which cells cannot be turned.
    """

    code: str
    formula: Callable[[FloatArray], FloatArray]
    refused: Mapping[FaultKind, Callable[[FloatArray], BoolArray]] = field(default_factory=dict)


@dataclass(frozen=True)
class Normalisation:
    """A way to bring indicators to a common scale on which more is better.

    Attributes
    ----------
    formula : callable
        From the columns and the parameters to normalised values, (cities, leaves); raises
        `NormalisationError` for what it cannot do.
    unit : ScoreUnit
        What scores are counted in.
    prepared_unit : ScoreUnit
        The same where columns were divided or treated for outliers.
    takes_below_zero, takes_prepared : bool
        Whether it takes values below zero, and columns that were divided or treated.
    takes_turn, takes_totals : bool
        Whether it asks how to turn indicators of direction -1, and for given totals.
    may_stay_above_zero : bool
        Whether all cities can have values above zero, as a geometric mean needs.
    """

    code: str
    formula: Callable[[Block, Parameters], FloatArray]
    unit: ScoreUnit
    prepared_unit: ScoreUnit
    takes_below_zero: bool = True
    takes_prepared: bool = True
    takes_turn: bool = False
    takes_totals: bool = False
    may_stay_above_zero: bool = True

    @property
    def is_part_of_total(self) -> bool:
        """Whether a value is a part of the total of its indicator, so that values may be added."""
        return self.unit == "total"


def shares(block: Block, parameters: Parameters) -> FloatArray:
    """x / X: the part of the column sum, or of the total that is given."""
    values, turned, low = block.values, block.directions == -1, np.fmin.reduce(block.values)
    turn = TURNS[parameters.negative]
    directed = np.where(turned, turn.formula(values), values) if turned.any() else values
    whole = directed.sum(axis=0)
    if np.isnan(whole).any():
        whole = np.nansum(directed, axis=0)
    if block.totals is not None:
        whole = np.where(np.isnan(block.totals), whole, block.totals)
    refused = {kind: cells(values) & turned for kind, cells in turn.refused.items()}
    bad: dict[FaultKind, BoolArray] = {
        "negative_value": low < 0,
        **refused,
        "zero_total": whole == 0,
        "negative_total": ((whole < 0) & (low >= 0)) | (whole == -np.inf),
    }
    block.refuse(bad)
    # An infinite sum would turn every share into 0 without a word. Shares keep the order of the cells.
    block.refuse({"out_of_range": np.isinf(whole) | np.isinf(np.fmax.reduce(directed) / whole)})
    parts: FloatArray = directed / whole
    return parts


def minmax(block: Block, _parameters: Parameters) -> FloatArray:
    """(x - min) / (max - min), or (max - x) / (max - min) where less is better."""
    values = block.values
    low, high = np.nanmin(values, axis=0), np.nanmax(values, axis=0)
    block.refuse({"constant": low == high})
    block.refuse({"out_of_range": np.isinf(high - low)})
    rising, falling = (values - low) / (high - low), (high - values) / (high - low)
    return block.checked(np.where(block.directions == -1, falling, rising))


def zscores(block: Block, _parameters: Parameters) -> FloatArray:
    """(x - mean) / s, where s divides by n, with the sign of the direction."""
    values = block.values
    block.refuse({"constant": np.nanmin(values, axis=0) == np.nanmax(values, axis=0)})
    deviations = values - np.nanmean(values, axis=0)
    spread = np.sqrt(np.nanmean(deviations**2, axis=0))
    block.refuse({"out_of_range": ~np.isfinite(spread)})
    return block.checked(block.directions * deviations / spread)


def rank_fractions(block: Block, _parameters: Parameters) -> FloatArray:
    """(n - r + 1) / n, the share of the cities that are not better."""
    fractions = np.full(block.values.shape, np.nan)
    for j, column in enumerate((block.directions * block.values).T):
        present = ~np.isnan(column)
        ascending = np.sort(column[present])
        fractions[present, j] = np.searchsorted(ascending, column[present], side="right") / len(ascending)
    return fractions


def as_given(block: Block, _parameters: Parameters) -> FloatArray:
    """x: values that were normalised, and directed, elsewhere."""
    return block.values.copy()


def reflected(values: FloatArray) -> FloatArray:
    """max + min - x."""
    mirror: FloatArray = np.nanmax(values, axis=0) + np.nanmin(values, axis=0) - values
    return mirror


TURNS = Entries(
    "way to turn an indicator",
    [
        Turn("reflect", reflected),
        Turn("reciprocal", lambda values: 1 / values, {"zero_reciprocal": lambda values: values == 0}),
    ],
)

NORMALISATIONS = Entries(
    "normalisation",
    [
        Normalisation(
            "share",
            shares,
            unit="total",
            prepared_unit="prepared_total",
            takes_below_zero=False,
            takes_turn=True,
            takes_totals=True,
        ),
        # The worst city has nothing under min-max and less than nothing under z-scores.
        Normalisation("minmax", minmax, unit="points", prepared_unit="points", may_stay_above_zero=False),
        Normalisation(
            "zscore",
            zscores,
            unit="standard_deviation",
            prepared_unit="standard_deviation",
            may_stay_above_zero=False,
        ),
        Normalisation("rank", rank_fractions, unit="points", prepared_unit="points"),
        Normalisation("none", as_given, unit="data_unit", prepared_unit="data_unit", takes_prepared=False),
    ],
)
