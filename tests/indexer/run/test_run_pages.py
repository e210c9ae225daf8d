import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from indexer.enums import RunStatus
from indexer.models import Run
from indexer.selectors import run_lists
from indexer.selectors.methods import frozen_versions_of
from indexer.services.jobs import cancel_job
from indexer.services.methods import request_runs, use_method
from indexer.services.runs import compute_waiting_runs
from tests.factories import make_account, make_framework
from tests.indexer.finished_runs import make_runs, random_values
from weighting.models import AuditEntry

pytestmark = pytest.mark.django_db
HERE = "/runs/"


def fail(run):
    run.status, run.finished_at = RunStatus.FAILED, timezone.now()
    run.failure = [{"kind": "zero_total", "codes": ["retail", "fixed"], "units": []}]
    run.save()


def listed_in(group):
    return [run for method in group["methods"] for run in method["runs"]]


def test_runs_are_listed_by_data_set(analyst):
    first, second = make_runs(random_values(2)), make_runs(random_values(2, seed=2))
    groups = analyst.get(HERE).context["groups"]
    assert [listed_in(group) for group in groups] == [first, second]


def test_without_any_run_the_page_says_what_is_needed(analyst):
    assert "No ranking yet" in analyst.get(HERE).content.decode()


def test_the_list_renews_itself_until_all_is_computed(analyst):
    run = make_runs(random_values(2), computed=False)[0]
    text = analyst.get(HERE).content.decode()
    assert 'hx-trigger="every 1s"' in text
    assert "0 of 2" in text
    compute_waiting_runs(run.data_set_id)
    part = analyst.get(reverse("indexer:run-progress")).content.decode()
    assert "hx-trigger" not in part
    assert "<html" not in part


def test_progress_of_one_data_set_leaves_out_the_others(analyst):
    make_runs(random_values(2))
    other = make_runs(random_values(2, seed=2))
    groups = analyst.get(reverse("indexer:run-progress"), {"data_set": other[0].data_set_id}).context[
        "groups"
    ]
    assert [listed_in(group) for group in groups] == [other]
    assert len(analyst.get(reverse("indexer:run-progress"), {"data_set": "x"}).context["groups"]) == 2


def test_a_failed_run_says_why_and_is_tried_again(analyst, django_capture_on_commit_callbacks):
    run = make_runs(random_values(2), computed=False)[0]
    fail(run)
    assert "so there are no shares: Indicator retail, Indicator fixed." in analyst.get(HERE).content.decode()
    chinese = analyst.get(HERE, headers={"Accept-Language": "zh-hans"}).content.decode()
    assert "总量为零，无法计算占比：指标retail，指标fixed。" in chinese
    with django_capture_on_commit_callbacks() as woken:
        response = analyst.post(reverse("indexer:run-retry", args=[run.pk]))
    assert response.status_code == 302
    assert len(woken) == 1
    run.refresh_from_db()
    assert (run.status, run.failure) == (RunStatus.QUEUED, [])
    assert AuditEntry.objects.filter(act="retry").exists()


def test_a_run_that_has_not_failed_is_left_alone(analyst):
    run = make_runs(random_values(2))[0]
    response = analyst.post(reverse("indexer:run-retry", args=[run.pk]))
    assert response.status_code == 409
    assert "Only what failed or was cancelled can be tried again." in response.content.decode()
    assert Run.objects.get(pk=run.pk).status == RunStatus.DONE


def test_anybody_sees_published_runs_without_the_retry_button(client):
    make_runs(random_values(2))
    shown = make_runs(random_values(2, seed=2), published=True, framework=make_framework(), computed=False)
    fail(shown[0])
    response = client.get(HERE)
    assert [listed_in(group) for group in response.context["groups"]] == [shown]
    assert "Try again" not in response.content.decode()
    assert client.post(reverse("indexer:run-retry", args=[shown[0].pk])).status_code == 302
    assert Run.objects.get(pk=shown[0].pk).status == RunStatus.FAILED


def test_a_waiting_run_is_cancelled_and_tried_again(analyst):
    run = make_runs(random_values(2), computed=False)[0]
    assert "Cancel the run" in analyst.get(HERE).content.decode()
    assert analyst.post(reverse("indexer:run-cancel", args=[run.pk])).status_code == 302
    assert Run.objects.get(pk=run.pk).status == RunStatus.CANCELLED
    assert "Try again" in analyst.get(HERE).content.decode()
    assert analyst.post(reverse("indexer:run-cancel", args=[run.pk])).status_code == 409
    analyst.post(reverse("indexer:run-retry", args=[run.pk]))
    assert compute_waiting_runs(run.data_set_id) == 2
    assert AuditEntry.objects.filter(act="cancel").count() == 1


def test_the_page_says_how_fast_it_goes_and_how_long_it_takes(analyst):
    runs = make_runs(random_values(2), computed=False, tilts=[0.0, 1.0, 2.0])
    now = timezone.now()
    Run.objects.update(queued_at=now - timedelta(seconds=90), started_at=now - timedelta(seconds=60))
    cancel_job(runs[0], actor=make_account())
    text = analyst.get(reverse("indexer:run-progress")).content.decode()
    assert "1 of 3" in text
    assert re.search(r"0\.01\d? a second, about 2 min left", text)


