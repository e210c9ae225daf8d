"""/api/v1/weight-versions/compare/, .../heads/ and .../{id}/manifest/."""

import math
from typing import Any

from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import get_conditional_response, patch_cache_control
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from weighting.api.base import Answer, described
from weighting.exceptions import Refused
from weighting.forms.version_choice import chosen_version_ids
from weighting.models import WeightVersion
from weighting.selectors.version_chain import heads_visible_to
from weighting.selectors.version_comparison import (
    VersionChange,
    VersionComparison,
    compare_versions,
    versions_asked_for,
)
from weighting.selectors.versions import versions_visible_to

YEAR = 365 * 24 * 3600


class VersionView(Answer):
    """A read-only answer about versions that the visitor may see."""

    http_method_names = ["get", "head", "options"]


class HeadSerializer(serializers.Serializer):
    framework = serializers.CharField(help_text="SHA-256 of the framework's file.")
    number = serializers.IntegerField()
    hash = serializers.CharField(help_text="SHA-256 of the manifest frozen last.")


class VersionHeads(VersionView):
    """The last link of every chain that has a published version; keep it to notice a cut tail."""

    @described(responses=HeadSerializer(many=True))
    def get(self, request: Request) -> Response:
        return Response(HeadSerializer(heads_visible_to(self.account), many=True).data)


class VersionManifest(VersionView):
    """The exact bytes that a version was frozen as; its hash is their SHA-256."""

    @described(responses={(200, "application/json"): OpenApiTypes.OBJECT, 304: OpenApiResponse()})
    def get(self, request: Request, pk: int) -> HttpResponseBase:
        version = versions_visible_to(self.account).filter(pk=pk).defer(None).first()
        if version is None or version.manifest is None:
            raise Http404
        response = HttpResponse(bytes(version.manifest), content_type="application/json")
        response.headers["ETag"] = f'"{version.manifest_hash}"'
        if version.is_published:
            patch_cache_control(response, public=True, max_age=YEAR, immutable=True)
        else:
            patch_cache_control(response, private=True, no_cache=True)
        answer = get_conditional_response(request._request, etag=response["ETag"], response=response)
        return answer or response


class GroupPartSerializer(serializers.Serializer):
    parent = serializers.CharField(allow_null=True, help_text="Code of the group's parent; null: the root.")  # type: ignore[assignment]
    distance = serializers.FloatField()


class ComparedVersionSerializer(serializers.Serializer):
    id = serializers.IntegerField()
    number = serializers.IntegerField(allow_null=True)
    label = serializers.CharField()  # type: ignore[assignment]
    status = serializers.CharField()
    manifest_hash = serializers.CharField()
    distance = serializers.FloatField(help_text="Total variation distance from the base.")
    parts = GroupPartSerializer(many=True, help_text="They sum to the distance.")


class ComparedWeightSerializer(serializers.Serializer):
    version = serializers.IntegerField()
    local_weight = serializers.FloatField()
    global_weight = serializers.FloatField()
    local_change = serializers.FloatField()
    global_change = serializers.FloatField()
    relative_change = serializers.FloatField(
        allow_null=True, help_text="Of the global weight; null where the base weighs nothing."
    )


class ComparedNodeSerializer(serializers.Serializer):
    code = serializers.CharField()
    parent = serializers.CharField(allow_null=True)  # type: ignore[assignment]
    name_zh = serializers.CharField()
    name_en = serializers.CharField()
    is_leaf = serializers.BooleanField()
    weights = ComparedWeightSerializer(many=True)


class VersionComparisonSerializer(serializers.Serializer):
    framework = serializers.IntegerField()
    base = serializers.IntegerField()
    versions = ComparedVersionSerializer(many=True)
    nodes = ComparedNodeSerializer(many=True)


class VersionCompare(VersionView):
    """Two to twenty versions of one framework against the first of them."""

    @described(
        OpenApiParameter("versions", str, required=True, description="Ids, joined by commas."),
        OpenApiParameter("base", int, description="One of them; the first without it."),
        responses=VersionComparisonSerializer,
    )
    def get(self, request: Request) -> Response:
        try:
            versions = versions_asked_for(self.account, chosen_version_ids(request._request.GET))
            compared = compare_versions(versions)
        except (ValueError, WeightVersion.DoesNotExist):
            raise Http404 from None
        except Refused as refusal:
            raise ValidationError({"versions": list(refusal.blockers)}) from None
        return Response(VersionComparisonSerializer(_comparison(compared)).data)


def _comparison(compared: VersionComparison) -> dict[str, Any]:
    changes: list[VersionChange | None] = [None, *compared.changes]
    return {
        "framework": compared.base.framework_id,
        "base": compared.base.pk,
        "versions": [
            _version(version, change) for version, change in zip(compared.versions, changes, strict=True)
        ],
        "nodes": [_node(compared, position) for position in range(len(compared.nodes))],
    }


def _version(version: WeightVersion, change: VersionChange | None) -> dict[str, Any]:
    parts = change.parts if change else []
    return {
        "id": version.pk,
        "number": version.number,
        "label": version.label,
        "status": version.status,
        "manifest_hash": version.manifest_hash,
        "distance": change.distance if change else 0.0,
        "parts": [
            {"parent": part.parent.code if part.parent else None, "distance": part.distance} for part in parts
        ],
    }


def _node(compared: VersionComparison, place: int) -> dict[str, Any]:
    node = compared.nodes[place]
    return {
        "code": node.code,
        "parent": node.parent.code if node.parent else None,
        "name_zh": node.name_zh,
        "name_en": node.name_en,
        "is_leaf": node.is_leaf,
        "weights": [_weight(compared, place, column) for column in range(len(compared.versions))],
    }


def _weight(compared: VersionComparison, place: int, column: int) -> dict[str, Any]:
    change = compared.changes[column - 1] if column else None
    relative = float(change.relative[place]) if change else 0.0
    return {
        "version": compared.versions[column].pk,
        "local_weight": compared.local[place, column],
        "global_weight": compared.global_[place, column],
        "local_change": change.local[place] if change else 0.0,
        "global_change": change.global_[place] if change else 0.0,
        "relative_change": None if math.isnan(relative) else relative,
    }
