"""Rankings on any node of the tree, and the marks of values that are not as they were given."""

import csv
import io
import re

import numpy as np
import pytest
from django.urls import reverse

from indexer.models import City
from indexer.numeric.scores.ranking import min_ranks
from tests.indexer.finished_runs import make_runs, print_figure, random_values
from tests.indexer.run.test_families import publish

pytestmark = pytest.mark.django_db

# What htmx sends to put the table in its place.
PART = {"HX-Request": "true", "HX-Target": "results"}

# One outlier in the first column, one gap in the second: 12 cities, five leaves.
VALUES = np.tile(np.arange(1.0, 13)[:, np.newaxis], 5)
VALUES[-1, 0] = 1000.0
VALUES[4, 1] = np.nan


def page_of(run):
    return reverse("indexer:run-detail", args=[run.pk])


def api_of(client, run, code):
    return client.get(reverse("indexer:api-run-node-ranking", args=[run.pk, code]), {"limit": 1000})


def treated_run(**method):
    choices = {"missing": "mean", "outliers": "winsorise", **method}
    return make_runs(VALUES, tilts=[None], **choices)[0]


def test_cities_are_ranked_on_every_node(analyst):
    values = random_values(7)
    run = make_runs(values, tilts=[1.0])[0]
    shares = values / values.sum(axis=0)
    weights = {n.indicator.code: n for n in run.weight_version.node_weights.select_related("indicator")}
    for place, code in enumerate(run.data_set.leaf_codes):
        response = analyst.get(page_of(run), {"node": code})
        assert [row["rank"] for row in response.context["rows"]] == sorted(min_ranks(shares[:, place]))
        assert f"{shares[:, place].max() * 100:.4f}" in response.content.decode()
    parent = run.data_set.framework.indicators.filter(is_leaf=False).first()
    below = [n.code for n in parent.children.filter(is_leaf=True)]
    if len(below) == parent.children.count():
        places = [run.data_set.leaf_codes.index(code) for code in below]
        scores = shares[:, places] @ [weights[code].local_weight for code in below]
        subject = analyst.get(page_of(run), {"node": parent.code}).context["subject"]
        assert subject.scores == pytest.approx(scores)
        assert (subject.ranks == min_ranks(scores)).all()


def test_the_page_of_a_node_keeps_it_through_filter_and_file(analyst):
    run = make_runs(random_values(5), tilts=[None])[0]
    node = run.data_set.framework.indicators.filter(is_leaf=False).first()

    text = analyst.get(page_of(run), {"node": node.code}).content.decode()

    assert f"{node.name} under version 1" in text
    assert f'<input type="hidden" name="node" value="{node.code}" form="city-filter">' in text
    assert f"/export/?node={node.code}&amp;format=csv" in text
    assert "What the scores of the first 5 cities are made of" in text
    part = analyst.get(page_of(run), {"node": node.code, "q": "luo"}, headers=PART)
    assert part.context["subject"].node == node


def test_file_and_api_hold_the_ranking_of_the_node(analyst):
    run = make_runs(random_values(5), tilts=[None])[0]
    node = run.data_set.framework.indicators.filter(is_leaf=False).first()
    print_figure(run, 0, "1.0", node=node.code)
    address = reverse("indexer:run-export", args=[run.pk])

    text = analyst.get(address, {"node": node.code}).content.decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    answer = api_of(analyst, run, node.code).json()

    assert answer["count"] == 5
    column = f"{node.name} (% of the total)"
    assert [float(row[column]) for row in rows] == [row["score"] for row in answer["results"]]
    assert [int(row["Rank"]) for row in rows] == [row["rank"] for row in answer["results"]]
    assert {row["mark"] for row in answer["results"]} == {"reconstructed"}
    assert "Composite score" not in text


