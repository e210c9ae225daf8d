"""From raw to normalised values where leaves go different ways.

Columns that go the same way are taken together; what a column comes to does not depend on which
others go with it.
"""

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import TypeVar

import numpy as np

from indexer.numeric.method.faults import DataFault, NormalisationError, raise_for
from indexer.numeric.method.gaps import MISSING_POLICIES, Beside, refuse_empty_units
from indexer.numeric.method.normalisations import NORMALISATIONS, Parameters
from indexer.numeric.method.normalise import normalise
from indexer.numeric.method.plan import LeafStep
from indexer.numeric.method.preparation import IMPUTED, LEFT_OUT, CellArray, Prepared, prepare
from indexer.numeric.method.transforms import TRANSFORMS, Extent
from indexer.numeric.method.treatment import ColumnTreatment, OutlierRule
from weighting.numeric.arrays import BoolArray, FloatArray, IntArray

Result = TypeVar("Result")
# From codes and their normalised columns to what is wrong with these.
Look = Callable[[Sequence[str], FloatArray], list[DataFault]]
# So many cells are checked at a time, which stay near the processor, but of so many columns at least.
CHECKED = 1 << 19
FEWEST = 8


@dataclass(frozen=True, eq=False)
class RawColumns:
    """Raw values and all that a leaf's steps may go by.

    Attributes
    ----------
    values : float array, (units, leaves)
        nan where missing.
    directions : int array, (leaves,)
    codes, units : sequence of str, (leaves,) and (units,)
        Names for the messages.
    totals : float array, (leaves,), optional
    denominators : mapping of int to float array (units,)
        By the position of the leaf that is divided.
    beside : Beside
    unit_rows : mapping of str to int
        The row of each unit by its code, for leaves that are measured by one.
    """

    values: FloatArray
    directions: IntArray
    codes: Sequence[str]
    units: Sequence[str]
    totals: FloatArray | None = None
    denominators: Mapping[int, FloatArray] = field(default_factory=dict)
    beside: Beside = field(default_factory=Beside)
    unit_rows: Mapping[str, int] = field(default_factory=dict)

    def of_columns(self, columns: Sequence[int]) -> "RawColumns":
        """Return some of the leaves."""
        before = self.beside.before
        # Columns beside each other need no copy.
        picked = slice(columns.start, columns.stop) if isinstance(columns, range) else columns
        below = self.denominators
        return replace(
            self,
            values=self.values[:, picked],
            directions=self.directions[picked],
            codes=[self.codes[column] for column in columns],
            totals=None if self.totals is None else self.totals[picked],
            # A column that goes along twice is divided twice.
            denominators={at: below[column] for at, column in enumerate(columns) if column in below},
            beside=replace(self.beside, before=None if before is None else before[:, picked]),
        )


@dataclass(frozen=True, eq=False)
class NormalisedLeaves:
    """Normalised values, (units, leaves), nan where left out; cells and treatments as `Prepared`."""

    values: FloatArray
    cells: CellArray
    treatments: tuple[ColumnTreatment, ...]

    @property
    def given(self) -> BoolArray:
        """Which values were given, neither filled in nor left out, (units, leaves)."""
        given: BoolArray = (self.cells & (IMPUTED | LEFT_OUT)) == 0
        return given


def normalise_leaves(
    raw: RawColumns, steps: Sequence[LeafStep], *, rule: OutlierRule | None = None
) -> NormalisedLeaves:
    """Prepare and normalise every column as its leaf says.

    Parameters
    ----------
    steps : sequence of LeafStep, (leaves,)
    rule : OutlierRule, optional
        The limits of the outlier rule; what is done beyond them is the leaf's choice.

    Raises
    ------
    NormalisationError
        With every reason of all columns, as `prepare` and `normalise`.
    """
    ways = _ways(steps)
    if len(ways) == 1:
        return _normalise_alike(raw, steps, rule or OutlierRule())
    # Whoever has nothing at all is looked for in all columns together.
    anybody = replace(raw, beside=replace(raw.beside, may_be_empty=True))
    parts = _all_of(_apart(anybody, steps, columns, rule or OutlierRule()) for columns in ways)
    values = np.empty(raw.values.shape)
    cells = np.empty(raw.values.shape, dtype=np.uint8)
    treatments: list[ColumnTreatment] = []
    for columns, part in zip(ways, parts, strict=True):
        values[:, columns], cells[:, columns] = part.values, part.cells
        treatments += [replace(one, column=columns[one.column]) for one in part.treatments]
    if not raw.beside.may_be_empty and any(MISSING_POLICIES[step.imputation].leaves_gaps for step in steps):
        refuse_empty_units(np.isnan(values), raw.units)
    return NormalisedLeaves(values, cells, tuple(sorted(treatments, key=lambda one: one.column)))


