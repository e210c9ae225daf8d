"""Units of one name: pages tell them apart by their places, files and the API by a column of its own."""

import csv
from io import StringIO

import numpy as np
import pytest
from django.urls import reverse
from django.utils.translation import override

from indexer.forms.city_names import CityNames
from indexer.intake.registers import CityRow
from indexer.models import City
from indexer.names import AmbiguousUnit
from indexer.selectors.cities import cities_of_run
from indexer.selectors.unit_profiles import read_units
from indexer.services.data_sets import EditionTerms, Matrix, add_data_set
from indexer.services.methods import use_method
from indexer.services.registers import RegisterWords, create_register, register_units
from indexer.services.runs import compute_waiting_runs
from tests.factories import make_framework, sign_in_staff
from tests.indexer.factories import make_version
from weighting.models import Indicator

pytestmark = pytest.mark.django_db
RIVERS = [
    ("", "Black River", "North"),
    ("", "Black River", "South"),
    ("", "Alder", "North"),
    ("黑河", "Hei", "South"),
]
TOLD = ["Black River (North)", "Black River (South)", "Alder", "Hei"]


@pytest.fixture
def run(manager):
    register = create_register(
        RegisterWords(name_en="Rivers", unit_en="river", units_en="rivers"), actor=manager
    )
    rows = [CityRow(zh, en, "", place, "", "Rivers") for zh, en, place in RIVERS]
    register_units(rows, actor=manager, register=register)
    framework = make_framework()
    codes = [leaf.code for leaf in Indicator.objects.filter(framework=framework, is_leaf=True)]
    matrix = Matrix(
        city_ids=list(City.objects.filter(register=register).values_list("pk", flat=True)),
        leaf_codes=codes,
        values=np.arange(1.0, 21).reshape(4, 5),
        totals={},
        auxiliary={},
    )
    terms = EditionTerms(framework=framework, name_zh="", name_en="R", year=2020, method=use_method())
    data_set = add_data_set(terms=terms, matrix=matrix, actor=manager)
    make_version(framework)
    compute_waiting_runs(data_set.pk)
    return data_set.runs.get()


def test_a_page_tells_units_of_one_name_apart_in_the_language_of_the_reader(client, run, manager):
    sign_in_staff(client, manager)
    for page in ("run-detail", "run-leads", "run-what-if"):
        shown = client.get(reverse(f"indexer:{page}", args=[run.pk])).text
        assert shown.count("Black River (") == shown.count("Black River")
    assert "Black River (South)" in client.get(reverse("indexer:run-detail", args=[run.pk])).text
    with override("zh-hans"):
        assert [city.name for city in cities_of_run(run)][:2] == [
            "Black River（North）",
            "Black River（South）",
        ]


def test_whichever_is_looked_at_is_told_apart_in_one_query(run, django_assert_num_queries):
    cities = cities_of_run(run)
    assert len(cities.provinces) == 2
    with django_assert_num_queries(1):
        cities.load([1])
        assert cities[1].name == TOLD[1]
        assert [city.name for city in cities] == TOLD
    assert [city.other_name for city in cities] == ["", "", "", "黑河"]


def test_a_name_that_is_typed_means_all_of_that_name_and_one_with_its_place_means_it(run):
    cities = cities_of_run(run)
    assert read_units("Black River", cities, run) == ([0, 1], [])
    assert read_units("Black River (South); Alder", cities, run) == ([1, 2], [])
    with override("zh-hans"):
        assert read_units("Black River（North）", cities_of_run(run), run) == ([0], [])
    assert read_units("Alder (North)", cities, run) == ([], ["Alder (North)"])
    assert CityNames(cities).find("Black River (North)") == 0
    with pytest.raises(AmbiguousUnit) as raised:
        CityNames(cities).find("Black River")
    assert "may be any of Black River (North), Black River (South)" in CityNames(cities).explain(raised.value)


def test_files_keep_the_name_with_the_place_beside_it(client, run, manager):
    sign_in_staff(client, manager)
    file = client.get(reverse("indexer:run-export", args=[run.pk]), {"format": "csv"})
    rows = list(csv.reader(StringIO(b"".join(file).decode("utf-8-sig"))))
    named = [row[1:5] for row in rows if "Black River" in row]
    assert len(named) == 2
    assert {cell for row in named for cell in row} >= {"Black River"}
