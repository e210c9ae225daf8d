"""A stored method as the plan that the numeric side computes by."""

from collections.abc import Sequence
from dataclasses import dataclass

from indexer.models import IndexMethod
from indexer.numeric.gaps import MISSING_POLICIES
from indexer.numeric.method_plan import LeafStep, MethodPlan, NodeStep
from indexer.numeric.normalisations import ScoreUnit


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


def score_unit_of(method: IndexMethod) -> ScoreUnit:
    """Return what scores are counted in."""
    unit = plan_of(method).score_unit
    # A part of a total of quotients is no part of the nation.
    return "prepared_total" if unit == "total" and method.denominators else unit


@dataclass(frozen=True)
class Asked:
    """What a plan goes by beside values: columns of groups, reference units, an earlier edition."""

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
        earlier=any(policy.code == "last_value" for policy in policies),
    )
