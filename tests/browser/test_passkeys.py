"""A passkey made and used by a real browser, with the authenticator that Chromium itself emulates."""

from importlib import import_module

import pytest
from django.conf import settings
from django.urls import reverse
from playwright.sync_api import expect

from tests.factories import PASSWORD, make_account

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}
ACCOUNT, KEYS = reverse("weighting:own-account"), reverse("mfa_index")


@pytest.fixture
def page(live_server, context):
    """A page in English of a browser that has a device to make passkeys with."""
    context.add_cookies([{"name": settings.LANGUAGE_COOKIE_NAME, "value": "en", "url": live_server.url}])
    page = context.new_page()
    devices = context.new_cdp_session(page)
    devices.send("WebAuthn.enable")
    made = devices.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})
    page.credentials = lambda: devices.send("WebAuthn.getCredentials", made)["credentials"]
    return page


def type_password(page, account):
    page.locator("#id_username").fill(account.get_username())
    page.locator("#id_password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()


def add_passkey(page, address, name):
    page.goto(address + ACCOUNT)
    page.get_by_role("link", name="Set it up").click()
    page.get_by_role("link", name="Add a passkey").click()
    page.locator("#id_name").fill(name)
    page.get_by_role("button", name="Add a passkey").click()
    page.wait_for_url(lambda url: "/passkeys/add/" not in url)


def let_time_pass(context):
    """Have the sign-in of the browser happen long ago."""
    held = {each["name"]: each["value"] for each in context.cookies()}
    session = import_module(settings.SESSION_ENGINE).SessionStore(held[settings.SESSION_COOKIE_NAME])
    for record in session["account_authentication_methods"]:
        record["at"] -= 2 * settings.ACCOUNT_REAUTHENTICATION_TIMEOUT
    session.save()


def test_a_passkey_is_made_on_the_own_page_and_then_signs_in_and_confirms(page, context, live_server):
    account = make_account()
    page.goto(live_server.url + ACCOUNT)
    type_password(page, account)
    add_passkey(page, live_server.url, "My desk")

    page.goto(live_server.url + KEYS)
    expect(page.get_by_text("My desk")).to_be_visible()
    assert [each["signCount"] for each in page.credentials()] == [1]

    page.get_by_role("button", name="Sign out").click()
    page.goto(live_server.url + ACCOUNT)
    type_password(page, account)
    expect(page.get_by_role("heading", name="Second factor")).to_be_visible()
    page.goto(live_server.url + ACCOUNT)
    expect(page.locator("#id_password")).to_be_visible()

    type_password(page, account)
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_role("heading", name="Your account")).to_be_visible()
    assert [each["signCount"] for each in page.credentials()] == [2]

    let_time_pass(context)
    page.goto(live_server.url + reverse("mfa_add_webauthn"))
    page.get_by_role("link", name="Use a passkey").click()
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_role("heading", name="Add a passkey")).to_be_visible()
    assert [each["signCount"] for each in page.credentials()] == [3]
