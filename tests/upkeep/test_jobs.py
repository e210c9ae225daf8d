"""The operator's list of jobs: every kind, by state; cancelled and tried again together, or one by one."""

import pytest
from django.test import TestCase
from django.urls import reverse

from indexer import tasks
from indexer.enums import Queue, RunStatus
from indexer.models import DataFacts, Run, RunFacts, Study
from indexer.selectors import data_facts
from indexer.selectors.data_facts import data_facts_of, lack_of_data_facts
from indexer.services import facts
from indexer.services.facts import keep_waiting_facts
from tests.factories import make_account, make_framework
from tests.indexer.factories import make_data_set, make_version
from tests.indexer.study_runs import make_panel_run, make_study
from weighting.enums import Role
from weighting.models import AuditEntry

pytestmark = [pytest.mark.django_db, pytest.mark.postgres]
PAGE, ACT = "/installation/jobs/", "/installation/jobs/act/"


@pytest.fixture
def operator(client):
    client.force_login(make_account(Role.ADMINISTRATOR))
    return client


def queued_runs(versions=3):
    framework = make_framework()
    for tilt in range(versions):
        make_version(framework, tilt=tilt)
    data_set = make_data_set(framework)
    return list(Run.objects.filter(data_set=data_set).order_by("pk"))


def states():
    return list(Run.objects.order_by("pk").values_list("status", flat=True))


def test_only_administrators_find_it(client):
    for role in (None, Role.ANALYST, Role.MANAGER):
        client.logout()
        if role:
            client.force_login(make_account(role))
        for answer in (client.get(PAGE), client.post(ACT, {"status": "queued", "all": 1})):
            assert answer.status_code in (302, 403, 404)


def test_runs_and_studies_stand_in_one_list_with_the_reason_of_a_failure(
    operator, django_assert_max_num_queries
):
    study = make_study(make_panel_run())
    waiting = queued_runs()
    Run.objects.filter(pk=waiting[0].pk).update(
        status=RunStatus.FAILED, failure=[{"kind": "exhausted", "number": 3}]
    )

    shown = operator.get(PAGE).content.decode()
    assert "ended 3 times" in shown
    assert "Failed (1)" in shown
    assert f"run:{waiting[0].pk}" in shown
    assert f"run:{waiting[1].pk}" not in shown
    with django_assert_max_num_queries(20):
        shown = operator.get(PAGE, {"status": "queued"}).content.decode()
    assert all(f"run:{run.pk}" in shown for run in waiting[1:])
    done = operator.get(PAGE, {"status": "done"}).content.decode()
    assert f"/studies/{study.pk}/" in done
    assert f"/runs/{study.run_id}/" in done
    assert study.created_by.get_username() in done or str(study.created_by) in done
    assert "No job in this state" in operator.get(PAGE, {"status": "running"}).content.decode()


def test_the_chosen_ones_are_cancelled_and_tried_again(operator):
    first, _second, third = queued_runs()

    operator.post(ACT, {"status": "queued", "job": [f"run:{first.pk}", f"run:{third.pk}"]})
    assert states() == ["cancelled", "queued", "cancelled"]
    operator.post(
        ACT,
        {
            "status": "cancelled",
            "job": [f"run:{third.pk}", "run:x", "toy:1", "run:" + "9" * 5000, f"run:{third.pk}9"],
        },
    )
    assert states() == ["cancelled", "queued", "queued"]
    acts = AuditEntry.objects.filter(act__in=["cancel", "retry"]).values_list("act", "subject_id")
    # Ids are text there, and 98 comes after 100.
    told = [("cancel", str(first.pk)), ("cancel", str(third.pk)), ("retry", str(third.pk))]
    assert sorted(acts) == sorted(told)


def test_all_that_wait_are_cancelled_together(operator):
    queued_runs()

    answer = operator.post(ACT, {"status": "queued", "all": "1"}, follow=True)
    assert states() == ["cancelled"] * 3
    assert "3 jobs were changed" in answer.content.decode()
    operator.post(ACT, {"status": "cancelled", "all": "1"})
    assert states() == ["queued"] * 3


def test_what_has_ended_meanwhile_is_told_and_left(operator):
    (run,) = queued_runs(1)
    Run.objects.filter(pk=run.pk).update(status=RunStatus.CANCELLED)

    answer = operator.post(ACT, {"status": "queued", "job": f"run:{run.pk}"}, follow=True).content.decode()
    assert "0 jobs were changed" in answer
    assert "this has ended" in answer


