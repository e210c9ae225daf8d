"""/api/v1/runs/{id}/tops/."""

from math import isnan
from typing import Any

import numpy as np
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from indexer.api.run_view import PLACES, RunView
from indexer.api.units import UnitSerializer, unit_of
from indexer.api.unranked import UNRANKED, first_unranked
from indexer.forms.leads import COMPOSITE
from indexer.forms.tops import MOST, USUAL
from indexer.selectors.node_scores import NodeScores, node_scores_of
from indexer.selectors.tops import Top
from weighting.api.base import described, read_whole_number
from weighting.models import Indicator
from weighting.selectors.frameworks import sub_indices_of


class TopUnitSerializer(UnitSerializer):
    rank = serializers.IntegerField(help_text="Among all units of the run.")
    score = serializers.FloatField(allow_null=True, help_text="Null where it may not be given away.")


class FirstUnitsSerializer(serializers.Serializer):
    node = serializers.CharField(help_text=f"Code of an indicator; `{COMPOSITE}`: the index itself.")
    units = TopUnitSerializer(many=True, help_text="By rank; all that tie with the last are there.")


class TopsSerializer(serializers.Serializer):
    run = serializers.IntegerField()
    n = serializers.IntegerField()
    tops = FirstUnitsSerializer(many=True)
    unranked = UNRANKED


class TopsView(RunView):
    """The first units on several scores, side by side."""

    @described(
        OpenApiParameter("n", int, default=USUAL, description=f"The first so many; at most {MOST}."),
        OpenApiParameter(
            "nodes",
            str,
            description=f"Codes joined by commas, `{COMPOSITE}` among them; it and the sub-indices without.",
        ),
        *PLACES,
        responses=TopsSerializer,
    )
    def get(self, request: Request, pk: int) -> Response:
        subject = node_scores_of(self.finished_run(pk))
        count = read_whole_number(request, "n", least=1, most=MOST, default=USUAL)
        among = self.positions_asked(subject.cities)
        tops = [Top(subject, node, count, np.sort(among)) for node in self._nodes(subject)]
        subject.cities.load(position for top in tops for position in top.positions)
        answer = {"run": pk, "n": count, "tops": [_top(top) for top in tops]}
        return Response(TopsSerializer(answer | {"unranked": first_unranked(subject)}).data)

    def _nodes(self, subject: NodeScores) -> list[Indicator | None]:
        asked = [
            code.strip() for text in self.request.query_params.getlist("nodes") for code in text.split(",")
        ]
        known: dict[str, Indicator | None] = {COMPOSITE: None, **{node.code: node for node in subject.nodes}}
        codes = list(dict.fromkeys(filter(None, asked)))
        if unknown := [code for code in codes if code not in known]:
            message = _("The framework has no indicator “%(code)s”.")
            raise ValidationError({"nodes": [message % {"code": code} for code in unknown]})
        return [known[code] for code in codes] if codes else [None, *sub_indices_of(subject.nodes)]


def _top(top: Top) -> dict[str, Any]:
    lines = [cell for line in range(len(top.positions)) if (cell := top.at(line))]
    units = [
        {**unit_of(city), "rank": rank, "score": None if isnan(score) else score}
        for city, rank, score in lines
    ]
    return {"node": top.node.code if top.node else COMPOSITE, "units": units}
