"""What the browser tests do on the ballot, and look at."""

import re

from playwright.sync_api import expect

from weighting.models import Score


def agree_and_begin(page):
    """Agree to the terms, if that is still asked, and begin."""
    for box in page.locator('input[name="consent"], input[name="interest"][value="none"]').all():
        box.check()
    page.locator("main form .button").click()


def items(page):
    return page.locator(".ballot-item")


def answer(page, place, value):
    items(page).nth(place).locator(f'input[value="{value}"]').check()


def expect_all_saved(page):
    expect(page.locator("[data-state]")).to_have_text(re.compile("All answers are saved|所有评分已保存"))


def expect_no_overflow(page):
    assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]


def kept_on_device(page):
    keys = page.evaluate("[...Object.keys(localStorage), ...Object.keys(sessionStorage)]")
    return [key for key in keys if key.startswith("quanheng")]


def stored(invitation):
    rows = Score.objects.filter(ballot__round=invitation.round_id).order_by("indicator__position")
    return list(rows.values_list("value", flat=True))
