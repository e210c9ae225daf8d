"""One unit in a finished run: its scores beside those of other places, its neighbours, its leads."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from django.db.models import QuerySet

from indexer.enums import RunStatus
from indexer.models import City, Run
from indexer.numeric.comparison.leads import rank_leads
from indexer.selectors.composites import standings_of
from indexer.selectors.node_scores import NodeScores
from indexer.selectors.runs import runs_visible_to
from indexer.selectors.studies import RankIntervals, rank_intervals_of
from weighting.models import Account, Indicator
from weighting.numeric.arrays import BoolArray, FloatArray
from weighting.numeric.tree import NO_PARENT
from weighting.selectors.frameworks import along_the_tree, sub_indices_of

# Levels of the tree that a profile goes down to: the sub-indices and their level-1 indicators.
LEVELS = 2
NEAREST = 3
# The report's dark horses: better by more than so many places in one sub-index than in each other.
DARK_HORSE_PLACES = 20


@dataclass(frozen=True)
class ScoreProfile:
    """A unit on one score, the composite without a node; rank and score are nan where it has none.

    Ranks are among all units, those of its region and those of its province, with a score;
    ``changed`` of the values behind the score were filled in, left out or treated, and ``imputed`` is
    the share of the weight behind it that was filled in.
    """

    node: Indicator | None
    score: float
    rank: float
    rank_in_region: float
    rank_in_province: float
    province: float
    region: float
    nation: float
    changed: int
    imputed: float


@dataclass(frozen=True)
class Neighbour:
    """A unit near another in the ranking; ``gap`` is its score less that of the other."""

    position: int
    city: City
    rank: int
    score: float
    gap: float


@dataclass(frozen=True)
class OtherRank:
    """The unit's place in another run of the same data."""

    run: Run
    rank: int
    score: float


@dataclass(frozen=True, eq=False)
class Leads:
    """Ranks on every score of a run, and who leads where; arrays follow the units."""

    scores: NodeScores

    @cached_property
    def composite(self) -> FloatArray:
        ranks = self.scores.result.ranks
        return np.where(ranks == 0, np.nan, ranks)

    @cached_property
    def sub_indices(self) -> list[Indicator]:
        return sub_indices_of(self.scores.nodes)

    @cached_property
    def sub_ranks(self) -> FloatArray:
        """Ranks on the sub-indices, (units, sub-indices)."""
        return np.stack([self.ranks_on(node) for node in self.sub_indices], axis=1)

    def ranks_on(self, node: Indicator | None) -> FloatArray:
        """Ranks on a node, or on the composite; nan where a unit has nothing of it."""
        if node is None:
            return self.composite
        if node.pk not in self._known:
            self._known[node.pk] = self.scores.ranks_on(node)
        return self._known[node.pk]

    @cached_property
    def _known(self) -> dict[int, FloatArray]:
        """The ranks on nodes that were asked for, by id."""
        return {}

    def over_each_other(self, node: Indicator) -> FloatArray:
        """By how many places each unit is better on a sub-index than on every other, at least."""
        place = self.sub_indices.index(node)
        others = np.delete(self.sub_ranks, place, axis=1)
        if not others.shape[1]:
            return np.full(len(others), np.nan)
        return rank_leads(self.sub_ranks[:, place], others)

    def dark_horses(self, position: int, places: int = DARK_HORSE_PLACES) -> list[Indicator]:
        """The sub-indices in which a unit leads by more than so many places over every other."""
        return [node for node in self.sub_indices if self.over_each_other(node)[position] > places]


@dataclass(frozen=True)
class Lead:
    """A unit that ranks better on one score than on others, the closest of them by ``places``."""

    position: int
    node: Indicator | None
    rank: int
    places: int


def dark_horses_of(leads: Leads, places: int, node: Indicator | None = None) -> list[Lead]:
    """Return who ranks better by more than ``places`` in a sub-index, or any, than in every other."""
    chosen = [node] if node else leads.sub_indices
    return sort_leads(
        lead for node in chosen for lead in _leads(leads, node, leads.over_each_other(node), places)
    )


def _leads(leads: Leads, node: Indicator | None, sizes: FloatArray, places: int) -> Iterator[Lead]:
    ranks = leads.ranks_on(node)
    for position in np.flatnonzero(sizes > places).tolist():
        yield Lead(position, node, int(ranks[position]), int(sizes[position]))


def sort_leads(leads: Iterable[Lead]) -> list[Lead]:
    """Put the largest lead first, then the better rank."""
    return sorted(leads, key=lambda lead: (-lead.places, lead.rank, lead.position))


