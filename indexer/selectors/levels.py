"""The ways to put the units of a run into places: provinces, regions, and further groupings."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from django.utils.translation import gettext as _

from indexer.models import Grouping, GroupMember, Province, Region, UnitGroup
from indexer.selectors.cities import Cities
from weighting.numeric.arrays import IntArray

PROVINCE, REGION = "province", "region"
Place = Province | Region | UnitGroup


@dataclass(frozen=True, eq=False)
class Level:
    """The places of one kind that occur; ``of_city`` is the position of each city's, (cities,), or -1."""

    code: str
    grouping: Grouping | None
    places: Sequence[Place]
    of_city: IntArray

    @property
    def name(self) -> str:
        return _name_of(self.code, self.grouping)

    @property
    def outside(self) -> int:
        """How many cities are in none of the places."""
        return int((self.of_city < 0).sum())


def level_named(cities: Cities, code: str) -> Level:
    """Return the places of the level with this code; raises `KeyError` where there is none."""
    if code == PROVINCE:
        return _by_ids(code, cities.provinces, cities.province_ids)
    if code == REGION:
        return _by_ids(code, cities.regions, cities.region_ids)
    return _of_grouping(cities, {grouping.code: grouping for grouping in cities.groupings}[code])


def level_choices(cities: Cities) -> list[tuple[str, str]]:
    """Return the code and the name of every level, for a reader to choose from."""
    further = [(grouping.code, grouping.name) for grouping in cities.groupings]
    return [(PROVINCE, _name_of(PROVINCE, None)), (REGION, _name_of(REGION, None)), *further]


def _by_ids(code: str, places: Sequence[Province] | Sequence[Region], ids: IntArray) -> Level:
    return Level(code, None, places, np.searchsorted([place.pk for place in places], ids))


def _of_grouping(cities: Cities, grouping: Grouping) -> Level:
    pairs = GroupMember.objects.filter(grouping=grouping).order_by().values_list("city_id", "group_id")
    group_of = dict(pairs)
    found = [group_of.get(city_id, 0) for city_id in cities.ids]
    groups = list(UnitGroup.objects.filter(grouping=grouping, pk__in=set(found)).order_by("pk"))
    position = {group.pk: at for at, group in enumerate(groups)}
    of_city = np.array([position.get(pk, -1) for pk in found], dtype=np.int64)
    return Level(grouping.code, grouping, groups, of_city)


def _name_of(code: str, grouping: Grouping | None) -> str:
    if grouping is not None:
        return grouping.name
    return _("Provinces") if code == PROVINCE else _("Regions")
