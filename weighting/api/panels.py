"""/api/v1/panels/<id>/."""

from rest_framework import serializers
from rest_framework.generics import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response

from weighting.api.base import Answer, described
from weighting.api.table_imports import REFUSED
from weighting.models import Panel
from weighting.permissions import MANAGERS
from weighting.selectors.frameworks import panels_owned_by, panels_visible_to
from weighting.services.panels import remove_panel
from weighting.visitors import account_of


class PanelSerializer(serializers.ModelSerializer):
    """The people of a panel are counted here, and listed on its page alone."""

    experts = serializers.IntegerField(source="expert_count")
    without_address = serializers.IntegerField(
        help_text="How many of them have no e-mail address: they are handed their links, and mailed nothing."
    )

    class Meta:
        model = Panel
        fields = ["id", "name", "experts", "without_address"]


class PanelDetail(Answer):
    """A panel; a DELETE removes one of one's own that no round was drafted with."""

    roles = MANAGERS

    @described(responses={200: PanelSerializer})
    def get(self, request: Request, pk: int) -> Response:
        panel = get_object_or_404(panels_visible_to(account_of(request)), pk=pk)
        return Response(PanelSerializer(panel).data)

    @described(responses={204: None, 422: REFUSED})
    def delete(self, request: Request, pk: int) -> Response:
        account = account_of(request)
        panel = get_object_or_404(panels_owned_by(account), pk=pk)
        remove_panel(panel, actor=account)
        return Response(status=204)
