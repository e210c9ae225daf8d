"""The receipts of a large panel come a page at a time, and whole as a file."""

import hashlib

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tests.factories import (
    make_account,
    make_invitation,
    make_panel,
    make_round,
    sign_in_expert,
    sign_in_staff,
)
from weighting.enums import RoundState
from weighting.models import Ballot, Invitation, Round
from weighting.selectors.rounds import receipts_of
from weighting.services.rounds import void_round
from weighting.views.listing import PAGE_SIZE

pytestmark = pytest.mark.django_db

FEW, MANY = 5, PAGE_SIZE + 3


@pytest.fixture(scope="module")
def rounds(undone_after_the_file):
    """Return the manager of two closed rounds, and these by how many sealed."""
    manager = make_account()
    made = {
        size: make_round(manager=manager, panel=make_panel(size, owner=manager), state=RoundState.CLOSED)
        for size in (FEW, MANY)
    }
    return manager, made


@pytest.fixture
def staff(rounds):
    return sign_in_staff(Client(), rounds[0])


@pytest.fixture
def large(rounds):
    return Round.objects.get(pk=rounds[1][MANY].pk)


def url(name, round_, *more):
    return reverse(f"weighting:{name}", args=[round_.pk, *more])


def listed_in(page):
    return [receipt for receipt in page.context["receipts"] if receipt in page.text]


def statements_of(client, address):
    """Return what a page asks of the database when it is not the first."""
    client.get(address)
    with CaptureQueriesContext(connection) as asked:
        client.get(address)
    return [query["sql"] for query in asked]


def test_a_long_list_is_shown_a_page_at_a_time_and_a_short_one_whole(staff, rounds, large):
    first, last = staff.get(url("round-receipts", large)), staff.get(url("round-receipts", large) + "?page=9")

    assert [*listed_in(first), *listed_in(last)] == receipts_of(large)
    assert len(listed_in(first)) == PAGE_SIZE
    small = staff.get(url("round-receipts", rounds[1][FEW]))
    assert listed_in(small) == receipts_of(rounds[1][FEW])
    assert "data-whole" in first.text
    assert "data-whole" not in small.text


@pytest.mark.parametrize("size", [FEW, MANY])
def test_the_file_holds_all_and_its_hash_is_the_root(staff, rounds, size):
    round_ = Round.objects.get(pk=rounds[1][size].pk)
    expert = sign_in_expert(Client(), make_invitation(round_, place=1))
    own, managers = (
        reverse("weighting:receipt-list", args=["counted"]),
        url("round-receipt-list", round_, "counted"),
    )

    assert expert.get(own).content == (whole := staff.get(managers).content)
    assert hashlib.sha256(whole).hexdigest() == round_.receipt_root
    assert whole.decode().splitlines()[1:] == receipts_of(round_)
    assert own in expert.get(reverse("weighting:receipts")).text
    assert managers in staff.get(url("round-receipts", round_)).text


def test_of_many_superseded_receipts_the_first_are_shown_and_the_file_has_all(staff, large):
    replaced = sorted(hashlib.sha256(bytes([place])).hexdigest() for place in range(MANY))
    Round.objects.filter(pk=large.pk).update(superseded_receipts=replaced)

    page = staff.get(url("round-receipts", large)).text
    assert [receipt for receipt in replaced if receipt in page] == replaced[:PAGE_SIZE]
    whole = staff.get(url("round-receipt-list", large, "superseded")).text
    assert whole.splitlines()[1:] == replaced


def test_there_is_no_file_before_the_close_of_a_void_round_or_for_others(rounds, staff, large):
    manager, _made = rounds
    unfinished = make_round(manager=manager, sealed=3)
    other = sign_in_staff(Client(), make_account())
    assert staff.get(url("round-receipt-list", unfinished, "counted")).status_code == 404
    assert staff.get(url("round-receipt-list", large, "sealed")).status_code == 404
    assert other.get(url("round-receipt-list", large, "counted")).status_code == 404

    expert = sign_in_expert(Client(), make_invitation(large, place=1))
    void_round(large, reason="wrong list", actor=manager)
    assert staff.get(url("round-receipt-list", large, "counted")).status_code == 404
    assert expert.get(reverse("weighting:receipt-list", args=["superseded"])).status_code == 404


def test_the_page_of_a_round_names_the_receipts_of_few_and_leads_to_those_of_many(staff, rounds, large):
    few, many = rounds[1][FEW], staff.get(url("round-detail", large)).text

    assert all(receipt in staff.get(url("round-detail", few)).text for receipt in receipts_of(few))
    assert not any(receipt in many for receipt in receipts_of(large))
    assert url("round-receipts", large) in many


@pytest.mark.parametrize(
    ("name", "state", "readings"),
    [
        ("round-receipts", RoundState.CLOSED, 0),
        ("round-detail", RoundState.AGGREGATED, 0),
        # Whether it may be aggregated rests on the answers.
        ("round-detail", RoundState.CLOSED, 1),
    ],
)
def test_no_page_asks_more_of_a_large_panel_or_reads_ballots_to_count_them(
    staff, rounds, name, state, readings
):
    Round.objects.filter(pk__in=[round_.pk for round_ in rounds[1].values()]).update(state=state)
    short, long = [statements_of(staff, url(name, rounds[1][size])) for size in (FEW, MANY)]

    assert len(short) == len(long)
    assert len([statement for statement in long if "sealed_scores" in statement]) == readings


def test_the_ballots_that_a_manager_entered_are_counted_in_the_database(staff, large):
    entered = large.ballots.values_list("pk", flat=True)[:2]
    Ballot.objects.filter(pk__in=list(entered)).update(medium="sheet")

    assert staff.get(url("round-detail", large)).context["entered"] == 2


def test_of_many_who_declare_an_interest_the_first_are_named(staff, large):
    large.invitations.update(conflict="I wrote it.")

    page = staff.get(url("round-detail", large))
    assert len(page.context["declaring"]) == PAGE_SIZE
    assert "and others, whom the table marks" in page.text
    Invitation.objects.filter(round=large, expert__code__gt="E003").update(conflict="")
    assert "and others, whom the table marks" not in staff.get(url("round-detail", large)).text
