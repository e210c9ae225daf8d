"""A run over the years: page, file, picture and API."""

import csv
import io

import numpy as np
import pytest
from django.db import transaction
from django.urls import reverse

from indexer.charts.trends import set_apart
from indexer.enums import RunStatus
from indexer.models import DataSet, IndicatorTerms, Run
from indexer.selectors.trends import city_trend_of, trend_of
from indexer.selectors.years import years_of
from indexer.services.data_sets import publish_data_set
from indexer.services.published import describe_indicators, draft_index, publish_edition
from tests.factories import make_account, sign_in_staff
from tests.indexer.composites import ranks_of
from tests.indexer.families import make_family
from tests.indexer.study_runs import make_study
from weighting.enums import Role
from weighting.models import Indicator
from weighting.services.versions import publish_version

pytestmark = [pytest.mark.django_db, pytest.mark.postgres]

# Nanyang, Xi'an and Garze; Xi'an is missing in 2020, Luoyang comes in 2022.
TABLES = {
    2019: ([0, 1, 2], [[5, 5, 2, 2, 2], [1, 1, 3, 3, 4], [4, 4, 5, 5, 9]]),
    2020: ([2, 0], [[4, 4, 6, 6, 4], [5, 5, 2, 2, 4]]),
    2022: ([0, 1, 2, 3], [[5, 5, 2, 2, 8], [9, 9, 8, 8, 9], [4, 4, 5, 5, 0], [6, 6, 6, 6, 6]]),
}


@pytest.fixture(scope="module")
def family(django_db_setup, django_db_blocker):
    """One series for the whole file; its last year is studied."""
    with django_db_blocker.unblock(), transaction.atomic():
        made = make_family(TABLES, normalisation="goalposts", leaves=bounds())
        make_study(made.runs[2022], "dirichlet", draws=500)
        yield made
        transaction.set_rollback(True)


def bounds():
    return {
        code: {"lower": -1.0, "upper": 10.0} for code in ("fixed", "mobile", "retail", "finance", "travel")
    }


@pytest.fixture
def analyst(client, family):
    return sign_in_staff(client, make_account(Role.ANALYST))


def at(name, family, *, year=2020, city=""):
    pks = [family.runs[year].pk, *([family.cities[city].pk] if city else [])]
    return reverse(f"indexer:{name}", args=pks)


def test_the_years_of_a_run_are_those_of_its_version_and_method(family):
    actor = family.framework.created_by
    found = years_of(family.runs[2020], actor)
    assert [(one.year, one.run_id) for one in found] == [(year, run.pk) for year, run in family.runs.items()]
    # The run is found among strangers' only when its data and its version are public.
    assert years_of(family.runs[2020], None) == []


def test_a_year_whose_run_is_not_finished_has_none(family):
    point = transaction.savepoint()
    Run.objects.filter(pk=family.runs[2019].pk).update(status=RunStatus.FAILED, node_scores=None)
    assert years_of(family.runs[2020], family.framework.created_by)[0].run_id is None
    trend = trend_of(family.runs[2020], family.framework.created_by)
    transaction.savepoint_rollback(point)
    assert trend.years == [2020, 2022]


def test_ranks_are_those_of_each_year_or_among_those_of_all_years(family):
    trend = trend_of(family.runs[2020], family.framework.created_by)
    for column, year in enumerate(trend.years):
        stored = ranks_of(family.runs[year])
        assert trend.ranks[:, column].tolist() == [stored.get(pk, 0) for pk in trend.cities.ids]
    names = [city.name_en for city in trend.cities]
    assert names == ["Nanyang", "Xi'an", "Garze", "Luoyang"]
    assert trend.in_every_year.tolist() == [True, False, True, False]
    assert trend.gained[0] == trend.ranks[0, 0] - trend.ranks[0, 2]
    common = trend_of(family.runs[2020], family.framework.created_by, among_common=True)
    assert np.sort(common.ranks[[0, 2]], axis=0).tolist() == [[1, 1, 1], [2, 2, 2]]
    assert not common.ranks[[1, 3]].any()


def test_leaves_and_inner_nodes_have_trends_of_their_own(family):
    account = family.framework.created_by
    leaf = trend_of(family.runs[2020], account, "travel")
    # (x + 1) / 11, and nothing where the year does not have the place.
    assert leaf.scores[leaf.cities.ids.index(family.cities["Nanyang"].pk)] == pytest.approx(
        [3 / 11, 5 / 11, 9 / 11]
    )
    assert np.isnan(leaf.scores[leaf.cities.ids.index(family.cities["Luoyang"].pk), :2]).all()
    inner = trend_of(family.runs[2020], account, "infra")
    assert inner.growth[0] == pytest.approx(0, abs=1e-12)
    with pytest.raises(KeyError):
        trend_of(family.runs[2020], account, "nothing")


def test_intervals_belong_to_the_cities_of_their_own_year(family):
    trend = trend_of(family.runs[2019], family.framework.created_by)
    low, high = trend.intervals
    assert np.isnan(low[:, :2]).all()
    assert (low[:, 2] <= trend.ranks[:, 2]).all()
    assert (trend.ranks[:, 2] <= high[:, 2]).all()
    assert [study.run_id for study in trend.studies] == [family.runs[2022].pk]


