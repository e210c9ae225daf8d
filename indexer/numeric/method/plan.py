"""A method as a table: each leaf and each inner node may go its own way (docs/method.md 9).

Cells that are blank have the choice of the index. What a plan says that no data could satisfy is
listed by `plan_faults`, all of it at once.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from typing import Any, Literal

import numpy as np

from indexer.numeric.method.aggregations import AGGREGATIONS
from indexer.numeric.method.gaps import MISSING_POLICIES
from indexer.numeric.method.node_steps import NodeSteps
from indexer.numeric.method.normalisations import NORMALISATIONS, ScoreUnit
from indexer.numeric.method.transforms import TRANSFORMS, Extent
from indexer.numeric.method.treatment import OUTLIER_ACTIONS
from weighting.numeric.arrays import IntArray
from weighting.numeric.tree import NO_PARENT, Tree

# Scores are shown times this where nothing else is said (docs/method.md 4).
SCALE = 100.0
MOST_DIGITS = 12
# The code under which a table of nodes speaks of the index itself.
WHOLE = ""

PlanFaultKind = Literal[
    "needs_cell",
    "unused_cell",
    "bounds_order",
    "target_outside",
    "bound_no_transform",
    "prepared_none",
    "logged_bounds",
    "root_alone",
    "needs_points",
    "needs_above_zero",
    "coverage_range",
    "scale_range",
    "digits_range",
    "floor_range",
    "no_such_node",
    "not_a_leaf",
    "not_an_inner_node",
]


@dataclass(frozen=True)
class LeafStep:
    """How one leaf comes from raw to normalised values; numbers are in raw units, None where blank."""

    transform: str = "none"
    normalisation: str = "share"
    negative: str = "reflect"
    lower: float | None = None
    upper: float | None = None
    target: float | None = None
    reference: str | None = None
    cap: bool | None = None
    imputation: str = "refuse"
    outliers: str = "keep"

    @property
    def unit(self) -> ScoreUnit:
        """What normalised values are counted in, but for a denominator or a direction."""
        entry = NORMALISATIONS[self.normalisation]
        changed = OUTLIER_ACTIONS[self.outliers].changes or TRANSFORMS[self.transform].changes
        return entry.prepared_unit if changed else entry.unit


@dataclass(frozen=True)
class NodeStep:
    """How the score of one inner node is formed."""

    aggregation: str = "arithmetic"
    coverage: float = 0.0


LEAF_COLUMNS = tuple(field.name for field in fields(LeafStep) if field.name != "negative")
NODE_COLUMNS = tuple(field.name for field in fields(NodeStep))
# What a leaf may say that belongs to its normalisation, by the name of the parameter.
STATED = ("lower", "upper", "target", "reference", "cap")


@dataclass(frozen=True)
class PlanFault:
    """One thing in a plan that no data could satisfy; ``code`` is '' for the index itself."""

    kind: PlanFaultKind
    code: str = ""
    column: str = ""
    value: str = ""


@dataclass(frozen=True)
class MethodPlan:
    """A method for every leaf and node of one tree.

    Attributes
    ----------
    leaf, node : LeafStep, NodeStep
        The choices of the index, for cells that are blank and for the index itself.
    leaves, nodes : mapping of code to mapping of column to value
        The cells that are not blank; ``nodes[WHOLE]`` is the index itself.
    scale : float
        The number that full marks are shown as.
    digits : int, optional
        How many digits are printed behind the point; None for as many as tell scores apart.
    floor : float, optional
        What stands in for smaller values where a mean needs them above zero.
    """

    leaf: LeafStep = field(default_factory=LeafStep)
    node: NodeStep = field(default_factory=NodeStep)
    leaves: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    nodes: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    scale: float = SCALE
    digits: int | None = None
    floor: float | None = None

    def leaf_step(self, code: str) -> LeafStep:
        """Return how a leaf is treated."""
        return replace(self.leaf, **self.leaves[code]) if code in self.leaves else self.leaf

    def node_step(self, code: str = WHOLE) -> NodeStep:
        """Return how an inner node is formed, or the index itself."""
        return replace(self.node, **self.nodes[code]) if code in self.nodes else self.node

    def leaf_steps(self, tree: Tree) -> list[LeafStep]:
        """Return how each leaf is treated, (leaves,)."""
        return [self.leaf_step(code) for code in tree.leaf_codes]

    def node_steps(self, tree: Tree) -> NodeSteps:
        """Return how the scores of a tree are formed."""
        formed = [
            None if leaf else self.node_step(code)
            for code, leaf in zip(tree.codes, tree.is_leaf.tolist(), strict=True)
        ]
        whole = self.node_step()
        return NodeSteps(
            aggregations=tuple(step.aggregation if step else "" for step in formed),
            whole=whole.aggregation,
            coverages=tuple(step.coverage if step else 0.0 for step in formed),
            whole_coverage=whole.coverage,
            floor=self.floor,
        )

    @cached_property
    def is_plain(self) -> bool:
        """Whether all leaves and all nodes go the way of the index."""
        return not self.leaves and not self.nodes and self.node.coverage == 0 and self.floor is None

    @cached_property
    def adds_up(self) -> bool:
        """Whether every score is the sum of its weighted parts."""
        codes = [self.node.aggregation, *(cells.get("aggregation", "") for cells in self.nodes.values())]
        return all(AGGREGATIONS[code].is_sum for code in codes if code)

    @cached_property
    def score_unit(self) -> ScoreUnit:
        """What scores are counted in, but for denominators: points where leaves differ."""
        steps = [self.leaf, *(self.leaf_step(code) for code in self.leaves)]
        units = {step.unit for step in steps}
        return (
            units.pop()
            if len(units) == 1 and AGGREGATIONS[self.node_step().aggregation].is_mean
            else "points"
        )

    @cached_property
    def may_leave_out(self) -> bool:
        """Whether a coverage may leave a unit without a score."""
        coverages = [self.node.coverage, *(cells.get("coverage", 0.0) for cells in self.nodes.values())]
        return any(coverage > 0 for coverage in coverages)

    def leaves_gaps(self, tree: Tree) -> bool:
        """Whether the composite has to rescale weights around what is missing."""
        return any(MISSING_POLICIES[step.imputation].leaves_gaps for step in self.leaf_steps(tree))


def is_absolute(step: LeafStep) -> bool:
    """Whether a normalised value depends on the raw one alone, and not on those of other units.

    Then the same raw value has the same score in every year.
    """
    entry = NORMALISATIONS[step.normalisation]
    stated = "lower" in entry.takes and step.lower is not None and step.upper is not None
    by_data = OUTLIER_ACTIONS[step.outliers].changes or TRANSFORMS[step.transform].above is None
    return (stated or step.normalisation == "none") and not by_data


def plan_faults(plan: MethodPlan, tree: Tree, directions: IntArray) -> list[PlanFault]:
    """Return everything in a plan that no data could satisfy, in the order of the tree.

    ``directions``, (leaves,), are +1 where more is better and -1 where less is.
    """
    found = list(index_faults(plan))
    found += _unknown_nodes(plan, tree)
    for code, direction in zip(tree.leaf_codes, directions.tolist(), strict=True):
        found += _leaf_faults(code, plan.leaf_step(code), plan.leaves.get(code, {}), direction)
    for node in (NO_PARENT, *tree.inner.tolist()):
        found += _node_faults(plan, tree, node)
    return found


def lasting_faults(plan: MethodPlan, tree: Tree, directions: IntArray) -> list[PlanFault]:
    """Return what is wrong with the cells of a plan whatever the index chooses for those that are blank.

    A cell that is still to be filled in is nothing wrong yet.
    """
    lasting: dict[tuple[str, str], PlanFault] | None = None
    for normalisation in NORMALISATIONS:
        leaf = replace(plan.leaf, normalisation=normalisation)
        faults = plan_faults(replace(plan, leaf=leaf, floor=plan.floor or 1.0), tree, directions)
        found = {(fault.code, fault.column): fault for fault in faults if fault.kind != "needs_cell"}
        lasting = found if lasting is None else _in_both(lasting, found)
    return list((lasting or {}).values())


def _in_both(
    first: Mapping[tuple[str, str], PlanFault], second: Mapping[tuple[str, str], PlanFault]
) -> dict[tuple[str, str], PlanFault]:
    """Return the cells that are wrong in both; that nobody makes use of one says least."""
    both = {cell: (first[cell], second[cell]) for cell in first if cell in second}
    return {cell: after if before.kind == "unused_cell" else before for cell, (before, after) in both.items()}


def index_faults(plan: MethodPlan) -> Iterator[PlanFault]:
    """Yield what is wrong with the choices of the index, whatever its tree."""
    if not (math.isfinite(plan.scale) and plan.scale > 0):
        yield PlanFault("scale_range", column="scale", value=f"{plan.scale:g}")
    if plan.digits is not None and not 0 <= plan.digits <= MOST_DIGITS:
        yield PlanFault("digits_range", column="digits", value=str(plan.digits))
    if plan.floor is not None and not (math.isfinite(plan.floor) and plan.floor > 0):
        yield PlanFault("floor_range", column="floor", value=f"{plan.floor:g}")


def _unknown_nodes(plan: MethodPlan, tree: Tree) -> Iterator[PlanFault]:
    """Yield cells that stand in the row of another kind of node, or of none."""
    leaves = set(tree.leaf_codes)
    for rows, mine, kind in (
        (plan.leaves, leaves, "not_a_leaf"),
        (plan.nodes, {WHOLE, *tree.codes} - leaves, "not_an_inner_node"),
    ):
        for code, cells in rows.items():
            if code not in mine:
                known: PlanFaultKind = kind if code in tree.index else "no_such_node"  # type: ignore[assignment]
                column = next(iter(cells), "")
                yield PlanFault(known, code, column, str(cells.get(column, "")))


def _leaf_faults(code: str, step: LeafStep, cells: Mapping[str, Any], direction: int) -> Iterator[PlanFault]:
    entry = NORMALISATIONS[step.normalisation]
    for column in STATED:
        value = getattr(step, column)
        if value is None and column in entry.needs:
            yield PlanFault("needs_cell", code, column, step.normalisation)
        if value is not None and column not in entry.takes and column in cells:
            shown = f"{value:g}" if isinstance(value, float) else str(value)
            yield PlanFault("unused_cell", code, column, shown)
    changed = OUTLIER_ACTIONS[step.outliers].changes or TRANSFORMS[step.transform].changes
    if changed and not entry.takes_prepared:
        column = "transform" if TRANSFORMS[step.transform].changes else "outliers"
        yield PlanFault("prepared_none", code, column, getattr(step, column))
    yield from _bound_faults(code, step, direction)


def _bound_faults(code: str, step: LeafStep, direction: int) -> Iterator[PlanFault]:
    takes = NORMALISATIONS[step.normalisation].takes
    bounds = {name: getattr(step, name) for name in ("lower", "upper", "target")}
    stated = {name: value for name, value in bounds.items() if value is not None and name in takes}
    if stated and "log" in step.outliers:
        yield PlanFault("logged_bounds", code, "outliers", step.outliers)
    transform = TRANSFORMS[step.transform]
    for name, value in stated.items():
        # A transform that looks at the data is judged when there are some.
        if transform.above is not None and transform.refused(np.array(value), NO_EXTENT).any():
            yield PlanFault("bound_no_transform", code, name, f"{value:g}")
    lower, upper, target = (stated.get(name) for name in bounds)
    if lower is not None and upper is not None and lower >= upper:
        yield PlanFault("bounds_order", code, "lower", f"{lower:g}")
    elif target is not None and _is_outside(target, lower, upper, direction):
        yield PlanFault("target_outside", code, "target", f"{target:g}")


NO_EXTENT = Extent(np.array(-np.inf), np.array(np.inf))


def _is_outside(target: float, lower: float | None, upper: float | None, direction: int) -> bool:
    """Whether a target is no better than the worst value that is stated, or beyond the other bound."""
    if direction == -1:
        worst = lower if upper is None else upper
        best = None if upper is None else lower
        return (worst is not None and target >= worst) or (best is not None and target < best)
    return (lower is not None and target <= lower) or (upper is not None and target > upper)


def _node_faults(plan: MethodPlan, tree: Tree, node: int) -> Iterator[PlanFault]:
    code = WHOLE if node == NO_PARENT else tree.codes[node]
    step = plan.node_step(code)
    entry = AGGREGATIONS[step.aggregation]
    if not 0 <= step.coverage <= 1:
        yield PlanFault("coverage_range", code, "coverage", f"{step.coverage:g}")
    if entry.root_alone and node != NO_PARENT and not _is_whole(tree, node):
        yield PlanFault("root_alone", code, "aggregation", step.aggregation)
    # The only node of the root group is the index, which is not formed again.
    if node == NO_PARENT and len(tree.groups[0]) == 1 and not tree.is_leaf[tree.groups[0][0]]:
        return
    children = np.flatnonzero(tree.parents == node)
    steps = [plan.leaf_step(tree.codes[child]) for child in children if tree.is_leaf[child]]
    below = {NORMALISATIONS[step.normalisation].unit for step in steps}
    if entry.needs_points and below & {"total", "standard_deviation"}:
        yield PlanFault("needs_points", code, "aggregation", step.aggregation)
    if entry.needs_above_zero and plan.floor is None and not all(map(_may_stay_above_zero, steps)):
        yield PlanFault("needs_above_zero", code, "aggregation", step.aggregation)


def _is_whole(tree: Tree, node: int) -> bool:
    return len(tree.groups[0]) == 1 and tree.parents[node] == NO_PARENT


def _may_stay_above_zero(step: LeafStep) -> bool:
    """Whether all units may have values above zero; bounds that are stated may lie beyond all of them."""
    stated = step.lower is not None or step.upper is not None
    entry = NORMALISATIONS[step.normalisation]
    return entry.may_stay_above_zero or (stated and "lower" in entry.takes)
