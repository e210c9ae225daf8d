"""A package holds all of a run, says what it is, and reads back to what is stored, to the last bit."""

import csv
import io
import json
import subprocess
import sys
import zipfile

import numpy as np
import openpyxl
import pytest
from django.core.management import CommandError, call_command
from django.db import transaction
from django.test import Client
from django.urls import reverse

from indexer.models import City, DataSet, Run
from indexer.packages.archive import package_of
from indexer.selectors.runs import runs_with_nodes_visible_to
from indexer.services.data_imports import Terms, store_import
from indexer.services.data_sets import EditionTerms, Matrix, add_data_set
from indexer.services.import_reading import DataFile
from indexer.services.mapped_imports import map_import
from indexer.services.methods import use_method
from indexer.services.published import describe_index, draft_index, publish_edition
from indexer.services.registers import CityRow, default_register, register_cities
from indexer.services.runs import compute_waiting_runs
from tests.factories import make_account
from tests.indexer.finished_runs import make_runs, random_values
from weighting.enums import Role
from weighting.manifest import hash_bytes
from weighting.models import Indicator
from weighting.services.frameworks import import_framework
from weighting.services.versions import draft_imported_version, freeze_version, import_version

pytestmark = [pytest.mark.django_db, pytest.mark.postgres]

FRAMEWORK = """code,parent,name_zh,name_en,direction,unit,note
a,,经济,Economy,,,
b,,,,,,
a1,a,产值,Output,1,万元,"=Output, as ""printed"": 年鉴 | p. 3"
a2,a,失业,Unemployment,-1,%,
b1,b,医生,Doctors,1,,
"""
VALUES = [[1.1, 2.25, 0.1], [3.7, 1 / 3, 1e-7], [2.0, 7.0, 123456.789], [5.5, 4.0, 2.2]]
LOCAL = {"a": 0.3, "b": 0.7, "a1": 1 / 3, "a2": 2 / 3, "b1": 1.0}
TERMS = {
    "name_zh": "宜居指数",
    "name_en": "Liveability",
    "description_zh": "供居民使用。",
    "description_en": "For those who live there.",
    "licence": "CC-BY-4.0",
    "contact": "index@example.org",
    "authors": "Li, Lei",
    "institutions": 'Institute: "A"',
}
LABELS = {"label_zh": "版本", "label_en": "Version"}


@pytest.fixture
def cities(manager):
    """Two of them share a name, and all have official codes."""
    names = ["甲市", "乙市", "丙市", "甲市"]
    rows = [
        CityRow(name, f"City {at}", f"省{at}", f"Province {at}", "华东", "East", code=f"33010{at}")
        for at, name in enumerate(names)
    ]
    register_cities(rows, actor=manager)
    return list(City.objects.filter(code__startswith="33010").order_by("code"))


def compute(manager, data_set, version):
    freeze_version(version, actor=manager)
    compute_waiting_runs(data_set.pk)
    return Run.objects.get(data_set=data_set)


def make_run(manager, cities):
    """Compute a run as other tests do, from arrays."""
    framework = import_framework(
        source=FRAMEWORK.encode(), filename="f.csv", name_zh="体系", name_en="Framework", actor=manager
    )
    terms = EditionTerms(
        framework=framework, name_zh="数据", name_en="Data", year=2020, method=use_method(missing="refuse")
    )
    matrix = Matrix(
        city_ids=[city.pk for city in cities],
        leaf_codes=["a1", "a2", "b1"],
        values=np.array(VALUES),
        totals={"a1": 20.5},
    )
    data_set = add_data_set(terms=terms, matrix=matrix, actor=manager)
    version = draft_imported_version(framework=framework, local_weights=LOCAL, actor=manager, **LABELS)
    return compute(manager, data_set, version)


def import_run(files, manager, *, ending="csv"):
    """Compute a run from the files of a package alone, through the product's own imports."""
    framework_name, data_name, totals_name, weights_name = (
        f"{name}.{ending}" for name in ("framework", "raw", "totals", "weights")
    )
    framework = import_framework(
        source=files["framework.csv"], filename=framework_name, name_zh="又", name_en="Again", actor=manager
    )
    terms = Terms(
        framework=framework,
        register=default_register(),
        name_zh="又",
        name_en="Again",
        year=2020,
        method=use_method(missing="refuse"),
        # One of the units is a percentage, and the method was chosen.
        shares_meant=True,
    )
    draft = map_import(
        data=DataFile(files["raw.csv"], data_name),
        totals=DataFile(files["totals.csv"], totals_name),
        terms=terms,
        actor=manager,
    )
    data_set = store_import(draft, actor=manager)
    version = import_version(
        framework=framework, source=files["weights.csv"], filename=weights_name, actor=manager, **LABELS
    )
    return compute(manager, data_set, version)


def hashes_of(run):
    data_set = DataSet.objects.get(pk=run.data_set_id)
    return {
        "framework": data_set.framework.sha256,
        "data": data_set.sha256,
        "method": run.method.sha256,
        "result": run.result_sha256,
        "values": bytes(data_set.values),
        "totals": bytes(data_set.totals),
    }


