"""Whatever a stranger asks for, not a row is written: no session, no attempt, no log."""

import pytest
from django.apps import apps
from django.urls import reverse

from tests.factories import make_account, make_round, sign_in_staff

pytestmark = pytest.mark.django_db
ADDRESSES = (
    "/",
    "/in/",
    "/in/code/",
    "/in/key/",
    "/in/join/",
    "/sign-in/",
    "/ballot/",
    "/compare/",
    "/runs/",
    "/nowhere/",
    "/healthz",
    "/api/v1/runs/",
    "/api/v1/nowhere/",
)


def rows():
    return {model._meta.label: model.objects.count() for model in apps.get_models()}


def test_reading_without_a_session_stores_nothing(client):
    make_round(sealed=1)
    before = rows()
    for number in range(20):
        client.get(f"/in/{number:043d}/", follow=True)
        client.cookies.clear()
    for address in ADDRESSES:
        client.get(address, follow=True)
    assert rows() == before
    # Control: who signs in is remembered.
    sign_in_staff(client, make_account())
    assert rows() != before


def test_what_waits_for_a_stranger_waits_in_their_browser(client):
    client.get(reverse("weighting:receive-link", args=["a-token"]))
    assert client.cookies["pending_token"].value == "a-token"
    assert "sessionid" not in client.cookies
