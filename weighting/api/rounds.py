"""/api/v1/rounds/ and /api/v1/rounds/{id}/statistics/."""

from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django_filters import rest_framework as filters
from drf_spectacular.utils import OpenApiResponse
from rest_framework import serializers
from rest_framework.exceptions import APIException
from rest_framework.request import Request
from rest_framework.response import Response

from weighting.api.base import Answer, IdFilter, Resource, described
from weighting.enums import RoundState
from weighting.exceptions import NotReported
from weighting.models import Round
from weighting.selectors.rounds import with_counts
from weighting.selectors.statistics import (
    RoundStatistics,
    reported_rounds_visible_to,
    round_statistics,
    rounds_known_to,
)

# What a void round says of its close.
OF_NO_CLOSE = {"receipt_root": "", "sealed_count": None, "entered_count": None, "excluded_count": None}


class RoundSerializer(serializers.ModelSerializer):
    """A round without a word about what is scored in it; the counts come with the close.

    Of a void round they are not shown.
    """

    entered_count = serializers.IntegerField(
        allow_null=True,
        help_text="Of the sealed ballots, how many a manager entered; they do not count towards k.",
    )
    title = serializers.CharField(help_text="In the language of the request.")

    class Meta:
        model = Round
        fields = [
            "id",
            "title",
            "title_zh",
            "title_en",
            "state",
            "framework",
            "rule",
            "quorum",
            "minimum_panel",
            "consensus_measure",
            "consensus_threshold",
            "exclusion",
            "deadline",
            "questionnaire_hash",
            "receipt_root",
            "invited_count",
            "sealed_count",
            "entered_count",
            "excluded_count",
            "opened_at",
            "closed_at",
        ]

    def to_representation(self, instance: Round) -> dict[str, Any]:
        answer = super().to_representation(instance)
        return answer | OF_NO_CLOSE if instance.state == RoundState.VOID else answer


class RoundFilter(filters.FilterSet):
    framework = IdFilter("framework_id")

    class Meta:
        model = Round
        fields = ["state"]


class Rounds(Resource):
    """Rounds of scoring: those that the visitor manages, or whose statistics the visitor may read."""

    queryset = Round.objects.none()
    serializer_class = RoundSerializer
    filterset_class = RoundFilter
    ordering_fields = ["id", "deadline"]

    def get_queryset(self) -> QuerySet[Round]:
        return with_counts(rounds_known_to(self.account)).order_by("pk")


class ConcordanceSerializer(serializers.Serializer):
    w = serializers.FloatField(help_text="Kendall's W, corrected for ties.")
    chi2 = serializers.FloatField()
    degrees = serializers.IntegerField()
    p_value = serializers.FloatField()


class IntraclassSerializer(serializers.Serializer):
    single = serializers.FloatField(help_text="ICC(2,1).")
    average = serializers.FloatField(help_text="ICC(2,k).")
    single_is_interpretable = serializers.BooleanField(
        help_text="False outside -1 to 1, which few items with large errors can give."
    )
    average_is_interpretable = serializers.BooleanField()


class AgreementSerializer(serializers.Serializer):
    experts = serializers.IntegerField(help_text="Ballots that answer every one of the items.")
    items = serializers.IntegerField()
    concordance = ConcordanceSerializer(allow_null=True)
    icc = IntraclassSerializer(allow_null=True)


class ItemFiguresSerializer(serializers.Serializer):
    code = serializers.CharField(source="indicator.code")
    scores = serializers.ListField(
        child=serializers.IntegerField(),
        help_text="Ballots that gave 1, 2, 3, 4 and 5; empty where fewer than k answered.",
    )
    abstained = serializers.IntegerField()
    mean = serializers.FloatField(allow_null=True)
    median = serializers.FloatField(allow_null=True)
    lower_quartile = serializers.FloatField(allow_null=True)
    upper_quartile = serializers.FloatField(allow_null=True)
    iqr = serializers.FloatField(allow_null=True)
    cv = serializers.FloatField(allow_null=True)
    important = serializers.FloatField(allow_null=True, help_text="Share of the answers that are 4 or 5.")
    consensus = serializers.BooleanField(allow_null=True, help_text="By the round's own rule.")


class GroupFiguresSerializer(serializers.Serializer):
    parent = serializers.CharField(  # type: ignore[assignment]
        source="parent.code", default=None, allow_null=True, help_text="Code; null: the root group."
    )
    agreement = AgreementSerializer()
    items = ItemFiguresSerializer(many=True)


class SectorFiguresSerializer(serializers.Serializer):
    sector = serializers.CharField(
        help_text="`academic`, `industry`, `government` or `other`, else a word of the panel's own."
    )
    ballots = serializers.IntegerField()
    means = serializers.ListField(
        child=serializers.FloatField(allow_null=True),
        help_text="In the order of the items; null where fewer than k of the sector answered.",
    )


class BallotFlagsSerializer(serializers.Serializer):
    number = serializers.IntegerField(help_text="Drawn at random at the close.")
    long_string = serializers.BooleanField()
    low_spread = serializers.BooleanField()
    distant = serializers.BooleanField()


class RoundStatisticsSerializer(serializers.Serializer):
    round = serializers.IntegerField(source="round.pk")
    sealed = serializers.IntegerField()
    excluded = serializers.IntegerField()
    counted = serializers.IntegerField()
    entered = serializers.IntegerField(
        help_text="Of the counted ballots, how many a manager entered; they do not count towards k."
    )
    whole = AgreementSerializer()
    groups = GroupFiguresSerializer(many=True)
    sectors = SectorFiguresSerializer(many=True, help_text="Only sectors with at least k ballots.")
    flags = BallotFlagsSerializer(many=True, help_text="Ballots with a sign of careless answering.")


class Withheld(APIException):
    """Too few ballots count."""

    status_code = 409
    default_code = "withheld"


class RoundStatisticsView(Answer):
    """The statistics of an aggregated round; a round that is not aggregated, or void, is not found."""

    http_method_names = ["get", "head", "options"]

    @described(
        responses={
            200: RoundStatisticsSerializer,
            409: OpenApiResponse(description="Fewer than k ballots count: every figure is withheld."),
        }
    )
    def get(self, request: Request, pk: int) -> Response:
        round_ = get_object_or_404(reported_rounds_visible_to(self.account), pk=pk)
        return Response(RoundStatisticsSerializer(_statistics_of(round_)).data)


def _statistics_of(round_: Round) -> RoundStatistics:
    try:
        return round_statistics(round_)
    except NotReported as refusal:
        raise Withheld(str(refusal)) from refusal
