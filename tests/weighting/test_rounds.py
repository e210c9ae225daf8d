import json
import uuid
from datetime import timedelta
from itertools import pairwise

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from tests.factories import claim_of, fill_ballot, make_account, make_framework, make_panel, make_round
from weighting.enums import RoundState, Rule
from weighting.exceptions import Refused, RoundNotOpen
from weighting.manifest import hash_bytes, hash_receipt_list
from weighting.models import AccessLink, AuditEntry, Ballot, Indicator, Invitation, Round, Score
from weighting.selectors.access import find_link
from weighting.selectors.preflight import opening_blockers
from weighting.selectors.rounds import (
    aggregation_blockers,
    participation_of,
    receipts_of,
    rounds_visible_to,
)
from weighting.services import rounds as services
from weighting.services.access import (
    issue_invitation_link,
    replace_invitation_link,
    replace_unsealed_links,
)
from weighting.services.ballots import save_score, seal_ballot
from weighting.services.versions import aggregate_round

pytestmark = [pytest.mark.postgres, pytest.mark.django_db]


def manager_of(round_):
    return round_.managers.get()


def test_a_round_goes_through_its_states_in_order_only():
    acts = {
        RoundState.DRAFT: services.ready_round,
        RoundState.READY: services.open_round,
        RoundState.OPEN: services.close_round,
        RoundState.CLOSED: aggregate_round,
    }
    round_ = make_round(state=RoundState.DRAFT)
    manager = manager_of(round_)
    for state in acts:
        assert round_.state == state
        for other in acts.keys() - {state}:
            with pytest.raises(Refused):
                acts[other](round_, actor=manager)
        if state == RoundState.OPEN:
            for invitation in round_.invitations.all():
                fill_ballot(invitation)
                seal_ballot(claim_of(invitation))
        acts[state](round_, actor=manager)
        round_.refresh_from_db()
    assert round_.state == RoundState.AGGREGATED
    for act in acts.values():
        with pytest.raises(Refused):
            act(round_, actor=manager)


@pytest.mark.parametrize("state", [RoundState.DRAFT, RoundState.READY, RoundState.OPEN])
def test_the_database_holds_no_closed_round_that_counts_as_open(state):
    round_ = make_round(state=RoundState.CLOSED)

    with pytest.raises(IntegrityError), transaction.atomic():
        Round.objects.filter(pk=round_.pk).update(state=state)


def test_the_draft_asks_about_the_chosen_groups():
    round_ = make_round(state=RoundState.DRAFT, parents=[None, "infra"])

    asked = round_.items.values_list("indicator__code", flat=True)
    assert list(asked) == ["infra", "fixed", "mobile", "industry"]


def test_every_blocker_of_the_opening_is_listed_at_once():
    manager = make_account(email="One@Panel.example", first_name="Lin", last_name="Qing")
    panel = make_panel(3, owner=manager)
    panel.experts.filter(code="E001").update(email="one@panel.EXAMPLE")
    round_ = services.draft_round(
        framework=make_framework(owner=manager),
        terms=services.RoundTerms(
            panel=panel,
            title_zh="轮次",
            title_en="Round",
            parents=[],
            rule=Rule.NORMALISED_SUM,
            quorum=6,
            minimum_panel=5,
            deadline=timezone.now() - timedelta(minutes=1),
        ),
        actor=manager,
    )

    blockers = opening_blockers(round_)
    assert len(blockers) == 5
    words = ["No indicators", "minimum of 5", "quorum of 6", "deadline has passed", "Lin Qing manages"]
    assert all(any(word in blocker for blocker in blockers) for word in words)
    with pytest.raises(Refused) as refusal:
        services.ready_round(round_, actor=manager)
    assert list(refusal.value.blockers) == blockers


def test_a_group_asked_in_part_is_a_blocker():
    round_ = make_round(state=RoundState.DRAFT)
    round_.items.filter(indicator__code="fixed").delete()

    assert any("Indicator infra" in blocker and "in part" in blocker for blocker in opening_blockers(round_))


