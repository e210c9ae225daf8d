"""k is never below four, and a ballot that a manager entered hides nobody."""

import json

import numpy as np
import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from tests.factories import (
    make_framework,
    make_panel,
    make_round,
    mark_aggregated,
    mark_entered,
    sign_in_staff,
)
from tests.weighting.test_pooling import LABELS, closed
from tests.weighting.test_round_pages import NEW, said
from tests.weighting.test_statistics import scores_of, set_sectors
from tools import verify_weight_version as outsider
from weighting.enums import ExclusionRule, Feedback, Medium, RoundState, Rule, Sector
from weighting.exceptions import NotReported, Refused
from weighting.models import Ballot, Round
from weighting.models.scoring_round import LEAST_PANEL
from weighting.numeric.disclosure import size_towards_k
from weighting.selectors.feedback import feedback_for
from weighting.selectors.panel_scores import panel_scores_of
from weighting.selectors.preflight import opening_blockers
from weighting.selectors.rounds import aggregation_blockers
from weighting.selectors.statistics import round_statistics
from weighting.services.rounds import close_round, open_round, ready_round
from weighting.services.version_sources import pool_rounds
from weighting.services.versions import aggregate_round, freeze_version

pytestmark = [pytest.mark.django_db, pytest.mark.postgres]


def held(manager, size, *, entered=0, **fields):
    """Return a closed round of that many ballots, some of which were entered, with k = 4."""
    round_ = make_round(
        manager=manager,
        panel=make_panel(max(size, 4), owner=manager),
        sealed=size,
        scores=scores_of,
        **fields,
    )
    Round.objects.filter(pk=round_.pk).update(minimum_panel=4, quorum=2)
    mark_entered(round_, entered)
    return close_round(Round.objects.get(pk=round_.pk), actor=manager)


# --- four at least --------------------------------------------------------------------------------


def test_a_new_round_asks_for_four_or_more(client, manager):
    sign_in_staff(client, manager)
    address = f"{NEW}?framework={make_framework().pk}&panel={make_panel(owner=manager).pk}"

    assert set(client.post(address, said(minimum_panel=3)).context["form"].errors) == {"minimum_panel"}
    assert not Round.objects.exists()
    assert client.post(address, said(minimum_panel=4)).status_code == 302


def test_the_database_refuses_a_draft_with_less_and_keeps_what_was_held(manager):
    draft = make_round(state=RoundState.DRAFT, manager=manager)
    with pytest.raises(IntegrityError), transaction.atomic():
        Round.objects.filter(pk=draft.pk).update(minimum_panel=3)

    round_ = open_round(ready_round(draft, actor=manager), actor=manager)
    Round.objects.filter(pk=round_.pk).update(minimum_panel=2)
    round_.refresh_from_db()
    assert (round_.minimum_panel, round_.least_panel) == (2, LEAST_PANEL)


def test_a_round_that_was_given_two_shows_nothing_below_four(client, manager):
    """The control is the same round with one ballot more."""
    small, enough = (held(manager, size) for size in (3, 4))
    Round.objects.update(minimum_panel=2)
    with pytest.raises(Refused, match="3 ballots are sealed and 4 are needed"):
        aggregate_round(Round.objects.get(pk=small.pk), actor=manager)

    sign_in_staff(client, manager)
    for round_, status in [(mark_aggregated(small), 409), (mark_aggregated(enough), 200)]:
        assert client.get(reverse("weighting:round-statistics", args=[round_.pk])).status_code == status
        assert client.get(reverse("weighting:api-round-statistics", args=[round_.pk])).status_code == status


@pytest.mark.parametrize("pooled", [False, True])
def test_a_draft_of_fewer_than_four_of_their_own_is_shown_to_nobody(client, manager, pooled):
    """From when less was allowed; a frozen version stands, for manifests are never rewritten."""
    framework = make_framework(owner=manager)
    rounds = [closed(framework, manager, 5, least=4) for _ in range(2 if pooled else 1)]
    draft = (
        pool_rounds(rounds, actor=manager, **LABELS) if pooled else aggregate_round(rounds[0], actor=manager)
    )
    sign_in_staff(client, manager)
    page = reverse("weighting:version-detail", args=[draft.pk])
    for entered, is_shown in [(1, True), (2, pooled), (4, False)]:
        for round_ in rounds:
            mark_entered(round_, entered)
        assert (client.get(page).status_code == 200) == is_shown
        assert (page in client.get(reverse("weighting:version-list")).text) == is_shown
    if not pooled:
        assert page not in client.get(reverse("weighting:round-detail", args=[rounds[0].pk])).text


