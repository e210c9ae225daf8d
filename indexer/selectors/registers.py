"""Registers and their units."""

from collections.abc import Collection
from typing import Any

from django.db.models import Count, Prefetch, Q, QuerySet

from indexer.models import City, Grouping, GroupMember, Province, Register, Run, UnitGroup
from indexer.selectors.cities import PROVINCE, REGION, have_regions, telling_levels, whole_provinces

# So many units are an example.
MOST_SHOWN = 3


def counted_registers() -> QuerySet[Register]:
    """Return every register with its number of units, for anybody: what places there are is no secret."""
    return Register.objects.annotate(unit_count=Count("cities"))


def units_of(register: Register) -> QuerySet[City]:
    """Return the units of a register, each with its province, region and further groups."""
    members = GroupMember.objects.select_related("group", "grouping").order_by("pk")
    units = City.objects.filter(register=register).select_related("province__region__register")
    return units.prefetch_related(Prefetch("memberships", members)).order_by("pk")


def groups_by_city(run: Run, city_ids: Collection[int]) -> dict[int, dict[str, str]]:
    """Return what the group of each of some units of a run is called, by the code of the grouping."""
    if run.last_member is None:
        return {}
    members = GroupMember.objects.filter(city__in=city_ids).select_related("group", "grouping")
    found: dict[int, dict[str, str]] = {}
    for member in members.order_by("grouping_id"):
        found.setdefault(member.city_id, {})[member.grouping.code] = member.group.own_name
    return found


def first_units(register_id: int | None) -> list[City]:
    """Return a few units of a register, for examples; none of a register that there is not."""
    if register_id is None:
        return []
    return list(City.objects.filter(register=register_id).order_by("pk")[:MOST_SHOWN])


def cities_of_group(said: str) -> QuerySet[GroupMember, int]:
    """Return the ids of the units of a group: the code of its grouping, a colon, and exactly its name."""
    code, _colon, group = said.partition(":")
    names = Q(group__name_zh=group) | Q(group__name_en=group)
    return GroupMember.objects.filter(names, grouping__code=code).values_list("city_id", flat=True)


def group_words(register: Register) -> dict[str, str]:
    """Return the register's words for what tells its units apart in groups, by the code of the level."""
    places = {PROVINCE: register.province_word, REGION: register.region_word}
    provinces = list(whole_provinces().filter(region__register=register))
    telling = telling_levels(provinces, count=register.cities.count())
    groupings = {grouping.code: grouping.name for grouping in register.groupings.all()}
    return {**{level: places[level] for level in telling}, **groupings}


def levels_of(register: Any) -> list[str]:
    """Return province and region as far as they tell the units of a counted register apart."""
    provinces = list(whole_provinces().filter(region__register=register))
    return telling_levels(provinces, count=register.unit_count)


def has_regions(register: Register) -> bool:
    """Whether a register has regions, as `have_regions` says."""
    return have_regions(Province.objects.filter(region__register=register).select_related("region__register"))


def with_groupings(registers: QuerySet[Register]) -> QuerySet[Register]:
    """Add the further groupings of each register, with their groups and how many units each has."""
    groups = UnitGroup.objects.annotate(unit_count=Count("members")).order_by("pk")
    groupings = Grouping.objects.order_by("pk").prefetch_related(Prefetch("groups", groups))
    return registers.prefetch_related(Prefetch("groupings", groupings))
