"""Cities and data sets: checked as a whole, stored as one immutable block."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.db import transaction
from django.utils.translation import gettext as _

from indexer.models import City, DataSet, IndexMethod, Province, PublishedFigure, Region
from indexer.signals import data_set_added
from weighting.exceptions import Refused
from weighting.manifest import canonical_json
from weighting.models import Account, Framework, Indicator
from weighting.numeric.arrays import FloatArray
from weighting.services.audit import record_act


@dataclass(frozen=True)
class CityRow:
    """A line of a register file."""

    name_zh: str
    name_en: str
    province_zh: str
    province_en: str
    region_zh: str
    region_en: str
    aliases: tuple[str, ...] = ()
    code: str = ""
    latitude: float | None = None
    longitude: float | None = None


@dataclass(frozen=True)
class PrintedFigure:
    """A line of a publication: no node is the composite."""

    city_id: int
    node: str
    value: str
    rank: int


@transaction.atomic
def register_cities(rows: Iterable[CityRow], *, actor: Account) -> list[City]:
    """Add cities, with their provinces and regions, to the register.

    Known ones stay as they are, but for a code or coordinates that they lacked.
    """
    cities = []
    for row in rows:
        region, _created = Region.objects.get_or_create(
            name_zh=row.region_zh, defaults={"name_en": row.region_en}
        )
        province, _created = Province.objects.get_or_create(
            name_zh=row.province_zh, defaults={"name_en": row.province_en, "region": region}
        )
        city, created = City.objects.get_or_create(
            province=province,
            name_zh=row.name_zh,
            defaults={"name_en": row.name_en, "aliases": list(row.aliases)},
        )
        if _complete(city, row) or created:
            city.full_clean()
            city.save()
            record_act(actor, "register", city)
        cities.append(city)
    return cities


def _complete(city: City, row: CityRow) -> bool:
    """Take over what the register did not know yet; return whether there was anything."""
    lacks_code = not city.code and bool(row.code)
    lacks_place = city.latitude is None and row.latitude is not None
    if lacks_code:
        city.code = row.code
    if lacks_place:
        city.latitude, city.longitude = row.latitude, row.longitude
    return lacks_code or lacks_place


@transaction.atomic
def add_data_set(
    *,
    framework: Framework,
    name_zh: str,
    name_en: str,
    year: int,
    city_ids: list[int],
    leaf_codes: list[str],
    values: FloatArray,
    totals: Mapping[str, float],
    method: IndexMethod,
    actor: Account,
    note: str = "",
    auxiliary: Mapping[str, FloatArray] | None = None,
) -> DataSet:
    """Store a checked matrix (cities, leaves) as an immutable data set and announce it.

    ``auxiliary`` are columns (cities,) that are no indicators, such as population.

    The framework's row is the lock, as in freezing: of a version and a data set that come
    at the same moment the later one sees the other, and writes their run.
    """
    Framework.objects.select_for_update(no_key=True).get(pk=framework.pk)
    matrix = np.ascontiguousarray(values, dtype="<f8").tobytes()
    whole = np.array([totals.get(code, np.nan) for code in leaf_codes], dtype="<f8").tobytes()
    labels: dict[str, Any] = {
        "framework": framework.sha256,
        "year": year,
        "cities": city_ids,
        "leaves": leaf_codes,
    }
    beside, beside_codes = b"", sorted(auxiliary or {})
    if auxiliary:
        columns = np.stack([auxiliary[code] for code in beside_codes], axis=1)
        beside = np.ascontiguousarray(columns, dtype="<f8").tobytes()
        labels["auxiliary"] = beside_codes
    checksum = hashlib.sha256(canonical_json(labels) + matrix + whole + beside).hexdigest()
    existing = DataSet.objects.filter(sha256=checksum).first()
    if existing:
        raise Refused(_("The same data is already stored as “%(name)s”.") % {"name": existing.name})
    data_set = DataSet(
        framework=framework,
        name_zh=name_zh,
        name_en=name_en,
        year=year,
        note=note,
        method=method,
        city_ids=city_ids,
        leaf_codes=leaf_codes,
        values=matrix,
        totals=whole,
        auxiliary_codes=beside_codes,
        auxiliary=beside,
        sha256=checksum,
        created_by=actor,
    )
    data_set.full_clean()
    data_set.save()
    record_act(actor, "add", data_set, sha256=checksum)
    data_set_added.send(sender=DataSet, data_set=data_set)
    return data_set


@transaction.atomic
def record_printed_figures(data_set: DataSet, figures: Iterable[PrintedFigure], *, actor: Account) -> int:
    """Keep what a publication prints for the cities of a data set."""
    nodes = {node.code: node for node in Indicator.objects.filter(framework=data_set.framework_id)}
    rows = [
        PublishedFigure(
            data_set=data_set,
            city_id=figure.city_id,
            indicator=nodes[figure.node] if figure.node else None,
            value=figure.value,
            rank=figure.rank,
        )
        for figure in figures
    ]
    PublishedFigure.objects.bulk_create(rows)
    record_act(actor, "record_figures", data_set, count=len(rows))
    return len(rows)


@transaction.atomic
def publish_data_set(data_set: DataSet, *, actor: Account) -> DataSet:
    """Let anybody read a data set's runs of published versions without signing in."""
    data_set = DataSet.objects.select_for_update().get(pk=data_set.pk)
    data_set.is_published = True
    data_set.save(update_fields=["is_published"])
    record_act(actor, "publish", data_set)
    return data_set
