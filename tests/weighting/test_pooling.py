"""Several rounds as one version, and what versions together must not give away."""

import json
from pathlib import Path

import numpy as np
import pytest

from tests.factories import make_account, make_framework, make_panel, make_round
from tools import verify_weight_version as outsider
from weighting.enums import Role, RoundState, Rule, VersionSource
from weighting.exceptions import Refused
from weighting.manifest import canonical_json
from weighting.models import Round, WeightVersion
from weighting.models.scoring_round import LEAST_PANEL
from weighting.numeric.disclosure import exposed_rounds
from weighting.selectors import pooling, versions
from weighting.selectors.version_store import check_store
from weighting.selectors.versions import (
    freezing_blockers,
    item_counts_of,
    versions_visible_to,
    weighted_nodes_of,
)
from weighting.services import rounds as round_services
from weighting.services import version_sources
from weighting.services import versions as version_services
from weighting.services.rounds import close_round, void_round
from weighting.services.version_sources import pool_rounds
from weighting.services.versions import aggregate_round, freeze_version

pytestmark = pytest.mark.django_db

LABELS = {"label_zh": "合并", "label_en": "Pooled"}
SECRET = {"infra": 5, "industry": 1, "fixed": 2, "mobile": 4, "retail": 3, "finance": 1, "travel": 5}


@pytest.fixture
def framework(manager):
    return make_framework(owner=manager)


def closed(framework, manager, size, *, scores=None, least=5, **fields):
    """Close a round of that many ballots, of which the round promised at least ``least``."""
    round_ = make_round(
        framework=framework,
        manager=manager,
        panel=make_panel(max(size, LEAST_PANEL), owner=manager),
        state=RoundState.OPEN,
        sealed=size,
        scores=scores or (lambda place, code: (place + len(code)) % 5 + 1),
        **fields,
    )
    Round.objects.filter(pk=round_.pk).update(minimum_panel=least, quorum=2)
    return close_round(Round.objects.get(pk=round_.pk), actor=manager)


def locals_of(version):
    return {node.indicator.code: node.local_weight for node in weighted_nodes_of(version)}


def test_counts_are_added_and_every_ballot_weighs_the_same(framework, manager):
    small = closed(framework, manager, 5, parents=[None], scores=lambda _p, code: 5 if code == "infra" else 1)
    large = closed(framework, manager, 10, parents=[None, "industry"], scores=lambda _p, _c: 2)

    version = pool_rounds([small, large], actor=manager, **LABELS)

    # Sums 5 x 5 + 10 x 2 and 5 x 1 + 10 x 2.
    assert locals_of(version)["infra"] == pytest.approx(45 / 70, abs=1e-15)
    assert locals_of(version)["retail"] == 1 / 3  # asked in one round only
    assert [item.scores for item in item_counts_of(version)] == [[0, 10, 0, 0, 5], [5, 10, 0, 0, 0]]
    assert version.source == VersionSource.POOLED
    assert not freezing_blockers(version)


@pytest.mark.parametrize("frozen", [True, False])
def test_a_round_that_was_pooled_cannot_be_voided(framework, manager, monkeypatch, frozen):
    """Nor while the version is a draft: whoever read its weights would void what they do not like."""
    rounds = [closed(framework, manager, size) for size in (5, 6)]
    draft = pool_rounds(rounds, actor=manager, **LABELS)
    if frozen:
        freeze_version(draft, actor=manager)

    with pytest.raises(Refused, match="“Pooled” is pooled from this round"):
        void_round(rounds[0], reason="regret", actor=manager)
    assert Round.objects.get(pk=rounds[0].pk).state == RoundState.CLOSED

    # The control: without the guard the version would rest on a void round.
    monkeypatch.setattr(round_services, "voiding_blockers", lambda _round: [])
    assert void_round(rounds[0], reason="regret", actor=manager).state == RoundState.VOID


def test_a_draft_of_a_round_that_was_voided_is_never_frozen_or_seen(framework, manager, monkeypatch):
    """Such drafts are from a time when pooling did not keep a round from being voided."""
    rounds = [closed(framework, manager, size) for size in (5, 6)]
    draft = pool_rounds(rounds, actor=manager, **LABELS)
    assert not freezing_blockers(draft)
    assert draft in versions_visible_to(manager)

    monkeypatch.setattr(round_services, "voiding_blockers", lambda _round: [])
    void = void_round(rounds[0], reason="wrong list", actor=manager)

    for account in (manager, make_account(Role.ADMINISTRATOR)):
        assert draft not in versions_visible_to(account)
    with pytest.raises(Refused, match=f"“{void.title}” was voided"):
        freeze_version(draft, actor=manager)


