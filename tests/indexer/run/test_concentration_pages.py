import csv
import io

import numpy as np
import pytest
from django.urls import reverse

from indexer.models import Run
from indexer.services.runs import compute_waiting_runs
from tests.factories import make_framework
from tests.indexer.factories import make_data_set, make_version
from tests.indexer.finished_runs import make_runs, random_values

pytestmark = pytest.mark.django_db
# Four cities in three provinces and regions; the five leaves alike, so that any weights give 1 to 4 of 10.
FOUR = np.repeat([[4.0], [3.0], [2.0], [1.0]], 5, axis=1)


def page_of(run):
    return reverse("indexer:run-concentration", args=[run.pk])


def test_the_page_shows_what_is_worked_by_hand(analyst):
    run = make_runs(FOUR, tilts=[1.0])[0]
    response = analyst.get(page_of(run))
    report = response.context["report"]
    assert report.between["cities"].gini == pytest.approx(0.25)
    assert report.between["cities"].herfindahl == pytest.approx(0.30)
    # Henan holds 4 + 1 of 10, Shaanxi 3, Sichuan 2.
    assert [round(held.share, 12) for held in report.provinces] == [0.5, 0.3, 0.2]
    assert report.provinces[0].inside.gini == pytest.approx(0.3)
    assert report.half == 2
    assert report.remainder == pytest.approx(0, abs=1e-12)
    text = response.content.decode()
    assert "The first 2 of 4 cities hold half" in text
    assert "0.250" in text
    assert "data-spec" in text


def test_what_lies_outside_the_cities_is_named(analyst):
    framework = make_framework()
    code = framework.indicators.filter(is_leaf=True).first().code
    data_set = make_data_set(framework, values=FOUR, totals={code: 20.0})
    version = make_version(framework)
    compute_waiting_runs(data_set.pk)
    report = analyst.get(page_of(Run.objects.get(data_set=data_set))).context["report"]
    weight = version.node_weights.get(indicator__code=code).global_weight
    assert report.remainder == pytest.approx(weight * 0.5)


def test_a_node_is_chosen_and_an_unknown_one_left_out(analyst):
    values = random_values(6)
    run = make_runs(values, tilts=[None])[0]
    leaf = run.data_set.leaf_codes[2]
    whole = analyst.get(page_of(run), {"node": leaf})
    assert whole.context["report"].top[0] == pytest.approx(values[:, 2].max() / values[:, 2].sum())
    assert analyst.get(page_of(run), {"node": "nothing"}).context["subject"].node is None


def test_scores_below_zero_have_no_concentration_and_the_page_says_so(analyst):
    run = make_runs(random_values(5), tilts=[None], normalisation="zscore")[0]
    response = analyst.get(page_of(run))
    assert response.status_code == 200
    assert "below zero. Choose" in response.content.decode()
    assert analyst.get(page_of(run) + "export/").status_code == 404
    answer = analyst.get(reverse("indexer:api-run-concentration", args=[run.pk]))
    assert answer.status_code == 400
    assert "below zero" in answer.json()["detail"][0]


def test_file_and_api_hold_the_same_measures(analyst):
    run = make_runs(FOUR, tilts=[None])[0]
    text = analyst.get(page_of(run) + "export/").content.decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [row["Level"] for row in rows] == [
        "all cities", "all provinces", "all regions", *["region"] * 3, *["province"] * 3,
    ]  # fmt: skip
    assert float(rows[0]["Share of the first 3 (%)"]) == pytest.approx(90)
    assert rows[0]["Share of the first 10 (%)"] == ""
    answer = analyst.get(reverse("indexer:api-run-concentration", args=[run.pk])).json()
    assert answer["between"]["cities"]["gini"] == float(rows[0]["Gini"])
    assert answer["top"] == [{"count": 1, "share": 0.4}, {"count": 3, "share": pytest.approx(0.9)}]
    assert answer["lorenz"] == pytest.approx([0, 0.1, 0.3, 0.6, 1])


def test_bad_requests_are_named(analyst):
    run, waiting = make_runs(FOUR)[0], make_runs(random_values(3), computed=False)[0]
    address = reverse("indexer:api-run-concentration", args=[run.pk])
    answer = analyst.get(address, {"node": "nothing"})
    assert answer.status_code == 400
    assert "“nothing”" in answer.json()["node"][0]
    assert analyst.get(page_of(run) + "export/", {"node": "nothing"}).status_code == 404
    assert "every 1s" in analyst.get(page_of(waiting)).content.decode()
    assert analyst.get(reverse("indexer:api-run-concentration", args=[waiting.pk])).status_code == 404


def test_the_page_takes_as_many_queries_for_three_cities_as_for_one(analyst, django_assert_num_queries):
    runs = [make_runs(random_values(count), tilts=[None])[0] for count in (1, 3)]
    for run in runs:
        with django_assert_num_queries(9):
            analyst.get(page_of(run))


def test_strangers_see_published_runs_only(client):
    hidden, open_ = make_runs(FOUR)[0], make_runs(random_values(4), published=True)[0]
    assert client.get(page_of(hidden)).status_code == 404
    assert client.get(page_of(open_)).status_code == 200


def test_the_curve_is_saved_as_a_picture(analyst):
    run = make_runs(FOUR, tilts=[None])[0]
    image = analyst.get(page_of(run)).context["image_url"]
    assert "if all held the same" in analyst.get(image).content.decode()
    none = make_runs(random_values(5), tilts=[None], normalisation="zscore")[0]
    assert analyst.get(image.replace(f"/{run.pk}/", f"/{none.pk}/")).status_code == 404


@pytest.mark.parametrize(
    ("normalisation", "is_said"), [("share", False), ("none", False), ("minmax", True), ("rank", True)]
)
def test_of_scores_whose_zero_is_not_nothing_it_is_said(analyst, normalisation, is_said):
    run = make_runs(random_values(4), tilts=[None], normalisation=normalisation)[0]
    text = analyst.get(f"/runs/{run.pk}/concentration/", headers={"accept-language": "en"}).content.decode()

    assert ("its zero is not nothing" in text) is is_said
