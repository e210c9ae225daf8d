"""Files of data to labelled arrays."""

import math
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import compress

import numpy as np
from django.utils.translation import gettext as _

from indexer.names import normalise_unit_name
from indexer.numeric.method.faults import DataFault, FaultKind
from indexer.numeric.method.gaps import MISSING_POLICIES, Beside
from indexer.numeric.method.leaf_steps import RawColumns, check_leaves
from indexer.numeric.method.node_steps import NodeSteps, refused_faults
from indexer.numeric.method.normalisations import NORMALISATIONS
from indexer.numeric.method.plan import LeafStep, MethodPlan
from weighting.numeric.arrays import BoolArray, FloatArray, IntArray
from weighting.numeric.tree import Tree
from weighting.readers import (
    CellError,
    FrameworkTable,
    ProblemLog,
    Source,
    Vocabulary,
    check_header,
    parse_number,
    read_table,
)
from weighting.readers.decisions import Decisions
from weighting.readers.figures import read_figures
from weighting.readers.table import as_form
from weighting.sentences import join_sentences

UNIT = "unit"
NUMBERS = re.compile(r"[0-9.,eE+-]*", re.ASCII)


@dataclass(frozen=True)
class Treatment:
    """How the data will be normalised, which decides what a file may hold (docs/method.md 3).

    ``leaves`` are the steps of the leaves that go a way of their own, ``may_be_empty`` says whether a
    unit may have no value at all.
    """

    method: str = "share"
    negative: str = "reflect"
    missing: str = "refuse"
    leaves: Mapping[str, LeafStep] = field(default_factory=dict)
    may_be_empty: bool = False

    def step(self, code: str) -> LeafStep:
        """Return how a leaf is treated."""
        own = self.leaves.get(code)
        return own or LeafStep(normalisation=self.method, negative=self.negative, imputation=self.missing)

    def takes_missing(self, code: str) -> bool:
        """Whether a leaf may lack values."""
        return MISSING_POLICIES[self.step(code).imputation].takes_missing

    def takes_below_zero(self, code: str) -> bool:
        """Whether a leaf may have values below zero."""
        return NORMALISATIONS[self.step(code).normalisation].takes_below_zero


def treatment_of(plan: MethodPlan) -> Treatment:
    """Return what a plan makes of the leaves."""
    leaf = plan.leaf
    return Treatment(
        leaf.normalisation,
        leaf.negative,
        leaf.imputation,
        {code: plan.leaf_step(code) for code in plan.leaves},
        plan.may_leave_out,
    )


@dataclass(frozen=True)
class Means:
    """The means that leaves go into."""

    tree: Tree
    steps: NodeSteps

    def refused(
        self,
        codes: Sequence[str],
        normalised: FloatArray,
        *,
        units: Sequence[str],
        without: Collection[str] = (),
    ) -> list[DataFault]:
        """Return which of some leaves the mean above them does not take."""
        return refused_faults(self.tree, codes, normalised, self.steps, units, without=without)


@dataclass(frozen=True, eq=False)
class DataTable:
    """Checked data.

    Attributes
    ----------
    units : tuple of str, (units,)
        As written in the file, trimmed.
    codes : tuple of str, (leaves,)
        In the order of the framework, whatever the order of the file.
    values : float array, (units, leaves)
        Raw values, nan where missing.
    attributes : dict
        The text of each attribute column, (units,).
    rows : tuple of int, (units,)
        The line of each unit in the file.
    """

    units: tuple[str, ...]
    codes: tuple[str, ...]
    values: FloatArray
    attributes: dict[str, tuple[str, ...]]
    rows: tuple[int, ...]


def read_data(
    source: Source,
    name: str,
    framework: FrameworkTable,
    attributes: Collection[str] = (),
    *,
    treatment: Treatment | None = None,
    totals: FloatArray | None = None,
) -> DataTable:
    """Read a unit column, a column for each leaf and the attribute columns.

    Raises
    ------
    FileProblems
        With all problems of the file: cells that are no numbers, that are missing or
        negative where the treatment refuses that, units given twice, unknown and missing
        columns, and columns that cannot be normalised.
    """
    log = ProblemLog(name)
    codes = framework.tree.leaf_codes
    table = scan_data(source, log, codes, attributes, treatment=treatment or Treatment())
    if table is not None:
        check_columns(table, log, framework.directions, totals, treatment=treatment or Treatment())
    log.raise_if_any()
    assert table is not None  # noqa: S101  (without problems there is a table)
    return table


