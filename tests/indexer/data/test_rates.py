"""Rates, indices and percentages are recognised, and nobody takes shares of their sums unasked."""

import csv
from pathlib import Path

import numpy as np
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.urls import reverse

from indexer.intake.rates import why_no_sum
from indexer.models import DataImport, DataSet
from indexer.services.methods import choice_of, set_default_method, use_method
from indexer.services.registers import default_register
from tests.factories import make_framework
from tests.indexer.finished_runs import register_places
from weighting.models import Indicator

ROOT = Path(__file__).resolve().parents[3]
HEADER = "unit,fixed,mobile,retail,finance,travel"
DATA = f"{HEADER}\n南阳,12.5,2,3,4,5\n西安,40.25,3,4,5,6\n甘孜州,30,4,5,6,7\n"
PARTS, COUNTS, FRACTIONS = [20.0, 30, 50], [120.0, 300, 95], [0.2, 0.31, 0.9]


@pytest.mark.parametrize(
    ("name", "unit", "values", "why"),
    [
        ("Unemployment rate", "", COUNTS, "name"),
        ("失业率", "", COUNTS, "name"),
        ("人均国内生产总值", "元", COUNTS, "name"),
        ("Life expectancy at birth", "", COUNTS, "name"),
        ("GDP per capita", "USD", COUNTS, "name"),
        ("Human Development Index", "", COUNTS, "name"),
        ("Forest cover", "%", COUNTS, "unit"),
        ("Doctors", "per 1,000", COUNTS, "unit"),
        ("Doctors", "人/万人", COUNTS, "unit"),
        ("Time in school", "years", COUNTS, "unit"),
        ("优良天数", "天", COUNTS, "unit"),
        ("候诊时间", "小时", COUNTS, "unit"),
        ("Rain", "mm", COUNTS, "unit"),
        ("Commute", "min", COUNTS, "unit"),
        ("Noise at night", "dB(A)", COUNTS, "unit"),
        ("Citations per paper", "citations", COUNTS, "name"),
        ("生师比", "人", COUNTS, "name"),
        ("Distance to the next airport", "km", COUNTS, "name"),
        ("Tuition", "EUR", COUNTS, "name"),
        ("研发强度", "", COUNTS, "name"),
        ("Something", "", FRACTIONS, "range"),
        # Percentages that sum to the whole are parts of it; what is counted in a time adds up.
        ("Share of exports", "%", PARTS, ""),
        ("Visitors", "count/yr", COUNTS, ""),
        ("Bandwidth", "Mbit/s", COUNTS, ""),
        ("Visitors per year", "count", COUNTS, ""),
        ("Paid work", "person-hours", COUNTS, ""),
        ("住院", "床日", COUNTS, ""),
        ("Length of roads", "km", COUNTS, ""),
        ("年比赛场次", "场", COUNTS, ""),
        ("月均活跃用户数", "人", COUNTS, ""),
        ("Users, monthly mean", "count", COUNTS, ""),
        ("Population", "10,000 persons", COUNTS, ""),
        ("Meaningful patents", "count", COUNTS, ""),
        ("Corporate moderators", "", COUNTS, ""),
    ],
)
def test_what_says_that_a_sum_means_nothing(name, unit, values, why):
    assert why_no_sum(names=("", name), unit=unit, values=np.array([*values, np.nan])) == why


