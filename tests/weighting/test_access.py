"""Coming in: personal links are inert until confirmed; passwords are for staff and limited."""

from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.urls import reverse
from django.utils import timezone

from tests import factories
from weighting.enums import Language
from weighting.models import AccessLink, Invitation
from weighting.services.access import issue_account_link, issue_invitation_link, replace_invitation_link
from weighting.services.attempts import MOST_FAILURES
from weighting.services.rounds import close_round

pytestmark = pytest.mark.django_db

CONFIRM = reverse("weighting:confirm-link")
BALLOT = reverse("weighting:ballot")
SIGN_IN = reverse("weighting:sign-in")


def open_link(client, token):
    return client.get(reverse("weighting:receive-link", args=[token]))


def test_opening_a_link_signs_nobody_in_and_takes_the_token_out_of_the_address(client, invitation):
    token = issue_invitation_link(invitation)

    response = open_link(client, token)
    page = client.get(response["Location"])

    assert response["Location"] == CONFIRM
    assert token not in page.content.decode()
    assert client.get(BALLOT).status_code == 302
    assert not Invitation.objects.get(pk=invitation.pk).started


def test_a_mail_scanner_that_opens_the_link_twice_spoils_nothing(client, invitation):
    token = issue_invitation_link(invitation)
    for _visit in range(2):
        open_link(client, token)

    assert client.post(CONFIRM, factories.CONSENT)["Location"] == BALLOT


def test_the_confirm_page_tells_who_is_asked_what(client, invitation):
    response = open_link(client, issue_invitation_link(invitation))
    response = client.get(CONFIRM)

    page = response.content.decode()
    assert response.status_code == 200
    assert invitation.expert.name in page
    assert invitation.round.framework.name in page
    assert (response.context["item_count"], response.context["minutes"]) == (7, 2)
    assert "no-store" in response["Cache-Control"]


def test_beginning_opens_the_ballot_in_the_experts_language(client, invitation):
    open_link(client, issue_invitation_link(invitation))

    response = client.post(CONFIRM, factories.CONSENT)

    assert response["Location"] == BALLOT
    assert response.cookies["django_language"].value == Language.CHINESE
    assert Invitation.objects.get(pk=invitation.pk).started


def test_a_language_that_was_chosen_stays(client, invitation):
    client.cookies["django_language"] = "en"
    open_link(client, issue_invitation_link(invitation))

    assert "django_language" not in client.post(CONFIRM, factories.CONSENT).cookies


def test_a_link_brings_the_expert_back_as_often_as_needed(client, invitation):
    token = issue_invitation_link(invitation)
    for _visit in range(3):
        open_link(client, token)
        client.post(CONFIRM, factories.CONSENT)
        assert client.get(BALLOT).status_code == 200


@pytest.mark.parametrize("spoil", [{"revoked": True}, {"expires_at": timezone.now() - timedelta(seconds=1)}])
def test_a_withdrawn_or_expired_link_says_so_and_opens_nothing(client, invitation, spoil):
    token = issue_invitation_link(invitation)
    AccessLink.objects.update(**spoil)
    open_link(client, token)

    assert client.get(CONFIRM).status_code == 404
    assert client.post(CONFIRM, factories.CONSENT).status_code == 404
    assert client.get(BALLOT).status_code == 302


def test_a_browser_that_keeps_no_cookies_is_told_so_and_not_that_the_link_is_dead(client, invitation):
    token = issue_invitation_link(invitation)
    open_link(client, token)
    client.cookies.clear()
    lost = client.get(CONFIRM)

    assert lost.status_code == 404
    assert "this browser keeps no cookies" in lost.text
    assert "This link does not work" not in lost.text
    open_link(client, "no-such-token")
    dead = client.get(CONFIRM).text
    assert "This link does not work" in dead
    assert "cookies" not in dead


def test_an_unknown_link_says_so(client):
    open_link(client, "no-such-token")

    response = client.get(CONFIRM)

    assert response.status_code == 404
    assert "weighting/confirm_link.html" in [template.name for template in response.templates]


