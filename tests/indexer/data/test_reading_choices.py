"""What the reader asks about a file is settled on the page, in the API and by a kept file of choices."""

import json
import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.urls import reverse

from indexer.models import City, DataImport, DataSet
from indexer.selectors.stored_values import unpack_values
from tests.factories import make_account, make_framework, sign_in_staff
from tests.weighting.test_formats import package
from weighting.enums import Role

pytestmark = pytest.mark.django_db
LEAVES = ("fixed", "mobile", "retail", "finance", "travel")
# As an agency publishes it: a title, codes with a gap beside names, years in columns, a sum of units.
PUBLISHED = (
    "Table 1. Everything;;;;;;;;;;;;\n"
    + ";".join(["iso2", "country", "note", *(f"{leaf}_{year}" for leaf in LEAVES for year in (2020, 2021))])
    + "\n"
    + "AL;Albania;x;1,5;2,5;1;2;1;2;1;2;1;2\n"
    + ";Namibia;y;3,5;4,5;3;4;3;4;3;4;3;4\n"
    + ";World;z;9;9;9;9;9;9;9;9;9;9\n"
    + "Source: an agency;;;;;;;;;;;;\n"
)


@pytest.fixture
def framework(client):
    account = make_account(Role.ANALYST, username="anna")
    call_command("import_register", countries=True, account="anna")
    framework = make_framework()
    sign_in_staff(client, account)
    return framework


def send(client, framework, data=PUBLISHED, year=2019):
    sent = {
        "framework": framework.pk,
        "register": City.objects.get(code="NAM").register_id,
        "name_zh": "数据",
        "name_en": "Data",
        "year": year,
        "file": SimpleUploadedFile("data.csv", data.encode()),
    }
    return client.post("/api/v1/imports/", sent).json()


def test_a_publishers_file_is_settled_on_the_page_without_scripts(client, framework):
    body = send(client, framework)
    assert {made["key"] for made in body["decisions"] if made["how"] == "open"} == {"year", "aggregates"}
    mapping = reverse("indexer:import-mapping", args=[body["id"]])
    page = client.get(mapping).content.decode()
    assert "The year that is read" in page
    assert "Rows of sums and means" in page
    assert client.get(mapping).context["readings"][0]["is_open"]
    sent = {"reading-year": "2021", "reading-aggregates": "left out"}
    assert client.post(mapping, sent)["Location"] == mapping
    assert client.get(mapping).context["readings_open"] == 0
    check = reverse("indexer:import-check", args=[body["id"]])
    assert client.post(mapping, {"leave-out-columns": "1"})["Location"] == check
    client.post(reverse("indexer:import-store", args=[body["id"]]))
    data_set = DataSet.objects.get()
    assert [City.objects.get(pk=pk).code for pk in data_set.city_ids] == ["ALB", "NAM"]
    assert unpack_values(data_set)[:, 0].tolist() == [2.5, 4.5]
    assert data_set.mapping["choices"] == {"year": "2021", "aggregates": "left out"}
    assert "decimal:fixed" in {made["kind"] + ":" + made["subject"] for made in data_set.mapping["decisions"]}


def test_a_choice_reads_again_and_keeps_what_was_settled_by_hand(client, framework):
    body = send(client, framework)
    detail = reverse("indexer:api-import", args=[body["id"]])
    first = next(column["place"] for column in body["columns"] if column["head"] == "fixed")
    change = {
        "columns": [{"place": first, "to": "mobile"}],
        "cells": [{"row": 1, "column": first, "value": "7"}],
    }
    client.patch(detail, change, content_type="application/json")
    answer = client.patch(
        detail, {"choices": {"aggregates": "left out", "year": "2020"}}, content_type="application/json"
    ).json()
    assert {c["head"]: c["to"] for c in answer["columns"] if c["how"] == "chosen"} == {"fixed": "mobile"}
    assert [row["unit"] for row in answer["rows"]] == ["Albania", "Namibia"]
    assert DataImport.objects.get().corrections == [[1, first, "7"]]
    refused = client.patch(detail, {"choices": {"year": "1999"}}, content_type="application/json")
    assert (refused.status_code, "1999" in str(refused.json())) == (422, True)


