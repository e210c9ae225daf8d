"""From the owner's one act to what a stranger does with it: read, weigh, frame elsewhere, take away."""

import io
import re
import threading
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from playwright.sync_api import expect

from indexer.services.published import draft_index, publish_edition
from tests.factories import make_account, make_framework, sign_in_staff
from tests.indexer.finished_runs import make_runs, random_values
from tests.indexer.public.human_development import TERMS
from weighting.drawing import PHONE_WIDTH
from weighting.enums import Role

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
UNITS = 120
FRAMING = '<iframe id="figure" src="{figure}"></iframe><iframe id="whole" src="{whole}"></iframe>'
MOVE = """slider => {
  slider.value = 900000;
  ["input", "change"].forEach((name) => slider.dispatchEvent(new Event(name, { bubbles: true })));
}"""


@pytest.fixture
def elsewhere():
    """Return a function that has a page served from another origin, and says where."""
    page = {}

    class Pages(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(page["content"].encode())

        def log_message(self, *_args):
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Pages)
    threading.Thread(target=server.serve_forever, daemon=True).start()

    def serve(content):
        page["content"] = content
        return f"http://127.0.0.1:{server.server_port}/"

    yield serve
    server.shutdown()
    server.server_close()


@pytest.fixture
def owner():
    return make_account(Role.MANAGER)


@pytest.fixture
def run(owner):
    return make_runs(random_values(UNITS), tilts=[None], framework=make_framework(owner=owner))[0]


@pytest.fixture
def reader(browser):
    """Open browsers of their own, in English; every word of the console but a refused frame's fails."""
    contexts, heard = [], []

    def open_browser(cookies=()):
        context = browser.new_context(viewport={"width": 1440, "height": 900}, locale="en")
        contexts.append(context)
        context.add_cookies(list(cookies))
        page = context.new_page()
        page.on("pageerror", lambda error: heard.append(str(error)))
        return page

    yield open_browser
    for context in contexts:
        context.close()
    assert heard == []


def test_from_publishing_to_slider_frame_and_package(reader, live_server, elsewhere, owner, run):
    index = draft_index(slug="liveability", terms=TERMS, actor=owner)
    session = sign_in_staff(Client(), owner).cookies[settings.SESSION_COOKIE_NAME].value
    page = reader([{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": live_server.url}])
    page.goto(f"{live_server.url}{reverse('indexer:publishing-publish', args=[index.pk])}?run={run.pk}")
    page.locator("main form button.button").first.click()
    page.wait_for_url(re.compile(r"/publishing/\d+/\?run="))

    stranger = reader()
    stranger.goto(live_server.url)
    stranger.click(f"text={TERMS['name_en']}")
    expect(stranger.locator("#ranking tbody tr")).to_have_count(UNITS)
    stranger.click("text=Try your own weights")
    stranger.wait_for_selector("[data-ready]")
    # The page came with the first hundred lines; its script made the others.
    stranger.wait_for_selector("[data-whole]")
    expect(stranger.locator("#results tbody tr")).to_have_count(UNITS)
    expect(stranger.locator("#results tbody tr").last.locator("td").first).to_have_text(str(UNITS))
    stranger.locator("[data-slider]").first.evaluate(MOVE)
    stranger.wait_for_function("""location.search.startsWith("?w=")""")
    first = stranger.locator("#results tbody tr th").first.inner_text()
    friend = reader()
    friend.goto(stranger.url)
    friend.wait_for_selector("[data-whole]")
    assert friend.locator("#results tbody tr th").first.inner_text() == first

    address = f"{live_server.url}/i/liveability/"
    framing = FRAMING.format(figure=f"{address}embed/ranking/?top=5", whole=address)
    friend.goto(elsewhere(framing))
    expect(friend.frame_locator("#figure").locator("tbody tr")).to_have_count(5)
    # Nothing else may be framed: a button would be clicked unseen.
    expect(friend.frame_locator("#whole").locator("#ranking")).to_have_count(0)

    stranger.goto(address)
    with stranger.expect_download() as taken:
        stranger.click("text=Take everything")
    with zipfile.ZipFile(io.BytesIO(taken.value.path().read_bytes())) as package:
        assert {"datapackage.json", "verify_weight_version.py"} <= set(package.namelist())


def test_pictures_follow_the_scheme_and_the_width_of_a_screen(reader, live_server, owner, run):
    publish_edition(draft_index(slug="liveability", terms=TERMS, actor=owner), run=run, actor=owner)
    stranger = reader()
    for width, scheme, asked, drawn in (
        (390, "dark", "?look=narrow-dark", PHONE_WIDTH),
        (390, "light", "?look=narrow", PHONE_WIDTH),
        (1440, "dark", "?look=dark", None),
        (1440, "light", ".svg", None),
    ):
        stranger.set_viewport_size({"width": width, "height": 900})
        stranger.emulate_media(color_scheme=scheme)
        stranger.goto(f"{live_server.url}/i/liveability/")
        image = stranger.locator("picture img").first
        image.scroll_into_view_if_needed()
        stranger.wait_for_function(
            "image => image.complete && image.naturalWidth > 0", arg=image.element_handle()
        )
        source, own, shown, beyond = image.evaluate(
            "image => [image.currentSrc, image.naturalWidth, image.clientWidth, image.parentElement"
            ".closest('figure').scrollWidth - image.closest('figure').clientWidth]"
        )
        assert source.endswith(asked)
        assert own == drawn or (drawn is None and own > PHONE_WIDTH)
        assert (shown <= width, beyond) == (True, 0)
