"""How every answer names a unit."""

from typing import Any

from rest_framework import serializers

from indexer.models import City

NO_REGIONS = "Empty where the register has no regions."
NO_GROUP = "Empty where the unit is in none."


class UnitSerializer(serializers.Serializer):
    id = serializers.IntegerField()
    unit = serializers.CharField(help_text="Chinese name.")
    unit_en = serializers.CharField()
    unit_code = serializers.CharField(help_text="Of the register; empty where it has none.")


def unit_of(city: City) -> dict[str, Any]:
    """Return how every answer names a unit."""
    return {"id": city.pk, "unit": city.own_name, "unit_en": city.name_en, "unit_code": city.code}