def test_another_year_of_the_terms_is_read_from_the_same_file(client, framework):
    body = send(client, framework, year=2020)
    assert {made["key"]: made["value"] for made in body["decisions"]}["year"] == "2020"
    draft = DataImport.objects.get()
    address = reverse("indexer:import-terms", args=[body["id"]])
    form = client.get(address).context["form"]
    client.post(address, {**{k: v for k, v in form.initial.items() if v is not None}, "year": 2021})
    draft.refresh_from_db()
    assert draft.reading["decisions"][-1]
    place = draft.columns.index("fixed")
    values = client.get(reverse("indexer:api-import", args=[body["id"]])).json()
    assert {made["key"]: made["value"] for made in values["decisions"]}["year"] == "2021"
    assert place == draft.columns.index("fixed")


def test_next_years_file_is_brought_in_by_one_command_with_the_kept_choices(framework, tmp_path):
    file, choices = tmp_path / "next.csv", tmp_path / "choices.json"
    file.write_text(PUBLISHED.replace("2020", "2022").replace("2021", "2023"), encoding="utf-8")
    choices.write_text(json.dumps({"reading": {"aggregates": "left out"}, "units": {"AL": "Albania"}}))
    call_command(
        "import_data_set",
        file,
        framework=framework.pk,
        year=2023,
        account="anna",
        name_zh="数据",
        name_en="Data",
        register="世界各国",
        choices=choices,
        leave_out_columns=True,
    )
    assert unpack_values(DataSet.objects.get())[:, 0].tolist() == [2.5, 4.5]


def test_of_a_package_with_several_tables_one_is_chosen_where_it_is_sent(client, framework):
    table = ",".join(("country", *LEAVES)) + "\nAlbania,1,2,3,4,5\nNamibia,2,3,4,5,6\n"
    named = [{"name": "people", "path": "first.csv"}, {"name": "places", "path": "second.csv"}]
    content = package(named, first="name\nAnna\n", second=table)
    said = {
        "framework": framework.pk,
        "register": City.objects.get(code="NAM").register_id,
        "name_en": "Data",
        "year": 2019,
    }
    address = reverse("indexer:data-set-import")
    asked = client.post(address, {**said, "file": SimpleUploadedFile("p.zip", content)})
    assert asked.status_code == 422
    reading = next(one for one in asked.context["readings"] if one["is_open"])
    assert (reading["name"], [value for value, _label in reading["options"]]) == (
        *("reading-resource", ["people", "places"]),
    )
    assert (asked.context["problems"], DataImport.objects.count()) == ([], 0)

    # The page carries the file along.
    hidden = dict(re.findall(r'name="(file-carried[^"]*|read)" value="([^"]*)"', asked.text))
    hidden |= dict(re.findall(r'name="(file-carried-name)" value="([^"]*)"', asked.text))
    chosen = client.post(address, {**said, **hidden, "reading-resource": "places"})
    assert chosen.status_code == 302, chosen.context["problems"]
    draft = DataImport.objects.get()
    assert (draft.units, draft.choices) == (["Albania", "Namibia"], {"resource": "places"})

    sent = {**said, "choices": json.dumps({"resource": "places"})}
    made = client.post("/api/v1/imports/", {**sent, "file": SimpleUploadedFile("p.zip", content)})
    assert made.status_code == 201, made.content
    wrong = client.post(
        "/api/v1/imports/", {**sent, "choices": "[]", "file": SimpleUploadedFile("p.zip", b"")}
    )
    assert (wrong.status_code, list(wrong.json())) == (400, ["choices"])
