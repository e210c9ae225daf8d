"""A database from before there were claims: nothing is lost, and the stored link goes on the first visit."""

import gc
import uuid

import pytest
from django.db import connection
from django.urls import reverse

from tests import factories
from tests.factories import ballot_of, claim_of
from tests.weighting.claims import BALLOT, CONFIRM, begin, browser, open_link
from upkeep.copies.snapshot import step_by_step
from weighting.immutability import drop_triggers
from weighting.models import Ballot, Invitation, Score
from weighting.selectors.claims import bears_locks
from weighting.services.access import issue_invitation_link
from weighting.services.invitations import remove_expert
from weighting.services.rounds import close_round
from weighting.services.sectors import sector_of

BEFORE = [("weighting", "0007_api_tokens")]


@pytest.fixture
def round_(transactional_db):
    return factories.make_round(panel=factories.make_panel(6))


def begun_before(round_, place, *, seal):
    """Turn an expert's ballot into one from before: found through its invitation, without claim and lock."""
    invitation = factories.make_invitation(round_, place=place)
    factories.fill_ballot(invitation)
    claim = claim_of(invitation)
    if seal:
        factories.seal_ballot(claim)
    ballot = ballot_of(invitation)
    Ballot.objects.filter(pk=ballot.pk).update(lock=None, masked_sector=0)
    Invitation.objects.filter(pk=invitation.pk).update(claim=None, unclaimed_ballot=ballot)
    return Invitation.objects.get(pk=invitation.pk), ballot


@pytest.fixture
def old(db):
    round_ = factories.make_round(panel=factories.make_panel(6))
    return round_, begun_before(round_, 0, seal=True), begun_before(round_, 1, seal=False)


def test_the_first_visit_claims_what_was_begun_and_erases_the_link(old):
    _round, (invitation, ballot), _other = old
    client = browser()
    open_link(client, issue_invitation_link(invitation))

    assert 'name="consent"' not in client.get(CONFIRM).content.decode()
    assert client.post(CONFIRM)["Location"] == BALLOT

    after = Invitation.objects.get(pk=invitation.pk)
    factories.remember_claims(client)
    assert (after.unclaimed_ballot_id, after.sealed) == (None, True)
    assert ballot_of(invitation).pk == ballot.pk
    assert client.get(reverse("weighting:ballot-receipt-download")).json()["receipt"] == ballot.receipt
    assert client.get(BALLOT).context["own"].answered_count == 7


def test_from_then_on_another_browser_needs_the_key(old):
    _round, (invitation, _ballot), _other = old
    token = issue_invitation_link(invitation)
    begin(browser(), token)

    assert "weighting/claimed.html" in [t.name for t in open_link(browser(), token).templates]


def test_who_never_came_back_is_counted_all_the_same_and_nothing_stays_joined(old):
    round_, *_ballots = old

    closed = close_round(round_, actor=round_.managers.get())

    assert (closed.sealed_count, Ballot.objects.count()) == (1, 1)
    assert not bears_locks(closed)


def test_its_sector_is_told_once_it_is_claimed_and_made_up_at_no_time(db, monkeypatch):
    """No sector was written on it: the nothing that is there would read as any of them."""
    monkeypatch.setattr("weighting.services.sectors._mask", lambda _ballot_id: 2)
    round_ = factories.make_round(panel=factories.make_panel(8))
    pairs = [begun_before(round_, place, seal=True) for place in range(8)]
    for invitation, _ballot in pairs[:4]:
        client = browser()
        open_link(client, issue_invitation_link(invitation))
        assert client.post(CONFIRM)["Location"] == BALLOT
    own = pairs[0][0].expert.sector
    claimed = [Ballot.objects.get(pk=ballot.pk) for _invitation, ballot in pairs[:4]]
    assert [sector_of(ballot, round_) for ballot in claimed] == [own] * 4

    with monkeypatch.context() as counted:
        counted.setattr(
            "weighting.services.unlinking.reportable_groups", lambda sizes, **_limits: list(sizes)
        )
        close_round(round_, actor=round_.managers.get())
    assert sorted(Ballot.objects.values_list("sector", flat=True)) == [""] * 4 + [own] * 4


def test_an_expert_whose_ballot_is_still_known_is_removed_with_it(old):
    round_, (invitation, ballot), _other = old

    remove_expert(invitation, actor=round_.managers.get())

    assert not Ballot.objects.filter(pk=ballot.pk).exists()
    assert close_round(round_, actor=round_.managers.get()).sealed_count == 0


@pytest.mark.postgres
def test_the_migration_keeps_every_ballot_with_its_invitation(round_):
    """Backwards to the last release and forwards again, with ballots under way and a closed round."""
    pairs = [begun_before(round_, place, seal=place % 2 == 0) for place in range(4)]
    closed = factories.make_round(state="closed")
    last = Invitation.objects.latest("pk").pk
    kept = list(Ballot.objects.order_by("pk").values("pk", "receipt", "sealed_scores", "nonce", "order_key"))
    answers = list(Score.objects.order_by("pk").values())
    try:
        _migrate(BEFORE)
        then = step_by_step().loader.project_state(BEFORE).apps
        invitations = then.get_model("weighting", "Invitation")
        assert {pair[0].pk: pair[1].pk for pair in pairs} == dict(
            invitations.objects.filter(ballot__isnull=False).values_list("pk", "ballot")
        )
    finally:
        _migrate(step_by_step().loader.graph.leaf_nodes())
    now = Ballot.objects.order_by("pk").values("pk", "receipt", "sealed_scores", "nonce", "order_key")
    assert list(now) == kept
    assert list(Score.objects.order_by("pk").values()) == answers
    for invitation, ballot in pairs:
        assert Invitation.objects.get(pk=invitation.pk).unclaimed_ballot_id == ballot.pk
    assert not bears_locks(closed)
    assert all(isinstance(row["pk"], uuid.UUID) for row in kept)
    # Rows of rounds that have ended lie apart, and new ones are numbered on.
    for model in (Ballot, Invitation):
        assert set(model.objects.filter(ended=True).values_list("round", flat=True)) == {closed.pk}
        assert not model.objects.filter(round=closed, ended=False).exists()
    assert factories.make_round(panel=factories.make_panel(5)).invitations.earliest("pk").pk == last + 1


def _migrate(target):
    drop_triggers(connection.alias)
    # As in tests/upkeep/stores.py.
    gc.disable()
    try:
        step_by_step().migrate(target)
    finally:
        gc.enable()
