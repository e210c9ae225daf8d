"""Any grouping of a register is as good as province and region: files, pages, API, methods."""

import csv
import io
from dataclasses import replace

import numpy as np
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from django.urls import reverse

from indexer.models import DataSet, Grouping, GroupMember, OutsideSeries, Register, UnitGroup
from indexer.packages.contents import Contents
from indexer.packages.tables import resources_of
from indexer.selectors.levels import Level, names_of_largest
from indexer.selectors.registers import units_of
from indexer.services.registers import register_cities
from tests.factories import make_account, sign_in_staff
from tests.indexer.composites import id_named, scores_of
from tests.indexer.factories import make_series
from tests.indexer.finished_runs import PLACES, CityRow, make_runs
from weighting.enums import Role
from weighting.exceptions import Refused
from weighting.models import Indicator

pytestmark = pytest.mark.django_db

# Nanyang, Xi'an, Garze and Luoyang score 0.4, 0.3, 0.2 and 0.1 of the total.
FOUR = np.repeat([[4.0], [3.0], [2.0], [1.0]], 5, axis=1)
HIGH, LOW = ("高收入", "High income"), ("低收入", "Low income")
COUNTRIES = (
    "name_en,code,group_income,group_coast_zh,group_coast_en\n"
    "France,FR,High,沿海,Coastal\nChad,TD,Low,内陆,Landlocked\nJapan,JP,High,沿海,\n"
)


@pytest.fixture
def analyst(client):
    return sign_in_staff(client, make_account(Role.ANALYST, username="anna"))


def put_in_income_groups(run):
    """Nanyang is in the one group, Xi'an and Garze in the other, Luoyang in none."""
    rows = [CityRow(*place[:6]) for place in PLACES]
    groups = [{"income": HIGH}, {"income": LOW}, {"income": LOW}, {}]
    register_cities(
        [replace(row, groups=of) for row, of in zip(rows, groups, strict=True)],
        actor=run.data_set.created_by,
    )
    return Grouping.objects.get(code="income")


@pytest.fixture(scope="module")
def run_of_the_file(undone_after_the_file):
    made = make_runs(FOUR, tilts=[None])[0]
    put_in_income_groups(made)
    return made


def page(client, run, name, **query):
    return client.get(reverse(f"indexer:{name}", args=[run.pk]), query)


def rows_of(response):
    return list(csv.DictReader(io.StringIO(response.content.decode("utf-8-sig"))))


@pytest.mark.postgres
def test_a_file_brings_any_number_of_groupings_and_a_later_one_adds_to_them(analyst, tmp_path):
    file = tmp_path / "countries.csv"
    file.write_text(COUNTRIES)
    call_command("import_register", file, "--account=anna", "--name-en=Countries", "--unit-en=country")
    register = Register.objects.get(name_en="Countries")
    groupings = register.groupings.order_by("pk")
    assert [(one.code, one.name_en) for one in groupings] == [("income", "Income"), ("coast", "Coast")]

    later = "name_en,group_income,group_island\nFrance,High,no\nJapan,,yes\nFiji,Middle,yes\n"
    sent = {"file": SimpleUploadedFile("more.csv", later.encode()), "register": register.pk}
    assert analyst.post(reverse("indexer:register-import"), sent).status_code == 302

    found = {unit.name_en: {m.grouping.code: m.group.own_name for m in unit.memberships.all()}
             for unit in units_of(register)}  # fmt: skip
    assert found == {
        "France": {"income": "High", "coast": "沿海", "island": "no"},
        "Chad": {"income": "Low", "coast": "内陆"},
        "Japan": {"income": "High", "coast": "沿海", "island": "yes"},
        "Fiji": {"income": "Middle", "island": "yes"},
    }
    text = analyst.get(reverse("indexer:register-detail", args=[register.pk])).content.decode()
    assert "Coastal (2), Landlocked (1)" in text
    units = analyst.get(reverse("indexer:api-register-cities", args=[register.pk]), {"group": "coast:沿海"})
    assert [(unit["name_en"], unit["groups"]["income"]) for unit in units.json()["results"]] == [
        ("France", "High"),
        ("Japan", "High"),
    ]
    told = analyst.get(reverse("indexer:api-register-list")).json()["results"][-1]["groupings"]
    assert told[0] == {
        "code": "income",
        "name_zh": "",
        "name_en": "Income",
        "groups": [
            {"name_zh": "", "name_en": "High", "units": 2},
            {"name_zh": "", "name_en": "Low", "units": 1},
            {"name_zh": "", "name_en": "Middle", "units": 1},
        ],
    }


