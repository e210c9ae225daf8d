"""/api/v1/registers/{id}/borders/: the borders of a register, brought as its page brings them."""

from typing import Any

from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.generics import get_object_or_404
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from indexer.forms.borders import BordersForm
from indexer.models import Register, RegisterBorders
from indexer.services.borders import bring_borders, bring_country_borders
from weighting.api.base import Answer, described
from weighting.api.errors import check_form
from weighting.api.table_imports import REFUSED
from weighting.models import Account
from weighting.permissions import STAFF
from weighting.visitors import account_of


class BordersRequest(serializers.Serializer):
    """A file of GeoJSON and whose borders it holds, or `countries` in place of both."""

    file = serializers.FileField(required=False, allow_empty_file=True)
    source = serializers.CharField(  # type: ignore[assignment]
        required=False, allow_blank=True, help_text="Source and licence, which stand under every map."
    )
    countries = serializers.BooleanField(
        required=False, default=False, help_text="Take the borders of countries that come with the product."
    )


class BordersBrought(serializers.Serializer):
    register = serializers.IntegerField(source="register_id")
    source = serializers.CharField()  # type: ignore[assignment]
    units = serializers.SerializerMethodField(help_text="How many units of the register have borders now.")

    def get_units(self, borders: RegisterBorders) -> int:
        return len(borders.shapes)


class RegisterBordersView(Answer):
    """A POST replaces the borders of a register."""

    roles = STAFF
    parser_classes = [MultiPartParser]
    http_method_names = ["post", "options"]

    @described(request={"multipart/form-data": BordersRequest}, responses={201: BordersBrought, 422: REFUSED})
    def post(self, request: Request, pk: int) -> Response:
        register: Any = get_object_or_404(Register, pk=pk)
        asked = BordersRequest(data=request.data)
        asked.is_valid(raise_exception=True)
        borders = _bring(register, request, account_of(request), takes_countries=asked.data["countries"])
        return Response(BordersBrought(borders).data, status=201)


def _bring(
    register: Register, request: Request, account: Account, *, takes_countries: bool
) -> RegisterBorders:
    if takes_countries and request.FILES:
        raise ValidationError({"countries": [_("Send a file or ask for the countries, not both.")]})
    if takes_countries:
        return bring_country_borders(register, actor=account)
    form = BordersForm(request.POST, request.FILES)
    check_form(form)
    said = form.cleaned_data
    return bring_borders(register, source=said["source"], file=said["file"].read(), actor=account)
