"""The page on which the API is described keeps to the policy for content, like any other."""

import pytest
from django.urls import reverse
from playwright.sync_api import expect

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_every_address_is_described_and_nothing_is_refused(live_server, browser):
    context = browser.new_context(viewport={"width": 390, "height": 900})
    page, heard = context.new_page(), []
    page.on("console", lambda message: heard.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: heard.append(str(error)))

    page.goto(live_server.url + reverse("schema-ui"))

    expect(page.locator(".opblock-summary-path").first).to_be_visible()
    assert page.locator("body").evaluate("body => getComputedStyle(body).marginTop") == "0px"
    context.close()
    assert heard == []
