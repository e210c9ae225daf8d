"""POST /api/v1/datasets/{id}/runs/: compute a data set by another method."""

from drf_spectacular.utils import OpenApiResponse
from rest_framework import serializers
from rest_framework.generics import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response

from indexer.api.serializers import MethodSerializer
from indexer.dispatch import compute_with_method, compute_years_together
from indexer.enums import Negative, Normalisation, Outliers
from indexer.forms.methods import COMMON
from indexer.numeric.method.aggregations import AGGREGATIONS
from indexer.numeric.method.gaps import MISSING_POLICIES
from indexer.numeric.method.plan import MOST_DIGITS
from indexer.selectors.data_sets import data_sets_visible_to
from indexer.selectors.methods import frozen_versions_of
from indexer.services.methods import choice_as_stated, choose_instead, use_method_on
from weighting.api.base import Answer, described
from weighting.permissions import STAFF
from weighting.visitors import account_of

BOUNDS = [("own", "of the data set"), (COMMON, "common to all years of its series")]
# A column of whole numbers holds no more.
LARGEST_NUMBER = 2**31 - 1


class ChoiceSerializer(serializers.Serializer):
    """What is not said is as in the data set's own method."""

    normalisation = serializers.ChoiceField(choices=Normalisation.choices, required=False)
    negative = serializers.ChoiceField(choices=Negative.choices, required=False)
    missing = serializers.CharField(
        required=False, max_length=120, help_text=f"{', '.join(MISSING_POLICIES)}, group_mean:COLUMN, …"
    )
    aggregation = serializers.CharField(
        required=False, max_length=24, help_text=f"{', '.join(AGGREGATIONS)}, power:p."
    )
    outliers = serializers.ChoiceField(choices=Outliers.choices, required=False)
    skewness_limit = serializers.FloatField(min_value=0, required=False)
    kurtosis_limit = serializers.FloatField(min_value=0, required=False)
    winsorised_most = serializers.IntegerField(min_value=1, max_value=10_000, required=False)
    denominators = serializers.DictField(
        child=serializers.CharField(), required=False, help_text="Code of a leaf: code of a column."
    )
    coverage = serializers.FloatField(min_value=0, max_value=1, required=False)
    floor = serializers.FloatField(min_value=0, required=False, allow_null=True)
    leaves = serializers.DictField(
        child=serializers.DictField(), required=False, help_text="Code of a leaf: its cells by column."
    )
    nodes = serializers.DictField(
        child=serializers.DictField(), required=False, help_text="The same of inner nodes; '' is the index."
    )
    scale = serializers.FloatField(min_value=0, required=False)
    digits = serializers.IntegerField(min_value=0, max_value=MOST_DIGITS, required=False, allow_null=True)


class RunRequestSerializer(serializers.Serializer):
    method = ChoiceSerializer()
    bounds = serializers.ChoiceField(
        choices=BOUNDS,
        required=False,
        default="own",
        help_text="“common”: blank bounds are those of all years of the series, which all are computed.",
    )
    versions = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=LARGEST_NUMBER),
        required=False,
        help_text="Numbers of frozen versions; all of them when left out.",
    )


class RunRequestAnswer(serializers.Serializer):
    method = MethodSerializer()
    versions = serializers.ListField(child=serializers.IntegerField())
    new = serializers.IntegerField(help_text="Runs that were not there before.")


class DataSetRuns(Answer):
    """Runs of a data set by another method; they are listed by /api/v1/runs/?dataset=."""

    roles = STAFF
    http_method_names = ["post", "options"]

    @described(
        request=RunRequestSerializer,
        responses={
            202: RunRequestAnswer,
            422: OpenApiResponse(description="The data cannot be computed so; `blockers` says why."),
        },
    )
    def post(self, request: Request, pk: int) -> Response:
        account = account_of(request)
        data_set = get_object_or_404(data_sets_visible_to(account), pk=pk)
        asked = RunRequestSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        wanted = asked.validated_data.get("versions")
        frozen = frozen_versions_of(data_set.framework_id)
        versions = list(frozen if wanted is None else frozen.filter(number__in=wanted))
        given = dict(asked.validated_data["method"])
        own = choice_as_stated(data_set.method, data_set.framework_id)
        method = use_method_on(data_set, choose_instead(own, given))
        if asked.validated_data["bounds"] == COMMON:
            method, new = compute_years_together(data_set, versions=versions, method=method, actor=account)
        else:
            new = compute_with_method(data_set, versions=versions, method=method, actor=account)
        answer = {"method": method, "versions": [version.number for version in versions], "new": new}
        return Response(RunRequestAnswer(answer).data, status=202)
