"""The ways to put the units of a run into places: provinces, regions, and further groupings."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from indexer.models import Grouping, GroupMember, Province, Region, Register, UnitGroup
from indexer.names import fold_name
from indexer.selectors.cities import PROVINCE, REGION, Cities
from weighting.numeric.arrays import IntArray

Place = Province | Region | UnitGroup


@dataclass(frozen=True, eq=False)
class Level:
    """The places of one kind that occur; ``of_city`` is the position of each unit's, (units,), or -1."""

    code: str
    grouping: Grouping | None
    register: Register
    places: Sequence[Place]
    of_city: IntArray

    @property
    def name(self) -> str:
        return self.grouping.name if self.grouping else capfirst(_word_for(self.code, self.register))

    @property
    def word(self) -> str:
        """The word for several of the places."""
        return _("groups") if self.grouping else _word_for(self.code, self.register)

    @property
    def outside(self) -> int:
        """How many units are in none of the places."""
        return int((self.of_city < 0).sum())


def level_named(cities: Cities, code: str) -> Level:
    """Return the places of the level with this code; raises `KeyError` where there is none."""
    if code == PROVINCE:
        return _by_ids(code, cities.register, cities.provinces, cities.province_ids)
    if code == REGION:
        return _by_ids(code, cities.register, cities.regions, cities.region_ids)
    return _of_grouping(cities, {grouping.code: grouping for grouping in cities.groupings}[code])


def positions_in(level: Level, name: str) -> IntArray:
    """Return the positions of the units of the place of this name, in either language.

    Raises `KeyError` where the level has no such place.
    """
    wanted = fold_name(name)
    found = [
        at
        for at, place in enumerate(level.places)
        if wanted in (fold_name(place.name_zh), fold_name(place.name_en))
    ]
    if not wanted or not found:
        raise KeyError(name)
    return np.flatnonzero(np.isin(level.of_city, found))


def level_choices(cities: Cities) -> list[tuple[str, str]]:
    """Return the code and the name of every level that tells units apart, for a reader to choose from."""
    words = [(level, capfirst(_word_for(level, cities.register))) for level in cities.shown_levels]
    return [*words, *((grouping.code, grouping.name) for grouping in cities.groupings)]


def names_of_largest(level: Level, positions: Sequence[int], *, most: int) -> tuple[list[str], list[str]]:
    """Return the names of the places with the most of these units, and the name for each unit.

    The others, and units in no place, are called so together, after the named ones.
    """
    of_city = level.of_city[np.asarray(positions, dtype=np.int64)]
    counts = np.bincount(of_city[of_city >= 0], minlength=len(level.places))
    largest = [at for at in np.argsort(-counts, kind="stable")[:most].tolist() if counts[at]]
    names = {at: level.places[at].name for at in largest}
    found = [names.get(at, "") for at in of_city.tolist()]
    if "" not in found:
        return list(names.values()), found
    others = _("all others")
    return [*names.values(), others], [name or others for name in found]


def widest_level(cities: Cities) -> str:
    """Return the level with the fewest places that tells units apart, for an overview; '' for none."""
    further = [grouping.code for grouping in cities.groupings]
    return next(iter([*reversed(cities.shown_levels), *further]), "")


def _by_ids(
    code: str, register: Register, places: Sequence[Province] | Sequence[Region], ids: IntArray
) -> Level:
    return Level(code, None, register, places, np.searchsorted([place.pk for place in places], ids))


def _of_grouping(cities: Cities, grouping: Grouping) -> Level:
    pairs = GroupMember.objects.filter(grouping=grouping).order_by().values_list("city_id", "group_id")
    group_of = dict(pairs)
    found = [group_of.get(city_id, 0) for city_id in cities.ids]
    groups = list(UnitGroup.objects.filter(grouping=grouping, pk__in=set(found)).order_by("pk"))
    position = {group.pk: at for at, group in enumerate(groups)}
    of_city = np.array([position.get(pk, -1) for pk in found], dtype=np.int64)
    return Level(grouping.code, grouping, cities.register, groups, of_city)


def _word_for(code: str, register: Register) -> str:
    return register.provinces_word if code == PROVINCE else register.regions_word
