import json

import numpy as np
import pytest
from django.db import IntegrityError, transaction

from tests.factories import make_account, make_framework, make_panel, make_round
from weighting.enums import RoundState, Rule, VersionSource, VersionStatus
from weighting.exceptions import AlreadyFrozen, Refused
from weighting.manifest import FIRST_PREVIOUS_HASH, canonical_json, hash_bytes
from weighting.models import AuditEntry, NodeWeight, Round, WeightVersion
from weighting.numeric.aggregation import weights_from_counts
from weighting.numeric.tree import build_tree
from weighting.readers import FileProblems
from weighting.selectors.versions import (
    global_weights_of,
    item_counts_of,
    previous_hash_of,
    versions_visible_to,
    weighted_nodes_of,
)
from weighting.services import versions as services
from weighting.services.rounds import close_round
from weighting.signals import weight_version_frozen

pytestmark = [pytest.mark.postgres, pytest.mark.django_db]

SUB_INDICES = {"infra": {}, "industry": {}, "innovation": {}, "smartcity": {}}
PUBLISHED_SUMS = {"infra": 404, "industry": 385, "innovation": 320, "smartcity": 350}
LOCAL_CSV = """code,local_weight
infra,0.25
industry,0.75
fixed,0.5
mobile,0.5
retail,0.2
finance,0.3
travel,0.5
"""
GLOBAL_CSV = "code,global_weight\nfixed,0.125\nmobile,0.125\nretail,0.15\nfinance,0.225\ntravel,0.375\n"


@pytest.fixture
def actor():
    return make_account()


@pytest.fixture
def framework(actor):
    return make_framework(owner=actor)


def draft_equal(framework, actor):
    return services.draft_equal_version(framework=framework, label_zh="等权", label_en="Equal", actor=actor)


def import_weights(framework, actor, text):
    return services.import_version(
        framework=framework,
        source=text.encode(),
        filename="w.csv",
        label_zh="导入",
        label_en="Imported",
        actor=actor,
    )


def aggregated(**fields):
    round_ = make_round(state=RoundState.CLOSED, **fields)
    return services.aggregate_round(round_, actor=round_.managers.get())


def weights_by_code(version):
    return {node.indicator.code: node for node in weighted_nodes_of(version)}


def share_out(total, people):
    """Return that many whole scores with the sum, as even as may be."""
    base, rest = divmod(total, people)
    return [base + (place < rest) for place in range(people)]


def test_ballots_with_the_published_sums_give_the_published_weights():
    """97 experts, score sums 404, 385, 320, 350: the report prints 27.69, 26.39, 21.93, 23.99 %."""
    scores = {code: share_out(total, 97) for code, total in PUBLISHED_SUMS.items()}
    version = aggregated(
        framework=make_framework(SUB_INDICES),
        panel=make_panel(97),
        scores=lambda place, code: scores[code][place],
    )

    percent = [round(100 * node.global_weight, 2) for node in weighted_nodes_of(version)]
    assert percent == [27.69, 26.39, 21.93, 23.99]
    assert [sum(v * n for v, n in enumerate(item.scores, 1)) for item in item_counts_of(version)] == [
        404,
        385,
        320,
        350,
    ]


def test_aggregating_makes_one_draft_and_ends_the_round():
    version = aggregated()

    assert (version.status, version.source) == (VersionStatus.DRAFT, VersionSource.ROUND)
    assert version.round.state == RoundState.AGGREGATED
    with pytest.raises(Refused, match="once"):
        services.aggregate_round(version.round, actor=version.created_by)
    assert WeightVersion.objects.count() == 1


def test_an_open_round_is_not_aggregated():
    round_ = make_round(sealed=5)

    with pytest.raises(Refused, match="Only a closed round"):
        services.aggregate_round(round_, actor=round_.managers.get())
    assert not WeightVersion.objects.exists()


def test_too_few_sealed_ballots_are_not_aggregated():
    round_ = close_and_get(make_round(sealed=4))

    with pytest.raises(Refused, match="4 ballots are sealed and 5 are needed"):
        services.aggregate_round(round_, actor=round_.managers.get())


@pytest.mark.parametrize(("quorum", "minimum_panel", "needed"), [(5, 2, 5), (2, 5, 5), (4, 4, None)])
def test_quorum_and_minimum_panel_both_hold(quorum, minimum_panel, needed):
    round_ = make_round(sealed=4)
    Round.objects.filter(pk=round_.pk).update(quorum=quorum, minimum_panel=minimum_panel)
    round_ = close_and_get(round_)
    if needed is None:
        assert services.aggregate_round(round_, actor=round_.managers.get()).pk
        return
    with pytest.raises(Refused, match=f"{needed} are needed"):
        services.aggregate_round(round_, actor=round_.managers.get())


