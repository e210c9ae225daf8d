"""From the click to the drawn chart: the real product, its broker and its workers, in a real browser."""

import re
import time

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

DRAWS = 10_000


@pytest.fixture
def analyst(product, as_analyst, browser):
    """A page of the demonstration's analyst; every word of the console fails the test."""
    context, heard = (
        browser.new_context(viewport={"width": 1440, "height": 900}, storage_state=as_analyst),
        [],
    )
    context.add_cookies([{"name": "django_language", "value": "en", "url": product.base_url}])
    page = context.new_page()
    page.on("pageerror", lambda error: heard.append(str(error)))
    yield page
    context.close()
    assert heard == []


def test_ten_thousand_draws_from_click_to_chart(product, analyst):
    page = analyst
    page.goto(f"{product.base_url}/studies/")
    # The demonstration has asked the first question itself.
    page.get_by_role("link", name=re.compile("Expert bootstrap")).first.click()
    page.get_by_role("link", name="Studies").last.click()
    page.get_by_role("link", name="Ask a new question").click()
    page.get_by_label("Draws").fill(str(DRAWS))
    page.get_by_label("Seed").fill("41")
    start = time.perf_counter()
    page.get_by_role("button", name="Start the study").click()
    page.locator("#study").wait_for()
    first = time.perf_counter() - start
    page.locator("#intervals svg").first.wait_for()
    drawn = time.perf_counter() - start
    print(f"{DRAWS:,} draws: first progress {first:.2f} s, chart drawn {drawn:.2f} s after the click")

    expect(page.locator("h1")).to_contain_text(re.compile("keep"))
    expect(page.locator("#heat svg").first).to_be_visible()
    page.get_by_label("Is this city").fill("Nanjing")
    page.get_by_label("above this city?").fill("Xi'an")
    page.get_by_role("button", name="Count").click()
    expect(page.locator("#pair")).to_contain_text(f"of {DRAWS}")
    page.locator("#city-filter [name=q]").fill("harbin")
    expect(page.locator("#results tbody tr")).to_have_count(1)
    expect(page.locator("#shown svg").first).to_be_visible()


def test_a_study_is_cancelled_and_goes_on(product, analyst):
    page = analyst
    page.goto(f"{product.base_url}/studies/")
    page.get_by_role("link", name=re.compile("Expert bootstrap")).first.click()
    page.get_by_role("link", name="Studies").last.click()
    page.get_by_role("link", name="Weight noise", exact=True).click()
    page.get_by_label("Draws").fill("1000000")
    page.get_by_label("Seed").fill("42")
    page.get_by_role("button", name="Start the study").click()
    page.get_by_role("button", name="Cancel the study").click()
    expect(page.locator("#study")).to_contain_text("Cancelled")
    page.get_by_role("button", name="Go on").click()
    expect(page.locator("#study progress")).to_be_visible()
    page.get_by_role("button", name="Cancel the study").click()
    expect(page.locator("#study")).to_contain_text("Cancelled")
