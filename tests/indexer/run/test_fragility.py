"""Which neighbours change places most easily: page, file and API agree with a recomputation."""

import csv
import io

import numpy as np
import pytest

from indexer.numeric.scores.composite import composite_scores
from indexer.selectors.fragility import fragility_of
from indexer.selectors.indices import index_of
from tests.factories import make_framework
from tests.indexer.composites import ranks_of
from tests.indexer.finished_runs import make_runs, random_values
from tests.indexer.numeric.oracles import change_weight
from weighting.models import Indicator
from weighting.numeric.tree import global_weights

pytestmark = pytest.mark.django_db

# What htmx sends to put the table in its place.
PART = {"HX-Request": "true", "HX-Target": "results"}


@pytest.fixture(scope="module")
def run_of_the_file(undone_after_the_file):
    return make_runs(random_values(12), tilts=[1.0])[0]


def test_the_ranks_are_those_of_the_run_and_each_change_ties_its_pair(run):
    fragility, index = fragility_of(run), index_of(run)
    ranks = ranks_of(run)
    assert fragility.ranks.tolist() == [ranks[city.pk] for city in fragility.cities]
    assert fragility.upper_ranks.tolist() == list(range(1, 12))
    for pair in np.flatnonzero(fragility.changes.nodes >= 0).tolist():
        node, delta = fragility.changes.nodes[pair], fragility.changes.deltas[pair]
        local = change_weight(index.tree, index.local, node, delta)
        scores = composite_scores(index.normalised, global_weights(index.tree, local)[index.tree.leaves])
        first, second = scores[fragility.changes.pairs[pair]]
        assert first == pytest.approx(second, abs=1e-14)
        assert fragility.weights_of(pair)[1] == pytest.approx(local[node], rel=1e-12)


def test_the_most_fragile_pair_comes_first_and_both_its_cities_are_found(analyst, run):
    response = analyst.get(f"/runs/{run.pk}/fragility/")
    rows = response.context["rows"]
    sizes = [abs(float(row["change"].replace("−", "-"))) for row in rows if row["node"]]
    assert sizes == sorted(sizes)
    assert len(rows) == 11
    name = rows[0]["lower"].name_en
    found = analyst.get(f"/runs/{run.pk}/fragility/", {"q": name}, headers=PART)
    assert all(name in (row["upper"].name_en, row["lower"].name_en) for row in found.context["rows"])
    assert 1 <= len(found.context["rows"]) <= 2
    assert "<html" not in found.content.decode()


@pytest.mark.parametrize("sort", ["rank", "-gap", "choices", "odd"])
def test_the_columns_sort(analyst, run, sort):
    rows = analyst.get(f"/runs/{run.pk}/fragility/", {"sort": sort}).context["rows"]
    assert len(rows) == 11
    if sort == "rank":
        assert [row["rank"] for row in rows] == list(range(1, 12))


def test_cities_that_tie_and_a_city_that_is_never_caught_are_said(analyst):
    run = make_runs([[9, 9, 9, 9, 9], [2, 3, 2, 3, 1], [2, 3, 2, 3, 1]], tilts=[None])[0]
    text = analyst.get(f"/runs/{run.pk}/fragility/").content.decode()
    assert "no single weight turns them round" in text
    assert "1 of them tie already" in text


def test_a_single_city_has_no_neighbour(analyst):
    run = make_runs(random_values(1), tilts=[None])[0]
    assert "A single city has no neighbour" in analyst.get(f"/runs/{run.pk}/fragility/").content.decode()


def test_scores_without_a_mean_at_the_top_say_why_there_is_nothing(analyst):
    run = make_runs(random_values(4), tilts=[None], aggregation="minimum", normalisation="minmax")[0]
    response = analyst.get(f"/runs/{run.pk}/fragility/")
    text = response.content.decode()
    assert "These scores have no critical weights" in text
    assert f'href="/runs/{run.pk}/studies/?kind=noise#new-study"' in text
    assert analyst.get(f"/runs/{run.pk}/fragility/export/").status_code == 404
    answer = analyst.get(f"/api/v1/runs/{run.pk}/critical-weights/")
    assert answer.status_code == 400
    assert "a mean at the top" in answer.json()["detail"][0]


