"""The page of one city, and the list of those who lead: figures agree with a recomputation."""

import csv
import io
import re

import numpy as np
import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from indexer.models import Run, Study
from indexer.selectors.node_scores import node_scores_of
from indexer.selectors.studies import result_of_study
from indexer.services import study_pairs
from indexer.services.data_sets import publish_data_set
from indexer.services.study_pairs import compare_pair
from tests.indexer.composites import ranks_of, standings
from tests.indexer.finished_runs import make_runs, random_values
from tests.indexer.study_runs import make_panel_run, make_study
from weighting.services.versions import publish_version
from weighting.views import listing

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def runs_of_the_file(undone_after_the_file):
    return make_runs(random_values(8), tilts=[None, 2.0, 5.0])


def read_csv(response):
    return list(csv.DictReader(io.StringIO(response.content.decode("utf-8-sig"))))


def page(run, place=0):
    return f"/runs/{run.pk}/cities/{run.data_set.city_ids[place]}/"


def test_the_profile_agrees_with_the_run(analyst, runs):
    run = Run.objects.get(pk=runs[0].pk)
    response = analyst.get(page(run, 3))
    profile = response.context["profile"]
    stored = standings(run)[profile.city.pk]
    assert (profile.rank, profile.composite.score) == (stored.rank, stored.score)
    scores = node_scores_of(run)
    # Luoyang lies in Henan with Nanyang and the numbered towns: all but two of eight.
    inside = [city.province.name_en == "Henan" for city in scores.cities]
    assert sum(inside) == 6
    for score in profile.nodes:
        column = scores.scores_on(score.node)
        assert score.nation == pytest.approx(column.mean())
        assert score.province == pytest.approx(column[inside].mean())
        assert score.rank == 1 + (column > column[3]).sum()
        assert score.rank_in_province == 1 + (column[inside] > column[3]).sum()
    assert "Luoyang ranks" in response.content.decode()
    assert "no other finished version" not in response.content.decode()


def test_neighbours_stand_in_order_of_rank_with_the_city_between_them(analyst, runs):
    for place in range(8):
        near = analyst.get(page(runs[0], place)).context["profile"].neighbours
        ranks = [neighbour.rank for neighbour in near]
        own = next(n for n in near if n.city.pk == runs[0].data_set.city_ids[place])
        assert ranks == list(range(max(1, own.rank - 3), min(8, own.rank + 3) + 1))
        assert own.gap == 0
        assert all((n.gap > 0) == (n.rank < own.rank) for n in near if n is not own)


def test_the_ranks_under_other_versions_lead_to_the_reasons(analyst, runs):
    response = analyst.get(page(runs[1]))
    others = response.context["others"]
    assert [other["run"] for other in others] == [runs[0], runs[2]]
    city = runs[0].data_set.city_ids[0]
    ranks = {run.pk: ranks_of(run)[city] for run in runs}
    assert [other["shift"] for other in others] == [ranks[runs[1].pk] - ranks[o["run"].pk] for o in others]
    assert f"/compare/cities/{city}/?runs={runs[1].pk}&amp;runs={runs[0].pk}" in response.content.decode()


def test_other_versions_come_page_by_page_and_no_rank_beyond_it_is_read(analyst, runs, monkeypatch):
    monkeypatch.setattr(listing, "PAGE_SIZE", 1)
    city = runs[0].data_set.city_ids[0]
    for number, other in enumerate((runs[0], runs[2]), start=1):
        with CaptureQueriesContext(connection) as asked:
            response = analyst.get(page(runs[1]), {"page": number})
        assert [row["run"] for row in response.context["others"]] == [other]
        reads = [query["sql"] for query in asked if "runscores" in query["sql"]]
        ranks_of_runs = set(re.findall(r'"run_id" IN \(([\d, ]+)\)', " ".join(reads)))
        assert ranks_of_runs == {str(runs[1].pk), str(other.pk)}
    assert "Page 2 of 2 (rows 2 to 2 of 2)" in response.content.decode()
    address = reverse("indexer:api-run-city", args=[runs[1].pk, city])
    answer = analyst.get(address, {"limit": 1, "offset": 1}).json()
    assert ([row["run"] for row in answer["others"]], answer["others_count"]) == ([runs[2].pk], 2)
    assert len(analyst.get(address).json()["others"]) == 2