def test_a_study_under_way_is_cancelled_like_a_run(operator):
    study = make_study(make_panel_run(), counted=False)

    operator.post(ACT, {"status": study.status, "job": f"study:{study.pk}"})
    assert Study.objects.get().status == "cancelled"
    operator.post(ACT, {"status": "cancelled", "job": f"study:{study.pk}"})
    assert Study.objects.get().status == "queued"


@pytest.fixture
def both_facts():
    """Facts of a data set and of its ranking, one of a kind, that wait."""
    run = make_panel_run()
    of_data = DataFacts.objects.create(data_set=run.data_set, queue=Queue.BULK)
    return of_data, RunFacts.objects.create(run=run, queue=Queue.BULK)


def test_facts_stand_in_the_list_with_what_they_are_of(operator, both_facts, django_assert_max_num_queries):
    of_data, of_run = both_facts
    with django_assert_max_num_queries(20):
        shown = operator.get(PAGE, {"status": "queued"}).content.decode()
    assert "Queued (2)" in shown
    assert f"data_facts:{of_data.pk}" in shown
    assert f"run_facts:{of_run.pk}" in shown
    assert reverse("indexer:data-set-detail", args=[of_data.data_set_id]) in shown
    assert reverse("indexer:run-coherence", args=[of_run.run_id]) in shown

    RunFacts.objects.update(status=RunStatus.FAILED, failure=[{"kind": "memory"}])
    failed = operator.get(PAGE, headers={"Accept-Language": "zh-hans"}).content.decode()
    assert "大型排名的预先计算" in failed
    assert "内存" in failed
    assert f"data_facts:{of_data.pk}" not in failed


def test_the_list_of_facts_grows_by_no_query(operator, django_assert_num_queries):
    runs = queued_runs()
    Run.objects.update(status=RunStatus.CANCELLED)
    DataFacts.objects.create(data_set=runs[0].data_set)
    operator.get(PAGE)
    for run in runs:
        RunFacts.objects.create(run=run)
        if run != runs[1]:
            with django_assert_num_queries(10):
                operator.get(PAGE, {"status": "queued"})


def test_facts_are_cancelled_and_worked_out_when_they_are_tried_again(operator, both_facts, monkeypatch):
    monkeypatch.setattr(data_facts, "MOST_VALUES", 0)
    of_data, _of_run = both_facts

    operator.post(ACT, {"status": "queued", "all": "1"})
    assert not keep_waiting_facts()
    assert lack_of_data_facts(of_data.data_set).has_ended, "nobody has them worked out"
    sent = []
    monkeypatch.setattr(tasks.keep_facts, "apply_async", lambda args, **said: sent.append(said["queue"]))
    with TestCase.captureOnCommitCallbacks(execute=True):
        operator.post(ACT, {"status": "cancelled", "job": [f"data_facts:{of_data.pk}"]})
    assert sent == ["bulk"], "rankings go first"
    assert data_facts_of(of_data.data_set).status == RunStatus.QUEUED
    assert keep_waiting_facts()
    assert not keep_waiting_facts()
    assert DataFacts.objects.get().status == RunStatus.DONE
    assert RunFacts.objects.get().status == RunStatus.CANCELLED
    acts = AuditEntry.objects.filter(act__in=["cancel", "retry"]).values_list("act", "subject_type")
    told = [("cancel", "datafacts"), ("cancel", "runfacts"), ("retry", "datafacts")]
    assert sorted(acts) == told


def test_facts_that_are_cancelled_while_a_worker_is_at_them_are_not_kept(operator, both_facts, monkeypatch):
    of_data, _of_run = both_facts
    work_out = facts._work_out

    def cancelled_meanwhile(job):
        outcome = work_out(job)
        assert "data_facts:" in operator.get(PAGE, {"status": "running"}).content.decode()
        operator.post(ACT, {"status": "running", "job": f"data_facts:{of_data.pk}"})
        return outcome

    monkeypatch.setattr(facts, "_work_out", cancelled_meanwhile)
    assert keep_waiting_facts()
    kept = DataFacts.objects.get()
    assert (kept.status, kept.block) == (RunStatus.CANCELLED, None)
