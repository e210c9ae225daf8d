"""/api/v1/frameworks/ and /api/v1/weight-versions/."""

from django.db.models import QuerySet
from django_filters import rest_framework as filters
from rest_framework.serializers import BaseSerializer

from weighting.api.base import IdFilter, Resource
from weighting.api.serializers import (
    FrameworkDetailSerializer,
    FrameworkSerializer,
    WeightVersionDetailSerializer,
    WeightVersionSerializer,
)
from weighting.models import Framework, WeightVersion
from weighting.selectors.frameworks import frameworks_visible_to
from weighting.selectors.versions import versions_visible_to


class Frameworks(Resource):
    """Trees of indicators."""

    queryset = Framework.objects.none()
    serializer_class = FrameworkSerializer

    def get_queryset(self) -> QuerySet[Framework]:
        return frameworks_visible_to(self.account).order_by("pk")

    def get_serializer_class(self) -> type[BaseSerializer]:
        return FrameworkDetailSerializer if self.action == "retrieve" else FrameworkSerializer


class VersionFilter(filters.FilterSet):
    framework = IdFilter("framework_id")
    number = IdFilter("number")

    class Meta:
        model = WeightVersion
        fields = ["status", "source"]


class WeightVersions(Resource):
    """Weights of every node of a framework; frozen ones never change."""

    queryset = WeightVersion.objects.none()
    serializer_class = WeightVersionSerializer
    filterset_class = VersionFilter
    ordering_fields = ["id", "number", "frozen_at"]

    def get_queryset(self) -> QuerySet[WeightVersion]:
        return versions_visible_to(self.account).order_by("pk")

    def get_serializer_class(self) -> type[BaseSerializer]:
        return WeightVersionDetailSerializer if self.action == "retrieve" else WeightVersionSerializer