def close_and_get(round_):
    return close_round(round_, actor=round_.managers.get())


def test_a_group_that_was_not_asked_is_split_equally_and_marked():
    nodes = weights_by_code(aggregated(parents=[None], scores=lambda _p, code: 4 if code == "infra" else 1))

    assert nodes["infra"].local_weight == 0.8
    assert (nodes["retail"].local_weight, nodes["retail"].asked) == (1 / 3, False)
    assert nodes["infra"].asked
    assert nodes["retail"].global_weight == pytest.approx(0.2 / 3, abs=1e-15)


def test_abstentions_leave_the_mean_as_it_is():
    version = aggregated(
        panel=make_panel(6),
        rule=Rule.NORMALISED_MEAN,
        parents=[None],
        scores=lambda place, code: None if (place, code) == (0, "infra") else 3,
    )

    assert weights_by_code(version)["infra"].local_weight == 0.5
    assert [item.abstained for item in item_counts_of(version)] == [1, 0]


def test_equal_weights_split_every_group(framework, actor):
    version = draft_equal(framework, actor)

    nodes = weights_by_code(version)
    assert nodes["travel"].global_weight == 0.5 / 3
    assert not any(node.asked for node in nodes.values())
    assert version.source == VersionSource.EQUAL


@pytest.mark.parametrize("text", [LOCAL_CSV, GLOBAL_CSV])
def test_local_weights_and_leaf_weights_give_the_same_version(framework, actor, text):
    nodes = weights_by_code(import_weights(framework, actor, text))

    assert nodes["industry"].local_weight == pytest.approx(0.75, abs=1e-15)
    assert nodes["finance"].local_weight == pytest.approx(0.3, abs=1e-15)
    assert nodes["travel"].global_weight == pytest.approx(0.375, abs=1e-15)


def test_every_problem_of_a_weight_file_is_named_and_nothing_is_written(framework, actor):
    bad = "code,local_weight\ninfra,0.25\nindustry,-1\nfixed,a quarter\nmobil,0.5\nretail,0.2\nretail,0.2\n"

    with pytest.raises(FileProblems) as found:
        import_weights(framework, actor, bad)

    places = {(problem.row, problem.column) for problem in found.value.problems}
    assert places >= {(3, "local_weight"), (4, "local_weight"), (5, "code"), (7, "code")}
    assert not WeightVersion.objects.exists()


def test_groups_that_do_not_sum_to_one_are_each_named(framework, actor):
    bad = LOCAL_CSV.replace("infra,0.25", "infra,0.22").replace("fixed,0.5", "fixed,0.6")

    with pytest.raises(FileProblems) as found:
        import_weights(framework, actor, bad)
    assert len(found.value.problems) == 2


def test_freezing_numbers_chains_and_announces(framework, actor):
    heard = []

    def listen(version, **_kwargs):
        heard.append((version.pk, transaction.get_connection().in_atomic_block))

    weight_version_frozen.connect(listen)
    try:
        first = services.freeze_version(draft_equal(framework, actor), actor=actor)
        second = services.freeze_version(import_weights(framework, actor, LOCAL_CSV), actor=actor)
    finally:
        weight_version_frozen.disconnect(listen)

    assert (first.number, second.number) == (1, 2)
    assert previous_hash_of(first) == FIRST_PREVIOUS_HASH
    assert previous_hash_of(second) == first.manifest_hash
    assert heard == [(first.pk, True), (second.pk, True)]
    other = make_framework(owner=actor)
    assert services.freeze_version(draft_equal(other, actor), actor=actor).number == 1


def test_the_manifest_is_canonical_and_its_hash_is_of_its_bytes(framework, actor):
    version = services.freeze_version(draft_equal(framework, actor), actor=actor)
    version.refresh_from_db()

    manifest = bytes(version.manifest)
    assert canonical_json(json.loads(manifest)) == manifest
    assert hash_bytes(manifest) == version.manifest_hash


