"""What a data set and its framework are like before any weights are given."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from django.db.models import QuerySet

from indexer.audit_files import UnweightedAudit
from indexer.models import City, DataSet
from indexer.numeric.coherence.audit import Group
from indexer.numeric.coherence.kept_facts import UnweightedFacts
from indexer.selectors.coherence import MemberView
from indexer.selectors.data_facts import FactsLacking, lack_of_data_facts, unweighted_facts_of
from indexer.selectors.data_sets import cities_of, data_sets_visible_to, structure_from
from indexer.selectors.stored_values import columns_of
from weighting.models import Account, Indicator
from weighting.numeric.arrays import FloatArray
from weighting.numeric.tree import NO_PARENT
from weighting.selectors.frameworks import indicators_of

# Units that lack most, as many as a page names.
LACKING = 10


@dataclass(frozen=True, eq=False)
class DataAudit:
    """A data set to be audited by itself; only indicators with data have scores."""

    data_set: DataSet
    nodes: list[Indicator]
    scored: UnweightedFacts

    @property
    def units(self) -> str:
        return self.data_set.series.register.units

    @property
    def unit_count(self) -> int:
        return len(self.data_set.city_ids)

    @property
    def leaf_count(self) -> int:
        return len(self.data_set.leaf_codes)

    @property
    def missing(self) -> int:
        """How many values are not there."""
        return self.unit_count * self.leaf_count - int(self.scored.indicators.count.sum())

    @property
    def missing_share(self) -> float:
        return self.missing / (self.unit_count * self.leaf_count)

    def raw_of(self, leaf: int) -> FloatArray:
        """Return the values of one leaf as the data set holds them, (units,)."""
        return columns_of(self.data_set, [leaf])[:, 0]

    @property
    def groups(self) -> tuple[Group, ...]:
        """The indicators with data of every group that has any."""
        return self.scored.groups

    @cached_property
    def parents(self) -> list[Indicator]:
        """The nodes right above indicators with data, in the order of the tree."""
        return [self.nodes[group.parent] for group in self.groups if group.parent != NO_PARENT]

    @cached_property
    def files(self) -> UnweightedAudit:
        """Everything that files and API tell; loads the names of all units."""
        cities = cities_of(self.data_set)
        return UnweightedAudit(
            self.scored, [city.own_name for city in cities], [city.code for city in cities]
        )

    @property
    def has_top(self) -> bool:
        """Whether indicators with data have nothing above them."""
        return self.groups[0].parent == NO_PARENT

    @property
    def usual_parent(self) -> Indicator | None:
        """The node above the first group of more than one; None where a group has none above."""
        several = [group for group in self.groups if len(group.members) > 1]
        above = (several or self.groups)[0].parent
        return None if above == NO_PARENT else self.nodes[above]

    def view(self, parent: Indicator | None) -> MemberView:
        """Return the indicators right below a node, or those of the topmost group."""
        above = NO_PARENT if parent is None else parent.position
        return MemberView(self, next(group for group in self.groups if group.parent == above))

    def lacking(self) -> list[tuple[City, int]]:
        """Return the units that lack most with their positions; none where all values are there."""
        available = self.scored.units.available
        order = np.argsort(available, kind="stable")[:LACKING].tolist()
        chosen = [at for at in order if available[at] < 1]
        cities = City.objects.in_bulk([self.data_set.city_ids[at] for at in chosen])
        return [(cities[self.data_set.city_ids[at]], at) for at in chosen]


def audited_data_sets(account: Account | None) -> QuerySet[DataSet]:
    """Return the data sets that the visitor may see."""
    return data_sets_visible_to(account).select_related("framework", "method", "series__register")


def data_audit_of(data_set: DataSet) -> DataAudit:
    """Load what there is to know of a data set for its audit.

    Raises `FactsLacking` where it is large and not worked out.
    """
    if lack := lack_of_data_facts(data_set):
        raise FactsLacking(lack)
    nodes = indicators_of(data_set.framework_id)
    return DataAudit(data_set, nodes, unweighted_facts_of(data_set, structure_from(nodes)))