def files_in(package):
    with zipfile.ZipFile(io.BytesIO(package)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def rows_of(content):
    return list(csv.DictReader(io.StringIO(content.decode())))


def test_a_package_reads_back_to_the_same_framework_data_and_results(manager, cities):
    with transaction.atomic():
        run = make_run(manager, cities)
        package, before = package_of(run), hashes_of(run)
        transaction.set_rollback(True)
    assert not DataSet.objects.exists()
    files = files_in(package)

    with transaction.atomic():
        assert hashes_of(import_run(files, manager)) == before
        transaction.set_rollback(True)
    # Each reader finds its table in the whole package as well.
    assert hashes_of(import_run(dict.fromkeys(files, package), manager, ending="zip")) == before


def test_the_files_of_a_package_describe_check_and_compute_the_index(manager, cities, tmp_path):
    run = make_run(manager, cities)
    index = draft_index(slug="liveability", terms=TERMS, actor=manager)
    publish_edition(index, run=run, actor=manager)
    package = package_of(run)
    files = files_in(package)
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)

    described = json.loads(files["datapackage.json"])
    tables = {resource["path"]: resource for resource in described["resources"]}
    assert set(tables) == {name for name in files if name.endswith(".csv")}
    for name, resource in tables.items():
        assert resource["hash"] == f"sha256:{hash_bytes(files[name])}"
        heads = files[name].decode().splitlines()[0].split(",")
        assert [field["name"] for field in resource["schema"]["fields"]] == heads
    assert described["provenance"]["data_sha256"] == run.data_sha256
    assert (described["name"], described["licenses"]) == ("liveability", [{"name": "CC-BY-4.0"}])
    assert '\n  - name: "Institute: \\"A\\""\n' in files["CITATION.cff"].decode()
    assert "年鉴" in rows_of(files["framework.csv"])[2]["note"]

    # Every row says of which unit it is, by the official code: two cities share a name.
    for name in ("raw.csv", "normalised.csv", "scores.csv", "ranks.csv"):
        assert [row["unit"] for row in rows_of(files[name])] == [city.code for city in cities]

    program = [sys.executable, "verify_weight_version.py", "manifest.json", "--hash", run.manifest_hash]
    assert subprocess.run(program, cwd=tmp_path, capture_output=True).returncode == 0

    words = files["command.txt"].decode().split()[1:]
    places = [str(tmp_path / word) if word.endswith(".csv") or word == "computed" else word for word in words]
    call_command(*places)
    computed = rows_of((tmp_path / "computed" / "ranking.csv").read_bytes())
    scores = {row["unit"]: (row["total"], rank["total"]) for row, rank in
              zip(rows_of(files["scores.csv"]), rows_of(files["ranks.csv"]), strict=True)}  # fmt: skip
    assert {row["unit"]: (row["score"], row["rank"]) for row in computed} == scores
    assert package_of(Run.objects.get(pk=run.pk)) == package


def test_a_package_that_a_browser_kept_is_renewed_when_the_licence_is_another(client, manager, cities):
    run = make_run(manager, cities)
    index = draft_index(slug="liveability", terms=TERMS, actor=manager)
    publish_edition(index, run=run, actor=manager)
    address = reverse("indexer:run-package", args=[run.pk])
    kept = client.get(address)
    assert client.get(address, headers={"If-None-Match": kept["ETag"]}).status_code == 304

    describe_index(index, terms={"licence": "CC0-1.0"}, actor=manager)

    renewed = client.get(address, headers={"If-None-Match": kept["ETag"]})
    assert renewed.status_code == 200
    assert b"CC0-1.0" in files_in(renewed.content)["CITATION.cff"]


def publish(run):
    owner = run.data_set.created_by
    index = draft_index(slug="liveability", terms=TERMS, actor=owner)
    return publish_edition(index, run=run, actor=owner)


def test_page_and_command_give_the_same_files_to_whoever_may_have_them(client, tmp_path):
    run = make_runs(random_values(4), published=True)[0]
    address, page = (reverse(f"indexer:{name}", args=[run.pk]) for name in ("run-package", "run-detail"))
    out = tmp_path / "package.zip"
    call_command("export_package", str(run.pk), out=out)
    # Raw values are no part of what publishing a ranking shows: its owner has named no licence.
    assert client.get(address).status_code == 404
    assert address not in client.get(page).content.decode()
    analyst = Client()
    analyst.force_login(make_account(Role.ANALYST))
    assert analyst.get(address).content == out.read_bytes()

    publish(run)
    call_command("export_package", str(run.pk), out=out)

    assert client.get(address).content == out.read_bytes()
    assert address in client.get(page).content.decode()
    book = openpyxl.load_workbook(io.BytesIO(client.get(f"{address}?format=xlsx").content))
    sheets = ["framework", "units", "raw", "normalised", "weights", "scores", "ranks", "provenance"]
    assert book.sheetnames == sheets
    assert client.get(f"{address}?format=csv").status_code == 404
    with pytest.raises(CommandError, match="not computed"):
        call_command("export_package", "0", out=out)
    with pytest.raises(CommandError, match="neither"):
        call_command("export_package", str(run.pk), out=tmp_path / "package.tar")


def test_a_package_that_takes_long_is_left_to_the_command(client, monkeypatch):
    run = make_runs(random_values(3), published=True)[0]
    publish(run)
    monkeypatch.setattr("indexer.packages.archive.MOST_NUMBERS", 10)
    response = client.get(reverse("indexer:run-package", args=[run.pk]))
    assert response.status_code == 413
    assert f"export_package {run.pk}" in response.content.decode()


def test_values_that_were_filled_in_and_how_sure_ranks_are_come_along(manager):
    values = random_values(4)
    values[1, 2] = np.nan
    run = make_runs(values, missing="median", normalisation="minmax")[0]
    files = files_in(package_of(runs_with_nodes_visible_to(manager).get(pk=run.pk)))
    code = Indicator.objects.filter(framework=run.data_set.framework_id, is_leaf=True)[2].code
    changed = rows_of(files["changes.csv"])
    assert [(row["code"], row["changes"]) for row in changed] == [(code, "imputed")]
    assert rows_of(files["raw.csv"])[1][code] == ""
    assert "intervals.csv" not in files
