"""The cases of docs/ballot-access.md that are not in test_claims.py, each as its person meets it."""

import pytest
from django.urls import reverse

from tests import factories
from tests.factories import ballot_of, claim_of
from tests.weighting.ballots import save
from tests.weighting.claims import (
    ANEW,
    BALLOT,
    CONFIRM,
    FILE,
    KEY,
    begin,
    begun,
    browser,
    code_on,
    key_of,
    open_link,
    sealed,
)
from tests.weighting.test_sheets import filled
from weighting.enums import Feedback, Role, RoundState
from weighting.exceptions import Refused
from weighting.models import Ballot, Invitation
from weighting.readers import PanelRow
from weighting.selectors.claims import bears_locks
from weighting.services.access import issue_invitation_link, revoke_invitation_links
from weighting.services.invitations import add_experts, remove_expert
from weighting.services.rounds import close_round, extend_deadline, void_round
from weighting.services.sheets import import_sheet

pytestmark = pytest.mark.django_db


def is_claimed_page(page):
    return "weighting/claimed.html" in [template.name for template in page.templates]


def test_the_printed_link_and_its_code_lead_to_the_same_ballot(invitation, round_manager):
    staff = factories.sign_in_staff(browser(), round_manager)
    page = staff.post(reverse("weighting:invitation-link", args=[invitation.round_id, invitation.pk]))
    token, code = code_on(page)
    expert = browser()
    begin(expert, token)
    save(expert, "infra", 4)

    again = expert.post(reverse("weighting:enter-code"), {"code": code}, follow=True)

    assert again.redirect_chain[-1][0] == BALLOT
    assert again.context["own"].answered_count == 1


def test_revoked_links_let_the_expert_go_on_where_the_ballot_was_begun(invitation, round_manager):
    expert, token = begun(invitation)
    revoke_invitation_links(invitation, actor=round_manager)

    assert save(expert, "infra", 4).status_code == 200
    assert open_link(browser(), token).status_code == 404


def test_the_close_finds_a_page_open_and_tells_it(invitation, round_, round_manager):
    expert, _token = sealed(invitation)
    close_round(round_, actor=round_manager)

    answer = save(expert, "infra", 1, seen=1)

    assert (answer.status_code, answer.json()["state"]) == (409, "closed")
    assert bears_locks(round_) is False


def test_a_removed_expert_who_is_invited_again_begins_with_an_empty_ballot(invitation, round_, round_manager):
    expert, token = begun(invitation)
    save(expert, "infra", 4)
    remove_expert(invitation, actor=round_manager)
    assert open_link(browser(), token).status_code == 404
    assert save(expert, "infra", 5, seen=1).status_code == 302
    person = invitation.expert
    row = PanelRow(
        row=1,
        code=person.code,
        name=person.name,
        email=person.email,
        organisation="",
        sector=person.sector,
        language=person.language,
    )
    add_experts(round_, people=[row], actor=round_manager)

    assert begin(expert, issue_invitation_link(invitation))["Location"] == BALLOT
    assert expert.get(BALLOT).context["own"].answered_count == 0


def test_a_removed_experts_draft_is_deleted_at_the_close(invitation, round_, round_manager):
    begun(invitation)
    remove_expert(invitation, actor=round_manager)
    assert Ballot.objects.count() == 1

    close_round(round_, actor=round_manager)

    assert Ballot.objects.count() == 0


def test_the_page_of_an_expert_who_has_sealed_offers_no_removal(invitation, round_, round_manager):
    staff = factories.sign_in_staff(browser(), round_manager)
    detail = reverse("weighting:invitation-detail", args=[round_.pk, invitation.pk])
    remove = reverse("weighting:invitation-remove", args=[round_.pk, invitation.pk])
    begun(invitation)
    assert remove in staff.get(detail).text
    factories.fill_ballot(invitation)
    factories.seal_ballot(claim_of(invitation))

    assert remove not in staff.get(detail).text
    refused = staff.post(remove)
    assert refused.status_code == 409
    assert "nobody can tell which ballot is theirs" in refused.text


def test_a_paper_ballot_stands_and_nobody_has_a_key_to_it(invitation, round_, round_manager):
    import_sheet(invitation, source=filled(round_), filename="f.xlsx", actor=round_manager)
    expert, token = browser(), issue_invitation_link(invitation)

    assert is_claimed_page(open_link(expert, token))
    assert expert.post(KEY, {"key": "0" * 12}).status_code == 422
    assert expert.post(ANEW, factories.CONSENT)["Location"] == CONFIRM


def test_a_form_never_takes_the_place_of_a_ballot_that_was_begun(invitation, round_, round_manager):
    begun(invitation)

    with pytest.raises(Refused, match="begun already"):
        import_sheet(invitation, source=filled(round_), filename="f.xlsx", actor=round_manager)


