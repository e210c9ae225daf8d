"""What lies behind the audit of a run: two scores against each other, and how values are spread."""

import csv
import io

import numpy as np
import pytest
from django.test import Client
from django.urls import reverse

from tests.indexer.composites import scores_by_name, scores_of
from tests.indexer.factories import make_series
from tests.indexer.finished_runs import make_runs, random_values
from weighting.models import Indicator

pytestmark = pytest.mark.django_db


def address(name, run):
    return reverse(f"indexer:{name}", args=[run.pk])


def leaves_of(run):
    return list(Indicator.objects.filter(framework=run.data_set.framework, is_leaf=True).order_by("position"))


def test_two_leaves_on_a_line_with_one_city_off_it(analyst):
    values = random_values(12)
    values[:, 1] = 3 * values[:, 0] + 1 + 0.01 * np.sin(np.arange(12))
    values[4, 1] *= 1.5
    run = make_runs(values, tilts=[None])[0]
    a, b = (leaf.code for leaf in leaves_of(run)[:2])
    shares = values / values.sum(axis=0)

    context = analyst.get(address("run-nodes-pair", run), {"a": a, "b": b}).context

    r = np.corrcoef(shares[:, 0], shares[:, 1])[0, 1]
    assert context["title"].endswith(f"r = {r:.2f}")
    assert context["stats"][2]["value"] == f"{r**2:.3f}"
    assert len(context["rows"]) == 12
    assert context["rows"][0]["city"].pk == run.data_set.city_ids[4]
    named = [point for point in context["figure"].spec["data"]["values"] if point["is_outlier"]]
    assert [point["name"] for point in named] == [context["rows"][0]["city"].name]


def test_the_pair_as_a_file_and_as_a_picture(analyst):
    run = make_runs(random_values(9), tilts=[1.0])[0]
    leaf = leaves_of(run)[0]
    answer = analyst.get(address("run-nodes-pair-export", run), {"a": leaf.code})
    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert len(rows) == 10
    totals = scores_by_name(run)
    assert all(float(row[6]) == pytest.approx(totals[row[0]] * 100) for row in rows[1:])
    picture = analyst.get(reverse("indexer:run-picture", args=[run.pk, "nodes", "svg"]), {"a": leaf.code})
    assert "<svg" in picture.content.decode()


def test_codes_that_make_no_sense_are_left_out(analyst):
    run = make_runs(random_values(5), tilts=[None])[0]
    for name in ("run-nodes-pair", "run-distribution"):
        assert analyst.get(address(name, run), {"a": "x", "b": "y", "node": "z"}).status_code == 200


@pytest.mark.parametrize("cities", [1, 3])
def test_few_cities_and_one_value_are_no_fault(analyst, cities):
    run = make_runs(np.ones((cities, 5)), tilts=[None])[0]
    for name in ("run-nodes-pair", "run-distribution"):
        assert analyst.get(address(name, run)).status_code == 200


def test_every_value_stands_in_one_class(analyst):
    values = random_values(40)
    values[0, 0] = np.nan
    run = make_runs(values, tilts=[None], missing="reweight")[0]
    leaf = leaves_of(run)[0]

    context = analyst.get(address("run-distribution", run), {"node": leaf.code}).context

    # Nothing was done to what is there, so that what goes into the normalisation is what came.
    assert list(context["figures"]) == ["raw", "scores"]
    for figure in context["figures"].values():
        assert sum(count for _low, _high, count in figure.rows) == 39
    assert context["stats"][0]["value"] == "39"


def test_what_was_drawn_in_is_shown_as_it_is_normalised(analyst):
    values = random_values(40)
    values[7, 0] = 1e6
    run = make_runs(values, tilts=[None], outliers="winsorise")[0]
    leaf = leaves_of(run)[0]

    figures = analyst.get(address("run-distribution", run), {"node": leaf.code}).context["figures"]

    assert list(figures) == ["raw", "treated", "scores"]
    highest = [figures[of].spec["data"]["values"][-1]["high"] for of in ("raw", "treated")]
    assert highest[0] == 1e6
    assert highest[1] == pytest.approx(np.sort(values[:, 0])[-2])
    picture = reverse("indexer:run-picture", args=[run.pk, "distribution", "svg"])
    drawn = [analyst.get(picture, {"node": leaf.code, "of": of}) for of in figures]
    assert len({answer.content for answer in drawn}) == 3
    assert analyst.get(picture, {"node": leaf.code, "of": "nothing"}).status_code == 404


def test_an_inner_node_has_scores_alone(analyst):
    run = make_runs(random_values(9), tilts=[1.0])[0]
    inner = Indicator.objects.filter(framework=run.data_set.framework, is_leaf=False).first()
    figures = analyst.get(address("run-distribution", run), {"node": inner.code}).context["figures"]
    assert list(figures) == ["scores"]


def test_quadrants_about_the_medians_on_the_page_in_the_file_and_in_the_api(analyst):
    """Five cities; the third stands at both medians, and so is high on both."""
    values = random_values(5)
    values[:, 0], values[:, 1] = [1, 2, 3, 4, 5], [2, 5, 3, 1, 4]
    run = make_runs(values, tilts=[None])[0]
    a, b = (leaf.code for leaf in leaves_of(run)[:2])
    expected = ["low_low", "low_high", "high_high", "high_low", "high_high"]

    told = analyst.get(address("api-run-nodes-pair", run), {"a": a, "b": b}).json()
    assert [row["quadrant"] for row in told["units"]] == expected
    assert [told["median_a"], told["median_b"]] == pytest.approx([20, 20])
    answer = analyst.get(address("run-nodes-pair-export", run), {"a": a, "b": b})
    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert [row[rows[0].index("Quadrant about the medians")] for row in rows[1:]] == expected
    context = analyst.get(address("run-nodes-pair", run), {"a": a, "b": b}).context
    listed = {quadrant["name"]: {city.pk for city in quadrant["cities"]} for quadrant in context["quadrants"]}
    ids = run.data_set.city_ids
    assert list(listed.values()) == [{ids[2], ids[4]}, {ids[1]}, {ids[0]}, {ids[3]}]
    rules = [layer for layer in context["figure"].spec["layer"] if layer["mark"].get("type") == "rule"]
    assert len(rules) == 2


def test_a_series_stands_across_where_the_reader_may_see_it(analyst):
    run = make_runs(random_values(6), tilts=[None], published=True)[0]
    series = make_series(run.data_set.city_ids[:5], actor=run.data_set.created_by)
    sent = {"a": f"series:{series.pk}"}
    told = analyst.get(address("api-run-nodes-pair", run), sent).json()
    assert [row["a"] for row in told["units"]] == [1, 2, 3, 4, 5]
    totals = scores_of(run)
    assert [row["b"] for row in told["units"]] == pytest.approx(
        [100 * totals[pk] for pk in run.data_set.city_ids[:5]]
    )
    page = analyst.get(address("run-nodes-pair", run), sent)
    assert page.context["names"][0] == "GDP (2016)"
    # It is not published: strangers find neither it nor its name.
    stranger = Client()
    assert stranger.get(address("api-run-nodes-pair", run), sent).status_code == 400
    assert "GDP" not in stranger.get(address("run-nodes-pair", run), sent).content.decode()
    assert (
        "no series with the number"
        in analyst.get(address("api-run-nodes-pair", run), {"a": "series:0"}).json()["a"][0]
    )