def test_values_that_were_changed_are_marked_wherever_they_are_shown(analyst):
    run = treated_run()
    skewed, gapped = run.data_set.leaf_codes[:2]

    marks = {
        code: [row["score"].changes for row in analyst.get(page_of(run), {"node": code}).context["rows"]]
        for code in run.data_set.leaf_codes[:3]
    }

    assert marks[skewed].count(("winsorised",)) == 1
    assert marks[gapped].count(("imputed",)) == 1
    assert set(marks[run.data_set.leaf_codes[2]]) == {()}
    changed = [row["changes"] for row in api_of(analyst, run, gapped).json()["results"]]
    assert sorted(changed) == [[]] * 11 + [["imputed"]]
    text = analyst.get(reverse("indexer:run-export", args=[run.pk]), {"node": skewed}).content.decode(
        "utf-8-sig"
    )
    assert [next(v for k, v in row.items() if k.endswith(": changes")) for row in csv.DictReader(
        io.StringIO(text)
    )].count("winsorised") == 1  # fmt: skip


def test_the_page_of_a_city_and_the_map_mark_them_too(analyst):
    run = treated_run(missing="mean")
    gapped = run.data_set.leaf_codes[1]
    City.objects.update(latitude=30, longitude=110)
    city_pk = run.data_set.city_ids[4]

    city = analyst.get(reverse("indexer:run-city", args=[run.pk, city_pk]))
    on_map = analyst.get(reverse("indexer:run-map", args=[run.pk]), {"node": gapped})

    name = run.data_set.framework.indicators.get(code=gapped).name
    assert {row["name"]: row["changes"] for row in city.context["scores"]}[name] == ("imputed",)
    marked = {row["city"].pk: row["changes"] for row in on_map.context["rows"]}
    assert {pk for pk, changes in marked.items() if changes} == {city_pk}
    for response in (city, on_map):
        assert "filled in" in response.content.decode()


def test_scores_of_inner_nodes_and_the_composite_count_the_changed_values_behind_them(analyst):
    """The fifth city has a gap filled in, the twelfth an outlier winsorised: both below infra."""
    run = treated_run()
    ids = run.data_set.city_ids
    City.objects.update(latitude=30, longitude=110)

    def counted(query):
        response = analyst.get(page_of(run), query | {"sort": "-changed"})
        return [row["changed"] for row in response.context["rows"]]

    assert counted({}) == counted({"node": "infra"}) == [1, 1] + [0] * 10
    assert counted({"node": "mobile"}) == [1] + [0] * 11
    assert "Changed values" not in analyst.get(page_of(run), {"node": "industry"}).content.decode()

    in_api = {row["unit"]: row["changed_values"] for row in api_of(analyst, run, "infra").json()["results"]}
    assert sum(in_api.values()) == 2
    whole = analyst.get(reverse("indexer:api-ranking", args=[run.pk])).json()["results"]
    assert {row["unit"]: row["changed_values"] for row in whole} == in_api
    on_map = analyst.get(reverse("indexer:run-map", args=[run.pk]))
    assert {row["city"].name_zh: row["changed"] for row in on_map.context["rows"]} == in_api
    assert "Changed values" in on_map.content.decode()
    branch = publish(run.data_set.framework)
    address = reverse("indexer:index-export", args=[branch.pk])
    text = analyst.get(address, {"run": run.pk}).content.decode("utf-8-sig")
    (of_branch,) = {
        name
        for name in csv.DictReader(io.StringIO(text)).fieldnames
        if "filled in, left out or treated" in name
    }
    in_file = [int(row[of_branch]) for row in csv.DictReader(io.StringIO(text))]
    assert sorted(in_file) == sorted(in_api.values())
    points = analyst.get(reverse("indexer:api-run-map", args=[run.pk])).json()["points"]
    assert len(points) == 12
    assert [point["changed_values"] for point in points] == [in_api[point["unit"]] for point in points]
    profile = analyst.get(reverse("indexer:api-run-city", args=[run.pk, ids[4]])).json()
    assert {score["indicator"]: score["changed_values"] for score in profile["scores"]} == {
        None: 1,
        "infra": 1,
        "fixed": 0,
        "mobile": 1,
        "industry": 0,
        "retail": 0,
        "finance": 0,
        "travel": 0,
    }

    for name, args, counts in [
        ("run-export", [run.pk], 2),
        ("run-city-export", [run.pk, ids[4]], 3),
    ]:
        text = analyst.get(reverse(f"indexer:{name}", args=args)).content.decode("utf-8-sig")
        rows = list(csv.DictReader(io.StringIO(text)))
        (head,) = [key for key in rows[0] if key.startswith("Values behind")]
        assert sum(int(row[head]) for row in rows) == counts


