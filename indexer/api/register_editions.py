"""/api/v1/registers/{id}/editions/, .../corrections/ and /api/v1/register-corrections/."""

from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.generics import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response

from indexer.forms.registers import CorrectionForm
from indexer.models import Register, RegisterEdition, UnitCorrection
from indexer.selectors.register_editions import editions_of_register, provinces_told, told_correction
from indexer.selectors.registers import counted_registers
from indexer.services.register_editions import CorrectionFile, correct_register
from weighting.api.base import Resource, described
from weighting.api.table_imports import (
    LARGEST,
    READING,
    REFUSED,
    ReadingTold,
    TableImports,
    TableRequestSerializer,
    answer_made,
)
from weighting.permissions import MANAGERS
from weighting.visitors import account_of


class RegisterEditionSerializer(serializers.ModelSerializer):
    """A corrected edition; the first one of a register has no entry."""

    corrected = serializers.IntegerField(help_text="Units that it changed; see `corrections`.")

    class Meta:
        model = RegisterEdition
        fields = [
            *("id", "register", "number", "reason", "corrected", "added"),
            *("file_name", "file_sha256", "created_at"),
        ]


class UnitCorrectionSerializer(serializers.Serializer):
    """What an edition changed of a unit, by column; places by their names."""

    id = serializers.IntegerField()
    edition = serializers.IntegerField(source="edition.number")
    unit = serializers.IntegerField(source="city_id")
    before = serializers.SerializerMethodField()
    after = serializers.SerializerMethodField()

    def get_before(self, correction: UnitCorrection) -> dict[str, Any]:
        return self._side(correction, 0)

    def get_after(self, correction: UnitCorrection) -> dict[str, Any]:
        return self._side(correction, 1)

    def _side(self, correction: UnitCorrection, side: int) -> dict[str, Any]:
        provinces = self.context.get("provinces") or {}
        return {column: pair[side] for column, pair in told_correction(correction, provinces).items()}


class RegisterEditions(Resource):
    """The corrected editions of a register, the newest first."""

    queryset = RegisterEdition.objects.none()
    serializer_class = RegisterEditionSerializer
    ordering_fields = ["number"]

    def get_queryset(self) -> QuerySet[RegisterEdition]:
        if getattr(self, "swagger_fake_view", False):
            return self.queryset
        return editions_of_register(get_object_or_404(Register, pk=self.kwargs["pk"]))


class UnitCorrections(Resource):
    """What the editions of a register changed, unit by unit."""

    queryset = UnitCorrection.objects.none()
    serializer_class = UnitCorrectionSerializer
    ordering_fields = ["id"]

    def get_queryset(self) -> QuerySet[UnitCorrection]:
        if getattr(self, "swagger_fake_view", False):
            return self.queryset
        register = get_object_or_404(Register, pk=self.kwargs["pk"])
        corrections = UnitCorrection.objects.filter(edition__register=register.pk)
        return corrections.select_related("edition").order_by("-edition__number", "city_id")

    def get_serializer(self, *args: Any, **kwargs: Any) -> Any:
        """Look up the places of this page alone."""
        if args:
            kwargs["context"] = {**self.get_serializer_context(), "provinces": provinces_told(args[0])}
        return super().get_serializer(*args, **kwargs)


class CorrectionRequest(TableRequestSerializer):
    """A file of units, and why it corrects a register."""

    register = serializers.IntegerField(min_value=1, max_value=LARGEST)
    reason = serializers.CharField(max_length=2000)
    adds = serializers.BooleanField(required=False, help_text="Whether units that are not there are added.")


class EditionMade(ReadingTold, RegisterEditionSerializer):
    class Meta(RegisterEditionSerializer.Meta):
        fields = [*RegisterEditionSerializer.Meta.fields, *READING]


class RegisterCorrections(TableImports):
    """A POST makes the next edition of a register; what was computed keeps what it was computed with."""

    roles = MANAGERS

    @described(request={"multipart/form-data": CorrectionRequest}, responses={201: EditionMade, 422: REFUSED})
    def post(self, request: Request) -> Response:
        form = CorrectionForm(request.POST, request.FILES)

        def store(said: dict[str, Any], sent: dict[str, Any]) -> RegisterEdition:
            register = get_object_or_404(counted_registers(), pk=request.POST.get("register"))
            file = CorrectionFile(sent["source"], sent["filename"], sent["decisions"])
            return correct_register(register, file=file, **said, actor=account_of(request))

        edition, decisions = self.bring_in(request, form, CorrectionRequest, store)
        told = editions_of_register(edition.register).get(pk=edition.pk)
        return answer_made(EditionMade, told, decisions)
