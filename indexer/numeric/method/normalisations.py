"""The ways to normalise, each an entry of one table: formula, needs and the unit of its scores.

Every formula takes columns as a `Block` and returns normalised values of the same shape, (units,
leaves): more is better, nan stays nan, and the numbers that it takes of a column (least, greatest, sum,
mean) are those of the units that have it. What it cannot do it raises as one `NormalisationError` that
names all columns: a constant column, a total of zero, a value below zero or out of a float's range.

A new one is a formula and an entry here, a value of `indexer.enums.Normalisation`, its words for
a new unit in the views, its line in docs/method.md, and a test worked by hand.

References
----------
OECD and JRC, Handbook on Constructing Composite Indicators (2008), step 5, doi:10.1787/9789264043466-en;
bounds and targets as in the technical notes of the Human Development Report and of the SDG Index.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from indexer.numeric.method.entries import Entries
from indexer.numeric.method.faults import FaultKind, raise_for
from weighting.numeric.arrays import BoolArray, FloatArray, IntArray, by_column, span_of

# What one of a composite score of 1 is, before it is shown times 100; views have the words.
ScoreUnit = Literal["total", "prepared_total", "turned_total", "points", "standard_deviation", "data_unit"]


@dataclass(frozen=True, eq=False)
class Block:
    """Columns that are normalised alike.

    Attributes
    ----------
    values : float array, (units, leaves)
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
        """Raise one `NormalisationError` that names all columns where a mask is true.

        Masks are (leaves,) or (units, leaves).
        """
        raise_for(self.codes, dict(bad))

    def checked(self, result: FloatArray) -> FloatArray:
        """Return the result, (units, leaves); raises where a value has left the range of a float."""
        self.refuse({"out_of_range": ~np.isfinite(result) & ~np.isnan(self.values)})
        return result


@dataclass(frozen=True, eq=False)
class Parameters:
    """What a formula is told beside the columns.

    Attributes
    ----------
    negative : str
        A code of `TURNS`.
    lower, upper, target : float array, (leaves,), optional
        In the units of the columns; nan where none is stated.
    references : int array, (leaves,), optional
        The row of the unit that a column is measured by; -1 where there is none.
    caps : int array, (leaves,), optional
        1 where values are held between 0 and 1, 0 where they are not, -1 for the rule of the entry.
    """

    negative: str = "reflect"
    lower: FloatArray | None = None
    upper: FloatArray | None = None
    target: FloatArray | None = None
    references: IntArray | None = None
    caps: IntArray | None = None


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
        From the columns and the parameters to normalised values, (units, leaves); raises
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
        Whether all units can have values above zero, as a geometric mean needs.
    takes : set of {"lower", "upper", "target", "reference", "cap"}
        The parameters of a leaf that it uses.
    needs : set of the same
        Those it cannot do without.
    caps : bool
        Whether values beyond the bounds are held at them unless a leaf says otherwise.
    floor : float, optional
        The worst value of the scale, where the scale has one of its own.
    keeps_zero : bool
        Whether zero stays nothing, so that a score can be a part of the sum of all.
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
    takes: frozenset[str] = frozenset()
    needs: frozenset[str] = frozenset()
    caps: bool = False
    floor: float | None = None
    keeps_zero: bool = False

    def worst(self, normalised: FloatArray) -> FloatArray:
        """Return the worst value of each column, (leaves,): of the scale, or of the data if that is worse."""
        worst = np.fmin.reduce(normalised, axis=0)
        return worst if self.floor is None else np.minimum(worst, self.floor)

    def held(self, normalised: FloatArray, caps: IntArray | None) -> FloatArray:
        """Return the values, (units, leaves), held between 0 and 1 where a leaf or the rule asks for it."""
        if "cap" not in self.takes:
            return normalised
        asked = np.full(normalised.shape[1], -1) if caps is None else caps
        capped = np.where(asked == -1, self.caps, asked == 1)
        return np.where(capped, np.clip(normalised, 0, 1), normalised) if capped.any() else normalised

    @property
    def is_part_of_total(self) -> bool:
        """Whether a value is a part of the total of its indicator, so that values may be added."""
        return self.unit == "total"


def shares(block: Block, parameters: Parameters) -> FloatArray:
    """x / X: the part of the column sum, or of the total that is given."""
    values, turned = block.values, block.directions == -1
    low, _high = span_of(values)
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
    block.refuse({"out_of_range": np.isinf(whole) | np.isinf(span_of(directed)[1] / whole)})
    return by_column(np.divide, directed, whole)