def test_the_newest_bootstrap_gives_the_interval_and_how_often_the_city_is_above(analyst, client):
    run = make_panel_run(cities=5)
    make_study(run, draws=200, seed=1)
    study = make_study(run, draws=600, seed=2)
    make_study(run, "noise", draws=600)
    response = analyst.get(page(run))
    text, profile = response.content.decode(), response.context["profile"]
    assert f"study {study.pk}, seed 2" in text
    assert f"/studies/{study.pk}/" in text
    others = [near for near in profile.neighbours if near.position != profile.position]
    shown = {row["city"].pk: row["above"] for row in response.context["neighbours"]}
    figures = result_of_study(study).figures
    answer = analyst.get(f"/api/v1{page(run)}").json()
    assert answer["rank_interval"] == {
        "study": study.pk,
        "draws": 600,
        "seed": 2,
        **{name: figures[name][0] for name in ("nominal", "q05", "q25", "median", "q75", "q95")},
    }
    told = {near["id"]: near["probability_below"] for near in answer["neighbours"]}
    for near in others:
        count = compare_pair(study, first=profile.city.name_zh, second=near.city.name_zh)
        assert shown[near.city.pk] == f"{100 * count.share:.1f}"
        assert told[near.city.pk] == count.above / 600
    assert told[profile.city.pk] is None


def test_strangers_read_nothing_of_drawn_experts(analyst):
    run = make_panel_run(cities=5)
    study = make_study(run, draws=600)
    publish_data_set(run.data_set, actor=run.data_set.created_by)
    publish_version(run.weight_version, actor=run.data_set.created_by)
    stranger = Client()
    assert stranger.get(page(run)).status_code == 200
    assert Study.objects.get(pk=study.pk).pairs == {}
    analyst.get(page(run))
    assert Study.objects.get(pk=study.pk).pairs != {}
    told = stranger.get(f"/api/v1{page(run)}").json()
    assert told["rank_interval"] is None
    assert {near["probability_below"] for near in told["neighbours"]} == {None}
    assert f"/studies/{study.pk}/" not in stranger.get(page(run)).text


def test_a_study_too_long_to_wait_for_is_counted_when_asked(analyst, monkeypatch):
    run = make_panel_run(cities=5)
    study = make_study(run, draws=600)
    monkeypatch.setattr(study_pairs, "QUICK_NUMBERS", 500)
    text = analyst.get(page(run)).content.decode()
    assert f"/studies/{study.pk}/?above=" in text
    assert Study.objects.get(pk=study.pk).pairs == {}


def test_without_a_study_there_is_no_interval(analyst, runs):
    assert analyst.get(f"/api/v1{page(runs[0])}").json()["rank_interval"] is None
    assert "nine of ten draws" not in analyst.get(page(runs[0])).content.decode()


def test_others_are_only_those_that_the_visitor_may_see(client):
    shown = make_runs(random_values(3), published=True, tilts=[None])[0]
    hidden = make_runs(random_values(3), tilts=[None])[0]
    assert client.get(page(shown)).status_code == 200
    assert client.get(page(hidden)).status_code == 404
    assert "no other finished version" in client.get(page(shown)).content.decode()


def test_scores_below_zero_are_shown_as_differences(analyst):
    run = make_runs(random_values(6), tilts=[None], normalisation="zscore")[0]
    response = analyst.get(page(run))
    assert "from the overall mean" in response.content.decode()
    points = response.context["figure"].rows
    assert {point.nation for point in points} == {0.0}


def test_a_city_with_gaps_has_no_rank_where_it_has_nothing(analyst):
    values = random_values(5)
    values[0, :2] = np.nan
    run = make_runs(values, tilts=[None], missing="reweight")[0]
    response = analyst.get(page(run))
    rows = {row["name"]: row for row in response.context["scores"]}
    assert rows["Indicator infra"]["rank"] == "–"
    assert rows["Indicator infra"]["figures"][0] == "–"
    assert len(response.context["figure"].rows) == len(rows) - 3


