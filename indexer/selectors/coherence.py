"""Whether the index that a run computed holds together."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import numpy as np
from django.db.models import QuerySet

from indexer.audit_files import Audit
from indexer.enums import StudyKind, StudyStatus
from indexer.models import Run, Study
from indexer.numeric.coherence.audit import AuditedIndex, Group, ScoredIndex, shifts_without
from indexer.numeric.coherence.audit_plan import CountedAudit
from indexer.numeric.coherence.importance import DRAWS, Importance, shares_of
from indexer.numeric.coherence.kept_facts import KeptIndex, UnweightedFacts, arrays_of_index
from indexer.numeric.scores.index import Index
from indexer.numeric.studies.blocks import Tally, unpack_arrays
from indexer.selectors.cities import Cities
from indexer.selectors.node_scores import NodeScores, node_scores_of
from indexer.selectors.plans import plan_of
from indexer.selectors.run_facts import kept_arrays_of_run
from indexer.selectors.runs import runs_with_nodes
from indexer.selectors.stored_values import load_values, unpack_values
from weighting.models import Indicator
from weighting.numeric.arrays import BoolArray, FloatArray
from weighting.numeric.tree import NO_PARENT, Tree, global_weights

# Values that are scored anew for one page, and scores whose units are drawn anew: within a second.
MOST_WORK, MOST_DRAWN = 50_000_000, 150_000
# Drawing the units costs as much as holding so many members against their whole in each draw.
MEMBERS_OF_A_DRAW = 5


class Audited(Protocol):
    """An index whose groups are looked at: one that a run scored, or a data set before any weights."""

    @property
    def scored(self) -> AuditedIndex | UnweightedFacts: ...
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
class _OwnNames:
    """What units are called in files, fetched block by block each time they are gone through."""

    cities: Cities

    def __iter__(self) -> Iterator[str]:
        return (city.own_name for city in self.cities.along(range(len(self.cities))))


@dataclass(frozen=True, eq=False)
class Coherence:
    """A finished run as an index to be audited."""

    subject: NodeScores
    scored: AuditedIndex
    counted: CountedAudit | None = None

    @cached_property
    def index(self) -> Index:
        """What scores it under other weights."""
        run, leaves = self.run, self.subject.result.leaves
        return Index(
            tree=self.tree,
            normalised=leaves.values[self._ranked],
            local=self.scored.local,
            aggregation=run.method.aggregation,
            steps=plan_of(run.method).node_steps(self.tree).for_all,
        )

    @cached_property
    def _ranked(self) -> BoolArray:
        """Which units have a rank to move, (units,)."""
        return np.isfinite(self.scored.total)

    @property
    def values(self) -> int:
        """How many values such a score rests on, of all units together."""
        return int(self._ranked.sum()) * len(self.tree.leaves)

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
        """Everything that files and API tell; the names of units are fetched as a table tells them."""
        return self._audit_of(_OwnNames(self.subject.cities))

    @property
    def leaves_something_out(self) -> bool:
        """Whether pages and files tell less than the whole audit, which a study counts."""
        return self._audit_of(()).leaves_something_out

    def _audit_of(self, units: Iterable[str]) -> Audit:
        return Audit(
            self.scored, lambda: self.index, self.values, units, is_hurried=True, counted=self.counted
        )

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
        work = len(self.coherence.scored.total) * (MEMBERS_OF_A_DRAW + len(self.group.members))
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
        return self.coherence.scored.variance(self.group)

    @property
    def is_untried(self) -> bool:
        """Whether ranking without each member takes longer than a page may."""
        work = self.coherence.values * len(self.group.members)
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
    """Load a finished run, with its nodes, for its audit; of a large one no more than was kept of it."""
    subject = node_scores_of(run)
    arrays = kept_arrays_of_run(run)
    scored = scored_index_of(subject) if arrays is None else _kept_index_of(subject, arrays)
    return Coherence(subject, scored, _counted(run))


def scored_index_of(subject: NodeScores) -> ScoredIndex:
    """Return a run as an index with all of its scores."""
    result, local = subject.result, subject.local_weights
    tree = result.leaves.structure.tree
    # Normalising loads the raw values, too.
    scores = result.computed_node_scores
    return ScoredIndex(
        tree=tree,
        local=local,
        global_=global_weights(tree, local),
        raw=unpack_values(subject.run.data_set),
        scores=scores,
        total=result.scores,
    )


def _kept_index_of(subject: NodeScores, arrays: Tally) -> KeptIndex:
    result, local = subject.result, subject.local_weights
    tree = result.leaves.structure.tree
    return KeptIndex(
        tree=tree,
        local=local,
        global_=global_weights(tree, local),
        total=result.scores,
        arrays=arrays,
        read=result.computed_on_nodes,
    )


def arrays_to_keep_of_run(run_id: int) -> Tally:
    """Work out what is kept of a finished run."""
    run = runs_with_nodes(None).get(pk=run_id)
    load_values(run.data_set)
    return arrays_of_index(scored_index_of(node_scores_of(run)))


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
