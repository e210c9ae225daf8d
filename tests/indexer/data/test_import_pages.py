"""A file brought in by its pages: sent, mapped, checked, corrected and stored."""

import hashlib

import numpy as np
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from indexer.models import City, DataImport, DataSet, Run
from indexer.selectors.data_sets import unpack_totals
from indexer.selectors.stored_values import unpack_values
from indexer.services.methods import MethodChoice, set_default_method, use_method
from indexer.services.registers import CityRow, register_cities
from indexer.services.runs import compute_waiting_runs
from tests.factories import make_account, sign_in_staff
from tests.indexer.composites import scores_by_name
from tests.indexer.factories import make_version
from weighting.enums import Role

pytestmark = pytest.mark.django_db
IMPORT = "/data-sets/import/"
HEADER = "unit,fixed,mobile,retail,finance,travel"
GOOD = f"{HEADER}\n南阳,1,2,3,4,5\nXi'an,2,3,4,5,6\n甘孜州,3,4,5,6,7\n"


def send(client, framework, data=GOOD, totals=None, name="data.csv", **fields):
    """Send a file in; the answer leads to the next step, or says what is wrong."""
    encoded = data if isinstance(data, bytes) else data.encode()
    sent = {
        "framework": framework.pk,
        "register": City.objects.first().register_id,
        "name_zh": "数据",
        "name_en": "Data",
        "year": "2016",
        "file": SimpleUploadedFile(name, encoded),
        "normalisation": "share",
        "negative": "reflect",
        "missing": "refuse",
        "aggregation": "arithmetic",
        **fields,
    }
    if totals is not None:
        sent["totals"] = SimpleUploadedFile("totals.csv", totals.encode())
    return client.post(IMPORT, sent)


def check(client):
    """What the check page of the only draft lists: (severity, rule, row, column, value, message)."""
    draft = DataImport.objects.get()
    response = client.get(reverse("indexer:import-check", args=[draft.pk]))
    rows = [row["finding"] for row in response.context["blockers"] + response.context["notes"]]
    return [(f.severity, f.rule, f.line, f.column, f.value, f.message) for f in rows]


def blockers(client):
    return [found[1:] for found in check(client) if found[0] == "blocker"]


def store(client):
    return client.post(reverse("indexer:import-store", args=[DataImport.objects.get().pk]))


def problems_of(response):
    assert response.status_code == 422
    assert not DataImport.objects.exists()
    return [(p.file, p.row, p.column, p.value, p.message) for p in response.context["problems"]]


def test_a_file_that_fits_goes_straight_to_the_check_and_is_stored_and_computed(analyst, framework):
    make_version(framework)
    response = send(analyst, framework, totals="code,total\nfixed,12\n")
    assert response["Location"] == reverse("indexer:import-check", args=[DataImport.objects.get().pk])
    assert not DataSet.objects.exists()
    response = store(analyst)
    data_set = DataSet.objects.get()
    assert response["Location"] == reverse("indexer:data-set-detail", args=[data_set.pk])
    assert not DataImport.objects.exists()
    assert len(data_set.city_ids) == 3
    compute_waiting_runs(data_set.pk)
    scores = scores_by_name(Run.objects.get(), "name_en")
    # fixed is taken of the given 12, the other leaves of their sums 9, 12, 15, 18.
    assert scores["Nanyang"] == pytest.approx((1 / 12 + 2 / 9) / 4 + (3 / 12 + 4 / 15 + 5 / 18) / 6)


@pytest.mark.parametrize("encoding", ["gb18030", "utf-8-sig"])
def test_files_in_gbk_and_with_a_mark_at_their_head_are_read(analyst, framework, encoding):
    assert send(analyst, framework, GOOD.encode(encoding)).status_code == 302
    assert blockers(analyst) == []


def test_an_unknown_city_is_suggested_and_has_to_be_confirmed(analyst, framework):
    response = send(analyst, framework, f"{HEADER}\n南阴市,1,2,3,4,5\n洛阳,2,3,4,5,6\n")
    mapping = response["Location"]
    assert mapping == reverse("indexer:import-mapping", args=[DataImport.objects.get().pk])
    assert [b[:2] for b in blockers(analyst)] == [("unmapped", 2)]
    (item,) = analyst.get(mapping).context["sides"][1]["waiting"]
    nanyang = str(City.objects.get(name_en="Nanyang").pk)
    assert (item["chosen"], item["is_suggestion"]) == (nanyang, True)
    analyst.post(mapping, {"row-0": nanyang, "name-row-0": ""})
    assert blockers(analyst) == []


