"""Cities, data sets and frozen versions for tests; all come into being through the services."""

import itertools

import numpy as np

from indexer.models import City
from indexer.services.data_imports import Terms, start_import
from indexer.services.data_sets import EditionTerms, Matrix, add_data_set
from indexer.services.gatherings import deliver_import, open_gathering, start_delivery
from indexer.services.import_reading import DataFile
from indexer.services.methods import use_method
from indexer.services.registers import CityRow, default_register, register_cities
from indexer.services.series import SeriesTerms, add_series
from tests.factories import make_framework, said
from weighting.models import Indicator
from weighting.services.versions import draft_equal_version, draft_imported_version, freeze_version

_numbers = itertools.count(1)


def make_cities(count, *, actor):
    """Register cities 城市001, 城市002, ... in one province."""
    rows = [
        CityRow(
            **said("name", f"城市{number:03}", f"City {number}"),
            **said("province", "甲省", "Province A"),
            **said("region", "华东", "East"),
        )
        for number in range(1, count + 1)
    ]
    return register_cities(rows, actor=actor)


def make_data_set(framework=None, *, cities=3, values=None, **options):
    """Add a data set of random positive values, which differ from call to call."""
    framework = framework or make_framework()
    actor = options.pop("actor", framework.created_by)
    codes = [leaf.code for leaf in Indicator.objects.filter(framework=framework, is_leaf=True)]
    number = next(_numbers)
    if values is None:
        values = np.random.default_rng(number).uniform(1, 100, (cities, len(codes)))
    matrix = Matrix(
        city_ids=[city.pk for city in make_cities(len(values), actor=actor)],
        leaf_codes=codes,
        values=np.asarray(values, dtype=float),
        totals=options.pop("totals", {}),
        auxiliary=options.pop("auxiliary", None) or {},
    )
    return add_data_set(
        terms=EditionTerms(
            framework=framework,
            **said("name", f"数据集{number}", f"Data set {number}"),
            year=2016,
            method=use_method(**options),
        ),
        matrix=matrix,
        actor=actor,
    )


def make_import(framework, *, actor):
    """Send in a table with a city that the register does not have."""
    codes = [leaf.code for leaf in Indicator.objects.filter(framework=framework, is_leaf=True)]
    rows = [
        ["unit", *codes],
        *([name, *map(str, range(1, len(codes) + 1))] for name in ("城市001", "城市999")),
    ]
    text = "\n".join(",".join(row) for row in rows)
    terms = Terms(
        framework=framework,
        register=default_register(),
        **said("name", "导入", "Import"),
        year=2016,
        method=use_method(),
    )
    return start_import(data=DataFile(text.encode(), "data.csv"), totals=None, terms=terms, actor=actor)


def make_gathering(framework, *, actor):
    """Begin a gathering, with one delivery of the first leaf for a city of the register."""
    terms = Terms(
        framework=framework,
        register=default_register(),
        **said("name", "汇总", "Gathering"),
        year=2016,
        method=use_method(),
    )
    gathering = open_gathering(terms=terms, actor=actor)
    leaf = Indicator.objects.filter(framework=framework, is_leaf=True).order_by("position").first()
    unit = City.objects.filter(register=terms.register).order_by("pk").first()
    if unit is not None:
        file = DataFile(f"unit,{leaf.code}\n{unit.own_name},1\n".encode(), "part.csv")
        deliver_import(start_delivery(gathering, data=file, partner="Office", actor=actor), actor=actor)
    return gathering


def make_series(city_ids, values=None, *, actor, name_zh="地区生产总值", name_en="GDP"):
    """Store an outside series of rising positive values, or of the given ones."""
    names = said("name", name_zh, name_en)
    return add_series(
        terms=SeriesTerms(register=default_register(), **names, unit="亿元", year=2016),
        city_ids=list(city_ids),
        values=np.asarray(np.arange(1, len(city_ids) + 1) if values is None else values, dtype=float),
        actor=actor,
    )


def make_draft(framework, *, tilt=None, actor=None):
    """Draft equal weights, or local weights that rise along each group as ``tilt`` says."""
    number = next(_numbers)
    labels = said("label", f"版本{number}", f"Version {number}")
    actor = actor or framework.created_by
    if tilt is None:
        return draft_equal_version(framework=framework, actor=actor, **labels)
    groups = {}
    for node in Indicator.objects.filter(framework=framework):
        groups.setdefault(node.parent_id, []).append(node.code)
    weights = {}
    for codes in groups.values():
        parts = 1 + tilt * np.arange(len(codes))
        weights |= dict(zip(codes, (parts / parts.sum()).tolist(), strict=True))
    return draft_imported_version(framework=framework, local_weights=weights, actor=actor, **labels)


def make_version(framework, *, tilt=None, actor=None):
    """Freeze a version; its runs are queued with it."""
    draft = make_draft(framework, tilt=tilt, actor=actor)
    return freeze_version(draft, actor=actor or framework.created_by)
