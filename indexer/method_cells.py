"""The table of a method as text: its cells read and checked, and what is wrong with a plan in words.

The same columns stand in the framework file, on pages and in the API (docs/method.md 9).
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from indexer.numeric.method.aggregations import AGGREGATIONS
from indexer.numeric.method.entries import Entries
from indexer.numeric.method.gaps import MISSING_POLICIES
from indexer.numeric.method.normalisations import NORMALISATIONS
from indexer.numeric.method.plan import (
    LEAF_COLUMNS,
    MOST_DIGITS,
    NODE_COLUMNS,
    WHOLE,
    MethodPlan,
    PlanFault,
    PlanFaultKind,
    lasting_faults,
    plan_faults,
)
from indexer.numeric.method.transforms import TRANSFORMS
from indexer.numeric.method.treatment import OUTLIER_ACTIONS
from weighting.numeric.arrays import IntArray
from weighting.numeric.tree import Tree
from weighting.readers import (
    CellError,
    FileProblem,
    FrameworkRow,
    FrameworkTable,
    ProblemLog,
    Vocabulary,
    parse_number,
    plain,
)

TABLES: dict[str, Entries[Any]] = {
    "transform": TRANSFORMS,
    "normalisation": NORMALISATIONS,
    "aggregation": AGGREGATIONS,
    "imputation": MISSING_POLICIES,
    "outliers": OUTLIER_ACTIONS,
}
YES, NO = {"yes", "true", "1", "是"}, {"no", "false", "0", "否"}
Cells = dict[str, dict[str, Any]]


@dataclass(frozen=True)
class MethodCells:
    """The cells of a table that are not blank: by code, then by column."""

    leaves: Cells = field(default_factory=dict)
    nodes: Cells = field(default_factory=dict)

    @property
    def is_empty(self) -> bool:
        return not self.leaves and not self.nodes


@dataclass(frozen=True)
class CellFault:
    """What is wrong with one cell: the code of its row, '' for the index, its column, what stands there."""

    code: str
    column: str
    value: str
    message: str

    def placed(self, name: str) -> str:
        """Say it where the rows are not in sight."""
        words = {"name": name, "column": self.column, "value": self.value, "message": self.message}
        if self.code == WHOLE:
            return _("the index, %(column)s “%(value)s”: %(message)s") % words
        return _("%(name)s, %(column)s “%(value)s”: %(message)s") % words


def read_method_cells(rows: Iterable[FrameworkRow], log: ProblemLog) -> MethodCells:
    """Read the columns of the method in a framework file, and note every cell that says nothing known."""
    rows = tuple(rows)
    parents = {row.parent for row in rows}
    cells = MethodCells()
    for row in rows:
        is_leaf = row.code not in parents
        for column, text in row.method.items():
            try:
                value = parse_cell(column, text, is_leaf=is_leaf)
            except CellError as error:
                log.add(str(error), row=row.row, column=column, value=text)
                continue
            rows_of_kind = cells.leaves if is_leaf else cells.nodes
            rows_of_kind.setdefault(row.code, {})[column] = value
    return cells


def parse_cell(column: str, text: str, *, is_leaf: bool) -> Any:
    """Return what a cell says; raises `CellError` with the remedy."""
    if column not in (LEAF_COLUMNS if is_leaf else NODE_COLUMNS):
        if column in LEAF_COLUMNS:
            raise CellError(_("This column is for indicators that have data. Leave the cell empty."))
        if column in NODE_COLUMNS:
            raise CellError(_("This column is for groups of indicators. Leave the cell empty."))
        known = Vocabulary([*LEAF_COLUMNS, *NODE_COLUMNS])
        raise CellError(known.suggest(_("No method knows this column. Leave it out."), column))
    return PARSERS.get(column, _parse_code)(column, text)


def _parse_code(column: str, text: str) -> str:
    table, code = TABLES[column], plain(text)
    if not table.has(code):
        known = [*table, *(f"{family}:…" for family in table.families)]
        message = _("There is no such choice. Write one of: %(known)s.") % {"known": ", ".join(known)}
        raise CellError(message)
    return code


def _parse_number(_column: str, text: str) -> float:
    return parse_number(text)


def _parse_yes(_column: str, text: str) -> bool:
    word = plain(text).casefold()
    if word not in YES | NO:
        raise CellError(_("Write yes or no."))
    return word in YES


def _parse_share(_column: str, text: str) -> float:
    share = parse_number(text)
    if not 0 <= share <= 1:
        raise CellError(_("A coverage is a share from 0 to 1. Write 0.8 for 80 percent."))
    return share


def _parse_text(_column: str, text: str) -> str:
    return text.strip()


PARSERS: dict[str, Callable[[str, str], Any]] = {
    "lower": _parse_number,
    "upper": _parse_number,
    "target": _parse_number,
    "cap": _parse_yes,
    "reference": _parse_text,
    "coverage": _parse_share,
}


def cells_of(
    leaves: Mapping[str, Mapping[str, Any]], nodes: Mapping[str, Mapping[str, Any]]
) -> tuple[MethodCells, list[CellFault]]:
    """Read the same cells from JSON or from a page; return them, and what is wrong with the others."""
    cells, faults = MethodCells(), list[CellFault]()
    for is_leaf, rows, kept in ((True, leaves, cells.leaves), (False, nodes, cells.nodes)):
        for code, given in rows.items():
            for column, value in given.items():
                if value is None or value == "":
                    continue
                try:
                    parsed = parse_cell(column, cell_text(value), is_leaf=is_leaf)
                except CellError as error:
                    faults.append(CellFault(code, column, cell_text(value), str(error)))
                else:
                    kept.setdefault(code, {})[column] = parsed
    return cells, faults


def cell_text(value: Any) -> str:
    """Write a cell as `parse_cell` reads it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return repr(value) if isinstance(value, float) else str(value)