def between_bounds(block: Block, parameters: Parameters) -> FloatArray:
    """(x - lower) / (upper - lower), or (upper - x) / (upper - lower) where less is better.

    A bound that is not stated is the least or the greatest value of the column.
    """
    values = block.values
    low, high = span_of(values)
    lower, upper = _stated(parameters.lower, low), _stated(parameters.upper, high)
    given = ~np.isnan(lower) | ~np.isnan(upper)
    low, high = _or(lower, low), _or(upper, high)
    block.refuse({"constant": (low == high) & ~given, "bounds_order": (low >= high) & given})
    block.refuse({"out_of_range": np.isinf(high - low)})
    falling = block.directions == -1
    distances = by_column(np.subtract, values, low)
    if falling.any():
        distances[:, falling] = high[falling] - values[:, falling]
    return block.checked(by_column(np.divide, distances, high - low))


def to_target(block: Block, parameters: Parameters) -> FloatArray:
    """1 - (target - x) / (target - worst): 1 at the target, 0 at the worst value.

    The worst value is the bound on the bad side (or, where less is better, a lower bound that is
    stated alone), else the worst of the data.
    """
    values, falling = block.values, block.directions == -1
    lower, upper = _stated(parameters.lower, falling), _stated(parameters.upper, falling)
    target = _stated(parameters.target, falling)
    stated = np.where(falling & ~np.isnan(upper), upper, lower)
    low, high = span_of(values)
    worst = _or(stated, np.where(falling, high, low))
    beyond = np.where(falling, ~np.isnan(upper) & (lower > target), upper < target)
    block.refuse({"target_outside": ~(block.directions * (target - worst) > 0) | beyond})
    return block.checked(1 - (target - values) / (target - worst))


def to_best(block: Block, _parameters: Parameters) -> FloatArray:
    """1 - (best - x) / (best - worst), with the best and the worst value of the column."""
    values = block.directions * block.values
    worst, best = span_of(values)
    block.refuse({"constant": best == worst})
    return block.checked(1 - (best - values) / (best - worst))


def to_reference(block: Block, parameters: Parameters) -> FloatArray:
    """1 - (reference - x) / (reference - worst): 1 for the unit that the others are measured by."""
    values = block.directions * block.values
    count = values.shape[1]
    rows = np.full(count, -1) if parameters.references is None else parameters.references
    reference = np.where(rows >= 0, values[rows, np.arange(count)], np.nan)
    block.refuse({"no_reference": np.isnan(reference)})
    worst, _best = span_of(values)
    block.refuse({"reference_at_worst": reference == worst})
    return block.checked(1 - (reference - values) / (reference - worst))


def parts_of_best(block: Block, _parameters: Parameters) -> FloatArray:
    """x / max, or min / x where less is better: 1 for the best unit."""
    values, falling = block.values, block.directions == -1
    low, high = span_of(values)
    block.refuse({"below_zero": low < 0, "zero_total": high == 0, "zero_reciprocal": falling & (low == 0)})
    return block.checked(np.where(falling, low / values, values / high))


def _or(stated: FloatArray, otherwise: FloatArray) -> FloatArray:
    return np.where(np.isnan(stated), otherwise, stated)


def _stated(numbers: FloatArray | None, like: FloatArray | BoolArray) -> FloatArray:
    return np.full(like.shape, np.nan) if numbers is None else numbers


def zscores(block: Block, _parameters: Parameters) -> FloatArray:
    """(x - mean) / s, where s divides by n, with the sign of the direction."""
    return _standardised(block, less=0)


def sample_zscores(block: Block, _parameters: Parameters) -> FloatArray:
    """(x - mean) / s, where s divides by n - 1, with the sign of the direction."""
    return _standardised(block, less=1)


def _standardised(block: Block, *, less: int) -> FloatArray:
    values = block.values
    low, high = span_of(values)
    block.refuse({"constant": low == high})
    deviations = values - np.nanmean(values, axis=0)
    spread = np.sqrt(np.nanmean(deviations**2, axis=0))
    if less:
        count = np.isfinite(values).sum(axis=0)
        spread = spread * np.sqrt(count / (count - less))
    block.refuse({"out_of_range": ~np.isfinite(spread)})
    return block.checked(block.directions * deviations / spread)