def test_the_weights_are_recomputed_from_the_manifest_bit_for_bit():
    version = aggregated(
        panel=make_panel(7),
        scores=lambda place, code: (place * 7 + len(code)) % 5 + 1,
        parents=[None, "industry"],
    )
    version = services.freeze_version(version, actor=version.created_by)

    manifest = json.loads(bytes(version.manifest))
    evidence = manifest["round"]
    nodes = manifest["weights"]
    tree = build_tree([node["code"] for node in nodes], [node["parent"] or "" for node in nodes])
    nothing = [0] * 5 + [evidence["sealed"]]
    counts = np.array([evidence["counts"].get(node["code"], nothing) for node in nodes])
    weights = weights_from_counts(tree, counts, evidence["rule"], np.array([node["asked"] for node in nodes]))

    assert [float(node["local"]) for node in nodes] == weights.local.tolist()
    assert [float(node["global"]) for node in nodes] == weights.global_.tolist()
    assert global_weights_of([version.pk])[version.pk].tolist() == weights.global_.tolist()
    assert all(sum(row) == evidence["sealed"] == 7 for row in evidence["counts"].values())


def test_the_manifest_holds_the_evidence_of_the_round():
    version = aggregated()
    round_ = version.round
    version = services.freeze_version(version, actor=version.created_by)

    evidence = json.loads(bytes(version.manifest))["round"]
    assert evidence["receipt_root"] == round_.receipt_root
    assert evidence["questionnaire"] == round_.questionnaire_hash
    assert (evidence["invited"], evidence["sealed"]) == (5, 5)


def test_freezing_twice_names_the_version_and_its_number(framework, actor):
    draft = draft_equal(framework, actor)
    frozen = services.freeze_version(draft, actor=actor)

    with pytest.raises(AlreadyFrozen) as refusal:
        services.freeze_version(draft, actor=make_account())
    assert (refusal.value.version_id, refusal.value.number) == (frozen.pk, 1)
    assert AuditEntry.objects.filter(act="freeze").count() == 1


def test_a_draft_with_faults_is_not_frozen_and_every_fault_is_listed(framework, actor):
    draft = draft_equal(framework, actor)
    NodeWeight.objects.filter(version=draft, indicator__code="fixed").delete()
    NodeWeight.objects.filter(version=draft, indicator__code="travel").update(local_weight=0.5)

    with pytest.raises(Refused) as refusal:
        services.freeze_version(draft, actor=actor)
    assert len(refusal.value.blockers) == 3
    assert WeightVersion.objects.get().status == VersionStatus.DRAFT


def test_a_failed_freeze_leaves_a_draft(framework, actor, monkeypatch):
    draft = draft_equal(framework, actor)

    def fail(**_kwargs):
        raise RuntimeError("listener failed")

    monkeypatch.setattr(services.weight_version_frozen, "send", fail)
    with pytest.raises(RuntimeError):
        services.freeze_version(draft, actor=actor)

    draft.refresh_from_db()
    assert (draft.status, draft.number, draft.manifest) == (VersionStatus.DRAFT, None, None)


def test_only_frozen_versions_are_published_and_retired(framework, actor):
    draft = draft_equal(framework, actor)
    for act in (services.publish_version, services.retire_version):
        with pytest.raises(Refused, match="Only a frozen version"):
            act(draft, actor=actor)
    frozen = services.freeze_version(draft, actor=actor)

    assert services.publish_version(frozen, actor=actor).is_published
    assert services.retire_version(frozen, actor=actor).status == VersionStatus.RETIRED
    with pytest.raises(Refused, match="Only a frozen version"):
        services.retire_version(frozen, actor=actor)
    assert bytes(WeightVersion.objects.get().manifest) == bytes(frozen.manifest)


def test_one_round_gives_one_version():
    version = aggregated()

    with pytest.raises(IntegrityError), transaction.atomic():
        WeightVersion.objects.create(
            framework=version.framework,
            label_zh="二",
            label_en="Two",
            source=VersionSource.ROUND,
            round=version.round,
            created_by=version.created_by,
        )


def test_who_sees_which_versions(framework, actor):
    draft = draft_equal(framework, actor)
    frozen = services.freeze_version(draft_equal(framework, actor), actor=actor)
    public = services.freeze_version(draft_equal(framework, actor), actor=actor)
    services.publish_version(public, actor=actor)

    def seen(account):
        return set(versions_visible_to(account).values_list("pk", flat=True))

    assert seen(None) == {public.pk}
    assert seen(make_account(role="analyst")) == {frozen.pk, public.pk}
    assert seen(make_account()) == {frozen.pk, public.pk}
    assert seen(actor) == seen(make_account(role="administrator")) == {draft.pk, frozen.pk, public.pk}
