import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from indexer.models import Run
from indexer.services.data_sets import PrintedFigure, publish_data_set, record_printed_figures
from indexer.services.runs import claim_runs, compute_waiting_runs
from tests.factories import make_account, sign_in_staff
from tests.indexer.composites import standings
from tests.indexer.factories import make_data_set, make_version
from weighting.enums import Role
from weighting.services.versions import publish_version

pytestmark = pytest.mark.django_db

DATA_SETS, RUNS = reverse("indexer:api-data-set-list"), reverse("indexer:api-run-list")


def make_run(*, published=True, computed=True, **options):
    data_set = make_data_set(**options)
    version = make_version(data_set.framework)
    if published:
        publish_data_set(data_set, actor=data_set.created_by)
        publish_version(version, actor=data_set.created_by)
    if computed:
        compute_waiting_runs(data_set.pk)
    return Run.objects.get(data_set=data_set)


def ids(response):
    assert response.status_code == 200
    return [row["id"] for row in response.json()["results"]]


def get_ranking(client, run, **query):
    return client.get(reverse("indexer:api-ranking", args=[run.pk]), query)


def test_strangers_read_published_runs_and_nothing_else(client):
    shown, hidden = make_run(), make_run(published=False)

    assert ids(client.get(DATA_SETS)) == [shown.data_set_id]
    assert ids(client.get(RUNS)) == [shown.pk]
    assert client.get(reverse("indexer:api-run", args=[hidden.pk])).status_code == 404
    assert client.get(reverse("indexer:api-data-set", args=[hidden.data_set_id])).status_code == 404
    assert get_ranking(client, hidden).status_code == 404


def test_a_run_of_a_published_version_over_hidden_data_stays_hidden(client):
    data_set = make_data_set()
    publish_version(make_version(data_set.framework), actor=data_set.created_by)

    assert ids(client.get(RUNS)) == []


def test_an_analyst_reads_every_run(client):
    runs = [make_run(), make_run(published=False)]
    sign_in_staff(client, make_account(Role.ANALYST))

    assert ids(client.get(RUNS)) == [run.pk for run in runs]
    assert get_ranking(client, runs[1]).status_code == 200


def test_a_run_tells_its_inputs_its_state_and_its_times(client):
    run = make_run()

    body = client.get(reverse("indexer:api-run", args=[run.pk])).json()

    assert (body["dataset"], body["weight_version"]) == (run.data_set_id, run.weight_version_id)
    assert body["method"] == {
        "normalisation": "share", "negative": "reflect", "missing": "refuse", "aggregation": "arithmetic",
        "outliers": "keep", "skewness_limit": 2.0, "kurtosis_limit": 3.5, "winsorised_most": 5,
        "denominators": {}, "coverage": 0.0, "floor": None, "leaves": {}, "nodes": {}, "scale": 100.0,
        "digits": None, "sha256": run.method.sha256,
    }  # fmt: skip
    assert body["status"] == "done"
    assert body["queued_at"] <= body["started_at"] <= body["finished_at"]
    assert body["result_sha256"] == run.result_sha256


@pytest.mark.parametrize("status", ["queued", "running", "failed"])
def test_a_run_without_a_result_says_how_far_it_is(client, status):
    values = [[0.0] * 5] * 2 if status == "failed" else None
    run = make_run(values=values, computed=status == "failed")
    if status == "running":
        claim_runs(run.data_set_id)

    assert client.get(reverse("indexer:api-run", args=[run.pk])).json()["status"] == status
    response = get_ranking(client, run)
    assert response.status_code == 404
    assert status in response.json()["detail"]


def test_the_ranking_is_in_percent_unrounded_and_by_rank(client):
    run = make_run(values=[[1, 1, 1, 1, 1], [5, 5, 5, 5, 5], [2, 2, 2, 2, 2]])

    rows = get_ranking(client, run).json()["results"]

    assert [(row["unit"], row["rank"]) for row in rows] == [("城市002", 1), ("城市003", 2), ("城市001", 3)]
    stored = {one.rank: one.score for one in standings(run).values()}
    assert [row["score"] for row in rows] == [stored[row["rank"]] * 100 for row in rows]
    assert sum(row["score"] for row in rows) == pytest.approx(100)
    assert {(row["province"], row["region"]) for row in rows} == {("甲省", "华东")}


