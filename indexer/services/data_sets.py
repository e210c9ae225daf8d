"""Data sets: checked as a whole, stored as one immutable, numbered edition of their series."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from django.db import transaction
from django.utils.translation import gettext as _

from indexer.models import (
    City,
    DataSeries,
    DataSet,
    IndexMethod,
    PrintedPlaceFigure,
    PublishedFigure,
    Register,
)
from indexer.selectors.data_sets import PACKED
from indexer.services.binding import bound_blocks
from indexer.signals import data_set_added
from weighting.exceptions import Refused
from weighting.manifest import canonical_json
from weighting.models import Account, Framework, Indicator, WeightVersion
from weighting.models.named import names_key
from weighting.numeric.arrays import FloatArray, bytes_of
from weighting.services.audit import record_act
from weighting.services.frameworks import refuse_private
from weighting.services.locks import still_there


class SameData(Refused):
    """The very same values of the same units and year, computed by the same method, are stored already."""

    def __init__(self, existing: DataSet) -> None:
        self.series_id = existing.series_id
        super().__init__(_("The same data is already stored as “%(name)s”.") % {"name": existing.name})


@dataclass(frozen=True)
class PrintedFigure:
    """A line of a publication: no node is the composite."""

    city_id: int
    node: str
    value: str
    rank: int


@dataclass(frozen=True)
class PlaceFigure:
    """What a publication prints for a province: no node is the composite."""

    province_id: int
    node: str
    value: str


@dataclass(frozen=True)
class Origin:
    """Where the values of an edition are from: the files, and what became of each column and row."""

    file_name: str = ""
    file_sha256: str = ""
    totals_name: str = ""
    totals_sha256: str = ""
    mapping: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class EditionTerms:
    """What an edition is about and how it will be computed; the name is that of its series."""

    framework: Framework
    name_zh: str
    name_en: str
    year: int
    method: IndexMethod
    note: str = ""


@dataclass(frozen=True)
class Matrix:
    """Checked values (units, leaves) with the totals of leaves that have one.

    ``auxiliary`` are columns (units,) that are no indicators, such as population.
    """

    city_ids: list[int]
    leaf_codes: list[str]
    values: FloatArray
    totals: Mapping[str, float]
    auxiliary: Mapping[str, FloatArray] = field(default_factory=dict)


@transaction.atomic
def add_data_set(
    *,
    terms: EditionTerms,
    matrix: Matrix,
    actor: Account,
    origin: Origin | None = None,
    versions: Sequence[WeightVersion] | None = None,
) -> DataSet:
    """Store a matrix as an immutable edition of its series, which begins with it, and announce it.

    It is computed under the frozen ``versions``, or under all of them.

    The framework's row is the lock, as in freezing: of a version and a data set that come
    at the same moment the later one sees the other, and writes their run.
    """
    still_there(Framework.objects.select_for_update(no_key=True), terms.framework.pk)
    blocks = _pack(terms, matrix)
    same = DataSet.objects.filter(framework=terms.framework, method=terms.method, sha256=blocks["sha256"])
    existing = same.defer(*PACKED).first()
    if existing:
        raise SameData(existing)
    series = _use_series(terms, matrix.city_ids)
    editions = DataSet.objects.filter(series=series).defer(*PACKED)
    newest = editions.filter(year=terms.year).order_by("-edition").first()
    data_set = DataSet(
        framework=terms.framework,
        series=series,
        edition=newest.edition + 1 if newest else 1,
        previous=newest or editions.filter(year__lt=terms.year).order_by("-year", "-edition").first(),
        name_zh=series.name_zh,
        name_en=series.name_en,
        year=terms.year,
        **vars(origin or Origin()),
        note=terms.note,
        register_edition=series.register.edition,
        method=terms.method,
        city_ids=matrix.city_ids,
        leaf_codes=matrix.leaf_codes,
        created_by=actor,
        **blocks,
    )
    data_set.full_clean()
    with bound_blocks():
        data_set.save()
    record_act(actor, "add", data_set, sha256=data_set.sha256)
    data_set_added.send(sender=DataSet, data_set=data_set, versions=versions)
    return data_set


def _pack(terms: EditionTerms, matrix: Matrix) -> dict[str, Any]:
    """Return the blocks of an edition as its row keeps them, and the checksum of labels and blocks."""
    codes = sorted(matrix.auxiliary)
    columns = [matrix.auxiliary[code] for code in codes]
    totals = np.array([matrix.totals.get(code, np.nan) for code in matrix.leaf_codes])
    blocks = [
        bytes_of(block) for block in (matrix.values, totals, np.stack(columns, axis=1) if codes else ())
    ]
    labels = {
        "framework": terms.framework.sha256,
        "year": terms.year,
        "cities": matrix.city_ids,
        "leaves": matrix.leaf_codes,
    }
    named = canonical_json({**labels, "auxiliary": codes} if codes else labels)
    checksum = hashlib.sha256(named)
    for block in blocks:
        checksum.update(block)
    return {
        **dict(zip(("values", "totals", "auxiliary"), blocks, strict=True)),
        "auxiliary_codes": codes,
        "sha256": checksum.hexdigest(),
    }


def _use_series(terms: EditionTerms, city_ids: list[int]) -> DataSeries:
    """Return the series of a name, begun when there is none; its units are of one register."""
    register = Register.objects.filter(cities__in=city_ids[:1]).first()
    # A list of ten thousand ids is more than a query may carry.
    units = City.objects.filter(register=register).values_list("pk", flat=True).iterator()
    if register is None or not np.isin(city_ids, np.fromiter(units, dtype=np.int64)).all():
        raise Refused(_("The units of a data set are of one register. Import each register by itself."))
    series, _new = DataSeries.objects.get_or_create(
        framework=terms.framework,
        **names_key(terms.name_zh, terms.name_en),
        defaults={"name_en": terms.name_en, "register": register},
    )
    if series.register_id != register.pk:
        raise Refused(
            _("“%(name)s” is about the units of another register. Choose another name.")
            % {"name": series.name}
        )
    return series


@transaction.atomic
def record_printed_figures(data_set: DataSet, figures: Iterable[PrintedFigure], *, actor: Account) -> int:
    """Keep what a publication prints for the units of a data set."""
    node_of = _nodes_of_figures(data_set)
    rows = PublishedFigure.objects.bulk_create(
        [
            PublishedFigure(
                data_set=data_set,
                city_id=figure.city_id,
                indicator=node_of[figure.node],
                value=figure.value,
                rank=figure.rank,
            )
            for figure in figures
        ]
    )
    record_act(actor, "record_figures", data_set, count=len(rows))
    return len(rows)


@transaction.atomic
def record_place_figures(data_set: DataSet, figures: Iterable[PlaceFigure], *, actor: Account) -> int:
    """Keep what a publication prints for the provinces of a data set."""
    node_of = _nodes_of_figures(data_set)
    rows = PrintedPlaceFigure.objects.bulk_create(
        [
            PrintedPlaceFigure(
                data_set=data_set,
                province_id=figure.province_id,
                indicator=node_of[figure.node],
                value=figure.value,
            )
            for figure in figures
        ]
    )
    record_act(actor, "record_figures", data_set, count=len(rows))
    return len(rows)


def _nodes_of_figures(data_set: DataSet) -> dict[str, Indicator | None]:
    """Return the nodes by their codes; '' is the whole index."""
    nodes = Indicator.objects.filter(framework=data_set.framework_id)
    return {"": None} | {node.code: node for node in nodes}


@transaction.atomic
def publish_data_set(data_set: DataSet, *, actor: Account) -> DataSet:
    """Let anybody read a data set's runs of published versions without signing in."""
    data_set = DataSet.objects.select_for_update().get(pk=data_set.pk)
    if not data_set.is_published:
        refuse_private(data_set.framework)
        data_set.is_published = True
        data_set.save(update_fields=["is_published"])
        record_act(actor, "publish", data_set)
    return data_set
