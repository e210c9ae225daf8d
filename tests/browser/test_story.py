"""The whole job in a real browser, on the real product: broker, worker, sweeper and demonstration.

A manager imports a panel and holds a round; five experts score; the round is closed, aggregated
and frozen; the worker computes; an analyst compares the new version with the report's.
"""

import re
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

PANEL = "code,name,email,organisation,sector,language\n" + "".join(
    f"S{place},Story expert {place},story-{place}@panel.example,Institute,academic,{language}\n"
    for place, language in enumerate(["en", "zh-hans", "en", "zh-hans", "en"], start=1)
)
SUB_INDICES = ["infra", "industry", "innovation", "smartcity"]
# One row per expert, a column per sub-index. Sums 21, 15, 9, 15 of 60.
SCORES = [[5, 3, 1, 3], [4, 3, 2, 3], [4, 3, 2, 3], [4, 3, 2, 3], [4, 3, 2, 3]]
WEIGHTS = ["35.00", "25.00", "15.00", "25.00"]


@pytest.fixture
def visit(browser, product):
    """Open the site as somebody with a personal link; no page may speak of an error."""
    troubles = []

    @contextmanager
    def open_site(link, width=1440):
        context = browser.new_context(viewport={"width": width, "height": 900}, accept_downloads=True)
        page = context.new_page()
        page.on("console", lambda message: troubles.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.goto(link)
        for box in page.locator('input[name="consent"], input[name="interest"][value="none"]').all():
            box.check()
        page.locator("main form .button").click()
        yield page
        context.close()

    yield open_site
    assert troubles == []


def _press(page, name):
    page.get_by_role("button", name=name).click()


def _import_panel(page, product):
    page.goto(f"{product.base_url}/panels/import/")
    page.get_by_label("Name of the panel").fill("Story panel")
    page.locator("input[type=file]").set_input_files(
        {"name": "panel.csv", "mimeType": "text/csv", "buffer": PANEL.encode()}
    )
    page.locator("main form button[type=submit]").click()
    expect(page.locator("main")).to_contain_text("Story expert 5")


def _draft_round(page, product):
    page.goto(f"{product.base_url}/rounds/new/")
    # There is one, which is chosen already.
    expect(page.get_by_label("Framework").locator("option")).to_have_count(1)
    page.get_by_label("Panel").select_option(label="Story panel")
    page.locator("main form button[type=submit]").click()
    page.wait_for_load_state()
    page.get_by_label("Chinese title").fill("故事轮")
    page.get_by_label("English title").fill("Story round")
    for box in page.locator("input[name=groups]").all():
        box.set_checked(box.get_attribute("value") == "root")
    deadline = datetime.now(tz=UTC) + timedelta(days=2)
    page.get_by_label("Deadline").fill(deadline.strftime("%Y-%m-%dT%H:%M"))
    page.locator("main form button[type=submit]").click()
    expect(page.locator("h1")).to_have_text("Story round")


def _open_round(page):
    page.locator(".confirm form button").click()
    page.locator(".confirm form button").click()
    expect(page.locator("main")).to_contain_text("Story expert 1")


def _personal_links(page, product):
    page.locator("form[action$='/links/'] button").click()
    codes = page.locator(".link-sheet .code")
    expect(codes).to_have_count(5)
    links = codes.all_inner_texts()
    assert all(link.startswith(product.base_url) for link in links)
    return links


def _score(page, scores):
    page.wait_for_url("**/ballot/")
    # Every expert sees the items in an order of their own.
    for code, score in zip(SUB_INDICES, scores, strict=True):
        page.locator(f'.ballot-item[data-url$="/{code}/"] input[value="{score}"]').check()
    expect(page.locator("[data-state]")).to_have_text(re.compile("All answers are saved|所有评分已保存"))
    page.locator(".ballot-end [data-review]").click()
    page.wait_for_url("**/ballot/review/")
    page.locator("main form .button").click()
    page.wait_for_url("**/ballot/receipt/")
    return page.locator("#receipt").inner_text()


def test_from_the_invitation_to_the_comparison(visit, product):
    _expert_link, manager_link, analyst_link = product.links[-3:]
    with visit(manager_link) as page:
        page.goto(f"{product.base_url}/rounds/")
        _press(page, re.compile("English"))
        _import_panel(page, product)
        _draft_round(page, product)
        round_address = page.url
        _open_round(page)
        expert_links = _personal_links(page, product)

        receipts = []
        for place, link in enumerate(expert_links):
            with visit(link, width=390 if place % 2 else 1440) as ballot:
                receipts.append(_score(ballot, SCORES[place]))

        page.goto(round_address)
        expect(page.locator(".stats")).to_contain_text("5")
        assert not any(weight in page.content() for weight in WEIGHTS)
        page.goto(f"{round_address}close/")
        page.locator("main form button[type=submit]").click()
        for receipt in receipts:
            expect(page.locator("body")).to_contain_text(receipt)
        page.locator(".confirm form button").click()
        page.get_by_role("link", name=re.compile("Go to the version")).click()
        page.wait_for_url("**/weight-versions/**")
        for weight in WEIGHTS:
            expect(page.locator("main")).to_contain_text(weight)
        version_address = page.url
        page.goto(f"{version_address}freeze/")
        page.locator("main form button[type=submit]").click()
        expect(page.locator("main")).to_contain_text(re.compile("[0-9a-f]{64}"))

    with visit(analyst_link) as page:
        # The first thing an analyst sees: the printed weights against equal ones.
        expect(page.locator("h1")).to_contain_text("230 of 351")
        expect(page.locator(".chart svg").first).to_be_visible()
        page.goto(f"{product.base_url}/compare/?runs=1&runs=2")
        expect(page.locator("h1")).to_contain_text("11 of 351")
        page.goto(f"{product.base_url}/runs/")
        story_run = page.get_by_role("link", name=re.compile("Story round"))
        expect(story_run.first).to_be_visible(timeout=60_000)
        story_run.first.click()
        expect(page.locator("table").first).to_contain_text("Beijing")
        number = re.search(r"/runs/(\d+)/", page.url)[1]
        page.goto(f"{product.base_url}/compare/?runs=1&runs={number}")
        expect(page.locator("h1")).to_contain_text("of 351 cities")
        expect(page.locator(".chart svg").first).to_be_visible()
        with page.expect_download() as download:
            page.get_by_role("link", name=re.compile("CSV")).first.click()
        table = download.value.path().read_text(encoding="utf-8-sig")
        assert "Beijing" in table
        assert "Story round" in table
        _press(page, re.compile("中文"))
        expect(page.locator("h1")).to_contain_text("351")
        expect(page.locator("html")).to_have_attribute("lang", re.compile("zh"))
