"""Pages opened by whom and how a test says; an expert of an open round, and how they come to the ballot."""

import pytest
from django.conf import settings
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from playwright.sync_api import expect

from tests import factories
from tests.browser.ballot_page import agree_and_begin
from tests.prepared import place_database
from tests.processes import Product, free_port
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


@pytest.fixture(scope="package")
def product(tmp_path_factory):
    """The real product, once for these files: the launcher, its children and the demonstration.

    Ctrl-C ends it.
    """
    var = tmp_path_factory.mktemp("product") / "var"
    var.mkdir(mode=0o700)
    # That an empty one is migrated is what test_launcher.py sees.
    place_database(var / "quanheng.sqlite3")
    product = Product(var, free_port()).start()
    yield product
    assert product.stop() == 0


@pytest.fixture(scope="package")
def as_analyst(product, browser):
    """What a browser keeps of the demonstration's analyst, who signs in once: a link takes a command."""
    link = product.manage("demo_links").splitlines()[-1].split(": ", 1)[1]
    context = browser.new_context()
    page = context.new_page()
    page.goto(link)
    asked = page.url
    page.locator("main form button[type=submit]").first.click()
    expect(page).not_to_have_url(asked)
    kept = context.storage_state()
    context.close()
    return kept


@pytest.fixture
def open_page(live_server, browser):
    """Open an address as an account or as a stranger; every word of the console fails the test."""
    contexts, heard = [], []

    def open_at(path, *, account=None, language="en", width=1440, scripts=True, **options):
        context = browser.new_context(
            viewport={"width": width, "height": 900}, java_script_enabled=scripts, **options
        )
        contexts.append(context)
        cookies = {settings.LANGUAGE_COOKIE_NAME: language}
        if account:
            client = factories.sign_in_staff(Client(), account)
            cookies[settings.SESSION_COOKIE_NAME] = client.cookies[settings.SESSION_COOKIE_NAME].value
        context.add_cookies([{"name": n, "value": v, "url": live_server.url} for n, v in cookies.items()])
        page = context.new_page()
        page.on("console", lambda message: heard.append(message.text))
        page.on("pageerror", lambda error: heard.append(str(error)))
        page.goto(live_server.url + path)
        return page

    yield open_at
    for context in contexts:
        context.close()
    # The browser itself remarks on an answer that refuses a form or a file.
    assert [words for words in heard if "status of 422" not in words] == []


@pytest.fixture
def round_(manager):
    return factories.make_round(manager=manager)


@pytest.fixture
def invitation(round_):
    return factories.make_invitation(round_)


@pytest.fixture
def open_ballot(live_server, context, invitation):
    """Open the ballot in a browser where the expert came in before; first `prepare` what it may meet."""

    def open_prepared(language="en", width=1440, prepare=lambda _page: None):
        client = factories.sign_in_expert(Client(), invitation)
        kept = {name: morsel.value for name, morsel in client.cookies.items()} | {"django_language": language}
        context.add_cookies([{"name": n, "value": v, "url": live_server.url} for n, v in kept.items()])
        page = context.new_page()
        page.set_viewport_size({"width": width, "height": 844})
        prepare(page)
        page.goto(live_server.url + reverse("weighting:ballot"))
        return page

    return open_prepared


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
