"""/api/v1/imports/: a file of data sent in, mapped, corrected and stored by the services of the pages."""

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.generics import get_object_or_404
from rest_framework.parsers import FormParser, MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from indexer.api.methods import LARGEST_NUMBER
from indexer.api.serializers import DataSetSerializer, MethodSerializer
from indexer.enums import Normalisation, StoredYears
from indexer.forms.data_sets import DataSetImportForm
from indexer.models import DataImport, DataSet
from indexer.selectors.data_imports import decisions_of, imports_visible_to
from indexer.selectors.data_sets import data_sets_visible_to
from indexer.selectors.forecasts import Forecast, forecast_of
from indexer.selectors.import_reviews import Review, review_of
from indexer.selectors.methods import frozen_versions_of
from indexer.services.data_imports import (
    change_import,
    start_import,
    store_import,
)
from indexer.services.import_drafts import discard_import
from indexer.services.import_registers import choose_countries, make_register
from indexer.services.registers import RegisterWords
from indexer.services.yearly_imports import AlreadyStored, store_every_year
from weighting.api.base import Answer, described
from weighting.api.errors import check_form
from weighting.api.parsers import StrictJSONParser
from weighting.api.table_imports import LARGEST, REFUSED, DecisionAnswer, choices_said
from weighting.exceptions import Refused
from weighting.models import Account, WeightVersion
from weighting.permissions import STAFF
from weighting.readers.decisions import Decisions
from weighting.readers.encodings import ENCODINGS
from weighting.visitors import account_of


class TermsSerializer(serializers.Serializer):
    """What data are about, and how they will be computed; names are needed where no series is given."""

    framework = serializers.IntegerField(min_value=1, max_value=LARGEST)
    register = serializers.IntegerField(
        min_value=1, max_value=LARGEST, required=False, help_text="As the units of the file say without it."
    )
    series = serializers.IntegerField(min_value=1, max_value=LARGEST, required=False)
    name_zh = serializers.CharField(required=False)
    name_en = serializers.CharField(required=False)
    year = serializers.IntegerField(
        min_value=1900, max_value=2100, required=False, help_text="Without it, the last year of the file."
    )
    note = serializers.CharField(required=False)
    normalisation = serializers.CharField(
        required=False,
        help_text="As the framework's method says without it, else as the edition before in its series, else "
        "shares; `share` by name means shares of rates, indices and percentages, too.",
    )
    negative = serializers.CharField(required=False)
    missing = serializers.CharField(required=False)
    aggregation = serializers.CharField(required=False)


class ReadByChoices(serializers.Serializer):
    """How a file of data is read, where it leaves that open."""

    encoding = serializers.ChoiceField(choices=list(ENCODINGS), required=False)
    choices = serializers.CharField(
        required=False,
        allow_blank=True,
        help_text="A JSON object of texts by the keys of decisions, for what keeps the file from being read, "
        "such as `resource`, the table of a package that holds several.",
    )


class ImportRequestSerializer(ReadByChoices, TermsSerializer):
    """A file, and what it is about."""

    file = serializers.FileField()
    totals = serializers.FileField(required=False)


def choices_in(request: Request) -> Decisions:
    """Return the ledger of a reading with the choices that were sent along."""
    try:
        return Decisions(choices_said(request.POST.get("choices", "")))
    except ValidationError as wrong:
        raise ValidationError({"choices": wrong.detail}) from None


class TargetSerializer(serializers.Serializer):
    place = serializers.IntegerField(min_value=0, max_value=LARGEST)
    to = serializers.CharField(
        allow_blank=True,
        help_text="Code of a leaf, id of a unit; or aside, beside (columns), totals (rows).",
    )


class CellSerializer(serializers.Serializer):
    row = serializers.IntegerField(min_value=0, max_value=LARGEST)
    column = serializers.IntegerField(min_value=0, max_value=LARGEST)
    value = serializers.CharField(allow_blank=True)


