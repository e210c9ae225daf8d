"""A mistyped address is corrected before its invitation is used; what went to the old one opens nothing."""

import pytest
from django.core import mail
from django.urls import reverse

from tests import factories
from tests.weighting.claims import begin, begun, browser, open_link
from weighting.enums import LetterState, Role, RoundState
from weighting.exceptions import Refused
from weighting.models import AuditEntry, Expert, Invitation
from weighting.services.access import issue_invitation_link
from weighting.services.addresses import correct_address
from weighting.services.invitations import remove_expert
from weighting.services.letters import deliver_letter, write_invitations, write_reminder
from weighting.services.mail import hand_over

pytestmark = pytest.mark.django_db
RIGHT = "right@p.example"


def token_in(message):
    return message.body.split("/in/")[1].split("/")[0]


def send(letters):
    for letter in letters:
        deliver_letter(letter.pk)


def mails_to(address):
    return [message for message in mail.outbox if message.to == [address]]


def test_the_old_link_opens_nothing_and_the_right_address_is_invited_anew(invitation, round_, round_manager):
    wrong = invitation.expert.email
    send(write_invitations(round_, actor=round_manager))
    (astray,) = mails_to(wrong)
    correct_address(invitation, email=RIGHT, actor=round_manager)

    assert open_link(browser(), token_in(astray)).status_code == 404
    assert [letter.state for letter in invitation.letters.all()] == [LetterState.ASTRAY]
    send(write_invitations(round_, actor=round_manager))
    (arrived,) = mails_to(RIGHT)
    assert len(mails_to(wrong)) == 1
    assert begin(browser(), token_in(arrived)).status_code == 302
    assert AuditEntry.objects.get(act="correct_address").detail == {}


def test_a_letter_that_waits_goes_to_the_right_address(invitation, round_, round_manager):
    letters = write_reminder(round_, actor=round_manager)
    correct_address(invitation, email=RIGHT, actor=round_manager)
    send(letters)

    assert len(mails_to(RIGHT)) == 1
    assert invitation.letters.get().state == LetterState.HANDED


def test_a_worker_that_read_the_wrong_address_before_writes_to_the_right_one(
    invitation, round_, round_manager
):
    letters = write_invitations(round_, actor=round_manager)
    letter = next(each for each in letters if each.invitation_id == invitation.pk)
    wrong = letter.invitation.expert.email
    correct_address(Invitation.objects.get(pk=invitation.pk), email=RIGHT, actor=round_manager)
    hand_over(letter)

    assert len(mails_to(RIGHT)) == 1
    assert mails_to(wrong) == []


def test_once_it_is_used_or_taken_back_the_address_stays(round_, round_manager):
    used, removed = round_.invitations.order_by("expert__code")[:2]
    expert, _token = begun(used)
    remove_expert(removed, actor=round_manager)
    for invitation in (used, removed):
        with pytest.raises(Refused, match="its address stays"):
            correct_address(invitation, email=RIGHT, actor=round_manager)
    assert expert.get(reverse("weighting:ballot")).status_code == 200
    assert not Expert.objects.filter(email=RIGHT).exists()


def test_an_address_that_is_somebodys_is_refused_with_their_name(invitation, round_, round_manager):
    other = round_.panel.experts.exclude(pk=invitation.expert_id).order_by("code").first()
    with pytest.raises(Refused, match=f"belongs to {other.name}"):
        correct_address(invitation, email=other.email.upper(), actor=round_manager)
    with pytest.raises(Refused, match="nobody may manage a round"):
        correct_address(invitation, email=round_manager.email, actor=round_manager)


def test_mail_of_anothers_round_is_redirected_by_the_administrator_alone(invitation, round_, round_manager):
    """Whoever corrects an address receives what is mailed to it."""
    factories.make_round(panel=round_.panel, state=RoundState.READY)
    with pytest.raises(Refused, match="administrator"):
        correct_address(invitation, email=RIGHT, actor=round_manager)
    administrator = factories.make_account(Role.ADMINISTRATOR)
    correct_address(invitation, email=RIGHT, actor=administrator)
    assert Expert.objects.get(pk=invitation.expert_id).email == RIGHT


def test_only_an_open_round_corrects(manager):
    round_ = factories.make_round(manager=manager, state=RoundState.CLOSED)
    with pytest.raises(Refused):
        correct_address(round_.invitations.first(), email=RIGHT, actor=manager)


def test_the_page_asks_corrects_and_leads_on(invitation, round_manager):
    client = factories.sign_in_staff(browser(), round_manager)
    token = issue_invitation_link(invitation)
    arguments = [invitation.round_id, invitation.pk]
    address = reverse("weighting:invitation-address", args=arguments)
    detail = client.get(reverse("weighting:invitation-detail", args=arguments))
    assert address in detail.text
    assert "opens nothing" in client.get(address).text
    assert client.post(address, {"email": "no address"}).status_code == 422
    assert client.post(address, {"email": round_manager.email}).status_code == 422

    done = client.post(address, {"email": RIGHT}, follow=True)

    assert "The address is corrected" in done.text
    assert RIGHT in done.text
    assert open_link(browser(), token).status_code == 404
