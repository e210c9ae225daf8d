"""The audit of a large index as a job: counted in parts, with progress, refused where memory forbids."""

import numpy as np
import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse

from indexer import audit_files
from indexer.audit_files import TABLES
from indexer.models import Study
from indexer.numeric.coherence.audit_plan import AuditPlan
from indexer.selectors import coherence as selectors
from indexer.selectors.coherence import coherence_of
from indexer.services import studies as services
from indexer.services.studies import count_waiting_parts
from tests.factories import make_account, sign_in_staff
from tests.indexer.finished_runs import make_runs, random_values
from tests.indexer.study_runs import make_study
from weighting.enums import Role
from weighting.exceptions import Refused

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def world(django_db_setup, django_db_blocker):
    """A published run, for an analyst and for strangers."""
    with django_db_blocker.unblock(), transaction.atomic():
        run = make_runs(random_values(30), tilts=[1.0], published=True)[0]
        yield run, sign_in_staff(Client(), make_account(Role.ANALYST))
        transaction.set_rollback(True)


@pytest.fixture
def hurried(monkeypatch):
    """Take every index for a large one."""
    monkeypatch.setattr(audit_files, "MOST_SCORED", 0)
    monkeypatch.setattr(audit_files, "MOST_DRAWN", 0)
    monkeypatch.setattr(selectors, "MOST_WORK", 0)


def told(client, run, table):
    return client.get(reverse("indexer:api-run-audit", args=[run.pk, table])).json()["results"]


def test_parts_add_up_to_the_whole(world):
    run, _analyst = world
    coherence = coherence_of(run)
    plan = AuditPlan(coherence.scored, coherence.index)
    whole = plan.tally(range(plan.chunks))["audited"]
    parts = np.concatenate([plan.tally([chunk])["audited"] for chunk in range(plan.chunks)], axis=1)
    assert np.array_equal(whole, parts, equal_nan=True)
    direct = np.concatenate(
        [
            np.stack([found.linear, found.smooth, found.low, found.high])
            for _each, found in coherence.scored.importances()
        ],
        axis=1,
    )
    assert np.array_equal(whole[:4], direct, equal_nan=True)


def test_what_a_study_counts_stands_on_the_page_in_the_files_and_in_the_api(world, hurried):
    run, analyst = world
    page = reverse("indexer:run-coherence", args=[run.pk])
    stranger = Client()
    before = stranger.get(page)
    assert "take longer than a page may" in before.content.decode()
    assert "Have the whole audit counted" not in before.content.decode()
    assert "Have the whole audit counted" in analyst.get(page).content.decode()
    assert {row["low"] for row in told(analyst, run, "importance")} == {None}

    study = make_study(run, "coherence", counted=False, actor=run.data_set.created_by)
    assert study.chunks >= 1
    assert "is being counted, 0 % so far" in analyst.get(page).content.decode()
    # What is not finished is told to staff alone.
    assert "is being counted" not in stranger.get(page).content.decode()
    count_waiting_parts(study.pk)

    after = stranger.get(page, HTTP_IF_NONE_MATCH=before.headers["ETag"])
    assert after.status_code == 200
    assert "The whole audit is counted" in after.content.decode()
    importance, indicators = told(analyst, run, "importance"), told(analyst, run, "indicators")
    assert None not in {row["low"] for row in importance}
    assert None not in {row["shift_without"] for row in indicators}
    cases = {
        (row["case"], row["of"] or "total"): row
        for row in analyst.get(reverse("indexer:api-study-cases", args=[study.pk]), {"limit": 1000}).json()[
            "results"
        ]
    }
    for row in importance:
        case = cases[row["code"], row["of"]]
        assert [case[name] for name in ("weight", "linear", "smooth", "low", "high")] == [
            row[name] for name in ("weight", "linear", "smooth", "low", "high")
        ]
    assert set(TABLES) == {"correlations", "groups", "importance", "indicators", "units"}


def test_the_same_figures_as_without_a_study(world, monkeypatch):
    run, analyst = world
    plain = [told(analyst, run, table) for table in ("importance", "indicators")]
    study = make_study(run, "coherence", actor=run.data_set.created_by)
    assert study.status == "done", study.failure
    assert [told(analyst, run, table) for table in ("importance", "indicators")] == plain


def test_what_a_study_counted_is_not_drawn_again_for_the_page(world, monkeypatch):
    run, analyst = world
    page = reverse("indexer:run-coherence", args=[run.pk])
    drawn = [row["interval"] for row in analyst.get(page).context["members"]]
    make_study(run, "coherence", actor=run.data_set.created_by)
    monkeypatch.setattr(selectors, "MOST_DRAWN", 0)
    assert [row["interval"] for row in analyst.get(page).context["members"]] == drawn
    assert "–" not in drawn


def test_what_does_not_fit_into_memory_is_refused_with_the_limit(world, settings):
    run, _analyst = world
    settings.STUDY_MEMORY_MB = 10
    before = Study.objects.count()
    with pytest.raises(Refused, match=r"0\.0 GB here"):
        services.plan_study(run, kind="coherence", sent={}, actor=run.data_set.created_by)
    assert Study.objects.count() == before
