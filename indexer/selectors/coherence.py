"""Whether the index that a run computed holds together."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import numpy as np
from django.db.models import QuerySet

from indexer.audit_files import Audit
from indexer.enums import StudyKind, StudyStatus
from indexer.models import Run, Study
from indexer.numeric.blocks import unpack_arrays
from indexer.numeric.coherence.audit import Group, ScoredIndex, shifts_without
from indexer.numeric.coherence.audit_plan import CountedAudit
from indexer.numeric.coherence.importance import DRAWS, Importance, shares_of, variance_shares
from indexer.numeric.uncertainty import Index
from indexer.selectors.data_sets import unpack_values
from indexer.selectors.node_scores import NodeScores, node_scores_of
from indexer.selectors.plans import plan_of
from weighting.models import Indicator
from weighting.numeric.arrays import FloatArray
from weighting.numeric.tree import NO_PARENT, Tree, global_weights
from weighting.selectors.versions import local_weights_of

# Values that are scored anew for one page, and scores whose units are drawn anew: within a second.
MOST_WORK, MOST_DRAWN = 50_000_000, 150_000
# Drawing the units costs as much as holding so many members against their whole in each draw.
MEMBERS_OF_A_DRAW = 5


class Audited(Protocol):
    """An index whose groups are looked at: one that a run scored, or a data set before any weights."""

    @property
    def scored(self) -> ScoredIndex: ...
    @property
    def nodes(self) -> list[Indicator]: ...
    @property
    def units(self) -> str:
        """The word for several units."""


@dataclass(frozen=True, eq=False)
class MemberView:
    """One sibling group, or those of its members that there is something to say of; arrays are (members,)."""

    coherence: Audited
    group: Group

    @property
    def parent(self) -> Indicator | None:
        """None where the composite stands above."""
        return None if self.group.parent == NO_PARENT else self.coherence.nodes[self.group.parent]

    @cached_property
    def members(self) -> list[Indicator]:
        return [self.coherence.nodes[node] for node in self.group.members]

    @cached_property
    def pearson(self) -> FloatArray:
        """Of the members and, last, what stands above them, (members + 1, members + 1)."""
        scored = self.coherence.scored
        above = len(scored.tree) if self.group.parent == NO_PARENT else self.group.parent
        chosen = [*self.group.members.tolist(), above]
        return scored.pearson[np.ix_(chosen, chosen)]


@dataclass(frozen=True, eq=False)
class Coherence:
    """A finished run as an index to be audited; ``index`` scores it under other weights."""

    subject: NodeScores
    scored: ScoredIndex
    index: Index
    counted: CountedAudit | None = None

    @property
    def run(self) -> Run:
        return self.subject.run

    @property
    def nodes(self) -> list[Indicator]:
        return self.subject.nodes

    @property
    def tree(self) -> Tree:
        return self.scored.tree

    @property
    def units(self) -> str:
        return self.subject.cities.register.units

    @cached_property
    def audit(self) -> Audit:
        """Everything that files and API tell; loads the names of all units."""
        names = [city.own_name for city in self.subject.cities]
        return Audit(self.scored, self.index, names, is_hurried=True, counted=self.counted)

    @property
    def leaves_something_out(self) -> bool:
        """Whether pages and files tell less than the whole audit, which a study counts."""
        return Audit(self.scored, self.index, (), is_hurried=True, counted=self.counted).leaves_something_out

    @cached_property
    def parents(self) -> list[Indicator]:
        """The nodes that have a group below them, in the order of the tree."""
        return [self.nodes[node] for node in self.tree.inner]

    def group_view(self, parent: Indicator | None) -> "GroupView":
        """Return the group below a node; of None the first that has more than one member."""
        position = NO_PARENT if parent is None else parent.position
        by_parent = {group.parent: group for group in self.scored.groups}
        group = by_parent[position]
        while parent is None and len(group.members) == 1 and int(group.members[0]) in by_parent:
            group = by_parent[int(group.members[0])]
        return GroupView(self, group)


@dataclass(frozen=True, eq=False)
class GroupView(MemberView):
    """One sibling group and what stands above it; arrays are (members,)."""

    coherence: Coherence

    @cached_property
    def weights(self) -> FloatArray:
        """Local weights."""
        return self.coherence.scored.local[self.group.members]

    @cached_property
    def importance(self) -> Importance:
        """Without intervals, which cost a hundred times as much: see ``interval``."""
        return self._counted or self._importance(draws=0)

    @cached_property
    def interval(self) -> Importance:
        """The same with intervals; without them where they are too much for a page."""
        return self._counted or (self.importance if self.lacks_intervals else self._importance(draws=DRAWS))

    @property
    def lacks_intervals(self) -> bool:
        """Whether drawing the units of this group anew takes longer than a page may."""
        work = len(self.coherence.scored.scores) * (MEMBERS_OF_A_DRAW + len(self.group.members))
        return self._counted is None and work > MOST_DRAWN

    @cached_property
    def _counted(self) -> Importance | None:
        counted, scored = self.coherence.counted, self.coherence.scored
        found = counted.importances(scored) if counted else ()
        return next(
            (
                importance
                for weighed, importance in found
                if weighed.whole == self.group.parent and np.array_equal(weighed.nodes, self.group.members)
            ),
            None,
        )

    def _importance(self, *, draws: int) -> Importance:
        return self.coherence.scored.importance(self.group.members, self.group.parent, draws=draws)

    @cached_property
    def importance_sum(self) -> float:
        """What the importance of all members adds up to; of straight lines where units are few."""
        return float(np.nansum(self._best))

    @cached_property
    def shares(self) -> FloatArray:
        """Importance over its sum."""
        return shares_of(self._best)

    @cached_property
    def variance(self) -> FloatArray:
        """Parts of the variance of what stands above; nan where that is no weighted sum."""
        scored = self.coherence.scored
        whole = scored.whole_of(self.group.parent)
        return variance_shares(self.weights, scored.scores[:, self.group.members], whole)

    @property
    def is_untried(self) -> bool:
        """Whether ranking without each member takes longer than a page may."""
        work = self.coherence.index.normalised.size * len(self.group.members)
        return self.coherence.counted is None and work > MOST_WORK

    @cached_property
    def shifts(self) -> FloatArray:
        """Places that ranks move on average without each member; nan where that is too much for a page."""
        if self.coherence.counted:
            return self.coherence.counted.shifts(self.coherence.scored)[self.group.members]
        if self.is_untried:
            return np.full(len(self.group.members), np.nan)
        return shifts_without(self.coherence.index, self.group.members)

    @property
    def _best(self) -> FloatArray:
        """Smooth importance, or linear where units are too few for a smooth line."""
        smooth = self.importance.smooth
        return self.importance.linear if np.isnan(smooth).all() else smooth


def coherence_of(run: Run) -> Coherence:
    """Load a finished run, with its nodes, for its audit."""
    subject = node_scores_of(run)
    leaves = subject.result.leaves
    # Normalising loads the raw values, too.
    normalised = leaves.values
    tree, local = leaves.structure.tree, local_weights_of(run.weight_version_id)
    scored = ScoredIndex(
        tree=tree,
        local=local,
        global_=global_weights(tree, local),
        raw=unpack_values(run.data_set),
        scores=subject.result.computed_node_scores,
        total=subject.result.scores,
    )
    # A city without a rank has none to move.
    ranked = np.isfinite(subject.result.scores)
    index = Index(
        tree=tree,
        normalised=normalised[ranked],
        local=local,
        aggregation=run.method.aggregation,
        steps=plan_of(run.method).node_steps(tree).for_all,
    )
    return Coherence(subject, scored, index, _counted(run))


def whole_audits_of(run: Run) -> QuerySet[Study]:
    """Return the studies that count the whole audit of a run; they rest on no ballot."""
    return Study.objects.filter(run=run, kind=StudyKind.COHERENCE).order_by("-pk")


def whole_audit_key(run: Run) -> str:
    """Name the finished study that the answers about coherence rest on; '' for none."""
    done = whole_audits_of(run).filter(status=StudyStatus.DONE)
    return str(done.values_list("result_sha256", flat=True).first() or "")


def _counted(run: Run) -> CountedAudit | None:
    done = whole_audits_of(run).filter(status=StudyStatus.DONE)
    block: Any = done.values_list("table", flat=True).first()
    return None if block is None else CountedAudit(unpack_arrays(bytes(block))["audited"])
