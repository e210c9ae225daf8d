"""A finished run as an account may read it: what chapters are written from, each thing loaded once."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import cached_property

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from indexer.models import IndicatorTerms, OutsideSeries, Run, Study
from indexer.selectors.cities import Cities
from indexer.selectors.coherence import Coherence, GroupView, coherence_of
from indexer.selectors.node_scores import NodeScores
from indexer.selectors.published import edition_of_run, terms_by_code
from indexer.selectors.series import series_beside
from indexer.selectors.studies import RankIntervals, finished_studies_of, rank_intervals_of
from indexer.views.run.ranking import Ranking, load_ranking
from indexer.views.shared.coherence_words import Finding, whole_name
from weighting.models import Account, Indicator

# What one report tells of a large index; the pages and their files hold all.
MOST_GROUPS, MOST_SERIES, MOST_FINDINGS, MOST_FIGURES, MOST_STUDIES = 40, 40, 12, 3, 12


@dataclass(frozen=True, eq=False)
class Material:
    """A finished run, loaded with its nodes, for whoever reads the report; without an account a stranger."""

    run: Run
    account: Account | None

    @cached_property
    def ranking(self) -> Ranking:
        return load_ranking(self.run)

    @property
    def subject(self) -> NodeScores:
        return self.ranking.subject

    @property
    def cities(self) -> Cities:
        return self.ranking.cities

    @cached_property
    def hidden(self) -> frozenset[str]:
        """The nodes whose scores are the values of an indicator that may not be given away."""
        kept = self.subject.result.kept_nodes
        return frozenset(node.code for node in self.subject.nodes if node.position in kept)

    @cached_property
    def sub_indices(self) -> list[Indicator]:
        """The sub-indices whose scores the reader may see."""
        below = [child.indicator for child in self.ranking.children]
        return [node for node in below if node.code not in self.hidden]

    @cached_property
    def terms(self) -> dict[str, IndicatorTerms]:
        """What the index that publishes the run says of single indicators, by code."""
        edition = edition_of_run(self.run)
        return terms_by_code(edition.index) if edition else {}

    @cached_property
    def intervals(self) -> RankIntervals | None:
        return rank_intervals_of(self.run, self.account)

    @cached_property
    def studies(self) -> list[Study]:
        """The first finished studies that the reader may see, in the order in which they were asked."""
        return list(finished_studies_of(self.run, self.account)[:MOST_STUDIES])

    @cached_property
    def series(self) -> list[OutsideSeries]:
        """The first outside series that the reader may see, in the order in which they were sent."""
        return list(self._all_series[:MOST_SERIES])

    @cached_property
    def series_count(self) -> int:
        return self._all_series.count() if len(self.series) == MOST_SERIES else len(self.series)

    @cached_property
    def _all_series(self) -> QuerySet[OutsideSeries]:
        return series_beside(self.run, self.account)

    @cached_property
    def coherence(self) -> Coherence:
        return coherence_of(self.run)

    @cached_property
    def top(self) -> GroupView:
        return self.coherence.group_view(None)

    @cached_property
    def groups(self) -> list[GroupView]:
        """The first group, and those right below its members."""
        below = [node for node in self.coherence.parents if node in self.top.members]
        return [self.top, *(self.coherence.group_view(node) for node in below)][:MOST_GROUPS]

    @property
    def units(self) -> str:
        """The register's own word for what is ranked."""
        return self.run.data_set.series.register.units

    def findings(self, find: Callable[[GroupView], Iterable[Finding]]) -> list[Finding]:
        """Collect findings of the groups, the grave first."""
        found = [_named(finding, view, self.top) for view in self.groups for finding in find(view)]
        return sorted(found, key=lambda finding: not finding.is_grave)[:MOST_FINDINGS]


def _named(finding: Finding, view: GroupView, top: GroupView) -> Finding:
    """Say which group a finding is about, where it is not the first."""
    if view is top:
        return finding
    words = {"whole": whole_name(view), "finding": finding.text}
    return replace(finding, text=_("“%(whole)s”: %(finding)s") % words)