def test_a_typed_name_wins_over_the_suggestion_and_an_unknown_one_is_said(analyst, framework):
    mapping = send(analyst, framework, f"{HEADER}\n南阴市,1,2,3,4,5\n洛阳,2,3,4,5,6\n")["Location"]
    response = analyst.post(mapping, {"row-0": "", "name-row-0": "nowhere"})
    assert response.status_code == 422
    assert "“nowhere” is not known here" in response.content.decode()
    analyst.post(mapping, {"row-0": "", "name-row-0": "Xi'an"})
    store(analyst)
    names = [City.objects.get(pk=pk).name_en for pk in DataSet.objects.get().city_ids]
    assert names == ["Xi'an", "Luoyang"]


def test_columns_are_found_by_name_suggested_kept_beside_or_left_out(analyst, framework):
    data = (
        "unit,Indicator fixed,mobil,retail,finance,travel,note,population\n"
        "南阳,1,2,3,4,5,fine,7\n洛阳,2,3,4,5,6,,9\n"
    )
    mapping = send(analyst, framework, data)["Location"]
    targets = dict(
        zip(DataImport.objects.get().columns, DataImport.objects.get().column_targets, strict=True)
    )
    assert targets["Indicator fixed"] == ["fixed", "name"]
    assert targets["mobil"] == ["mobile", "near"]
    assert targets["note"] == ["aside", "near"]
    assert targets["population"] == ["", ""]
    assert {b[0] for b in blockers(analyst)} == {"unmapped"}
    analyst.post(mapping, {"column-1": "mobile", "column-5": "aside", "column-6": "beside"})
    assert blockers(analyst) == []
    store(analyst)
    data_set = DataSet.objects.get()
    assert data_set.auxiliary_codes == ["population"]
    page = analyst.get(reverse("indexer:data-set-detail", args=[data_set.pk])).content.decode()
    assert "5 columns used; 2 rows used; 1 column kept beside; 1 left out" in page


def test_a_city_named_twice_by_different_names_is_noticed_and_one_row_left_out(analyst, framework):
    data = f"{HEADER}\n甘孜,1,2,3,4,5\n甘孜州,2,3,4,5,6\n洛阳市,1,1,1,1,1\n"
    send(analyst, framework, data)
    assert [b[:2] for b in blockers(analyst)] == [("duplicate", 2), ("duplicate", 3)]
    mapping = reverse("indexer:import-mapping", args=[DataImport.objects.get().pk])
    assert [i["head"] for i in analyst.get(f"{mapping}?row=0").context["sides"][1]["waiting"]] == ["甘孜"]
    analyst.post(mapping, {"row-0": "aside"})
    assert blockers(analyst) == []
    assert ("note", "left_out", 2) in {found[:3] for found in check(analyst)}


def test_wrong_cells_are_corrected_on_the_page_and_kept_with_the_edition(analyst, framework):
    data = f"{HEADER}\n南阳,1,,3,-4,5\n洛阳,2,13oo,4,5,x\n"
    send(analyst, framework, data)
    found = {(b[0], b[1], b[2], b[3]) for b in blockers(analyst)}
    assert found == {
        ("missing", 2, "mobile", ""),
        ("negative", 2, "finance", "-4"),
        ("not_a_number", 3, "mobile", "13oo"),
        ("not_a_number", 3, "travel", "x"),
    }
    page = reverse("indexer:import-check", args=[DataImport.objects.get().pk])
    filled = {row["field"]: row["filled"] for row in analyst.get(page).context["blockers"]}
    assert filled == {"cell-0-1": "", "cell-0-3": "-4", "cell-1-1": "13oo", "cell-1-4": "x"}
    analyst.post(page, {**filled, "cell-0-1": "2", "cell-0-3": "4", "cell-1-1": "1300.5", "cell-1-4": "y"})
    assert [b[:4] for b in blockers(analyst)] == [("not_a_number", 3, "travel", "y")]
    assert store(analyst)["Location"] == page
    analyst.post(page, {"cell-1-4": "6"})
    store(analyst)
    data_set = DataSet.objects.get()
    assert unpack_values(data_set).tolist() == [[1, 2, 3, 4, 5], [2, 1300.5, 4, 5, 6]]
    assert data_set.mapping["corrections"] == [
        [2, "南阳", "mobile", "2"],
        [2, "南阳", "finance", "4"],
        [3, "洛阳", "mobile", "1300.5"],
        [3, "洛阳", "travel", "6"],
    ]
    # The file is kept as it was sent.
    assert data_set.file_sha256 == hashlib.sha256(data.encode()).hexdigest()


