"""An expert of an open round, and how the browser comes to the ballot."""

import pytest
from django.core.management import call_command
from django.urls import reverse
from playwright.sync_api import expect

from tests import factories
from tests.browser.ballot_page import agree_and_begin
from weighting.services.access import issue_invitation_link

# How long a page may take on a machine that does much else; who finds what is expected does not wait.
PATIENCE_MS = 60_000
expect.set_options(timeout=PATIENCE_MS / 2)


@pytest.fixture(scope="session")
def browser(browser):
    """Let every context wait as long."""
    new_context = browser.new_context

    def new_patient_context(**options):
        context = new_context(**options)
        context.set_default_timeout(PATIENCE_MS)
        return context

    browser.new_context = new_patient_context
    return browser


@pytest.fixture(scope="session", autouse=True)
def _chart_library():
    """Take it out of the installed packages: a fresh checkout holds no copy of it."""
    call_command("build_vendor_js")


@pytest.fixture
def manager():
    return factories.make_account()


@pytest.fixture
def round_(manager):
    return factories.make_round(manager=manager)


@pytest.fixture
def invitation(round_):
    return factories.make_invitation(round_)


@pytest.fixture
def come_in(live_server, context, invitation):
    """Open the personal link and begin, in the language asked for."""

    def open_ballot(language="en", width=1440):
        context.add_cookies([{"name": "django_language", "value": language, "url": live_server.url}])
        page = context.new_page()
        page.set_viewport_size({"width": width, "height": 844})
        path = reverse("weighting:receive-link", args=[issue_invitation_link(invitation)])
        page.goto(live_server.url + path)
        if page.url != live_server.url + reverse("weighting:ballot"):
            assert page.url == live_server.url + reverse("weighting:confirm-link")
            agree_and_begin(page)
        page.wait_for_url("**/ballot/")
        return page

    return open_ballot
