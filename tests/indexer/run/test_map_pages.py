import csv
import io
import json

import pytest
from django.test import Client
from django.urls import reverse

from indexer.models import City
from tests.indexer.composites import ranks_of
from tests.indexer.finished_runs import make_runs, random_values

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def runs_of_the_file(undone_after_the_file):
    """Two runs of six cities, of which the register can place the first three."""
    runs = make_runs(random_values(6), tilts=[None, 5.0])
    for number, city in enumerate(City.objects.order_by("pk")[:3]):
        city.latitude, city.longitude = 30.0 + number, 100.0 + number
        city.save()
    return runs


def page_of(run):
    return reverse("indexer:run-map", args=[run.pk])


def test_the_map_places_cities_and_names_those_without_coordinates(analyst, runs):
    response = analyst.get(page_of(runs[0]))
    view, text = response.context["view"], response.content.decode()
    assert len(view.points) == len(view.unplaced) == 3
    assert [point.rank for point in view.points] == sorted(point.rank for point in view.points)
    assert "3 cities have no coordinates" in text
    assert "Town 005" in text
    assert f'data-spec-url="/runs/{runs[0].pk}/map.json"' in text


def test_what_the_map_is_drawn_from_comes_after_its_page_and_has_its_address(analyst, runs):
    asked = {"against": runs[1].pk}
    response = analyst.get(page_of(runs[0]), asked)
    assert "vega-lite" not in response.content.decode()
    address = reverse("indexer:run-picture", args=[runs[0].pk, "map", "json"])
    assert f'data-spec-url="{address}?against={runs[1].pk}"' in response.content.decode()
    assert analyst.get(address, asked).json() == json.loads(json.dumps(response.context["chart"]))
    assert analyst.get(address).json() != analyst.get(address, asked).json()
    assert Client().get(address).status_code == 404


def test_shifts_are_places_gained_against_the_other_run(analyst, runs):
    view = analyst.get(page_of(runs[0]), {"against": runs[1].pk}).context["view"]
    ranks = [ranks_of(run) for run in runs]
    expected = {city: ranks[1][city] - ranks[0][city] for city in ranks[0]}
    assert {point.city.pk: point.shift for point in view.points}.items() <= expected.items()
    assert analyst.get(page_of(runs[0])).context["view"].points[0].shift is None


def test_a_node_has_ranks_of_its_own(analyst, runs):
    leaf = runs[0].data_set.leaf_codes[0]
    view = analyst.get(page_of(runs[0]), {"node": leaf, "against": runs[1].pk}).context["view"]
    scores = [point.score for point in view.points]
    assert scores == sorted(scores, reverse=True)
    # A leaf's scores know nothing of weights.
    assert {point.shift for point in view.points} == {0}


def test_file_and_api_hold_the_same_points(analyst, runs):
    query = {"against": runs[1].pk}
    text = analyst.get(page_of(runs[0]) + "export/", query).content.decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    answer = analyst.get(reverse("indexer:api-run-map", args=[runs[0].pk]), query).json()
    assert [point["unit"] for point in answer["points"]] == [row["City (Chinese)"] for row in rows[:3]]
    assert [str(point["shift"]) for point in answer["points"]] == [row["Places gained"] for row in rows[:3]]
    assert answer["unplaced"] == [row["City (Chinese)"] for row in rows[3:]]
    assert rows[3]["latitude"] == ""


def test_the_api_gives_the_points_page_by_page_and_counts_them_all(analyst, runs):
    address = reverse("indexer:api-run-map", args=[runs[0].pk])
    whole = analyst.get(address).json()
    parts = [analyst.get(address, {"limit": 2, "offset": offset}).json() for offset in (0, 2, 4)]
    assert whole["count"] == whole["unplaced_count"] == len(whole["points"]) == 3
    assert [len(part["points"]) for part in parts] == [2, 1, 0]
    assert [point for part in parts for point in part["points"]] == whole["points"]
    assert analyst.get(address, {"limit": 10_001}).status_code == 400


def test_without_any_coordinates_the_page_says_so(analyst, runs):
    City.objects.update(latitude=None, longitude=None)
    run = runs[0]
    text = analyst.get(page_of(run)).content.decode()
    assert "No city has coordinates" in text
    assert "vega.js" not in text
    assert reverse("indexer:register-borders", args=[run.data_set.series.register_id]) in text


def test_bad_choices_are_left_out_by_the_page_and_named_by_the_api(analyst, runs):
    assert analyst.get(page_of(runs[0]), {"against": "x", "node": "x"}).context["against"] == ""
    address = reverse("indexer:api-run-map", args=[runs[0].pk])
    for asked in ("x", "999999"):
        answer = analyst.get(address, {"against": asked})
        assert answer.status_code == 400
        assert asked in answer.json()["against"][0]


def test_the_page_takes_as_many_queries_for_three_cities_as_for_one(analyst, django_assert_num_queries):
    for count in (1, 3):
        run = make_runs(random_values(count), tilts=[None])[0]
        with django_assert_num_queries(11):
            analyst.get(page_of(run))


def test_strangers_are_offered_published_runs_only(client):
    published = make_runs(random_values(4), published=True)
    hidden = make_runs(random_values(4, seed=2))
    assert client.get(page_of(hidden[0])).status_code == 404
    choices = dict(client.get(page_of(published[0])).context["form"].fields["against"].choices)
    assert list(choices) == ["", published[1].pk]


def test_the_map_is_saved_as_a_picture_of_what_the_page_shows(analyst, runs):
    image = analyst.get(page_of(runs[0]), {"against": runs[1].pk}).context["image_url"]
    svg = analyst.get(image).content.decode()
    assert "moves up" in svg
    assert "Test data" in svg
    City.objects.update(latitude=None, longitude=None)
    assert analyst.get(image).status_code == 404
