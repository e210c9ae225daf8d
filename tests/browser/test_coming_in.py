"""The way in on a phone: a key to copy, an invitation and nothing else, questions folded up."""

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from tests.browser.ballot_page import agree_and_begin
from weighting.models import Invitation
from weighting.services.access import issue_invitation_link

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

REFUSED = "navigator.clipboard.writeText = () => Promise.reject(new DOMException('', 'NotAllowedError'));"
MISSING = "Object.defineProperty(navigator, 'clipboard', {value: undefined});"
REFUSED_AGAIN = "document.execCommand = () => false;"


@pytest.fixture
def invited(browser, live_server, invitation):
    """A phone on which the personal link of an invitation was opened."""
    phone = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True)
    phone.add_cookies([{"name": "django_language", "value": "en", "url": live_server.url}])
    phone.grant_permissions(["clipboard-read", "clipboard-write"], origin=live_server.url)
    page = phone.new_page()
    path = reverse("weighting:receive-link", args=[issue_invitation_link(invitation)])
    yield page, live_server.url + path
    phone.close()


def pasted(page):
    """What a person finds who pastes."""
    page.evaluate("document.body.append(document.createElement('textarea'))")
    field = page.locator("body > textarea")
    field.press("ControlOrMeta+v")
    return field.input_value()


@pytest.mark.parametrize("lacking", ["", REFUSED, MISSING], ids=["clipboard", "refused", "missing"])
def test_the_key_is_copied_with_or_without_a_clipboard(invited, lacking):
    page, link = invited
    page.add_init_script(lacking)
    page.goto(link)
    agree_and_begin(page)
    button = page.locator("[data-copy=ballot-key]")

    button.click()

    expect(button).to_have_text("Copied")
    assert pasted(page) == page.locator("#ballot-key").inner_text()


def test_a_key_that_cannot_be_copied_is_selected_and_the_button_says_so(invited):
    page, link = invited
    page.add_init_script(REFUSED + REFUSED_AGAIN)
    page.goto(link)
    agree_and_begin(page)
    button = page.locator("[data-copy=ballot-key]")

    button.click()

    expect(button).to_have_text("Selected: copy it")
    assert page.evaluate("getSelection().toString().trim()") == page.locator("#ballot-key").inner_text()


def test_an_invitation_leads_nowhere_but_to_the_ballot(invited, live_server):
    page, link = invited
    page.goto(link)
    there = page.locator("header a, header summary, footer a").all_inner_texts()

    # Control: strangers find their way from the page of codes.
    page.goto(live_server.url + reverse("weighting:enter-code"))

    assert [text for text in there if text.strip() in ("Menu", "Sign in", "Data by API")] == []
    expect(page.locator(".nav-narrow > summary")).to_be_visible()


def test_room_for_an_interest_comes_with_the_choice_of_it(invited):
    page, link = invited
    page.goto(link)
    words = page.get_by_label("What the interest is")
    expect(words).to_be_hidden()

    page.locator('input[value="some"]').check()
    page.locator('input[name="consent"]').check()
    page.get_by_role("button", name="Begin").click()

    expect(words).to_be_visible()
    expect(page.locator(".error-summary")).to_contain_text("Describe the interest in a sentence")
    page.locator('input[value="none"]').check()
    expect(words).to_be_hidden()


def test_saying_that_it_was_somebody_else_takes_a_second_tap(invited, come_in, invitation):
    come_in()
    page, link = invited
    page.goto(link)
    button = page.get_by_role("button", name="This was not me")
    expect(button).to_be_hidden()
    assert not Invitation.objects.get(pk=invitation.pk).disputed

    page.get_by_text("Was it not you who began it?").click()
    button.click()

    page.get_by_role("link", name="Begin anew").first.click()
    expect(page.locator("h1")).to_have_text("Begin anew with an empty ballot")
    assert Invitation.objects.get(pk=invitation.pk).disputed