def test_raw_values_are_cut_out_of_each_matrix(family):
    trend = trend_of(family.runs[2020], family.framework.created_by)
    account = family.framework.created_by
    garze = city_trend_of(trend, family.cities["Garze"].pk, account)
    travel = next(value for value in garze.values if value.node.code == "travel")
    assert travel.values.tolist() == [9, 4, 0]
    assert travel.steps[0] == pytest.approx(4 / 9 - 1)
    # From 4 to nothing in two years is no rate.
    assert np.isnan(travel.steps[1])
    assert np.isnan(travel.growth)
    xian = city_trend_of(trend, family.cities["Xi'an"].pk, account)
    fixed = next(value for value in xian.values if value.node.code == "fixed")
    assert np.isnan(fixed.values).tolist() == [False, True, False]
    assert fixed.growth == pytest.approx(9 ** (1 / 3) - 1)
    assert city_trend_of(trend, 10**9, account) is None


def test_the_page_shows_ranks_scores_and_who_came_and_went(analyst, family):
    response = analyst.get(at("run-trend", family))
    text = response.content.decode()
    assert [column.unit for column in response.context["table"].columns][2:5] == ["2019", "2020", "2022"]
    rows = {row["city"].name_en: row for row in response.context["rows"]}
    assert [cell["text"] for cell in rows["Luoyang"]["cells"]][:2] == ["–", "–"]
    assert rows["Xi'an"]["cells"][2]["between"]
    assert [(one["city"].name_en, one["years"]) for one in response.context["others"]] == [
        ("Xi'an", "2019, 2022"),
        ("Luoyang", "2022"),
    ]
    assert "2 cities came, went or lack a rank" in text
    # Bounds are stated: one raw value is one score in every year.
    assert response.context["bounds_note"] == ""
    scores = analyst.get(at("run-trend", family), {"show": "scores", "node": "travel", "mark": "宛城"})
    assert scores.context["rows"][0]["cells"][0]["text"] == "1"
    assert {row[0] for row in scores.context["figure"].rows} == {"Nanyang", "Xi'an", "Garze", "Luoyang"}
    wrong = analyst.get(at("run-trend", family), {"mark": "Atlantis", "node": "x", "show": "y", "among": "z"})
    assert "There is no city “Atlantis” here." in wrong.content.decode()


def test_the_page_of_a_city_leads_to_what_moved_it(analyst, family):
    response = analyst.get(at("run-city-trend", family, city="Nanyang"))
    assert [move["name"] for move in response.context["moves"]] == ["2019–2020", "2020–2022", "2019–2022"]
    for move in response.context["moves"]:
        change = analyst.get(move["url"]).context["change"]
        roots = sum(branch.total for branch in change.tree)
        assert roots == pytest.approx(change.scores[1] - change.scores[0], abs=1e-12)
    assert analyst.get(at("run-city-trend", family, city="Luoyang")).context["ranks"] is None
    nobody = reverse("indexer:run-city-trend", args=[family.runs[2020].pk, 10**9])
    assert analyst.get(nobody).status_code == 404


def test_the_files_have_codes_in_every_row(analyst, family):
    rows = read(analyst.get(at("run-trend-export", family)))
    assert len(rows) == 4
    assert {row["Code"] for row in rows} == {"X01", "X02", "X03", "X04"}
    luoyang = next(row for row in rows if row["City (English)"] == "Luoyang")
    assert (luoyang["Rank 2019"], luoyang["Rank 2019, Q5"], luoyang["Places gained"]) == ("", "", "")
    assert float(luoyang["Rank 2022, Q5"]) <= float(luoyang["Rank 2022"])
    own = read(analyst.get(at("run-city-trend-export", family, city="Nanyang")))
    assert {row["Code"] for row in own} == {"X01"}
    raw = {row["Code of the indicator"]: row for row in own if row["What is counted"] == "raw value"}
    assert [float(raw["travel"][year]) for year in ("2019", "2020", "2022")] == [2, 4, 8]
    assert float(raw["travel"]["Growth per year 2020–2022, %"]) == pytest.approx(100 * (2**0.5 - 1))
    for name in ("run-trend-export", "run-city-trend-export"):
        city = "Nanyang" if "city" in name else ""
        workbook = analyst.get(at(name, family, city=city), {"format": "xlsx"})
        assert workbook.content.startswith(b"PK")


