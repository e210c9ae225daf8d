"""/api/v1/runs/{id}/critical-weights/."""

from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from indexer.api.pages import answer_page
from indexer.api.run_view import RunView
from indexer.selectors.fragility import Fragility, NotLinear, fragility_of
from indexer.selectors.runs import PERCENT


class UnitSerializer(serializers.Serializer):
    id = serializers.IntegerField()
    unit = serializers.CharField(help_text="Chinese name.")
    unit_en = serializers.CharField()


class CriticalWeightSerializer(serializers.Serializer):
    """The smallest change of one local weight that ties two neighbours of the ranking."""

    rank = serializers.IntegerField(help_text="Of the better city.")
    upper = UnitSerializer()
    lower = UnitSerializer()
    gap = serializers.FloatField(help_text="Difference of the scores, in percent like them.")
    indicator = serializers.CharField(allow_null=True, help_text="Null: no weight alone ties the two.")
    local_before = serializers.FloatField(allow_null=True)
    local_after = serializers.FloatField(allow_null=True)
    change = serializers.FloatField(allow_null=True)
    choices = serializers.IntegerField(help_text="How many weights could do it.")


class CriticalWeightPageSerializer(serializers.Serializer):
    count = serializers.IntegerField()
    next = serializers.CharField(allow_null=True)
    previous = serializers.CharField(allow_null=True)
    results = CriticalWeightSerializer(many=True)


class CriticalWeights(RunView):
    """All neighbours of a ranking, best pair first."""

    @extend_schema(
        parameters=[
            OpenApiParameter("limit", int),
            OpenApiParameter("offset", int),
            OpenApiParameter("unit", str, description="Name of a city of the pair, in either language."),
            OpenApiParameter("within", float, description="Largest change, as a part of 1."),
        ],
        responses=CriticalWeightPageSerializer,
    )
    def get(self, request: Request, pk: int) -> Response:
        try:
            fragility = fragility_of(self.finished_run(pk))
        except NotLinear:
            message = _("Critical weights need an arithmetic mean without weights rescaled for gaps.")
            raise ValidationError({"detail": [message]}) from None

        def write(pair: int) -> Any:
            return CriticalWeightSerializer(_answer(fragility, pair)).data

        return answer_page(request, _filtered(fragility, request), write)


def _filtered(fragility: Fragility, request: Request) -> list[int]:
    name, within = request.query_params.get("unit", ""), request.query_params.get("within", "")
    pairs = list(range(fragility.count))
    if name:
        known = {place for place, city in enumerate(fragility.cities) if name in (city.name_zh, city.name_en)}
        pairs = [pair for pair in pairs if known & set(fragility.changes.pairs[pair].tolist())]
    if within:
        try:
            limit = float(within)
        except ValueError:
            message = _("“%(value)s” is no number.") % {"value": within}
            raise ValidationError({"within": [message]}) from None
        pairs = [pair for pair in pairs if fragility.sizes[pair] <= limit]
    return pairs


def _answer(fragility: Fragility, pair: int) -> dict[str, Any]:
    upper, lower = (fragility.cities[place] for place in fragility.changes.pairs[pair].tolist())
    node, weights = fragility.node_of(pair), fragility.weights_of(pair)
    return {
        "rank": int(fragility.upper_ranks[pair]),
        "upper": {"id": upper.pk, "unit": upper.name_zh, "unit_en": upper.name_en},
        "lower": {"id": lower.pk, "unit": lower.name_zh, "unit_en": lower.name_en},
        "gap": float(fragility.changes.gaps[pair]) * PERCENT,
        "indicator": node.code if node else None,
        "local_before": weights[0] if weights else None,
        "local_after": weights[1] if weights else None,
        "change": float(fragility.changes.deltas[pair]) if node else None,
        "choices": int(fragility.changes.choices[pair]),
    }
