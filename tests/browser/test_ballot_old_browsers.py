"""Old browsers and broken scripts: an answer is saved as it is given, or the plain form is there."""

import re

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from tests import chromium
from tests.browser.ballot_page import agree_and_begin, answer, expect_all_saved, items, stored
from weighting.services.access import issue_invitation_link

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

# Functions younger than the oldest browsers that experts bring: iOS 13, and WeChat's views of 2019.
YOUNG = [
    "AbortSignal.timeout",
    "Array.prototype.at",
    "Array.prototype.flat",
    "Blob.prototype.text",
    "crypto.randomUUID",
    "crypto.subtle",
    "Element.prototype.replaceChildren",
    "Element.prototype.animate",
    "globalThis.structuredClone",
    "globalThis.ResizeObserver",
    "MediaQueryList.prototype.addEventListener",
    "Object.fromEntries",
    "Object.hasOwn",
    "Promise.allSettled",
    "Promise.prototype.finally",
    "String.prototype.matchAll",
    "String.prototype.replaceAll",
]
# What saving answer by answer cannot do without.
NEEDED = ["globalThis.AbortController", "globalThis.fetch", "globalThis.URLSearchParams"]
NEEDED += ["globalThis.CustomEvent", "globalThis.MutationObserver"]
SCRIPTS = ["ballot.js", "ballot-comments.js"]
# What the pages of everybody bring.
EVERYWHERE = ["base.js", "language.js"]


def without(*names):
    """Return a script that takes functions away."""
    parts = [name.rpartition(".") for name in names]
    return "".join(
        f"Object.defineProperty({owner}, '{key}', {{value: undefined}});" for owner, _dot, key in parts
    )


def save_by_what_is_there(page, value):
    """Answer the first item; without the script, by the button of the plain form."""
    answer(page, 0, value)
    if page.locator("[data-plain] button").first.is_visible():
        page.locator('button[value="review"]').click()
        page.wait_for_url("**/ballot/review/")
        return "plain"
    expect_all_saved(page)
    return "live"


@pytest.mark.parametrize("names", [*([name] for name in YOUNG), YOUNG], ids=[*YOUNG, "all of them"])
def test_a_browser_without_newer_functions_saves_every_answer(open_ballot, invitation, names):
    page = open_ballot(prepare=lambda page: page.add_init_script(without(*names)))

    assert save_by_what_is_there(page, 4) == "live"
    assert stored(invitation) == [4]
    items(page).nth(0).locator(".item-comment summary").click()
    items(page).nth(0).locator("textarea").fill("words")
    items(page).nth(0).locator("[data-comment-save]").click()
    expect(items(page).nth(0).locator("[data-comment-state]")).to_have_text("Saved")


@pytest.mark.parametrize("name", NEEDED)
def test_a_browser_that_lacks_what_saving_needs_keeps_the_plain_form(open_ballot, invitation, name):
    page = open_ballot(prepare=lambda page: page.add_init_script(without(name)))

    assert save_by_what_is_there(page, 4) == "plain"
    assert stored(invitation) == [4]


@pytest.mark.parametrize("script", SCRIPTS)
@pytest.mark.parametrize("body", [None, "const a = b ?? ;", "throw new Error('broken')"])
def test_a_script_that_does_not_come_or_breaks_leaves_the_plain_form(open_ballot, invitation, script, body):
    answered = {"body": body, "content_type": "text/javascript"}
    page = open_ballot(
        prepare=lambda page: page.route(
            f"**/js/{script}", lambda route: route.fulfill(**answered) if body else route.abort()
        )
    )

    assert save_by_what_is_there(page, 2) == "plain"
    assert stored(invitation) == [2]


def test_a_function_that_fails_in_the_middle_gives_the_plain_form_back(open_ballot, invitation):
    page = open_ballot()
    answer(page, 0, 5)
    expect_all_saved(page)
    page.evaluate("window.AbortController = undefined")
    page.on("dialog", lambda dialog: pytest.fail(dialog.message))

    answer(page, 0, 2)
    answer(page, 1, 3)
    expect(items(page).nth(0).locator("[data-item-state]")).to_have_text("Not saved yet")
    expect(page.locator("[data-state]")).to_be_empty()
    page.locator('button[value="review"]').click()
    page.wait_for_url("**/ballot/review/")

    assert sorted(stored(invitation)) == [2, 3]


@pytest.mark.parametrize("script", SCRIPTS + EVERYWHERE)
def test_the_ballots_scripts_are_written_for_old_browsers(script, settings):
    """Syntax cannot be deleted from a browser: what Chrome 70 and iOS 13 cannot read is looked for."""
    text = (settings.BASE_DIR / "static" / "js" / script).read_text()
    code = re.sub(r"/\*.*?\*/|//[^\n]*", "", text, flags=re.DOTALL)
    assert not re.search(
        r"\?\.\D|\?\?|\|\|=|&&=|#\w+\s*[(=;]|^await\b|^\s*static\b", code, flags=re.MULTILINE
    )


