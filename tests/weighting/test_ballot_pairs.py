"""All pairs of what an expert can do on two pages, of which the second has not seen the first.

The second page is a tab that was left open, another device, or the same click once more. Nothing
that was acknowledged may be overwritten unseen, and what is acknowledged must be so.
"""

import re

import pytest
from django.test import Client

from tests import factories
from tests.factories import ballot_of, claim_of
from tests.weighting.ballots import JSON, WITHOUT_LOOKING, answers_stored_by, pk_of, save, url
from weighting.enums import Rule
from weighting.models import Score
from weighting.services.ballots import seal_ballot

pytestmark = pytest.mark.django_db

FIRST = 3


class Page:
    """A page of the ballot of one expert, as it was when it was opened: every answer at revision 1."""

    def __init__(self, client, round_, name):
        self.client, self.round, self.name = client, round_, name
        review = client.get(url("ballot-review")).content.decode()
        self.seen = re.search(r'name="seen" value="(\w{64})"', review).group(1)

    def score(self, value):
        return save(self.client, "infra", value, seen=1, page=self.name)

    def comment(self, text):
        fields = {"comment": text, "seen": ""}
        return self.client.post(url("ballot-comment-save", "infra"), fields, headers=JSON)

    def whole(self, value):
        pk = pk_of(self.round, "infra")
        fields = {"client": self.name, f"score-{pk}": value, f"seen-{pk}": f"1:{FIRST}"}
        return self.client.post(url("ballot"), fields)

    def seal(self):
        return self.client.post(url("ballot-seal"), {"seen": self.seen})

    def withdraw(self):
        return self.client.post(url("ballot-withdraw"))


# What each act does on the first page, on the second, and which part of the ballot it changes.
ACTS = {
    "score": (lambda page: page.score("1"), lambda page: page.score("5"), "infra"),
    "abstention": (lambda page: page.score("abstain"), lambda page: page.score("4"), "infra"),
    "whole page": (lambda page: page.whole("2"), lambda page: page.whole("4"), "infra"),
    "comment": (lambda page: page.comment("one"), lambda page: page.comment("two"), "comment"),
    "seal": (Page.seal, Page.seal, "seal"),
    "withdrawal": (Page.withdraw, Page.withdraw, "all"),
}
STORED = {"score": 1, "abstention": None, "whole page": 2}
BROUGHT = {"score": 5, "abstention": 4, "whole page": 4}


@pytest.fixture(scope="module")
def invitation(undone_after_the_file):
    invitation = factories.make_invitation(factories.make_round(rule=Rule.NORMALISED_MEAN))
    factories.fill_ballot(invitation, scores=lambda _code: FIRST)
    return invitation


@pytest.fixture(params=["stale tab", "second device"])
def pages(request, invitation):
    """Two pages that were opened before either did anything; both devices hold the same ballot key."""
    first = factories.sign_in_expert(Client(), invitation)
    second = first if request.param == "stale tab" else factories.sign_in_expert(Client(), invitation)
    return Page(first, invitation.round, "page 1"), Page(second, invitation.round, "page 2")


def state_of(invitation):
    """Return the ballot as it is stored: the answer, the comment, whether it is sealed, how it was sealed."""
    ballot = ballot_of(invitation)
    if ballot is None:
        return None
    score = Score.objects.get(ballot=ballot, indicator__code="infra")
    sealed = (ballot.sealed_scores or {}).get("infra", "none")
    return {"infra": score.value, "comment": score.comment, "seal": sealed}


def is_acknowledged(response):
    return response.status_code == 200 or (
        response.status_code == 302 and "sign-in" not in response["Location"]
    )


def expected_after(first, second):
    """Return (whether the second is acknowledged, the state afterwards)."""
    state = {
        "infra": STORED.get(first, FIRST),
        "comment": "one" if first == "comment" else "",
        "seal": "none",
    }
    if first == "seal":
        state["seal"] = FIRST
    if second == "withdrawal":
        return True, None
    if first == "withdrawal":
        return False, None
    if first in STORED and second in BROUGHT:
        return False, state
    if second in BROUGHT:
        return True, state | {"infra": BROUGHT[second]}
    if second == "comment":
        return first != "comment", state | {"comment": "one" if first == "comment" else "two"}
    # A seal is of what its page showed, or of nothing.
    if first == "seal":
        return True, state
    return False, state


@pytest.mark.parametrize("second", ACTS)
@pytest.mark.parametrize("first", ACTS)
def test_the_second_page_overwrites_nothing_unseen(pages, invitation, first, second):
    assert is_acknowledged(ACTS[first][0](pages[0]))
    before = state_of(invitation)

    response = ACTS[second][1](pages[1])

    assert (is_acknowledged(response), state_of(invitation)) == expected_after(first, second)
    if not is_acknowledged(response):
        assert response.status_code in (409, 422)
        assert state_of(invitation) == before
    if first in STORED and second in BROUGHT:
        stored, brought = answers_in(response, invitation)
        assert (stored, brought) == (STORED[first], BROUGHT[second])


def answers_in(response, invitation):
    """Return the stored and the refused answer that the second page is shown side by side."""
    if response["Content-Type"] == "application/json":
        return number_of(response.json()["value"]), int(response.wsgi_request.POST["value"])
    ((pk, conflict),) = response.context["conflicts"]
    assert pk == pk_of(invitation.round, "infra")
    return number_of(conflict.stored), int(conflict.mine)


def number_of(answer):
    return None if answer == "abstain" else int(answer)


@pytest.mark.parametrize("act", ACTS)
def test_a_double_click_is_one_act_with_one_answer(pages, invitation, act):
    once = ACTS[act][0](pages[0])
    state, receipt = state_of(invitation), receipt_of(invitation)

    twice = ACTS[act][0](pages[0])

    assert (twice.status_code, state_of(invitation)) == (once.status_code, state)
    assert receipt_of(invitation) == receipt
    assert not Score.objects.filter(revision__gt=2).exists()


def receipt_of(invitation):
    ballot = ballot_of(invitation)
    return ballot and (ballot.receipt, ballot.superseded_receipts)


def test_a_seal_that_was_refused_is_offered_again_with_what_stands_now(pages, invitation):
    pages[0].score("1")
    refused = pages[1].seal()

    pages[1].seen = re.search(r'name="seen" value="(\w{64})"', refused.content.decode()).group(1)

    assert is_acknowledged(pages[1].seal())
    assert state_of(invitation)["seal"] == 1


@pytest.mark.parametrize("second", BROUGHT)
def test_without_the_look_at_the_revision_an_answer_is_overwritten_unseen(pages, invitation, second):
    """Control."""
    pages[0].score("1")

    with answers_stored_by(WRITE=WITHOUT_LOOKING):
        ACTS[second][1](pages[1])

    assert state_of(invitation)["infra"] == BROUGHT[second]


def test_without_the_fingerprint_a_page_seals_what_it_never_showed(pages, invitation):
    """Control."""
    pages[0].score("1")

    seal_ballot(claim_of(invitation))

    assert state_of(invitation)["seal"] == 1
