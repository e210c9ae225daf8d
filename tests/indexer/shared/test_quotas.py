"""What one account keeps waiting is limited in words, and what nobody takes up goes by the clock."""

from datetime import timedelta

import pytest
from axes.models import AccessFailureLog
from django.contrib.sessions.models import Session
from django.utils import timezone

from indexer.models import DataImport, Study
from indexer.services.studies import cancel_study, plan_study
from indexer.tasks import clear_imports
from tests.factories import make_account, make_framework
from tests.indexer.factories import make_import
from tests.indexer.study_runs import make_panel_run
from weighting.enums import Role
from weighting.exceptions import Refused
from weighting.tasks import clear_old_records

pytestmark = [pytest.mark.django_db, pytest.mark.postgres]


def ask(run, actor, seed):
    return plan_study(run, kind="noise", sent={"nu": 0.1, "draws": 100, "seed": seed}, actor=actor)


def test_studies_under_way_are_limited_for_each_account(settings):
    settings.MOST_STUDIES_UNDER_WAY = 2
    run, eager, other = make_panel_run(), make_account(Role.ANALYST), make_account(Role.ANALYST)
    first, _second = ask(run, eager, 1), ask(run, eager, 2)

    with pytest.raises(Refused, match="2 studies of yours are under way"):
        ask(run, eager, 3)
    assert Study.objects.count() == 2
    # What is asked already is answered, and others are not kept waiting.
    assert ask(run, eager, 1) == first
    ask(run, other, 4)

    cancel_study(first, actor=eager)
    ask(run, eager, 3)


def test_drafts_of_imports_are_limited_for_each_account(settings):
    settings.MOST_IMPORT_DRAFTS = 2
    eager, framework = make_account(), make_framework()
    drafts = [make_import(framework, actor=eager) for _draft in range(2)]

    with pytest.raises(Refused, match="You keep 2 imports as drafts"):
        make_import(framework, actor=eager)
    make_import(framework, actor=make_account())

    drafts[0].delete()
    make_import(framework, actor=eager)


def test_the_clock_discards_old_drafts_alone(settings):
    framework = make_framework()
    old, young = (make_import(framework, actor=make_account()) for _draft in range(2))
    for draft, days in ((old, settings.IMPORT_DRAFT_DAYS + 1), (young, settings.IMPORT_DRAFT_DAYS - 1)):
        DataImport.objects.filter(pk=draft.pk).update(created_at=timezone.now() - timedelta(days=days))

    clear_imports()

    assert list(DataImport.objects.all()) == [young]


def test_the_clock_forgets_ended_sessions_and_old_records(settings):
    now = timezone.now()
    for key, hours in (("ended", -1), ("alive", 1)):
        Session.objects.create(session_key=key, session_data="", expire_date=now + timedelta(hours=hours))
    for name, days in (("old", settings.SIGN_IN_RECORD_DAYS + 1), ("young", 1)):
        failure = AccessFailureLog.objects.create(username=name, ip_address="203.0.113.1")
        AccessFailureLog.objects.filter(pk=failure.pk).update(attempt_time=now - timedelta(days=days))

    clear_old_records()

    assert list(Session.objects.values_list("session_key", flat=True)) == ["alive"]
    assert list(AccessFailureLog.objects.values_list("username", flat=True)) == ["young"]


def test_the_clock_sends_for_both(settings):
    tasks = {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}
    assert {"weighting.tasks.clear_old_records", "indexer.tasks.clear_imports"} <= tasks