class NewRegisterSerializer(serializers.Serializer):
    """A register of the units of the file: what it is called, and the heads of columns about its units."""

    name_zh = serializers.CharField(required=False, default="", allow_blank=True, max_length=200)
    name_en = serializers.CharField(required=False, default="", allow_blank=True, max_length=200)
    unit_zh = serializers.CharField(required=False, default="", allow_blank=True, max_length=40)
    unit_en = serializers.CharField(required=False, default="", allow_blank=True, max_length=40)
    units_en = serializers.CharField(required=False, default="", allow_blank=True, max_length=40)
    code = serializers.CharField(required=False, default="", allow_blank=True)
    group = serializers.CharField(required=False, default="", allow_blank=True)
    province_zh = serializers.CharField(
        required=False, default="", allow_blank=True, max_length=40, help_text="The word for a group."
    )
    province_en = serializers.CharField(
        required=False,
        default="",
        allow_blank=True,
        max_length=40,
        help_text="Without either, groups are called as their column is.",
    )

    def validate(self, attrs: dict[str, str]) -> dict[str, str]:
        if not (attrs["name_zh"] or attrs["name_en"]):
            raise ValidationError({"name_en": [_("Give a name in one language at least.")]})
        return attrs


class ImportChangeSerializer(serializers.Serializer):
    """How the file is read, where columns and rows go, and cells written anew; places count from 0.

    With choices the file is read again first: places are those of the new reading.
    """

    choices = serializers.DictField(
        child=serializers.CharField(), required=False, help_text="By the keys of the decisions."
    )

    new_register = NewRegisterSerializer(required=False)
    countries = serializers.BooleanField(
        required=False, help_text="Look for the units among the countries of the world."
    )
    columns = TargetSerializer(many=True, required=False)
    rows = TargetSerializer(many=True, required=False)
    cells = CellSerializer(many=True, required=False)
    accept_suggestions = serializers.BooleanField(required=False)
    leave_out_columns = serializers.BooleanField(
        required=False, help_text="Leave out every column that stands for no indicator yet."
    )
    rates = serializers.ChoiceField(
        choices=Normalisation.choices,
        required=False,
        help_text="Settles findings of the rule `rate`: another normalisation of the whole index, or "
        "`share`, which says that shares of these indicators are meant.",
    )


class ColumnAnswer(serializers.Serializer):
    place = serializers.IntegerField()
    head = serializers.CharField(allow_blank=True)
    to = serializers.CharField(allow_blank=True)
    how = serializers.CharField(allow_blank=True)


class RowAnswer(serializers.Serializer):
    place = serializers.IntegerField()
    row = serializers.IntegerField(help_text="The line of the file.")
    unit = serializers.CharField(allow_blank=True)
    to = serializers.CharField(allow_blank=True)
    how = serializers.CharField(allow_blank=True)


class FindingAnswer(serializers.Serializer):
    severity = serializers.ChoiceField(choices=["blocker", "note"])
    rule = serializers.CharField()
    row = serializers.IntegerField(source="line", allow_null=True)
    unit = serializers.CharField(allow_blank=True)
    column = serializers.CharField(allow_blank=True)
    value = serializers.CharField(allow_blank=True)
    message = serializers.CharField()
    cell = serializers.ListField(child=serializers.IntegerField(), allow_null=True)


class ReadingAnswer(serializers.Serializer):
    """How the file was read; the words would look wrong in another encoding."""

    sheet = serializers.CharField(allow_blank=True)
    encoding = serializers.CharField(allow_blank=True)
    words = serializers.ListField(child=serializers.CharField())


class ForecastAnswer(serializers.Serializer):
    """An edition under all frozen versions, by measured costs."""

    runs = serializers.IntegerField()
    seconds = serializers.FloatField(help_text="Of one worker, about.")
    bytes = serializers.IntegerField(help_text="In the database.")


