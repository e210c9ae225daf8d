"""/api/v1/runs/{id}/what-if/."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from indexer.api.pages import PAGE_OF_UNITS, asked_units
from indexer.api.run_view import RunView
from indexer.numeric.scores.composite import CompositeError
from indexer.numeric.scores.weight_state import WeightStateError, state_text
from indexer.selectors.what_if import WhatIf, what_if_of
from weighting.api.base import described
from weighting.numeric.tree import global_weights

STATE = OpenApiParameter(
    "w",
    str,
    description=(
        "The weights to try: '1', then for each changed sibling group '~', its number and the weights of its "
        "members in millionths, joined by '.', all in base 36. Group 0 is the root; the others follow by the "
        "position of their parent. Groups that are not named keep the run's weights."
    ),
)


class TriedWeightSerializer(serializers.Serializer):
    code = serializers.CharField()
    local_weight = serializers.FloatField()
    global_weight = serializers.FloatField()


class TriedCitySerializer(serializers.Serializer):
    unit = serializers.CharField()
    unit_en = serializers.CharField()
    unit_code = serializers.CharField()
    score = serializers.FloatField(
        allow_null=True,
        help_text="Unrounded, on the scale of the method; null where values may not be given away.",
    )
    rank = serializers.IntegerField()
    nominal_rank = serializers.IntegerField(help_text="Under the run's own weights.")
    shift = serializers.IntegerField(help_text="Places gained.")


class WhatIfSerializer(serializers.Serializer):
    run = serializers.IntegerField()
    w = serializers.CharField(allow_blank=True)
    mean_absolute_shift = serializers.FloatField(help_text="R_S, over all units.")
    moved = serializers.IntegerField(help_text="Units whose rank is another.")
    swapped_pairs = serializers.IntegerField(help_text="Pairs of units whose order is another.")
    weights = TriedWeightSerializer(many=True, help_text="In the order of the framework.")
    count = serializers.IntegerField(help_text="How many units are ranked: `units` is a page of them.")
    cities = TriedCitySerializer(many=True, help_text="In the order of the data set.")


class WhatIfOfRun(RunView):
    """Scores and ranks of a finished run under other weights, a page of units of at most 10,000."""

    @described(STATE, *PAGE_OF_UNITS, responses=WhatIfSerializer)
    def get(self, request: Request, pk: int) -> Response:
        text = request.query_params.get("w", "")
        try:
            tried = what_if_of(self.finished_run(pk), text)
            positions = asked_units(request, range(len(tried.cities)))
            return Response(WhatIfSerializer(_answer(tried, positions)).data)
        except WeightStateError as error:
            message = _("“%(part)s” states no weights of this tree (%(kind)s).")
            raise ValidationError({"w": [message % {"part": error.part, "kind": error.kind}]}) from None
        except CompositeError as error:
            raise ValidationError({"w": [_no_ranking(error)]}) from None


def _no_ranking(error: CompositeError) -> str:
    if error.kind == "nothing_present":
        message = ngettext(
            "%(count)s unit has nothing of any weight: give weight to what it has.",
            "%(count)s units have nothing of any weight: give weight to what they have.",
            len(error.cities),
        )
        return message % {"count": len(error.cities)}
    return _(
        "A mean of this method takes only parts above zero, and under these weights one of them is not. Give "
        "less weight to what is below zero."
    )


def _answer(tried: WhatIf, positions: Sequence[int]) -> dict[str, Any]:
    weights = zip(tried.tree.codes, tried.local, global_weights(tried.tree, tried.local), strict=True)
    columns = (tried.shown_scores, tried.ranks, tried.nominal_ranks, tried.shifts)
    figures = zip(
        tried.cities.along(positions), *(column[list(positions)] for column in columns), strict=True
    )
    return {
        "run": tried.run.pk,
        "w": state_text(tried.state),
        "mean_absolute_shift": tried.mean_shift,
        "moved": tried.moved,
        "swapped_pairs": tried.swaps(0)[0],
        "weights": [
            {"code": code, "local_weight": local, "global_weight": global_}
            for code, local, global_ in weights
        ],
        "count": len(tried.cities),
        "cities": [
            {
                "unit": city.own_name,
                "unit_en": city.name_en,
                "unit_code": city.code,
                "score": None if np.isnan(score) else score * tried.run.method.scale,
                "rank": rank,
                "nominal_rank": nominal,
                "shift": shift,
            }
            for city, score, rank, nominal, shift in figures
        ],
    }