def test_what_has_come_up_since_the_round_was_ready_still_blocks_the_opening():
    round_ = make_round(state=RoundState.READY)
    Round.objects.filter(pk=round_.pk).update(deadline=timezone.now() - timedelta(minutes=1))

    with pytest.raises(Refused, match="deadline"):
        services.open_round(round_, actor=manager_of(round_))
    assert not Invitation.objects.exists()


@pytest.mark.parametrize("state", [RoundState.DRAFT, RoundState.READY])
def test_a_round_that_nobody_was_asked_in_is_changed_and_is_a_draft_again(state):
    round_ = make_round(state=state)
    panel, deadline = make_panel(9), timezone.now() + timedelta(days=60)

    revised = revise(round_, panel=panel, deadline=deadline, parents=[None])

    assert (revised.state, revised.panel, revised.deadline) == (RoundState.DRAFT, panel, deadline)
    assert list(round_.items.values_list("indicator__code", flat=True)) == ["infra", "industry"]
    assert AuditEntry.objects.filter(act="revise", subject_id=round_.pk).exists()


@pytest.mark.parametrize("state", [RoundState.OPEN, RoundState.CLOSED])
def test_a_round_that_was_opened_is_not_changed(state):
    round_ = make_round(state=state)

    with pytest.raises(Refused, match="needs it to be “Draft”"):
        revise(round_)
    assert round_.items.count() == 7


def revise(round_, **fields):
    said = {
        "panel": round_.panel,
        "title_zh": "乙",
        "title_en": "B",
        "parents": [None],
        "rule": Rule.NORMALISED_SUM,
        "quorum": 5,
        "minimum_panel": 5,
        "deadline": round_.deadline,
        **fields,
    }
    return services.revise_round(round_, terms=services.RoundTerms(**said), actor=manager_of(round_))


def test_opening_fixes_and_hashes_what_is_asked_and_invites_everybody():
    round_ = make_round()

    questionnaire = json.loads(bytes(round_.questionnaire))
    assert round_.questionnaire_hash == hash_bytes(bytes(round_.questionnaire))
    assert [item["code"] for item in questionnaire["items"]][:2] == ["infra", "fixed"]
    assert questionnaire["framework"] == round_.framework.sha256
    assert (questionnaire["quorum"], questionnaire["minimum_panel"]) == (5, 5)
    assert participation_of(round_).invited == 5


def test_the_deadline_of_an_open_round_only_moves_later():
    round_ = make_round()
    with pytest.raises(Refused, match="later"):
        services.extend_deadline(round_, deadline=round_.deadline, actor=manager_of(round_))

    later = round_.deadline + timedelta(days=1)
    assert services.extend_deadline(round_, deadline=later, actor=manager_of(round_)).deadline == later
    assert AuditEntry.objects.get(act="extend").detail["after"] == later.isoformat()


def test_an_extension_into_the_past_is_refused():
    round_ = make_round()
    Round.objects.filter(pk=round_.pk).update(deadline=timezone.now() - timedelta(days=2))

    with pytest.raises(Refused, match="later"):
        services.extend_deadline(
            round_, deadline=timezone.now() - timedelta(days=1), actor=manager_of(round_)
        )


def test_personal_links_live_as_long_as_the_new_deadline_asks():
    round_ = make_round()
    token = issue_invitation_link(round_.invitations.first())

    later = services.extend_deadline(
        round_, deadline=timezone.now() + timedelta(days=400), actor=manager_of(round_)
    )
    assert AccessLink.objects.get().expires_at > later.deadline
    assert find_link(token)