def test_no_file_moves_a_unit_to_another_group_and_all_that_it_would_move_are_named(analyst, tmp_path):
    file = tmp_path / "countries.csv"
    file.write_text(COUNTRIES)
    call_command("import_register", file, "--account=anna", "--name-en=Countries")
    file.write_text("name_en,group_income,group_new\nFrance,Low,a\nChad,Low,a\nJapan,Low,a\n")
    with pytest.raises(CommandError) as refused:
        call_command("import_register", file, "--account=anna", "--name-en=Countries")
    said = str(refused.value).splitlines()
    assert len(said) == 2
    assert said[0].startswith("France is in “High” of Income already, and cannot be in “Low” as well.")
    assert not Grouping.objects.filter(code="new").exists()


@pytest.mark.parametrize(
    ("head", "column"),
    [("group_province", "group_province"), ("group_a b", "group_a b"), ("grouping", "grouping")],
)
def test_a_column_that_can_be_no_grouping_is_named(analyst, tmp_path, head, column):
    file = tmp_path / "countries.csv"
    file.write_text(f"name_en,{head}\nFrance,High\n")
    with pytest.raises(CommandError, match=column):
        call_command("import_register", file, "--account=anna", "--name-en=Countries")
    assert not Grouping.objects.exists()


def test_a_name_in_the_other_language_is_taken_over_by_the_group_that_lacked_it(run):
    UnitGroup.objects.filter(name_en="Low income").update(name_zh="")
    row = CityRow(*PLACES[3][:6], groups={"income": LOW})
    register_cities([row], actor=run.data_set.created_by)
    assert UnitGroup.objects.get(name_zh=LOW[0]).members.count() == 3
    assert UnitGroup.objects.count() == 2


def test_places_are_the_groups_that_are_asked_for(analyst, run):
    response = page(analyst, run, "run-places", level="income")
    ranked, text = response.context["ranked"], response.content.decode()
    assert [place.name_en for place in ranked.places] == ["High income", "Low income"]
    assert ranked.scores[:, 0] == pytest.approx([0.4, 0.5])
    assert ranked.counts.tolist() == [1, 2]
    assert ranked.first_of(1).name_en == "Xi'an"
    assert "Low income leads 2 groups with 50.0 % of the total" in text
    assert "1 city is in no group" in text

    file = rows_of(page(analyst, run, "run-places-export", level="income", format="csv"))
    column = next(name for name in file[0] if name.startswith("Composite score"))
    assert [(line["Place (English)"], float(line[column])) for line in file] == [
        ("Low income", pytest.approx(50)),
        ("High income", pytest.approx(40)),
    ]
    told = page(analyst, run, "api-run-places", level="income").json()
    assert told["level"] == "income"
    assert [(held["name_zh"], held["cities"], held["rank"]) for held in told["places"]] == [
        ("低收入", 2, 1),
        ("高收入", 1, 2),
    ]
    refused = page(analyst, run, "api-run-places", level="wealth")
    assert refused.status_code == 400
    assert "“wealth”" in refused.json()["level"][0]
    assert "province, region, income" in refused.json()["level"][0]


def test_means_of_groups_leave_out_who_is_in_none(analyst):
    run = make_runs(FOUR, tilts=[None], normalisation="minmax")[0]
    put_in_income_groups(run)
    ranked = page(analyst, run, "run-places", level="income").context["ranked"]
    # Min-max: 1, 2/3, 1/3 and 0.
    assert ranked.scores[:, 0] == pytest.approx([1, 0.5])


