"""Registers and their units."""

from django.db.models import Count, QuerySet

from indexer.models import City, Register


def counted_registers() -> QuerySet[Register]:
    """Return every register with its number of units, for anybody: what places there are is no secret."""
    return Register.objects.annotate(unit_count=Count("cities"))


def units_of(register: Register) -> QuerySet[City]:
    """Return the units of a register, each with its province and region."""
    return City.objects.filter(register=register).select_related("province__region").order_by("pk")
