"""/api/v1/series-imports/: a file of an outside series, read and stored as its page does."""

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from indexer.api.series import SeriesSerializer
from indexer.forms.series import SeriesImportForm
from indexer.selectors.registers import counted_registers
from indexer.services.series import SeriesTerms, import_series
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


class SeriesRequest(TableRequestSerializer):
    """A file of any shape, and what its values are."""

    register = serializers.IntegerField(min_value=1, max_value=LARGEST)
    name_zh = serializers.CharField(required=False, allow_blank=True)
    name_en = serializers.CharField(required=False, allow_blank=True)
    unit = serializers.CharField()
    year = serializers.IntegerField(min_value=1900, max_value=2100)
    total = serializers.CharField(
        required=False, allow_blank=True, help_text="Of the whole nation, as published, digit for digit."
    )
    note = serializers.CharField(required=False, allow_blank=True)


class SeriesBrought(ReadingTold, SeriesSerializer):
    class Meta(SeriesSerializer.Meta):
        fields = [*SeriesSerializer.Meta.fields, *READING]


class SeriesImports(TableImports):
    """A POST sends a series in; what nobody can tell is refused with the key that settles it."""

    roles = STAFF

    @described(request={"multipart/form-data": SeriesRequest}, responses={201: SeriesBrought, 422: REFUSED})
    def post(self, request: Request) -> Response:
        account = account_of(request)
        form = SeriesImportForm(request.POST, request.FILES, registers=counted_registers(), register=None)
        series, decisions = self.bring_in(
            *(request, form, SeriesRequest),
            lambda said, sent: import_series(**sent, terms=SeriesTerms(**said), actor=account),
        )
        return answer_made(SeriesBrought, series, decisions)