def test_concentration_is_told_by_group(analyst, run):
    response = page(analyst, run, "run-concentration", level="income")
    report = response.context["report"]
    assert [(held.place.name_en, round(held.share, 12), held.count) for held in report.groups] == [
        ("Low income", 0.5, 2),
        ("High income", 0.4, 1),
    ]
    # Parts 5/9 and 4/9.
    assert report.between["groups"].herfindahl == pytest.approx(41 / 81)
    assert report.between["groups"].gini == pytest.approx(1 / 18)
    assert report.groups[0].inside.herfindahl == pytest.approx(0.36 + 0.16)
    assert "Low income" in response.content.decode()
    assert "Low income" not in page(analyst, run, "run-concentration").content.decode()

    file = rows_of(page(analyst, run, "run-concentration-export", level="income", format="csv"))
    assert [line["Place"] for line in file if line["Level"] == "Income"] == [
        "Low income",
        "High income",
    ]
    told = page(analyst, run, "api-run-concentration", level="income").json()
    assert told["between"]["groups"]["herfindahl"] == pytest.approx(41 / 81)
    assert [held["share"] for held in told["groups"]] == pytest.approx([0.5, 0.4])
    assert page(analyst, run, "api-run-concentration").json()["groups"] == []


def test_shares_of_groups_stand_beside_those_of_a_series(analyst, run):
    series = make_series(run.data_set.city_ids, [1.0, 2.0, 3.0, 4.0], actor=run.data_set.created_by)
    response = page(analyst, run, "run-series", series=series.pk, level="income")
    label, rows, _is_open, _more = response.context["shares"][0]
    assert label == "Income"
    assert [(row["name"], row["index"], row["series"], row["quotient"]) for row in rows] == [
        ("Low income", "50.00", "50.00", "1.00"),
        ("High income", "40.00", "10.00", "4.00"),
    ]
    assert [row["count"] for row in response.context["groups"]] == [1, 2]

    told = page(analyst, run, "api-run-series", series=series.pk, level="income").json()
    assert told["level"] == "income"
    assert [held["association"]["count"] for held in told["groups"]] == [1, 2]
    assert [held["shares"]["quotient"] for held in told["groups"]] == pytest.approx([4, 1])


def test_tables_are_narrowed_to_a_group(analyst, run):
    low = UnitGroup.objects.get(name_en="Low income")
    response = page(analyst, run, "run-detail", group_income=low.pk)
    table = response.context["table"]
    assert (table.count, table.total) == (2, 4)
    assert "Low income" in response.content.decode()
    assert page(analyst, run, "run-detail", group_income="x").context["table"].count == 4


def test_gaps_are_filled_in_by_the_mean_of_a_group_and_never_from_those_in_none(analyst):
    gappy = FOUR.copy()
    gappy[2, 0] = np.nan
    run = make_runs(FOUR, tilts=[None])[0]
    put_in_income_groups(run)
    filled = make_runs(gappy, tilts=[None], missing="group_mean:income", normalisation="minmax")[0]
    # On the one leaf Garze has what Xi'an has: 2/3 after min-max, on all others 1/3.
    first = DataSet.objects.get(pk=filled.data_set_id).leaf_codes[0]
    weight = filled.weight_version.node_weights.get(indicator__code=first).global_weight
    score = scores_of(filled)[id_named("Garze")]
    assert score == pytest.approx(1 / 3 + weight / 3, abs=1e-12)
    gappy[3, 0] = np.nan
    none = make_runs(gappy, tilts=[None], missing="group_mean:income", normalisation="minmax")[0]
    assert none.status == "failed"


@pytest.mark.postgres
def test_a_unit_has_one_group_under_a_grouping_whoever_writes(run):
    held = GroupMember.objects.select_related("grouping", "city").get(city__name_en="Nanyang")
    other = UnitGroup.objects.get(name_en="Low income")
    with pytest.raises(IntegrityError), transaction.atomic():
        GroupMember.objects.create(grouping=held.grouping, group=other, city=held.city)
    with pytest.raises(Refused, match="High income"):
        register_cities([CityRow(*PLACES[0][:6], groups={"income": LOW})], actor=run.data_set.created_by)


@pytest.fixture
def national(analyst, run):
    """A file of 1, 2, 3 and 4 for the four, of a published total of 12.50."""
    text = "unit,value\n" + "".join(f"{place[0]},{n}\n" for n, place in enumerate(PLACES, 1))
    said = {"name_en": "GDP", "unit": "bn", "year": 2016, "register": run.data_set.series.register_id}

    def send(total):
        file = SimpleUploadedFile("gdp.csv", text.encode())
        return analyst.post(reverse("indexer:series-import"), {**said, "total": total, "file": file})

    return send


