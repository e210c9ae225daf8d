"""Data sets: checked as a whole, stored as one immutable, numbered edition of their series."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from django.db import transaction
from django.utils.translation import gettext as _

from indexer.models import City, DataSeries, DataSet, IndexMethod, PublishedFigure, Register
from indexer.selectors.data_sets import PACKED
from indexer.signals import data_set_added
from weighting.exceptions import Refused
from weighting.manifest import canonical_json
from weighting.models import Account, Framework, Indicator
from weighting.numeric.arrays import FloatArray
from weighting.services.audit import record_act


@dataclass(frozen=True)
class PrintedFigure:
    """A line of a publication: no node is the composite."""

    city_id: int
    node: str
    value: str
    rank: int


@dataclass(frozen=True)
class Origin:
    """Where the values of an edition are from: the files, and what became of each column and row."""

    file_name: str = ""
    file_sha256: str = ""
    totals_name: str = ""
    totals_sha256: str = ""
    mapping: Mapping[str, Any] = field(default_factory=dict)


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
    origin: Origin | None = None,
) -> DataSet:
    """Store a checked matrix (cities, leaves) as an immutable edition and announce it.

    The name is that of its series, which begins with its first edition. ``auxiliary`` are
    columns (cities,) that are no indicators, such as population.

    The framework's row is the lock, as in freezing: of a version and a data set that come
    at the same moment the later one sees the other, and writes their run.
    """
    Framework.objects.select_for_update(no_key=True).get(pk=framework.pk)
    labels = {"framework": framework.sha256, "year": year, "cities": city_ids, "leaves": leaf_codes}
    whole = np.array([totals.get(code, np.nan) for code in leaf_codes])
    blocks = _pack(labels, values, whole, auxiliary or {})
    existing = DataSet.objects.filter(sha256=blocks["sha256"]).defer(*PACKED).first()
    if existing:
        raise Refused(_("The same data is already stored as “%(name)s”.") % {"name": existing.name})
    series = _use_series(framework, name_zh, name_en, city_ids)
    editions = DataSet.objects.filter(series=series).defer(*PACKED)
    newest = editions.filter(year=year).order_by("-edition").first()
    data_set = DataSet(
        framework=framework,
        series=series,
        edition=newest.edition + 1 if newest else 1,
        previous=newest or editions.filter(year__lt=year).order_by("-year", "-edition").first(),
        name_zh=series.name_zh,
        name_en=series.name_en,
        year=year,
        **vars(origin or Origin()),
        note=note,
        method=method,
        city_ids=city_ids,
        leaf_codes=leaf_codes,
        created_by=actor,
        **blocks,
    )
    data_set.full_clean()
    data_set.save()
    record_act(actor, "add", data_set, sha256=data_set.sha256)
    data_set_added.send(sender=DataSet, data_set=data_set)
    return data_set


def _pack(
    labels: Mapping[str, Any], values: FloatArray, totals: FloatArray, auxiliary: Mapping[str, FloatArray]
) -> dict[str, Any]:
    """Return the blocks of an edition as its row keeps them, and the checksum of labels and blocks."""
    codes = sorted(auxiliary)
    columns = [auxiliary[code] for code in codes]
    blocks = [
        np.ascontiguousarray(block, dtype="<f8").tobytes()
        for block in (values, totals, np.stack(columns, axis=1) if codes else ())
    ]
    named = canonical_json({**labels, "auxiliary": codes} if codes else {**labels})
    return {
        **dict(zip(("values", "totals", "auxiliary"), blocks, strict=True)),
        "auxiliary_codes": codes,
        "sha256": hashlib.sha256(named + b"".join(blocks)).hexdigest(),
    }


def _use_series(framework: Framework, name_zh: str, name_en: str, city_ids: list[int]) -> DataSeries:
    """Return the series of a name, begun when there is none; its units are of one register."""
    # A list of ten thousand ids is more than a query may carry.
    registers = dict(City.objects.values_list("pk", "register_id"))
    found = {registers[city_id] for city_id in city_ids}
    if len(found) != 1:
        raise Refused(_("The units of a data set are of one register. Import each register by itself."))
    register = Register.objects.get(pk=found.pop())
    series, _new = DataSeries.objects.get_or_create(
        framework=framework, name_zh=name_zh, defaults={"name_en": name_en, "register": register}
    )
    if series.register_id != register.pk:
        raise Refused(
            _("“%(name)s” is about the units of another register. Choose another name.")
            % {"name": series.name}
        )
    return series


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
    if not data_set.is_published:
        data_set.is_published = True
        data_set.save(update_fields=["is_published"])
        record_act(actor, "publish", data_set)
    return data_set