# --- ballots that a manager entered ---------------------------------------------------------------


@pytest.mark.parametrize(("own", "size"), [([], 0), ([False], 1), ([False] * 9, 1), ([True, False], 1)])
def test_entered_ballots_are_somebody_and_never_enough(own, size):
    assert size_towards_k(np.array(own, dtype=bool)) == size


@pytest.mark.parametrize(("size", "entered", "is_told"), [(5, 4, False), (7, 4, False), (8, 4, True)])
def test_four_ballots_on_paper_never_tell_the_fifth(manager, size, entered, is_told):
    """A manager who typed four of five in would read the last one off the counts."""
    round_ = held(manager, size, entered=entered)
    if is_told:
        assert aggregate_round(round_, actor=manager)
        return
    with pytest.raises(Refused, match=f"{entered} of {size} ballots were entered by a manager"):
        aggregate_round(round_, actor=manager)
    with pytest.raises(NotReported, match=f"beside {entered} that a manager entered"):
        round_statistics(mark_aggregated(round_))


def test_without_the_rule_the_fifth_is_the_difference(manager, monkeypatch):
    """The control: counts of the whole less the four that the manager knows."""
    round_ = held(manager, 5, entered=4)
    Ballot.objects.filter(round=round_).update(medium=Medium.ONLINE)
    statistics = round_statistics(mark_aggregated(round_))
    ballots = list(round_.ballots.order_by("pk"))
    for item in statistics.items:
        counts = np.array(item.scores)
        for known in ballots[1:]:
            counts[known.sealed_scores[item.indicator.code] - 1] -= 1
        assert counts.argmax() + 1 == ballots[0].sealed_scores[item.indicator.code]


def test_an_item_is_held_against_k_by_the_answers_of_their_own(manager):
    """Of six ballots two are entered; one more abstains on one item, which leaves three of their own."""
    round_ = held(manager, 6, rule=Rule.NORMALISED_MEAN)
    ballots = list(round_.ballots.order_by("pk"))
    for place, ballot in enumerate(ballots):
        ballot.medium = Medium.SHEET if place < 2 else Medium.ONLINE
        if place == 5:
            ballot.sealed_scores["travel"] = None
        ballot.save()
    with pytest.raises(Refused, match="Fewer than the minimum panel of 4 answered “Indicator travel”"):
        aggregate_round(round_, actor=manager)
    statistics = round_statistics(mark_aggregated(round_))
    assert [item.indicator.code for item in statistics.items if not item.is_reported] == ["travel"]
    assert (statistics.counted, statistics.entered) == (6, 2)
    assert statistics.whole.concordance is None


def test_a_sector_is_kept_by_the_ballots_of_their_own(manager):
    for entered, kept in [(0, {"academic", "industry"}), (1, set())]:
        panel = make_panel(10, owner=manager)
        set_sectors(panel, {Sector.ACADEMIC: 5, Sector.INDUSTRY: 5})
        round_ = mark_entered(make_round(manager=manager, panel=panel, sealed=10, scores=scores_of), entered)
        close_round(round_, actor=manager)
        sectors = set(Ballot.objects.filter(round=round_).values_list("sector", flat=True))
        assert sectors - {""} == kept


def test_nothing_is_fed_back_of_a_round_on_paper(manager):
    framework, panel = make_framework(owner=manager), make_panel(6, owner=manager)
    shared = {"manager": manager, "framework": framework, "panel": panel, "feedback": Feedback.GROUP}
    before = mark_aggregated(make_round(state=RoundState.CLOSED, **shared))
    after = make_round(follows=before, **shared)
    claim = type("Claim", (), {"invitation": after.invitations.select_related("round__follows").first()})
    assert feedback_for(claim, None)

    mark_entered(before, 2)
    assert not feedback_for(claim, None)