# What may come of another cell of the row, or of a row below it, that is wrong itself, and of which cells.
AFTER_OWN: frozenset[PlanFaultKind] = frozenset(
    {"needs_cell", "unused_cell", "prepared_none", "target_outside", "bound_no_transform"}
)
AFTER_BELOW: frozenset[PlanFaultKind] = frozenset({"needs_points", "needs_above_zero"})
DECISIVE = frozenset({"normalisation", "transform", "direction", "lower", "upper"})


def note_plan_faults(
    plan: MethodPlan, table: FrameworkTable, noted: Sequence[FileProblem], log: ProblemLog
) -> None:
    """Note what no data could satisfy in the rows of a file, but for what comes of problems noted before."""
    _note(plan_faults(plan, table.tree, table.directions), table, noted, log)


def note_lasting_faults(cells: MethodCells, table: FrameworkTable, log: ProblemLog) -> None:
    """Note what no index could do in the rows of a file, whatever is chosen for the cells that are blank."""
    plan = MethodPlan(leaves=cells.leaves, nodes=cells.nodes)
    _note(lasting_faults(plan, table.tree, table.directions), table, log.problems, log)


def _note(
    faults: Iterable[PlanFault], table: FrameworkTable, noted: Sequence[FileProblem], log: ProblemLog
) -> None:
    lines = {row.code: row.row for row in table.rows}
    wrong = {(problem.row, problem.column) for problem in noted}
    doubtful = {row for row, column in wrong if column in DECISIVE}
    above = {row.parent for row in table.rows if row.row in doubtful}
    for fault in faults:
        line = lines.get(fault.code)
        after_row = line in doubtful if fault.kind in AFTER_OWN else fault.code in above
        may_follow = fault.kind in AFTER_OWN | AFTER_BELOW and after_row
        if (line, fault.column) not in wrong and not may_follow:
            value = None if fault.kind == "needs_cell" else fault.value
            log.add(fault_words(fault), row=line, column=fault.column, value=value)


def faulty_cells(plan: MethodPlan, tree: Tree, directions: IntArray) -> list[CellFault]:
    """Return the same as cells."""
    return [
        CellFault(fault.code, fault.column, fault.value, fault_words(fault))
        for fault in plan_faults(plan, tree, directions)
    ]


def fault_words(fault: PlanFault) -> str:
    """Say what is wrong with a plan and what to do about it."""
    return str(_fault_templates()[fault.kind]) % {"value": fault.value, "most": MOST_DIGITS}


def _fault_templates() -> dict[str, str]:
    return {
        "needs_cell": _("The normalisation “%(value)s” needs this cell. Fill it in."),
        "unused_cell": _(
            "The normalisation of this indicator makes no use of the cell. Empty it or choose another "
            "normalisation."
        ),
        "bounds_order": _("The lower bound is not below the upper bound. Exchange or correct them."),
        "target_outside": _(
            "The target has to be better than the worst bound and not beyond the other one. Correct the "
            "target or the bounds."
        ),
        "bound_no_transform": _(
            "The transform is not defined for this number. Correct the number or choose another transform."
        ),
        "prepared_none": _(
            "Values that are normalised already are used as they are. Empty the cell or choose another "
            "normalisation."
        ),
        "logged_bounds": _(
            "Bounds and targets have no meaning once outliers are logged. Winsorise them, or use a transform."
        ),
        "root_alone": _(
            "Copeland compares units on the whole index alone. Choose another aggregation for groups of "
            "indicators, each in its own row."
        ),
        "needs_points": _(
            "The Mazziotta-Pareto index needs indicators on a scale from 0 to 1, not shares or z-scores. "
            "Normalise them by min-max or goalposts."
        ),
        "needs_above_zero": _(
            "This mean needs values above zero, which the normalisation of an indicator below does not give "
            "for all units. State a floor or bounds, or choose another aggregation."
        ),
        "coverage_range": _("A coverage is a share from 0 to 1. Write 0.8 for 80 percent."),
        "scale_range": _("The scale is a number above zero, such as 1, 10, 100 or 1000."),
        "digits_range": _("Digits are a whole number from 0 to %(most)s."),
        "floor_range": _("The floor is a number above zero, such as 0.01."),
        "no_such_node": _("The framework has no such code. Correct the code."),
        "not_a_leaf": _("This column is for indicators that have data. Leave the cell empty."),
        "not_an_inner_node": _("This column is for groups of indicators. Leave the cell empty."),
    }


def lack_words(share: float, least: float, name: str) -> str:
    """Say of which node a unit has too little; the index itself has no name."""
    words = {"name": name, "share": f"{100 * share:.4g}", "least": f"{100 * least:.4g}"}
    if not name:
        return _("has %(share)s %% of the weight of the index, less than the %(least)s %% asked for") % words
    return _("has %(share)s %% of the weight of %(name)s, less than the %(least)s %% asked for") % words
