"""The first browser that confirms an invitation holds its ballot; the invitation alone opens it no more."""

import hashlib

import pytest
from django.conf import settings
from django.contrib.sessions.models import Session
from django.core import mail
from django.test import Client
from django.urls import reverse

from tests import factories
from tests.factories import ballot_of, claim_of
from tests.weighting.ballots import save, stored
from tests.weighting.claims import (
    ANEW,
    BALLOT,
    CONFIRM,
    FILE,
    KEY,
    NOT_ME,
    RECEIPT,
    begin,
    begun,
    browser,
    code_on,
    key_of,
    open_link,
    sealed,
)
from weighting.exceptions import AlreadyClaimed, ClaimReplaced, WrongKey
from weighting.keyring import LIFETIME
from weighting.models import AuditEntry, Ballot, Invitation
from weighting.selectors.claims import Claim, claim_hash, lock_of, new_key, secret_of
from weighting.services.access import issue_invitation_link
from weighting.services.attempts import MOST_FAILURES
from weighting.services.ballots import seal_ballot
from weighting.services.claims import claim_ballot, redeem_key
from weighting.services.letters import write_invitations
from weighting.services.rounds import close_round
from weighting.tasks import mail_letter

pytestmark = pytest.mark.django_db

OWN_PAGES = [BALLOT, RECEIPT, FILE, reverse("weighting:ballot-review"), reverse("weighting:receipts")]


# --- the browser that claimed it ------------------------------------------------------------------


def test_opening_the_link_again_in_the_same_browser_leads_straight_to_the_ballot(invitation):
    client, token = begun(invitation)
    save(client, "infra", 4)

    page = open_link(client, token)

    assert page.redirect_chain[-1][0] == BALLOT
    assert page.context["own"].answered_count == 1


def test_a_session_that_ended_and_a_browser_restored_cost_nothing(invitation):
    client, _token = begun(invitation)
    restored = browser()
    restored.cookies[settings.BALLOT_COOKIE_NAME] = client.cookies[settings.BALLOT_COOKIE_NAME].value

    assert restored.get(BALLOT).status_code == 200


def test_the_secret_is_kept_in_a_cookie_of_its_own_and_nowhere_else(invitation, settings):
    settings.HTTPS = True
    client, _token = begun(invitation)
    cookie = client.cookies[settings.BALLOT_COOKIE_NAME]
    key, secret = cookie.value[:12], cookie.value[12:]

    assert (cookie["httponly"], cookie["samesite"], cookie["secure"]) == (True, "Lax", True)
    assert cookie["max-age"] == LIFETIME
    assert secret == secret_of(invitation, key)
    assert not Session.objects.exists()
    stored = Invitation.objects.get(pk=invitation.pk)
    ballot = Ballot.objects.get(round=invitation.round)
    assert (stored.claim, ballot.lock) == (claim_hash(secret), lock_of(secret))
    assert stored.claim != ballot.lock


@pytest.mark.parametrize("value", ["", "-", "....", "x" * 5000, "0123456789AB" + "g" * 32, "\u00e9"])
def test_a_damaged_cookie_opens_nothing_and_breaks_nothing(value):
    client = browser()
    client.cookies[settings.BALLOT_COOKIE_NAME] = value

    assert client.get(BALLOT)["Location"].startswith(reverse("weighting:sign-in"))


def test_whoever_leaves_the_ballot_needs_the_link_to_come_back_and_no_key(invitation):
    client, token = begun(invitation)
    client.post(reverse("weighting:sign-out"))

    assert client.get(BALLOT)["Location"].startswith(reverse("weighting:sign-in"))
    assert open_link(client, token).redirect_chain[-1][0] == BALLOT


def test_a_device_that_others_use_forgets_the_ballot_and_the_link_opens_it_there_no_more(round_):
    """A manager who lends a tablet has the links of all who scored on it."""
    first, second = (factories.make_invitation(round_, place=place) for place in (0, 1))
    tablet, tokens = browser(), [issue_invitation_link(each) for each in (first, second)]
    for token in tokens:
        begin(tablet, token)
    key = key_of(tablet)
    save(tablet, "infra", 5)
    assert 'name="forget"' in tablet.get(BALLOT).text
    told = tablet.post(reverse("weighting:sign-out"), {"forget": "1"}, follow=True)

    assert "has forgotten your ballot" in told.text
    assert key not in tablet.cookies[settings.BALLOT_COOKIE_NAME].value
    assert open_link(tablet, tokens[1]).redirect_chain[-1][0] != BALLOT
    assert tablet.get(BALLOT).status_code != 200
    # The other's ballot stays where it was, and the key opens this one.
    assert open_link(tablet, tokens[0]).redirect_chain[-1][0] == BALLOT
    open_link(tablet, tokens[1])
    tablet.post(KEY, {"key": key})
    assert tablet.get(BALLOT).context["own"].answered_count == 1


