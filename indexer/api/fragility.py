"""/api/v1/runs/{id}/critical-weights/ and .../pair/."""

from collections.abc import Iterable
from typing import Any

import numpy as np
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from indexer.api.facts import check_run_facts
from indexer.api.pages import answer_page
from indexer.api.run_view import RunView
from indexer.api.units import UnitSerializer, unit_of
from indexer.forms.fragility import PairChoice
from indexer.selectors.cities import cities_of_run
from indexer.selectors.fragility import (
    Fragility,
    NotLinear,
    PairFragility,
    fragility_of,
    pair_fragility_of,
)
from weighting.api.base import PAGE, described
from weighting.api.errors import check_form


class CriticalWeightSerializer(serializers.Serializer):
    """The smallest change of one local weight that ties two neighbours of the ranking."""

    rank = serializers.IntegerField(help_text="Of the better unit.")
    upper = UnitSerializer()
    lower = UnitSerializer()
    gap = serializers.FloatField(help_text="Difference of the scores, on their scale.")
    indicator = serializers.CharField(
        allow_null=True, help_text="Null: no weight of the mean at the top ties the two alone."
    )
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

    @described(
        *PAGE,
        OpenApiParameter("unit", str, description="Name of a unit of the pair, in either language."),
        OpenApiParameter("within", float, description="Largest change, as a part of 1."),
        responses=CriticalWeightPageSerializer,
    )
    def get(self, request: Request, pk: int) -> Response:
        run = self.finished_run(pk)
        check_run_facts(self.account, run)
        try:
            fragility = fragility_of(run)
        except NotLinear:
            raise _not_linear() from None

        def write(pair: int) -> Any:
            return _answer(fragility, pair)

        def foresee(pairs: Iterable[int]) -> None:
            fragility.cities.foresee(np.unique(fragility.changes.pairs[list(pairs)]).tolist())

        pairs = _filtered(fragility, request)
        return answer_page(request, pairs, write, foresee, serializer=CriticalWeightSerializer)


class PairWeightSerializer(serializers.Serializer):
    indicator = serializers.CharField()
    local_before = serializers.FloatField()
    local_after = serializers.FloatField(help_text="Below 0 or above 1 where it is not feasible.")
    change = serializers.FloatField()
    feasible = serializers.BooleanField()


class PairWeightsSerializer(serializers.Serializer):
    run = serializers.IntegerField()
    upper = UnitSerializer()
    lower = UnitSerializer()
    rank_upper = serializers.IntegerField()
    rank_lower = serializers.IntegerField()
    gap = serializers.FloatField(help_text="Difference of the scores, on their scale.")
    weights = PairWeightSerializer(many=True, help_text="Feasible ones first, the smallest change first.")
    not_solved = serializers.ListField(
        child=serializers.CharField(),
        help_text="Codes of the indicators within nodes that are formed otherwise than the mean at the top: "
        "no change of their weights was solved for.",
    )


class PairWeights(RunView):
    """What each weight must become for two units to change places."""

    @described(
        OpenApiParameter("first", str, required=True, description="A unit by name, in either language."),
        OpenApiParameter("second", str, required=True),
        responses=PairWeightsSerializer,
    )
    def get(self, request: Request, pk: int) -> Response:
        run = self.finished_run(pk)
        cities = cities_of_run(run)
        form = PairChoice(request.query_params, cities=cities)
        check_form(form)
        chosen = form.cleaned_data
        try:
            pair = pair_fragility_of(run, cities, chosen["first"], chosen["second"])
        except NotLinear:
            raise _not_linear() from None
        return Response(PairWeightsSerializer(_pair(pair)).data)


def _not_linear() -> ValidationError:
    message = _(
        "Critical weights need a mean at the top of the index, and no weights rescaled for missing values. "
        "A study of weight noise and the what-if ranking take every method."
    )
    return ValidationError({"detail": [message]})


def _pair(pair: PairFragility) -> dict[str, Any]:
    upper, lower = pair.ranks
    return {
        "run": pair.run.pk,
        "upper": unit_of(pair.first),
        "lower": unit_of(pair.second),
        "rank_upper": upper,
        "rank_lower": lower,
        "gap": pair.gap * pair.run.method.scale,
        "weights": [
            {
                "indicator": pair.nodes[node].code,
                "local_before": float(pair.local[node]),
                "local_after": float(pair.local[node] + pair.deltas[node]),
                "change": float(pair.deltas[node]),
                "feasible": bool(pair.feasible[node]),
            }
            for node in pair.order
        ],
        "not_solved": [node.code for node in (*pair.unsolved, *pair.untold)],
    }


def _filtered(fragility: Fragility, request: Request) -> list[int]:
    name, within = request.query_params.get("unit", ""), request.query_params.get("within", "")
    pairs = list(range(fragility.count))
    if name:
        known = {
            position for position, city in enumerate(fragility.cities) if name in (city.name_zh, city.name_en)
        }
        pairs = [pair for pair in pairs if known & set(fragility.changes.pairs[pair].tolist())]
    if within:
        try:
            limit = float(within)
        except ValueError:
            message = _("“%(value)s” is not a number.") % {"value": within}
            raise ValidationError({"within": [message]}) from None
        pairs = [pair for pair in pairs if fragility.sizes[pair] <= limit]
    return pairs


def _answer(fragility: Fragility, pair: int) -> dict[str, Any]:
    upper, lower = (fragility.cities[place] for place in fragility.changes.pairs[pair].tolist())
    node, weights = fragility.node_of(pair), fragility.weights_of(pair)
    return {
        "rank": int(fragility.upper_ranks[pair]),
        "upper": unit_of(upper),
        "lower": unit_of(lower),
        "gap": float(fragility.changes.gaps[pair]) * fragility.run.method.scale,
        "indicator": node.code if node else None,
        "local_before": weights[0] if weights else None,
        "local_after": weights[1] if weights else None,
        "change": float(fragility.changes.deltas[pair]) if node else None,
        "choices": int(fragility.changes.choices[pair]),
    }
