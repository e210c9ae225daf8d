"""Delphi: what a following round shows of the one before, and when the links of a series are destroyed."""

import pytest
from django.urls import reverse

from tests import factories
from tests.factories import ballot_of, claim_of
from weighting.enums import Feedback, RoundState, Rule
from weighting.exceptions import Refused
from weighting.models import AuditEntry, Ballot, Round
from weighting.selectors.claims import bears_locks
from weighting.selectors.feedback import feedback_for
from weighting.selectors.rounds import receipts_of
from weighting.selectors.statistics import round_statistics
from weighting.services.rounds import close_round, void_round
from weighting.services.unlinking import end_series

pytestmark = pytest.mark.django_db

BALLOT = reverse("weighting:ballot")


@pytest.fixture
def framework(manager):
    return factories.make_framework(owner=manager)


@pytest.fixture
def panel(manager):
    return factories.make_panel(5, owner=manager)


def scores(place, code):
    """Of "infra" 1 to 5, one each; of everything else 4."""
    return place + 1 if code == "infra" else 4


@pytest.fixture
def make(manager, framework, panel):
    def make_one(**fields):
        return factories.make_round(manager=manager, framework=framework, panel=panel, **fields)

    return make_one


@pytest.fixture
def series(make):
    """Return a maker of an open round that follows an aggregated one with the given feedback."""

    def make_two(feedback, **fields):
        before = make(state=RoundState.AGGREGATED, feedback=feedback, scores=scores, **fields)
        return before, make(follows=before, feedback=feedback)

    return make_two


def shown(round_, place=0, code="infra"):
    invitation = factories.make_invitation(round_, place=place)
    return feedback_for(claim_of(invitation), ballot_of(invitation)).get(code)


def test_a_round_that_promised_no_feedback_gives_none(make):
    before, after = make(state=RoundState.AGGREGATED), make()
    # The preflight refuses this: what was not promised is not shown even so.
    Round.objects.filter(pk=after.pk).update(follows=before)

    assert shown(after) is None


def test_the_group_is_fed_back_as_median_and_quartiles(series):
    _before, after = series(Feedback.GROUP)

    feedback = shown(after)
    assert (feedback.lower_quartile, feedback.median, feedback.upper_quartile) == (2, 3, 4)
    assert feedback.own is None


def test_each_expert_is_shown_the_own_earlier_score_and_no_other(series):
    _before, after = series(Feedback.OWN)

    assert [shown(after, place).own for place in range(5)] == [1, 2, 3, 4, 5]


def test_the_card_shows_what_is_fed_back(client, series):
    _before, after = series(Feedback.OWN)
    client.cookies["django_language"] = "en"
    factories.sign_in_expert(client, factories.make_invitation(after, place=1))

    page = client.get(BALLOT).content.decode()

    assert "Earlier round: median 3, middle half of the panel 2 to 4. Your own score then: 2." in page
    assert "Earlier round: median 4, middle half of the panel 4 to 4. Your own score then: 4." in page


def test_below_the_minimum_panel_nothing_is_fed_back(make):
    before = factories.mark_aggregated(make(state=RoundState.CLOSED, feedback=Feedback.OWN, sealed=4))
    assert shown(make(follows=before)) is None


def test_of_a_closed_round_nothing_is_fed_back_before_its_aggregate(series):
    before, after = series(Feedback.GROUP)
    assert shown(after) is not None

    Round.objects.filter(pk=before.pk).update(state=RoundState.CLOSED)
    assert shown(Round.objects.get(pk=after.pk)) is None


def test_an_item_that_too_few_answered_is_not_fed_back(make):
    def abstaining(place, code):
        return None if (place, code) == (0, "mobile") else 3

    before = factories.mark_aggregated(
        make(state=RoundState.CLOSED, feedback=Feedback.GROUP, rule=Rule.NORMALISED_MEAN, scores=abstaining)
    )
    after = make(follows=before)

    assert shown(after, code="mobile") is None
    assert shown(after, code="infra").median == 3