def test_a_new_link_leaves_the_ballot_with_the_browser_that_claimed_it(client, invitation, round_manager):
    token = issue_invitation_link(invitation)
    open_link(client, token)
    client.post(CONFIRM, factories.CONSENT)
    replace_invitation_link(invitation, actor=round_manager)
    open_link(client, token)

    assert client.get(CONFIRM).status_code == 404
    assert client.get(BALLOT).status_code == 200


def test_after_the_close_the_link_still_leads_to_the_page_that_says_so(
    client, round_, invitation, round_manager
):
    token = issue_invitation_link(invitation)
    close_round(round_, actor=round_manager)
    open_link(client, token)

    assert client.get(CONFIRM).context["is_open"] is False
    assert client.post(CONFIRM, factories.CONSENT)["Location"] == BALLOT
    assert client.get(BALLOT).context["sealed"] is False


def test_an_experts_link_signs_a_manager_out_first(client, invitation, round_manager):
    factories.sign_in_staff(client, round_manager)
    open_link(client, issue_invitation_link(invitation))
    client.post(CONFIRM, factories.CONSENT)

    assert client.get(reverse("weighting:round-list")).status_code == 404
    assert client.get(BALLOT).status_code == 200


def test_a_staff_link_signs_its_account_in(client, manager):
    open_link(client, issue_account_link(manager))

    assert client.get(CONFIRM).status_code == 200
    assert client.post(CONFIRM, factories.CONSENT)["Location"] == reverse("home")
    assert client.get(reverse("home"))["Location"] == reverse("weighting:round-list")


def test_a_link_of_a_switched_off_account_opens_nothing(client, manager):
    token = issue_account_link(manager)
    manager.is_active = False
    manager.save()
    open_link(client, token)

    assert client.post(CONFIRM, factories.CONSENT).status_code == 404


def test_the_confirm_page_without_a_link_sends_those_already_in_home(client, manager):
    factories.sign_in_staff(client, manager)

    assert client.get(CONFIRM)["Location"] == reverse("home")


def test_links_answer_no_other_method(client):
    assert client.post(reverse("weighting:receive-link", args=["x"])).status_code == 405
    assert client.delete(CONFIRM).status_code == 405
    assert client.get(reverse("weighting:sign-out")).status_code == 405


def test_the_token_is_stored_as_a_hash_alone(invitation):
    token = issue_invitation_link(invitation)

    assert token not in str(AccessLink.objects.values_list())


def test_no_token_waits_in_a_stored_session(client, invitation):
    """A stored session says when its owner came, and scanners open links that nobody confirms."""
    token = issue_invitation_link(invitation)
    open_link(client, token)

    assert client.post(CONFIRM, factories.CONSENT)["Location"] == BALLOT
    assert client.get(BALLOT).status_code == 200
    assert not Session.objects.exists()


def test_staff_sign_in_by_password_and_out_again(client, manager):
    response = client.post(SIGN_IN, {"username": manager.username, "password": factories.PASSWORD})
    assert response["Location"] == reverse("home")

    client.post(reverse("weighting:sign-out"))
    assert client.get(reverse("weighting:round-list")).status_code == 302


def test_a_wrong_password_is_refused_on_the_page(client, manager):
    response = client.post(SIGN_IN, {"username": manager.username, "password": "wrong"})

    assert response.status_code == 200
    assert response.context["form"].errors


def test_an_expert_whose_session_ended_is_told_to_open_the_link(client):
    page = client.get(BALLOT, follow=True)

    assert page.context["next"] == BALLOT
    assert "notice--info" in page.content.decode()


def test_wrong_passwords_are_limited_and_the_right_one_is_let_in(client, manager, settings):
    settings.AXES_ENABLED = True
    for _attempt in range(MOST_FAILURES):
        wrong = client.post(SIGN_IN, {"username": manager.username, "password": "wrong"})
        assert wrong.status_code == 200

    limited = client.post(SIGN_IN, {"username": f" {manager.username.upper()}", "password": "wrong"})
    assert limited.status_code == 429
    assert "still lets you in" in limited.content.decode()
    assert client.post(SIGN_IN, {"username": "other", "password": "wrong"}).status_code == 200
    right = client.post(SIGN_IN, {"username": manager.username, "password": factories.PASSWORD})
    assert right.status_code == 302
