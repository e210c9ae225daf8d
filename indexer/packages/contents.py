"""What a package of a finished run holds, gathered once."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from indexer.enums import RunStatus, StudyStatus
from indexer.models import City, Grouping, GroupMember, IndicatorTerms, Run, Study
from indexer.numeric.scores.ranking import ranks_of_present
from indexer.selectors.cities import cities_of_run, have_regions, unit_labels
from indexer.selectors.data_sets import cities_of
from indexer.selectors.preparations import CellRecord, may_change_cells, record_of
from indexer.selectors.published import edition_of_run, terms_by_code
from indexer.selectors.runs import RunResult, result_of
from indexer.selectors.studies import StudyResult, result_of_study
from indexer.selectors.withheld import nodes_telling, withheld_codes
from indexer.studies.registry import kind_of
from weighting.manifest import WeightedNode
from weighting.numeric.arrays import BoolArray, FloatArray, IntArray
from weighting.selectors.versions import weighted_nodes_of


@dataclass(frozen=True, eq=False)
class Contents:
    """A finished run with everything it was computed from, in the order of its data set's units."""

    run: Run

    def __post_init__(self) -> None:
        if self.run.status != RunStatus.DONE:
            raise ValueError("only a finished run has a package")

    @cached_property
    def nodes(self) -> list[WeightedNode]:
        """All nodes of the framework with their weights, in file order."""
        return weighted_nodes_of(self.run.weight_version)

    @cached_property
    def leaves(self) -> list[WeightedNode]:
        return [node for node in self.nodes if node.indicator.is_leaf]

    @cached_property
    def withheld(self) -> frozenset[str]:
        """The indicators whose values the owner of the index may not give away."""
        return withheld_codes(self.run)

    @cached_property
    def terms(self) -> dict[str, IndicatorTerms]:
        """What is said of single indicators by the index that published the run last, by code."""
        edition = edition_of_run(self.run)
        return terms_by_code(edition.index) if edition else {}

    @cached_property
    def hidden_nodes(self) -> frozenset[str]:
        """The nodes whose scores are the values of one indicator that is withheld."""
        telling = nodes_telling(self.result.leaves.structure.tree, self.withheld)
        return frozenset(node.indicator.code for node in self.nodes if node.indicator.position in telling)

    @cached_property
    def given(self) -> BoolArray:
        """Which indicators are given away, in the order of the data, (leaves,)."""
        return np.array([code not in self.withheld for code in self.run.data_set.leaf_codes])

    @cached_property
    def cities(self) -> list[City]:
        return cities_of(self.run.data_set)

    @cached_property
    def has_regions(self) -> bool:
        return have_regions(city.province for city in self.cities)

    @cached_property
    def groupings(self) -> list[Grouping]:
        """The further groupings that any of the units is in."""
        return cities_of_run(self.run).groupings

    @cached_property
    def group_names(self) -> dict[tuple[int, int], str]:
        """The own name of the group of each unit, by the ids of grouping and unit."""
        members = GroupMember.objects.filter(grouping__in=self.groupings).select_related("group").order_by()
        return {(member.grouping_id, member.city_id): member.group.own_name for member in members}

    @cached_property
    def units(self) -> list[str]:
        """What stands for each unit in every table: its official code, else a name of its own."""
        codes = [city.code for city in self.cities]
        return codes if all(codes) else unit_labels(self.cities)

    @cached_property
    def result(self) -> RunResult:
        return result_of(self.run, [node.indicator for node in self.nodes])[0]

    @property
    def scores(self) -> FloatArray:
        """Scores of the whole and of every node, (units, 1 + nodes), on the scale of the index."""
        both = np.column_stack([self.result.scores, self.result.computed_node_scores])
        return both * self.run.method.scale

    @property
    def ranks(self) -> IntArray:
        """Ranks on the whole and on every node, (units, 1 + nodes); 0 without a score."""
        on_nodes = [ranks_of_present(column) for column in self.result.computed_node_scores.T]
        return np.column_stack([self.result.ranks, *on_nodes])

    @cached_property
    def record(self) -> CellRecord | None:
        """What was done to single values; None where the method does nothing to any."""
        return record_of(self.run) if may_change_cells(self.run.method) else None

    @cached_property
    def study(self) -> StudyResult | None:
        """The newest study of ranks that rests on no ballot, which anybody may read; None without one."""
        studies = Study.objects.filter(run=self.run, status=StudyStatus.DONE).defer("histogram", "table")
        for study in studies.order_by("-finished_at", "-pk"):
            kind = kind_of(study)
            if kind.is_ranked and not kind.rests_on_ballots(study.parameters):
                return result_of_study(study)
        return None
