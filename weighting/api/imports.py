"""/api/v1/framework-imports/, .../panel-imports/, .../weight-imports/ and .../totals-imports/.

Each takes the file that its page takes, by the page's form and service.
"""

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from weighting.api.base import described
from weighting.api.panels import PanelSerializer
from weighting.api.serializers import FrameworkSerializer, WeightVersionSerializer
from weighting.api.table_imports import (
    LARGEST,
    READING,
    REFUSED,
    ReadingTold,
    TableImports,
    TableRequestSerializer,
    answer_made,
)
from weighting.enums import VersionSource
from weighting.forms.uploads import FrameworkImportForm, PanelImportForm
from weighting.forms.version_sources import ImpliedForm
from weighting.forms.versions import VersionForm
from weighting.permissions import MANAGERS, STAFF
from weighting.selectors.frameworks import frameworks_visible_to, frameworks_weighted_by, panels_visible_to
from weighting.selectors.versions import versions_visible_to
from weighting.services.frameworks import import_framework
from weighting.services.panels import import_panel
from weighting.services.version_sources import draft_implied_version
from weighting.services.versions import import_version
from weighting.visitors import account_of

YES_NO = ["true", "false"]


class FrameworkRequest(TableRequestSerializer):
    """A framework file; one of the names is enough."""

    name_zh = serializers.CharField(required=False, allow_blank=True)
    name_en = serializers.CharField(required=False, allow_blank=True)


class FrameworkBrought(ReadingTold, FrameworkSerializer):
    class Meta(FrameworkSerializer.Meta):
        fields = [*FrameworkSerializer.Meta.fields, *READING]


class FrameworkImports(TableImports):
    """A POST brings a tree of indicators in."""

    roles = STAFF

    @described(
        request={"multipart/form-data": FrameworkRequest}, responses={201: FrameworkBrought, 422: REFUSED}
    )
    def post(self, request: Request) -> Response:
        account = account_of(request)
        form = FrameworkImportForm(request.POST, request.FILES)
        framework, decisions = self.bring_in(
            *(request, form, FrameworkRequest),
            lambda said, sent: import_framework(**said, **sent, actor=account),
        )
        framework = frameworks_visible_to(account).get(pk=framework.pk)
        return answer_made(FrameworkBrought, framework, decisions)


class PanelRequest(TableRequestSerializer):
    """A panel file, and what the panel is called."""

    name = serializers.CharField()


class PanelBrought(ReadingTold, PanelSerializer):
    class Meta(PanelSerializer.Meta):
        fields = [*PanelSerializer.Meta.fields, *READING]


class PanelImports(TableImports):
    """A POST brings the experts of a panel in."""

    roles = MANAGERS

    @described(request={"multipart/form-data": PanelRequest}, responses={201: PanelBrought, 422: REFUSED})
    def post(self, request: Request) -> Response:
        account = account_of(request)
        form = PanelImportForm(request.POST, request.FILES)
        panel, decisions = self.bring_in(
            *(request, form, PanelRequest), lambda said, sent: import_panel(**said, **sent, actor=account)
        )
        panel = panels_visible_to(account).get(pk=panel.pk)
        return answer_made(PanelBrought, panel, decisions)


class _WeightedRequest(TableRequestSerializer):
    framework = serializers.IntegerField(min_value=1, max_value=LARGEST)
    label_zh = serializers.CharField(required=False, allow_blank=True, help_text="One label is enough.")
    label_en = serializers.CharField(required=False, allow_blank=True)


class WeightsRequest(_WeightedRequest):
    """A weight file: local weights of all nodes, or global ones of the leaves."""

    normalise = serializers.ChoiceField(
        choices=YES_NO, required=False, help_text="Whether every group is rescaled to a sum of 1."
    )


class VersionBrought(ReadingTold, WeightVersionSerializer):
    """The draft that was made; its page freezes it."""

    class Meta(WeightVersionSerializer.Meta):
        fields = [*WeightVersionSerializer.Meta.fields, *READING]


class WeightImports(TableImports):
    """A POST makes a draft of the weights of a file; an analyst's is of a framework of her own."""

    roles = STAFF

    @described(request={"multipart/form-data": WeightsRequest}, responses={201: VersionBrought, 422: REFUSED})
    def post(self, request: Request) -> Response:
        account = account_of(request)
        said = {**request.POST.dict(), "source": VersionSource.IMPORTED.value}
        form = VersionForm(said, request.FILES, frameworks=frameworks_weighted_by(account))
        version, decisions = self.bring_in(
            *(request, form, WeightsRequest),
            lambda said, sent: import_version(**{**said, **sent}, actor=account),
        )
        return answer_made(VersionBrought, version, decisions)


class TotalsRequest(_WeightedRequest):
    """Published totals with the values of all sub-indices, and weights to hold against them."""

    compared = serializers.IntegerField(
        min_value=1, max_value=LARGEST, required=False, help_text="Id of a version of the same framework."
    )


class TotalsImports(TableImports):
    """A POST makes a draft of the weights that published totals imply."""

    roles = MANAGERS

    @described(request={"multipart/form-data": TotalsRequest}, responses={201: VersionBrought, 422: REFUSED})
    def post(self, request: Request) -> Response:
        account = account_of(request)
        form = ImpliedForm(
            request.POST,
            request.FILES,
            frameworks=frameworks_visible_to(account),
            versions=versions_visible_to(account).order_by("-pk"),
        )
        version, decisions = self.bring_in(
            *(request, form, TotalsRequest),
            lambda said, sent: draft_implied_version(**said, **sent, actor=account),
        )
        return answer_made(VersionBrought, version, decisions)
