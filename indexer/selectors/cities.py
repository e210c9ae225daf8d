"""The register of places, as tables of cities need it."""

import unicodedata
from collections.abc import Sequence

import numpy as np

from indexer.models import City, Province, Region, Run
from weighting.numeric.arrays import IntArray


def cities_of_run(run: Run) -> list[City]:
    """Return the cities of a finished run in the order of its matrix, with province and region."""
    provinces = Province.objects.select_related("region").in_bulk()
    # Through the run's scores: a list of ten thousand ids is more than a query may carry.
    cities = {city.pk: city for city in City.objects.filter(scores__run=run).order_by()}
    for city in cities.values():
        city.province = provinces[city.province_id]
    return [cities[city_id] for city_id in run.data_set.city_ids]


def provinces_of(cities: Sequence[City]) -> list[Province]:
    """Return the provinces that occur, in the order of the register."""
    found = {city.province_id: city.province for city in cities}
    return [found[key] for key in sorted(found)]


def regions_of(cities: Sequence[City]) -> list[Region]:
    """Return the regions that occur, in the order of the register."""
    found = {city.province.region_id: city.province.region for city in cities}
    return [found[key] for key in sorted(found)]


def matching_cities(
    cities: Sequence[City], *, text: str = "", region: int | None = None, province: int | None = None
) -> IntArray:
    """Return the positions of the cities of a place whose name or alias holds the text."""
    wanted = _fold(text)
    found = [
        index
        for index, city in enumerate(cities)
        if (province is None or city.province_id == province)
        and (region is None or city.province.region_id == region)
        and (not wanted or any(wanted in _fold(name) for name in _names(city)))
    ]
    return np.array(found, dtype=np.int64)


def city_named(cities: Sequence[City], name: str) -> City | None:
    """Return the city of exactly this name or alias, in either language; None where there is none."""
    wanted = _fold(name)
    return next((city for city in cities if wanted and wanted in map(_fold, _names(city))), None)


def alphabetical(names: Sequence[str]) -> IntArray:
    """Return the place of each name in the alphabet, equal for equal names."""
    return np.unique([_fold(name) for name in names], return_inverse=True)[1]


def _names(city: City) -> list[str]:
    return [city.name_zh, city.name_en, *city.aliases]


def _fold(text: str) -> str:
    """Forget case, width, spaces and apostrophes: Xi'an is found as xian."""
    return "".join(filter(str.isalnum, unicodedata.normalize("NFKC", text).casefold()))
