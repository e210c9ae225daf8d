"""The language switch in a real browser: what is in view stays in view."""

import numpy as np
import pytest
from django.urls import reverse
from playwright.sync_api import expect

from tests import factories
from tests.browser.ballot_page import items
from tests.indexer.finished_runs import make_runs
from weighting.models import AccessLink

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
CHINESE = "[data-language-switch] button[value=zh-hans]"
ENGLISH = "[data-language-switch] button[value=en]"
RESULTS = "#results tbody tr"


@pytest.fixture
def runs():
    return make_runs(np.random.default_rng(5).random((60, 5)) * 100, published=True)


@pytest.fixture
def open_page(live_server, context, client):
    """Open a page, as a member of staff where one is given, in English."""

    def open_at(path, account=None):
        context.add_cookies([{"name": "django_language", "value": "en", "url": live_server.url}])
        if account:
            factories.sign_in_staff(client, account)
            session = {
                "name": "sessionid",
                "value": client.cookies["sessionid"].value,
                "url": live_server.url,
            }
            context.add_cookies([session])
        page = context.new_page()
        page.goto(live_server.url + path)
        return page

    return open_at


def switch(page, button=CHINESE):
    page.locator(button).click()
    expect(page.locator("html")).to_have_attribute("lang", "zh-hans" if button == CHINESE else "en")


def test_a_search_that_htmx_put_into_the_address_stays(open_page, runs):
    page = open_page(reverse("indexer:run-detail", args=[runs[0].pk]))
    page.locator("#id_q").press_sequentially("Town 01")
    page.wait_for_url("**q=Town*")
    expect(page.locator(RESULTS)).to_have_count(10)

    switch(page)

    assert "q=Town" in page.url
    expect(page.locator("#id_q")).to_have_value("Town 01")
    expect(page.locator(RESULTS)).to_have_count(10)


def test_tried_weights_stay(open_page, runs):
    page = open_page(reverse("indexer:run-what-if", args=[runs[0].pk]))
    page.locator("form[data-ready]").wait_for()
    field = page.locator("[data-number]").first
    field.fill("70")
    field.press("Tab")
    page.wait_for_url("**w=*")

    switch(page)

    assert "w=" in page.url
    expect(page.locator("[data-number]").first).to_have_value("70")


def test_what_is_typed_and_not_sent_stays(open_page, manager, runs):
    page = open_page(reverse("weighting:framework-import"), manager)
    page.locator("[name=name_zh]").fill("旅游")
    switch(page)
    expect(page.locator("[name=name_zh]")).to_have_value("旅游")
    switch(page, ENGLISH)
    expect(page.locator("[name=name_zh]")).to_have_value("旅游")
    page.goto(page.url)
    expect(page.locator("[name=name_zh]")).to_have_value("")
    assert page.evaluate("sessionStorage.getItem('quanheng-typed')") is None


def test_a_draft_that_lacks_something_keeps_its_words_and_its_weights(open_page, manager, runs):
    page = open_page(reverse("indexer:run-what-if", args=[runs[0].pk]), manager)
    page.locator("form[data-ready]").wait_for()
    page.locator("[data-number]").first.fill("70")
    page.locator("[data-number]").first.press("Tab")
    page.wait_for_url("**w=*")
    draft = page.locator("form[action$='/what-if/draft/']")
    draft.locator("xpath=ancestor::details").evaluate_all("all => all.forEach(one => { one.open = true; })")
    typed = draft.locator("input[type=text], textarea").first
    typed.fill("some words")
    name = typed.get_attribute("name")
    draft.evaluate("form => { form.noValidate = true; form.querySelector('button').click(); }")
    page.wait_for_url("**/what-if/draft/")

    switch(page)

    assert "/what-if/?w=" in page.url
    expect(page.locator("[data-number]").first).to_have_value("70")
    # Each language asks for its own name first.
    expect(page.locator(f"form[action$='/what-if/draft/'] [name={name}]")).to_have_value("some words")


def test_a_personal_link_that_is_shown_once_stays_in_view(open_page, manager):
    invitation = factories.make_invitation(factories.make_round(manager=manager))
    page = open_page(
        reverse("weighting:invitation-detail", args=[invitation.round_id, invitation.pk]), manager
    )
    page.locator("form[action$='/link/'] button").click()
    link = page.locator("#personal-link").inner_text()
    count = AccessLink.objects.count()

    switch(page)
    expect(page.locator("#personal-link")).to_have_text(link)
    switch(page, ENGLISH)
    expect(page.locator("#personal-link")).to_have_text(link)

    assert AccessLink.objects.count() == count


def test_the_ballot_sends_what_is_typed_before_it_changes_its_language(open_ballot):
    page = open_ballot()
    page.on("dialog", lambda dialog: pytest.fail(dialog.message))
    items(page).nth(0).locator('input[value="4"]').check()
    items(page).nth(0).locator(".item-comment summary").click()
    items(page).nth(0).locator("textarea").fill("words")

    switch(page)

    expect(items(page).nth(0).locator("textarea")).to_have_value("words")
    expect(items(page).nth(0).locator('input[value="4"]')).to_be_checked()


def test_without_the_script_the_page_comes_back_as_it_was_asked_for(open_page, context, runs):
    context.route("**/js/language.js", lambda route: route.abort())
    page = open_page(reverse("indexer:run-detail", args=[runs[0].pk]) + "?q=Town+01")

    switch(page)

    assert "q=Town" in page.url
