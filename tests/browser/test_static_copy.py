"""The sliders of a static copy, on a web server that knows nothing: the ranks are those of the product."""

import re
import subprocess
import sys

import pytest
from django.core.management import call_command

from indexer.numeric.scores.weight_state import state_text
from indexer.selectors.what_if import what_if_of
from tests.browser.test_what_if import RANK, random_states
from tests.factories import make_account
from tests.indexer.public.human_development import publish_human_development
from weighting.enums import Role

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def edition():
    """As the United Nations form it: a geometric mean, and schooling as an arithmetic one."""
    education = {"education": {"aggregation": "arithmetic"}}
    return publish_human_development(make_account(Role.MANAGER), aggregation="geometric", nodes=education)


@pytest.fixture
def served(edition, tmp_path):
    """Return the address of the copy, below that of the server."""
    call_command("export_site", edition.index.slug, out=tmp_path / "under" / "a path", profiles=2)
    command = [sys.executable, "-u", "-m", "http.server", "0", "--bind", "127.0.0.1"]
    server = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    try:
        (port,) = re.findall(rb"port (\d+)", server.stdout.readline())
        yield f"http://127.0.0.1:{port.decode()}/under/a%20path/"
    finally:
        server.kill()
        server.wait()
        server.stdout.close()


def test_sliders_of_a_copy_rank_as_the_server_does(browser, served, edition):
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    page, heard, asked = context.new_page(), [], []
    page.on("console", lambda message: heard.append(message.text))
    page.on("pageerror", lambda error: heard.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(served)
    page.click("text=English")
    page.click("text=Try your own weights")
    page.wait_for_selector("[data-ready]")

    for state in random_states(edition.run, 20, seed=3):
        text = state_text(state)
        seen, tried = page.evaluate(RANK, text), what_if_of(edition.run, text)
        assert seen["ranks"] == tried.ranks.tolist(), text
        assert seen["scores"] == pytest.approx(tried.scores.tolist(), rel=1e-13), text

    # A slider moves the ranks, and the address brings the same weights to whoever opens it.
    page.locator("[data-slider]").first.evaluate(
        """slider => {
          slider.value = 900000;
          ["input", "change"].forEach((name) => slider.dispatchEvent(new Event(name)));
        }"""
    )
    page.wait_for_function("""location.search.startsWith("?w=")""")
    first = page.locator("tbody tr").first.inner_text()
    other = context.new_page()
    other.goto(page.url)
    other.wait_for_selector("[data-ready]")
    other.wait_for_selector("[data-whole]")
    assert other.locator("tbody tr").first.inner_text() == first
    assert "Switzerland" not in first
    assert all(url.startswith(served) for url in asked)
    assert heard == []
    context.close()