def test_closing_counts_and_cuts_every_tie_between_person_and_ballot():
    round_ = make_round(sealed=3)
    fill_ballot(round_.invitations.get(expert__code="E004"), skip=["fixed"])
    before = dict(Ballot.objects.exclude(receipt="").values_list("receipt", "sealed_scores"))
    old_ids = set(Ballot.objects.values_list("pk", flat=True))

    closed = services.close_round(round_, actor=manager_of(round_))

    assert (closed.state, closed.invited_count, closed.sealed_count) == (RoundState.CLOSED, 5, 3)
    assert dict(Ballot.objects.values_list("receipt", "sealed_scores")) == before
    assert not old_ids & set(Ballot.objects.values_list("pk", flat=True))
    assert all(ballot.nonce == "" for ballot in Ballot.objects.all())
    assert not Ballot.objects.filter(lock__isnull=False).exists()
    assert not Score.objects.exists()
    assert list(round_.invitations.values_list("started", "sealed")) == [(True, True)] * 3 + [
        (True, False),
        (False, False),
    ]


def test_nothing_that_is_stored_after_the_close_leads_from_a_person_to_a_ballot():
    """No table outside the ballots holds a ballot's id, old or new, its receipt, or its nonce."""
    round_ = make_round(sealed=5)
    traces = {str(value) for value in Ballot.objects.values_list("pk", flat=True)}
    traces |= set(Ballot.objects.values_list("nonce", flat=True))
    closed = services.close_round(round_, actor=manager_of(round_))
    traces |= {str(value) for value in Ballot.objects.values_list("pk", flat=True)}
    traces |= set(Ballot.objects.values_list("receipt", flat=True))
    traces |= {trace.replace("-", "") for trace in traces}

    kept = [Invitation, AuditEntry, AccessLink, Round, Score]
    stored = repr([list(model.objects.values()) for model in kept])
    assert not [trace for trace in traces if trace in stored]
    assert closed.receipt_root in stored, "the search would find what is there"


def test_the_order_of_the_ballots_is_not_the_order_of_the_people(monkeypatch):
    """Positive control: put into the panel's order, the ballots are found in it.

    Followers are counted, not the whole order: a database may fill the holes of several pages in turn.
    """

    def scores_by_place(place, code):
        return place // 5 + 1 if code == "industry" else place % 5 + 1

    def follow_one_another():
        round_ = make_round(state=RoundState.CLOSED, panel=make_panel(20), scores=scores_by_place)
        places = [(scores["industry"] - 1) * 5 + scores["infra"] - 1 for scores in _by_row(round_)]
        assert sorted(places) == list(range(20))
        return sum(second == first + 1 for first, second in pairwise(places))

    # By chance about one does; nine do once in a million times.
    assert follow_one_another() < 9
    monkeypatch.setattr("weighting.services.rounds.secrets.SystemRandom", NoShuffle)
    assert follow_one_another() >= 12


class NoShuffle:
    def shuffle(self, ballots):
        """Put the ballots in the order of the panel; how they lay before is the database's affair."""
        ballots.sort(key=lambda ballot: (ballot.sealed_scores["industry"], ballot.sealed_scores["infra"]))


def _by_row(round_):
    """Return the ballots in the order of their rows on disk, which somebody with the file has."""
    place = "ctid" if connection.vendor == "postgresql" else "rowid"
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT sealed_scores FROM weighting_ballot WHERE round_id = %s ORDER BY {place}", [round_.pk]
        )
        return [json.loads(scores) for (scores,) in cursor.fetchall()]


def test_the_receipts_are_published_sorted_under_their_root():
    round_ = make_round(sealed=4)
    receipts = set(Ballot.objects.values_list("receipt", flat=True))
    assert receipts_of(round_) == []

    closed = services.close_round(round_, actor=manager_of(round_))

    assert receipts_of(closed) == sorted(receipts)
    assert closed.receipt_root == hash_receipt_list(receipts)


def test_a_ballot_that_was_changed_after_sealing_counts_as_it_was_sealed():
    round_ = make_round(sealed=1)
    invitation = round_.invitations.get(expert__code="E001")
    sealed = Ballot.objects.get(receipt__gt="").sealed_scores
    save_score(claim_of(invitation), code="infra", value=5, seen_revision=1, client="second thoughts")

    services.close_round(round_, actor=manager_of(round_))

    assert Ballot.objects.get().sealed_scores == sealed


