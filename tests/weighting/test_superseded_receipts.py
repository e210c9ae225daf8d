"""A receipt that a later seal replaced stays known as such, to its expert alone until the close."""

import pytest
from django.urls import reverse

from tests import factories
from tests.factories import ballot_of, claim_of
from tests.weighting.ballots import save, url
from weighting.models import Round
from weighting.selectors.rounds import superseded_receipts_of
from weighting.services.ballots import withdraw_ballot
from weighting.services.rounds import close_round

pytestmark = pytest.mark.django_db


@pytest.fixture
def round_(manager):
    return factories.make_round(manager=manager)


@pytest.fixture
def invitation(round_):
    invitation = factories.make_invitation(round_)
    factories.fill_ballot(invitation)
    return invitation


@pytest.fixture
def replaced(expert, invitation):
    """The receipts of two seals that a third one replaced, in the order of sealing."""
    receipts = []
    for revision, value in enumerate((2, 3, 4), start=1):
        save(expert, "infra", value, seen=revision)
        expert.post(url("ballot-seal"))
        receipts.append(ballot_of(invitation).receipt)
    return receipts[:2]


def test_the_receipt_page_and_file_mark_the_earlier_ones(expert, replaced):
    page = expert.get(url("ballot-receipt")).content.decode()
    _before, _title, marked = page.partition('id="superseded-title"')

    assert all(receipt in marked for receipt in replaced)
    assert expert.get(url("ballot-receipt-download")).json()["supersedes"] == sorted(replaced)


def test_their_order_tells_nothing_of_the_order_of_sealing(replaced, invitation):
    assert ballot_of(invitation).superseded_receipts == sorted(replaced)


def test_sealing_unchanged_answers_again_supersedes_nothing(expert, invitation):
    for _turn in range(2):
        expert.post(url("ballot-seal"))

    assert ballot_of(invitation).superseded_receipts == []


def test_before_the_close_nobody_else_learns_of_them(client, replaced, expert, round_, manager):
    own = expert.get(reverse("weighting:receipts")).content.decode()
    other = factories.sign_in_expert(client, factories.make_invitation(round_, place=1))
    others = other.get(reverse("weighting:receipts")).content.decode()
    staff = factories.sign_in_staff(client, manager)
    managers = staff.get(reverse("weighting:round-receipts", args=[round_.pk])).content.decode()

    assert all(receipt in own for receipt in replaced)
    assert not any(receipt in page for receipt in replaced for page in (others, managers))
    assert superseded_receipts_of(Round.objects.get(pk=round_.pk)) == []


def test_after_the_close_the_panel_finds_them_apart_from_those_that_count(expert, replaced, round_, manager):
    close_round(round_, actor=manager)

    page = expert.get(reverse("weighting:receipts"))

    assert page.context["superseded"] == sorted(replaced)
    assert not set(replaced) & set(page.context["receipts"])


def test_withdrawing_takes_them_along(replaced, invitation, round_, manager):
    withdraw_ballot(claim_of(invitation))

    assert superseded_receipts_of(close_round(round_, actor=manager)) == []