def scan_data(
    source: Source,
    log: ProblemLog,
    codes: Sequence[str],
    attributes: Collection[str],
    *,
    treatment: Treatment,
) -> DataTable | None:
    """Read data as far as they go: nan stands for every cell that is missing or wrong."""
    file = read_table(source, log)
    if file is None:
        return None
    check_header(file, log, required=(UNIT, *codes), optional=attributes)
    present = [code for code in codes if code in file.header]
    lines: list[int] = []
    labels: list[list[str]] = []
    values: list[FloatArray] = []
    first_rows: dict[str, int] = {}
    for line, cells in file.records((UNIT, *attributes, *present)):
        if UNIT in file.header:
            _check_unit(cells[UNIT], line, first_rows, log)
        lines.append(line)
        labels.append([cells[name] for name in (UNIT, *attributes)])
        values.append(_read_values({code: cells[code] for code in present}, line, treatment, log))
    if not lines:
        log.add(_("The file has no rows of data. Add one for each unit."))
    if not lines or len(present) < len(codes):
        return None
    units, *texts = (tuple(column) for column in zip(*labels, strict=True))
    named = dict(zip(attributes, texts, strict=True))
    return DataTable(units, tuple(codes), np.array(values), named, tuple(lines))


def check_columns(
    table: DataTable,
    log: ProblemLog,
    directions: IntArray,
    totals: FloatArray | None,
    *,
    treatment: Treatment,
    before: FloatArray | None = None,
    means: Means | None = None,
    wrong: Collection[str] = (),
) -> None:
    """Note the columns without wrong cells that still cannot be normalised, or taken by the mean above.

    Leaves and nodes that are ``wrong`` elsewhere are passed over.
    """
    wrong = {*wrong, *(problem.column for problem in log.problems)}
    clean = _chosen([code not in wrong for code in table.codes])
    codes = [code for code in table.codes if code not in wrong]
    if not codes:
        return
    raw = RawColumns(
        values=table.values[:, clean],
        directions=directions[clean],
        codes=codes,
        units=table.units,
        totals=None if totals is None else totals[clean],
        # A unit without anything has been noted already, from all of its columns.
        beside=Beside(table.attributes, None if before is None else before[:, clean], may_be_empty=True),
        unit_rows={unit: row for row, unit in enumerate(table.units)},
    )
    look = None if means is None else partial(means.refused, units=table.units, without=wrong)
    for fault in check_leaves(raw, [treatment.step(code) for code in codes], look):
        _note_fault(fault, table, log)


def _chosen(flags: list[bool]) -> slice | BoolArray:
    """Return what picks the flagged columns, without a copy where that is all of them."""
    return slice(None) if all(flags) else np.array(flags)


def _note_fault(fault: DataFault, table: DataTable, log: ProblemLog) -> None:
    """Note a fault of each column: in the rows of the units it names, if it names any."""
    message, rows = _column_message(fault.kind), {unit: row for row, unit in enumerate(table.units)}
    for code in fault.codes:
        if not fault.units or not table.rows:
            log.add(message, column=code)
            continue
        column = table.values[:, table.codes.index(code)]
        values = fault.values or [column[rows[unit]] for unit in fault.units]
        for unit, value in zip(fault.units, values, strict=True):
            shown = "" if np.isnan(value) else f"{value:.15g}"
            log.add(message, row=table.rows[rows[unit]], column=code, value=shown)


def read_totals(source: Source, name: str, codes: Sequence[str]) -> FloatArray:
    """Read code and total of some of the leaves, (leaves,); nan where no total is given.

    Raises
    ------
    FileProblems
        With all problems of the file.
    """
    log = ProblemLog(name)
    totals = scan_totals(source, log, codes)
    log.raise_if_any()
    return totals


def scan_totals(
    source: Source, log: ProblemLog, codes: Sequence[str], decisions: Decisions | None = None
) -> FloatArray:
    """Read totals as far as they go."""
    totals = dict.fromkeys(codes, math.nan)
    rows: dict[str, int] = {}
    known = Vocabulary(totals)
    table = read_table(source, log, as_form(decisions, "totals"), heads=("code", "total"))
    if table is not None and check_header(table, log, required=("code", "total")):
        figures = read_figures(table, ("total",), log)["total"]
        for row, (line, cells) in enumerate(table.records(("code", "total"))):
            code, text = cells["code"], cells["total"]
            if code not in known:
                message = known.suggest(_("The framework has no such leaf. Correct the code."), code)
                log.add(message, row=line, column="code", value=code)
            elif rows.setdefault(code, line) != line:
                message = _("The code already has a total in row %(first)d. Delete one of the rows.")
                log.add(message % {"first": rows[code]}, row=line, column="code", value=code)
            else:
                complaint = figures.complaint(row, text)
                totals[code] = _checked_total(figures.values[row], text, line, complaint, log)
    return np.array(list(totals.values()))