def test_a_row_of_totals_in_the_file_serves_as_the_national_totals(analyst, framework):
    send(analyst, framework, f"{HEADER}\n南阳,1,2,3,4,5\n洛阳,2,3,4,5,6\n全国,10,,20,-1,40\n")
    assert [b[:4] for b in blockers(analyst)] == [("total", 4, "finance", "-1")]
    page = reverse("indexer:import-check", args=[DataImport.objects.get().pk])
    analyst.post(page, {"cell-2-3": "30"})
    store(analyst)
    assert [None if np.isnan(t) else t for t in unpack_totals(DataSet.objects.get())] == [
        10,
        None,
        20,
        30,
        40,
    ]


def test_a_long_table_is_turned_and_a_value_given_twice_shows_as_two_rows(analyst, framework):
    cells = [(c, i, n) for n, c in enumerate(["南阳", "洛阳"], 1) for i in HEADER.split(",")[1:]]
    lines = "\n".join(f"{c},{i},{n},9,2016" for c, i, n in cells)
    send(analyst, framework, f"city,indicator,value,total,year\n{lines}\n南阳,mobile,7,,2016\n")
    assert [b[:2] for b in blockers(analyst)] == [("duplicate", 2), ("duplicate", 12)]
    mapping = reverse("indexer:import-mapping", args=[DataImport.objects.get().pk])
    analyst.post(mapping, {"row-2": "aside"})
    assert blockers(analyst) == []
    assert ("note", "left_out", None, "year") in {found[:4] for found in check(analyst)}
    store(analyst)
    data_set = DataSet.objects.get()
    assert unpack_values(data_set).tolist() == [[1] * 5, [2] * 5]
    assert unpack_totals(data_set).tolist() == [9] * 5


def test_all_problems_of_both_files_are_listed_at_once(analyst, framework):
    problems = problems_of(
        send(analyst, framework, f"{HEADER}\n南阳,1,2,3,4,5,6\n", totals="code,total\nfixd,12\nmobile,0\n")
    )
    assert {(p[0], p[1], p[2]) for p in problems} == {
        ("data.csv", 2, ""),
        ("totals.csv", 2, "code"),
        ("totals.csv", 3, "total"),
    }


def test_what_could_not_be_computed_is_refused_until_the_method_is_changed(analyst, framework):
    send(analyst, framework, f"{HEADER}\n南阳,0,2,3,4,5\n洛阳,0,3,4,5,6\n")
    assert [(b[0], b[2]) for b in blockers(analyst)] == [("not_computable", "fixed")]
    draft = DataImport.objects.get()
    terms = {
        "framework": framework.pk, "register": draft.register_id, "name_zh": "数据", "name_en": "Data",
        "year": 2017, "normalisation": "rank", "negative": "reflect", "missing": "refuse",
        "aggregation": "arithmetic",
    }  # fmt: skip
    analyst.post(reverse("indexer:import-terms", args=[draft.pk]), terms)
    assert blockers(analyst) == []
    assert [(f[1], f[3]) for f in check(analyst) if f[1] == "constant"] == [("constant", "fixed")]
    store(analyst)
    assert (DataSet.objects.get().year, DataSet.objects.get().method.normalisation) == (2017, "rank")


def test_a_constant_column_and_zeros_are_refused_where_the_method_cannot_take_them(analyst, framework):
    send(analyst, framework, f"{HEADER}\n南阳,7,2,3,4,5\n洛阳,7,3,4,5,6\n", normalisation="zscore")
    assert [(b[0], b[2]) for b in blockers(analyst)] == [("not_computable", "fixed")]
    DataImport.objects.all().delete()
    send(analyst, framework, f"{HEADER}\n南阳,0,2,3,4,5\n洛阳,7,3,4,5,6\n", aggregation="geometric")
    assert [(b[0], b[2]) for b in blockers(analyst)] == [("not_computable", "fixed")]


def test_a_geometric_mean_of_zscores_is_refused_whatever_the_data(analyst, framework):
    response = send(analyst, framework, normalisation="zscore", aggregation="geometric")
    assert response.status_code == 422
    assert "The geometric mean needs values above zero" in response.content.decode()


