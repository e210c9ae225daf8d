"""The language switch shows again what is shown once; test_policy.py presses it on every page."""

import re
from html import unescape

import pytest
from django.urls import reverse

from tests import factories
from weighting.models import AccessLink, ApiToken
from weighting.selectors.access import find_hashed_link, hash_token

pytestmark = pytest.mark.django_db

NEXT = re.compile(r'name="next" value="([^"]*)"')
CODE = re.compile(r'id="short-code"[^>]*>([^<]*)<')
SHOWN = re.compile(r'name="shown" value="([^"]*)"')


def switch_of(page):
    """Return the fields of a page's language switch."""
    form = re.search(r"<form[^>]*data-language-switch.*?</form>", page, re.DOTALL)[0]
    return {
        name: unescape(found[1])
        for name, of in [("next", NEXT), ("shown", SHOWN)]
        if (found := of.search(form))
    }


def in_chinese(client, address, page):
    """Press the switch of a page that shows something once."""
    return client.post(address, {"shown": switch_of(page)["shown"], "language": "zh-hans"})


@pytest.fixture
def staff(client, manager):
    return factories.sign_in_staff(client, manager)


@pytest.fixture
def invitation(manager):
    return factories.make_invitation(factories.make_round(manager=manager))


def test_a_personal_link_is_shown_again_and_stays_the_one_that_works(staff, invitation):
    address = reverse("weighting:invitation-link", args=[invitation.round_id, invitation.pk])
    page = staff.post(address).content.decode()
    link = re.search(r"http\S+/in/([\w-]+)", page)
    count = AccessLink.objects.count()

    answer = in_chinese(staff, address, page)
    again = answer.content.decode()

    assert answer.status_code == 200
    assert '<html lang="zh-hans">' in again
    assert link[0] in again
    assert CODE.search(page)[1] == CODE.search(again)[1]
    assert AccessLink.objects.count() == count
    assert find_hashed_link(hash_token(link[1]))
    assert staff.cookies["django_language"].value == "zh-hans"
    assert "no-store" in answer.headers["Cache-Control"]
    assert (
        link[0]
        in staff.post(address, {"shown": switch_of(again)["shown"], "language": "en"}).content.decode()
    )


def test_all_new_links_are_shown_again(staff, invitation):
    address = reverse("weighting:round-links", args=[invitation.round_id])
    page = staff.post(address).content.decode()
    links = set(re.findall(r"http\S+/in/[\w-]+", page))

    again = in_chinese(staff, address, page).content.decode()

    assert len(links) >= 5
    assert set(re.findall(r"http\S+/in/[\w-]+", again)) == links


def test_a_token_is_shown_again_and_no_second_one_made(staff):
    address = reverse("weighting:token-list")
    answer = staff.post(address, {"name": "script"})
    secret = answer.context["secret"]

    again = in_chinese(staff, address, answer.content.decode())

    assert secret in again.content.decode()
    assert ApiToken.objects.count() == 1


def test_what_was_shown_to_one_is_shown_to_nobody_else_and_on_no_other_page(client, staff, invitation):
    address = reverse("weighting:invitation-link", args=[invitation.round_id, invitation.pk])
    other = factories.make_invitation(invitation.round, place=1)
    shown = switch_of(staff.post(address).content.decode())["shown"]
    count = AccessLink.objects.count()

    elsewhere = staff.post(
        reverse("weighting:invitation-link", args=[other.round_id, other.pk]), {"shown": shown}
    )
    forged = staff.post(address, {"shown": shown[:-1] + "x"})

    assert (elsewhere.status_code, forged.status_code) == (404, 404)
    assert AccessLink.objects.count() == count, "a damaged page is no order to make a link"