def test_file_and_picture_of_a_city(analyst, runs):
    rows = read_csv(analyst.get(page(runs[0]) + "export/"))
    assert rows[0]["Score"] == "Composite score"
    assert len(rows) == 8
    assert analyst.get(page(runs[0]) + "profile.svg").content.startswith(b"<svg")


def test_unknown_cities_are_not_found(analyst, runs):
    for tail in ("", "export/", "profile.svg"):
        assert analyst.get(f"/runs/{runs[0].pk}/cities/1000000/{tail}").status_code == 404


def test_every_city_of_the_ranking_leads_to_its_page(analyst, runs):
    text = analyst.get(f"/runs/{runs[0].pk}/").content.decode()
    assert all(f'href="{page(runs[0], place)}"' in text for place in range(8))


@pytest.mark.parametrize("cities", [1, 3])
def test_the_page_takes_the_same_queries_for_any_number_of_cities(analyst, cities, django_assert_num_queries):
    address = page(make_runs(random_values(cities), tilts=[None, 1.0])[0])
    # Session, account, run, scores, nodes, the cities' provinces, cities, provinces; intervals; how many
    # other runs there are, a page of them and the ranks there.
    with django_assert_num_queries(14):
        analyst.get(address)


# Twenty-five cities: the first is first in infrastructure and last in industry.
def opposed(cities=25):
    falling = np.arange(cities, 0, -1.0)
    return np.column_stack([falling, falling, falling[::-1], falling[::-1], falling[::-1]])


def test_dark_horses_lead_by_more_than_twenty_places(analyst):
    run = make_runs(opposed(), tilts=[None])[0]
    response = analyst.get(f"/runs/{run.pk}/leads/")
    rows = response.context["rows"]
    # Ranks 1 and 25, then 2 and 24: 24 and 22 places; the third has 20, which is not more than 20.
    assert [(row["better_in"], row["places"]) for row in rows] == [
        ("Indicator infra", 24),
        ("Indicator industry", 24),
        ("Indicator infra", 22),
        ("Indicator industry", 22),
    ]
    assert "more than 20 places better" in response.content.decode()
    assert "4 cities are dark horses in one sub-index" in response.content.decode()
    assert "A dark horse in “Indicator infra”" in analyst.get(page(run)).content.decode()
    fewer = analyst.get(f"/runs/{run.pk}/leads/", {"node": "infra", "places": "22"}).context["rows"]
    assert [row["places"] for row in fewer] == [24]


def test_any_two_scores_can_be_set_against_each_other(analyst):
    run = make_runs(opposed(), tilts=[None])[0]
    asked = {"node": "fixed", "over": "retail", "places": "10"}
    response = analyst.get(f"/runs/{run.pk}/leads/", asked)
    assert [row["places"] for row in response.context["rows"]] == [24, 22, 20, 18, 16, 14, 12]
    rows = read_csv(analyst.get(f"/runs/{run.pk}/leads/export/", asked))
    assert [int(row["Lead, places"]) for row in rows] == [24, 22, 20, 18, 16, 14, 12]
    assert rows[0]["Rank: Indicator fixed"] == "1"


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"node": "infra", "over": "infra"}, "the same score"),
        ({"over": "infra"}, "Choose a score to set against"),
        ({"node": "fixed"}, "Only a sub-index"),
        ({"node": "composite"}, "Only a sub-index"),
        ({"node": "nothing"}, "nothing is not one of the available choices"),
        ({"places": "-1"}, "greater than or equal to 0"),
        ({"places": "many"}, "Enter a whole number"),
    ],
)
def test_bad_questions_are_named(analyst, runs, asked, words):
    response = analyst.get(f"/runs/{runs[0].pk}/leads/", asked)
    assert response.status_code == 400
    assert words in response.content.decode()
    assert analyst.get(f"/runs/{runs[0].pk}/leads/export/", asked).status_code == 404


def test_nobody_who_leads_is_said(analyst, runs):
    text = analyst.get(f"/runs/{runs[0].pk}/leads/").content.decode()
    assert "No city leads by so many places" in text
