"""/api/v1/register-imports/: a file of units, stored as its page does."""

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from indexer.api.registers import RegisterSerializer
from indexer.forms.registers import RegisterImportForm
from indexer.selectors.registers import counted_registers
from indexer.services.registers import import_register
from weighting.api.base import described
from weighting.api.table_imports import (
    LARGEST,
    READING,
    REFUSED,
    ReadingTold,
    TableImports,
    TableRequestSerializer,
    answer_made,
)
from weighting.permissions import STAFF
from weighting.visitors import account_of


class RegisterRequest(TableRequestSerializer):
    """A file of units, and the register that they are added to, or the words of a new one."""

    register = serializers.IntegerField(
        min_value=1, max_value=LARGEST, required=False, help_text="A new one is made without it."
    )
    name_zh = serializers.CharField(required=False, allow_blank=True)
    name_en = serializers.CharField(required=False, allow_blank=True)
    unit_zh = serializers.CharField(required=False, allow_blank=True, help_text="The word for a unit.")
    unit_en = serializers.CharField(required=False, allow_blank=True)
    units_en = serializers.CharField(required=False, allow_blank=True)
    province_zh = serializers.CharField(
        required=False, allow_blank=True, help_text="The word for what units lie in."
    )
    province_en = serializers.CharField(required=False, allow_blank=True)
    region_zh = serializers.CharField(
        required=False, allow_blank=True, help_text="The word for what those lie in."
    )
    region_en = serializers.CharField(required=False, allow_blank=True)


class RegisterBrought(ReadingTold, RegisterSerializer):
    class Meta(RegisterSerializer.Meta):
        fields = [*RegisterSerializer.Meta.fields, *READING]


class RegisterImports(TableImports):
    """A POST makes a register of a file of units, or adds them to one that is there."""

    roles = STAFF

    @described(
        request={"multipart/form-data": RegisterRequest}, responses={201: RegisterBrought, 422: REFUSED}
    )
    def post(self, request: Request) -> Response:
        account = account_of(request)
        form = RegisterImportForm(request.POST, request.FILES, registers=counted_registers())
        register, decisions = self.bring_in(
            *(request, form, RegisterRequest),
            lambda _said, sent: import_register(**sent, into=form.into(), actor=account),
        )
        register = counted_registers().get(pk=register.pk)
        return answer_made(RegisterBrought, register, decisions)