def test_one_answer_that_cannot_be_saved_is_marked_and_holds_up_no_other(open_ballot, invitation):
    page = open_ballot()
    first = items(page).nth(0).get_attribute("data-url")
    # As an address that leads elsewhere answers: not about the click, and not about the session.
    page.route(f"**{first}", lambda route: route.fulfill(status=404, body="<p>nothing here</p>"))
    below = height_of(items(page).nth(0))
    for place in range(3):
        answer(page, place, place + 1)

    expect(items(page).nth(0).locator("[data-item-state]")).to_contain_text("This answer alone is not saved")
    assert height_of(items(page).nth(0)) == below, "what it says moves what somebody is about to click"
    expect(page.locator("[data-state]")).to_have_text("Not saved: 1, marked below. All others are saved.")
    for width in (1280, 390):
        page.set_viewport_size({"width": width, "height": 844})
        told, comment, scale = boxes_of(items(page).nth(0))
        assert told["x"] >= comment["x"] + comment["width"], "the reason lies over the comment"
        assert told["y"] >= scale["y"] + scale["height"], "the reason lies over the scale"
    expect(page.locator("#ballot-signed-out")).to_be_hidden()
    assert sorted(stored(invitation)) == [2, 3]

    page.unroute(f"**{first}")
    answer(page, 0, 5)
    expect_all_saved(page)
    assert sorted(stored(invitation)) == [2, 3, 5]


def height_of(item):
    return item.bounding_box()["height"]


def boxes_of(item):
    """Return where the state, the comment's head and the scale of an item lie."""
    parts = ("[data-item-state]", ".item-comment summary", ".scale-row")
    return [item.locator(part).bounding_box() for part in parts]


def test_an_answer_that_breaks_the_server_holds_up_no_other_and_is_tried_again(open_ballot, invitation):
    page = open_ballot()
    first = items(page).nth(0).get_attribute("data-url")
    page.route(f"**{first}", lambda route: route.fulfill(status=500, body="<p>broken</p>"))
    for place in range(4):
        answer(page, place, 3)

    expect(page.locator("[data-state]")).to_contain_text("Not saved: 1")
    assert stored(invitation) == [3, 3, 3]
    page.unroute(f"**{first}")
    page.evaluate("dispatchEvent(new Event('online'))")
    expect_all_saved(page)
    assert stored(invitation) == [3] * 4


def test_a_server_that_fails_over_everything_is_not_asked_about_every_answer(open_ballot, invitation):
    page = open_ballot()
    asked = []
    page.route("**/ballot/items/**", lambda route: (asked.append(1), route.fulfill(status=503, body="later")))
    page.context.set_offline(True)
    for place in range(7):
        answer(page, place, 3)
    expect(page.locator("[data-state]")).to_contain_text("Not saved: 7")
    asked.clear()
    page.evaluate("dispatchEvent(new Event('online'))")
    while not asked:
        page.wait_for_timeout(50)
    page.wait_for_timeout(800)

    assert len(asked) <= 6
    page.unroute_all(behavior="wait")
    page.context.set_offline(False)
    expect_all_saved(page)


def test_a_stuck_answer_does_not_keep_the_expert_from_the_review(open_ballot):
    page = open_ballot()
    first = items(page).nth(0).get_attribute("data-url")
    page.route(f"**{first}", lambda route: route.fulfill(status=404, body="<p>nothing here</p>"))
    answer(page, 0, 1)
    expect(items(page).nth(0).locator("[data-item-state]")).to_contain_text("This answer alone is not saved")
    page.on("dialog", lambda dialog: pytest.fail(dialog.message))

    page.locator(".ballot-end [data-review]").click()
    page.wait_for_url("**/ballot/review/")


def test_over_plain_http_every_answer_is_saved(
    browser_type, browser_type_launch_args, live_server, settings, invitation
):
    """Away from the loopback interface HTTP is no secure context: there is no randomUUID and no subtle."""
    settings.ALLOWED_HOSTS = ["*"]
    site = live_server.url.replace("localhost", "quanheng.test").replace("127.0.0.1", "quanheng.test")
    arguments = [*chromium.ARGUMENTS, "--host-resolver-rules=MAP quanheng.test 127.0.0.1"]
    browser = browser_type.launch(**{**browser_type_launch_args, "args": arguments})
    page = browser.new_page(locale="en")
    page.goto(site + reverse("weighting:receive-link", args=[issue_invitation_link(invitation)]))
    agree_and_begin(page)
    page.wait_for_url("**/ballot/")
    assert page.evaluate("[isSecureContext, typeof crypto.randomUUID]") == [False, "undefined"]

    assert save_by_what_is_there(page, 4) == "live"
    assert stored(invitation) == [4]
    browser.close()
