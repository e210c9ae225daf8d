"""A round that was voided after its close shows nothing, but that it was voided."""

import pytest
from django.test import Client
from django.urls import reverse

from tests.factories import make_account, make_invitation, make_round, sign_in_expert, sign_in_staff
from weighting.enums import Role
from weighting.services.rounds import close_round, void_round

pytestmark = pytest.mark.django_db

PAGES = (
    "round-detail",
    "round-receipts",
    "round-statistics",
    "round-statistics-export",
    "round-report",
    "api-round",
    "api-round-statistics",
)


@pytest.fixture
def rounds():
    """Two closed rounds of one manager, of which one is then voided; the other is the control."""
    manager = make_account()
    made = []
    for _ in range(2):
        round_ = make_round(manager=manager, sealed=5)
        expert = sign_in_expert(Client(), make_invitation(round_))
        made.append((close_round(round_, actor=manager), expert))
    (closed, panel), (void, void_panel) = made
    void = void_round(void, reason="wrong list", actor=manager)
    return manager, (closed, panel), (void, void_panel)


def hashes_of(round_):
    """Return what commits to the ballots of a round."""
    return [round_.receipt_root, *round_.ballots.values_list("receipt", flat=True)]


def everything_told(client, round_):
    addresses = [reverse(f"weighting:{name}", args=[round_.pk]) for name in PAGES]
    listed = [reverse("weighting:round-list"), reverse("weighting:api-round-list")]
    return "".join(client.get(address).content.decode() for address in [*addresses, *listed])


def test_nobody_is_told_a_hash_or_a_count_of_a_void_round(rounds):
    manager, (closed, _panel), (void, _void_panel) = rounds
    for account in (manager, make_account(Role.ADMINISTRATOR), make_account(Role.ANALYST), make_account()):
        client = sign_in_staff(Client(), account)
        told = everything_told(client, void)
        assert not [text for text in hashes_of(void) if text in told]
    told = everything_told(sign_in_staff(Client(), manager), closed)
    assert all(text in told for text in hashes_of(closed)), "the control shows none either"

    rows = sign_in_staff(Client(), manager).get(reverse("weighting:api-round-list")).json()["results"]
    counts = {row["id"]: (row["receipt_root"], row["sealed_count"], row["entered_count"]) for row in rows}
    assert counts == {closed.pk: (closed.receipt_root, 5, 0), void.pk: ("", None, None)}


def test_its_panel_reads_that_it_was_voided_and_no_list(rounds):
    _manager, (closed, panel), (void, void_panel) = rounds
    for client in (panel, void_panel):
        client.cookies["django_language"] = "en"
    ballot, receipts = reverse("weighting:ballot"), reverse("weighting:receipts")

    assert "This round was voided" in void_panel.get(ballot).text
    told = void_panel.get(ballot).text + void_panel.get(receipts).text
    assert "It gives no list of receipts" in told
    assert not [text for text in hashes_of(void) if text in told]
    assert all(text in panel.get(receipts).text for text in hashes_of(closed))


def test_that_it_was_voided_stands_in_the_log(rounds):
    manager, _closed, (void, _panel) = rounds
    log = sign_in_staff(Client(), manager).get(
        reverse("weighting:audit"), {"subject": "round", "number": void.pk}, headers={"accept-language": "en"}
    )
    assert "voided" in log.text
    assert not [text for text in hashes_of(void) if text in log.text]