def rank_fractions(block: Block, _parameters: Parameters) -> FloatArray:
    """(n - r + 1) / n, the share of the units that are not better."""
    fractions = np.full(block.values.shape, np.nan)
    for j, column in enumerate((block.directions * block.values).T):
        present = ~np.isnan(column)
        given = column[present]
        order = np.argsort(given)
        ascending = given[order]
        # What is looked for in order is found several times as quickly.
        given[order] = np.searchsorted(ascending, ascending, side="right") / len(ascending)
        fractions[present, j] = given
    return fractions


def percentiles(block: Block, _parameters: Parameters) -> FloatArray:
    """(r - 1) / (n - 1), r the rank from the worst; ties have the mean of their ranks."""
    block.refuse({"constant": (~np.isnan(block.values)).sum(axis=0) < 2})
    fractions = np.full(block.values.shape, np.nan)
    for j, column in enumerate((block.directions * block.values).T):
        present = ~np.isnan(column)
        given = column[present]
        order = np.argsort(given)
        ascending = given[order]
        below = np.searchsorted(ascending, ascending, side="left")
        not_above = np.searchsorted(ascending, ascending, side="right")
        given[order] = (below + not_above - 1) / (2 * (len(ascending) - 1))
        fractions[present, j] = given
    return fractions


def as_given(block: Block, _parameters: Parameters) -> FloatArray:
    """x: values that were normalised, and directed, elsewhere."""
    return block.values.copy()


def reflected(values: FloatArray) -> FloatArray:
    """max + min - x of each column, (units, leaves)."""
    low, high = span_of(values)
    mirror: FloatArray = high + low - values
    return mirror


TURNS = Entries(
    "way to turn an indicator",
    [
        Turn("reflect", reflected),
        Turn("reciprocal", lambda values: 1 / values, {"zero_reciprocal": lambda values: values == 0}),
    ],
)

BOUNDS = frozenset({"lower", "upper", "cap"})

NORMALISATIONS = Entries(
    "normalisation",
    [
        Normalisation(
            "share",
            shares,
            unit="total",
            prepared_unit="prepared_total",
            keeps_zero=True,
            takes_below_zero=False,
            takes_turn=True,
            takes_totals=True,
            floor=0.0,
        ),
        # The worst unit has nothing under min-max and less than nothing under z-scores.
        Normalisation(
            "minmax",
            between_bounds,
            unit="points",
            prepared_unit="points",
            may_stay_above_zero=False,
            takes=BOUNDS,
            floor=0.0,
        ),
        Normalisation(
            "zscore",
            zscores,
            unit="standard_deviation",
            prepared_unit="standard_deviation",
            may_stay_above_zero=False,
        ),
        Normalisation("rank", rank_fractions, unit="points", prepared_unit="points"),
        Normalisation(
            "none",
            as_given,
            unit="data_unit",
            prepared_unit="data_unit",
            takes_prepared=False,
            floor=0.0,
            keeps_zero=True,
        ),
        Normalisation(
            "zscore_sample",
            sample_zscores,
            unit="standard_deviation",
            prepared_unit="standard_deviation",
            may_stay_above_zero=False,
        ),
        Normalisation(
            "percentile",
            percentiles,
            unit="points",
            prepared_unit="points",
            may_stay_above_zero=False,
            floor=0.0,
        ),
        # Bounds that are stated may lie beyond all data, so that nothing comes to zero.
        Normalisation(
            "goalposts",
            between_bounds,
            unit="points",
            prepared_unit="points",
            takes=BOUNDS,
            caps=True,
            floor=0.0,
        ),
        Normalisation(
            "target",
            to_target,
            unit="points",
            prepared_unit="points",
            takes=BOUNDS | {"target"},
            needs=frozenset({"target"}),
            caps=True,
            floor=0.0,
        ),
        Normalisation(
            "distance_to_max",
            to_best,
            unit="points",
            prepared_unit="points",
            may_stay_above_zero=False,
            floor=0.0,
        ),
        Normalisation(
            "distance_to_reference",
            to_reference,
            unit="points",
            prepared_unit="points",
            may_stay_above_zero=False,
            takes=frozenset({"reference", "cap"}),
            needs=frozenset({"reference"}),
            floor=0.0,
        ),
        Normalisation(
            "fraction_of_max",
            parts_of_best,
            unit="points",
            prepared_unit="points",
            floor=0.0,
            keeps_zero=True,
        ),
    ],
)
