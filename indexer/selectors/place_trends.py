"""The places of one level over the years of a run: means or medians of what their units score."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from indexer.numeric.scores.places import mean_by_place, median_by_place
from indexer.selectors.levels import Level
from indexer.selectors.trends import Trend
from weighting.numeric.arrays import BoolArray, FloatArray, IntArray

MEAN, MEDIAN = "mean", "median"


@dataclass(frozen=True, eq=False)
class PlaceTrend:
    """The places of a level, over the units of a trend; arrays are (places, years) unless said otherwise.

    ``middle`` says whether places have the mean or the median of their units, ``of_ranks`` whether of
    ranks, ``among_common`` whether of those alone that every year ranks.
    """

    trend: Trend
    level: Level
    middle: str
    of_ranks: bool
    among_common: bool

    @cached_property
    def values(self) -> FloatArray:
        """On the shown scale; nan where no unit of the place counts in the year."""
        columns = np.where(self._counted, self._figures, np.nan)[self._inside]
        of_city, count = self.level.of_city[self._inside], len(self.level.places)
        if self.middle == MEDIAN:
            return median_by_place(columns, of_city, count)
        return mean_by_place(columns, of_city, count)

    @cached_property
    def counts(self) -> IntArray:
        """How many units of the place count in each year."""
        counts = np.zeros((len(self.level.places), len(self.trend.years)), dtype=np.int64)
        np.add.at(counts, self.level.of_city[self._inside], self._counted[self._inside])
        return counts

    @cached_property
    def change(self) -> FloatArray:
        """The last year less the first, (places,); nan where one of them is not there."""
        if not self.trend.span:
            return np.full(len(self.level.places), np.nan)
        return self.values[:, -1] - self.values[:, 0]

    @cached_property
    def growth(self) -> FloatArray:
        """The annual growth from the first year to the last, (places,); ranks have none."""
        if self.of_ranks:
            return np.full(len(self.level.places), np.nan)
        return self.trend.growth_of(self.values)

    @cached_property
    def order(self) -> list[int]:
        """Positions of the places, the best in the last year first; those without a value there come last."""
        last = self.values[:, -1] if self.of_ranks else -self.values[:, -1]
        return np.argsort(last, kind="stable").tolist()

    @cached_property
    def largest(self) -> list[int]:
        """Positions of the places that have a value, those with the most units in any year first."""
        known = np.flatnonzero(~np.isnan(self.values).all(axis=1))
        return known[np.argsort(-self.counts[known].max(axis=1), kind="stable")].tolist()

    @cached_property
    def _figures(self) -> FloatArray:
        if self.of_ranks:
            return np.where(self.trend.own_ranks > 0, self.trend.own_ranks, np.nan)
        return self.trend.scores * self.trend.scale

    @cached_property
    def _counted(self) -> BoolArray:
        counted: BoolArray = ~np.isnan(self._figures)
        if self.among_common:
            counted &= self.trend.in_every_year[:, np.newaxis]
        return counted

    @cached_property
    def _inside(self) -> IntArray:
        """Positions of the units that are in a place."""
        return np.flatnonzero(self.level.of_city >= 0)
