"""/api/v1/indices/ and their rankings."""

from typing import Any

import numpy as np
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.generics import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response

from indexer.api.pages import page_of
from indexer.api.run_view import RunView
from indexer.models import BranchIndex
from indexer.selectors.families import BranchRanking, branches_visible_to
from indexer.selectors.node_scores import node_scores_of
from weighting.api.base import PAGE, Pages, Resource, described
from weighting.requests import read_id


class BranchIndexSerializer(serializers.ModelSerializer):
    name = serializers.CharField(help_text="In the language of the request.")
    framework = serializers.IntegerField(source="node.framework_id")
    node = serializers.CharField(source="node.code")

    class Meta:
        model = BranchIndex
        fields = ["id", "name", "name_zh", "name_en", "note", "framework", "node", "created_at"]


class BranchIndices(Resource):
    """Branches of frameworks that are published as indices of their own."""

    queryset = BranchIndex.objects.none()
    serializer_class = BranchIndexSerializer

    def get_queryset(self) -> QuerySet[BranchIndex]:
        return branches_visible_to(self.account).order_by("pk")


class BranchRankingSerializer(serializers.Serializer):
    unit = serializers.CharField()
    unit_en = serializers.CharField()
    unit_code = serializers.CharField()
    score = serializers.FloatField(allow_null=True, help_text="Unrounded, on the scale of the method.")
    rank = serializers.IntegerField(allow_null=True, help_text="Null where the unit has nothing of it.")
    rank_in_whole = serializers.IntegerField()
    shift = serializers.IntegerField(allow_null=True, help_text="Places higher than in the whole.")


class BranchRankingView(RunView):
    """The units of a finished run ranked on a branch, beside their ranks in the whole."""

    @described(
        OpenApiParameter("run", int, required=True, description="A finished run."),
        *PAGE,
        responses=page_of(BranchRankingSerializer),
    )
    def get(self, request: Request, pk: int) -> Response:
        branch = get_object_or_404(branches_visible_to(self.account), pk=pk)
        asked = read_id(request.query_params.get("run", ""))
        if asked is None:
            raise serializers.ValidationError(
                {"run": [_("Write the id of a finished run of the framework.")]}
            )
        run = self.finished_run(asked)
        if run.data_set.framework_id != branch.node.framework_id:
            raise NotFound
        ranking = BranchRanking(branch, node_scores_of(run, branch.node.code))
        pages = Pages()
        order: list[Any] = ranking.order
        chosen: list[int] = pages.paginate_queryset(order, request, view=self) or []  # type: ignore[arg-type]
        rows = [_row(ranking, position) for position in chosen]
        return pages.get_paginated_response(BranchRankingSerializer(rows, many=True).data)


def _row(ranking: BranchRanking, position: int) -> dict[str, Any]:
    subject = ranking.subject
    city, score = subject.cities[position], float(subject.scores[position])
    rank = int(subject.ranks[position]) or None
    return {
        "unit": city.own_name,
        "unit_en": city.name_en,
        "unit_code": city.code,
        "score": None if np.isnan(score) else score * ranking.subject.scale,
        "rank": rank,
        "rank_in_whole": int(ranking.whole_ranks[position]),
        "shift": int(ranking.shifts[position]) if rank else None,
    }
