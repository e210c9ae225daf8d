"""Personal links from a round's page: each shown once, to its manager, while the round is open."""

import re

import pytest
from django.urls import reverse

from tests.factories import make_round
from tests.weighting.test_round_pages import url
from weighting.enums import RoundState
from weighting.models import AccessLink
from weighting.selectors.access import find_link

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("manager_signed_in")]


def link_url(invitation):
    return reverse("weighting:invitation-link", args=[invitation.round_id, invitation.pk])


def test_a_personal_link_is_shown_once_and_replaces_the_earlier(client, manager, settings):
    settings.PUBLIC_URL = "https://weigh.example/"
    invitation = make_round(manager=manager).invitations.first()

    tokens = []
    for _ in range(2):
        response = client.post(link_url(invitation))
        assert "no-store" in response["Cache-Control"]
        found = re.findall(r"https://weigh\.example/in/(?!code/)([\w-]+)/", response.text)
        # In the text to paste, and alone.
        assert len(found) == 2
        tokens += set(found)

    assert [bool(find_link(token)) for token in tokens] == [False, True]
    assert find_link(tokens[1]).invitation == invitation
    assert client.get(link_url(invitation)).status_code == 405
    assert tokens[1] not in client.get(url("detail", invitation.round)).text


def test_the_sheet_holds_a_link_for_each_who_has_not_sealed(client, manager):
    round_ = make_round(manager=manager, sealed=3)

    response = client.post(url("links", round_))

    tokens = re.findall(r"/in/(?!code/)([\w-]+)/", response.text)
    assert [find_link(token).invitation.expert.code for token in tokens] == ["E004", "E005"]
    assert "Expert 1<" not in response.text
    assert "no-store" in response["Cache-Control"]


def test_no_link_is_made_outside_an_open_round(client, manager):
    round_ = make_round(state=RoundState.CLOSED, manager=manager)

    assert client.post(link_url(round_.invitations.first())).status_code == 409
    assert client.post(url("links", round_)).status_code == 409
    assert not AccessLink.objects.exists()


def test_an_invitation_of_another_round_is_not_found(client, manager):
    mine, other = make_round(manager=manager), make_round()
    address = reverse("weighting:invitation-link", args=[mine.pk, other.invitations.first().pk])

    assert client.post(address).status_code == 404