def _check_unit(unit: str, line: int, first_rows: dict[str, int], log: ProblemLog) -> None:
    name = normalise_unit_name(unit)
    if not name:
        log.add(_("Every row names its unit. Fill it in."), row=line, column=UNIT, value=unit)
    elif first_rows.setdefault(name, line) != line:
        message = _("The unit is already in row %(first)d. Keep one of the rows.")
        log.add(message % {"first": first_rows[name]}, row=line, column=UNIT, value=unit)


def _read_values(cells: dict[str, str], line: int, treatment: Treatment, log: ProblemLog) -> FloatArray:
    """Return a row's values; nan where a cell is empty, wrong, or refused by the treatment."""
    values = _read_plain_numbers(list(cells.values()))
    if values is None:
        values = np.array([_read_value(code, text, line, treatment, log) for code, text in cells.items()])
        is_bare = not any(cells.values()) and not treatment.may_be_empty
        if is_bare and all(_leaves_gap(treatment, code) for code in cells):
            log.add(_("The unit has no value at all. Fill some in or delete the row."), row=line)
    for code in compress(cells, values < 0):
        if not treatment.takes_below_zero(code):
            message = _("A share needs values of 0 or more. Correct it or choose another normalisation.")
            log.add(message, row=line, column=code, value=cells[code])
    return values


def _leaves_gap(treatment: Treatment, code: str) -> bool:
    return MISSING_POLICIES[treatment.step(code).imputation].leaves_gaps


def _read_plain_numbers(cells: list[str]) -> FloatArray | None:
    """Read a row that holds nothing but plain numbers, as nearly all do; None for any other."""
    joined = ",".join(cells)
    if not NUMBERS.fullmatch(joined):
        return None
    try:
        values = np.array([float(cell) for cell in cells])
    except ValueError:
        return None
    # An exponent can hide a number too large or too small for a double.
    risky = not np.isfinite(values).all() or ("e" in joined.lower() and (values == 0).any())
    return None if risky else values


def _read_value(code: str, text: str, line: int, treatment: Treatment, log: ProblemLog) -> float:
    if not text:
        if not treatment.takes_missing(code):
            message = _("The value is missing. Fill it in or choose how missing values are treated.")
            log.add(message, row=line, column=code, value=text)
        return math.nan
    try:
        return parse_number(text)
    except CellError as error:
        remedy = _("Leave the cell empty when there is no value.")
        log.add(join_sentences([error, remedy]), row=line, column=code, value=text)
        return math.nan


def _checked_total(total: float, text: str, line: int, complaint: str, log: ProblemLog) -> float:
    if total <= 0:
        complaint = _("A total is above zero. Correct it, or delete the row to use the sum of the column.")
    if complaint:
        log.add(complaint, row=line, column="total", value=text)
        return math.nan
    return total


def _column_message(kind: FaultKind) -> str:
    messages: dict[FaultKind, str] = {
        "zero_total": _("The total is zero, so there are no shares. Correct the column or give a total."),
        "zero_reciprocal": _("Zero has no reciprocal. Correct the values or reflect them instead."),
        "constant": _(
            "All units have the same value. Choose another normalisation, or take the indicator out of a "
            "copy of the framework."
        ),
        "no_value": _(
            "No unit has a value. Fill the column in, or take the indicator out of a copy of the framework."
        ),
        "no_transform": _("The transform is not defined for this value. Correct it or choose another one."),
        "bound_no_transform": _("The transform is not defined for a bound or target. Correct them."),
        "bounds_order": _("The lower bound is not below the upper bound, or the data lie beyond it."),
        "target_outside": _(
            "The target has to be better than the worst value and not beyond the other bound. Correct it."
        ),
        "no_reference": _(
            "The reference unit is not there or has no value. Name another one, as the data name it."
        ),
        "reference_at_worst": _("The reference unit has the worst value there is. Name another one."),
        "not_positive": _(
            "The normalised value is not above zero, which the mean above needs. State the smallest "
            "normalised value, a floor such as 0.01, or choose the arithmetic mean."
        ),
        "below_zero": _("There are values below zero, which this step does not take. Choose another one."),
        "no_value_in_group": _("No unit of the group has a value. Fill it in or choose another imputation."),
        "no_earlier": _("No earlier edition has the value. Fill it in or choose another imputation."),
        "unknown_column": _("The data have no such column of groups. Name it with --attributes."),
    }
    return messages.get(kind, _("The values are too large or too small to compute with. Use another unit."))