def test_cells_are_marked_where_a_publication_prints_them(client):
    run = make_run(values=[[1, 1, 1, 1, 1], [3, 3, 3, 3, 3]])
    first, second = run.data_set.city_ids
    figures = [PrintedFigure(second, "", "75.0", 1), PrintedFigure(first, "", "24.9", 2)]
    record_printed_figures(run.data_set, figures, actor=run.data_set.created_by)

    rows = get_ranking(client, run).json()["results"]

    assert [row["mark"] for row in rows] == ["published", "reconstructed"]


def test_a_page_of_the_ranking_holds_up_to_1000_rows(client):
    run = make_run(cities=1003)

    assert len(get_ranking(client, run).json()["results"]) == 100
    assert len(get_ranking(client, run, limit=1000).json()["results"]) == 1000
    assert get_ranking(client, run, limit=5000).status_code == 400
    rest = get_ranking(client, run, limit=1000, offset=1000).json()
    assert (rest["count"], [row["rank"] for row in rest["results"]]) == (1003, [1001, 1002, 1003])


def test_the_ranking_is_filtered_by_place(client):
    run = make_run()

    assert get_ranking(client, run, region="East").json()["count"] == 3
    assert get_ranking(client, run, region="华东", unit="城市002").json()["count"] == 1
    assert get_ranking(client, run, province="乙省").json()["count"] == 0


def test_runs_are_filtered_by_data_set_version_and_status(client):
    first, second = make_run(), make_run(computed=False)

    assert ids(client.get(RUNS, {"dataset": first.data_set_id})) == [first.pk]
    assert ids(client.get(RUNS, {"weight_version": second.weight_version_id})) == [second.pk]
    assert ids(client.get(RUNS, {"status": "queued"})) == [second.pk]
    assert client.get(RUNS, {"status": "nonsense"}).status_code == 400


@pytest.mark.parametrize("count", [1, 3])
def test_lists_cost_the_same_however_long_they_are(client, django_assert_num_queries, count):
    runs = [make_run(cities=count) for _number in range(count)]

    with django_assert_num_queries(3):
        assert len(ids(client.get(DATA_SETS))) == count
    with django_assert_num_queries(3):
        assert len(ids(client.get(RUNS))) == count
    with django_assert_num_queries(4):
        assert len(get_ranking(client, runs[0]).json()["results"]) == count


def test_ids_alone_are_put_in_order(client):
    first, second = make_run(), make_run()

    with CaptureQueriesContext(connection) as statements:
        assert ids(client.get(RUNS, {"ordering": "-finished_at"})) == [second.pk, first.pk]

    (sorted_,) = [each["sql"] for each in statements if 'BY "indexer_run"."finished_at" DESC' in each["sql"]]
    assert '"indexer_run"."failure"' not in sorted_


def test_a_page_of_a_finished_ranking_is_kept_until_it_changes(client, django_assert_num_queries):
    run = make_run(cities=30)
    first = get_ranking(client, run, limit=10)
    address = reverse("indexer:api-ranking", args=[run.pk])
    assert first.headers["Cache-Control"] == "public, no-cache"

    with django_assert_num_queries(1):
        again = client.get(address, {"limit": 10}, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", first.headers["ETag"])

    other = client.get(address, {"limit": 11}, headers={"If-None-Match": first.headers["ETag"]})
    assert other.status_code == 200
    Run.objects.filter(pk=run.pk).update(result_sha256="f" * 64)
    changed = client.get(address, {"limit": 10}, headers={"If-None-Match": first.headers["ETag"]})
    assert changed.status_code == 200


def test_what_only_staff_may_see_is_kept_by_no_shared_cache(client):
    run = make_run(published=False)
    assert get_ranking(client, run).status_code == 404
    sign_in_staff(client, make_account(Role.ANALYST))
    response = get_ranking(client, run)
    assert "private" in response.headers["Cache-Control"]
    assert "no-cache" in response.headers["Cache-Control"]
    assert "Cookie" in response.headers["Vary"]
