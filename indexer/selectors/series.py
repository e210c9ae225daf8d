"""Outside series as the visitor may see them, and an index held against one of them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property

import numpy as np
from django.db.models import QuerySet

from indexer.intake.rates import why_no_sum
from indexer.models import City, OutsideSeries, Run
from indexer.numeric.comparison.association import (
    Association,
    Fit,
    Line,
    associate,
    bands_of,
    fit_line,
    fit_scales,
)
from indexer.numeric.scores.ranking import min_ranks
from indexer.selectors.levels import Level, Place
from indexer.selectors.node_scores import SHARE_TOLERANCE, NodeScores
from weighting.models import Account
from weighting.numeric.arrays import BoolArray, FloatArray
from weighting.permissions import ADMINISTRATORS, STAFF, has_role

# A unit is an outlier when its studentised residual is further from zero than this.
OUTLIER = 2.5
DEFAULT_BANDS = (100, 200)


@dataclass(frozen=True)
class Band:
    """The correlations within a band of ranks."""

    first: int
    last: int
    association: Association


@dataclass(frozen=True)
class Outlier:
    """A unit far from the line of all others."""

    city: City
    rank: int
    value: float
    score: float
    residual: float


@dataclass(frozen=True)
class Shares:
    """A place's part, or a unit's, of the index and of the series, over the units that have both.

    ``of_total`` is the part of the series' published total, which counts what no unit has; None without one.
    """

    place: Place | City
    index: float
    series: float
    of_total: float | None

    @property
    def quotient(self) -> float:
        """Above 1 where the place has more of the index than of the series; nan without any of it."""
        return self.index / self.series if self.series else float("nan")


@dataclass(frozen=True)
class PlaceAgainst:
    """How a node and a series go together inside one place; ``shares`` is None where there are none."""

    place: Place
    association: Association
    shares: Shares | None


@dataclass(frozen=True, eq=False)
class SeriesReport:
    """A node of a run against a series; arrays follow ``positions``, the units of the run that have both.

    ``without`` are the positions of those that have no value in the series.

    Attributes
    ----------
    logarithmic : bool
        Whether the line, and so the outliers, are of the logarithms.
    parts : list
        The limits of each band of ranks, and which of the units are inside.
    """

    subject: NodeScores
    series: OutsideSeries
    positions: list[int]
    values: FloatArray
    logarithmic: bool
    overall: Association
    parts: list[tuple[int, int, BoolArray]]
    without: list[int]
    beyond: int

    def cities_at(self, places: Iterable[int]) -> list[City]:
        """Return units by their place in the arrays, fetched together."""
        return self._fetched(self.positions[at] for at in places)

    def first_without(self, most: int | None = None) -> list[City]:
        """Return the units without a value in the series, or so many of them."""
        return self._fetched(self.without[:most])

    @cached_property
    def bands(self) -> list[Band]:
        return [
            Band(first, last, associate(self.values[inside], self.scores[inside]))
            for first, last, inside in self.parts
        ]

    @cached_property
    def line(self) -> Line | None:
        """The line of least squares; None where four units or more do not determine one."""
        return _line(self.values[self.drawn], self.scores[self.drawn], logarithmic=self.logarithmic)

    @cached_property
    def scores(self) -> FloatArray:
        return self.subject.scores[self.positions]

    @cached_property
    def ranks(self) -> list[int]:
        """Ranks among all units of the run."""
        return self.subject.ranks[self.positions].tolist()

    @cached_property
    def series_ranks(self) -> list[int]:
        """Ranks on the series among the units that have both, the largest value first."""
        return min_ranks(self.values).tolist()

    @cached_property
    def fits(self) -> list[Fit]:
        """The line on each scale, of the scores as they are shown."""
        return fit_scales(self.values, self.scores * self.subject.scale)

    @cached_property
    def drawn(self) -> BoolArray:
        """Which units the line is of: all, or those above zero on both sides."""
        positive = (self.values > 0) & (self.scores > 0)
        return positive if self.logarithmic else np.ones(len(self.values), dtype=bool)

    @cached_property
    def residuals(self) -> FloatArray:
        """Studentised residuals; nan for units the line is not of."""
        residuals = np.full(len(self.values), np.nan)
        if self.line:
            residuals[self.drawn] = self.line.studentised
        return residuals

    @cached_property
    def outliers(self) -> list[Outlier]:
        """The units further from the line than `OUTLIER`, the furthest first."""
        far = np.flatnonzero(np.abs(np.nan_to_num(self.residuals)) > OUTLIER)
        ordered = far[np.argsort(-np.abs(self.residuals[far]), kind="stable")].tolist()
        return [
            Outlier(
                city,
                self.ranks[at],
                float(self.values[at]),
                float(self.scores[at]),
                float(self.residuals[at]),
            )
            for at, city in zip(ordered, self.cities_at(ordered), strict=True)
        ]

    @property
    def has_shares(self) -> bool:
        """Whether both figures are parts of a total: none below zero, not all zero, and no rate or mean."""
        series = self.series
        if why_no_sum(names=(series.name_zh, series.name_en), unit=series.unit, values=self.values):
            return False
        return all((x >= 0).all() and x.any() for x in (self.values, self.scores))

    def shares_of_cities(self, most: int | None = None) -> list[Shares]:
        """Return each unit's part of the index and of the series, the ``most`` largest of the index first."""
        index, series = self._parts
        largest = np.argsort(-index, kind="stable")[:most].tolist()
        return [
            Shares(city, float(index[at]), float(series[at]), self._of_total(float(series[at])))
            for at, city in zip(largest, self.cities_at(largest), strict=True)
        ]

    def shares(self, level: Level) -> list[Shares]:
        """Return the same of each place; what lies in none of them is in the whole all the same."""
        of_city = level.of_city[self.positions]
        inside = of_city >= 0
        index, series = (
            np.bincount(of_city[inside], parts[inside], minlength=len(level.places)) for parts in self._parts
        )
        counts = np.bincount(of_city[inside], minlength=len(level.places))
        found = [
            Shares(place, float(index[at]), float(series[at]), self._of_total(float(series[at])))
            for at, place in enumerate(level.places)
            if counts[at]
        ]
        return sorted(found, key=lambda shares: -shares.index)

    @property
    def covered(self) -> float | None:
        """What the compared units hold of the published total of the series; None without one.

        It may exceed 1 by what the digits of the total leave open.
        """
        return float(self.values.sum()) / float(self.series.total) if self.series.total else None

    def _of_total(self, part: float) -> float | None:
        return None if self.covered is None else part * self.covered

    def by_place(self, level: Level) -> list[PlaceAgainst]:
        """Tell of each place of a level, in the order of the register, how both go together inside."""
        of_city = level.of_city[self.positions]
        shares = {held.place: held for held in self.shares(level)} if self.has_shares else {}
        return [
            PlaceAgainst(
                place,
                associate(self.values[of_city == at], self.scores[of_city == at]),
                shares.get(place),
            )
            for at, place in enumerate(level.places)
            if (of_city == at).any()
        ]

    def _fetched(self, positions: Iterable[int]) -> list[City]:
        wanted = list(positions)
        self.subject.cities.load(wanted)
        return [self.subject.cities[place] for place in wanted]

    @cached_property
    def _parts(self) -> tuple[FloatArray, FloatArray]:
        return self.scores / self.scores.sum(), self.values / self.values.sum()


