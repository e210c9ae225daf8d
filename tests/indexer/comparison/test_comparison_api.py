"""Comparisons, changes, profiles and leads as JSON: the same figures as the pages, typed and paged."""

import numpy as np
import pytest

from indexer.api.comparisons import ComparedCitySerializer
from tests.indexer.composites import ranks_of, standings
from tests.indexer.finished_runs import make_runs, random_values

pytestmark = pytest.mark.django_db
COMPARISONS = "/api/v1/comparisons/"


@pytest.fixture(scope="module")
def runs_of_the_file(undone_after_the_file):
    return make_runs(random_values(6), tilts=[None, 2.0, 5.0])


def ids(runs):
    return {"runs": ",".join(str(run.pk) for run in runs)}


def test_a_comparison_tells_every_run_against_the_base_and_against_each_other(analyst, runs):
    body = analyst.get(COMPARISONS, ids(runs)).json()
    assert (body["base"], body["cities"]) == (runs[0].pk, 6)
    assert [row["run"] for row in body["runs"]] == [run.pk for run in runs]
    ranks = np.array([list(ranks_of(run).values()) for run in runs])
    for place, row in enumerate(body["runs"]):
        assert row["mean_absolute_shift"] == np.abs(ranks[0] - ranks[place]).mean()
        assert row["moved"] == (ranks[0] != ranks[place]).sum()
    assert body["mean_shifts"][1][2] == np.abs(ranks[1] - ranks[2]).mean()
    assert body["tops"][0]["k"] == 3
    based = analyst.get(COMPARISONS, ids(runs) | {"base": runs[2].pk}).json()
    assert based["base"] == runs[2].pk


def test_cities_come_in_pages_and_by_name(analyst, runs):
    body = analyst.get(COMPARISONS + "cities/", ids(runs) | {"limit": 2}).json()
    assert (body["count"], len(body["results"])) == (6, 2)
    first = body["results"][0]
    assert first["ranks"] == [ranks_of(run)[first["id"]] for run in runs]
    assert first["shifts"] == [first["ranks"][0] - rank for rank in first["ranks"]]
    found = analyst.get(COMPARISONS + "cities/", ids(runs) | {"q": "nanyang"}).json()
    assert [row["unit"] for row in found["results"]] == ["南阳市"]


def test_a_page_makes_the_fields_of_its_rows_once(analyst, runs, monkeypatch):
    """However many rows: to make them anew took two fifths of a page of a thousand."""
    make, made = ComparedCitySerializer.get_fields, []
    monkeypatch.setattr(ComparedCitySerializer, "get_fields", lambda self: made.append(1) or make(self))
    for limit in (1, 6):
        made.clear()
        body = analyst.get(COMPARISONS + "cities/", ids(runs) | {"limit": limit}).json()
        assert (len(body["results"]), len(made)) == (limit, 1)


def test_the_parts_of_a_change_sum_to_it(analyst, runs):
    city = runs[0].data_set.city_ids[0]
    body = analyst.get(f"{COMPARISONS}cities/{city}/", ids(runs)).json()
    assert (body["before"], body["after"], body["not_split"]) == (runs[0].pk, runs[2].pk, "")
    roots = [node for node in body["nodes"] if node["parent"] is None]
    total = sum(node["through_weights"] + node["through_values"] for node in roots)
    assert total == pytest.approx(body["score_after"] - body["score_before"], abs=1e-12)
    assert body["rank_before"] - body["rank_after"] == len(body["passed"]) - len(body["passed_by"])
    middle = analyst.get(f"{COMPARISONS}cities/{city}/", ids(runs) | {"to": runs[1].pk}).json()
    assert middle["after"] == runs[1].pk


def test_a_change_that_has_no_parts_says_why(analyst):
    runs = make_runs(random_values(3), aggregation="copeland")
    body = analyst.get(f"{COMPARISONS}cities/{runs[0].data_set.city_ids[0]}/", ids(runs)).json()
    assert (body["not_split"], body["nodes"]) == ("others", [])


def test_bad_questions_are_answered_with_what_is_wrong(analyst, runs):
    assert "required" in str(analyst.get(COMPARISONS).json())
    assert "1 chosen: choose 2 to 50 versions." in str(analyst.get(COMPARISONS, ids(runs[:1])).json())
    assert analyst.get(COMPARISONS, {"runs": f"{runs[0].pk},999999"}).status_code == 404
    wrong = analyst.get(COMPARISONS, ids(runs) | {"base": "x"})
    assert wrong.status_code == 400
    assert "base" in wrong.json()
    city = runs[0].data_set.city_ids[0]
    assert analyst.get(f"{COMPARISONS}cities/{city}/", ids(runs) | {"to": 0}).status_code == 404
    assert analyst.get(f"{COMPARISONS}cities/1000000/", ids(runs)).status_code == 404


def test_strangers_compare_published_runs_alone(client, runs):
    shown = make_runs(random_values(3), published=True)
    assert client.get(COMPARISONS, ids(runs)).status_code == 404
    assert client.get(COMPARISONS, ids(shown)).status_code == 200


def test_a_city_is_told_as_on_its_page(analyst, runs):
    city = runs[0].data_set.city_ids[3]
    body = analyst.get(f"/api/v1/runs/{runs[0].pk}/cities/{city}/").json()
    stored = standings(runs[0])[city]
    composite = body["scores"][0]
    assert (composite["indicator"], composite["rank"]) == (None, stored.rank)
    assert composite["score"] == stored.score * 100
    assert [other["run"] for other in body["others"]] == [runs[1].pk, runs[2].pk]
    assert analyst.get(f"/api/v1/runs/{runs[0].pk}/cities/1000000/").status_code == 404


def test_leads_are_paged_and_bad_questions_named(analyst):
    falling = np.arange(25, 0, -1.0)
    values = np.column_stack([falling, falling, falling[::-1], falling[::-1], falling[::-1]])
    run = make_runs(values, tilts=[None])[0]
    body = analyst.get(f"/api/v1/runs/{run.pk}/leads/", {"limit": 1}).json()
    assert body["count"] == 4
    assert (body["results"][0]["indicator"], body["results"][0]["lead"]) == ("infra", 24)
    wrong = analyst.get(f"/api/v1/runs/{run.pk}/leads/", {"places": "-3"})
    assert wrong.status_code == 400
    assert "places" in wrong.json()


@pytest.mark.parametrize(("cities", "versions"), [(1, 2), (3, 2), (3, 10)])
def test_the_answer_takes_the_same_queries_however_much_is_compared(
    client, cities, versions, django_assert_num_queries
):
    runs = make_runs(random_values(cities), tilts=[float(n) for n in range(versions)], published=True)
    asked = ids(runs)
    with django_assert_num_queries(8):
        assert client.get(COMPARISONS + "cities/", asked).status_code == 200
