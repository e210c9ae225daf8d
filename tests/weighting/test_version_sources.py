"""Edits by hand, weights implied by published totals, and what freezing says of a draft."""

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.factories import make_framework, make_round
from weighting.enums import RoundState, VersionSource
from weighting.exceptions import Refused
from weighting.models import AuditEntry, WeightVersion
from weighting.numeric.siblings import rescale_siblings, sum_to_one
from weighting.readers import FileProblems
from weighting.selectors.freezing import freezing_notes
from weighting.selectors.versions import freezing_blockers, weighted_nodes_of
from weighting.services.version_sources import (
    describe_version,
    draft_implied_version,
    draft_reweighted_version,
    edit_group,
)
from weighting.services.versions import aggregate_round, draft_equal_version, freeze_version

pytestmark = pytest.mark.django_db

SUB_INDICES = {"infra": {}, "industry": {}, "innovation": {}, "smartcity": {}}
# The weights that the 2016 report computed with (docs/method.md 5).
TRUE_WEIGHTS = np.array([0.277, 0.264, 0.219, 0.24])


@pytest.fixture
def draft(manager):
    framework = make_framework(owner=manager)
    return draft_equal_version(framework=framework, label_zh="等权", label_en="Equal", actor=manager)


def locals_of(version):
    return {node.indicator.code: node.local_weight for node in weighted_nodes_of(version)}


def edit(version, actor, **options):
    options = {"group": "", "weights": {"infra": 0.3, "industry": 0.7}, "reason": "Council", **options}
    return edit_group(version, actor=actor, **options)


def test_an_edit_changes_one_group_and_all_that_follows(draft, manager):
    edited = edit(draft, manager)

    assert edited.pk == draft.pk
    assert edited.source == VersionSource.EDITED
    nodes = {node.indicator.code: node for node in weighted_nodes_of(edited)}
    assert nodes["infra"].local_weight == 0.3
    assert nodes["fixed"].global_weight == pytest.approx(0.15, abs=1e-15)
    assert nodes["fixed"].local_weight == 0.5
    entry = AuditEntry.objects.get(act="edit_weights")
    assert entry.detail["before"] == {"infra": 0.5, "industry": 0.5}
    assert entry.detail["after"]["infra"] == 0.3
    assert entry.detail["reason"] == "Council"
    assert not freezing_blockers(edited)


def test_a_panel_s_own_version_stays_untouched(manager):
    round_ = make_round(state=RoundState.CLOSED, manager=manager)
    version = aggregate_round(round_, actor=manager)
    before = locals_of(version)

    edited = edit(version, manager)
    again = edit(edited, manager, weights={"infra": 0.4, "industry": 0.6}, reason="Second thoughts")

    version.refresh_from_db()
    assert (version.source, locals_of(version)) == (VersionSource.ROUND, before)
    assert (edited.source, edited.parent, edited.round) == (VersionSource.EDITED, version, None)
    assert again.pk == edited.pk
    assert again.reason == "Council\nSecond thoughts"
    with pytest.raises(Refused, match="still a draft"):
        freeze_version(again, actor=manager)
    original = freeze_version(version, actor=manager)
    manifest = json.loads(bytes(freeze_version(again, actor=manager).manifest))
    assert manifest["corrects"] == original.manifest_hash
    assert manifest["round"] is None


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"reason": " "}, "states its reason"),
        ({"weights": {"infra": 0.3, "industry": 0.67}}, "sum to 97 %"),
        ({"weights": {"infra": 1.3, "industry": -0.3}}, "below zero"),
        ({"weights": {"infra": 1.0}}, "every indicator"),
        (
            {"weights": {"infra": 0.9, "industry": 0.9}, "rescale": True, "locked": ["infra", "industry"]},
            "unlock",
        ),
    ],
)
def test_a_faulty_edit_changes_nothing(draft, manager, options, complaint):
    with pytest.raises(Refused, match=complaint):
        edit(draft, manager, **options)
    assert locals_of(draft)["infra"] == 0.5
    assert not AuditEntry.objects.filter(act="edit_weights").exists()


def test_a_frozen_version_is_not_edited(draft, manager):
    frozen = freeze_version(draft, actor=manager)

    with pytest.raises(Refused, match="never edited"):
        edit(frozen, manager)
    with pytest.raises(Refused, match="keeps its labels"):
        describe_version(frozen, label_zh="新", label_en="New", note="", actor=manager)


def test_siblings_rescale_and_locked_ones_stay(draft, manager):
    weights = {"retail": 0.5, "finance": 0.2, "travel": 0.9}
    edited = edit(draft, manager, group="industry", weights=weights, rescale=True, locked=["retail"])

    after = locals_of(edited)
    assert after["retail"] == 0.5
    assert after["finance"] / after["travel"] == pytest.approx(2 / 9)


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=60).filter(lambda parts: sum(parts) > 1e-6))
def test_weights_sum_to_exactly_one(parts):
    weights = sum_to_one(np.array(parts))

    assert math.fsum(weights) == 1
    assert (weights >= 0).all()


def test_weights_that_are_no_parts_of_a_whole_are_refused():
    for wrong in ([0.0, 0.0], [-1.0, 2.0], [math.nan, 1.0]):
        with pytest.raises(ValueError, match="no parts"):
            sum_to_one(np.array(wrong))
    assert rescale_siblings(np.array([0.4, 0, 0]), np.array([True, False, False])).tolist() == [0.4, 0.3, 0.3]


