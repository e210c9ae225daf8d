"""/api/v1/series-imports/: a file of an outside series, read and stored as its page does."""

import json

from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from indexer.api.imports import LARGEST, REFUSED, WrongFile
from indexer.api.methods import Unprocessable
from indexer.api.series import SeriesSerializer
from indexer.forms.series import SeriesImportForm
from indexer.selectors.registers import counted_registers
from indexer.services.series import SeriesTerms, import_series
from weighting.api.base import Answer, described
from weighting.exceptions import Refused
from weighting.permissions import STAFF
from weighting.readers import FileProblems
from weighting.readers.decisions import Decisions
from weighting.visitors import account_of


class SeriesRequestSerializer(serializers.Serializer):
    """A file of any shape, what its values are, and how it is read."""

    file = serializers.FileField()
    register = serializers.IntegerField(min_value=1, max_value=LARGEST)
    name_zh = serializers.CharField(required=False)
    name_en = serializers.CharField(required=False)
    unit = serializers.CharField()
    year = serializers.IntegerField(min_value=1900, max_value=2100)
    note = serializers.CharField(required=False)
    choices = serializers.CharField(
        required=False, help_text="A JSON object by the keys that a refusal names, as read_table writes them."
    )


class SeriesImports(Answer):
    """A POST sends a series in; what nobody can tell is refused with the key that settles it."""

    roles = STAFF
    parser_classes = [MultiPartParser]

    @described(
        request={"multipart/form-data": SeriesRequestSerializer},
        responses={201: SeriesSerializer, 422: REFUSED},
    )
    def post(self, request: Request) -> Response:
        sent = request.POST.dict()
        decisions = Decisions(_choices(sent.pop("choices", "")))
        form = SeriesImportForm(sent, request.FILES, registers=counted_registers(), register=None)
        if not form.is_valid():
            raise ValidationError({name: [str(text) for text in said] for name, said in form.errors.items()})
        said = dict(form.cleaned_data)
        file = said.pop("file")
        try:
            series = import_series(
                source=file.read(),
                filename=file.name,
                terms=SeriesTerms(**said),
                actor=account_of(request),
                decisions=decisions,
            )
        except FileProblems as found:
            raise WrongFile(found) from found
        except Refused as refusal:
            raise Unprocessable(refusal) from refusal
        return Response(SeriesSerializer(series).data, status=201)


def _choices(text: str) -> dict[str, str]:
    try:
        said = json.loads(text or "{}")
    except (ValueError, RecursionError):
        said = None
    if not isinstance(said, dict) or not all(isinstance(value, str) for value in said.values()):
        message = _("Write a JSON object of texts, such as {“year”: “2020”}.")
        raise ValidationError({"choices": [message]})
    return said
