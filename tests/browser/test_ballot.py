"""The ballot in a real browser: both widths, both languages, the keyboard, no network, two tabs."""

import re

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from tests.browser.ballot_page import (
    agree_and_begin,
    answer,
    expect_all_saved,
    expect_no_overflow,
    items,
    kept_on_device,
    stored,
)
from weighting.models import Ballot, Expert, Invitation, Score
from weighting.services.access import issue_invitation_link
from weighting.services.rounds import close_round

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

WIDTHS = [390, 1440]
LANGUAGES = ["zh-hans", "en"]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("width", WIDTHS)
def test_a_whole_ballot_from_the_link_to_the_receipt(come_in, invitation, width, language):
    page = come_in(language, width)
    expect_no_overflow(page)
    for place in range(7):
        answer(page, place, place % 5 + 1)
    expect_all_saved(page)
    assert page.locator("[data-progress]").evaluate("bar => bar.value") == 7
    expect_no_overflow(page)

    page.locator(".ballot-end [data-review]").click()
    page.wait_for_url("**/ballot/review/")
    expect_no_overflow(page)
    page.locator("main form .button").click()
    page.wait_for_url("**/ballot/receipt/")
    expect_no_overflow(page)

    ballot = Ballot.objects.get(round=invitation.round_id)
    expect(page.locator("#receipt")).to_have_text(ballot.receipt)
    assert sorted(stored(invitation)) == [1, 1, 2, 2, 3, 4, 5]
    with page.expect_download() as download:
        page.locator("a[download]").click()
    assert download.value.suggested_filename.endswith(".json")


def test_the_keyboard_alone_is_enough(open_ballot, invitation):
    page = open_ballot()
    items(page).nth(0).locator("input[type=radio]").first.focus()
    for key in "4351234":
        page.keyboard.press(key)
        page.keyboard.press("Enter")
    expect_all_saved(page)
    page.keyboard.press("Enter")
    page.wait_for_url("**/ballot/review/")

    assert len(stored(invitation)) == 7
    for _step in range(40):
        if page.evaluate("document.activeElement.matches('main form .button')"):
            break
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url("**/ballot/receipt/")


def test_coming_back_lands_on_the_first_gap(open_ballot, invitation):
    page = open_ballot()
    answer(page, 0, 3)
    answer(page, 1, 3)
    expect_all_saved(page)

    page.goto(page.url)

    name = items(page).nth(2).locator("input[type=radio]").first.get_attribute("name")
    expect(page.locator(":focus")).to_have_attribute("name", name)


def test_clicks_without_a_network_wait_and_are_sent_later_even_after_a_reload(
    open_ballot, context, invitation
):
    page = open_ballot()
    answer(page, 0, 1)
    expect_all_saved(page)

    context.set_offline(True)
    answer(page, 0, 5)
    answer(page, 1, 2)
    answer(page, 1, 4)
    expect(page.locator("[data-state]")).to_contain_text("Not saved: 2")
    expect(items(page).nth(1).locator("[data-item-state]")).to_have_text("Not saved yet")
    assert stored(invitation) == [1]
    assert len(kept_on_device(page)) == 1

    context.set_offline(False)
    page.on("dialog", lambda dialog: dialog.accept())
    page.reload()
    expect_all_saved(page)
    assert sorted(stored(invitation)) == [4, 5]
    assert kept_on_device(page) == []


def test_an_answer_that_was_stored_but_never_acknowledged_is_no_conflict(open_ballot, invitation):
    page = open_ballot()
    lost = []

    def lose_the_first_reply(route):
        if lost:
            return route.continue_()
        route.fetch()
        lost.append(route.request.post_data)
        return route.abort()

    page.route("**/ballot/items/**", lose_the_first_reply)
    answer(page, 0, 3)
    expect(page.locator("[data-state]")).to_contain_text("Not saved: 1")
    answer(page, 0, 4)

    expect_all_saved(page)
    assert stored(invitation) == [4]
    expect(page.locator(".item-conflict")).to_have_count(0)


@pytest.mark.parametrize(("button", "kept"), [("[data-theirs]", 5), ("[data-mine]", 2)])
def test_two_tabs_that_differ_are_put_before_the_expert(open_ballot, context, invitation, button, kept):
    first = open_ballot()
    second = context.new_page()
    second.goto(first.url)
    answer(first, 0, 5)
    expect_all_saved(first)

    answer(second, 0, 2)

    conflict = items(second).nth(0).locator(".item-conflict")
    expect(conflict).to_contain_text("There: 5. Here: 2.")
    assert stored(invitation) == [5]
    conflict.locator(button).click()
    expect(conflict).to_have_count(0)
    expect_all_saved(second)
    expect(items(second).nth(0).locator(f'input[value="{kept}"]')).to_be_checked()
    assert stored(invitation) == [kept]


