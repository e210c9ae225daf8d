"""The first and the last dates of the calendar, through every field that takes one."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils.timezone import now

from tests.factories import make_round
from tests.weighting.test_round_pages import said, url
from tests.weighting.test_rounds import manager_of, revise
from weighting.exceptions import Refused
from weighting.models import Round
from weighting.selectors.preflight import opening_blockers
from weighting.services.rounds import extend_deadline

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("manager_signed_in")]

# What passes a form: in zones on both sides of Greenwich, at both ends of the calendar.
TYPED = ["0001-01-01T00:00", "9999-12-31T23:59", "9999-12-01T00:00", "2999-01-01T00:00"]
ZONES = ["Pacific/Kiritimati", "America/Los_Angeles", "UTC"]
FAR = [
    datetime.max.replace(tzinfo=UTC),
    datetime.max.replace(tzinfo=timezone(timedelta(hours=14))),
    datetime.max.replace(tzinfo=timezone(timedelta(hours=-12))),
]


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("typed", TYPED)
def test_a_form_refuses_a_deadline_at_the_ends_of_the_calendar(client, manager, typed, zone):
    draft = make_round(manager=manager, state="draft")
    open_ = make_round(manager=manager)
    Round.objects.filter(pk=open_.pk).update(time_zone=zone)

    terms = said(deadline=typed, time_zone=zone, panel=draft.panel_id)
    answers = [
        client.post(url("revise", draft), terms),
        client.post(url("extend", open_), {"deadline": typed}),
    ]

    for answer in answers:
        assert answer.status_code == 422
        (error,) = answer.context["form"].errors["deadline"]
        assert ("has passed" in error) if typed.startswith("0001") else (typed.replace("T", " ") in error)
        assert f'value="{typed}"' in answer.text


@pytest.mark.parametrize("deadline", FAR)
def test_the_services_refuse_it_too(deadline):
    with pytest.raises(ValidationError, match="Check the year"):
        revise(make_round(state="draft"), deadline=deadline)
    open_ = make_round()
    with pytest.raises(Refused, match="9999-12-31 23:59 lies more than a hundred years ahead"):
        extend_deadline(open_, deadline=deadline, actor=manager_of(open_))


def test_a_draft_that_already_has_such_a_deadline_is_not_opened():
    draft = make_round(state="draft")
    draft.deadline = datetime(9999, 12, 31, tzinfo=UTC)

    (blocker,) = opening_blockers(draft)
    assert "choose an earlier time" in blocker


def test_the_furthest_deadline_is_read_on_its_page_and_in_the_api(client, manager):
    round_ = make_round(manager=manager)
    furthest = (now() + timedelta(days=36_520)).replace(second=0, microsecond=0)
    extend_deadline(round_, deadline=furthest, actor=manager)

    assert client.get(url("detail", round_)).status_code == 200
    answer = client.get(reverse("weighting:api-round", args=[round_.pk]))
    assert datetime.fromisoformat(answer.json()["deadline"]) == furthest


@pytest.mark.parametrize("zone", ZONES)
def test_the_log_is_filtered_by_any_day_of_the_calendar(client, manager, settings, zone):
    make_round(manager=manager)
    settings.TIME_ZONE = zone

    def count(**days):
        answer = client.get(reverse("weighting:audit"), days)
        assert answer.status_code == 200
        return len(answer.context["acts"])

    everything = count()
    assert everything > 0
    assert count(since=date.min, until=date.max) == everything
    assert count(since=date.max) == count(until=date.min) == 0