def test_the_receipt_offers_to_forget_the_ballot_and_says_who_could_open_it(invitation):
    client, _token = sealed(invitation)
    page = client.get(RECEIPT).text
    assert 'name="forget"' in page
    assert "whoever has the link" in page


def test_two_experts_on_one_tablet_each_come_to_their_own_ballot(round_):
    first, second = (factories.make_invitation(round_, place=place) for place in (0, 1))
    tablet, tokens = browser(), [issue_invitation_link(each) for each in (first, second)]
    for token in tokens:
        begin(tablet, token)
    save(tablet, "infra", 5)
    open_link(tablet, tokens[0])
    save(tablet, "infra", 1)

    assert (stored(first), stored(second)) == ({"infra": 1}, {"infra": 5})


# --- the invitation alone -------------------------------------------------------------------------


def ways_in(invitation, round_manager):
    """Every way in that a manager or a helper of theirs can take: a new link, its code, a mailed link."""
    staff = factories.sign_in_staff(Client(), round_manager)
    address = reverse("weighting:invitation-link", args=[invitation.round_id, invitation.pk])
    token, code = code_on(staff.post(address))
    yield "new link", lambda client: open_link(client, token)
    yield (
        "code",
        lambda client: client.post(reverse("weighting:enter-code"), {"code": code}, follow=True),
    )
    Invitation.objects.filter(pk=invitation.pk).update(sealed=False, mailed=False)
    for letter in write_invitations(invitation.round, actor=round_manager):
        if letter.invitation_id == invitation.pk:
            mail_letter(letter.pk)
    Invitation.objects.filter(pk=invitation.pk).update(sealed=True)
    mailed = mail.outbox[-1].body.split("/in/")[1].split("/")[0]
    yield "mailed link", lambda client: open_link(client, mailed)


def test_no_link_or_code_that_a_manager_makes_opens_a_sealed_ballot(invitation, round_manager):
    expert, _token = sealed(invitation)
    before = ballot_of(invitation)

    for name, come_in in ways_in(invitation, round_manager):
        spy = browser()
        page = come_in(spy)
        assert "weighting/claimed.html" in [template.name for template in page.templates], name
        for address in (
            BALLOT,
            RECEIPT,
            FILE,
            reverse("weighting:ballot-review"),
            reverse("weighting:receipts"),
        ):
            assert spy.get(address)["Location"].startswith(reverse("weighting:sign-in")), (name, address)
        for address in (CONFIRM, ANEW):
            spy.post(address, factories.CONSENT)
        assert save(spy, "infra", 1).status_code == 302
        assert spy.post(reverse("weighting:ballot-seal")).status_code == 302
        assert before.receipt not in spy.get(CONFIRM).content.decode()
    after = ballot_of(invitation)
    assert (after.receipt, after.sealed_scores) == (before.receipt, before.sealed_scores)
    assert expert.get(RECEIPT).status_code == 200


def test_were_the_link_enough_a_manager_would_read_it(invitation, round_manager, monkeypatch):
    """Control: the attack above finds the ballot once the claim is not asked for."""
    sealed(invitation)
    claim = claim_of(invitation)
    monkeypatch.setattr("weighting.keyring.KeyRing.claim_to", lambda _ring, _invitation: claim)

    for name, come_in in ways_in(invitation, round_manager):
        spy = browser()
        come_in(spy)
        assert spy.get(FILE).json()["scores"] == ballot_of(invitation).sealed_scores, name


def test_a_claimed_ballot_is_claimed_no_second_time(invitation):
    claim_of(invitation)

    with pytest.raises(AlreadyClaimed):
        claim_ballot(Claim(invitation, "0" * 32))


# --- the ballot key -------------------------------------------------------------------------------


