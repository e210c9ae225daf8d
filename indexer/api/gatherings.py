"""/api/v1/gatherings/: an edition that several hands deliver, by the services of the pages.

A delivery is sent in as an import, which is mapped and corrected at /api/v1/imports/{id}/ and then delivered.
"""

from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.generics import get_object_or_404
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from indexer.api.imports import ImportAnswer, ReadByChoices, TermsSerializer, answer_of, choices_in, draft_of
from indexer.api.serializers import MethodSerializer
from indexer.forms.data_sets import GatheringForm
from indexer.forms.gatherings import DeliveryForm
from indexer.models import Gathering
from indexer.selectors.gatherings import (
    gatherings_owned_by,
    gatherings_visible_to,
    progress_of,
)
from indexer.selectors.import_reviews import review_of
from indexer.services.gatherings import (
    assemble_gathering,
    deliver_import,
    end_gathering,
    open_gathering,
    start_delivery,
)
from weighting.api.base import Answer, described
from weighting.api.errors import check_form
from weighting.api.parsers import StrictJSONParser
from weighting.api.table_imports import REFUSED
from weighting.permissions import STAFF
from weighting.visitors import account_of

TOLD = ("id", "name", "year", "framework", "register", "series", "note", "created_at")


class DeliveryRequest(ReadByChoices):
    """A file of some of the indicators, and whose figures it holds."""

    partner = serializers.CharField(max_length=200)
    file = serializers.FileField()


class DeliveryAnswer(serializers.Serializer):
    """What was delivered; which account sent it is not told."""

    id = serializers.IntegerField()
    partner = serializers.CharField()
    delivered_at = serializers.DateTimeField()
    file_name = serializers.CharField()
    file_sha256 = serializers.CharField()
    indicators = serializers.ListField(child=serializers.CharField(), source="leaf_codes")
    units = serializers.SerializerMethodField()

    def get_units(self, delivery: Any) -> int:
        return len(delivery.city_ids)


class IndicatorStatus(serializers.Serializer):
    """How far an indicator is delivered; a unit is missed once anybody delivered it."""

    code = serializers.CharField(source="leaf.code")
    name = serializers.CharField(source="leaf.name")
    partner = serializers.CharField(source="delivery.partner", default="", help_text="Who delivered it last.")
    units = serializers.IntegerField(source="count")
    missing = serializers.ListField(child=serializers.CharField())


class GatheringSummary(serializers.ModelSerializer):
    deliveries = serializers.IntegerField(source="delivery_count")

    class Meta:
        model = Gathering
        fields = [*TOLD, "deliveries"]


class GatheringAnswer(serializers.ModelSerializer):
    """A gathering as it stands: what is still missing, and who delivered what when."""

    method = MethodSerializer()
    indicators = IndicatorStatus(many=True)
    deliveries = DeliveryAnswer(many=True)
    is_whole = serializers.BooleanField(help_text="Whether every indicator was delivered by somebody.")

    class Meta:
        model = Gathering
        fields = [*TOLD, "method", "is_whole", "indicators", "deliveries"]


class _Gatherings(Answer):
    roles = STAFF

    def visible(self) -> QuerySet[Gathering]:
        return gatherings_visible_to(account_of(self.request))

    def own(self, pk: int) -> Gathering:
        return get_object_or_404(gatherings_owned_by(account_of(self.request)), pk=pk)


class GatheringList(_Gatherings):
    """Every gathering; a POST opens one."""

    parser_classes = [StrictJSONParser]

    @described(responses={200: GatheringSummary(many=True)})
    def get(self, request: Request) -> Response:
        return Response(GatheringSummary(self.visible(), many=True).data)

    @described(request=TermsSerializer, responses={201: GatheringAnswer, 422: REFUSED})
    def post(self, request: Request) -> Response:
        account = account_of(request)
        form = GatheringForm(request.data, account=account)
        check_form(form)
        gathering = open_gathering(terms=form.terms(), actor=account)
        return Response(_answer(gathering), status=201)


class GatheringDetail(_Gatherings):
    """One gathering; a DELETE ends it, and editions that were made of it stay."""

    @described(responses={200: GatheringAnswer})
    def get(self, request: Request, pk: int) -> Response:
        return Response(_answer(get_object_or_404(self.visible(), pk=pk)))

    @described(responses={204: None, 422: REFUSED})
    def delete(self, request: Request, pk: int) -> Response:
        end_gathering(self.own(pk), actor=account_of(request))
        return Response(status=204)


class GatheringDeliveries(_Gatherings):
    """A POST sends a file of some of the indicators in, as an import that is delivered once it is checked."""

    parser_classes = [MultiPartParser]

    @described(request={"multipart/form-data": DeliveryRequest}, responses={201: ImportAnswer, 422: REFUSED})
    def post(self, request: Request, pk: int) -> Response:
        gathering = get_object_or_404(self.visible(), pk=pk)
        form = DeliveryForm(request.POST, request.FILES)
        check_form(form)
        said = form.said(choices_in(request))
        draft = start_delivery(gathering, **said, actor=account_of(request))
        return Response(ImportAnswer(answer_of(review_of(draft))).data, status=201)


class GatheringAssemble(_Gatherings):
    """Puts the deliveries together as an import, which is checked and stored as any other."""

    @described(request=None, responses={201: ImportAnswer, 422: REFUSED})
    def post(self, request: Request, pk: int) -> Response:
        draft = assemble_gathering(self.own(pk), actor=account_of(request))
        return Response(ImportAnswer(answer_of(review_of(draft))).data, status=201)


class ImportDeliver(_Gatherings):
    """Hands an import that nothing keeps back over to its gathering."""

    @described(request=None, responses={201: DeliveryAnswer, 422: REFUSED})
    def post(self, request: Request, pk: int) -> Response:
        account = account_of(request)
        delivery = deliver_import(draft_of(account, pk), actor=account)
        return Response(DeliveryAnswer(delivery).data, status=201)


def _answer(gathering: Gathering) -> Any:
    progress = progress_of(gathering)
    told = {name: getattr(gathering, name) for name in (*TOLD, "method")}
    return GatheringAnswer(
        {
            **told,
            "indicators": progress.leaves,
            "deliveries": progress.together.deliveries,
            "is_whole": progress.is_whole,
        }
    ).data
