"""Grave acts ask again who is there once the sign-in is a quarter of an hour old."""

import re
from urllib.parse import parse_qs, urlsplit

import pytest
from django.conf import settings
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import resolve, reverse

from tests.factories import (
    PASSWORD,
    confirm_identity,
    make_framework,
    make_round,
    sign_in_staff,
)
from tests.indexer.factories import make_draft
from tests.routes import find_routes
from weighting.enums import RoundState, VersionStatus

pytestmark = pytest.mark.django_db

CONFIRM = reverse("account_reauthenticate")
GRAVE = re.compile(
    r"(round-(open|close|void|aggregate|end-series)|(version|framework|data-set|series)-(publish|freeze|retire)"
    r"|index-(new|withdraw)|series-remove|person-(?!detail)[\w-]+|invite-withdraw)$"
)


@pytest.fixture
def stale(manager):
    client = sign_in_staff(Client(), manager)
    confirm_identity(client, manager, seconds_ago=16 * 60)
    return client


def view_of(route):
    keys = dict.fromkeys(route.keys, 1)
    return resolve(reverse(route.name, kwargs=keys)).func


def test_whatever_publishes_freezes_or_ends_is_grave_and_nothing_is_forgotten():
    own = [route for route in find_routes() if route.name.startswith(("weighting:", "indexer:"))]
    named = [route for route in own if GRAVE.search(route.name)]

    assert len(named) == 21
    assert [route.name for route in named if not getattr(view_of(route), "is_grave", False)] == []


def test_a_page_asks_first_and_goes_on_to_where_it_was_going(stale, manager):
    draft = make_draft(make_framework(owner=manager), actor=manager)
    page = reverse("weighting:version-freeze", args=[draft.pk])

    asked = stale.get(page)
    assert asked["Location"] == f"{CONFIRM}?next={page.replace('/', '%2F')}"
    assert stale.post(asked["Location"], {"password": "wrong"}).status_code == 200
    assert stale.get(page).status_code == 302
    assert stale.post(asked["Location"], {"password": PASSWORD})["Location"] == page
    assert stale.get(page).status_code == 200
    assert stale.post(page).status_code == 302
    draft.refresh_from_db()
    assert draft.status == VersionStatus.FROZEN


def test_what_was_sent_is_not_done_and_not_kept(stale, manager):
    """A browser may hold the keys of ballots, too: no request of it goes into the store of sessions."""
    round_ = make_round(manager=manager, state=RoundState.READY)
    stale.cookies[settings.BALLOT_COOKIE_NAME] = "0123456789ABsecret"
    page = reverse("weighting:round-detail", args=[round_.pk])

    address = reverse("weighting:round-open", args=[round_.pk])
    asked = stale.post(address, headers={"referer": f"http://testserver{page}"})
    assert asked["Location"] == f"{CONFIRM}?next={page.replace('/', '%2F')}"
    round_.refresh_from_db()
    assert round_.state == RoundState.READY
    stored = [session.get_decoded() for session in Session.objects.all()]
    assert "0123456789AB" not in str(stored)
    assert "press the button once more" in stale.get(asked["Location"]).content.decode()
    stale.post(asked["Location"], {"password": PASSWORD})
    stale.post(address)
    round_.refresh_from_db()
    assert round_.state == RoundState.OPEN


def test_a_fresh_sign_in_is_enough_and_an_account_without_any_proof_is_not_asked(manager):
    draft = make_draft(make_framework(owner=manager), actor=manager)
    page = reverse("weighting:version-freeze", args=[draft.pk])
    client = Client()
    client.post(reverse("weighting:sign-in"), {"username": manager.username, "password": PASSWORD})
    assert client.get(page).status_code == 200

    manager.set_unusable_password()
    manager.save()
    client = sign_in_staff(Client(), manager)
    confirm_identity(client, manager, seconds_ago=16 * 60)
    assert client.get(page).status_code == 200


def test_nobody_is_led_away_from_the_product(stale):
    for elsewhere in ("https://evil.example/", "//evil.example/"):
        answer = stale.post(f"{CONFIRM}?next={elsewhere}", {"password": PASSWORD})
        assert "evil" not in answer["Location"]


@pytest.mark.parametrize("referer", ["http://testserver//evil.example/", "http://[", "http://\u2100/"])
def test_no_page_that_is_said_to_have_sent_a_form_leads_away_or_breaks_the_answer(stale, manager, referer):
    round_ = make_round(manager=manager, state=RoundState.READY)
    address = reverse("weighting:round-open", args=[round_.pk])

    asked = stale.post(address, headers={"referer": referer})
    back = parse_qs(urlsplit(asked["Location"]).query)["next"][0]
    assert back.startswith("/")
    assert not back.startswith("//")