def test_a_missing_cell_is_taken_when_the_policy_says_how(analyst, framework):
    data = f"{HEADER}\n南阳,,2,3,4,5\n洛阳,2,3,4,5,6\n甘孜,3,1,1,1,1\n"
    send(analyst, framework, data, missing="mean")
    assert [(f[0], f[1], f[3]) for f in check(analyst)] == [("note", "missing", "fixed")]
    store(analyst)
    make_version(framework)
    data_set = DataSet.objects.get()
    compute_waiting_runs(data_set.pk)
    assert Run.objects.get().status == "done"


@pytest.mark.parametrize("data", ["", "\n\n", HEADER, b"\xff\xfe\x00"])
def test_an_empty_or_unreadable_file_is_a_problem_not_an_error(analyst, framework, data):
    assert problems_of(send(analyst, framework, data))


@pytest.mark.parametrize(
    ("said", "is_refused"),
    [({"missing": "reweight"}, True), ({"missing": "mean"}, False)],
)
def test_a_unit_without_any_value_is_refused_where_nothing_fills_one_in(analyst, framework, said, is_refused):
    """A data set never changes: one that no version can be computed with is not stored."""
    data = f"{HEADER}\n南阳,1,2,3,4,5\nXi'an,,,,,\n甘孜州,3,4,5,6,7\n"
    send(analyst, framework, data, normalisation="minmax", **said)
    expected = [("not_computable", 3, "")] if is_refused else []
    assert [found[:3] for found in blockers(analyst)] == expected
    store(analyst)
    assert DataSet.objects.exists() is not is_refused


def test_the_same_data_twice_is_refused_with_its_name(analyst, framework):
    send(analyst, framework)
    store(analyst)
    send(analyst, framework)
    page = store(analyst)["Location"]
    assert "The same data is already stored as “Data”." in analyst.get(page).content.decode()
    assert DataSet.objects.count() == 1


def test_editions_count_by_year_and_follow_one_another(analyst, framework):
    send(analyst, framework)
    store(analyst)
    first = DataSet.objects.get()
    bigger = (
        GOOD.replace("Xi'an,2,", "Xi'an,2000,").replace(",3,4,5\n", ",30,40,50\n").replace("\n甘", "\n甘")
    )
    send(analyst, framework, bigger, series=first.series_id, name_zh="", name_en="")
    notes = {(f[1], f[2], f[3]) for f in check(analyst)}
    assert ("jump", 3, "fixed") in notes
    store(analyst)
    send(analyst, framework, bigger, series=first.series_id, name_zh="", name_en="", year="2018")
    store(analyst)
    editions = DataSet.objects.order_by("pk").values_list("year", "edition", "previous", "name_zh")
    second = DataSet.objects.get(edition=2)
    assert list(editions) == [
        (2016, 1, None, "数据"),
        (2016, 2, first.pk, "数据"),
        (2018, 1, second.pk, "数据"),
    ]
    page = analyst.get(reverse("indexer:data-set-detail", args=[second.pk])).content.decode()
    assert "Data (2016), edition 2" in page
    assert second.file_sha256 in page


def test_a_column_in_another_unit_is_noticed_against_the_edition_before(analyst, framework):
    send(analyst, framework)
    store(analyst)
    thousands = f"{HEADER}\n南阳,1000,2,3,4,5\nXi'an,2000,3,4,5,6\n甘孜州,3000,4,5,6,7\n"
    send(analyst, framework, thousands, series=DataSet.objects.get().series_id)
    assert [(f[1], f[3]) for f in check(analyst)] == [("correction", ""), ("unit_jump", "fixed")]


def test_the_report_is_a_file_that_runs_no_formula(analyst, framework):
    send(analyst, framework, f"{HEADER}\n=cmd|' /C calc'!A0,1,2,3,4,5\n洛阳,2,3,4,5,6\n")
    response = analyst.get(reverse("indexer:import-report", args=[DataImport.objects.get().pk]))
    lines = response.content.decode("utf-8-sig").splitlines()
    assert lines[0].startswith("Kind,Rule,Row,Unit,Column,Value,What to do,File,SHA-256 of the file")
    assert lines[1].startswith("blocker,not matched,2,'=cmd")