def test_a_stranger_recomputes_the_pooled_weights_and_finds_the_receipts(framework, manager):
    rounds = [closed(framework, manager, size) for size in (5, 6)]
    version = freeze_version(pool_rounds(rounds, actor=manager, **LABELS), actor=manager)

    manifest = json.loads(bytes(version.manifest))
    findings = [*outsider.check_weights(manifest), *outsider.check_pooled(manifest)]
    assert [text for holds, text in findings if not holds] == []
    assert [round_["sealed"] for round_ in manifest["pooled"]["rounds"]] == [5, 6]
    # The counts of one round alone are nowhere in it.
    assert all("counts" not in round_ for round_ in manifest["pooled"]["rounds"])
    assert all(holds for holds, _text in check_store())
    assert sum(item.scores[0] for item in item_counts_of(version)) > 0


@pytest.mark.parametrize("key", ["counts", "sealed", "receipts"])
def test_a_pooled_manifest_that_does_not_add_up_is_found(framework, manager, key, tmp_path, capsys):
    rounds = [closed(framework, manager, size) for size in (5, 6)]
    version = freeze_version(pool_rounds(rounds, actor=manager, **LABELS), actor=manager)
    manifest = json.loads(bytes(version.manifest))
    path = Path(tmp_path / "manifest.json")

    def verdict():
        path.write_bytes(canonical_json(manifest))
        return outsider.main([str(path)])

    assert verdict() == 0
    first = manifest["pooled"]["rounds"][0]
    if key == "counts":
        manifest["pooled"]["counts"]["infra"][0] += 1
    elif key == "sealed":
        first["sealed"] += 1
    else:
        first["receipts"] = first["receipts"][1:]
    assert verdict() == 1


def test_every_reason_against_pooling_is_named(framework, manager):
    round_ = closed(framework, manager, 5)
    other = closed(framework, manager, 5, rule=Rule.NORMALISED_MEAN)
    elsewhere = closed(make_framework(owner=manager), manager, 5)
    still_open = make_round(framework=framework, manager=manager)

    with pytest.raises(Refused) as refusal:
        pool_rounds([round_, other, elsewhere, still_open], actor=manager, **LABELS)
    assert len(refusal.value.blockers) == 3
    with pytest.raises(Refused, match="two rounds or more"):
        pool_rounds([round_], actor=manager, **LABELS)
    assert not WeightVersion.objects.exists()


def test_rounds_of_one_series_would_count_experts_twice(framework, manager):
    first, second = (closed(framework, manager, 5) for _ in range(2))
    Round.objects.filter(pk=second.pk).update(follows=first)

    with pytest.raises(Refused, match="count twice"):
        pool_rounds([first, second], actor=manager, **LABELS)


def test_small_rounds_reach_k_together(framework, manager):
    rounds = [closed(framework, manager, 3) for _ in range(2)]

    with pytest.raises(Refused, match="3 ballots are sealed and 5 are needed"):
        aggregate_round(rounds[0], actor=manager)
    assert pool_rounds(rounds, actor=manager, **LABELS).pk


def test_too_few_ballots_together_are_refused(framework, manager):
    rounds = [closed(framework, manager, 2) for _ in range(2)]

    with pytest.raises(Refused, match="Together 4 ballots"):
        pool_rounds(rounds, actor=manager, **LABELS)


def test_a_round_of_one_is_not_pooled_with_a_reported_one(framework, manager):
    panel, lone = closed(framework, manager, 6), closed(framework, manager, 1)

    with pytest.raises(Refused, match="give away 1 ballot"):
        pool_rounds([panel, lone], actor=manager, **LABELS)


def test_without_the_guard_two_versions_give_an_experts_scores_away(framework, manager, monkeypatch):
    """The control: what the guard keeps from happening."""
    panel = closed(framework, manager, 6)
    lone = closed(framework, manager, 1, scores=lambda _place, code: SECRET[code])
    for module in (pooling, versions, version_sources, version_services):
        monkeypatch.setattr(module, "differencing_blockers", lambda *_args, **_kwargs: [])

    alone = freeze_version(aggregate_round(panel, actor=manager), actor=manager)
    both = freeze_version(pool_rounds([panel, lone], actor=manager, **LABELS), actor=manager)

    counts = [
        json.loads(bytes(version.manifest))[key]["counts"]
        for version, key in ((alone, "round"), (both, "pooled"))
    ]
    stolen = {
        code: int((np.array(counts[1][code]) - counts[0][code])[:5] @ np.arange(1, 6)) for code in counts[0]
    }
    assert stolen == SECRET


def test_the_guard_holds_at_freezing_too(framework, manager, monkeypatch):
    panel, lone = closed(framework, manager, 6), closed(framework, manager, 1)
    with monkeypatch.context() as without:
        without.setattr(version_sources, "differencing_blockers", lambda *_args, **_kwargs: [])
        version = pool_rounds([panel, lone], actor=manager, **LABELS)

    with pytest.raises(Refused, match="give away 1 ballot"):
        freeze_version(version, actor=manager)
    assert any("give away" in blocker for blocker in freezing_blockers(version))


