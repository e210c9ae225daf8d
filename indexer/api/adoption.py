"""POST /api/v1/runs/{id}/adopt/: the method of a ranking becomes that of its data."""

from drf_spectacular.utils import OpenApiResponse
from rest_framework import serializers
from rest_framework.generics import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response

from indexer.models import DataSet
from indexer.selectors.runs import runs_visible_to
from indexer.services.adoption import adopt_method
from weighting.api.base import Answer, described
from weighting.permissions import STAFF
from weighting.visitors import account_of


class AdoptionSerializer(serializers.Serializer):
    """Why, and whether of every year of the series."""

    reason = serializers.CharField(max_length=2000)
    every_year = serializers.BooleanField(required=False, default=False)


class AdoptedSerializer(serializers.ModelSerializer):
    """An edition with the values of the one before, computed by the method of the ranking."""

    class Meta:
        model = DataSet
        fields = ["id", "year", "edition", "sha256"]


class AdoptMethod(Answer):
    """A POST stores the next edition of the run's data, of one year or of all."""

    roles = STAFF
    http_method_names = ["post", "options"]

    @described(
        request=AdoptionSerializer,
        responses={
            201: AdoptedSerializer(many=True),
            422: OpenApiResponse(description="The data cannot be computed so; `blockers` says why."),
        },
    )
    def post(self, request: Request, pk: int) -> Response:
        account = account_of(request)
        run = get_object_or_404(runs_visible_to(account), pk=pk)
        asked = AdoptionSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        made = adopt_method(run, **asked.validated_data, actor=account)
        return Response(AdoptedSerializer(made, many=True).data, status=201)
