"""A series of several years to look at, made through the services."""

from dataclasses import dataclass

import numpy as np

from indexer.models import City, DataSet, Run
from indexer.services.data_sets import EditionTerms, Matrix, add_data_set
from indexer.services.methods import use_method
from indexer.services.runs import compute_waiting_runs
from tests.factories import make_framework
from tests.indexer.factories import make_version
from tests.indexer.finished_runs import register_places
from weighting.models import Framework, Indicator, WeightVersion


@dataclass
class Family:
    """Editions of one series, by year, and the run of each under the first of its versions."""

    framework: Framework
    versions: list[WeightVersion]
    editions: dict[int, DataSet]
    runs: dict[int, Run]

    @property
    def cities(self):
        """The places by English name."""
        return {city.name_en: city for city in City.objects.all()}


def make_family(tables, *, framework=None, versions=1, **method):
    """Compute an edition for each year: ``tables`` are pairs of places (rows of a register) and values."""
    framework = framework or make_framework()
    actor, chosen = framework.created_by, use_method(**method)
    count = 1 + max(row for rows, _values in tables.values() for row in rows)
    places = register_places(count, actor=actor)
    for number, place in enumerate(places, 1):
        City.objects.filter(pk=place.pk, code="").update(code=f"X{number:02}")
    leaves = Indicator.objects.filter(framework=framework, is_leaf=True).order_by("position")
    codes = list(leaves.values_list("code", flat=True))
    tilts = [None, 1.0, 3.0][:versions]
    frozen = [make_version(framework, tilt=tilt) for tilt in tilts]
    editions = {
        year: add_data_set(
            terms=EditionTerms(
                framework=framework, name_zh="家族", name_en="The family", year=year, method=chosen
            ),
            matrix=Matrix(
                city_ids=[places[row].pk for row in rows],
                leaf_codes=codes,
                values=np.asarray(values, dtype=float),
                totals={},
            ),
            actor=actor,
        )
        for year, (rows, values) in tables.items()
    }
    for edition in editions.values():
        compute_waiting_runs(edition.pk)
    runs = Run.objects.filter(weight_version=frozen[0]).select_related("data_set")
    return Family(framework, frozen, editions, {run.data_set.year: run for run in runs.order_by("pk")})