def test_a_new_unit_is_added_to_the_register_and_takes_the_row(analyst, framework):
    send(analyst, framework, f"{HEADER}\n雄安新区,1,2,3,4,5\n洛阳,2,3,4,5,6\n")
    draft = DataImport.objects.get()
    address = reverse("indexer:import-unit", args=[draft.pk, 0])
    unit = {
        "name_zh": "雄安新区",
        "name_en": "Xiong'an",
        "code": "133100",
        "region_zh": "华北",
        "region_en": "North",
        "province_zh": "河北省",
        "province_en": "Hebei",
        "latitude": "38.99",
        "longitude": "",
    }
    assert analyst.post(address, unit).status_code == 422
    analyst.post(address, unit | {"longitude": "116.1"})
    assert blockers(analyst) == []
    assert City.objects.get(code="133100").province.name_en == "Hebei"


def test_a_draft_is_its_owners_alone_and_can_be_thrown_away(analyst, framework):
    send(analyst, framework)
    draft = DataImport.objects.get()
    stranger = sign_in_staff(Client(), make_account(Role.MANAGER))
    for name in ("mapping", "check", "report", "terms"):
        address = reverse(f"indexer:import-{name}", args=[draft.pk])
        assert (analyst.get(address).status_code, stranger.get(address).status_code) == (200, 404)
    assert stranger.post(reverse("indexer:import-store", args=[draft.pk])).status_code == 404
    assert "数据" not in stranger.get(IMPORT).content.decode()
    assert "data.csv" in analyst.get(IMPORT).content.decode()
    analyst.post(reverse("indexer:import-discard", args=[draft.pk]))
    assert not DataImport.objects.exists()


def test_the_form_keeps_what_was_typed_and_names_what_is_missing(analyst, framework):
    response = send(analyst, framework, name_zh="", name_en="", note="Of the yearbook", year="20166")
    assert set(response.context["form"].errors) == {"name_zh", "year"}
    assert "Of the yearbook" in response.content.decode()


def test_importing_needs_a_role(client, framework):
    assert send(client, framework).status_code == 302
    assert not DataImport.objects.exists()


def test_a_name_shared_by_two_provinces_must_be_told_apart(analyst, framework):
    rows = [CityRow("吉林市", "Jilin", f"{p}省", p, "东北", "Northeast") for p in ("甲", "乙")]
    register_cities(rows, actor=framework.created_by)
    mapping = send(analyst, framework, f"{HEADER}\n吉林市,1,2,3,4,5\n洛阳,2,3,4,5,6\n")["Location"]
    (item,) = analyst.get(mapping).context["sides"][1]["waiting"]
    assert [label for _to, label in item["choices"]][:2] == ["Jilin 吉林市（乙省）", "Jilin 吉林市（甲省）"]
    assert item["chosen"] == ""
    named = f"{HEADER}\n吉林市（甲省）,1,2,3,4,5\n洛阳,2,3,4,5,6\n"
    DataImport.objects.all().delete()
    send(analyst, framework, named)
    assert blockers(analyst) == []


class TestTheFrameworksMethod:
    """What is left open is as the framework says; what is chosen comes before it."""

    LEFT_OPEN = {"normalisation": "", "negative": "", "missing": "", "aggregation": ""}

    def chosen(self, framework, **choices):
        set_default_method(framework, choice=MethodChoice(**choices), actor=framework.created_by)

    def test_choices_left_open_are_the_frameworks(self, analyst, framework):
        self.chosen(framework, normalisation="rank", outliers="log")

        send(analyst, framework, **self.LEFT_OPEN)

        method = DataImport.objects.get().method
        assert (method.normalisation, method.outliers) == ("rank", "log")

    def test_a_choice_comes_before_the_frameworks(self, analyst, framework):
        self.chosen(framework, normalisation="rank", outliers="winsorise", winsorised_most=2)

        send(analyst, framework, **{**self.LEFT_OPEN, "normalisation": "minmax"})

        method = DataImport.objects.get().method
        assert (method.normalisation, method.outliers, method.winsorised_most) == ("minmax", "winsorise", 2)

    def test_a_framework_without_a_method_leaves_the_reports(self, analyst, framework):
        send(analyst, framework, **self.LEFT_OPEN)

        assert DataImport.objects.get().method == use_method()

    def test_a_denominator_that_the_file_does_not_have_blocks_the_import(self, analyst, framework):
        leaf = framework.indicators.filter(is_leaf=True).first()
        self.chosen(framework, denominators={leaf.code: "population"})

        send(analyst, framework, **self.LEFT_OPEN)

        messages = [found[-1] for found in blockers(analyst)]
        assert messages == ["The data set has no such indicator or column: population."]
