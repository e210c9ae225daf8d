"""The receipt check in a real browser: it answers without a network, and sends nothing."""

import json

import pytest
from django.conf import settings
from django.urls import reverse
from playwright.sync_api import expect

from tests import factories
from tests.factories import claim_of
from weighting.enums import ExclusionRule
from weighting.manifest import receipt_document
from weighting.models import Ballot
from weighting.selectors.rounds import items_of
from weighting.services.access import issue_invitation_link
from weighting.services.ballots import save_score, seal_ballot
from weighting.services.rounds import close_round
from weighting.views.listing import PAGE_SIZE

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def exclusion():
    return ExclusionRule.NONE


@pytest.fixture
def round_(manager, exclusion):
    return factories.make_round(manager=manager, exclusion=exclusion)


@pytest.fixture
def invitation(round_):
    invitation = factories.make_invitation(round_)
    factories.fill_ballot(invitation)
    seal_ballot(claim_of(invitation))
    return invitation


def receipt_of(invitation):
    return receipt_document(invitation.round, Ballot.objects.get(round=invitation.round_id))


@pytest.fixture
def open_check(live_server, context, invitation):
    """Come in by the link, load the page, and take the network away."""

    def open_page():
        context.add_cookies([{"name": "django_language", "value": "en", "url": live_server.url}])
        page = context.new_page()
        token, keys = issue_invitation_link(invitation), factories.held_by(invitation)
        context.add_cookies([{"name": settings.BALLOT_COOKIE_NAME, "value": keys, "url": live_server.url}])
        page.goto(live_server.url + reverse("weighting:receive-link", args=[token]))
        page.wait_for_url("**/ballot/")
        page.goto(live_server.url + reverse("weighting:receipts"))
        context.set_offline(True)
        return page

    return open_page


def check_text(page, text):
    page.locator("#receipt-text").fill(text)
    page.locator("#receipt-run").click()
    return page.locator("#receipt-result")


def test_a_counted_receipt_is_found_in_the_list_without_a_network(
    open_check, invitation, round_, manager, tmp_path
):
    receipt = receipt_of(invitation)
    close_round(round_, actor=manager)
    page = open_check()
    requests = []
    page.on("request", lambda request: requests.append(request.url))

    file = tmp_path / "receipt.json"
    file.write_text(json.dumps(receipt, indent=2, ensure_ascii=False))
    page.locator("#receipt-file").set_input_files(file)
    page.locator("#receipt-run").click()

    expect(page.locator("#receipt-result")).to_contain_text("Counted")
    expect(page.locator("#receipt-result")).to_be_focused()
    # The browser may still ask for the site's icon, which tells nobody anything.
    assert [url for url in requests if not url.endswith("/mark.svg")] == []


def test_a_superseded_an_altered_and_a_foreign_receipt_are_told_apart(
    open_check, invitation, round_, manager
):
    superseded = receipt_of(invitation)
    save_score(claim_of(invitation), code="infra", value=5, seen_revision=1, client="second thoughts")
    seal_ballot(claim_of(invitation))
    counted = receipt_of(invitation)
    close_round(round_, actor=manager)
    page = open_check()

    expect(check_text(page, json.dumps(counted))).to_contain_text("Counted")
    expect(check_text(page, json.dumps(superseded))).to_contain_text("Superseded")
    altered = counted | {"scores": counted["scores"] | {"infra": 1}}
    expect(check_text(page, json.dumps(altered))).to_contain_text("altered")
    expect(check_text(page, json.dumps(counted | {"round": 0}))).to_contain_text("another round")
    expect(check_text(page, "{}")).to_contain_text("not a receipt file")
    page.locator("#superseded-list li").evaluate("item => item.remove()")
    expect(check_text(page, json.dumps(superseded))).to_contain_text("in no list")
    page.locator("#receipt-list li").first.evaluate("item => item.remove()")
    expect(check_text(page, json.dumps(counted))).to_contain_text("does not add up")


def test_before_the_close_the_own_seal_and_the_superseded_ones_are_told_apart(open_check, invitation):
    superseded = receipt_of(invitation)
    save_score(claim_of(invitation), code="infra", value=5, seen_revision=1, client="second thoughts")
    seal_ballot(claim_of(invitation))
    current = receipt_of(invitation)
    page = open_check()

    expect(check_text(page, json.dumps(current))).to_contain_text("as it stands")
    expect(check_text(page, json.dumps(superseded))).to_contain_text("Superseded")
    page.locator("#superseded-list li").evaluate("item => item.remove()")
    expect(check_text(page, json.dumps(superseded))).to_contain_text("after the close")


@pytest.mark.parametrize("exclusion", [ExclusionRule.UNIFORM])
def test_a_ballot_that_the_rule_leaves_out_is_told_from_one_that_counts(
    open_check, invitation, round_, manager
):
    counts = receipt_of(invitation)
    for item in items_of(round_):
        save_score(claim_of(invitation), code=item.code, value=3, seen_revision=1, client=item.code)
    seal_ballot(claim_of(invitation))
    left_out = receipt_of(invitation)
    page = open_check()
    expect(check_text(page, json.dumps(left_out))).to_contain_text("Left out")
    expect(check_text(page, json.dumps(counts))).to_contain_text("Superseded")

    page.context.set_offline(False)
    close_round(round_, actor=manager)
    page.reload()
    expect(check_text(page, json.dumps(left_out))).to_contain_text("Left out")


def test_a_list_beyond_one_page_is_looked_through_whole_without_a_network(
    open_check, invitation, round_, manager
):
    counted = receipt_of(invitation)
    for place in range(PAGE_SIZE + 1):
        receipt = f"{place:064x}"
        Ballot.objects.create(round=round_, sealed_scores=counted["scores"], receipt=receipt)
    close_round(round_, actor=manager)
    page = open_check()

    assert counted["receipt"] not in page.locator("#receipt-list").inner_text()
    expect(check_text(page, json.dumps(counted))).to_contain_text("Counted")
    foreign = counted | {"nonce": "0" * 64}
    expect(check_text(page, json.dumps(foreign))).to_contain_text("altered")


def test_where_the_whole_list_does_not_come_nothing_is_judged(
    open_check, invitation, round_, manager, context
):
    for place in range(PAGE_SIZE + 1):
        Ballot.objects.create(round=round_, sealed_scores={}, receipt=f"{place:064x}")
    close_round(round_, actor=manager)
    context.route("**/receipts/counted.txt", lambda route: route.abort())

    page = open_check()
    expect(page.locator("#receipt-result")).to_contain_text("could not be loaded")
    expect(page.locator("#receipt-run")).to_be_disabled()
