"""/api/v1/runs/{id}/cities/{id}/indicators/."""

from collections.abc import Sequence
from typing import Any, cast, get_args

import numpy as np
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from indexer.api.run_view import NODE, RunView
from indexer.api.units import UnitSerializer, unit_of
from indexer.models import Run
from indexer.selectors.cities import PROVINCE, REGION
from indexer.selectors.node_scores import NodeScores
from indexer.selectors.preparations import CHANGES
from indexer.selectors.profiles import city_profile_of
from indexer.selectors.published import codes_given_raw
from indexer.selectors.unit_indicators import BY_RANK, IndicatorOfCity, Order, UnitIndicators
from indexer.studies.registry import imputation_studies_of
from weighting.api.base import PAGE, Pages, described
from weighting.requests import read_id


class IndicatorOfCitySerializer(serializers.Serializer):
    """Scores and parts are unrounded, on the scale of the method; null where there is nothing."""

    indicator = serializers.CharField(help_text="Its code.")
    is_leaf = serializers.BooleanField()
    direction = serializers.IntegerField(allow_null=True, help_text="Of a leaf; -1: lower is better.")
    raw = serializers.FloatField(
        allow_null=True, help_text="As the data set holds it; null for whoever may not have the raw values."
    )
    treated = serializers.FloatField(
        allow_null=True, help_text="As it is normalised: divided, filled in, transformed, drawn in."
    )
    changes = serializers.ListField(child=serializers.ChoiceField(choices=[(name, name) for name in CHANGES]))
    score = serializers.FloatField(allow_null=True, help_text="Of a leaf the normalised value.")
    weight = serializers.FloatField(
        help_text="Global, rescaled where something is left out; 0 for what is missing."
    )
    part = serializers.FloatField(
        allow_null=True, help_text="What it adds to the score; null where the score is no such sum."
    )
    imputed = serializers.FloatField(help_text="Which share of the weight behind it was filled in.")
    rank = serializers.IntegerField(allow_null=True)
    ranked = serializers.IntegerField(help_text="How many have a rank here.")
    rank_among_peers = serializers.IntegerField(allow_null=True)
    peers = serializers.IntegerField(help_text="How many of the peers have a rank here, with the unit.")
    peer_median = serializers.FloatField(allow_null=True, help_text="Of their raw values.")
    other_raw = serializers.FloatField(allow_null=True)
    other_rank = serializers.IntegerField(allow_null=True)
    gap = serializers.FloatField(
        allow_null=True,
        help_text="What it adds to the score less that of the other; null where it has no parts.",
    )


class UnitIndicatorsSerializer(UnitSerializer):
    run = serializers.IntegerField()
    rank = serializers.IntegerField(allow_null=True)
    imputed = serializers.FloatField(
        help_text="Which share of the weight of its score rests on values that were filled in."
    )
    imputation_studies = serializers.ListField(
        child=serializers.IntegerField(), help_text="Finished studies that vary how gaps are filled in."
    )
    other = serializers.IntegerField(allow_null=True, help_text="The unit that the gap is to.")
    count = serializers.IntegerField()
    next = serializers.CharField(allow_null=True)
    previous = serializers.CharField(allow_null=True)
    results = IndicatorOfCitySerializer(many=True)


class UnitIndicatorsView(RunView):
    """A unit of a finished run, indicator by indicator, among its peers and against one of them."""

    @described(
        NODE,
        OpenApiParameter("order", str, enum=list(get_args(Order)), default="tree"),
        OpenApiParameter(
            "peers",
            str,
            default=BY_RANK,
            description="rank: the nearest; or the level whose place is shared, as in `level`.",
        ),
        OpenApiParameter(
            "against", int, description="Id of another unit; the next better one by rank without it."
        ),
        *PAGE,
        responses=UnitIndicatorsSerializer,
    )
    def get(self, request: Request, pk: int, city_pk: int) -> Response:
        subject = self.node_scores(pk)
        profile = city_profile_of(subject, city_pk, self.account)
        if profile is None:
            raise NotFound
        found = UnitIndicators(
            profile,
            self._asked(
                "peers", (BY_RANK, REGION, PROVINCE, *(one.code for one in subject.cities.groupings))
            ),
            self._against(subject),
            given=codes_given_raw(self.account, subject.run),
        )
        pages = Pages()
        nodes: Any = found.listed(subject.node, cast(Order, self._asked("order", get_args(Order))))
        chosen = pages.paginate_queryset(nodes, request, view=self) or []
        rows = [_row(row, subject.scale) for row in found.rows(chosen)]
        page = pages.get_paginated_response(rows).data
        return Response(UnitIndicatorsSerializer(self._about(found, subject.run) | page).data)

    def _about(self, found: UnitIndicators, run: Run) -> dict[str, Any]:
        studies = imputation_studies_of(run, self.account) if found.imputed_share else []
        return {
            **unit_of(found.profile.city),
            "run": run.pk,
            "rank": found.profile.rank or None,
            "imputed": found.imputed_share,
            "imputation_studies": [study.pk for study in studies],
            "other": found.other_city.pk if found.other_city else None,
        }

    def _asked(self, name: str, known: Sequence[str]) -> str:
        value = self.request.query_params.get(name) or known[0]
        if value not in known:
            words = {"value": value, "known": _(", ").join(known)}
            raise ValidationError({name: _("“%(value)s” is not one of: %(known)s.") % words})
        return value

    def _against(self, subject: NodeScores) -> int | None:
        text = self.request.query_params.get("against", "")
        if text and read_id(text) not in subject.cities.ids:
            raise ValidationError({"against": _("“%(value)s” is not a unit of this run.") % {"value": text}})
        return read_id(text)


def _row(row: IndicatorOfCity, scale: float) -> dict[str, Any]:
    numbers = {
        "raw": row.raw,
        "treated": row.treated,
        "score": row.score * scale,
        "weight": row.weight,
        "part": row.part * scale,
        "imputed": row.imputed,
        "rank": row.rank,
        "ranked": row.count,
        "rank_among_peers": row.rank_among_peers,
        "peers": row.peers,
        "peer_median": row.peer_median,
        "other_raw": row.other_raw,
        "other_rank": row.other_rank,
        "gap": row.gap * scale,
    }
    return {
        "indicator": row.node.code,
        "is_leaf": row.node.is_leaf,
        "direction": row.node.direction if row.node.is_leaf else None,
        "changes": row.changes,
        **{name: None if np.isnan(value) else value for name, value in numbers.items()},
    }
