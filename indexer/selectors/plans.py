"""A stored method as the plan that the numeric side computes by."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from indexer.models import IndexMethod
from indexer.numeric.method.gaps import MISSING_POLICIES
from indexer.numeric.method.node_steps import NodeSteps
from indexer.numeric.method.normalisations import NORMALISATIONS, ScoreUnit
from indexer.numeric.method.plan import LeafStep, MethodPlan, NodeStep
from weighting.models import Indicator
from weighting.numeric.tree import Tree


def plan_of(method: IndexMethod) -> MethodPlan:
    """Return a method as a plan for the leaves and nodes of its framework."""
    return MethodPlan(
        leaf=LeafStep(
            normalisation=method.normalisation,
            negative=method.negative,
            imputation=method.missing,
            outliers=method.outliers,
        ),
        node=NodeStep(aggregation=method.aggregation, coverage=method.coverage),
        leaves=method.leaves,
        nodes=method.nodes,
        scale=method.scale,
        digits=method.digits,
        floor=method.floor,
    )


def steps_of_ranked(method: IndexMethod, tree: Tree) -> NodeSteps:
    """Return how a method forms the nodes of units that have a score."""
    steps = plan_of(method).node_steps(tree).for_all
    return steps if steps.needs_above_zero else replace(steps, floor=None)


def score_unit_of(method: IndexMethod) -> ScoreUnit:
    """Return what scores are counted in."""
    unit = plan_of(method).score_unit
    # A part of a total of quotients is no part of the nation.
    return "prepared_total" if unit == "total" and method.denominators else unit


def leaf_unit_of(method: IndexMethod, leaf: Indicator) -> ScoreUnit:
    """Return what the normalised values of a leaf are counted in."""
    step = plan_of(method).leaf_step(leaf.code)
    if not NORMALISATIONS[step.normalisation].takes_turn:
        return step.unit
    # What is lower the better it is is turned around before a share is taken: a part of that is none of it.
    if leaf.direction == -1:
        return "turned_total"
    return "prepared_total" if leaf.code in method.denominators else step.unit


@dataclass(frozen=True)
class Asked:
    """What a plan goes by beside values: columns of groups, reference units, earlier editions."""

    groups: frozenset[str]
    references: frozenset[str]
    earlier: bool


def asked_beside(plan: MethodPlan, codes: Sequence[str]) -> Asked:
    """Return what the leaves of a plan go by."""
    steps = [plan.leaf_step(code) for code in codes] if plan.leaves else [plan.leaf]
    policies = [MISSING_POLICIES[step.imputation] for step in steps]
    return Asked(
        groups=frozenset(policy.column for policy in policies if policy.column),
        references=frozenset(step.reference for step in steps if step.reference),
        earlier=any(policy.carries for policy in policies),
    )
