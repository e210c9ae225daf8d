"""/api/v1/frameworks/{id}/share/ and /former/."""

from drf_spectacular.utils import OpenApiResponse
from rest_framework import serializers, status
from rest_framework.generics import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response

from weighting.api.base import Answer, described
from weighting.api.parsers import StrictJSONParser
from weighting.api.serializers import FrameworkSerializer
from weighting.api.table_imports import LARGEST, REFUSED
from weighting.exceptions import Refused
from weighting.models import Framework
from weighting.permissions import STAFF
from weighting.selectors.frameworks import frameworks_owned_by, frameworks_visible_to
from weighting.sentences import join_sentences
from weighting.services.framework_kin import follow_framework
from weighting.services.frameworks import share_framework
from weighting.visitors import account_of

TWICE = OpenApiResponse(description="The same tree is shared already; `detail` names it.")


class FrameworkShare(Answer):
    """A POST shows all staff a framework of one's own, and all that rests on it, for good."""

    roles = STAFF

    @described(request=None, responses={200: FrameworkSerializer, 409: TWICE})
    def post(self, request: Request, pk: int) -> Response:
        account = account_of(request)
        framework = get_object_or_404(frameworks_owned_by(account), pk=pk)
        try:
            share_framework(framework, actor=account)
        except Refused as refusal:
            return Response({"detail": join_sentences(refusal.blockers)}, status=status.HTTP_409_CONFLICT)
        return Response(FrameworkSerializer(frameworks_owned_by(account).get(pk=pk)).data)


class FormerRequest(serializers.Serializer):
    """The edition before, and what nodes were called there."""

    of = serializers.IntegerField(
        allow_null=True, min_value=1, max_value=LARGEST, help_text="A framework; null is none."
    )
    was = serializers.DictField(
        child=serializers.CharField(allow_blank=True),
        required=False,
        help_text="By code, the code there; blank is new. Others are those of the same code.",
    )


class FormerAnswer(serializers.ModelSerializer):
    """What a framework is the next edition of; ``former_codes`` are those that are not the same there."""

    former_codes = serializers.DictField(child=serializers.CharField(allow_blank=True))

    class Meta:
        model = Framework
        fields = ["id", "came_from", "former_codes"]


class FrameworkFormer(Answer):
    """A POST makes a framework of one's own the next edition of another one, so that their years go on."""

    roles = STAFF
    parser_classes = [StrictJSONParser]

    @described(request=FormerRequest, responses={200: FormerAnswer, 422: REFUSED})
    def post(self, request: Request, pk: int) -> Response:
        account = account_of(request)
        framework = get_object_or_404(frameworks_owned_by(account), pk=pk)
        sent = FormerRequest(data=request.data)
        sent.is_valid(raise_exception=True)
        of, was = sent.validated_data["of"], sent.validated_data.get("was", {})
        source = get_object_or_404(frameworks_visible_to(account), pk=of) if of else None
        framework = follow_framework(framework, source=source, was=was, actor=account)
        return Response(FormerAnswer(framework).data)
