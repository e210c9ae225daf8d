"""/api/v1/runs/{id}/places/."""

from typing import Any

import numpy as np
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from indexer.api.run_view import LEVEL, NODE, RunView
from indexer.api.unranked import UNRANKED, first_unranked
from indexer.models import OutsideSeries, Run
from indexer.selectors.cities import PROVINCE
from indexer.selectors.place_shares import SharesBeside, shares_beside
from indexer.selectors.places import (
    PlaceRanking,
    PrintedPlace,
    city_weights_of,
    printed_beside,
    rank_places,
    usual_weight,
)
from indexer.selectors.series import series_beside
from weighting.api.base import described
from weighting.requests import read_id

PLAIN = "plain"
WEIGHT = OpenApiParameter(
    "weight", str, description="Auxiliary column that weighs the units of a mean, or `plain`."
)

SERIES = OpenApiParameter("series", int, description="Id of an outside series: shares of both stand beside.")


class ChildScoreSerializer(serializers.Serializer):
    code = serializers.CharField()
    score = serializers.FloatField(allow_null=True)


class SharesBesideSerializer(serializers.Serializer):
    index = serializers.FloatField(help_text="Of the sum over the units that have both figures, 0 to 1.")
    series = serializers.FloatField(help_text="The same of the series.")
    of_total = serializers.FloatField(allow_null=True, help_text="Of the published total of the series.")


class PlaceScoreSerializer(serializers.Serializer):
    name_zh = serializers.CharField()
    name_en = serializers.CharField()
    cities = serializers.IntegerField()
    rank = serializers.IntegerField(allow_null=True, help_text="Null where no unit has a score.")
    score = serializers.FloatField(allow_null=True, help_text="Unrounded, on the scale of the method.")
    children = ChildScoreSerializer(many=True, help_text="The same of the nodes right below.")
    changed_values = serializers.IntegerField(
        help_text="Values behind the scores of its units that were filled in, left out or treated."
    )
    printed = serializers.CharField(
        allow_null=True, help_text="What a publication prints for the place itself, digit for digit."
    )
    difference = serializers.FloatField(allow_null=True, help_text="Printed less computed, unrounded.")
    shares = SharesBesideSerializer(
        allow_null=True, help_text="Beside the series asked for; null without it, and where there are none."
    )


class PlaceRankingSerializer(serializers.Serializer):
    run = serializers.IntegerField()
    node = serializers.CharField(allow_null=True, help_text="Null: the composite.")
    level = serializers.CharField(help_text="province, region, or the code of a grouping of the register.")
    formed_by = serializers.ChoiceField(choices=["sum", "plain mean", "weighted mean"])
    weight = serializers.CharField(allow_null=True, help_text="The column that weighs the units.")
    series = serializers.IntegerField(allow_null=True, help_text="The series that was asked for.")
    places = PlaceScoreSerializer(many=True)
    unranked = UNRANKED


class PlacesView(RunView):
    """Provinces, regions or other groups of a finished run: sums of shares, means of any other score."""

    @described(NODE, LEVEL, WEIGHT, SERIES, responses=PlaceRankingSerializer)
    def get(self, request: Request, pk: int) -> Response:
        subject = self.node_scores(pk)
        usable = city_weights_of(subject.run)
        weight = request.query_params.get("weight", usual_weight(subject.run, usable) or PLAIN)
        level, problems = self.level_asked(subject.cities, PROVINCE)
        if weight not in (PLAIN, *usable):
            known = _(", ").join([PLAIN, *usable])
            problems["weight"] = [_("No such column weighs units. Known: %(known)s.") % {"known": known}]
        series = self._series(subject.run, problems)
        if problems or level is None:
            raise ValidationError(problems)
        ranked = rank_places(subject, level, weight="" if weight == PLAIN else weight, usable=usable)
        beside = shares_beside(ranked, series) if series else None
        return Response(PlaceRankingSerializer(_answer(ranked, beside)).data)

    def _series(self, run: Run, problems: dict[str, list[str]]) -> OutsideSeries | None:
        """Return the series of ``?series=``, or say that there is none of that number."""
        asked = self.request.query_params.get("series", "")
        if not asked:
            return None
        series = series_beside(run, self.account).filter(pk=read_id(asked) or 0).first()
        if series is None:
            message = _("No series beside this run has the number “%(asked)s”.")
            problems["series"] = [message % {"asked": asked}]
        return series


def _answer(ranked: PlaceRanking, beside: SharesBeside | None) -> dict[str, Any]:
    node = ranked.subject.node
    printed = printed_beside(ranked)
    mean = "weighted mean" if ranked.weight else "plain mean"
    return {
        "run": ranked.subject.run.pk,
        "node": node.code if node else None,
        "level": ranked.level.code,
        "formed_by": "sum" if ranked.is_sum else mean,
        "weight": ranked.weight or None,
        "series": beside.series.pk if beside else None,
        "places": [
            _place(ranked, position, printed.get(position))
            | {"shares": beside.by_place.get(position) if beside else None}
            for position in ranked.order
        ],
        "unranked": first_unranked(ranked.subject),
    }


def _place(ranked: PlaceRanking, position: int, printed: PrintedPlace | None) -> dict[str, Any]:
    place = ranked.places[position]
    values = ranked.scores[position].tolist()
    score, *below = [None if np.isnan(value) else value * ranked.subject.scale for value in values]
    codes = [child.code for child in ranked.children]
    return {
        "name_zh": place.name_zh,
        "name_en": place.name_en,
        "cities": int(ranked.counts[position]),
        "rank": int(ranked.ranks[position]) or None,
        "score": score,
        "children": [{"code": code, "score": value} for code, value in zip(codes, below, strict=True)],
        "changed_values": int(ranked.changed_values[position]),
        "printed": printed.value if printed else None,
        "difference": printed.difference if printed else None,
    }