@dataclass(frozen=True, eq=False)
class CityProfile:
    """A unit in a finished run, as ``account`` may see it."""

    scores: NodeScores
    position: int
    account: Account | None
    # What profiles of one run share, where somebody makes many of them.
    shared: Leads | None = None

    @property
    def run(self) -> Run:
        return self.scores.run

    @property
    def city(self) -> City:
        return self.scores.cities[self.position]

    @property
    def rank(self) -> int:
        """Its rank; 0 where it has too few values for one."""
        return int(self.scores.result.ranks[self.position])

    @property
    def count(self) -> int:
        """How many have a rank."""
        return int((self.scores.result.ranks > 0).sum())

    @cached_property
    def leads(self) -> Leads:
        return self.shared or Leads(self.scores)

    @cached_property
    def composite(self) -> ScoreProfile:
        return self._score(None)

    @cached_property
    def nodes(self) -> list[ScoreProfile]:
        """The sub-indices, each followed by its level-1 indicators."""
        shown = [node for node in along_the_tree(self.scores.nodes) if node.depth <= LEVELS]
        return [self._score(node) for node in shown]

    @cached_property
    def sub_indices(self) -> list[ScoreProfile]:
        # Those of a chain lie deeper than a profile goes.
        shown = {score.node.pk: score for score in self.nodes if score.node}
        return [shown.get(node.pk) or self._score(node) for node in sub_indices_of(self.scores.nodes)]

    @cached_property
    def neighbours(self) -> list[Neighbour]:
        """Up to three units above and below, the unit itself between them, in order of rank."""
        result = self.scores.result
        if not self.rank:
            return []
        order = np.argsort(result.ranks, kind="stable")
        order = order[result.ranks[order] > 0]
        place = int(np.flatnonzero(order == self.position)[0])
        near = order[max(0, place - NEAREST) : place + NEAREST + 1].tolist()
        self.scores.cities.load(near)
        own = result.scores[self.position]
        return [
            Neighbour(
                position=position,
                city=self.scores.cities[position],
                rank=int(result.ranks[position]),
                score=float(result.scores[position]),
                gap=float(result.scores[position] - own),
            )
            for position in near
        ]

    @cached_property
    def intervals(self) -> RankIntervals | None:
        """The intervals of all ranks by the newest bootstrap of the experts, where the reader may see one."""
        if not self.rank:
            return None
        return rank_intervals_of(self.run, self.account)

    @property
    def neighbour_pairs(self) -> list[tuple[int, int]]:
        """This unit with each of its neighbours, as places of which the smaller stands first."""
        others = [near.position for near in self.neighbours if near.position != self.position]
        return [(min(self.position, other), max(self.position, other)) for other in others]

    def share_above(self, other: int) -> float | None:
        """In what part of the draws this unit is above another; None where that was not counted."""
        if self.intervals is None:
            return None
        low, high = sorted((self.position, other))
        wins = self.intervals.study.pairs.get(f"{low},{high}")
        if wins is None:
            return None
        return float(wins[0 if self.position == low else 1]) / self.intervals.study.draws

    @cached_property
    def _same_region(self) -> BoolArray:
        regions = self.scores.cities.region_ids
        return regions == regions[self.position]

    @cached_property
    def _same_province(self) -> BoolArray:
        provinces = self.scores.cities.province_ids
        return provinces == provinces[self.position]

    def _score(self, node: Indicator | None) -> ScoreProfile:
        scores, ranks = self.scores.scores_on(node), self.leads.ranks_on(node)
        everywhere = np.ones(len(scores), dtype=bool)
        return ScoreProfile(
            node=node,
            score=float(scores[self.position]),
            rank=float(ranks[self.position]),
            rank_in_region=_rank_among(ranks, self._same_region, self.position),
            rank_in_province=_rank_among(ranks, self._same_province, self.position),
            province=_mean(scores, self._same_province),
            region=_mean(scores, self._same_region),
            nation=_mean(scores, everywhere),
            changed=int(self.scores.changed_values_on(node)[self.position]),
            imputed=float(self.imputed[NO_PARENT if node is None else node.position]),
        )

    @cached_property
    def imputed(self) -> FloatArray:
        """Which share of the weight was filled in, (nodes + 1,), the last that of the index."""
        return self.scores.imputed_of(self.position)


def city_profile_of(scores: NodeScores, city_id: int, account: Account | None) -> CityProfile | None:
    """Return the profile of a unit; None for one that is not in the run."""
    if city_id not in scores.cities.ids:
        return None
    return CityProfile(scores, scores.cities.ids.index(city_id), account)


def other_runs_of(run: Run, account: Account | None) -> QuerySet[Run]:
    """Return all other finished runs of the same data that the visitor may see, by version."""
    runs = runs_visible_to(account).filter(data_set=run.data_set_id, status=RunStatus.DONE)
    return runs.exclude(pk=run.pk).order_by("weight_version__number", "pk")


def ranks_in(others: Sequence[Run], run: Run, city: City) -> list[OtherRank]:
    """Return the unit's rank in each of some `other_runs_of` a run that ranks it."""
    found = standings_of(city.pk, {other.pk: run.data_set.city_ids for other in others})
    return [
        OtherRank(other, found[other.pk].rank, found[other.pk].score) for other in others if other.pk in found
    ]


def _rank_among(ranks: FloatArray, members: BoolArray, position: int) -> float:
    """Return a unit's rank among some; ties share the smallest as they do among all."""
    if np.isnan(ranks[position]):
        return float("nan")
    return float((ranks[members] < ranks[position]).sum() + 1)


def _mean(scores: FloatArray, members: Sequence[bool] | BoolArray) -> float:
    """Return the mean of those that have a score; nan where none has."""
    present = scores[members]
    present = present[np.isfinite(present)]
    return float(present.mean()) if len(present) else float("nan")
