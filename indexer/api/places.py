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
from indexer.selectors.cities import PROVINCE
from indexer.selectors.places import (
    PlaceRanking,
    PrintedPlace,
    city_weights_of,
    printed_beside,
    rank_places,
    usual_weight,
)
from weighting.api.base import described

PLAIN = "plain"
WEIGHT = OpenApiParameter(
    "weight", str, description="Auxiliary column that weighs the cities of a mean, or `plain`."
)


class ChildScoreSerializer(serializers.Serializer):
    code = serializers.CharField()
    score = serializers.FloatField(allow_null=True)


class PlaceScoreSerializer(serializers.Serializer):
    name_zh = serializers.CharField()
    name_en = serializers.CharField()
    cities = serializers.IntegerField()
    rank = serializers.IntegerField(allow_null=True, help_text="Null where no city has a score.")
    score = serializers.FloatField(allow_null=True, help_text="Unrounded, on the scale of the method.")
    children = ChildScoreSerializer(many=True, help_text="The same of the nodes right below.")
    changed_values = serializers.IntegerField(
        help_text="Values behind the scores of its cities that were filled in, left out or treated."
    )
    printed = serializers.CharField(
        allow_null=True, help_text="What a publication prints for the place itself, digit for digit."
    )
    difference = serializers.FloatField(allow_null=True, help_text="Printed less computed, unrounded.")


class PlaceRankingSerializer(serializers.Serializer):
    run = serializers.IntegerField()
    node = serializers.CharField(allow_null=True, help_text="Null: the composite.")
    level = serializers.CharField(help_text="province, region, or the code of a grouping of the register.")
    formed_by = serializers.ChoiceField(choices=["sum", "plain mean", "weighted mean"])
    weight = serializers.CharField(allow_null=True, help_text="The column that weighs the cities.")
    places = PlaceScoreSerializer(many=True)


class PlacesView(RunView):
    """Provinces, regions or other groups of a finished run: sums of shares, means of any other score."""

    @described(NODE, LEVEL, WEIGHT, responses=PlaceRankingSerializer)
    def get(self, request: Request, pk: int) -> Response:
        subject = self.node_scores(pk)
        usable = city_weights_of(subject.run)
        weight = request.query_params.get("weight", usual_weight(subject.run, usable) or PLAIN)
        level, problems = self.level_asked(subject.cities, PROVINCE)
        if weight not in (PLAIN, *usable):
            known = _(", ").join([PLAIN, *usable])
            problems["weight"] = [_("No such column weighs units. Known: %(known)s.") % {"known": known}]
        if problems or level is None:
            raise ValidationError(problems)
        ranked = rank_places(subject, level, weight="" if weight == PLAIN else weight, usable=usable)
        return Response(PlaceRankingSerializer(_answer(ranked)).data)


def _answer(ranked: PlaceRanking) -> dict[str, Any]:
    node = ranked.subject.node
    printed = printed_beside(ranked)
    mean = "weighted mean" if ranked.weight else "plain mean"
    return {
        "run": ranked.subject.run.pk,
        "node": node.code if node else None,
        "level": ranked.level.code,
        "formed_by": "sum" if ranked.is_sum else mean,
        "weight": ranked.weight or None,
        "places": [_place(ranked, position, printed.get(position)) for position in ranked.order],
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