def test_shares_of_a_published_total_stand_beside_those_of_the_sum(analyst, run, national):
    assert national("12.50").status_code == 302
    series = OutsideSeries.objects.get()
    assert series.total == "12.50"
    response = page(analyst, run, "run-series", series=series.pk, level="income")
    # Xi'an and Garze have 2 + 3 of the sum of 10 and of the total of 12.5; Nanyang has 1.
    rows = response.context["shares"][0][1]
    assert [(row["name"], row["series"], row["of_total"]) for row in rows] == [
        ("Low income", "50.00", "40.00"),
        ("High income", "10.00", "8.00"),
    ]
    text = response.content.decode()
    assert "is 12.50 bn; the 4 cities compared hold 80.00 % of it" in text
    assert "±0.005" in text

    told = page(analyst, run, "api-run-series", series=series.pk, level="income").json()
    assert told["covered"] == pytest.approx(0.8)
    assert [held["shares"]["of_total"] for held in told["groups"]] == pytest.approx([0.08, 0.4])
    file = rows_of(page(analyst, run, "run-series-export", series=series.pk))
    assert [float(line["Share of the published total (%)"]) for line in file] == pytest.approx(
        [8, 16, 24, 32]
    )
    assert analyst.get(reverse("indexer:api-series", args=[series.pk])).json()["total"] == "12.50"


def test_places_show_what_they_hold_of_the_index_beside_a_published_total(analyst, run, national):
    national("12.50")
    asked = {"series": OutsideSeries.objects.get().pk, "level": "income"}
    response = page(analyst, run, "run-places", **asked)
    # High: 0.4 of the index, 1 of 10 and of 12.5; low: 0.3 + 0.2, and 2 + 3.
    low, high = response.context["share_rows"]
    assert (low["index"], low["series"], low["of_total"], low["quotient"]) == (
        "50.00",
        "50.00",
        "40.00",
        "1.00",
    )
    assert (high["index"], high["series"], high["of_total"], high["quotient"]) == (
        *("40.00", "10.00", "8.00", "4.00"),
    )
    assert "The published total is 12.50 bn" in response.content.decode()
    assert f"series={asked['series']}" in response.context["saves"][0].url

    file = rows_of(page(analyst, run, "run-places-export", **asked))
    assert [float(line["Share of the published total (%)"]) for line in file] == pytest.approx([40, 8])
    assert {line["Published total"] for line in file} == {"12.50"}
    told = page(analyst, run, "api-run-places", **asked).json()
    assert told["series"] == asked["series"]
    assert [place["shares"]["of_total"] for place in told["places"]] == pytest.approx([0.4, 0.08])
    assert page(analyst, run, "api-run-places").json()["places"][0]["shares"] is None
    refused = analyst.get(reverse("indexer:api-run-places", args=[run.pk]), {"series": "999999"})
    assert (refused.status_code, list(refused.json())) == (400, ["series"])
    assert page(analyst, run, "run-places", series="nothing").context["beside"] is None


def test_places_without_a_total_or_without_shares_say_so(analyst, run, national):
    national("")
    asked = {"series": OutsideSeries.objects.get().pk, "level": "income"}
    text = page(analyst, run, "run-places", **asked).content.decode()
    assert "Share of the series (%)" in text
    assert "Share of the published total" not in text
    measured = make_runs(FOUR, tilts=[None], normalisation="zscore")[0]
    text = page(analyst, measured, "run-places", **asked).content.decode()
    assert "There are no shares: a figure is below zero" in text


@pytest.mark.parametrize(
    ("total", "is_taken"),
    [
        # The sum is 10: two digits leave 0.005 open, and a ten-thousandth 0.001.
        ("10", True),
        ("9.9995", True),
        ("9.998", False),
        ("9.99", False),
        ("9.996", False),
        ("about 10", False),
        ("0", False),
        ("10,000.5", True),
    ],
)
def test_a_total_below_the_sum_is_taken_only_within_what_its_digits_leave_open(national, total, is_taken):
    response = national(total)
    assert (response.status_code == 302) is is_taken
    assert OutsideSeries.objects.exists() is is_taken
    if not is_taken:
        assert total in response.content.decode()


