"""/api/v1/registers/ and the units of each."""

from functools import cached_property
from typing import Any

from django.db.models import Q, QuerySet
from django_filters import rest_framework as filters
from rest_framework import serializers
from rest_framework.generics import get_object_or_404

from indexer.api.units import NO_GROUP, NO_REGIONS
from indexer.models import City, Register
from indexer.selectors.cities import names_of_places
from indexer.selectors.registers import (
    cities_of_group,
    counted_registers,
    has_regions,
    units_of,
    with_groupings,
)
from weighting.api.base import Resource


class UnitGroupSerializer(serializers.Serializer):
    name_zh = serializers.CharField()
    name_en = serializers.CharField()
    units = serializers.IntegerField(source="unit_count")


class GroupingSerializer(serializers.Serializer):
    """A further way to put units into groups, such as an income class."""

    code = serializers.CharField(help_text="What `level` takes, and group_mean:CODE of a method.")
    name_zh = serializers.CharField()
    name_en = serializers.CharField()
    groups = UnitGroupSerializer(many=True)


class RegisterSerializer(serializers.ModelSerializer):
    units = serializers.IntegerField(source="unit_count")
    groupings = GroupingSerializer(many=True)

    class Meta:
        model = Register
        fields = [
            *("id", "name", "name_zh", "name_en", "unit_zh", "unit_en", "units_en"),
            *("province_zh", "province_en", "region_zh", "region_en", "edition", "units", "groupings"),
        ]


class CitySerializer(serializers.ModelSerializer):
    """The coordinates are those of the seat, in degrees north and east; null where not known."""

    aliases = serializers.ListField(child=serializers.CharField())
    province = serializers.SerializerMethodField(help_text=NO_GROUP)
    province_en = serializers.SerializerMethodField(help_text=NO_GROUP)
    region = serializers.SerializerMethodField(help_text=NO_REGIONS)
    region_en = serializers.SerializerMethodField(help_text=NO_REGIONS)
    groups = serializers.SerializerMethodField(help_text="The name of its group by the code of the grouping.")

    class Meta:
        model = City
        fields = [
            *("id", "code", "name_zh", "name_en", "aliases", "province", "province_en"),
            *("region", "region_en", "latitude", "longitude", "groups"),
        ]

    def get_province(self, city: City) -> str:
        return self._places(city)["province"]

    def get_province_en(self, city: City) -> str:
        return self._places(city, "name_en")["province"]

    def get_region(self, city: City) -> str:
        return self._places(city)["region"]

    def get_region_en(self, city: City) -> str:
        return self._places(city, "name_en")["region"]

    def _places(self, city: City, of: str = "own_name") -> dict[str, str]:
        return names_of_places(city.province, has_regions=self.context["has_regions"], of=of)

    def get_groups(self, city: City) -> dict[str, str]:
        return {member.grouping.code: member.group.own_name for member in city.memberships.all()}


class Registers(Resource):
    """The sets of units that data can be about."""

    queryset = Register.objects.none()
    serializer_class = RegisterSerializer

    def get_queryset(self) -> QuerySet[Register]:
        return with_groupings(counted_registers()).order_by("pk")


class CityFilter(filters.FilterSet):
    code = filters.CharFilter(label="official code")
    province = filters.CharFilter(method="named", label="name of the province, in either language")
    region = filters.CharFilter(method="named", label="name of the region, in either language")
    group = filters.CharFilter(method="grouped", label="code of a grouping and name of a group: income:High")

    PATHS = {"province": "province", "region": "province__region"}

    class Meta:
        model = City
        fields: list[str] = []

    def named(self, units: QuerySet[City], name: str, value: str) -> QuerySet[City]:
        """Keep the units whose place has exactly this name."""
        path = self.PATHS[name]
        return units.filter(Q(**{f"{path}__name_zh": value}) | Q(**{f"{path}__name_en": value}))

    def grouped(self, units: QuerySet[City], _name: str, value: str) -> QuerySet[City]:
        """Keep the units of a group: the code of its grouping, a colon, and exactly its name."""
        return units.filter(pk__in=cities_of_group(value))


class Cities(Resource):
    """The units of a register, with code, names and coordinates."""

    queryset = City.objects.none()
    serializer_class = CitySerializer
    filterset_class = CityFilter
    ordering_fields = ["id", "code"]

    def get_queryset(self) -> QuerySet[City]:
        if getattr(self, "swagger_fake_view", False):
            return self.queryset
        return units_of(self._register)

    def get_serializer(self, *args: Any, **kwargs: Any) -> Any:
        """Look up whether the register has regions before units are written."""
        if args:
            own = {"has_regions": has_regions(self._register)}
            kwargs["context"] = {**self.get_serializer_context(), **own}
        return super().get_serializer(*args, **kwargs)

    @cached_property
    def _register(self) -> Register:
        register: Register = get_object_or_404(counted_registers(), pk=self.kwargs["pk"])
        return register
