"""Numbers that are spelt, fractions, yes and no: asked about, and what somebody chooses is what is read."""

import numpy as np
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.urls import reverse

from indexer.models import City, DataSet
from indexer.selectors.stored_values import unpack_values
from tests.factories import make_account, make_framework, sign_in_staff
from tests.indexer.data.reading import read
from weighting.enums import Role
from weighting.readers.decisions import Decisions
from weighting.readers.problems import ProblemLog
from weighting.readers.spelt import read_spelt
from weighting.readers.weights import scan_weights

SPELT = {
    "三万": 30000, "十二": 12, "二十": 20, "一百零五": 105, "两千三百": 2300, "三万五千": 35000,
    "三万零五": 30005,
    "一亿二千万": 1.2e8, "一万亿": 1e12, "二〇二一": 2021, "零": 0, "壹佰贰拾": 120, "3万5千": 35000,
    "1亿500万": 1.05e8,
    "三点五": 3.5, "三点五万": 35000, "负三": -3, "三分之一": 1 / 3, "千分之五": 0.005,
    "1/2": 0.5, "½": 0.5, "3⅓": 3 + 1 / 3, "3 1/2": 3.5, "-1/4": -0.25, "8/10": 0.8,
}  # fmt: skip


@pytest.mark.parametrize("text", SPELT)
def test_a_number_that_is_spelt_is_asked_about_and_read_by_choice_alone(text):
    table = f"city,a\nx,{text}\ny,2.5\nz,3.5\n"
    sheet, asked, _likely = read(table)
    assert (asked, sheet.texts) == ({"spelt:a": ""}, {(0, 0): text})
    sheet, asked, _likely = read(table, spelt__a="number")
    assert (asked, sheet.texts) == ({}, {})
    np.testing.assert_allclose(sheet.values[:, 0], [SPELT[text], 2.5, 3.5], rtol=1e-15)
    sheet, asked, _likely = read(table, spelt__a="gap")
    assert (asked, sheet.texts, sheet.kept) == ({}, {}, {(0, 0): text})


# In speech 三万五 is 35,000 and 三四 three or four; 2020/21 is a year, 5/2 may be a day of May.
@pytest.mark.parametrize(
    "text",
    [
        "三万五",
        "3万5",
        "二百五",
        "三四",
        "万",
        "十十",
        "三百千",
        "2020/21",
        "5/2",
        "1/0",
        "0/3",
        "三亚",
    ],
)
def test_what_may_mean_something_else_is_not_spelt(text):
    assert read_spelt(text) is None
    sheet, asked, _likely = read(f"city,a\nx,{text}\ny,2.5\nz,3.5\n")
    assert "spelt:a" not in asked
    assert sheet.texts == {(0, 0): text}


def test_a_share_that_is_spelt_is_so_many_percent():
    text = "city,a\nx,百分之三十\ny,百分之十二\n"
    assert read(text, spelt="number")[0].values.tolist() == [[30], [12]]
    assert read(text, spelt="number", percent="fraction")[0].values.tolist() == [[0.3], [0.12]]


YES_NO = [
    ("yes", "no"),
    ("Y", "N"),
    ("TRUE", "FALSE"),
    ("是", "否"),
    ("有", "无"),
    ("√", "×"),
]


@pytest.mark.parametrize(("yes", "no"), YES_NO)
def test_yes_and_no_are_one_and_nought_by_choice_alone(yes, no):
    text = f"city,a\nx,{yes}\ny,{no}\nz,\nw,NA\n"
    sheet, asked, _likely = read(text)
    assert asked == {"truth:a": ""}
    assert {sheet.texts[0, 0], sheet.texts[1, 0]} == {yes, no}
    sheet, asked, _likely = read(text, truth__a="number")
    assert (asked, sheet.texts) == ({}, {})
    np.testing.assert_array_equal(sheet.values[:, 0], [1, 0, np.nan, np.nan])
    sheet, asked, _likely = read(text, truth__a="gap")
    assert (asked, sheet.texts, sheet.kept[1, 0]) == ({}, {}, no)


def test_a_word_for_a_gap_stays_one_where_nothing_says_yes():
    sheet, asked, likely = read("city,a\nx,无\ny,2.5\nz,3.5\n")
    assert (asked, likely["missing"], sheet.kept) == ({}, "gap", {(0, 0): "无"})
    # Beside numbers a yes is a text, for nobody can tell what it counts.
    sheet, asked, _likely = read("city,a\nx,yes\ny,2.5\nz,3.5\n")
    assert (asked, sheet.texts) == ({"text:a": ""}, {(0, 0): "yes"})


def test_columns_of_names_are_no_yes_and_no():
    sheet, asked, _likely = read("city,a,size\nx,1,large\ny,2,no\nz,3,yes\n")
    assert asked == {}
    assert sheet.columns == ("a", "size")


def test_weights_that_are_spelt_are_asked_about_by_key():
    log, said = ProblemLog("w.csv"), b"code,global_weight\na,1/2\nb,1/4\nc,1/4\n"
    scan_weights(said, log, ["a", "b", "c"], None)
    assert [problem.key for problem in log.problems] == ["spelt:global_weight"]
    log = ProblemLog("w.csv")
    chosen = Decisions({"spelt:global_weight": "number"})
    scan_weights(said, log, ["a", "b", "c"], None, decisions=chosen)
    assert (log.problems, chosen.open) == ([], [])


@pytest.mark.django_db
def test_what_is_spelt_is_chosen_on_the_page_and_kept_for_next_years_file(client):
    account = make_account(Role.ANALYST, username="anna")
    call_command("import_register", countries=True, account="anna")
    framework = make_framework(tree={"ab": {}, "cd": {}, "ef": {}}, owner=account)
    sign_in_staff(client, account)
    rows = "country,ab,cd,ef\nAlbania,{},有,1/2\nNamibia,十二,无,3/4\n"

    def send(text, **said):
        file = SimpleUploadedFile("f.csv", text.encode())
        return client.post("/api/v1/imports/", {"framework": framework.pk, **said, "file": file}).json()

    register = City.objects.get(code="NAM").register_id
    body = send(rows.format("三万"), register=register, name_en="Spelt", year=2020)
    asked = {made["key"]: made for made in body["decisions"] if made["how"] == "open"}
    assert set(asked) == {"spelt:ab", "truth:cd", "spelt:ef"}
    assert asked["spelt:ab"]["samples"] == ["三万 → 30000", "十二 → 12"]
    mapping = reverse("indexer:import-mapping", args=[body["id"]])
    page = client.get(mapping)
    assert page.context["readings_open"] == 3
    assert "有 → 1" in page.content.decode()
    client.post(
        mapping, {"reading-spelt:ab": "number", "reading-truth:cd": "number", "reading-spelt:ef": "number"}
    )
    assert client.get(mapping).context["readings_open"] == 0
    stored = client.post(reverse("indexer:api-import-store", args=[body["id"]]))
    assert stored.status_code == 201, stored.content
    first = DataSet.objects.get()
    assert unpack_values(first).tolist() == [[30000, 1, 0.5], [12, 0, 0.75]]
    body = send(rows.format("四万"), series=first.series_id, year=2021)
    assert [made["key"] for made in body["decisions"] if made["how"] == "open"] == []
    client.post(reverse("indexer:api-import-store", args=[body["id"]]))
    assert unpack_values(DataSet.objects.get(year=2021)).tolist() == [[40000, 1, 0.5], [12, 0, 0.75]]
