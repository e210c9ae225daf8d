"""/api/v1/runs/{id}/trend/ and .../trend/cities/{id}/."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from indexer.api.pages import answer_page, page_of
from indexer.api.run_view import NODE, PLACES, RunView
from indexer.api.units import UnitSerializer, unit_of
from indexer.forms.trends import COMMON, OWN, read_beside
from indexer.models import Run
from indexer.selectors.cities import matching_cities
from indexer.selectors.trends import CityTrend, ScoreTrend, Trend, ValueTrend, city_trend_of, trend_of
from indexer.selectors.years import runs_to_set_beside
from weighting.api.base import PAGE, described

AMONG = OpenApiParameter(
    "among",
    str,
    enum=[OWN, COMMON],
    default=OWN,
    description="Whether ranks are among all units of each year, or among those that every year ranks.",
)


BESIDE = OpenApiParameter(
    "beside",
    str,
    description="Ids of runs of other trees for further years, joined by commas; see `trees` of comparisons.",
)


class YearSerializer(serializers.Serializer):
    year = serializers.IntegerField()
    run = serializers.IntegerField()
    dataset = serializers.IntegerField()
    score = serializers.FloatField(allow_null=True, help_text="Unrounded, on the scale of the method.")
    rank = serializers.IntegerField(allow_null=True)
    rank_low = serializers.FloatField(allow_null=True, help_text="Q5 of the draws of a study of the run.")
    rank_high = serializers.FloatField(allow_null=True, help_text="Q95.")
    study = serializers.IntegerField(allow_null=True)


class TrendSerializer(UnitSerializer):
    years = YearSerializer(many=True)
    gained = serializers.IntegerField(allow_null=True, help_text="Places, from the first year to the last.")
    change = serializers.FloatField(allow_null=True)
    growth = serializers.FloatField(allow_null=True, help_text="Compound annual growth, 0.02 for 2 %.")


class ScoreTrendSerializer(serializers.Serializer):
    indicator = serializers.CharField(allow_null=True, help_text="Null: the composite.")
    scores = serializers.ListField(child=serializers.FloatField(allow_null=True))
    ranks = serializers.ListField(child=serializers.IntegerField(allow_null=True))
    change = serializers.FloatField(allow_null=True)
    growth = serializers.FloatField(allow_null=True)


class ValueTrendSerializer(serializers.Serializer):
    indicator = serializers.CharField()
    measure = serializers.CharField(help_text="The unit of the raw values.")
    values = serializers.ListField(child=serializers.FloatField(allow_null=True))
    steps = serializers.ListField(
        child=serializers.FloatField(allow_null=True), help_text="Annual growth from each year to the next."
    )
    growth = serializers.FloatField(allow_null=True)


class CityTrendSerializer(UnitSerializer):
    years = YearSerializer(many=True, help_text="Of the composite; the lists below are in their order.")
    scores = ScoreTrendSerializer(many=True)
    values = ValueTrendSerializer(many=True, help_text="Raw, as far as the reader may have them.")


class TrendView(RunView):
    """The units over the years of a run's series: runs of the same version and method."""

    @described(
        NODE,
        AMONG,
        BESIDE,
        *PLACES,
        *PAGE,
        OpenApiParameter("q", str, description="Part of a unit's name."),
        responses=page_of(TrendSerializer),
    )
    def get(self, request: Request, pk: int) -> Response:
        trend = self._trend(pk)
        last = trend.ranks[:, -1]
        matching = matching_cities(trend.cities, text=request.query_params.get("q", ""))
        passing = set(np.intersect1d(matching, self.positions_asked(trend.cities)).tolist())
        order = [position for position in np.lexsort((last, last == 0)).tolist() if position in passing]

        def write(position: int) -> Any:
            return _row(trend, position)

        return answer_page(request, order, write, trend.cities.foresee, serializer=TrendSerializer)

    def _trend(self, pk: int) -> Trend:
        asked = self.request.query_params
        among, code = asked.get("among", OWN), asked.get("node", "")
        if among not in (OWN, COMMON):
            raise ValidationError({"among": [f"{among!r}: {OWN}, {COMMON}"]})
        run = self.finished_run(pk)
        beside = runs_beside(self, run)
        try:
            return trend_of(run, self.account, code, among_common=among == COMMON, beside=beside)
        except KeyError:
            message = _("The framework has no indicator “%(code)s”.") % {"code": code}
            raise ValidationError({"node": [message]}) from None


class CityTrendView(RunView):
    """One unit over the years: its scores and ranks on every inner node, and its raw values."""

    @described(BESIDE, responses=CityTrendSerializer)
    def get(self, request: Request, pk: int, city_pk: int) -> Response:
        run = self.finished_run(pk)
        trend = trend_of(run, self.account, beside=runs_beside(self, run))
        found = city_trend_of(trend, city_pk, self.account)
        if found is None:
            raise NotFound
        return Response(CityTrendSerializer(_city(found)).data)


def runs_beside(view: RunView, run: Run) -> Sequence[Run]:
    """Return the runs of ``?beside=``, or say what is wrong with them."""
    asked = view.request.query_params.getlist("beside")
    if not asked:
        return []
    beside = read_beside(asked, runs_to_set_beside(run, view.account))
    if beside.problems:
        raise ValidationError({"beside": list(beside.problems)})
    return beside.chosen


def _row(trend: Trend, position: int) -> dict[str, Any]:
    return {
        **unit_of(trend.cities[position]),
        "years": _years(trend, position),
        "gained": _number(trend.gained[position]),
        "change": _number(trend.change[position] * trend.scale),
        "growth": _number(trend.growth[position]),
    }


def _years(trend: Trend, position: int) -> list[dict[str, Any]]:
    low, high = trend.intervals[:, position]
    studies = {study.run_id: study.pk for study in trend.studies}
    return [
        {
            "year": year,
            "run": run.pk,
            "dataset": run.data_set_id,
            "score": _number(trend.scores[position, at] * trend.scale),
            "rank": int(trend.ranks[position, at]) or None,
            "rank_low": _number(low[at]),
            "rank_high": _number(high[at]),
            "study": studies.get(run.pk),
        }
        for at, (year, run) in enumerate(zip(trend.years, trend.runs, strict=True))
    ]


def _city(found: CityTrend) -> dict[str, Any]:
    return {
        **unit_of(found.city),
        "years": _years(found.trend, found.position),
        "scores": [_score(score, found.trend.scale) for score in found.scores],
        "values": [_value(value) for value in found.values],
    }


def _score(score: ScoreTrend, scale: float) -> dict[str, Any]:
    return {
        "indicator": score.node.code if score.node else None,
        "scores": [_number(value * scale) for value in score.scores],
        "ranks": [int(rank) or None for rank in score.ranks],
        "change": _number(score.change * scale),
        "growth": _number(score.growth),
    }


def _value(value: ValueTrend) -> dict[str, Any]:
    return {
        "indicator": value.node.code,
        "measure": value.node.unit,
        "values": [_number(number) for number in value.values],
        "steps": [_number(step) for step in value.steps],
        "growth": _number(value.growth),
    }


def _number(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