def test_every_value_of_a_logged_indicator_is_marked(analyst):
    run = treated_run(outliers="log", normalisation="minmax")

    rows = analyst.get(page_of(run), {"node": run.data_set.leaf_codes[0]}).context["rows"]

    assert {row["score"].changes for row in rows} == {("logged",)}


def test_what_was_done_is_said_on_the_page_and_by_the_api(analyst):
    run = treated_run()
    leaf = run.data_set.framework.indicators.get(code=run.data_set.leaf_codes[0])

    text = " ".join(analyst.get(page_of(run)).content.decode().split())
    answer = analyst.get(reverse("indexer:api-run-preparation", args=[run.pk])).json()

    assert "Of 60 values 1 are filled in, 0 are missing and left out, 1 are winsorised" in text
    assert re.search(rf"<th scope=\"row\">{leaf.name}</th><td[^>]*>winsorised</td>", text)
    assert "missing values: Mean of what is present" in text
    assert "outliers: Winsorise (skewness over 2 and kurtosis over 3.5, at most 5 cells each)" in text
    assert [treatment["code"] for treatment in answer["treatments"]] == [leaf.code]
    assert [(cell["code"], cell["changes"]) for cell in answer["cells"]] == [
        (run.data_set.leaf_codes[1], ["imputed"]),
        (leaf.code, ["winsorised"]),
    ]


def test_nothing_is_said_where_nothing_was_done(analyst):
    run = make_runs(random_values(12), tilts=[None], outliers="winsorise")[0]
    plain = make_runs(random_values(3, seed=2), tilts=[None])[0]

    for each in (run, plain):
        assert "What was done to the data" not in analyst.get(page_of(each)).content.decode()
        answer = analyst.get(reverse("indexer:api-run-preparation", args=[each.pk])).json()
        assert (answer["treatments"], answer["cells"]) == ([], [])


def test_a_city_with_nothing_of_a_node_has_no_rank_and_comes_last(analyst):
    run = treated_run(missing="reweight", outliers="keep")
    code = run.data_set.leaf_codes[1]

    response = analyst.get(page_of(run), {"node": code})

    last = response.context["rows"][-1]
    assert (last["rank"], last["score"].text, last["score"].percent) == ("–", "–", None)
    assert last["score"].changes == ("left_out",)
    row = api_of(analyst, run, code).json()["results"][-1]
    assert (row["rank"], row["score"], row["changes"]) == (None, None, ["left_out"])


def test_unknown_nodes(analyst):
    run = make_runs(random_values(3), tilts=[None])[0]

    assert analyst.get(page_of(run), {"node": "nothing"}).context["subject"].node is None
    assert api_of(analyst, run, "nothing").status_code == 404


@pytest.mark.parametrize("cities", [1, 3])
def test_a_page_with_marks_takes_the_same_queries_for_any_number_of_cities(
    analyst, cities, django_assert_num_queries
):
    run = make_runs(random_values(cities), tilts=[None], missing="mean")[0]
    leaf = run.data_set.leaf_codes[0]
    # Session, account; run with nodes, indicators with weights, scores, cities, provinces, record of cells.
    with django_assert_num_queries(11):
        analyst.get(page_of(run), {"node": leaf})


def test_strangers_see_published_runs_only(client):
    hidden = make_runs(random_values(3), tilts=[None])[0]

    assert api_of(client, hidden, hidden.data_set.leaf_codes[0]).status_code == 404
    assert client.get(reverse("indexer:api-run-preparation", args=[hidden.pk])).status_code == 404