def test_a_round_that_closes_meanwhile_says_so_and_keeps_what_was_chosen_in_sight(
    open_ballot, round_, manager, invitation
):
    page = open_ballot()
    answer(page, 0, 5)
    expect_all_saved(page)
    close_round(round_, actor=manager)

    answer(page, 1, 2)

    expect(page.locator("#ballot-closed")).to_be_visible()
    expect(items(page).nth(1).locator('input[value="2"]')).to_be_checked()
    expect(items(page).nth(1).locator("[data-item-state]")).to_contain_text("closed")
    expect(items(page).nth(2).locator("input[type=radio]").first).to_be_disabled()


def test_a_ballot_left_in_one_tab_is_opened_again_by_the_link_in_another(come_in, invitation):
    page, other = come_in(), come_in()
    other.get_by_role("button", name="Not you? Leave this ballot").click()
    answer(page, 0, 4)
    alert = page.locator("#ballot-signed-out")
    expect(alert).to_be_visible()
    # What the link may ask for does not have to be looked for.
    expect(alert).to_contain_text(page.locator(".ballot-key-text").first.text_content())
    assert stored(invitation) == []

    come_in()
    # The page may have tried again by itself: its button is gone then.
    page.locator("[data-retry]").dispatch_event("click")

    expect_all_saved(page)
    expect(page.locator("#ballot-signed-out")).to_be_hidden()
    assert stored(invitation) == [4]


@pytest.mark.parametrize("language", LANGUAGES)
def test_without_scripts_the_ballot_is_a_plain_form(browser, live_server, invitation, language):
    context = browser.new_context(java_script_enabled=False, viewport={"width": 390, "height": 844})
    context.add_cookies([{"name": "django_language", "value": language, "url": live_server.url}])
    page = context.new_page()
    page.goto(live_server.url + reverse("weighting:receive-link", args=[issue_invitation_link(invitation)]))
    agree_and_begin(page)
    for place in range(7):
        items(page).nth(place).locator(f'input[value="{place % 5 + 1}"]').check()
    # Every way on saves what was chosen: a link alone would lose it.
    expect(page.locator("[data-review]:visible")).to_have_count(0)
    page.locator('button[value="review"]').click()
    page.wait_for_url("**/ballot/review/")
    page.locator("main form .button").click()
    page.wait_for_url("**/ballot/receipt/")
    context.close()

    assert Invitation.objects.get(pk=invitation.pk).sealed


def test_nothing_moves_when_an_answer_is_chosen(open_ballot):
    page = open_ballot(width=390)
    place = "nodes => nodes.map(node => Math.round(node.getBoundingClientRect().top + scrollY))"
    before = items(page).evaluate_all(place)

    answer(page, 0, 3)
    expect_all_saved(page)

    assert items(page).evaluate_all(place) == before


def test_every_target_is_large_enough_for_a_finger(open_ballot):
    page = open_ballot(width=390)

    kinds = [".scale-point", ".ballot-bar a", ".ballot-index a", ".ballot-form .button:visible"]
    targets = page.locator(", ".join([*kinds, ".item-comment summary"]))
    sizes = targets.evaluate_all("nodes => nodes.map(node => node.getBoundingClientRect().toJSON())")

    assert min(box["height"] for box in sizes) >= 44
    assert min(box["width"] for box in sizes) >= 44


def test_a_comment_is_saved_when_its_field_is_left(open_ballot, invitation):
    page = open_ballot()
    expect(items(page).nth(0).locator(".item-comment")).to_be_hidden()
    answer(page, 0, 3)
    items(page).nth(0).locator(".item-comment summary").click()
    items(page).nth(0).locator("textarea").fill("Unclear: fixed or mobile?")
    answer(page, 1, 3)

    expect(items(page).nth(0).locator("[data-comment-state]")).to_have_text("Saved")
    assert Score.objects.exclude(comment="").get().comment == "Unclear: fixed or mobile?"