def check_leaves(raw: RawColumns, steps: Sequence[LeafStep], look: Look | None = None) -> list[DataFault]:
    """Return every reason why `normalise_leaves` raises, but hold the results of a few columns at a time.

    Whoever has nothing at all is not looked for. ``look`` may refuse normalised columns of some codes.
    """
    raw = replace(raw, beside=replace(raw.beside, may_be_empty=True))
    places, width = range(len(steps)), max(FEWEST, CHECKED // max(1, len(raw.values)))
    faults = [_check(raw, steps, places[start : start + width], look) for start in places[::width]]
    return list(dict.fromkeys(chain.from_iterable(faults)))


def _check(
    raw: RawColumns, steps: Sequence[LeafStep], columns: Sequence[int], look: Look | None
) -> list[DataFault]:
    """Check some columns; those that are sound once more without the others, for the sake of ``look``."""
    part = raw.of_columns(columns)
    try:
        made = normalise_leaves(part, [steps[column] for column in columns])
    except NormalisationError as error:
        refused = {code for fault in error.faults for code in fault.codes}
        rest = [column for column in columns if raw.codes[column] not in refused]
        again = _check(raw, steps, rest, look) if look and rest and len(rest) < len(columns) else []
        return [*error.faults, *again]
    return look(part.codes, made.values) if look else []


def _ways(steps: Sequence[LeafStep]) -> list[list[int]]:
    """Return the positions of the leaves that go the same way but for their numbers."""
    ways: dict[Hashable, list[int]] = {}
    for position, step in enumerate(steps):
        way = (step.imputation, step.transform, step.outliers, step.normalisation, step.negative)
        ways.setdefault(way, []).append(position)
    return list(ways.values())


def _apart(
    raw: RawColumns, steps: Sequence[LeafStep], columns: Sequence[int], rule: OutlierRule
) -> Callable[[], NormalisedLeaves]:
    def compute() -> NormalisedLeaves:
        # NumPy adds a single column in an order of its own, so that it goes along twice.
        taken = [*columns, *columns][: max(2, len(columns))]
        part = _normalise_alike(raw.of_columns(taken), [steps[column] for column in taken], rule)
        count = len(columns)
        treatments = tuple(one for one in part.treatments if one.column < count)
        return NormalisedLeaves(part.values[:, :count], part.cells[:, :count], treatments)

    return compute


def _all_of(parts: Iterable[Callable[[], Result]]) -> list[Result]:
    """Compute all parts; raise one error with the reasons of all that cannot be."""
    results, faults = [], dict[DataFault, None]()
    for part in parts:
        try:
            results.append(part())
        except NormalisationError as error:
            faults |= dict.fromkeys(
                replace(fault, codes=tuple(dict.fromkeys(fault.codes))) for fault in error.faults
            )
    if faults:
        raise NormalisationError(list(faults))
    return results


def extents_of(raw: RawColumns, steps: Sequence[LeafStep], *, rule: OutlierRule | None = None) -> Extent:
    """Return between which raw values each leaf lies, divided and filled in as it says, (leaves,).

    Cells that the outlier rule draws in do not count: the column ends where they are drawn to.

    Raises
    ------
    NormalisationError
        As `prepare`.
    """
    low, high = np.empty((2, len(raw.codes)))
    for columns in _ways(steps):
        found = _prepared(raw.of_columns(columns), steps[columns[0]], rule or OutlierRule()).within
        low[columns], high[columns] = found.low, found.high
    return Extent(low, high)


def _prepared(raw: RawColumns, step: LeafStep, rule: OutlierRule) -> Prepared:
    return prepare(
        raw.values,
        missing=step.imputation,
        codes=raw.codes,
        units=raw.units,
        totals=raw.totals,
        denominators=raw.denominators,
        rule=replace(rule, action=step.outliers),
        transform=step.transform,
        beside=raw.beside,
    )


def _normalise_alike(raw: RawColumns, steps: Sequence[LeafStep], rule: OutlierRule) -> NormalisedLeaves:
    """Take columns that go the same way through all steps."""
    step = steps[0]
    prepared = _prepared(raw, step, rule)
    values = normalise(
        prepared.values,
        method=step.normalisation,
        directions=raw.directions,
        codes=raw.codes,
        totals=prepared.totals,
        parameters=_parameters(raw, steps, prepared),
    )
    if MISSING_POLICIES[step.imputation].gives_worst:
        values = np.where(np.isnan(values), NORMALISATIONS[step.normalisation].worst(values), values)
    return NormalisedLeaves(values, prepared.cells, prepared.treatments)


def _parameters(raw: RawColumns, steps: Sequence[LeafStep], prepared: Prepared) -> Parameters:
    extent = prepared.extent
    return Parameters(
        negative=steps[0].negative,
        lower=_numbers(raw, [step.lower for step in steps], steps[0].transform, extent),
        upper=_numbers(raw, [step.upper for step in steps], steps[0].transform, extent),
        target=_numbers(raw, [step.target for step in steps], steps[0].transform, extent),
        references=np.array([raw.unit_rows.get(step.reference or "", -1) for step in steps]),
        caps=np.array([-1 if step.cap is None else int(step.cap) for step in steps]),
    )


def _numbers(
    raw: RawColumns, stated: Sequence[float | None], transform: str, extent: Extent
) -> FloatArray | None:
    """Return stated numbers on the scale of the transformed columns, (leaves,); nan where blank."""
    if all(number is None for number in stated):
        return None
    numbers = np.array([np.nan if number is None else number for number in stated])
    entry = TRANSFORMS[transform]
    raise_for(raw.codes, {"bound_no_transform": entry.refused(numbers, extent)})
    return entry.formula(numbers, extent)
