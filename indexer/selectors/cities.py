"""The register of places, as tables of units need it."""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import cache, cached_property
from itertools import chain
from typing import Any, overload

import numpy as np
from django.db.models import Exists, OuterRef, QuerySet

from indexer.models import City, Grouping, GroupMember, Province, Region, Register, Run
from indexer.names import fold_name, normalise_unit_name
from indexer.selectors.composites import ranks_by_run
from indexer.selectors.plans import plan_of
from indexer.selectors.register_editions import Before, corrected_since
from weighting.numeric.arrays import IntArray

PROVINCE, REGION = "province", "region"
# More units than this are not asked for one by one.
MANY_CITIES = 500
# Of more units than that, so many are fetched alone as each is looked at, before all are, or this part of
# them: a hundred thousand at once take the time of some thousand queries, and half a gigabyte.
MOST_ALONE, ALONE_OF = 32, 100
# So many are fetched at a time for a file.
BLOCK = 5_000
# A range of ids is read whole while it is at most this many times as long as what is wanted of it.
SPREAD = 4
# What surely stands between the names of a list, and what may stand within one as well, at most so often.
LIST_BREAKS = re.compile(r"[;；、\n]+")
COMMAS = re.compile(r"[,，]+")
MOST_PARTS = 4


class Cities(Sequence[City]):
    """The units of a finished run in the order of its matrix, with province and region.

    A table of ten thousand shows fifty, so that places are arrays here and a unit is fetched
    once it is looked at: those of ``load`` together, or all of them when any other is. Where there
    are more than `MANY_CITIES`, a few others are fetched alone: a page that names one unit makes no
    object of a hundred thousand.
    """

    def __init__(
        self,
        run: Run,
        ids: list[int] | None = None,
    ) -> None:
        """``ids`` are those of the units, where they are not those of the run's data set."""
        self._loaded: dict[int, City] = {}
        self._alone = 0
        self._before: Before | None = None
        self._edition = run.data_set.register_edition
        self.ids: list[int] = run.data_set.city_ids if ids is None else ids

    def __len__(self) -> int:
        return len(self.ids)

    @overload
    def __getitem__(self, place: int) -> City: ...
    @overload
    def __getitem__(self, place: slice) -> list[City]: ...
    def __getitem__(self, place: int | slice) -> City | list[City]:
        if isinstance(place, slice):
            return list(self)[place]
        city_id = self.ids[place]
        if city_id not in self._loaded:
            self._load_on_sight(place)
        return self._loaded[city_id]

    def __iter__(self) -> Iterator[City]:
        self.load(range(len(self)))
        return (self._loaded[city_id] for city_id in self.ids)

    def load(self, positions: Iterable[int]) -> None:
        """Fetch the units of these positions in one query, or in a few where there are many others.

        Few are all fetched, so that those of one name are told apart, whichever are looked at.
        """
        few = len(self) <= MANY_CITIES
        wanted = set(self.ids if few else (self.ids[place] for place in positions)) - self._loaded.keys()
        for cities in _by_id(City.objects.defer("folded_names"), wanted):
            for city in cities:
                city.province = self._provinces[city.province_id]
                before = self._before_of(city.province).get(city.pk, {})
                for column, value in before.items():
                    setattr(city, column, value)
                city.province = self._provinces[city.province_id]
                self._loaded[city.pk] = city
        # Of very many units hardly any page has all, and a name may not depend on what else was looked at.
        if wanted and len(self._loaded) == len(self):
            _mark_namesakes(self._loaded.values())

    def foresee(self, positions: Iterable[int]) -> None:
        """Fetch together what will be looked at, of many units; of few all come as one is."""
        if len(self) > MANY_CITIES:
            self.load(positions)

    def along(self, positions: Sequence[int]) -> Iterator[City]:
        """Yield units in the order of the positions, fetched block by block while a file is sent.

        Of more than a block each is let go with its block: a million would be two gigabytes.
        """
        kept = self._loaded
        for start in range(0, len(positions), BLOCK):
            block = positions[start : start + BLOCK]
            if len(positions) > BLOCK:
                self._loaded = dict(kept)
            self.load(block)
            yield from (self._loaded[self.ids[place]] for place in block)

    def _load_on_sight(self, place: int) -> None:
        """Fetch a unit that nobody asked for in time: alone, or with all others."""
        self._alone += 1
        is_alone = len(self) > MANY_CITIES and self._alone <= max(MOST_ALONE, len(self) // ALONE_OF)
        self.load([place] if is_alone else range(len(self)))

    @cached_property
    def province_ids(self) -> IntArray:
        """The province of each unit, (units,)."""
        if len(self._loaded) == len(self):
            return np.array([city.province_id for city in self], dtype=np.int64)
        ids = np.array(self.ids, dtype=np.int64)
        known = _numbers_of_cities(ids, "province_id")
        places = np.searchsorted(known["pk"], ids)
        found: IntArray = known["province_id"][places]
        corrected = self._before_of(self._provinces[int(found[0])])
        moved = {pk: said["province_id"] for pk, said in corrected.items() if "province_id" in said}
        for place in np.flatnonzero(np.isin(ids, list(moved))).tolist():
            found[place] = moved[self.ids[place]]
        return found

    def before(self) -> Before:
        """Return what the units said when the data were stored, as far as they were corrected since."""
        return self._before_of(self.provinces[0])

    def _before_of(self, province: Province) -> Before:
        """Return the same of the register of a province; they are all of one."""
        if self._before is None:
            self._before = corrected_since(province.region.register, self._edition)
        return self._before

    @cached_property
    def region_ids(self) -> IntArray:
        """The region of each unit, (units,)."""
        found, of_city = np.unique(self.province_ids, return_inverse=True)
        return np.array([self._provinces[pk].region_id for pk in found.tolist()], dtype=np.int64)[of_city]

    @cached_property
    def provinces(self) -> list[Province]:
        """The provinces that occur, in the order of the register."""
        return [self._provinces[pk] for pk in np.unique(self.province_ids).tolist()]

    @cached_property
    def regions(self) -> list[Region]:
        """The regions that occur, in the order of the register."""
        found = {province.region_id: province.region for province in self.provinces}
        return [found[pk] for pk in sorted(found)]

    @cached_property
    def has_regions(self) -> bool:
        """Whether there are regions, as `have_regions` says; the units that are shown often tell already."""
        loaded = {city.province_id: city.province for city in self._loaded.values()}
        return have_regions(loaded.values()) or have_regions(self.provinces)

    @cached_property
    def groupings(self) -> list[Grouping]:
        """The register's further groupings that any of the units is in, in the order of the register."""
        if not self._provinces[int(self.province_ids[0])].has_groupings:
            return []
        members = GroupMember.objects.filter(grouping__register=self.register).order_by()
        ids = set(self.ids)
        here = {grouping for grouping, city in members.values_list("grouping_id", "city_id") if city in ids}
        return [one for one in self.register.groupings.prefetch_related("groups") if one.pk in here]

    @cached_property
    def shown_levels(self) -> list[str]:
        """Province and region as far as they say anything: not one for all, nor the same as what is in it."""
        return telling_levels(self.provinces, count=len(self))

    def places_of(self, city: City) -> list[str]:
        """Return the names of the places of a unit that say anything."""
        names = {PROVINCE: city.province.name, REGION: city.province.region.name}
        return [names[level] for level in self.shown_levels]

    def groups_of(self, city: City) -> list[str]:
        """Return the name of the group of a unit under each of the groupings; '' where it is in none."""
        return [self._group_names.get((grouping.pk, city.pk), "") for grouping in self.groupings]

    @cached_property
    def _group_names(self) -> dict[tuple[int, int], str]:
        names = {group.pk: group.name for grouping in self.groupings for group in grouping.groups.all()}
        members = GroupMember.objects.filter(grouping__in=self.groupings).order_by()
        rows = members.values_list("grouping_id", "city_id", "group_id")
        return {(grouping, city): names[group] for grouping, city, group in rows}

    @property
    def register(self) -> Register:
        """The register of the units, which has the word for one of them."""
        return self.provinces[0].region.register

    @cached_property
    def folded_names(self) -> list[str]:
        """All names of each unit, folded, one a line; the first is what it sorts by."""
        names = dict(rows_of_cities(self.ids, ["pk", "folded_names"]))
        return [names[pk] for pk in self.ids]

    def alphabet(self) -> IntArray:
        """Return the place of each unit in the alphabet, (units,), equal for equal names."""
        return np.unique([names.partition("\n")[0] for names in self.folded_names], return_inverse=True)[1]

    def province_alphabet(self) -> IntArray:
        """Return the place of the province of each unit in the alphabet, (units,)."""
        order = alphabetical([province.name_en or province.name for province in self.provinces])
        return order[np.unique(self.province_ids, return_inverse=True)[1]]

    @cached_property
    def _provinces(self) -> dict[int, Any]:
        return _grouped_provinces().in_bulk()


@cache
def _grouped_provinces() -> QuerySet[Province]:
    """Return all provinces, and whether their register has further groupings.

    Asked for on the way: most registers have none, and their pages no query for any. Almost every page asks,
    and to put the question together takes as long as to ask it.
    """
    groupings = Grouping.objects.filter(register=OuterRef("region__register"))
    return whole_provinces().annotate(has_groupings=Exists(groupings))


def whole_provinces() -> QuerySet[Province]:
    """Return all provinces with their regions, and whether any of their units is called otherwise."""
    others = City.objects.filter(province=OuterRef("pk")).exclude(
        name_zh=OuterRef("name_zh"), name_en=OuterRef("name_en")
    )
    return Province.objects.select_related("region__register").annotate(has_others=Exists(others))


def have_regions(provinces: Iterable[Province]) -> bool:
    """Whether any of the provinces, with their regions and register, lies in a region of another name.

    Where a register's file has no regions, each province is stored as its own, or all in one that is called
    as the register is.
    """
    return any(
        province.own_name != province.region.own_name and not province.region.is_everything
        for province in provinces
    )


def names_of_places(province: Province, *, has_regions: bool, of: str = "own_name") -> dict[str, str]:
    """Return what a province and its region are called, '' where units are in none."""
    has_region = has_regions and not province.region.is_everything
    return {
        PROVINCE: "" if province.is_everything else getattr(province, of),
        REGION: getattr(province.region, of) if has_region else "",
    }


def telling_levels(provinces: Sequence[Any], *, count: int) -> list[str]:
    """Return province and region, of so many units, as far as they tell any two apart beyond their names.

    The provinces are `whole_provinces`.
    """
    if len(provinces) < 2:
        return []
    regions = {province.region_id for province in provinces}
    are_cities = len(provinces) == count and not any(province.has_others for province in provinces)
    tells_regions = len(regions) > 1 and have_regions(provinces)
    return [*([] if are_cities else [PROVINCE]), *([REGION] if tells_regions else [])]


def cities_of_run(run: Run) -> Cities:
    """Return the units of a finished run in the order of its matrix."""
    return Cities(run)


def ranked_cities_of_run(run: Run) -> Cities:
    """Return the units that have a score, in the order of the matrix: what other weights may rank."""
    rows = ranked_rows_of(run)
    return Cities(run, ids=None if rows is None else [run.data_set.city_ids[row] for row in rows.tolist()])


def ranked_rows_of(run: Run) -> IntArray | None:
    """Return the rows of the units that have a score; None where the method leaves none without."""
    if not plan_of(run.method).may_leave_out:
        return None
    return np.flatnonzero(ranks_by_run([run.pk])[run.pk])


def rows_of_cities(ids: Collection[int], columns: Sequence[str]) -> list[tuple[Any, ...]]:
    """Return columns of units, among them ``pk`` as the first; no query for none."""
    wanted = set(ids)
    parts = _by_id(City.objects.all(), wanted)
    return [row for part in parts for row in part.values_list(*columns) if row[0] in wanted]


def _numbers_of_cities(ids: IntArray, column: str) -> Any:
    """Return the ids, rising, with a column of whole numbers, of these units and perhaps others."""
    parts = (part.values_list("pk", column).iterator() for part in _by_id(City.objects.all(), ids.tolist()))
    # Rows as they come, of which a million would take ten times what the numbers do.
    return np.fromiter(chain.from_iterable(parts), dtype=[("pk", "<i8"), (column, "<i8")])


def _by_id(cities: QuerySet[City], ids: Collection[int]) -> Iterator[QuerySet[City]]:
    """Yield queries that hold all of some units, and perhaps others.

    Ten thousand ids are more than a query may name. Those of one register came in together, so that
    the range from the first to the last holds few besides; others are named in parts.
    """
    ordered = sorted(ids)
    if len(ordered) > MANY_CITIES and ordered[-1] - ordered[0] < SPREAD * len(ordered):
        yield cities.filter(pk__range=(ordered[0], ordered[-1])).order_by("pk")
        return
    for start in range(0, len(ordered), MANY_CITIES):
        yield cities.filter(pk__in=ordered[start : start + MANY_CITIES]).order_by("pk")


def matching_cities(
    cities: Cities,
    *,
    text: str = "",
    region: int | None = None,
    province: int | None = None,
    groups: Collection[int] = (),
) -> IntArray:
    """Return the positions of the units of a place and of all the groups whose names hold the text."""
    passes = np.ones(len(cities), dtype=bool)
    if region is not None:
        passes &= cities.region_ids == region
    if province is not None:
        passes &= cities.province_ids == province
    for group in groups:
        members = GroupMember.objects.filter(group=group).order_by().values_list("city_id", flat=True)
        passes &= np.isin(cities.ids, list(members))
    wanted = fold_name(text)
    if wanted:
        passes &= [wanted in names for names in cities.folded_names]
    return np.flatnonzero(passes)


def places_named(cities: Cities, name: str) -> list[int]:
    """Return the positions of the units of exactly this name or alias, in either language.

    One of several of a name is also called as pages tell it: with its place.
    """
    wanted = fold_name(name)
    if not wanted:
        return []
    # What was corrected since was called otherwise when the data were stored.
    corrected = np.flatnonzero(np.isin(cities.ids, list(cities.before()))).tolist()
    called = [position for position, names in enumerate(cities.folded_names) if wanted in names.split("\n")]
    told = [] if called or len(cities) > MANY_CITIES else range(len(cities))
    maybe = sorted({*called, *corrected, *told})
    cities.load(maybe)
    return [place for place in maybe if wanted in map(fold_name, _names(cities[place]))]


def names_listed(text: str, cities: Cities) -> Iterator[str]:
    """Yield the names of a list; a comma stands between two of them, or within one such as “Korea, Rep.”."""
    for part in LIST_BREAKS.split(text):
        words = [word.strip() for word in COMMAS.split(part) if word.strip()]
        while words:
            length = _length_of_first(words[:MOST_PARTS], cities)
            yield ", ".join(words[:length])
            del words[:length]


def _length_of_first(words: list[str], cities: Cities) -> int:
    """Return how many words are the first name: one, unless that or the next names no unit by itself."""
    if len(words) == 1 or all(places_named(cities, word) for word in words[:2]):
        return 1
    lengths = range(len(words), 1, -1)
    return next((length for length in lengths if places_named(cities, ", ".join(words[:length]))), 1)


def city_named(cities: Cities, name: str) -> City | None:
    """Return the first of these; None where there is none."""
    return next((cities[place] for place in places_named(cities, name)), None)


def _mark_namesakes(cities: Collection[City]) -> None:
    """Have units of one name tell their places, too."""
    counts = Counter(city.own_name for city in cities)
    if len(counts) < len(cities):
        for city in cities:
            city.has_namesake = counts[city.own_name] > 1


def unit_labels(cities: Iterable[City]) -> list[str]:
    """Return a name of its own for each unit; two of one name are told apart by province."""
    named = [(normalise_unit_name(city.own_name), city.province) for city in cities]
    counts = Counter(name for name, _province in named)
    return [name if counts[name] == 1 else f"{name}（{province.own_name}）" for name, province in named]


def alphabetical(names: Sequence[str]) -> IntArray:
    """Return the place of each name in the alphabet, equal for equal names."""
    return np.unique([fold_name(name) for name in names], return_inverse=True)[1]


def _names(city: City) -> list[str]:
    told = [city.name] if city.has_namesake else []
    return list(filter(None, [city.name_zh, city.name_en, *city.aliases, *told]))