def test_nobody_scores_after_the_close():
    round_ = make_round(sealed=1)
    invitation = round_.invitations.get(expert__code="E001")
    services.close_round(round_, actor=manager_of(round_))

    with pytest.raises(RoundNotOpen):
        seal_ballot(claim_of(invitation))
    with pytest.raises(RoundNotOpen):
        save_score(claim_of(invitation), code="infra", value=5, seen_revision=1, client=str(uuid.uuid4()))


@pytest.mark.parametrize("state", [RoundState.DRAFT, RoundState.READY, RoundState.OPEN, RoundState.CLOSED])
def test_a_round_without_an_aggregate_can_be_voided_for_a_reason(state):
    round_ = make_round(state=state)
    with pytest.raises(Refused, match="why"):
        services.void_round(round_, reason="  ", actor=manager_of(round_))

    void = services.void_round(round_, reason="wrong list", actor=manager_of(round_))

    assert (void.state, void.void_reason) == (RoundState.VOID, "wrong list")
    assert not Ballot.objects.filter(lock__isnull=False).exists()
    with pytest.raises(Refused):
        services.void_round(void, reason="again", actor=manager_of(round_))
    with pytest.raises(Refused):
        aggregate_round(void, actor=manager_of(round_))


def test_an_open_round_that_is_voided_keeps_its_sealed_ballots_as_evidence():
    round_ = make_round(sealed=2)

    void = services.void_round(round_, reason="wrong list", actor=manager_of(round_))

    assert void.ballots.exclude(receipt="").count() == void.sealed_count == 2
    assert receipts_of(void) == []


def test_an_aggregated_round_cannot_be_voided():
    round_ = make_round(state=RoundState.CLOSED)
    aggregate_round(round_, actor=manager_of(round_))

    with pytest.raises(Refused, match="stays"):
        services.void_round(round_, reason="regret", actor=manager_of(round_))


def test_an_item_that_everybody_abstained_on_blocks_the_aggregate():
    round_ = make_round(
        state=RoundState.CLOSED,
        rule=Rule.NORMALISED_MEAN,
        scores=lambda _place, code: None if code == "fixed" else 3,
    )

    assert [b for b in aggregation_blockers(round_) if "Indicator fixed" in b]
    with pytest.raises(Refused, match="Indicator fixed"):
        aggregate_round(round_, actor=manager_of(round_))


def test_a_manager_sees_own_rounds_and_an_administrator_all():
    round_ = make_round(state=RoundState.DRAFT)

    assert rounds_visible_to(manager_of(round_)).get() == round_
    assert not rounds_visible_to(make_account()).exists()
    assert not rounds_visible_to(make_account(role="analyst")).exists()
    assert rounds_visible_to(make_account(role="administrator")).get() == round_


def test_a_new_personal_link_replaces_the_earlier_one():
    round_ = make_round()
    invitation = round_.invitations.first()
    first = replace_invitation_link(invitation, actor=manager_of(round_))
    second = replace_invitation_link(invitation, actor=manager_of(round_))

    assert find_link(first) is None
    assert find_link(second).invitation == invitation


def test_links_for_all_go_to_those_who_have_not_sealed():
    round_ = make_round(sealed=2)

    made = replace_unsealed_links(round_, actor=manager_of(round_))

    assert [invitation.expert.code for invitation, _token in made] == ["E003", "E004", "E005"]
    assert all(find_link(token).invitation == invitation for invitation, token in made)


def test_no_link_is_made_for_a_round_that_is_not_open():
    round_ = make_round(state=RoundState.CLOSED)

    with pytest.raises(Refused, match="open"):
        replace_invitation_link(round_.invitations.first(), actor=manager_of(round_))


def test_the_log_of_acts_never_holds_a_score():
    round_ = make_round(state=RoundState.CLOSED, scores=lambda _place, _code: 4)
    aggregate_round(round_, actor=manager_of(round_))

    codes = set(Indicator.objects.values_list("code", flat=True))
    for entry in AuditEntry.objects.all():
        assert not codes & set(map(str, entry.detail))
        assert "scores" not in entry.detail