def test_a_comment_that_another_tab_changed_is_shown_before_it_is_replaced(open_ballot, context, invitation):
    page = open_ballot()
    answer(page, 0, 3)
    expect_all_saved(page)
    Score.objects.update(comment="from elsewhere")

    items(page).nth(0).locator(".item-comment summary").click()
    items(page).nth(0).locator("textarea").fill("mine")
    items(page).nth(0).locator("[data-comment-save]").click()

    expect(items(page).nth(0).locator("[data-comment-state]")).to_contain_text("from elsewhere")
    assert Score.objects.get().comment == "from elsewhere"
    items(page).nth(0).locator("[data-comment-save]").click()
    expect(items(page).nth(0).locator("[data-comment-state]")).to_have_text("Saved")
    assert Score.objects.get().comment == "mine"


def test_a_comment_without_a_network_says_so_and_is_sent_later(open_ballot, context, invitation):
    page = open_ballot()
    answer(page, 0, 3)
    expect_all_saved(page)
    context.set_offline(True)
    items(page).nth(0).locator(".item-comment summary").click()
    items(page).nth(0).locator("textarea").fill("later")
    items(page).nth(0).locator("[data-comment-save]").click()
    expect(items(page).nth(0).locator("[data-comment-state]")).to_contain_text("Not saved yet")
    items(page).nth(1).locator("input").first.focus()

    context.set_offline(False)

    expect(items(page).nth(0).locator("[data-comment-state]")).to_have_text("Saved")
    assert Score.objects.get().comment == "later"


@pytest.mark.parametrize("language", LANGUAGES)
# 320 px: a narrow in-app browser, and a desk of 1280 px at 400 %; 720 px: a desk of 1440 at 200 %.
@pytest.mark.parametrize("width", [320, 720])
def test_no_page_of_the_expert_scrolls_sideways(open_ballot, live_server, width, language):
    page = open_ballot(language, width)
    answer(page, 0, 5)
    expect_all_saved(page)
    for name in ("ballot", "ballot-review", "ballot-terms", "ballot-withdraw", "receipts", "enter-code"):
        page.goto(live_server.url + reverse(f"weighting:{name}"))
        page.set_viewport_size({"width": width, "height": 640})
        expect_no_overflow(page)


@pytest.mark.parametrize("name", ["李雷", "Maria Oliveira da Conceição"])
def test_text_twice_as_large_still_fits(open_ballot, invitation, name):
    Expert.objects.filter(pk=invitation.expert_id).update(name=name)
    page = open_ballot(width=390)
    page.evaluate("document.documentElement.style.fontSize = '200%'")

    expect_no_overflow(page)
    boxes = page.locator(".scale-point").evaluate_all(
        "nodes => nodes.map(node => node.getBoundingClientRect().toJSON())"
    )
    assert all(box["left"] >= 0 and box["right"] <= 390 for box in boxes)


def test_going_back_after_sealing_shows_the_ballot_as_it_is(open_ballot, invitation):
    page = open_ballot()
    for place in range(7):
        answer(page, place, 3)
    expect_all_saved(page)
    page.locator(".ballot-end [data-review]").click()
    page.wait_for_url("**/ballot/review/")
    page.locator("main form .button").click()
    page.wait_for_url("**/ballot/receipt/")

    page.go_back()
    page.wait_for_url("**/ballot/review/")
    page.go_back()

    page.wait_for_url("**/ballot/")
    expect(page.locator("#sealed-unchanged")).to_be_visible()


def test_a_double_click_on_seal_gives_one_receipt(open_ballot, invitation):
    page = open_ballot()
    for place in range(7):
        answer(page, place, 3)
    expect_all_saved(page)
    page.locator(".ballot-end [data-review]").click()
    page.wait_for_url("**/ballot/review/")
    page.locator("main form .button").dblclick()
    # The second click may break the first one's answer off: what counts is where the browser ends.
    expect(page).to_have_url(re.compile("/ballot/receipt/$"))
    expect(page.locator("#receipt")).to_have_text(Ballot.objects.get(round=invitation.round_id).receipt)


def test_a_phone_whose_clock_is_wrong_saves_like_any_other(open_ballot, invitation):
    page = open_ballot()
    page.clock.set_fixed_time("2001-01-01T00:00:00")
    page.reload()

    answer(page, 0, 4)

    expect_all_saved(page)
    assert stored(invitation) == [4]


def test_a_forwarded_link_shows_whose_ballot_it_is_and_a_way_out(open_ballot, invitation):
    page = open_ballot()
    expect(page.locator("main")).to_contain_text(f"This is the ballot of {invitation.expert.name}")

    page.get_by_role("button", name="Not you? Leave this ballot").click()

    page.goto(page.url.split("/compare")[0].rstrip("/") + reverse("weighting:ballot"))
    assert "/sign-in/" in page.url