def test_a_voided_round_feeds_back_nothing_and_keeps_no_link(make, manager):
    before = factories.mark_aggregated(make(state=RoundState.CLOSED, feedback=Feedback.OWN))
    after = make(follows=before)
    # Rounds that were only closed could be followed once.
    Round.objects.filter(pk=before.pk).update(state=RoundState.CLOSED)

    void_round(before, reason="wrong list", actor=manager)

    assert shown(after) is None
    assert not bears_locks(before)


@pytest.mark.parametrize("feedback", [Feedback.NONE, Feedback.GROUP])
def test_without_own_feedback_the_close_destroys_every_link(make, feedback):
    round_ = make(state=RoundState.CLOSED, feedback=feedback)

    assert not bears_locks(round_)


def test_with_own_feedback_the_links_of_sealed_ballots_are_kept_and_nothing_else(make, manager):
    round_ = make(feedback=Feedback.OWN, sealed=3)
    factories.fill_ballot(factories.make_invitation(round_, place=3))
    before = set(Ballot.objects.values_list("pk", flat=True))

    close_round(round_, actor=manager)

    kept = Ballot.objects.filter(round=round_, lock__isnull=False)
    assert kept.count() == Ballot.objects.filter(round=round_).count() == 3
    assert not before & set(Ballot.objects.values_list("pk", flat=True))
    assert not any(Ballot.objects.values_list("nonce", flat=True))


def test_the_end_of_a_series_destroys_the_links_of_all_its_rounds(series, manager):
    before, after = series(Feedback.OWN)
    for place in range(5):
        invitation = factories.make_invitation(after, place=place)
        factories.fill_ballot(invitation)
        factories.seal_ballot(claim_of(invitation))
    after = close_round(after, actor=manager)
    figures, receipts = [item.scores for item in round_statistics(before).items], receipts_of(before)
    linked = set(Ballot.objects.values_list("pk", flat=True))

    end_series(after, actor=manager)

    assert not Ballot.objects.filter(lock__isnull=False).exists()
    assert not linked & set(Ballot.objects.values_list("pk", flat=True))
    assert [item.scores for item in round_statistics(before).items] == figures
    assert receipts_of(before) == receipts
    assert AuditEntry.objects.filter(act="end_series", subject_id=str(after.pk)).count() == 1


def test_a_series_does_not_end_while_it_still_feeds_back(series, manager):
    before, after = series(Feedback.OWN)

    for round_ in (before, after):
        with pytest.raises(Refused):
            end_series(round_, actor=manager)
    assert shown(after).own == 1


def test_a_kept_link_shows_the_expert_nothing_of_the_closed_round(client, make, manager):
    round_ = make(feedback=Feedback.OWN)
    invitation = factories.make_invitation(round_)
    factories.sign_in_expert(client, invitation)
    factories.fill_ballot(invitation)
    factories.seal_ballot(claim_of(invitation))
    close_round(round_, actor=manager)
    client.cookies["django_language"] = "en"

    response = client.get(BALLOT)

    assert response.context["keeps_link"] is True
    assert "That ends with the series" in response.content.decode()
    for name in ("ballot-receipt", "ballot-receipt-download", "ballot-review"):
        address = reverse(f"weighting:{name}")
        assert client.get(address, follow=True).redirect_chain[-1][0] == BALLOT


@pytest.mark.parametrize("size", [1, 3])
def test_feedback_takes_the_same_queries_for_few_items_as_for_many(
    client, manager, panel, size, django_assert_num_queries
):
    tree = {f"group{place}": {f"leaf{place}{leaf}": {} for leaf in range(4)} for place in range(1, size + 1)}
    framework = factories.make_framework(tree | {"last": {}}, owner=manager)
    fields = {"manager": manager, "framework": framework, "panel": panel}
    before = factories.make_round(state=RoundState.AGGREGATED, feedback=Feedback.OWN, **fields)
    after = factories.make_round(follows=before, **fields)
    factories.sign_in_expert(client, factories.make_invitation(after))

    with django_assert_num_queries(10):
        client.get(BALLOT)