def test_the_api_tells_the_same(analyst, family):
    body = analyst.get(at("api-run-trend", family), {"q": "luoyang"}).json()
    assert [unit["unit_code"] for unit in body["results"]] == ["X04"]
    years = body["results"][0]["years"]
    assert [(year["year"], year["rank"]) for year in years][:2] == [(2019, None), (2020, None)]
    assert years[2]["study"]
    assert years[2]["rank_low"] <= years[2]["rank"] <= years[2]["rank_high"]
    common = analyst.get(at("api-run-trend", family), {"among": "common", "node": "infra"}).json()
    assert sorted(unit["years"][0]["rank"] or 0 for unit in common["results"]) == [0, 0, 1, 2]
    for wrong in ({"among": "x"}, {"node": "x"}):
        assert analyst.get(at("api-run-trend", family), wrong).status_code == 400
    own = analyst.get(at("api-run-city-trend", family, city="Nanyang")).json()
    travel = next(value for value in own["values"] if value["indicator"] == "travel")
    assert (own["unit_code"], travel["values"]) == ("X01", [2, 4, 8])
    assert [score["indicator"] for score in own["scores"]][:2] == [None, "infra"]


def test_the_picture_of_a_city_is_that_of_its_page(analyst, family):
    ranks = analyst.get(at("run-city-trend", family, city="Nanyang")).context["ranks"]
    address = reverse("indexer:run-picture", args=[family.runs[2020].pk, "city-ranks", "svg"])
    assert ranks.image_url == f"{address}?city={family.cities['Nanyang'].pk}"
    assert ranks.spec["usermeta"]["title"] == "Rank of Nanyang over the years"
    # Of no city there is none.
    assert analyst.get(address).status_code == 404


def test_strangers_see_the_years_that_are_public_alone(client, family):
    point = transaction.savepoint()
    actor = family.framework.created_by
    publish_version(family.versions[0], actor=actor)
    for year in (2019, 2022):
        publish_data_set(family.editions[year], actor=actor)
    shown = client.get(at("run-trend", family, year=2022))
    assert [row["year"] for row in shown.context["years"]] == [2019, 2022]
    assert client.get(at("run-trend", family, year=2020)).status_code == 404
    # Raw values are theirs of what an index gives away under a licence, and of no indicator withheld.
    bare = client.get(at("run-city-trend", family, year=2022, city="Nanyang"))
    assert bare.context["value_rows"] == []
    terms = {
        "name_zh": "家族",
        "description_zh": "供居民使用。",
        "authors": "Li",
        "licence": "CC-BY-4.0",
        "contact": "a@b.example",
    }
    index = draft_index(slug="family", terms=terms, actor=actor)
    publish_edition(index, run=family.runs[2022], actor=actor)
    describe_indicators(index, terms={"travel": IndicatorTerms(is_withheld=True)}, actor=actor)
    given = client.get(at("api-run-city-trend", family, year=2022, city="Nanyang")).json()["values"]
    raw = {value["indicator"]: value["values"] for value in given}
    assert (raw["fixed"], raw["travel"]) == ([None, 5.0], [None, None])
    transaction.savepoint_rollback(point)


@pytest.mark.parametrize(("name", "queries"), [("run-trend", 15), ("run-city-trend", 15)])
def test_the_queries_do_not_grow_with_the_years(analyst, family, django_assert_num_queries, name, queries):
    city = "Nanyang" if "city" in name else ""
    with django_assert_num_queries(queries):
        analyst.get(at(name, family, city=city))
    point = transaction.savepoint()
    Run.objects.filter(pk=family.runs[2019].pk).update(status=RunStatus.FAILED, node_scores=None)
    with django_assert_num_queries(queries):
        analyst.get(at(name, family, city=city))
    transaction.savepoint_rollback(point)


def test_a_year_alone_says_so(analyst):
    alone = make_family({2016: ([0, 1], [[1, 2, 3, 4, 5], [5, 4, 3, 2, 1]])})
    for name in ("run-trend", "run-city-trend"):
        city = "Nanyang" if "city" in name else ""
        page = analyst.get(at(name, alone, year=2016, city=city))
        assert page.status_code == 200
    assert "There is one year alone" in analyst.get(at("run-trend", alone, year=2016)).content.decode()
    assert DataSet.objects.filter(framework=alone.framework).count() == 1


def test_scores_that_depend_on_their_year_are_pointed_out(analyst):
    values = [[1, 2, 2, 4, 5], [5, 4, 3, 2, 1]]
    made = make_family({2016: ([0, 1], values), 2017: ([0, 1], values)}, normalisation="minmax")
    text = analyst.get(at("run-trend", made, year=2016)).content.decode()
    leaves = Indicator.objects.filter(framework=made.framework, is_leaf=True).count()
    assert f"{leaves} of {leaves} indicators" in text
    assert "nobody gains a place" in text


def test_names_are_set_apart_within_their_room():
    assert set_apart([10, 10, 10], 100) == [10, 25, 40]
    assert set_apart([100, 98, 0], 100) == [100, 85, 0]
    assert set_apart([5], 100) == [5]
    crowded = set_apart([50] * 30, 100)
    assert (min(crowded), max(crowded)) == (0, 100)
    # The middles of three lines and of one: two lines apart, the first a line below the edge.
    assert set_apart([0, 0], 100, [3, 1]) == [15, 45]
    assert set_apart([100, 100], 100, [1, 3]) == [55, 85]


def read(response):
    return list(csv.DictReader(io.StringIO(response.content.decode("utf-8-sig"))))
