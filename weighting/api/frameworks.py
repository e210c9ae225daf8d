"""/api/v1/frameworks/{id}/share/."""

from drf_spectacular.utils import OpenApiResponse
from rest_framework import status
from rest_framework.generics import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response

from weighting.api.base import Answer, described
from weighting.api.serializers import FrameworkSerializer
from weighting.exceptions import Refused
from weighting.permissions import STAFF
from weighting.selectors.frameworks import frameworks_owned_by
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
            return Response({"detail": " ".join(refusal.blockers)}, status=status.HTTP_409_CONFLICT)
        return Response(FrameworkSerializer(frameworks_owned_by(account).get(pk=pk)).data)
