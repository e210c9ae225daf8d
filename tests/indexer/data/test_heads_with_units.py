"""Columns headed by a name with its unit behind go to the indicator of that name, and nobody is asked."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.urls import reverse

from indexer.intake.mapping import LeafNames, match_columns
from indexer.models import DataImport, DataSet
from indexer.selectors.stored_values import unpack_values
from indexer.services.registers import default_register
from tests.factories import make_account, make_framework, sign_in_staff
from tests.indexer.finished_runs import register_places
from weighting.enums import Role
from weighting.models import Indicator

ALIKE = [LeafNames("pop", "人口", "Population"), LeafNames("gdp", "地区生产总值", "Gross regional product")]
COUNT = 16
BRACKETS = {
    "plain": "{} ({})",
    "close": "{}({})",
    "full": "{}（{}）",
    "square": "{}［{}］",
    "lens": "{}【{}】",
}
UNITS = ("万人", "亿元", "%", "件/万人", "10,000 persons", "CNY, 2015 prices", "‰", "公顷")


@pytest.mark.parametrize("written", BRACKETS.values(), ids=BRACKETS)
@pytest.mark.parametrize("unit", UNITS)
def test_a_name_with_its_unit_is_the_name(written, unit):
    heads = [written.format(name, unit) for name in ("人口", "Gross regional product")]
    assert [(match.to, match.how) for match in match_columns(heads, ALIKE)] == [
        ("pop", "name"),
        ("gdp", "name"),
    ]


@pytest.mark.parametrize(
    "head", ["人口增长（%）", "年末常住人口密度（人）", "Population growth (%)", "（万人）"]
)
def test_another_name_is_still_asked_about(head):
    (match,) = match_columns([head], ALIKE)
    assert not match.is_settled


def test_a_name_behind_a_wide_colon_is_found():
    (match,) = match_columns(["二、规模：人口"], ALIKE)
    assert (match.to, match.how) == ("pop", "name")


@pytest.fixture
def framework():
    framework = make_framework({"all": {f"i{place}": {} for place in range(COUNT)}})
    register_places(3, actor=framework.created_by)
    return framework


def data(framework, written):
    leaves = Indicator.objects.filter(framework=framework, is_leaf=True).order_by("position")
    heads = [written.format(leaf.name_zh, UNITS[at % 4]) for at, leaf in enumerate(leaves)]
    lines = [",".join([unit, *(str(at + row) for at in range(COUNT))]) for row, unit in
             enumerate(("南阳", "西安", "甘孜州"))]  # fmt: skip
    return "\n".join([",".join(["城市", *heads]), *lines, ""])


@pytest.mark.django_db
@pytest.mark.parametrize("written", [BRACKETS["plain"], BRACKETS["full"]])
def test_sixteen_such_columns_are_settled_at_once_by_api_page_and_command(
    client, framework, written, tmp_path
):
    analyst = sign_in_staff(client, make_account(Role.ANALYST))
    text = data(framework, written)
    sent = {
        "framework": framework.pk,
        "register": default_register().pk,
        "name_en": "Data",
        "year": 2016,
        "normalisation": "minmax",
        "file": SimpleUploadedFile("data.csv", text.encode()),
    }
    body = analyst.post("/api/v1/imports/", sent).json()
    assert {column["how"] for column in body["columns"]} == {"name"}
    assert body["can_be_stored"]
    page = analyst.get(reverse("indexer:import-mapping", args=[body["id"]])).text
    assert "needs a look" not in page
    assert "need a look" not in page
    DataImport.objects.all().delete()

    path = tmp_path / "data.csv"
    path.write_text(text, encoding="utf-8")
    terms = [
        "--framework",
        str(framework.pk),
        "--year",
        "2016",
        "--name-en",
        "Data",
        "--normalisation",
        "minmax",
    ]
    call_command("import_data_set", str(path), *terms, "--account", framework.created_by.username)
    assert unpack_values(DataSet.objects.get())[0].tolist() == [float(at) for at in range(COUNT)]


@pytest.mark.django_db
def test_the_rest_is_settled_by_saving_what_the_page_suggests(client, framework):
    analyst = sign_in_staff(client, make_account(Role.ANALYST))
    names = [leaf.name_en for leaf in Indicator.objects.filter(framework=framework, is_leaf=True)]
    # Near enough to be suggested, and no name of an indicator.
    heads = ",".join(["unit", *(f"{name} s (persons)" for name in names)])
    lines = [",".join([unit, *("1" * COUNT)]) for unit in ("南阳", "西安", "甘孜州")]
    sent = {
        "framework": framework.pk,
        "register": default_register().pk,
        "name_en": "Data",
        "year": 2016,
        "file": SimpleUploadedFile("data.csv", "\n".join([heads, *lines]).encode()),
    }
    body = analyst.post("/api/v1/imports/", sent).json()
    assert len({column["to"] for column in body["columns"] if column["how"] == "near"}) == COUNT
    mapping = reverse("indexer:import-mapping", args=[body["id"]])
    page = analyst.get(mapping)
    waiting = next(side for side in page.context["sides"] if side["kind"] == "column")["waiting"]
    shown = {item["name"]: item["chosen"] for item in waiting}
    assert len(shown) == COUNT
    analyst.post(mapping, shown)
    after = analyst.get(reverse("indexer:api-import", args=[body["id"]])).json()
    assert {column["how"] for column in after["columns"]} == {"chosen"}
