"""What the index's files share: the columns of a place, and what a run was computed from."""

from collections.abc import Iterable, Sequence
from itertools import chain

from django.conf import settings
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from indexer.method_words import method_words, own_ways
from indexer.models import City, DataSet, OutsideSeries, Run
from indexer.selectors.cities import Cities, names_of_places
from indexer.views.shared.words import register_words
from indexer.words import data_set_name, version_name
from weighting.exports import Fact, Heading


def place_headings(cities: Cities) -> list[Heading]:
    """Head the columns of `place_cells`, with the register's own word for a unit."""
    register = cities.register
    words = {"unit": capfirst(register.unit)}
    return [
        Heading("city_zh", _("%(unit)s (Chinese)") % words),
        Heading("city_en", _("%(unit)s (English)") % words),
        Heading("city_code", _("Code")),
        Heading("province", capfirst(register.province_word)),
        Heading("region", capfirst(register.region_word)),
        *(Heading(f"group_{grouping.code}", grouping.name) for grouping in cities.groupings),
    ]


def place_cells(cities: Cities, city: City) -> list[str]:
    """Return a unit's names and code, its places, and its group under each grouping, '' for none."""
    places = names_of_places(city.province, has_regions=cities.has_regions, of="name")
    return [city.name_zh, city.name_en, city.code, *places.values(), *cities.groups_of(city)]


def group_facts(cities: Cities, city: City) -> list[Fact]:
    """Return the group of a unit under each grouping, for a file about it alone; '' for none."""
    pairs = zip(cities.groupings, cities.groups_of(city), strict=True)
    return [Fact(f"group_{grouping.code}", grouping.name, name) for grouping, name in pairs]


def changed_heading(name: str) -> Heading:
    """Head the count of values behind a score that were filled in, left out or treated."""
    words = _("Values behind %(name)s that were filled in, left out or treated") % {"name": name}
    return Heading("changed_values", words)


def imputed_heading() -> Heading:
    """Head the share of the weight behind a score that rests on values that were filled in."""
    return Heading("imputed", _("Share of the weight that was filled in"))


def run_facts(*runs: Run, seed: int | None = None) -> list[Fact]:
    """Return what figures of one run, or of several of the same units, were computed from and by."""
    facts = [
        Fact("data_set", _("Data set"), _joined(data_set_name(run.data_set) for run in runs)),
        Fact("data_sha256", _("SHA-256 of the data"), " ".join(dict.fromkeys(r.data_sha256 for r in runs))),
        Fact("weight_version", _("Weight version"), _("; ").join(_once(map(version_name, runs)))),
        Fact("manifest_sha256", _("SHA-256 of the manifest"), " ".join(_once(r.manifest_hash for r in runs))),
        Fact("method", _("Method"), _joined(method_words(run.method) for run in runs)),
        *_tables(runs),
        *(Fact("register", label, words) for label, words in _once_each(map(register_words, runs))),
        Fact("method_sha256", _("SHA-256 of the method"), " ".join(_once(r.method.sha256 for r in runs))),
        Fact("code_version", _("Software version"), _software(runs)),
    ]
    return facts if seed is None else [*facts, Fact("seed", _("Seed"), seed)]


def series_facts(series: OutsideSeries) -> list[Fact]:
    """Return what figures beside an outside series say of it."""
    return [
        Fact("series", _("Series"), f"{series.name} ({series.year})"),
        *([Fact("series_total", _("Published total"), series.total)] if series.total else []),
        Fact("series_sha256", _("SHA-256 of the series"), series.sha256),
    ]


def data_set_facts(data_set: DataSet) -> list[Fact]:
    """Return what figures of a data set before any weights were computed from."""
    return [
        Fact("data_set", _("Data set"), data_set_name(data_set)),
        Fact("data_sha256", _("SHA-256 of the data"), data_set.sha256),
        Fact("code_version", _("Software version"), settings.CODE_VERSION),
    ]


def _tables(runs: Sequence[Run]) -> list[Fact]:
    """Return what leaves and nodes do otherwise than the index, of each method whole."""
    tables = (_("; ").join(code + _(": ") + words for code, words in own_ways(run.method)) for run in runs)
    told = _joined(filter(None, tables))
    return [Fact("method_table", _("Method by indicator"), told)] if told else []


def _once(texts: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(texts))


def _joined(names: Iterable[str]) -> str:
    """Name each once; methods have semicolons of their own."""
    return " | ".join(dict.fromkeys(names))


def _software(runs: Sequence[Run]) -> str:
    return " ".join(dict.fromkeys(run.code_version for run in runs))


def _once_each(said: Iterable[list[tuple[str, str]]]) -> list[tuple[str, str]]:
    return list(dict.fromkeys(chain.from_iterable(said)))
