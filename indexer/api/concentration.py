"""/api/v1/runs/{id}/concentration/."""

from typing import Any

import numpy as np
from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from indexer.api.run_view import LEVEL, NODE, RunView
from indexer.numeric.concentration import ConcentrationError
from indexer.selectors.concentration import (
    TOPS,
    ConcentrationReport,
    PlaceConcentration,
    concentration_of,
)
from weighting.api.base import described


class MeasuresSerializer(serializers.Serializer):
    count = serializers.IntegerField(help_text="Parts that were measured.")
    gini = serializers.FloatField(help_text="0: all alike; 1 - 1/count: one holds all.")
    herfindahl = serializers.FloatField(help_text="Sum of the squared shares.")
    effective = serializers.FloatField(help_text="Equal parts with the same Herfindahl index: its inverse.")


class TopSerializer(serializers.Serializer):
    count = serializers.IntegerField()
    share = serializers.FloatField(help_text="Of the sum of all units, from 0 to 1.")


class BetweenSerializer(serializers.Serializer):
    cities = MeasuresSerializer()
    provinces = MeasuresSerializer()
    regions = MeasuresSerializer()
    groups = MeasuresSerializer(
        required=False, help_text="The places of the level asked for, where any of them holds something."
    )


class PlaceSerializer(serializers.Serializer):
    name_zh = serializers.CharField()
    name_en = serializers.CharField()
    share = serializers.FloatField(help_text="Of the sum of all units, from 0 to 1.")
    cities = serializers.IntegerField()
    inside = MeasuresSerializer(allow_null=True, help_text="Null where all its units score zero.")


class ConcentrationSerializer(serializers.Serializer):
    run = serializers.IntegerField()
    node = serializers.CharField(allow_null=True, help_text="Null: the composite.")
    between = BetweenSerializer(help_text="With units, provinces or regions as the parts.")
    top = TopSerializer(many=True)
    half = serializers.IntegerField(help_text="So many first units hold half of the sum or more.")
    remainder = serializers.FloatField(
        allow_null=True,
        help_text="Part of the total outside the units; null where scores are no shares of it.",
    )
    lorenz = serializers.ListField(
        child=serializers.FloatField(), help_text="Share of the n smallest units, n from 0 to all."
    )
    regions = PlaceSerializer(many=True)
    provinces = PlaceSerializer(many=True)
    level = serializers.CharField(allow_null=True, help_text="What was asked for; null without.")
    groups = PlaceSerializer(many=True, help_text="The places of the level; units in none are in no group.")


class ConcentrationView(RunView):
    """How far the scores of a finished run lie in few units."""

    @described(NODE, LEVEL, responses=ConcentrationSerializer)
    def get(self, request: Request, pk: int) -> Response:
        subject = self.node_scores(pk)
        level = self.level(subject.cities)
        try:
            report = concentration_of(subject, level)
        except ConcentrationError as error:
            message = _("These scores have no concentration: %(count)s are below zero, or all are zero.")
            raise ValidationError({"detail": message % {"count": len(error.negative)}}) from None
        return Response(ConcentrationSerializer(_answer(report)).data)


def _answer(report: ConcentrationReport) -> dict[str, Any]:
    node = report.subject.node
    tops = zip(TOPS, report.top.tolist(), strict=True)
    return {
        "run": report.subject.run.pk,
        "node": node.code if node else None,
        "between": report.between,
        "top": [{"count": count, "share": share} for count, share in tops if not np.isnan(share)],
        "half": report.half,
        "remainder": report.remainder,
        "lorenz": report.lorenz.tolist(),
        "regions": [_place(held) for held in report.regions],
        "provinces": [_place(held) for held in report.provinces],
        "level": report.level.code if report.level else None,
        "groups": [_place(held) for held in report.groups],
    }


def _place(held: PlaceConcentration) -> dict[str, Any]:
    return {
        "name_zh": held.place.name_zh,
        "name_en": held.place.name_en,
        "share": held.share,
        "cities": held.count,
        "inside": held.inside,
    }
