"""A ballot shows its indicators in the languages of its round, whatever language its expert reads."""

import pytest
from django.urls import reverse

from tests.factories import (
    CONSENT,
    make_framework,
    make_invitation,
    make_panel,
    make_round,
    sign_in_staff,
)
from tests.weighting.claims import CONFIRM, browser, open_link
from weighting.models import Expert, Indicator
from weighting.services.access import issue_invitation_link

pytestmark = [pytest.mark.django_db, pytest.mark.postgres]
BALLOT, REVIEW = reverse("weighting:ballot"), reverse("weighting:ballot-review")
TREE = {"a": {"a1": {}, "a2": {}}, "b": {}}


@pytest.fixture
def asked(manager):
    """Return the invitation of an expert who reads Chinese, to a round in the languages given."""

    def make(*languages):
        framework = make_framework(TREE, owner=manager)
        for node in Indicator.objects.filter(framework=framework):
            node.name_zh, node.name_en = f"指标{node.code}", f"Item {node.code}"
            node.definition_zh, node.definition_en = f"定义{node.code}", f"Meaning of {node.code}"
            node.save()
        panel = make_panel(5, owner=manager)
        Expert.objects.filter(panel=panel).update(language="zh-hans")
        fields = {"framework": framework, "panel": panel, "languages": list(languages)}
        return make_invitation(make_round(manager=manager, **fields))

    return make


def pages_of(invitation):
    """Return the ballot and its review as a browser without a language of its own shows them."""
    client = browser()
    del client.cookies["django_language"]
    open_link(client, issue_invitation_link(invitation))
    client.post(CONFIRM, CONSENT)
    return client, client.get(BALLOT).text, client.get(REVIEW).text


def test_a_language_that_is_not_offered_is_shown_to_nobody(asked):
    client, ballot, review = pages_of(asked("en"))
    for page in (ballot, review):
        assert "Item a1" in page
        assert "指标a" not in page
    assert "Meaning of a1" in ballot
    assert "定义" not in ballot
    # Whoever reads the product in Chinese reads the same items.
    client.cookies["django_language"] = "zh-hans"
    for page in (client.get(BALLOT).text, client.get(REVIEW).text):
        assert 'lang="zh-hans"' in page
        assert "Item a1" in page
        assert "指标a" not in page


def test_of_two_languages_each_expert_reads_both_the_own_first(asked):
    _client, ballot, _review = pages_of(asked("zh-hans", "en"))
    assert 'lang="zh-hans"' in ballot
    assert ballot.index("指标a1") < ballot.index("Item a1")


def test_the_first_page_and_the_printed_link_are_in_a_language_of_the_round(asked, manager):
    invitation = asked("en")
    client = browser()
    del client.cookies["django_language"]
    assert 'lang="en"' in open_link(client, issue_invitation_link(invitation)).text
    staff = sign_in_staff(browser(), manager)
    sheet = staff.post(reverse("weighting:round-links", args=[invitation.round_id])).text
    assert "Your personal link to the ballot" in sheet
    assert "专属链接" not in sheet


def test_nothing_of_it_is_stored(asked):
    client, _ballot, _review = pages_of(asked("en"))
    client.post(reverse("weighting:ballot-item-save", args=["a1"]), {"value": 3, "seen": 0, "client": "x"})
    assert set(Indicator.objects.values_list("name_zh", flat=True)) == {"指标a", "指标a1", "指标a2", "指标b"}