def test_without_a_total_a_series_is_what_it_was(analyst, run):
    series = make_series(run.data_set.city_ids, [1.0, 2.0, 3.0, 4.0], actor=run.data_set.created_by)
    assert "published total" not in page(analyst, run, "run-series", series=series.pk).content.decode()
    told = page(analyst, run, "api-run-series", series=series.pk).json()
    assert told["covered"] is None
    assert told["regions"][0]["of_total"] is None


def test_a_unit_stands_beside_the_peers_of_its_group(analyst, run):
    garze = id_named("Garze")
    for name in ("run-unit-indicators", "api-run-unit-indicators"):
        address = reverse(f"indexer:{name}", args=[run.pk, garze])
        response = analyst.get(address, {"peers": "income"})
        assert response.status_code == 200
    # Xi'an and Garze, of whom Xi'an is first.
    first = response.json()["results"][0]
    assert (first["peers"], first["rank_among_peers"], first["rank"]) == (2, 2, 3)
    assert analyst.get(address, {"peers": "wealth"}).status_code == 400
    none = id_named("Luoyang")
    alone = analyst.get(reverse("indexer:api-run-unit-indicators", args=[run.pk, none]), {"peers": "income"})
    assert alone.json()["results"][0]["peers"] == 1


@pytest.mark.parametrize("name", ["run-export", "run-map-export", "run-trend-export"])
def test_files_about_units_name_their_groups(analyst, run, name):
    income = {"南阳市": "High income", "西安市": "Low income", "甘孜藏族自治州": "Low income", "洛阳市": ""}
    rows = rows_of(page(analyst, run, name))
    assert {row["City (Chinese)"]: row["Income"] for row in rows} == income


def test_the_package_and_the_api_name_the_groups_of_units(analyst, run):
    income = {"南阳市": "高收入", "西安市": "低收入", "甘孜藏族自治州": "低收入", "洛阳市": ""}
    units = next(one for one in resources_of(Contents(run)) if one.name == "units")
    assert [field.name for field in units.fields][-1] == "group_income"
    assert {row[2]: row[-1] for row in units.rows} == income
    node = Indicator.objects.filter(framework=run.data_set.framework_id, is_leaf=True).order_by("pk")[0]
    for address in (
        reverse("indexer:api-ranking", args=[run.pk]),
        reverse("indexer:api-run-node-ranking", args=[run.pk, node.code]),
    ):
        rows = analyst.get(address).json()["results"]
        assert {row["unit"]: row["groups"].get("income", "") for row in rows} == income
    asked = {"group": "income:Low income"}
    found = analyst.get(reverse("indexer:api-ranking", args=[run.pk]), asked).json()
    assert {row["unit"] for row in found["results"]} == {"西安市", "甘孜藏族自治州"}


@pytest.mark.parametrize("level", ["", "income", "region", "nothing"])
def test_the_scatter_of_two_scores_has_the_colours_of_any_grouping(analyst, run, level):
    shown = page(analyst, run, "run-nodes-pair", level=level)
    spec = shown.context["figure"].spec
    colours = [
        layer["encoding"]["color"]["scale"]["domain"]
        for layer in spec["layer"]
        if "color" in layer.get("encoding", {}) and "scale" in layer["encoding"]["color"]
    ]
    named = {
        "income": ["Low income", "High income", "all others"],
        "region": ["Central", "Northwest", "Southwest"],
    }
    assert colours == [named.get(level, ["near the line", "far from it"])]
    assert (f"level={level}" in shown.context["figure"].image_url) == (level in named)
    picture = reverse("indexer:run-picture", args=[run.pk, "nodes", "svg"])
    drawn = analyst.get(picture, {"level": level}).content.decode()
    assert ("all others" in drawn) == (level == "income")


def test_small_groups_share_a_colour():
    of_city = np.array([0, 1, 1, 2, 2, 2, -1])
    places = [UnitGroup(name_en=name) for name in "abc"]
    level = Level("size", None, Register(), places, of_city)
    names, found = names_of_largest(level, range(7), most=2)
    assert names == ["c", "b", "all others"]
    assert found == ["all others", "b", "b", "c", "c", "c", "all others"]
    # Nobody is left over of some cities alone.
    assert names_of_largest(level, [1, 3], most=2) == (["b", "c"], ["b", "c"])
