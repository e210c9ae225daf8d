"""/api/v1/runs/{id}/map/."""

from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from indexer.api.pages import MOST_UNITS, PAGE_OF_UNITS, asked_units
from indexer.api.run_view import NODE, PLACES, RunView
from indexer.api.unranked import UNRANKED, first_unranked
from indexer.enums import RunStatus
from indexer.selectors.map_points import MapPoint, placement_of, points_along
from indexer.selectors.node_scores import NodeScores, node_scores_of
from indexer.selectors.runs import runs_with_nodes_visible_to
from weighting.api.base import described
from weighting.requests import read_id


class MapPointSerializer(serializers.Serializer):
    unit = serializers.CharField(source="city.own_name")
    unit_en = serializers.CharField(source="city.name_en")
    unit_code = serializers.CharField(source="city.code")
    latitude = serializers.FloatField(source="city.latitude", help_text="Degrees north, WGS 84.")
    longitude = serializers.FloatField(source="city.longitude", help_text="Degrees east.")
    score = serializers.SerializerMethodField(help_text="Unrounded, on the scale of the method.")
    rank = serializers.IntegerField()
    shift = serializers.IntegerField(allow_null=True, help_text="Places gained against the other run.")

    changed_values = serializers.IntegerField(
        source="changed", help_text="How many values behind the score were filled in, left out or treated."
    )

    def get_score(self, point: MapPoint) -> float:
        return point.score * self.context["scale"]


class MapSerializer(serializers.Serializer):
    run = serializers.IntegerField()
    against = serializers.IntegerField(allow_null=True)
    node = serializers.CharField(allow_null=True, help_text="Null: the composite.")
    count = serializers.IntegerField(help_text="How many have coordinates: `points` is a page of them.")
    points = MapPointSerializer(many=True, help_text="By rank.")
    unplaced_count = serializers.IntegerField(help_text="How many have none: the first of them are named.")
    unplaced = serializers.ListField(
        child=serializers.CharField(), help_text="Chinese names of units without coordinates."
    )
    unplaced_codes = serializers.ListField(child=serializers.CharField(), help_text="Their codes.")
    unranked = UNRANKED


class MapOfRun(RunView):
    """The units of a finished run with their coordinates, scores, ranks and shifts."""

    @described(
        NODE,
        *PLACES,
        *PAGE_OF_UNITS,
        OpenApiParameter("against", int, description="Id of a run of the same data set."),
        responses=MapSerializer,
    )
    def get(self, request: Request, pk: int) -> Response:
        subject = self.node_scores(pk)
        other = self._other(subject)
        found = placement_of(subject, self.positions_asked(subject.cities))
        points = points_along(subject, other, asked_units(request, found.placed.tolist()))
        unplaced = list(subject.cities.along(found.unplaced[:MOST_UNITS].tolist()))
        answer: dict[str, Any] = {
            "run": subject.run.pk,
            "against": other.run.pk if other else None,
            "node": subject.node.code if subject.node else None,
            "count": len(found.placed),
            "points": list(points),
            "unplaced_count": len(found.unplaced),
            "unplaced": [city.own_name for city in unplaced],
            "unplaced_codes": [city.code for city in unplaced],
            "unranked": first_unranked(subject),
        }
        return Response(MapSerializer(answer, context={"scale": subject.scale}).data)

    def _other(self, subject: NodeScores) -> NodeScores | None:
        asked = self.request.query_params.get("against", "")
        if not asked:
            return None
        runs = runs_with_nodes_visible_to(self.account).filter(
            data_set=subject.run.data_set_id, status=RunStatus.DONE
        )
        run = runs.filter(pk=read_id(asked) or 0).first()
        if run is None:
            message = _("No finished run of this data set has the number “%(asked)s”.") % {"asked": asked}
            raise ValidationError({"against": [message]})
        return node_scores_of(run, subject.node.code if subject.node else "")