def test_a_deadline_that_moves_keeps_the_ballot_with_its_browser(invitation, round_, round_manager):
    expert, token = begun(invitation)
    extend_deadline(round_, deadline=round_.deadline + factories.timedelta(days=30), actor=round_manager)

    assert expert.get(BALLOT).status_code == 200
    assert open_link(expert, token).redirect_chain[-1][0] == BALLOT


def test_a_voided_round_leaves_no_lock_and_shows_its_experts_that_it_was_voided(
    invitation, round_, round_manager
):
    expert, _token = sealed(invitation)
    void_round(round_, reason="wrong list", actor=round_manager)

    page = expert.get(BALLOT)
    assert page.context["void"] is True
    assert not bears_locks(round_)
    assert expert.get(FILE, follow=True).redirect_chain[-1][0] == BALLOT


@pytest.mark.parametrize("role", [Role.MANAGER, Role.ADMINISTRATOR, Role.ANALYST])
def test_staff_have_no_page_on_which_a_key_opens_a_ballot(invitation, role):
    """A key is typed behind a personal link alone, and going on signs the account out."""
    expert, token = sealed(invitation)
    staff = factories.sign_in_staff(browser(), factories.make_account(role))

    assert staff.get(BALLOT).status_code == 404
    assert staff.post(KEY, {"key": key_of(expert)})["Location"] == CONFIRM
    assert is_claimed_page(open_link(staff, token))


def test_no_page_file_or_answer_of_the_api_holds_what_opens_a_ballot(invitation, round_, round_manager):
    expert, _token = sealed(invitation)
    claim, ballot = claim_of(invitation), ballot_of(invitation)
    held = Invitation.objects.get(pk=invitation.pk).claim
    administrator = factories.make_account(Role.ADMINISTRATOR, is_staff=True, is_superuser=True)
    for account in (round_manager, administrator):
        staff = factories.sign_in_staff(browser(), account)
        addresses = [
            reverse("weighting:round-detail", args=[round_.pk]),
            reverse("weighting:invitation-detail", args=[round_.pk, invitation.pk]),
            reverse("weighting:api-round", args=[round_.pk]),
            reverse("weighting:audit"),
            reverse("weighting:audit-export") + "?format=csv",
            reverse("weighting:round-receipts", args=[round_.pk]),
        ]
        for address in addresses:
            body = b"".join(staff.get(address)).decode(errors="replace")
            for secret in (claim.secret, key_of(expert), claim.lock, held, ballot.pk.hex, ballot.receipt):
                assert secret not in body, address


# --- a series -------------------------------------------------------------------------------------


@pytest.fixture
def series(manager):
    """Two rounds of a series that shows own scores, the first one closed, and its experts' browsers."""
    framework, panel = factories.make_framework(owner=manager), factories.make_panel(5, owner=manager)
    parts = {"manager": manager, "framework": framework, "panel": panel, "feedback": Feedback.OWN}
    first = factories.make_round(**parts, state=RoundState.OPEN)
    experts = []
    for place in range(5):
        own = factories.make_invitation(first, place=place)
        client, _token = begun(own)
        factories.fill_ballot(own, scores=lambda _code, p=place: p + 1)
        client.post(reverse("weighting:ballot-seal"))
        experts.append(client)
    first = factories.mark_aggregated(close_round(first, actor=manager))
    return factories.make_round(**parts, follows=first), experts


def own_earlier(client):
    sections = client.get(BALLOT).context["sections"]
    return {card.earlier.own for _section, cards, _whole in sections for card, _kept in cards if card.earlier}


def test_the_same_browser_shows_the_own_earlier_scores_without_a_key(series):
    after, experts = series
    invitation = factories.make_invitation(after, place=2)
    begin(experts[2], issue_invitation_link(invitation))

    assert own_earlier(experts[2]) == {3}


def test_another_device_shows_them_by_the_key_of_the_earlier_round(series):
    after, experts = series
    invitation = factories.make_invitation(after, place=2)
    other = browser()
    begin(other, issue_invitation_link(invitation))
    earlier_key = reverse("weighting:ballot-earlier-key")

    assert own_earlier(other) == {None}
    assert earlier_key in other.get(BALLOT).text
    assert other.post(earlier_key, {"key": key_of(experts[1])}).status_code == 422
    assert other.post(earlier_key, {"key": key_of(experts[2])})["Location"] == BALLOT
    assert own_earlier(other) == {3}
    assert earlier_key not in other.get(BALLOT).text


def test_the_key_of_the_later_round_alone_then_shows_them_on_a_third(series):
    after, experts = series
    invitation = factories.make_invitation(after, place=2)
    token = issue_invitation_link(invitation)
    begin(experts[2], token)
    third = browser()
    open_link(third, token)
    third.post(KEY, {"key": key_of(experts[2])})

    assert own_earlier(third) == {3}
