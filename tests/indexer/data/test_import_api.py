"""Imports and registers over the API: the same drafts, findings and editions as on the pages."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from indexer.models import City, DataImport, DataSet
from indexer.services.registers import default_register
from tests.factories import make_account, sign_in_staff
from weighting.enums import Role
from weighting.services.api_tokens import make_api_token

pytestmark = pytest.mark.django_db
IMPORTS = "/api/v1/imports/"
HEADER = "unit,fixed,mobile,retail,finance,travel"
BROKEN = f"{HEADER}\n南阳,1,2,3,4,5\n西安城,2,x,4,5,6\n"


@pytest.fixture
def headers():
    return {"Authorization": f"Bearer {make_api_token(make_account(Role.ANALYST), name='import')}"}


def send(client, framework, headers, data=BROKEN, **fields):
    sent = {
        "framework": framework.pk,
        "register": default_register().pk,
        "name_zh": "数据",
        "name_en": "Data",
        "year": 2016,
        "file": SimpleUploadedFile("data.csv", data.encode()),
    }
    return client.post(IMPORTS, sent | fields, headers=headers)


def test_a_token_sends_maps_corrects_and_stores(client, framework, headers):
    answer = send(client, framework, headers)
    assert answer.status_code == 201
    body = answer.json()
    assert [(f["rule"], f["row"], f["column"], f["value"]) for f in body["findings"]] == [
        ("unmapped", 3, "", ""),
        ("not_a_number", 3, "mobile", "x"),
    ]
    assert not body["can_be_stored"]
    address = reverse("indexer:api-import", args=[body["id"]])
    store = reverse("indexer:api-import-store", args=[body["id"]])
    refused = client.post(store, headers=headers)
    assert (refused.status_code, len(refused.json()["blockers"])) == (422, 2)
    change = {"accept_suggestions": True, "cells": [{"row": 1, "column": 1, "value": "3"}]}
    body = client.patch(address, change, content_type="application/json", headers=headers).json()
    assert body["can_be_stored"]
    assert [row["how"] for row in body["rows"]] == ["alias", "chosen"]
    stored = client.post(store, headers=headers)
    assert stored.status_code == 201
    edition = stored.json()
    assert (edition["edition"], edition["previous"], edition["file_name"]) == (1, None, "data.csv")
    assert edition["sha256"] == DataSet.objects.get().sha256
    assert client.get(IMPORTS, headers=headers).json() == []


def test_what_is_wrong_with_the_file_or_the_request_is_said(client, framework, headers):
    wrong = send(client, framework, headers, data=f"{HEADER}\n南阳,1,2,3,4,5,6\n")
    assert (wrong.status_code, wrong.json()["problems"][0]["row"]) == (422, 2)
    unnamed = send(client, framework, headers, name_zh="", name_en="", year="soon")
    assert (unnamed.status_code, set(unnamed.json())) == (400, {"name_zh", "year"})
    assert not DataImport.objects.exists()


def test_unknown_fields_are_named_by_their_path_and_nothing_is_made(client, framework, headers):
    refused = send(client, framework, headers, yaer="2016")
    assert (refused.status_code, list(refused.json())) == (400, ["yaer"])
    assert not DataImport.objects.exists()
    address = reverse("indexer:api-import", args=[send(client, framework, headers).json()["id"]])
    change = {"cells": [{"row": 1, "column": 1, "value": "3"}, {"row": 1, "colum": 1}], "accept": True}
    refused = client.patch(address, change, content_type="application/json", headers=headers)
    assert (refused.status_code, set(refused.json())) == (400, {"cells.1.colum", "accept"})


def test_an_unknown_target_and_cell_are_refused_and_nothing_changes(client, framework, headers):
    body = send(client, framework, headers).json()
    address = reverse("indexer:api-import", args=[body["id"]])
    for change in (
        {"columns": [{"place": 0, "to": "nothing"}]},
        {"rows": [{"place": 0, "to": "0"}]},
        {"rows": [{"place": 9, "to": "aside"}]},
        {"rows": [{"place": 0, "to": "aside"}], "cells": [{"row": 9, "column": 0, "value": "1"}]},
    ):
        answer = client.patch(address, change, content_type="application/json", headers=headers)
        assert answer.status_code == 422, change
    assert client.get(address, headers=headers).json() == body


def test_an_import_is_thrown_away_by_its_owner_alone(client, framework, headers):
    address = reverse("indexer:api-import", args=[send(client, framework, headers).json()["id"]])
    stranger = {"Authorization": f"Bearer {make_api_token(make_account(Role.MANAGER), name='other')}"}
    assert client.delete(address, headers=stranger).status_code == 404
    assert client.delete(address, headers=headers).status_code == 204
    assert not DataImport.objects.exists()


def test_anybody_reads_registers_and_their_units(client, framework):
    City.objects.filter(name_en="Luoyang").update(code="410300", latitude=34.68, longitude=112.45)
    (register,) = client.get("/api/v1/registers/").json()["results"]
    assert (register["name_en"], register["units_en"], register["units"]) == ("Cities of China", "cities", 4)
    address = reverse("indexer:api-register-cities", args=[register["id"]])
    (luoyang,) = client.get(address, {"code": "410300"}).json()["results"]
    assert (luoyang["name_zh"], luoyang["latitude"], luoyang["province_en"]) == ("洛阳市", 34.68, "Henan")
    assert [unit["latitude"] for unit in client.get(address).json()["results"]][:3] == [None] * 3


@pytest.mark.parametrize("rows", [1, 3])
def test_the_list_of_imports_takes_the_same_queries_for_any_number(
    client, framework, rows, django_assert_num_queries
):
    sign_in_staff(client, make_account(Role.ANALYST))
    for year in range(rows):
        send(client, framework, {}, year=2000 + year)
    with django_assert_num_queries(3):
        assert len(client.get(IMPORTS).json()) == rows