def test_retrying_needs_a_post(analyst):
    run = make_runs(random_values(2))[0]
    assert analyst.get(reverse("indexer:run-retry", args=[run.pk])).status_code == 405


@pytest.mark.parametrize("versions", [1, 3])
def test_the_list_takes_the_same_queries_for_any_number_of_runs(analyst, versions, django_assert_num_queries):
    make_runs(random_values(2), tilts=[float(n) for n in range(versions)])
    with django_assert_num_queries(4):
        analyst.get(HERE)


def add_method(run, **choices):
    """Compute every version of a run's data set by another method, too."""
    method = use_method(**choices)
    versions = frozen_versions_of(run.data_set.framework_id)
    request_runs(run.data_set, versions=list(versions), method=method, actor=run.data_set.created_by)
    compute_waiting_runs(run.data_set_id)
    return method


def test_rankings_by_several_methods_stand_apart_and_say_their_method(analyst):
    runs = make_runs(random_values(3))
    assert analyst.get(HERE).context["groups"][0]["methods"][0]["words"] == ""
    add_method(runs[0], normalisation="rank")

    response = analyst.get(HERE)

    own, other = response.context["groups"][0]["methods"]
    assert own["is_own"]
    assert own["runs"] == runs
    assert other["words"] == "Rank; Arithmetic mean"
    assert "Another method</strong> Rank; Arithmetic mean" in response.content.decode()


def test_a_long_list_shows_its_first_rankings_what_failed_and_the_way_to_all(analyst, monkeypatch):
    monkeypatch.setattr(run_lists, "PAGE_SIZE", 3)
    runs = make_runs(random_values(2), tilts=range(8), computed=False)
    fail(runs[6])

    response = analyst.get(HERE)

    (method,) = response.context["groups"][0]["methods"]
    assert method["runs"] == [runs[6], *runs[:2]]
    assert "All 8 rankings by this method" in response.content.decode()
    page = analyst.get(method["all_url"].replace("page=1", "page=3"))
    assert page.context["groups"][0]["methods"][0]["runs"] == runs[6:]
    assert "rows 7 to 8 of 8" in page.content.decode()


def test_what_is_told_of_a_ranking_is_looked_up_for_those_listed_alone(analyst):
    make_runs(random_values(2))

    with CaptureQueriesContext(connection) as asked:
        analyst.get(HERE)

    (listing,) = [query["sql"] for query in asked if "ROW_NUMBER" in query["sql"]]
    told, _in, placing = listing.partition(" IN (SELECT")
    assert "EXISTS" in told
    assert "ROW_NUMBER" in placing
    assert "EXISTS" not in placing


def test_of_many_lists_each_is_shorter_and_what_is_left_out_stands_on_pages(analyst, monkeypatch):
    monkeypatch.setattr(run_lists, "MOST_LISTED", 4)
    monkeypatch.setattr(run_lists, "FEWEST", 1)
    runs = make_runs(random_values(2), tilts=range(4))
    for method in ("rank", "zscore"):
        add_method(runs[0], normalisation=method)

    methods = analyst.get(HERE).context["groups"][0]["methods"]

    assert [len(method["runs"]) for method in methods] == [1, 1, 1]
    assert [method["count"] for method in methods] == [4, 4, 4]
    assert methods[0]["is_own"]
    page = analyst.get(methods[1]["all_url"]).context["groups"][0]["methods"][0]
    assert len(page["runs"]) == 4


def test_a_page_of_a_long_list_renews_itself_as_that_page(analyst, monkeypatch):
    monkeypatch.setattr(run_lists, "PAGE_SIZE", 3)
    run = make_runs(random_values(2), tilts=range(4), computed=False)[0]
    query = {"data_set": run.data_set_id, "method": run.method_id, "page": 2}

    text = analyst.get(HERE, query).content.decode()
    part = analyst.get(reverse("indexer:run-progress"), query)

    address = f"/runs/progress/?data_set={run.data_set_id}&amp;method={run.method_id}&amp;page=2"
    assert f'hx-get="{address}"' in text
    assert len(part.context["groups"][0]["methods"][0]["runs"]) == 1


@pytest.mark.parametrize("count", [1, 3])
def test_the_list_takes_the_same_queries_however_long_it_is(analyst, count, django_assert_num_queries):
    make_runs(random_values(2), tilts=range(count))
    # Session, account; how many runs there are, and the first.
    with django_assert_num_queries(4):
        analyst.get(HERE)


def test_every_page_of_a_result_names_its_method(analyst):
    run = make_runs(random_values(3), tilts=[None])[0]
    for name in (
        "detail",
        "studies",
        "leads",
        "tops",
        "map",
        "places",
        "concentration",
        "coherence",
        "series",
    ):
        address = reverse(f"indexer:run-{name}", args=[run.pk])
        text = analyst.get(address, headers={"accept-language": "en"}).text
        assert "Method: Share of the total; Arithmetic mean" in text
