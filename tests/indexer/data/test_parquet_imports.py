"""Parquet, wide and long, comes in by page, API and command; without the extra it is said how to go on."""

import sys
from io import BytesIO

import pyarrow
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.urls import reverse
from pyarrow import parquet

from indexer.models import DataImport, DataSet
from indexer.selectors.data_sets import unpack_totals
from indexer.selectors.stored_values import unpack_values
from indexer.services.registers import default_register
from tests.factories import make_account, make_framework, sign_in_staff
from tests.indexer.finished_runs import register_places
from weighting.enums import Role
from weighting.services.api_tokens import make_api_token

pytestmark = pytest.mark.django_db

LEAVES = ["fixed", "mobile", "retail", "finance", "travel"]
VALUES = {"南阳": [1.5, 2, 3, 4, 0.1], "Xi'an": [2, 3, 4, 5, 6]}
WIDE = {"unit": list(VALUES), **{code: [row[n] for row in VALUES.values()] for n, code in enumerate(LEAVES)}}
LONG = {
    "city": [city for city in VALUES for _code in LEAVES],
    "indicator": [code for _city in VALUES for code in LEAVES],
    "value": [float(value) for row in VALUES.values() for value in row],
    "total": [9] * 10,
}


def file_of(columns):
    out = BytesIO()
    parquet.write_table(pyarrow.table(columns), out)
    return out.getvalue()


@pytest.fixture
def framework():
    framework = make_framework()
    register_places(3, actor=framework.created_by)
    return framework


def by_page(data, framework, client, folder):
    analyst = sign_in_staff(client, make_account(Role.ANALYST))
    method = {
        "normalisation": "share",
        "negative": "reflect",
        "missing": "refuse",
        "aggregation": "arithmetic",
    }
    sent = analyst.post("/data-sets/import/", terms(framework) | method | {"file": upload(data)})
    if sent.status_code == 422:
        return [problem.message for problem in sent.context["problems"]]
    analyst.post(reverse("indexer:import-store", args=[DataImport.objects.get().pk]))
    return []


def by_api(data, framework, client, folder):
    headers = {"Authorization": f"Bearer {make_api_token(make_account(Role.ANALYST), name='import')}"}
    sent = client.post("/api/v1/imports/", terms(framework) | {"file": upload(data)}, headers=headers)
    if sent.status_code == 422:
        return [problem["message"] for problem in sent.json()["problems"]]
    client.post(reverse("indexer:api-import-store", args=[sent.json()["id"]]), headers=headers)
    return []


def by_command(data, framework, client, folder):
    path = folder / "data.parquet"
    path.write_bytes(data)
    named = {"name_zh": "数据", "name_en": "Data", "year": 2016, "account": framework.created_by.username}
    try:
        call_command("import_data_set", path, framework=framework.pk, **named)
    except CommandError as error:
        return [str(error)]
    return []


def terms(framework):
    names = {"name_zh": "数据", "name_en": "Data", "year": "2016"}
    return {"framework": framework.pk, "register": default_register().pk, **names}


def upload(data):
    return SimpleUploadedFile("data.parquet", data)


ways = pytest.mark.parametrize("send", [by_page, by_api, by_command])


@ways
@pytest.mark.parametrize(("columns", "has_totals"), [(WIDE, False), (LONG, True)], ids=["wide", "long"])
def test_a_good_file_becomes_an_edition(send, columns, has_totals, framework, client, tmp_path):
    assert send(file_of(columns), framework, client, tmp_path) == []
    data_set = DataSet.objects.get()
    assert unpack_values(data_set).tolist() == list(VALUES.values())
    assert [float(total) == 9 for total in unpack_totals(data_set)] == [has_totals] * 5
    assert data_set.file_name == "data.parquet"


@ways
def test_without_the_extra_the_remedy_is_said(send, framework, client, tmp_path, monkeypatch):
    data = file_of(WIDE)
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    (problem,) = send(data, framework, client, tmp_path)
    assert "Save the table as CSV, or have the operator install requirements-parquet.txt." in problem
    assert not DataImport.objects.exists()
    assert not DataSet.objects.exists()
