"""Over TLS no other site of the domain can slip a session, a ballot or a form's token into a browser."""

import ast
import os
import subprocess
import sys
from functools import cache

import pytest
from django.test import Client
from django.urls import reverse

from tests import factories
from tests.weighting.claims import BALLOT, CONFIRM, begun
from weighting.keyring import EARLIER_COOKIE
from weighting.services.access import issue_invitation_link

pytestmark = pytest.mark.django_db

NAMES = [f"{each}_COOKIE_NAME" for each in ("SESSION", "CSRF", "LANGUAGE", "BALLOT", "PENDING")]
SECURE = [f"{each}_COOKIE_SECURE" for each in ("SESSION", "CSRF", "LANGUAGE")]


@cache
def read_settings(https):
    """Return what the product says of its cookies when it starts."""
    asked = (
        f"from config import settings; print({{name: getattr(settings, name) for name in {NAMES + SECURE}}})"
    )
    environment = {**os.environ, "QUANHENG_HTTPS": https, "DJANGO_SECRET_KEY": "long enough for a key " * 3}
    done = subprocess.run(
        [sys.executable, "-c", asked], env=environment, capture_output=True, text=True, check=True
    )
    return ast.literal_eval(done.stdout)


@pytest.fixture
def over_tls(settings):
    settings.HTTPS = True
    for name, value in read_settings("1").items():
        setattr(settings, name, value)


def test_over_plain_http_cookies_bear_names_that_browsers_take_there():
    told = read_settings("0")

    assert [told[name] for name in SECURE] == [False] * len(SECURE)
    assert [told[name] for name in NAMES if told[name].startswith("__")] == []


def test_over_tls_every_cookie_bears_a_prefix_and_what_the_prefix_demands(over_tls):
    token = issue_invitation_link(factories.make_invitation(factories.make_round()))
    factories.make_account(username="staff")
    client, seen = Client(), {}
    for method, address, sent in (
        ("get", reverse("weighting:receive-link", args=[token]), {}),
        ("get", CONFIRM, {}),
        ("post", CONFIRM, factories.CONSENT),
        ("get", BALLOT, {}),
        ("post", reverse("set_language"), {"language": "en"}),
        ("post", reverse("weighting:sign-out"), {}),
        ("post", reverse("account_login"), {"username": "staff", "password": factories.PASSWORD}),
    ):
        answer = getattr(client, method)(address, sent, secure=True)
        assert answer.status_code in (200, 302), address
        seen |= answer.cookies

    named = {"csrftoken", "ballot_keys", "django_language", "sessionid"}
    assert set(seen) == {"__Secure-pending_token", *(f"__Host-{name}" for name in named)}
    for name, cookie in seen.items():
        assert (cookie["secure"], cookie["samesite"], cookie["domain"]) == (True, "Lax", ""), name
        assert cookie["path"] == "/" or not name.startswith("__Host-"), name


def test_a_browser_that_began_before_the_prefix_goes_on_and_then_bears_it(over_tls, settings):
    invitation = factories.make_invitation(factories.make_round())
    client, token = begun(invitation)
    before = Client()
    before.cookies[EARLIER_COOKIE] = client.cookies[settings.BALLOT_COOKIE_NAME].value

    assert before.get(BALLOT, secure=True).status_code == 200
    before.get(reverse("weighting:receive-link", args=[token]), secure=True, follow=True)
    assert before.cookies[settings.BALLOT_COOKIE_NAME].value == before.cookies[EARLIER_COOKIE].value


def test_what_another_site_slips_in_under_the_old_name_is_not_read_beside_the_prefixed_one(
    over_tls, settings
):
    round_ = factories.make_round()
    invitation = factories.make_invitation(round_, place=0)
    own, _token = begun(invitation)
    foreign, _token = begun(factories.make_invitation(round_, place=1))
    own.cookies[EARLIER_COOKIE] = foreign.cookies[settings.BALLOT_COOKIE_NAME].value

    assert own.get(BALLOT).context["claim"].invitation == invitation
