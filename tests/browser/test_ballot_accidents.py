"""Accidents on the ballot in a real browser: scripts that are late, lost networks, a panel that changes."""

import random
from pathlib import Path

import pytest
from django.conf import settings
from django.urls import reverse
from playwright.sync_api import TimeoutError as NotInTime
from playwright.sync_api import expect

from tests.browser.ballot_page import answer, expect_all_saved, items, stored
from tests.numbers import in_full
from weighting.models import Invitation, Score
from weighting.services.access import issue_invitation_link
from weighting.services.invitations import remove_expert
from weighting.services.rounds import close_round

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

SAVES, SCRIPT = "**/ballot/items/**", "**/js/ballot.js"
# Injections of each promised kind; one of each kind in the quick suite.
OUTAGES = in_full(30, otherwise=4)
BALLOT_JS = Path(settings.BASE_DIR) / "static" / "js" / "ballot.js"


# Before the scripts


def hold_scripts(page):
    """Keep the page's scripts back; return what lets them through."""
    page.route("**/js/*.js", lambda _route: None)
    page.goto(page.url, wait_until="commit")
    page.locator(".ballot-end").wait_for(state="attached")

    return lambda: page.unroute("**/js/*.js")


def test_what_is_chosen_and_written_before_the_scripts_arrive_is_saved(open_ballot, invitation):
    page = open_ballot()
    answer(page, 0, 2)
    expect_all_saved(page)
    release = hold_scripts(page)

    answer(page, 0, 5)
    answer(page, 3, 4)
    items(page).nth(0).locator(".item-comment summary").click()
    items(page).nth(0).locator("textarea").fill("early")
    answer(page, 1, 1)
    assert stored(invitation) == [2], "nothing can have been sent yet"
    release()

    expect_all_saved(page)
    expect(items(page).nth(0).locator("[data-comment-state]")).to_have_text("Saved")
    assert sorted(stored(invitation)) == [1, 4, 5]
    assert Score.objects.get(value=5).comment == "early"


def test_before_the_scripts_arrive_the_page_is_a_plain_form(open_ballot, invitation):
    page = open_ballot()
    hold_scripts(page)

    for place in range(7):
        answer(page, place, 3)
    page.locator('button[value="review"]').click(no_wait_after=True)
    page.wait_for_url("**/ballot/review/", wait_until="commit")

    assert stored(invitation) == [3] * 7


# Without a network


class Outage:
    """One way of losing the network; each says what the server may have stored before it ends."""

    def __init__(self, page, kind):
        self.page, self.kind = page, kind

    def begin(self):
        if self.kind == "server broken":
            self.page.route(SAVES, lambda route: route.fulfill(status=503, body="<p>later</p>"))
        elif self.kind == "reply lost":
            self.page.route(SAVES, self._lose_the_reply)
        elif self.kind == "reloaded meanwhile":
            self.page.route(SAVES, lambda route: route.abort())
        else:
            self.page.context.set_offline(True)

    def end(self):
        if self.kind == "reloaded meanwhile":
            self.page.reload()
        self.page.unroute_all(behavior="wait")
        self.page.context.set_offline(False)
        self.page.evaluate("dispatchEvent(new Event('online'))")

    def _lose_the_reply(self, route):
        route.fetch()
        route.abort()


KINDS = ["offline", "server broken", "reply lost", "reloaded meanwhile"]


def lose_the_network(page, invitation, outages, patience_ms=None):
    """Click during each outage; return what the page said untruly, and how often it was put to the test."""
    dice, chosen, wrong = random.Random(2016), {}, []
    page.on("dialog", lambda dialog: dialog.accept())
    names = [item.locator("fieldset").get_attribute("id") for item in items(page).all()]
    for turn in range(outages):
        outage = Outage(page, KINDS[turn % len(KINDS)])
        outage.begin()
        places = dice.sample(range(len(names)), dice.randint(1, 3))
        for place in places:
            chosen[names[place]] = dice.choice([v for v in range(1, 6) if v != chosen.get(names[place])])
            answer(page, place, chosen[names[place]])
        said = is_shown(page, f"Not saved: {len(places)}", patience_ms)
        outage.end()
        is_sent = is_shown(page, "All answers are saved", patience_ms)
        rows = Score.objects.filter(ballot__round=invitation.round_id).values_list("indicator_id", "value")
        if not (said and is_sent and {f"score-{pk}": value for pk, value in rows} == chosen):
            wrong.append((turn, outage.kind, said, is_sent, page.locator("[data-state]").inner_text()))
            return wrong
    return wrong


def is_shown(page, text, patience_ms):
    try:
        expect(page.locator("[data-state]")).to_contain_text(text, timeout=patience_ms)
    except (AssertionError, NotInTime):
        return False
    return True


@pytest.mark.faults
def test_what_is_chosen_without_a_network_is_called_unsaved_and_sent_later(open_ballot, invitation):
    wrong = lose_the_network(open_ballot(), invitation, OUTAGES)

    print(f"browser without a network: {OUTAGES} outages ({', '.join(KINDS)} in turn), untrue {wrong}")
    assert wrong == []


def test_a_page_that_forgets_what_it_could_not_send_is_noticed(open_ballot, invitation):
    """Control."""
    script = BALLOT_JS.read_text()
    forgetful = script.replace(
        "const outcome = await send(takeNext(item));",
        "await send(takeNext(item)); item.sent = null; const outcome = SETTLED;",
    )
    assert forgetful != script
    page = open_ballot()
    page.route(SCRIPT, lambda route: route.fulfill(body=forgetful, content_type="text/javascript"))
    page.reload()

    assert lose_the_network(page, invitation, 1, patience_ms=2_000) != []


def test_a_round_that_closed_during_an_outage_says_so_and_keeps_choice_and_text(
    open_ballot, context, round_, manager, invitation
):
    page = open_ballot()
    answer(page, 0, 5)
    expect_all_saved(page)
    context.set_offline(True)
    answer(page, 1, 2)
    items(page).nth(0).locator(".item-comment summary").click()
    items(page).nth(0).locator("textarea").fill("Too broad, in my view.")
    items(page).nth(0).locator("[data-comment-save]").click()
    close_round(round_, actor=manager)

    context.set_offline(False)

    expect(page.locator("#ballot-closed")).to_be_visible()
    expect(items(page).nth(1).locator('input[value="2"]')).to_be_checked()
    expect(items(page).nth(1).locator("[data-item-state]")).to_contain_text("closed")
    expect(items(page).nth(0).locator("[data-comment-state]")).to_contain_text("not open")
    expect(items(page).nth(0).locator("textarea")).to_have_value("Too broad, in my view.")


# The panel changes


def test_an_expert_who_is_removed_while_scoring_is_told_and_nothing_is_taken(
    come_in, live_server, manager, invitation
):
    page = come_in()
    answer(page, 0, 4)
    expect_all_saved(page)
    token = issue_invitation_link(invitation)
    remove_expert(invitation, actor=manager)

    answer(page, 1, 2)

    expect(page.locator("#ballot-signed-out")).to_be_visible()
    expect(items(page).nth(1).locator('input[value="2"]')).to_be_checked()
    page.on("dialog", lambda dialog: dialog.accept())
    page.goto(live_server.url + reverse("weighting:receive-link", args=[token]))
    expect(page.locator("main")).to_contain_text("no longer on the panel")
    assert not Invitation.objects.get(pk=invitation.pk).started
