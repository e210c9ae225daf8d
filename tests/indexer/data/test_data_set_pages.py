import pytest
from django.urls import reverse

from indexer.models import DataSet
from indexer.services.data_sets import PrintedFigure, record_printed_figures
from tests.factories import make_framework, sign_in_staff
from tests.indexer.data.test_import_pages import send, store
from tests.indexer.factories import make_version
from tests.indexer.finished_runs import make_runs, random_values
from weighting.models import AuditEntry

pytestmark = pytest.mark.django_db


def test_the_page_shows_indicators_cities_method_and_runs_but_no_codes(analyst, framework):
    make_version(framework)
    send(analyst, framework, totals="code,total\nfixed,12\n")
    store(analyst)
    data_set = DataSet.objects.get()
    text = analyst.get(reverse("indexer:data-set-detail", args=[data_set.pk])).content.decode()
    for fact in (
        data_set.sha256,
        "Share of the total",
        "Indicator fixed",
        "12 *",
        "Xi&#x27;an",
        "0 of 1",
    ):
        assert fact in text


def test_a_manager_publishes_after_being_told_what_it_means(client, framework):
    run = make_runs(random_values(3), framework=framework)[0]
    sign_in_staff(client, framework.created_by)
    address = reverse("indexer:data-set-publish", args=[run.data_set_id])
    assert "without signing in" in client.get(address).content.decode()
    assert not DataSet.objects.get().is_published
    assert client.post(address).status_code == 302
    assert DataSet.objects.get().is_published
    assert AuditEntry.objects.filter(act="publish", subject_id=str(run.data_set_id)).exists()


def test_an_analyst_cannot_publish(analyst, framework):
    run = make_runs(random_values(3), framework=framework)[0]
    assert analyst.post(reverse("indexer:data-set-publish", args=[run.data_set_id])).status_code == 404
    assert not DataSet.objects.get().is_published


def test_anybody_sees_published_data_sets_and_no_others(client, framework):
    hidden = make_runs(random_values(3), framework=framework)[0]
    assert "No data set yet" in client.get("/data-sets/").content.decode()
    assert client.get(reverse("indexer:data-set-detail", args=[hidden.data_set_id])).status_code == 404
    shown = make_runs(random_values(3, seed=2), published=True, framework=make_framework())[0]
    assert client.get(reverse("indexer:data-set-detail", args=[shown.data_set_id])).status_code == 200


def test_printed_figures_are_kept_by_city_and_node(framework):
    run = make_runs(random_values(2), framework=framework)[0]
    figures = [
        PrintedFigure(city_id=run.data_set.city_ids[0], node="", value="10.1914", rank=1),
        PrintedFigure(city_id=run.data_set.city_ids[0], node="infra", value="9.434", rank=2),
    ]
    assert record_printed_figures(run.data_set, figures, actor=framework.created_by) == 2
    kept = run.data_set.published_figures.order_by("rank").values_list("indicator__code", "value")
    assert list(kept) == [(None, "10.1914"), ("infra", "9.434")]


@pytest.mark.parametrize("data_sets", [1, 3])
def test_the_list_takes_the_same_queries_for_any_number(analyst, data_sets, django_assert_num_queries):
    for seed in range(data_sets):
        make_runs(random_values(2, seed=seed))
    # Session, account; the data sets, and how many imports are under way.
    with django_assert_num_queries(4):
        analyst.get("/data-sets/")


@pytest.mark.parametrize("cities", [1, 3])
def test_one_takes_the_same_queries_for_any_size(analyst, cities, django_assert_num_queries):
    run = make_runs(random_values(cities))[0]
    # Session, account; the data set, its editions, runs and how many, indicators, cities with places.
    with django_assert_num_queries(9):
        analyst.get(reverse("indexer:data-set-detail", args=[run.data_set_id]))