def test_every_weight_of_a_geometric_mean_is_solved_for(analyst):
    run = make_runs(random_values(8), tilts=[1.0], aggregation="geometric", normalisation="fraction_of_max")[
        0
    ]
    fragility, index = fragility_of(run), index_of(run)
    assert (fragility.changes.nodes >= 0).sum() >= 3
    for pair in np.flatnonzero(fragility.changes.nodes >= 0).tolist():
        local = change_weight(
            index.tree, index.local, fragility.changes.nodes[pair], fragility.changes.deltas[pair]
        )
        weights = global_weights(index.tree, local)[index.tree.leaves]
        scores = composite_scores(index.normalised, weights, aggregation="geometric")
        first, second = scores[fragility.changes.pairs[pair]]
        assert first == pytest.approx(second, rel=1e-12)
    assert "are not solved for" not in analyst.get(f"/runs/{run.pk}/fragility/").content.decode()


def test_weights_that_are_not_solved_for_are_named_on_page_and_in_file_and_api(analyst):
    framework = make_framework()
    branch = Indicator.objects.filter(framework=framework, is_leaf=False).order_by("position").first()
    below = Indicator.objects.filter(framework=framework, parent=branch).order_by("position")
    run = make_runs(
        random_values(8),
        tilts=[1.0],
        framework=framework,
        normalisation="fraction_of_max",
        aggregation="geometric",
        nodes={branch.code: {"aggregation": "harmonic"}},
    )[0]
    codes = [leaf.code for leaf in below]
    page = analyst.get(f"/runs/{run.pk}/fragility/").content.decode()
    assert (
        "The weights within branches that are formed otherwise than the mean at the top are not solved for"
        in page
    )
    assert all(leaf.name in page.split("are not solved for, since")[1] for leaf in below)
    content = analyst.get(f"/runs/{run.pk}/fragility/export/", {"format": "json"}).content.decode()
    assert " ".join(codes) in content
    cities = fragility_of(run).cities
    asked = {"first": cities[0].name_zh, "second": cities[1].name_zh}
    answer = analyst.get(f"/api/v1/runs/{run.pk}/critical-weights/pair/", asked).json()
    assert answer["not_solved"] == codes
    assert not {row["indicator"] for row in answer["weights"]} & set(codes)


def test_file_and_api_hold_the_same_numbers(analyst, run):
    content = analyst.get(f"/runs/{run.pk}/fragility/export/").content.decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(content)))
    answer = analyst.get(f"/api/v1/runs/{run.pk}/critical-weights/", {"limit": 5}).json()
    assert (answer["count"], len(answer["results"])) == (11, 5)
    for row, result in zip(rows, answer["results"], strict=False):
        assert row["Better city (Chinese)"] == result["upper"]["unit"]
        assert row["Code of the indicator"] == (result["indicator"] or "")
        if result["indicator"]:
            assert float(row["Smallest change"]) == result["change"]
            assert abs(float(row["Gap that is left"])) < 1e-12


def test_the_api_filters_by_unit_and_size_and_names_bad_values(analyst, run):
    address = f"/api/v1/runs/{run.pk}/critical-weights/"
    everything = analyst.get(address).json()["results"]
    small = analyst.get(address, {"within": "0.05"}).json()["results"]
    assert small == [row for row in everything if row["change"] is not None and abs(row["change"]) <= 0.05]
    assert {row["rank"] for row in analyst.get(address, {"unit": "Nanyang"}).json()["results"]} <= {
        row["rank"] for row in everything
    }
    assert "“much” is not a number" in str(analyst.get(address, {"within": "much"}).json())