def test_note_and_labels_of_a_draft_go_into_the_manifest(draft, manager):
    described = describe_version(draft, label_zh="新", label_en="New", note="Agreed in May", actor=manager)

    manifest = json.loads(bytes(freeze_version(described, actor=manager).manifest))
    assert (manifest["label_en"], manifest["note"]) == ("New", "Agreed in May")


def test_freezing_notes_name_groups_nobody_was_asked_about(manager):
    round_ = make_round(state=RoundState.CLOSED, manager=manager, parents=[None], scores=lambda p, c: 4)

    notes = freezing_notes(aggregate_round(round_, actor=manager))

    assert "Nobody was asked about “Indicator industry”: it is split equally." in notes


def totals_csv(values, totals):
    rows = ["unit,total," + ",".join(SUB_INDICES)]
    rows += [
        f"C{place},{total:.4f}," + ",".join(f"{value:.4f}" for value in row)
        for place, (row, total) in enumerate(zip(values, totals, strict=True))
    ]
    return "\n".join(rows).encode()


@pytest.fixture
def framework(manager):
    return make_framework(SUB_INDICES, owner=manager)


def imply(framework, source, **options):
    labels = {"label_zh": "反推", "label_en": "Implied"}
    return draft_implied_version(
        framework=framework, source=source, filename="t.csv", actor=framework.created_by, **labels, **options
    )


@pytest.fixture
def published():
    values = np.random.default_rng(4).lognormal(-1, 1.5, (61, 4)).round(4)
    return values, values @ TRUE_WEIGHTS


def test_weights_are_recovered_from_rounded_totals(framework, manager, published):
    equal = draft_equal_version(framework=framework, label_zh="等权", label_en="Equal", actor=manager)
    version = imply(framework, totals_csv(*published), compared=equal)

    assert list(locals_of(version).values()) == pytest.approx(TRUE_WEIGHTS, abs=2e-4)
    assert math.fsum(locals_of(version).values()) == 1
    residuals = [abs(float(residual)) for _unit, _total, residual in version.evidence["residuals"]]
    assert len(residuals) == 61
    assert max(residuals) < 1e-4
    assert version.evidence["compared"]["reproduced"] is False
    assert version.evidence["compared"]["unexplained"] > 30
    # The fit reproduces what it was fitted to, and its evidence is part of the manifest.
    true = imply(framework, totals_csv(*published), compared=version)
    assert true.evidence["compared"]["reproduced"] is True
    manifest = json.loads(bytes(freeze_version(true, actor=manager).manifest))
    assert len(manifest["evidence"]["residuals"]) == 61


def test_collinear_sub_indices_are_refused_by_name(framework, published):
    values, _totals = published
    values[:, 3] = values[:, 1]

    with pytest.raises(Refused, match="Indicator industry, Indicator smartcity move together"):
        imply(framework, totals_csv(values, values @ TRUE_WEIGHTS))
    assert not WeightVersion.objects.exists()


def test_too_few_cities_are_refused(framework, published):
    values, totals = published

    with pytest.raises(Refused, match="3 units do not determine the weights of 4"):
        imply(framework, totals_csv(values[:3], totals[:3]))


def test_every_fault_of_the_totals_is_named(framework):
    text = b"unit,total,infra,industry,innovation\nA,1,2,3,4\nA,x,2,3%,\n"

    with pytest.raises(FileProblems) as found:
        imply(framework, text)
    assert [problem.column for problem in found.value.problems] == ["smartcity"]
    text = b"unit,total,infra,industry,innovation,smartcity\nA,1,2,3,4,5\nA,x,2,3%,,1\n"
    with pytest.raises(FileProblems) as found:
        imply(framework, text)
    asked = [problem.column for problem in found.value.problems]
    assert sorted(asked) == ["industry", "innovation", "total", "unit"]


def test_other_weights_for_the_whole_tree_make_a_draft_that_names_its_origin(draft, manager):
    weights = {**locals_of(draft), "infra": 0.25, "industry": 0.75}
    said = {"label_zh": "试", "label_en": "Tried", "reason": " Council ", "actor": manager}
    made = draft_reweighted_version(draft, local_weights=weights, **said)

    assert (made.parent, made.source, made.reason) == (draft, VersionSource.EDITED, "Council")
    assert locals_of(made) == weights
    assert locals_of(draft)["infra"] == 0.5
    freeze_version(draft, actor=manager)
    assert not freezing_blockers(WeightVersion.objects.get(pk=made.pk))


def test_other_weights_that_are_no_weights_are_all_named(draft, manager):
    weights = {**locals_of(draft), "infra": -0.25, "elsewhere": 0.1}
    said = {"label_zh": "试", "label_en": "Tried", "reason": " ", "actor": manager}
    with pytest.raises(Refused) as caught:
        draft_reweighted_version(draft, local_weights=weights, **said)
    assert len(caught.value.blockers) == 3

    weights = {**locals_of(draft), "infra": 0.25}
    with pytest.raises(Refused, match="sum to 100 %"):
        draft_reweighted_version(draft, local_weights=weights, **{**said, "reason": "Council"})
    assert WeightVersion.objects.count() == 1