class ImportAnswer(serializers.Serializer):
    """An import as it stands: its mapping, and all that is to be corrected or known."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    year = serializers.IntegerField()
    framework = serializers.IntegerField()
    register = serializers.IntegerField(allow_null=True, help_text="None until one has the units.")
    file_name = serializers.CharField()
    file_sha256 = serializers.CharField()
    layout = serializers.ChoiceField(choices=["wide", "long"])
    reading = ReadingAnswer()
    decisions = DecisionAnswer(many=True)
    columns = ColumnAnswer(many=True)
    rows = RowAnswer(many=True)
    findings = FindingAnswer(many=True)
    method = MethodSerializer()
    queues = ForecastAnswer(help_text="What storing it sets going.")
    can_be_stored = serializers.BooleanField()


class StoreRequest(serializers.Serializer):
    """Under which versions an edition is computed."""

    versions = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=LARGEST_NUMBER),
        required=False,
        help_text="Numbers of frozen versions; all of them when left out.",
    )


class StoreYearsRequest(StoreRequest):
    """What becomes of the years that are stored already, beside the versions."""

    stored = serializers.ChoiceField(
        choices=StoredYears.choices,
        required=False,
        help_text="Years that are stored already: skip them, or correct those whose values differ.",
    )
    reason = serializers.CharField(
        required=False, max_length=400, help_text="Why years are corrected; their editions carry it."
    )

    @property
    def already(self) -> AlreadyStored:
        """The choice as the service takes it."""
        said = self.validated_data
        return AlreadyStored(choice=said.get("stored", StoredYears.STOP), reason=said.get("reason", ""))


class ImportSummary(serializers.ModelSerializer):
    class Meta:
        model = DataImport
        fields = ["id", "name", "year", "framework", "register", "file_name", "file_sha256", "created_at"]


class _Imports(Answer):
    roles = STAFF

    def draft(self, pk: int) -> DataImport:
        return draft_of(account_of(self.request), pk)


class ImportList(_Imports):
    """The imports that wait for the visitor; a POST sends a file in."""

    parser_classes = [MultiPartParser]

    @described(responses={200: ImportSummary(many=True)})
    def get(self, request: Request) -> Response:
        drafts = imports_visible_to(account_of(request))
        return Response(ImportSummary(drafts, many=True).data)

    @described(
        request={"multipart/form-data": ImportRequestSerializer}, responses={201: ImportAnswer, 422: REFUSED}
    )
    def post(self, request: Request) -> Response:
        account = account_of(request)
        form = DataSetImportForm(request.POST.dict(), request.FILES, account=account)
        check_form(form)
        data, totals = form.sources(choices_in(request))
        draft = start_import(data=data, totals=totals, terms=form.terms(), actor=account)
        return Response(ImportAnswer(answer_of(review_of(draft))).data, status=201)


class ImportDetail(_Imports):
    """One import; a PATCH maps and corrects, a DELETE throws it away."""

    parser_classes = [StrictJSONParser]

    @described(responses={200: ImportAnswer})
    def get(self, request: Request, pk: int) -> Response:
        return Response(ImportAnswer(answer_of(review_of(self.draft(pk)))).data)

    @described(request=ImportChangeSerializer, responses={200: ImportAnswer, 422: REFUSED})
    def patch(self, request: Request, pk: int) -> Response:
        draft = self.draft(pk)
        asked = ImportChangeSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        said = asked.validated_data
        targets = {side: {t["place"]: t["to"] for t in said.get(side, [])} for side in ("columns", "rows")}
        cells = {(c["row"], c["column"]): c["value"] for c in said.get("cells", [])}
        with transaction.atomic():
            draft = _with_register(draft, said, account_of(request))
            draft = change_import(
                draft,
                **targets,
                cells=cells,
                accept=said.get("accept_suggestions", False),
                choices=said.get("choices", {}),
                leave_out=said.get("leave_out_columns", False),
                rates=said.get("rates", ""),
            )
        return Response(ImportAnswer(answer_of(review_of(draft))).data)

    @described(responses={204: None, 422: REFUSED})
    def delete(self, request: Request, pk: int) -> Response:
        discard_import(self.draft(pk), actor=account_of(request))
        return Response(status=204)


class _Stores(_Imports):
    # A body is not needed: a form without fields says as much as none.
    parser_classes = [StrictJSONParser, FormParser, MultiPartParser]


class ImportStore(_Stores):
    """Makes an edition of an import that nothing keeps back."""

    @described(request=StoreRequest, responses={201: DataSetSerializer, 422: REFUSED})
    def post(self, request: Request, pk: int) -> Response:
        account, draft = account_of(request), self.draft(pk)
        versions = _versions_asked(request, draft)
        data_set: DataSet = store_import(draft, actor=account, versions=versions)
        stored = data_sets_visible_to(account).get(pk=data_set.pk)
        return Response(DataSetSerializer(stored).data, status=201)


class ImportStoreYears(_Stores):
    """Makes an edition of each year of which an import's file holds a value: of all of them, or of none.

    They come the earliest first. Of years that are stored already those that are skipped, or whose values
    are the same, are not among them.
    """

    @described(request=StoreYearsRequest, responses={201: DataSetSerializer(many=True), 422: REFUSED})
    def post(self, request: Request, pk: int) -> Response:
        account, draft = account_of(request), self.draft(pk)
        versions = _versions_asked(request, draft)
        asked = StoreYearsRequest(data=request.data)
        asked.is_valid(raise_exception=True)
        made = store_every_year(draft, actor=account, versions=versions, already=asked.already)
        stored = (
            data_sets_visible_to(account).filter(pk__in=[one.pk for one in made.editions]).order_by("year")
        )
        return Response(DataSetSerializer(stored, many=True).data, status=201)


def _versions_asked(request: Request, draft: DataImport) -> list[WeightVersion] | None:
    """Return the frozen versions that are named, None where all are meant.

    Raises `Refused` naming the numbers that no frozen version has.
    """
    asked = StoreRequest(data=request.data)
    asked.is_valid(raise_exception=True)
    wanted = asked.validated_data.get("versions")
    if wanted is None:
        return None
    found = list(frozen_versions_of(draft.framework_id).filter(number__in=wanted))
    if lacking := sorted(set(wanted) - {version.number for version in found}):
        words = _("No frozen version has the number %(numbers)s.")
        raise Refused(words % {"numbers": _(", ").join(map(str, lacking))})
    return found


def _forecast(review: Review) -> Forecast:
    draft = review.draft
    versions = frozen_versions_of(draft.framework_id).count()
    return forecast_of(draft.framework, units=len(review.content.keys), versions=versions)


def draft_of(account: Account, pk: int) -> DataImport:
    """Return an import that an account may see, whole."""
    return get_object_or_404(imports_visible_to(account).defer(None), pk=pk)


def _with_register(draft: DataImport, said: dict[str, Any], actor: Account) -> DataImport:
    """Give an import the register that is asked for, if one is."""
    if said.get("countries"):
        return choose_countries(draft, actor=actor)
    if wanted := dict(said.get("new_register", {})):
        code, group = wanted.pop("code"), wanted.pop("group")
        return make_register(draft, words=RegisterWords(**wanted), code=code, group=group, actor=actor)
    return draft


def answer_of(review: Review) -> dict[str, Any]:
    """Return an import as `ImportAnswer` has it."""
    draft, mapped = review.draft, review.mapped
    sheet = mapped.sheet
    return {
        "id": draft.pk,
        "name": draft.name,
        "year": draft.year,
        "framework": draft.framework_id,
        "register": draft.register_id,
        "file_name": draft.file_name,
        "file_sha256": draft.file_sha256,
        "layout": draft.layout,
        "reading": {"sheet": "", "encoding": "", "words": []} | draft.reading,
        "decisions": decisions_of(draft),
        "columns": [
            {"place": place, "head": head, "to": match.to, "how": match.how}
            for place, (head, match) in enumerate(zip(sheet.columns, mapped.columns, strict=True))
        ],
        "rows": [
            {"place": place, "row": line, "unit": unit, "to": match.to, "how": match.how}
            for place, (line, unit, match) in enumerate(
                zip(sheet.lines, sheet.units, mapped.rows, strict=True)
            )
        ],
        "findings": review.findings,
        "method": draft.method,
        "queues": _forecast(review),
        "can_be_stored": not review.blockers,
    }
