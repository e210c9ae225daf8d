"""/api/v1/runs/{id}/nodes-pair/: two figures of a run against each other."""

from typing import Any

import numpy as np
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from indexer.api.run_view import RunView
from indexer.forms.coherence import PairChoice
from indexer.numeric.comparison.association import QUADRANTS
from indexer.selectors.node_pairs import SERIES, NodePair
from indexer.selectors.node_scores import node_scores_of
from indexer.selectors.series import series_beside
from weighting.api.base import described


class PairedUnitSerializer(serializers.Serializer):
    unit = serializers.CharField()
    unit_en = serializers.CharField()
    unit_code = serializers.CharField()
    a = serializers.FloatField()
    b = serializers.FloatField()
    residual = serializers.FloatField(help_text="Externally studentised; 0 without a line.")
    quadrant = serializers.ChoiceField(choices=list(QUADRANTS), help_text="Of a, then of b.")


class NodesPairSerializer(serializers.Serializer):
    run = serializers.IntegerField()
    a = serializers.CharField()
    b = serializers.CharField(allow_null=True, help_text="Null: the composite.")
    count = serializers.IntegerField()
    pearson = serializers.FloatField(allow_null=True)
    spearman = serializers.FloatField(allow_null=True)
    slope = serializers.FloatField(allow_null=True)
    intercept = serializers.FloatField(allow_null=True)
    median_a = serializers.FloatField(allow_null=True)
    median_b = serializers.FloatField(allow_null=True)
    units = PairedUnitSerializer(many=True)


class NodesPair(RunView):
    """Two figures of all units of a finished run, with line, medians and quadrants."""

    @described(
        OpenApiParameter("a", str, required=True, description="Code of an indicator, or series:ID."),
        OpenApiParameter("b", str, description="Code of an indicator; the composite without it."),
        responses=NodesPairSerializer,
    )
    def get(self, request: Request, pk: int) -> Response:
        run = self.finished_run(pk)
        subject, series = node_scores_of(run), list(series_beside(run, self.account))
        asked = {name: request.query_params.get(name, "") for name in ("a", "b")}
        form = PairChoice(asked, nodes=subject.nodes, series=series)
        pair = NodePair(subject, form.across, form.upwards)
        wrong = {
            name: code
            for name, code, known in zip("ab", asked.values(), pair.codes, strict=True)
            if code != known
        }
        if wrong:
            raise ValidationError({name: [_unknown(code)] for name, code in wrong.items()})
        return Response(NodesPairSerializer(_answer(pair)).data)


def _unknown(code: str) -> str:
    if code.startswith(SERIES):
        return _("There is no series with the number “%(asked)s”.") % {"asked": code.removeprefix(SERIES)}
    return _("The framework has no indicator “%(code)s”.") % {"code": code}


def _answer(pair: NodePair) -> dict[str, Any]:
    across, upwards = pair.codes
    medians = pair.medians if len(pair.positions) else (None, None)
    return {
        "run": pair.subject.run.pk,
        "a": across,
        "b": upwards or None,
        "count": pair.association.count,
        "pearson": _defined(pair.association.pearson),
        "spearman": _defined(pair.association.spearman),
        "slope": pair.line.slope if pair.line else None,
        "intercept": pair.line.intercept if pair.line else None,
        "median_a": medians[0],
        "median_b": medians[1],
        "units": list(_units(pair)),
    }


def _units(pair: NodePair) -> list[dict[str, Any]]:
    cities, found = pair.subject.cities, []
    for at, place in enumerate(pair.positions.tolist()):
        city = cities[place]
        found.append(
            {
                "unit": city.own_name,
                "unit_en": city.name_en,
                "unit_code": city.code,
                "a": float(pair.x[at]),
                "b": float(pair.y[at]),
                "residual": float(pair.residuals[at]),
                "quadrant": QUADRANTS[pair.quadrants[at]],
            }
        )
    return found


def _defined(value: float) -> float | None:
    return None if np.isnan(value) else value
