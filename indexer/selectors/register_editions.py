"""Units of a register as they were when data were stored, and what was corrected since."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.db.models import Count, QuerySet

from indexer.models import City, DataSet, Province, Register, RegisterEdition, UnitCorrection

# What a correction may change of a unit, by the column that keeps it.
CORRECTED = ("name_zh", "name_en", "aliases", "code", "latitude", "longitude", "province_id")

# What units said before, by their ids and by column.
Before = Mapping[int, Mapping[str, Any]]


def corrected_since(register: Register, edition: int) -> Before:
    """Return what the units that were corrected after an edition said in it; no query where none were."""
    if register.edition <= edition:
        return {}
    later = UnitCorrection.objects.filter(edition__register=register.pk, edition__number__gt=edition)
    found: dict[int, dict[str, Any]] = {}
    # The first correction after the edition has the last word.
    for city_id, before in later.order_by("-edition__number").values_list("city_id", "before"):
        found.setdefault(city_id, {}).update(before)
    return found


def as_stored(cities: dict[int, City], data_set: DataSet) -> dict[int, City]:
    """Let units of a data set, each with its register, say what they said when it was stored."""
    some = next(iter(cities.values()), None)
    if some is None:
        return cities
    before = corrected_since(some.province.region.register, data_set.register_edition)
    changed = [city for city in cities.values() if city.pk in before]
    moved = {before[city.pk]["province_id"] for city in changed if "province_id" in before[city.pk]}
    provinces = Province.objects.select_related("region__register").in_bulk(moved) if moved else {}
    for city in changed:
        for column, value in before[city.pk].items():
            setattr(city, column, value)
        city.province = provinces.get(city.province_id, city.province)
    return cities


def editions_of_register(register: Register) -> QuerySet[RegisterEdition]:
    """Return the corrected editions of a register, the newest first, each with its number of corrections."""
    editions = RegisterEdition.objects.filter(register=register.pk).order_by("-number")
    return editions.annotate(corrected=Count("corrections"))


def corrections_of(edition: RegisterEdition) -> QuerySet[UnitCorrection]:
    """Return what an edition changed, unit by unit."""
    return UnitCorrection.objects.filter(edition=edition).select_related("city").order_by("city_id")


def told_correction(
    correction: UnitCorrection, provinces: Mapping[int, Province]
) -> dict[str, tuple[Any, Any]]:
    """Return what a unit said before and after, by column; places by their names."""
    said = {column: (before, correction.after[column]) for column, before in correction.before.items()}
    if "province_id" in said:
        pair = said.pop("province_id")
        before, after = (provinces[pk] for pk in pair)
        said["province"] = before.name, after.name
        if before.region_id != after.region_id:
            said["region"] = before.region.name, after.region.name
    return said


def provinces_told(corrections: Iterable[UnitCorrection]) -> dict[int, Province]:
    """Return the provinces that some corrections name, in one query."""
    said = [side for one in corrections for side in (one.before, one.after)]
    asked = {side["province_id"] for side in said if "province_id" in side}
    return Province.objects.select_related("region").in_bulk(asked) if asked else {}