def test_the_key_is_shown_beside_the_first_item_and_on_the_receipt_to_its_holder(invitation):
    client, _token = begun(invitation)
    key = key_of(client)
    shown = f"{key[:4]}-{key[4:8]}-{key[8:]}"

    assert shown in client.get(BALLOT).content.decode()
    factories.fill_ballot(invitation)
    client.post(reverse("weighting:ballot-seal"))
    assert shown in client.get(RECEIPT).content.decode()
    picture = client.get(reverse("weighting:ballot-key-picture"))
    assert picture.content.startswith(b"\x89PNG")
    assert "no-store" in picture["Cache-Control"]


def test_with_the_key_the_expert_goes_on_elsewhere_and_seals_again(invitation):
    first, token = sealed(invitation)
    receipt = ballot_of(invitation).receipt
    second = browser()
    open_link(second, token)

    typed = " ".join([key_of(first)[:4].lower(), key_of(first)[4:]])
    assert second.post(KEY, {"key": typed})["Location"] == BALLOT
    assert second.get(FILE).json()["receipt"] == receipt
    save(second, "infra", 5, seen=1)
    second.post(reverse("weighting:ballot-seal"))
    assert ballot_of(invitation).superseded_receipts == [receipt]
    assert first.get(FILE).json()["receipt"] == ballot_of(invitation).receipt


def test_both_devices_then_hold_one_ballot_and_a_stale_page_is_told(invitation):
    first, token = begun(invitation)
    second = browser()
    open_link(second, token)
    second.post(KEY, {"key": key_of(first)})

    assert save(first, "infra", 4).status_code == 200
    assert save(second, "infra", 2).json()["state"] == "stale"


def test_a_key_is_sixty_bits_of_letters_that_nobody_mistakes():
    keys = {new_key() for _ in range(200)}

    assert len(keys) == 200
    assert not set("".join(keys)) & set("ILOU")
    assert 32 ** len(keys.pop()) == 2**60


def test_a_key_opens_the_ballot_of_its_own_invitation_alone(round_):
    first, second = (factories.make_invitation(round_, place=place) for place in (0, 1))
    client, _token = begun(first)
    begun(second)

    with pytest.raises(WrongKey):
        redeem_key(Invitation.objects.get(pk=second.pk), key_of(client), address="")


def test_a_wrong_key_is_refused_with_the_way_on(invitation):
    _client, token = begun(invitation)
    other = browser()
    open_link(other, token)

    assert "open the link the way you did the first time" in other.get(CONFIRM).content.decode()
    page = other.post(KEY, {"key": "0000-0000-0000"})

    assert page.status_code == 422
    assert "not the key of this ballot" in page.content.decode()
    assert other.get(BALLOT).status_code == 302


def test_a_right_key_is_let_in_however_many_wrong_ones_came_before(invitation):
    first, token = begun(invitation)
    other = browser()
    open_link(other, token)
    statuses = [other.post(KEY, {"key": "0" * 12}).status_code for _ in range(MOST_FAILURES + 1)]

    assert (statuses[0], statuses[-1]) == (422, 429)
    assert other.post(KEY, {"key": key_of(first)})["Location"] == BALLOT


def test_the_key_takes_scrypt_to_try(settings):
    """What stands in the settings of the product, not of the tests."""
    from config import settings as product

    assert product.BALLOT_KEY_COST >= 2**14


def test_a_key_stands_for_what_any_scrypt_makes_of_it(invitation):
    """Whoever wrote a key down goes on by it, whatever library stretches it."""
    salt = f"quanheng/ballot-key/1\n{invitation.pk}".encode()
    made = hashlib.scrypt(b"7K3MPQ2XW9AB", salt=salt, n=settings.BALLOT_KEY_COST, r=8, p=1, dklen=16)
    assert secret_of(invitation, "7k3m pq2x w9ab") == made.hex()


# --- begun anew, and by somebody else -------------------------------------------------------------


def test_an_unsealed_ballot_without_key_is_begun_anew_empty(invitation, round_, round_manager):
    first, token = begun(invitation)
    save(first, "infra", 4)
    other = browser()
    open_link(other, token)

    assert other.get(ANEW).status_code == 200
    assert other.post(ANEW, factories.CONSENT)["Location"] == BALLOT

    factories.remember_claims(other)
    assert other.get(BALLOT).context["own"].answered_count == 0
    assert save(first, "infra", 5, seen=1).status_code == 302
    assert first.post(reverse("weighting:ballot-seal")).status_code == 302
    factories.fill_ballot(invitation)
    other.post(reverse("weighting:ballot-seal"))
    closed = close_round(round_, actor=round_manager)
    assert (closed.sealed_count, Ballot.objects.filter(round=round_).count()) == (1, 1)


