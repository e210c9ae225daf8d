"""What a data set and its framework are like before any weights are given."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from django.db.models import QuerySet

from indexer.audit_files import UnweightedAudit
from indexer.models import City, DataSet
from indexer.numeric.coherence.audit import Group, ScoredIndex
from indexer.numeric.coherence.unweighted import leaf_groups, unweighted_index
from indexer.selectors.coherence import MemberView
from indexer.selectors.data_sets import cities_of, data_sets_visible_to, structure_from, unpack_values
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
    scored: ScoredIndex

    @property
    def units(self) -> str:
        return self.data_set.series.register.units

    @property
    def raw(self) -> FloatArray:
        """Values as the data set holds them, (cities, leaves)."""
        return self.scored.raw

    @cached_property
    def groups(self) -> tuple[Group, ...]:
        """The indicators with data of every group that has any."""
        return leaf_groups(self.scored)

    @cached_property
    def parents(self) -> list[Indicator]:
        """The nodes right above indicators with data, in the order of the tree."""
        return [self.nodes[group.parent] for group in self.groups if group.parent != NO_PARENT]

    @cached_property
    def files(self) -> UnweightedAudit:
        """Everything that files and API tell; loads the names of all units."""
        cities = cities_of(self.data_set)
        return UnweightedAudit(
            self.scored, self.groups, [city.own_name for city in cities], [city.code for city in cities]
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
    """Return the data sets that the visitor may see, with their values."""
    visible = data_sets_visible_to(account).defer(None).defer("totals", "auxiliary", "mapping")
    return visible.select_related("framework", "method", "series__register")


def data_audit_of(data_set: DataSet) -> DataAudit:
    """Load a data set, fetched with its values, for its audit."""
    nodes = indicators_of(data_set.framework_id)
    structure = structure_from(nodes)
    raw = unpack_values(data_set)
    return DataAudit(data_set, nodes, unweighted_index(structure.tree, raw, structure.directions))
