"""Every row of an export or of the API that names a unit has the code that the register has for it."""

import csv
import io
import json

import pytest
from django.urls import reverse
from openpyxl import load_workbook

from indexer.models import City, Run
from indexer.services.runs import compute_waiting_runs
from indexer.services.studies import count_waiting_parts
from tests.indexer.factories import make_version
from tests.indexer.study_runs import make_study
from tests.routes import find_routes

pytestmark = pytest.mark.django_db

# What a file said before its units were known, and what was asked for by name.
BY_NAME = {"indexer:api-import", "indexer:import-report", "indexer:api-study-pair"}
FORMATS = ("csv", "json", "xlsx")
# Where units are named: a walk that came past none of them would find no fault.
NAMING = {
    "indexer:api-register-cities", "indexer:api-run-node-ranking", "indexer:api-index-ranking",
    "indexer:api-ranking", "indexer:api-run-what-if", "indexer:api-run-map",
    "indexer:api-run-critical", "indexer:api-run-city", "indexer:api-comparison-cities",
    "indexer:api-city-change", "indexer:api-study-cities", "indexer:api-study-histogram",
    "indexer:run-unit-indicators-export", "indexer:api-run-unit-indicators",
    "indexer:run-export", "indexer:run-map-export", "indexer:run-series-export",
    "indexer:run-fragility-export", "indexer:run-what-if-export", "indexer:run-nodes-pair-export",
    "indexer:index-export", "indexer:comparison-export", "indexer:study-export",
    "indexer:api-study-cases", "indexer:api-run-nodes-pair",
}  # fmt: skip


@pytest.fixture(scope="module")
def world(world):
    """The world of all routes, whose units have codes; a study is counted, two versions computed."""
    for number, city in enumerate(City.objects.order_by("pk"), start=1):
        City.objects.filter(pk=city.pk).update(code=f"XA{number:02}")
        City.objects.filter(pk=city.pk).update(latitude=30 + number, longitude=110 + number)
    make_version(world.framework, tilt=2.0, actor=world.manager)
    compute_waiting_runs(world.data_set.pk)
    count_waiting_parts(world.study.pk)
    world.dropped = make_study(world.run, "dropped", actor=world.manager)
    return world


def test_rows_that_name_a_unit_have_its_code(world):
    lacking, naming = _walk(world, _addresses(world))
    assert lacking == []
    assert naming >= NAMING


def test_a_row_without_a_code_is_seen(world, monkeypatch):
    monkeypatch.setattr(
        "indexer.views.run.ranking.place_cells", lambda _cities, city: [city.name_zh, "", "", "", ""]
    )
    found = [(name, address) for name, address in _addresses(world) if name == "indexer:run-export"]
    lacking, _naming = _walk(world, found)
    assert {address for address, _row in lacking} == {address for _name, address in found}


def _walk(world, addresses):
    """Return the rows that name a unit without its code, and the routes at which any is named."""
    codes = {}
    for city in City.objects.all():
        codes |= {city.name_zh: city.code, city.name_en: city.code}
    lacking, naming = [], set()
    for name, address in addresses:
        answer = world.ask("manager", "GET", address)
        if answer.status_code != 200:
            continue
        content = b"".join(answer.streaming_content) if answer.streaming else answer.content
        for row in _rows_of(content, answer.headers["Content-Type"]):
            named = {codes[cell] for cell in row if cell in codes}
            if named:
                naming.add(name)
            if not named <= set(row):
                lacking.append((address, row[:6]))
    return lacking, naming


def _addresses(world):
    """Yield every export in every format and every address of the API, with what it asks for."""
    runs = list(Run.objects.filter(data_set=world.data_set).order_by("pk").values_list("pk", flat=True))
    for route in find_routes():
        is_api = route.pattern.startswith("api/")
        if route.name in BY_NAME or not (is_api or "export" in route.name or "mapping" in route.name):
            continue
        address = world.address_of(route) + "?" + _question(route.name, world, runs)
        for format in FORMATS if not is_api else ("",):
            yield route.name, address + (f"&format={format}" if format else "")
    yield "indexer:api-study-cases", reverse("indexer:api-study-cases", args=[world.dropped.pk])


def _question(name, world, runs):
    if "comparison" in name or "city-change" in name:
        joined = ",".join(map(str, runs))
        return f"runs={joined}" if "api-" in name else "&".join(f"runs={run}" for run in runs)
    if name in ("indexer:api-index-ranking", "indexer:index-export"):
        return f"run={world.run.pk}"
    if name in ("indexer:api-run-series", "indexer:run-series-export"):
        return f"series={world.series.pk}"
    if name in ("indexer:run-nodes-pair-export", "indexer:api-run-nodes-pair"):
        return "a=infra"
    return ""


def _rows_of(content, kind):
    """Yield the cells of each row; in JSON the plain values of each object, and of lists of them."""
    if "json" in kind:
        yield from _objects(json.loads(content))
    elif "csv" in kind:
        yield from csv.reader(io.StringIO(content.decode("utf-8-sig")))
    elif "spreadsheet" in kind:
        book = load_workbook(io.BytesIO(content), read_only=True)
        yield from (list(row) for sheet in book for row in sheet.iter_rows(values_only=True))


def _objects(value):
    if isinstance(value, dict):
        row = []
        for part in value.values():
            if isinstance(part, list) and all(isinstance(one, str) for one in part):
                row += part
            elif isinstance(part, (dict, list)):
                yield from _objects(part)
            else:
                row.append(part)
        yield row
    elif isinstance(value, list):
        for part in value:
            yield from _objects(part)
