"""Runs and rankings as the visitor may see them."""

from dataclasses import dataclass
from decimal import Decimal

import numpy as np
from django.db.models import Q, QuerySet
from django.utils import timezone

from indexer.enums import RunStatus
from indexer.models import City, CityScore, PublishedFigure, Run
from weighting.models import Account, Indicator
from weighting.numeric.arrays import FloatArray
from weighting.selectors.frameworks import indicators_of

PERCENT = 100


@dataclass(frozen=True)
class Figure:
    """A computed percentage; published where a publication prints the same at its digits."""

    value: float
    published: bool


@dataclass(frozen=True)
class RankingRow:
    city: City
    rank: int
    score: Figure
    sub_scores: list[Figure]


@dataclass(frozen=True)
class RankingTable:
    """A finished run as a table: ``sub_indices`` name the columns of ``sub_scores``."""

    run: Run
    sub_indices: list[Indicator]
    rows: list[RankingRow]


def runs_visible_to(account: Account | None) -> QuerySet[Run]:
    """Return all runs for staff; for anybody else those of published data and versions."""
    runs = Run.objects.select_related("data_set__framework", "weight_version", "method").defer(
        "node_scores", "data_set__values", "data_set__totals", "weight_version__manifest"
    )
    if account:
        return runs
    return runs.filter(data_set__is_published=True, weight_version__is_published=True)


def data_sets_with_waiting_runs() -> list[int]:
    """Return the ids of data sets whose runs are queued or whose lease ran out."""
    lapsed = Q(status=RunStatus.RUNNING, lease_until__lte=timezone.now())
    waiting = Run.objects.filter(Q(status=RunStatus.QUEUED) | lapsed)
    return list(waiting.order_by("data_set_id").values_list("data_set_id", flat=True).distinct())


def city_scores_of(run: Run) -> QuerySet[CityScore]:
    """Return the scores of a finished run by rank; ties in the order of the register."""
    scores = CityScore.objects.filter(run=run).select_related("city__province__region")
    return scores.order_by("rank", "city_id")


def unpack_node_scores(run: Run, nodes: int) -> FloatArray:
    """Return the scores of every node, (cities, nodes), as fractions of the whole."""
    block = Run.objects.values_list("node_scores", flat=True).get(pk=run.pk)
    return np.frombuffer(block, dtype="<f8").reshape(-1, nodes)


def ranking_of(run: Run) -> RankingTable:
    """Return the ranking table of a finished run, highest first."""
    nodes = indicators_of(run.data_set.framework_id)
    roots = [node for node in nodes if node.parent_id is None]
    scores = unpack_node_scores(run, len(nodes))
    position = {city_id: index for index, city_id in enumerate(run.data_set.city_ids)}
    printed = _printed_figures(run)
    rows = []
    for city_score in city_scores_of(run):
        city = city_score.city
        own = scores[position[city.pk]]
        rows.append(
            RankingRow(
                city=city,
                rank=city_score.rank,
                score=_figure(city_score.score, printed.get((city.pk, None))),
                sub_scores=[_figure(own[r.position], printed.get((city.pk, r.pk))) for r in roots],
            )
        )
    return RankingTable(run=run, sub_indices=roots, rows=rows)


def _printed_figures(run: Run) -> dict[tuple[int, int | None], str]:
    figures = PublishedFigure.objects.filter(data_set=run.data_set_id)
    return {
        (city, node): value for city, node, value in figures.values_list("city_id", "indicator_id", "value")
    }


def _figure(score: float, printed: str | None) -> Figure:
    percent = float(score) * PERCENT
    if printed is None:
        return Figure(percent, published=False)
    digits = -int(Decimal(printed).as_tuple().exponent)
    return Figure(percent, published=f"{percent:.{digits}f}" == printed)