def slack_of(total: str) -> float:
    """Return how far parts may exceed a published total: half its last digit, or a ten-thousandth."""
    exponent = int(Decimal(total).as_tuple().exponent)
    return max(0.5 * 10.0 ** min(exponent, 0), SHARE_TOLERANCE * float(total))


def series_visible_to(account: Account | None) -> QuerySet[OutsideSeries]:
    """Return all series for staff, the published ones for anybody else."""
    series = OutsideSeries.objects.order_by("pk")
    return series if has_role(account, STAFF) else series.filter(is_published=True)


def series_owned_by(account: Account) -> QuerySet[OutsideSeries]:
    """Return the series that an account may change and publish: its own; an administrator's are all."""
    series = series_visible_to(account)
    return series if has_role(account, ADMINISTRATORS) else series.filter(created_by=account)


def owns_series(account: Account, series: OutsideSeries) -> bool:
    """Tell, without a query, whether `series_owned_by` holds a series."""
    return has_role(account, ADMINISTRATORS) or series.created_by_id == account.pk


def series_beside(run: Run, account: Account | None) -> QuerySet[OutsideSeries]:
    """Return the series of the run's register that the visitor may see."""
    return series_visible_to(account).filter(register__data_series__editions=run.data_set_id)


def unpack_series(series: OutsideSeries) -> dict[int, float]:
    """Return the value of each unit, by its id."""
    return dict(zip(series.city_ids, np.frombuffer(series.values, dtype="<f8").tolist(), strict=True))


def hold_against(
    subject: NodeScores,
    series: OutsideSeries,
    *,
    bands: Sequence[int] = DEFAULT_BANDS,
    by_total: bool = True,
    logarithmic: bool | None = None,
) -> SeriesReport:
    """Hold a node of a run against a series.

    Bands are of the ranks on the composite, or with ``by_total`` false on the node in view.
    ``logarithmic`` None takes logarithms where all of both figures are above zero.
    Raises `ValueError` for limits of bands that do not rise from 1.
    """
    known = _values_along(series, subject.cities.ids)
    positions = np.flatnonzero(np.isfinite(subject.scores) & ~np.isnan(known)).tolist()
    values, without = known[positions], np.flatnonzero(np.isnan(known)).tolist()
    scores = subject.scores[positions]
    ranks = (subject.result.ranks if by_total else subject.ranks)[positions]
    positive = (values > 0) & (scores > 0)
    chosen = bool(positive.all()) if logarithmic is None else logarithmic
    return SeriesReport(
        subject=subject,
        series=series,
        positions=positions,
        values=values,
        logarithmic=chosen,
        overall=associate(values, scores),
        parts=list(bands_of(ranks, bands)),
        without=without,
        beyond=len(series.city_ids) - len(known) + len(without),
    )


def _values_along(series: OutsideSeries, ids: Sequence[int]) -> FloatArray:
    """Return the value of each unit, (units,); nan where the series has none."""
    along = np.full(len(ids), np.nan)
    _same, places, of_series = np.intersect1d(ids, series.city_ids, assume_unique=True, return_indices=True)
    along[places] = np.frombuffer(series.values, dtype="<f8")[of_series]
    return along


def _line(values: FloatArray, scores: FloatArray, *, logarithmic: bool) -> Line | None:
    x, y = (np.log(values), np.log(scores)) if logarithmic else (values, scores)
    try:
        return fit_line(x, y)
    except ValueError:
        return None