def test_pools_and_their_differences_count_the_ballots_of_their_own(manager):
    framework = make_framework(owner=manager)
    first, second = (closed(framework, manager, size, least=4) for size in (5, 5))
    mark_entered(second, 2)
    with pytest.raises(Refused, match="give away 5 ballots"):
        pool_rounds([first, second], actor=manager, **LABELS)

    mark_entered(first, 2)
    assert pool_rounds([first, second], actor=manager, **LABELS)
    mark_entered(first, 5)
    mark_entered(second, 5)
    with pytest.raises(Refused, match="10 of 10 ballots were entered"):
        pool_rounds([first, second], actor=manager, **LABELS)


def test_a_study_of_experts_needs_k_of_their_own(manager):
    version = aggregate_round(held(manager, 6), actor=manager)
    assert panel_scores_of(version).towards_k == 6
    mark_entered(version.round, 3)
    with pytest.raises(NotReported):
        panel_scores_of(version)


def test_their_number_stands_wherever_the_size_of_the_panel_does(client, manager, tmp_path):
    round_ = held(manager, 7, entered=2)
    version = freeze_version(aggregate_round(round_, actor=manager), actor=manager)
    sign_in_staff(client, manager)

    def read(name, *args):
        return client.get(reverse(f"weighting:{name}", args=args), headers={"accept-language": "en"})

    words = "7 ballots counted, 2 of them entered by a manager"
    page = read("round-statistics", round_.pk).text
    assert f"{words}</p>" in page
    assert "of 7 sealed, 7 invited; a manager entered 2" in page
    assert words in read("version-detail", version.pk).text
    report = read("round-report", round_.pk).text
    assert "2 ballots came on spreadsheets or on paper" in report
    assert "The exception is 2 ballots that came on forms" in report
    assert "<dt>of these entered by a manager</dt><dd>2</dd>" in read("round-detail", round_.pk).text
    told = read("api-round-statistics", round_.pk).json()
    assert (told["counted"], told["entered"]) == (7, 2)
    row = read("api-round", round_.pk).json()
    assert (row["sealed_count"], row["entered_count"]) == (7, 2)
    manifest = json.loads(bytes(version.manifest))
    assert manifest["round"]["entered"] == 2
    file = tmp_path / "manifest.json"
    file.write_bytes(bytes(version.manifest))
    assert outsider.main([str(file)]) == 0
    file.write_bytes(bytes(version.manifest).replace(b'"entered":2', b'"entered":8'))
    assert outsider.main([str(file)]) == 1


# --- void -----------------------------------------------------------------------------------------


def test_before_the_close_the_list_does_not_say_how_many_were_entered(client, manager):
    round_ = mark_entered(make_round(manager=manager, sealed=3), 2)
    sign_in_staff(client, manager)
    assert client.get(reverse("weighting:api-round", args=[round_.pk])).json()["entered_count"] is None


def test_one_is_spoken_of_in_the_singular():
    draft = make_round(panel=make_panel(1), state=RoundState.DRAFT)
    closed = make_round(state=RoundState.CLOSED, sealed=1)
    excluded = make_round(
        state=RoundState.CLOSED,
        scores=lambda place, code: (place * len(code)) % 5 + 1,
        exclusion=ExclusionRule.UNIFORM,
    )

    assert "The panel has 1 expert, fewer than the minimum" in " ".join(opening_blockers(draft))
    assert any(said.startswith("1 ballot is sealed and ") for said in aggregation_blockers(closed))
    assert any(
        said.startswith("1 of 5 sealed ballots is left out") for said in aggregation_blockers(excluded)
    )


@pytest.mark.parametrize(
    ("size", "remedy"), [(3, ": choose another panel."), (4, ": lower the minimum, or choose another panel.")]
)
def test_a_minimum_above_the_panel_may_be_lowered_as_far_as_k(size, remedy):
    draft = make_round(panel=make_panel(size), state=RoundState.DRAFT)
    Round.objects.filter(pk=draft.pk).update(minimum_panel=5)
    draft.refresh_from_db()

    (said,) = [text for text in opening_blockers(draft) if "minimum of 5" in text]
    assert said.endswith(remedy)