def test_of_the_report_only_ratios_and_points_are_asked_about():
    with (ROOT / "demo/report2016/framework.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    nothing = np.array([])
    found = {
        row["unit"]
        for row in rows
        if why_no_sum(names=(row["name_zh"], row["name_en"]), unit=row["unit"], values=nothing)
    }
    assert found == {"ratio", "points"}


@pytest.fixture
def framework():
    framework = make_framework()
    Indicator.objects.filter(framework=framework, code="fixed").update(name_en="Coverage rate", unit="%")
    register_places(3, actor=framework.created_by)
    return framework


def send(client, framework, **fields):
    sent = {
        "framework": framework.pk,
        "register": default_register().pk,
        "name_en": "Data",
        "year": 2016,
        "file": SimpleUploadedFile("data.csv", DATA.encode()),
    }
    return client.post("/api/v1/imports/", sent | fields).json()


def rates_in(body):
    return [(found["severity"], found["column"]) for found in body["findings"] if found["rule"] == "rate"]


@pytest.mark.django_db
def test_the_api_asks_and_takes_either_answer(analyst, framework):
    body = send(analyst, framework)
    assert rates_in(body) == [("blocker", "fixed")]
    assert body["method"]["normalisation"] == "share"
    store = reverse("indexer:api-import-store", args=[body["id"]])
    assert analyst.post(store).status_code == 422
    address = reverse("indexer:api-import", args=[body["id"]])
    settled = analyst.patch(address, {"rates": "share"}, content_type="application/json").json()
    assert rates_in(settled) == [("note", "fixed")]
    assert settled["can_be_stored"]
    other = analyst.patch(address, {"rates": "minmax"}, content_type="application/json").json()
    assert rates_in(other) == []
    assert other["method"]["normalisation"] == "minmax"
    assert analyst.post(store).status_code == 201
    assert DataSet.objects.get().method.normalisation == "minmax"


@pytest.mark.django_db
def test_who_chose_shares_by_name_is_only_told(analyst, framework):
    assert rates_in(send(analyst, framework, normalisation="share")) == [("note", "fixed")]
    assert rates_in(send(analyst, framework, normalisation="rank")) == []
    method = use_method(leaves={"fixed": {"normalisation": "minmax"}})
    set_default_method(framework, choice=choice_of(method), actor=framework.created_by)
    body = send(analyst, framework)
    assert rates_in(body) == []
    # What is left blank is as the framework's method says, here as on the page.
    assert body["method"]["leaves"] == {"fixed": {"normalisation": "minmax"}}


@pytest.mark.django_db
def test_the_page_asks_before_shares_are_taken_and_names_the_method(analyst, framework):
    draft = send(analyst, framework)["id"]
    address = reverse("indexer:import-check", args=[draft])
    english = {"accept-language": "en"}
    text = analyst.get(address, headers=english).text
    assert "1 indicator looks like a rate, an index or a percentage" in text
    assert "Method: Share of the total" in text
    assert analyst.post(address, {"rates-asked": "1"}, follow=True, headers=english).status_code == 200
    assert "looks like a rate" in analyst.get(address, headers=english).text
    text = analyst.post(address, {"rates-asked": "1", "rates": "zscore"}, follow=True, headers=english).text
    assert "looks like a rate" not in text
    assert "Method: z-score" in text
    assert DataImport.objects.get(pk=draft).method.normalisation == "zscore"


@pytest.mark.django_db
def test_the_command_refuses_the_default_and_takes_what_is_named(framework, tmp_path, capsys):
    path = tmp_path / "data.csv"
    path.write_text(DATA, encoding="utf-8")
    terms = ["--framework", str(framework.pk), "--year", "2016", "--name-en", "Data"]
    terms += ["--account", framework.created_by.username]
    with pytest.raises(CommandError, match="fixed"):
        call_command("import_data_set", str(path), *terms)
    assert not DataImport.objects.exists()
    call_command("import_data_set", str(path), *terms, "--normalisation", "share")
    assert "method: " in capsys.readouterr().out
    assert DataSet.objects.get().method.normalisation == "share"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("language", "called"), [("en", "Coverage rate (fixed)"), ("zh-hans", "指标fixed（fixed）")]
)
def test_the_check_calls_indicators_by_name_and_its_file_by_code(analyst, framework, language, called):
    draft = send(analyst, framework)["id"]
    said = {"accept-language": language}
    text = analyst.get(reverse("indexer:import-check", args=[draft]), headers=said).text
    assert called in text
    report = analyst.get(
        reverse("indexer:import-report", args=[draft]), {"format": "json"}, headers=said
    ).json()
    assert "fixed" in {row["column"] for row in report["rows"]}


@pytest.mark.django_db
def test_samples_with_decimal_commas_stay_apart(analyst, framework):
    text = "unit;fixed;mobile;retail;finance;travel;other\n南阳;12,5;2;3;4;5;17,8\n西安;40,25;3;4;5;6;64,7\n"
    file = SimpleUploadedFile("data.csv", text.encode())
    draft = send(analyst, framework, file=file)["id"]
    page = analyst.get(reverse("indexer:import-mapping", args=[draft])).text
    assert "17,8 · 64,7" in page
    assert "12,5 · 40,25" in page
