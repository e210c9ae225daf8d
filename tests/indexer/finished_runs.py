"""Finished runs to look at, made through the services."""

import numpy as np

from indexer.models import City, DataSet, Run
from indexer.services.data_sets import (
    EditionTerms,
    Matrix,
    PrintedFigure,
    add_data_set,
    publish_data_set,
    record_printed_figures,
)
from indexer.services.methods import use_method
from indexer.services.registers import CityRow, register_cities
from indexer.services.runs import compute_waiting_runs
from tests.factories import make_framework
from tests.indexer.factories import make_version
from weighting.models import Indicator
from weighting.services.versions import publish_version

PLACES = [
    ("南阳市", "Nanyang", "河南省", "Henan", "华中", "Central", ("宛城",)),
    ("西安市", "Xi'an", "陕西省", "Shaanxi", "西北", "Northwest", ()),
    ("甘孜藏族自治州", "Garze", "四川省", "Sichuan", "西南", "Southwest", ("甘孜州",)),
    ("洛阳市", "Luoyang", "河南省", "Henan", "华中", "Central", ()),
]


def register_places(count, *, actor):
    """Register real places first, then numbered ones."""
    rows = [CityRow(*place[:6], aliases=place[6]) for place in PLACES[:count]]
    rows += [
        CityRow(f"城{n:03}", f"Town {n:03}", "河南省", "Henan", "华中", "Central")
        for n in range(len(rows), count)
    ]
    return register_cities(rows, actor=actor)


def make_runs(values, *, tilts=(None, 1.0), published=False, computed=True, framework=None, **method):
    """Return the runs, by version, of a data set of the given values, (cities, leaves)."""
    framework = framework or make_framework()
    actor = framework.created_by
    values = np.asarray(values, dtype=float)
    data_set = add_data_set(
        terms=EditionTerms(
            framework=framework,
            name_zh="测试数据",
            name_en="Test data",
            year=2016,
            method=use_method(**method),
        ),
        matrix=Matrix(
            city_ids=[city.pk for city in register_places(len(values), actor=actor)],
            leaf_codes=list(
                Indicator.objects.filter(framework=framework, is_leaf=True).values_list("code", flat=True)
            ),
            values=values,
            totals={},
        ),
        actor=actor,
    )
    versions = [make_version(framework, tilt=tilt) for tilt in tilts]
    if published:
        publish_data_set(data_set, actor=actor)
        for version in versions:
            publish_version(version, actor=actor)
    if computed:
        compute_waiting_runs(data_set.pk)
    return list(Run.objects.filter(data_set=data_set).order_by("weight_version__number"))


def random_values(cities, leaves=5, seed=1):
    return np.random.default_rng(seed).uniform(1, 100, (cities, leaves))


def print_figure(run, place, value, node=""):
    """Record that a publication prints a figure for a city."""
    city = City.objects.get(name_zh=PLACES[place][0])
    data_set = DataSet.objects.get(pk=run.data_set_id)
    figures = [PrintedFigure(city_id=city.pk, node=node, value=value, rank=1)]
    record_printed_figures(data_set, figures, actor=data_set.created_by)
