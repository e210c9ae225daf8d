"""Units that are in no group: files, the package and the API leave it empty, never the register's name."""

import csv
import io
import zipfile

import pytest
from django.urls import reverse

from indexer.models import Run
from indexer.services.data_sets import EditionTerms, Matrix, add_data_set
from indexer.services.methods import use_method
from indexer.services.registers import RegisterWords, import_register
from indexer.services.runs import compute_waiting_runs
from tests.factories import make_framework, sign_in_staff
from tests.indexer.factories import make_version
from tests.indexer.finished_runs import random_values

pytestmark = pytest.mark.django_db
ALONE = "name_en\nNorth\nSouth\nEast\n"
# As of a register that was made of a file of data: its groups in a region of its own name.
WHOLE = "name_en,province_en,region_en\nNorth,Upland,Wards\nSouth,,\nEast,Delta,Wards\n"
SOME = "name_en,province_en,region_en\nNorth,Upland,Coast\nSouth,,\nEast,Delta,Coast\n"


def run_of(file):
    framework = make_framework()
    actor = framework.created_by
    sent = {"source": file.encode(), "filename": "r.csv", "into": RegisterWords(name_en="Wards")}
    register = import_register(**sent, actor=actor)
    units = list(register.cities.order_by("pk"))
    leaves = [leaf.code for leaf in framework.indicators.filter(is_leaf=True).order_by("position")]
    data_set = add_data_set(
        terms=EditionTerms(framework, "", "Data", 2016, use_method()),
        matrix=Matrix([unit.pk for unit in units], leaves, random_values(3), {}),
        actor=actor,
    )
    make_version(framework)
    compute_waiting_runs(data_set.pk)
    return Run.objects.get()


@pytest.mark.parametrize(
    ("file", "places"),
    [
        (ALONE, {"North": ("", ""), "South": ("", ""), "East": ("", "")}),
        (WHOLE, {"North": ("Upland", ""), "South": ("", ""), "East": ("Delta", "")}),
        (SOME, {"North": ("Upland", "Coast"), "South": ("", ""), "East": ("Delta", "Coast")}),
    ],
)
def test_what_is_in_no_group_is_called_by_none(client, file, places):
    run = run_of(file)
    sign_in_staff(client, run.data_set.created_by)

    def told(rows, name, province="province", region="region"):
        return {row[name]: (row[province], row[region]) for row in rows}

    text = client.get(reverse("indexer:run-export", args=[run.pk])).content.decode("utf-8-sig")
    assert told(csv.DictReader(io.StringIO(text)), "City (English)", "Province", "Region") == places
    register = run.data_set.series.register_id
    units = client.get(reverse("indexer:api-register-cities", args=[register])).json()["results"]
    assert told(units, "name_en") == told(units, "name_en", "province_en", "region_en") == places
    ranking = client.get(reverse("indexer:api-ranking", args=[run.pk])).json()["results"]
    assert told(ranking, "unit") == places
    packed = client.get(reverse("indexer:run-package", args=[run.pk]))
    with zipfile.ZipFile(io.BytesIO(b"".join(packed))) as archive:
        name = next(name for name in archive.namelist() if name.endswith("units.csv"))
        rows = csv.DictReader(io.StringIO(archive.read(name).decode("utf-8-sig")))
        assert told(rows, "name_en") == places
