"""The operator's list of jobs: every kind, by state; cancelled and tried again together, or one by one."""

import pytest

from indexer.enums import RunStatus
from indexer.models import Run, Study
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
