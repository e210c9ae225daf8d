"""The first of several scores side by side: any number, any scores, ties, page and file alike."""

import csv
import io

import numpy as np
import pytest
from django.urls import reverse

from tests.indexer.finished_runs import make_runs, random_values

pytestmark = pytest.mark.django_db


def page_of(run):
    return reverse("indexer:run-tops", args=[run.pk])


def test_the_first_of_each_score_stand_in_their_own_order(analyst):
    values = random_values(6)
    run = make_runs(values, tilts=[None])[0]
    leaf = run.data_set.leaf_codes[2]

    response = analyst.get(page_of(run), {"n": "3", "nodes": ["composite", leaf]})
    text = analyst.get(page_of(run) + "export/", {"n": "3", "nodes": ["composite", leaf]}).content
    rows = list(csv.reader(io.StringIO(text.decode("utf-8-sig"))))

    best = [run.data_set.city_ids[at] for at in np.argsort(-values[:, 2])[:3]]
    shown = response.context["rows"]
    assert [row[1]["city"].pk for row in shown] == best
    assert [row[1]["rank"] for row in shown] == [1, 2, 3]
    assert [row[5] for row in rows[1:]] == [row[1]["city"].name for row in shown]
    assert [row[1] for row in rows[1:]] == [row[0]["city"].name for row in shown]


def test_ties_for_the_last_place_all_stand_and_the_other_columns_end(analyst):
    values = np.column_stack([[5.0, 3, 3, 1], *[[4.0, 3, 2, 1]] * 4])
    run = make_runs(values, tilts=[None])[0]
    first, second = run.data_set.leaf_codes[:2]

    rows = analyst.get(page_of(run), {"n": "2", "nodes": [first, second]}).context["rows"]

    assert [[cell and cell["rank"] for cell in row] for row in rows] == [[1, 1], [2, 2], [2, None]]


def test_unasked_it_shows_the_composite_and_the_widest_levels(analyst):
    run = make_runs(random_values(4), tilts=[None])[0]

    response = analyst.get(page_of(run), {"n": "many", "nodes": "nothing"})

    roots = [node.code for node in run.data_set.framework.indicators.filter(parent=None)]
    codes = [top["code"] for top in response.context["tops"]]
    assert codes[: 1 + len(roots)] == ["composite", *roots]
    assert len(response.context["rows"]) == 4


def test_queries_do_not_grow_with_units_or_scores(analyst, django_assert_num_queries):
    for count, nodes in ((3, 1), (12, 3)):
        run = make_runs(random_values(count), tilts=[None])[0]
        # Session, account; run with nodes, scores, values, cities, their places.
        codes = run.data_set.leaf_codes[:nodes]
        with django_assert_num_queries(10):
            analyst.get(page_of(run), {"nodes": codes})


def test_the_api_tells_the_same_tops(analyst):
    run = make_runs(np.column_stack([[5.0, 3, 3, 1], *[[4.0, 3, 2, 1]] * 4]), tilts=[None])[0]
    leaf = run.data_set.leaf_codes[0]
    address = reverse("indexer:api-run-tops", args=[run.pk])

    page = analyst.get(page_of(run), {"n": "2", "nodes": ["composite", leaf]}).context["rows"]
    told = analyst.get(address, {"n": "2", "nodes": f"composite,{leaf}"}).json()

    assert [top["node"] for top in told["tops"]] == ["composite", leaf]
    assert [len(top["units"]) for top in told["tops"]] == [2, 3]
    for at, top in enumerate(told["tops"]):
        shown = [(row[at]["city"].pk, row[at]["rank"]) for row in page if row[at]]
        assert [(unit["id"], unit["rank"]) for unit in top["units"]] == shown
    # Unasked: the index and what it is divided into.
    roots = [node.code for node in run.data_set.framework.indicators.filter(parent=None)]
    assert [top["node"] for top in analyst.get(address).json()["tops"]] == ["composite", *roots]
    inside = analyst.get(address, {"n": "1", "nodes": leaf, "province": "陕西省"}).json()["tops"][0]["units"]
    assert [(unit["unit"], unit["rank"]) for unit in inside] == [("西安市", 2)]


@pytest.mark.parametrize(("asked", "name"), [({"n": "0"}, "n"), ({"n": "x"}, "n"), ({"nodes": "x"}, "nodes")])
def test_the_api_names_what_it_cannot_take(analyst, asked, name):
    run = make_runs(random_values(4), tilts=[None])[0]
    answer = analyst.get(reverse("indexer:api-run-tops", args=[run.pk]), asked)
    assert answer.status_code == 400
    assert list(answer.json()) == [name]


def test_the_api_takes_the_same_queries_for_any_number(analyst, django_assert_num_queries):
    for count, nodes in ((3, 1), (12, 3)):
        run = make_runs(random_values(count), tilts=[None])[0]
        asked = {"nodes": ",".join(run.data_set.leaf_codes[:nodes])}
        with django_assert_num_queries(8):
            analyst.get(reverse("indexer:api-run-tops", args=[run.pk]), asked)
