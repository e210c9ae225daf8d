"""Units that have too few values for a score, and of which node."""

from dataclasses import dataclass

import numpy as np

from indexer.models import City
from indexer.numeric.method.preparation import IMPUTED, LEFT_OUT
from indexer.numeric.scores.node_scores import shortfalls
from indexer.selectors.node_scores import NodeScores
from indexer.selectors.plans import plan_of
from weighting.models import Indicator
from weighting.selectors.versions import local_weights_of


@dataclass(frozen=True, eq=False)
class Unranked:
    """A unit without a score: what it has of the weight below a node, None for the index, and had to have."""

    city: City
    node: Indicator | None
    share: float
    least: float


def unranked_of(subject: NodeScores) -> list[Unranked]:
    """Return the units of a finished run that have no score, each with the first node that it lacks.

    Units of which only the node in view is missing are not among them.
    """
    plan, lost = plan_of(subject.run.method), np.isnan(subject.result.scores)
    if not plan.may_leave_out or not lost.any() or subject.record is None:
        return []
    tree = subject.result.leaves.structure.tree
    given = (subject.record.cells & (IMPUTED | LEFT_OUT)) == 0
    local = local_weights_of(subject.run.weight_version_id)
    first: dict[int, Unranked] = {}
    subject.cities.load(np.flatnonzero(lost).tolist())
    for lack in shortfalls(tree, local, given, plan.node_steps(tree)):
        node = subject.nodes[lack.node] if lack.node >= 0 else None
        first.setdefault(lack.city, Unranked(subject.cities[lack.city], node, lack.share, lack.least))
    return [first[city] for city in sorted(first)]
