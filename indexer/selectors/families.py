"""Index families as the visitor may see them, and a branch's ranking beside the whole's."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from django.db.models import Case, F, QuerySet, When

from indexer.enums import RunStatus
from indexer.models import BranchIndex, Run
from indexer.selectors.comparison import ShiftSummary, summarise_shift
from indexer.selectors.node_scores import NodeScores
from indexer.selectors.runs import runs_visible_to
from weighting.models import Account, Indicator
from weighting.numeric.arrays import IntArray
from weighting.permissions import STAFF, has_role
from weighting.selectors.frameworks import along_the_tree
from weighting.selectors.sharing import known_to


@dataclass(frozen=True, eq=False)
class BranchRanking:
    """One run seen on the branch, beside the composite of the same run."""

    branch: BranchIndex
    subject: NodeScores

    @property
    def whole_ranks(self) -> IntArray:
        """Rank of each unit in the composite, (units,)."""
        return self.subject.result.ranks

    @cached_property
    def shifts(self) -> IntArray:
        """Places by which a unit stands higher in the branch than in the whole; 0 without a score."""
        return np.where(self.subject.ranks > 0, self.whole_ranks - self.subject.ranks, 0)

    @cached_property
    def summary(self) -> ShiftSummary | None:
        """How far the two rankings are apart; None where not every unit has a score of the branch."""
        if len(self.subject.present) < len(self.subject.cities):
            return None
        return summarise_shift(self.whole_ranks, self.subject.ranks)

    @cached_property
    def order(self) -> list[int]:
        """Positions of the units by rank in the branch; those without a score come last."""
        return np.lexsort((self.subject.ranks, self.subject.ranks == 0)).tolist()


def branches_visible_to(account: Account | None) -> QuerySet[BranchIndex]:
    """Return all published branches that staff know of, those of published frameworks for anybody else."""
    branches = known_to(account, BranchIndex.objects.all()).select_related("node__framework", "node__parent")
    return branches if has_role(account, STAFF) else branches.filter(node__framework__is_published=True)


def open_branches_of(indicators: Sequence[Indicator]) -> list[Indicator]:
    """Return the inner nodes of a framework that have no name of their own yet, along the tree."""
    taken = set(BranchIndex.objects.filter(node__in=indicators).values_list("node_id", flat=True))
    return [node for node in along_the_tree(list(indicators)) if not node.is_leaf and node.pk not in taken]


def finished_runs_of(branch: BranchIndex, account: Account | None) -> QuerySet[Run]:
    """Return the finished runs that show a branch: by the data sets' own methods and the newest first."""
    runs = runs_visible_to(account).filter(
        data_set__framework=branch.node.framework_id, status=RunStatus.DONE
    )
    is_trial = Case(When(method=F("data_set__method"), then=0), default=1)
    return runs.order_by(is_trial, "-data_set__year", "-data_set_id", "weight_version__number", "pk")