def test_an_unfinished_or_hidden_run_has_no_fragility(client, analyst):
    waiting = make_runs(random_values(3), tilts=[None], computed=False)[0]
    assert "Nanyang" not in analyst.get(f"/runs/{waiting.pk}/fragility/").content.decode()
    assert analyst.get(f"/api/v1/runs/{waiting.pk}/critical-weights/").status_code == 404
    client.logout()
    assert client.get(f"/runs/{waiting.pk}/fragility/").status_code == 404


def test_any_two_cities_show_every_weight_and_whether_it_can(analyst, run):
    address = f"/runs/{run.pk}/fragility/pair/"
    assert "What each weight must become" in analyst.get(address).content.decode()
    response = analyst.get(address, {"first": "南阳", "second": "Xi'an"})
    pair, index = response.context["pair"], index_of(run)
    ranks = ranks_of(run)
    assert pair.ranks == (ranks[pair.first.pk], ranks[pair.second.pk])
    assert pair.ranks[0] < pair.ranks[1]
    places = [run.data_set.city_ids.index(city.pk) for city in (pair.first, pair.second)]
    for node in pair.order:
        changed = pair.local[node] + pair.deltas[node]
        assert pair.feasible[node] == (0 <= changed <= 1)
        if pair.feasible[node]:
            local = change_weight(index.tree, index.local, node, pair.deltas[node])
            scores = composite_scores(index.normalised, global_weights(index.tree, local)[index.tree.leaves])
            assert scores[places[0]] == pytest.approx(scores[places[1]], abs=1e-14)
    sizes = [abs(pair.deltas[node]) for node in pair.order if pair.feasible[node]]
    assert sizes == sorted(sizes)
    answer = analyst.get(
        f"/api/v1/runs/{run.pk}/critical-weights/pair/", {"first": "Xi'an", "second": "南阳"}
    ).json()
    assert [weight["change"] for weight in answer["weights"]] == [pair.deltas[n] for n in pair.order]
    content = analyst.get(f"{address}export/", {"first": "南阳", "second": "Xi'an"}).content
    assert content.decode("utf-8-sig").count("\n") == len(pair.order) + 1


@pytest.mark.parametrize(
    ("first", "second", "words"),
    [
        ("南阳", "Atlantis", "There is no city “Atlantis” here."),
        ("南阴市", "Xi'an", "Nearest names: Nanyang"),
        ("南阳", "Nanyang", "Name two different cities"),
        ("南阳", "南阳", "Name two different cities"),
        ("南阳", "", "This field is required"),
    ],
)
def test_a_pair_that_is_none_is_refused_with_words(analyst, run, first, second, words):
    asked = {"first": first, "second": second}
    response = analyst.get(f"/runs/{run.pk}/fragility/pair/", asked)
    assert response.status_code == 400
    assert words in response.content.decode()
    answer = analyst.get(f"/api/v1/runs/{run.pk}/critical-weights/pair/", asked)
    assert answer.status_code == 400
    assert words in str(answer.json())
    assert analyst.get(f"/runs/{run.pk}/fragility/pair/export/", asked).status_code == 404


def test_the_figure_comes_as_a_file(analyst, run):
    assert analyst.get(f"/runs/{run.pk}/fragility.svg").content.startswith(b"<svg")
    none = make_runs(random_values(4), tilts=[None], aggregation="minimum", normalisation="minmax")[0]
    assert analyst.get(f"/runs/{none.pk}/fragility.svg").status_code == 404


# One city is no pair.
@pytest.mark.parametrize("cities", [2, 4])
def test_the_page_takes_the_same_queries_for_any_number_of_cities(analyst, cities, django_assert_num_queries):
    run = make_runs(random_values(cities), tilts=[None])[0]
    with django_assert_num_queries(11):
        analyst.get(f"/runs/{run.pk}/fragility/")