def test_an_item_that_too_few_answered_makes_no_figure(framework, manager):
    """Six ballots and k of five: two abstain on one item, so that four answers would be its weight."""
    mean = {"rule": Rule.NORMALISED_MEAN}
    four = closed(framework, manager, 6, scores=abstaining({4, 5}), **mean)
    none = closed(framework, manager, 5, scores=abstaining(set(range(5))), **mean)
    five = closed(framework, manager, 6, scores=abstaining({5}), **mean)

    with pytest.raises(Refused, match="minimum panel of 5 answered “Indicator travel”"):
        aggregate_round(four, actor=manager)
    with pytest.raises(Refused, match="Fewer than the minimum panel of 5 answered: Indicator travel"):
        pool_rounds([four, none], actor=manager, **LABELS)
    assert aggregate_round(five, actor=manager).pk


def test_a_pool_does_not_give_away_the_one_answer_of_a_round_that_hides_it(framework, manager):
    """Both rounds have their k ballots; on one item all but one of the second panel abstained."""
    first = closed(framework, manager, 6, scores=abstaining(set()), rule=Rule.NORMALISED_MEAN)
    lone = closed(framework, manager, 6, scores=abstaining({1, 2, 3, 4, 5}), rule=Rule.NORMALISED_MEAN)
    half = closed(framework, manager, 6, scores=abstaining({5}), rule=Rule.NORMALISED_MEAN)

    with pytest.raises(Refused, match="fewer than the minimum panel answered on: Indicator travel"):
        pool_rounds([first, lone], actor=manager, **LABELS)
    assert pool_rounds([first, half], actor=manager, **LABELS).pk


def test_without_that_guard_the_one_answer_is_the_difference(framework, manager, monkeypatch):
    first = closed(framework, manager, 6, scores=abstaining(set()), rule=Rule.NORMALISED_MEAN)
    lone = closed(
        framework,
        manager,
        6,
        scores=lambda place, code: 2 if code != "travel" else (4 if place == 0 else None),
        rule=Rule.NORMALISED_MEAN,
    )
    monkeypatch.setattr(pooling, "_item_exposures", lambda *_sums: [])
    alone = freeze_version(aggregate_round(first, actor=manager), actor=manager)
    both = freeze_version(pool_rounds([first, lone], actor=manager, **LABELS), actor=manager)
    counts = [
        np.array(json.loads(bytes(version.manifest))[key]["counts"]["travel"])
        for version, key in ((alone, "round"), (both, "pooled"))
    ]

    assert (counts[1] - counts[0])[:5].tolist() == [0, 0, 0, 1, 0]


def abstaining(places):
    """Return scores with which those places of the panel abstain on one item."""
    return lambda place, code: None if code == "travel" and place in places else (place + len(code)) % 5 + 1


def test_three_pools_of_which_one_difference_is_too_small_are_refused(framework, manager):
    one, two, three = (closed(framework, manager, 4) for _ in range(3))
    pool_rounds([one, two], actor=manager, **LABELS)
    pool_rounds([one, two], actor=manager, **LABELS)  # the same ballots differ by nobody

    with pytest.raises(Refused, match="give away 4 ballots"):
        pool_rounds([one, two, three], actor=manager, **LABELS)


def test_a_round_is_not_aggregated_against_a_pool_that_gives_it_away(framework, manager):
    one, two = closed(framework, manager, 5, least=5), closed(framework, manager, 4, least=4)
    pool_rounds([one, two], actor=manager, **LABELS)  # each has its k: neither is given away

    assert aggregate_round(one, actor=manager).pk
    assert aggregate_round(two, actor=manager).pk


@pytest.mark.parametrize(
    ("versions", "sizes", "exposed"),
    [
        ([[1, 0], [1, 1]], [9, 2], [(1,)]),
        ([[1, 0], [1, 1]], [9, 5], []),
        ([[1, 1]], [2, 3], []),
        ([[1, 1]], [2, 2], [(0, 1)]),
        # Each is the only one that two of three versions share.
        ([[1, 1, 0], [0, 1, 1], [1, 0, 1]], [4, 4, 4], [(0,), (1,), (2,)]),
        # The rows of the second are those that both have.
        ([[1, 1, 0], [0, 1, 1]], [5, 4, 5], [(1,)]),
        ([[1, 1, 0], [0, 1, 1]], [5, 5, 5], []),
        ([[1, 1, 1], [0, 1, 1]], [5, 2, 3], []),
        ([[1, 1], [1, 0]], [5, 0], []),
        ([[1, 0]], [5, 2], []),
    ],
)
def test_rounds_that_versions_expose_together(versions, sizes, exposed):
    assert exposed_rounds(np.array(versions, dtype=bool), sizes, [5] * len(sizes)) == exposed
