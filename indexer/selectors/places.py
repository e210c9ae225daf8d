"""Scores of the places of one level in one finished run: provinces, regions, or any other groups."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from indexer.models import City, DataSet, PrintedPlaceFigure, Run
from indexer.numeric.scores.places import mean_by_place, sum_by_place
from indexer.numeric.scores.ranking import ranks_of_present
from indexer.selectors.cities import PROVINCE
from indexer.selectors.data_sets import auxiliary_columns_of
from indexer.selectors.levels import Level, Place
from indexer.selectors.node_scores import NodeScores
from weighting.models import Indicator
from weighting.numeric.arrays import FloatArray, IntArray


@dataclass(frozen=True, eq=False)
class PlaceRanking:
    """The places of one level; arrays follow its places, which follow the register.

    ``weight`` is the code of the column that weighs the units of a mean, '' for the plain mean;
    ``is_sum`` says that shares were added instead. ``scores`` is (places, columns): the node in
    view, then its children.
    """

    subject: NodeScores
    level: Level
    children: list[Indicator]
    scores: FloatArray
    is_sum: bool
    weight: str

    @property
    def places(self) -> Sequence[Place]:
        return self.level.places

    @cached_property
    def ranks(self) -> IntArray:
        """Rank of each place, (places,); 0 where it has no score."""
        return ranks_of_present(self.scores[:, 0])

    @cached_property
    def counts(self) -> IntArray:
        """Units of each place, (places,)."""
        return np.bincount(self.level.of_city[self._inside], minlength=len(self.places))

    @cached_property
    def changed_values(self) -> IntArray:
        """Values behind each place's units that were filled in, left out or treated, (places,)."""
        changed = np.zeros(len(self.places), dtype=np.int64)
        np.add.at(changed, self.level.of_city[self._inside], self.subject.changed_values[self._inside])
        return changed

    @cached_property
    def _inside(self) -> IntArray:
        """Positions of the units that are in a place."""
        return np.flatnonzero(self.level.of_city >= 0)

    @cached_property
    def order(self) -> list[int]:
        """Positions of the places by rank; those without a score come last."""
        return np.lexsort((self.ranks, self.ranks == 0)).tolist()

    @cached_property
    def firsts(self) -> list[int | None]:
        """The position of the unit of each place that scores most; None where none has a score."""
        return [self._first_of(position) for position in range(len(self.places))]

    def first_of(self, place: int) -> City | None:
        """Return the unit of a place that scores most; None where none has a score."""
        first = self.firsts[place]
        self.subject.cities.load(first for first in self.firsts if first is not None)
        return None if first is None else self.subject.cities[first]

    def _first_of(self, place: int) -> int | None:
        inside = np.flatnonzero(self.level.of_city == place)
        scores = self.subject.scores[inside]
        return None if np.isnan(scores).all() else int(inside[np.nanargmax(scores)])


def rank_places(
    subject: NodeScores, level: Level, *, weight: str = "", usable: dict[str, FloatArray]
) -> PlaceRanking:
    """Score and rank the places of a level on the node in view and on its children.

    Shares of one total are added. All other scores are averaged: by ``usable[weight]`` when a
    weight is named, plainly otherwise. Units in no place count for none.
    """
    inside = np.flatnonzero(level.of_city >= 0)
    of_city, count = level.of_city[inside], len(level.places)
    children = children_of(subject)
    columns = np.column_stack([subject.scores, *(subject.scores_on(child) for child in children)])[inside]
    if subject.is_share:
        scores, weight = sum_by_place(columns, of_city, count), ""
    else:
        scores = mean_by_place(columns, of_city, count, usable[weight][inside] if weight else None)
    return PlaceRanking(subject, level, children, scores, subject.is_share, weight)


@dataclass(frozen=True)
class PrintedPlace:
    """What is printed for a place, and how far it is above what its units sum to, on the shown scale."""

    value: str
    difference: float


def printed_beside(ranked: PlaceRanking) -> dict[int, PrintedPlace]:
    """Return what a publication prints for places on the node in view, by position.

    Only sums are set beside it: no publication prints the mean of scores that the product formed.
    """
    if ranked.level.code != PROVINCE or not ranked.is_sum:
        return {}
    figures = PrintedPlaceFigure.objects.filter(
        data_set=ranked.subject.run.data_set_id, indicator=ranked.subject.node
    )
    printed = dict(figures.values_list("province_id", "value"))
    computed = ranked.scores[:, 0] * ranked.subject.scale
    return {
        position: PrintedPlace(printed[place.pk], float(printed[place.pk]) - float(computed[position]))
        for position, place in enumerate(ranked.places)
        if place.pk in printed
    }


def nodes_printed_for_places(run: Run) -> set[int | None]:
    """Return the ids of the nodes that a publication prints for places; None is the composite."""
    figures = PrintedPlaceFigure.objects.filter(data_set=run.data_set_id)
    return set(figures.values_list("indicator_id", flat=True))


def children_of(subject: NodeScores) -> list[Indicator]:
    """Return the nodes right below the one in view; the sub-indices below the composite."""
    above = subject.node.pk if subject.node else None
    return [node for node in subject.nodes if node.parent_id == above]


def city_weights_of(run: Run) -> dict[str, FloatArray]:
    """Return the auxiliary columns, (units,), that can weigh units: none missing, none negative."""
    if not run.data_set.auxiliary_codes:
        return {}
    data_set = DataSet.objects.only("auxiliary", "auxiliary_codes", "city_ids").get(pk=run.data_set_id)
    columns = auxiliary_columns_of(data_set)
    return {
        code: column
        for code, column in columns.items()
        if np.isfinite(column).all() and (column >= 0).all() and column.any()
    }


def usual_weight(run: Run, usable: dict[str, FloatArray]) -> str:
    """Return the column that weighs unless another is asked for: what all divided indicators are per.

    The mean over people of what is measured per person weighs by people. Otherwise '', the plain
    mean.
    """
    divisors = set(run.method.denominators.values())
    return divisors.pop() if len(divisors) == 1 and divisors <= set(usable) else ""
