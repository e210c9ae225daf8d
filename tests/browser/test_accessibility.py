"""Every kind of page on a phone, in the light and in the dark, examined by axe."""

import re
from urllib.parse import unquote, urlsplit

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from django.core.handlers.wsgi import WSGIHandler, get_path_info
from django.test import Client
from django.urls import reverse

from tests.factories import make_account, make_invitation, sign_in_expert, sign_in_staff
from tests.indexer.factories import make_import
from tests.test_shapes import SHAPES, addresses, make_studies, make_world
from weighting.enums import Role

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

# They answer with files, fragments and data.
NO_PAGES = re.compile(
    r"^/api/|export|picture|package|progress|\.(svg|csv|json|xlsx|png|pdf|txt|xml)|/download/|/data/$"
)
# Who comes to a page; the first that fits. What is for nobody of them, a manager opens.
VISITORS = {
    "expert": re.compile(r"^/(ballot/|receipts/)"),
    "stranger": re.compile(r"^/($|i/|in/|sign-in/)"),
    "administrator": re.compile(r"^/(people/|installation/|admin/|components/)"),
    "manager": re.compile(""),
}
# What passes is not asked for, which axe would tell of node by node.
EXAMINE = """async (rules) => (await axe.run({
    resultTypes: ["violations"], ...(rules ? { runOnly: rules } : {}) })).violations.map(
  ({ id, nodes }) => `${id}: ${nodes.map(({ target, any }) =>
    `${target.join(" ")} (${any.map(({ message }) => message).join(" ")})`).join(", ")}`)"""
# A style sheet that did not come is there without a rule.
STYLED = """(scheme) => matchMedia(`(prefers-color-scheme: ${scheme})`).matches
  && [...document.querySelectorAll("link[rel=stylesheet]")].every(({ sheet }) => sheet?.cssRules.length)
  && document.getAnimations().every(({ playState }) => playState !== "running")"""
# A chart appears after the page.
DRAWN = f"(scheme) => ({STYLED})(scheme) && !document.querySelector('[data-drawing]:not([hidden])')"


@pytest.fixture
def world():
    return make_world(SHAPES["one root over branches"][0], 8)


@pytest.fixture
def clients(world):
    administrator = make_account(Role.ADMINISTRATOR, is_staff=True, is_superuser=True)
    return {
        "expert": sign_in_expert(Client(), make_invitation(world.round_, place=4)),
        "stranger": Client(),
        "administrator": sign_in_staff(Client(), administrator),
        "manager": sign_in_staff(Client(), world.manager),
    }


@pytest.fixture
def page(live_server, browser):
    """A phone that moves nothing, whose transitions would be caught half way."""
    context = browser.new_context(viewport={"width": 390, "height": 844}, reduced_motion="reduce")
    # Handed over once: to send half a megabyte after each page would take a third of what a short one takes.
    context.add_init_script(AXE_SCRIPT)
    yield context.new_page()
    context.close()


def pages_of(world, clients):
    """Yield address and content of one page for each template and kind of study."""
    data_import = make_import(world.framework, actor=world.manager)
    steps = [reverse(f"indexer:import-{step}", args=[data_import.pk]) for step in ("mapping", "check")]
    asked = [*addresses(world, make_studies(world)), "/components/", *steps]
    seen = set()
    for address in asked:
        who = next(name for name, theirs in VISITORS.items() if theirs.search(address))
        if NO_PAGES.search(address):
            continue
        response = clients[who].get(address, headers={"Accept-Language": "en"})
        if response.status_code != 200 or response.streaming or b"<html" not in response.content:
            continue
        study = (response.context or {}).get("study")
        kind = (response.templates[0].name, study.kind if study else "")
        if kind not in seen:
            seen.add(kind)
            yield address, response.content.decode()


def examine(page, rules=None):
    return page.evaluate(EXAMINE, rules)


@pytest.fixture
def show(page, live_server, monkeypatch):
    """Let the browser load a page that is written already, with what belongs to it from the server.

    The server hands it out: who comes between the two takes the browser's cache away, and every style
    sheet and script would be fetched anew for each page.
    """
    written, ask_product = {}, WSGIHandler.__call__

    def hand_out(handler, environ, start_response):
        content = written.pop(get_path_info(environ), None)
        if content is None:
            return ask_product(handler, environ, start_response)
        start_response("200 OK", [("Content-Type", "text/html"), ("Content-Length", str(len(content)))])
        return [content]

    def show_in_browser(address, content):
        written[unquote(urlsplit(address).path)] = content.encode()
        page.goto(live_server.url + address)
        page.wait_for_function(DRAWN, arg="light")

    monkeypatch.setattr(WSGIHandler, "__call__", hand_out)
    return show_in_browser


def test_axe_finds_nothing_on_any_kind_of_page(page, show, world, clients):
    found, count = {}, 0
    for address, content in pages_of(world, clients):
        page.emulate_media(color_scheme="light")
        show(address, content)
        violations = examine(page)
        page.emulate_media(color_scheme="dark")
        page.wait_for_function(STYLED, arg="dark")
        violations += [f"dark: {violation}" for violation in examine(page, ["color-contrast"])]
        count += 1
        if violations:
            found[address] = violations
    assert found == {}
    # Fewer would mean that the walk misses what it is for.
    assert count > 90


def test_axe_sees_what_is_wrong(page, show):
    content = "<html><body><h1>Title</h1><h3>Skipped</h3><input><p style='color: #ccc'>Pale</p></body></html>"
    show("/sign-in/", content)
    ids = {violation.split(":")[0] for violation in examine(page)}
    assert {"heading-order", "label", "color-contrast", "html-has-lang"} <= ids