def test_beginning_anew_asks_for_consent_once_more(invitation):
    _first, token = begun(invitation)
    other = browser()
    open_link(other, token)

    assert other.post(ANEW).status_code == 422
    assert other.get(BALLOT).status_code == 302


def test_who_held_the_ballot_before_can_no_longer_seal_it(invitation):
    """Two sealed ballots for one person would be one too many."""
    old = claim_of(invitation)
    factories.fill_ballot(invitation)
    claim_ballot(Claim(invitation, "0" * 32), anew=True)

    with pytest.raises(ClaimReplaced):
        seal_ballot(old)


def test_a_sealed_ballot_is_not_begun_anew(invitation):
    _client, token = sealed(invitation)
    other = browser()
    page = open_link(other, token)

    assert reverse("weighting:begin-anew") not in page.content.decode()
    assert other.post(ANEW, factories.CONSENT)["Location"] == CONFIRM
    with pytest.raises(AlreadyClaimed):
        claim_ballot(Claim(invitation, "0" * 32), anew=True)


@pytest.mark.parametrize("make", [begun, sealed])
def test_an_expert_says_that_it_was_somebody_else(make, invitation, round_, round_manager):
    _other, token = make(invitation)
    expert = browser()
    open_link(expert, token)

    page = expert.post(NOT_ME)
    again = expert.post(NOT_ME)

    assert "see that it was not you" in page.content.decode()
    assert again.status_code == 200
    staff = factories.sign_in_staff(browser(), round_manager)
    detail = reverse("weighting:invitation-detail", args=[round_.pk, invitation.pk])
    assert "somebody else used this invitation" in staff.get(detail).content.decode()
    assert "says it was somebody else" in staff.get(reverse("weighting:round-detail", args=[round_.pk])).text
    assert "said that somebody else used the invitation" in staff.get(reverse("weighting:audit")).text
    assert "server's clock" not in staff.get(reverse("weighting:audit") + "?act=dispute_claim").text
    assert AuditEntry.objects.get(act="dispute_claim").detail == {}
    assert ("Begin anew" in page.content.decode()) == (make is begun)


def test_nobody_disputes_what_nobody_has_claimed(invitation):
    expert = browser()
    open_link(expert, issue_invitation_link(invitation))

    assert expert.post(NOT_ME)["Location"] == CONFIRM
    assert not Invitation.objects.get(pk=invitation.pk).disputed


# --- closed, withdrawn ----------------------------------------------------------------------------


def test_after_the_close_the_cookie_leads_to_the_page_that_says_so_and_to_no_ballot(
    invitation, round_, round_manager
):
    client, token = sealed(invitation)
    close_round(round_, actor=round_manager)

    page = client.get(BALLOT)
    assert (page.context["sealed"], page.context["keeps_link"]) == (True, False)
    assert client.get(FILE, follow=True).redirect_chain[-1][0] == BALLOT
    assert save(client, "infra", 1).json()["state"] == "closed"
    assert open_link(client, token).redirect_chain[-1][0] == BALLOT


def test_after_the_close_the_link_alone_tells_what_the_manager_knows(invitation, round_, round_manager):
    _client, token = sealed(invitation)
    close_round(round_, actor=round_manager)
    other = browser()
    page = open_link(other, token).content.decode()
    other.post(CONFIRM)

    # What a round asks that is over would be read as a task.
    assert ("no longer open" in page, "What happens to your answers" in page) == (True, False)
    assert other.get(BALLOT).context["sealed"] is True
    assert other.get(FILE, follow=True).redirect_chain[-1][0] == BALLOT


def test_who_withdrew_begins_again_in_the_same_browser_and_by_the_link_in_another(invitation):
    client, token = sealed(invitation)
    client.post(reverse("weighting:ballot-withdraw"))
    assert not Ballot.objects.exists()

    assert client.post(reverse("weighting:ballot-terms"), factories.CONSENT)["Location"] == BALLOT
    client.post(reverse("weighting:ballot-withdraw"))
    assert begin(browser(), token)["Location"] == BALLOT
    assert client.get(BALLOT).status_code == 302


def test_a_mail_scanner_that_presses_the_button_holds_an_empty_ballot_at_most(invitation):
    scanner, token = begun(invitation)
    expert = browser()

    assert "weighting/claimed.html" in [t.name for t in open_link(expert, token).templates]
    assert expert.post(ANEW, factories.CONSENT)["Location"] == BALLOT
    assert scanner.get(BALLOT).status_code == 302
