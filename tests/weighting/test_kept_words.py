"""What is drawn once for everybody who comes: the words of the terms and of the ballot, and nobody's own."""

import pickle

import pytest
from django.core.cache import cache

from tests import factories
from tests.weighting.claims import BALLOT, CONFIRM, begin, browser, key_of, open_link
from weighting.services.access import issue_invitation_link

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def nothing_kept():
    cache.clear()
    yield
    cache.clear()


def kept():
    """Return the texts that this process keeps of templates."""
    found = [pickle.loads(value) for name, value in cache._cache.items() if "template.cache" in name]
    return [str(text) for text in found]


def test_nothing_that_is_kept_of_the_pages_is_anybodys_own(round_):
    """Neither a name, nor a key, nor a token; nor more of it when a second expert comes."""
    own = []
    for place in range(2):
        invitation = factories.make_invitation(round_, place=place)
        client, token = browser(), issue_invitation_link(invitation)
        begin(client, token)
        page = client.get(BALLOT)
        own += [invitation.expert.name, invitation.expert.code, token, key_of(client), key_of(client)[:4]]
        own += [str(page.context["client"]), page.context["queue_key"], str(page.context["csrf_token"])]
        texts = kept()
        assert len(texts) == 3

    assert not [text for text in texts for secret in own if secret in text]


def test_what_an_expert_wrote_into_the_form_is_given_back_to_them_alone(round_):
    first, second = (factories.make_invitation(round_, place=place) for place in range(2))
    client, other = browser(), browser()
    open_link(client, issue_invitation_link(first))

    page = client.post(CONFIRM, {"interest": "some", "conflict": "The mayor is my brother"})
    assert page.status_code == 422
    assert "The mayor is my brother" in page.content.decode()

    assert "The mayor" not in open_link(other, issue_invitation_link(second)).content.decode()
    assert not [text for text in kept() if "The mayor" in text]


def test_terms_that_differ_are_told_each_to_its_own(manager):
    """Of two rounds in turn, one leaves uniform ballots out and one needs more ballots for a figure."""
    told = {}
    for turn in range(2):
        for least in (4, 5):
            round_ = factories.make_round(manager=manager, minimum_panel=least)
            page = open_link(browser(), issue_invitation_link(factories.make_invitation(round_)))
            told[turn, least] = f"at least {least} ballots" in page.content.decode()

    assert all(told.values())


def test_each_language_has_its_own_words(invitation):
    token = issue_invitation_link(invitation)
    client = browser()
    begin(client, token)
    pages = [client.get(BALLOT).content.decode()]
    client.cookies["django_language"] = "zh-hans"
    pages.append(client.get(BALLOT).content.decode())

    assert ['data-saved="Saved"' in page for page in pages] == [True, False]
    assert ['data-saved="已保存"' in page for page in pages] == [False, True]
