"""Scores to weights, against the report's four figures and hand-worked trees."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.strategies import trees
from weighting.numeric.aggregation import (
    AggregationError,
    aggregate_scores,
    count_scores,
    equal_weights,
    weights_from_counts,
)
from weighting.numeric.tree import build_tree

NAN = np.nan


@pytest.fixture
def tree():
    """Sub-indices a and b; a has a1 and a2, b has b1, b2 and b3."""
    return build_tree(["a", "b", "a1", "a2", "b1", "b2", "b3"], ["", "", "a", "a", "b", "b", "b"])


def panel_with_sums(sums, experts):
    """Scores 1 to 5 of a panel with the given column sums."""
    columns = []
    for total in sums:
        low, extra = divmod(total, experts)
        columns.append([low + 1] * extra + [low] * (experts - extra))
    return np.array(columns, dtype=float).T


def test_the_four_published_weights():
    """2016 report, section 3.1; the sums of 97 experts are the only ones that give its figures."""
    tree = build_tree(["infra", "industry", "innovation", "smartcity"], [""] * 4)
    scores = panel_with_sums([404, 385, 320, 350], experts=97)
    weights = aggregate_scores(tree, scores, "normalised_sum")
    assert (weights.local == np.array([404, 385, 320, 350]) / 1459).all()
    assert [f"{100 * weight:.2f}" for weight in weights.local] == ["27.69", "26.39", "21.93", "23.99"]
    assert (weights.global_ == weights.local).all()
    assert weights.asked.all()


def test_two_levels_by_hand(tree):
    scores = np.array([[5, 3, 2, 4, 1, 1, 2], [3, 5, 4, 2, 2, 3, 3.0]])
    # Sums: a 8, b 8; a1 6, a2 6; b1 3, b2 4, b3 5 of 12.
    weights = aggregate_scores(tree, scores, "normalised_sum")
    assert weights.local == pytest.approx([1 / 2, 1 / 2, 1 / 2, 1 / 2, 1 / 4, 1 / 3, 5 / 12], rel=1e-15)
    assert weights.global_ == pytest.approx([1 / 2, 1 / 2, 1 / 4, 1 / 4, 1 / 8, 1 / 6, 5 / 24], rel=1e-15)


def test_means_with_abstentions_by_hand(tree):
    scores = np.array([[5, 3, 2, NAN, 1, 1, 2], [3, 5, 4, 2, NAN, 3, 3.0]])
    # Means: a1 3, a2 2 of 5; b1 1, b2 2, b3 2.5 of 5.5.
    weights = aggregate_scores(tree, scores, "normalised_mean")
    assert weights.local == pytest.approx([0.5, 0.5, 0.6, 0.4, 2 / 11, 4 / 11, 5 / 11], rel=1e-15)


def test_a_group_nobody_was_asked_about_is_split_equally(tree):
    asked = np.array([True, True, True, True, False, False, False])
    scores = np.array([[4, 1, 3, 1, NAN, NAN, NAN]])
    weights = aggregate_scores(tree, scores, "normalised_sum", asked)
    assert weights.local == pytest.approx([0.8, 0.2, 0.75, 0.25, 1 / 3, 1 / 3, 1 / 3], rel=1e-15)
    assert (weights.asked == asked).all()


def test_equal_weights(tree):
    weights = equal_weights(tree)
    assert weights.local == pytest.approx([1 / 2, 1 / 2, 1 / 2, 1 / 2, 1 / 3, 1 / 3, 1 / 3])
    assert not weights.asked.any()


def test_counts():
    counts = count_scores(np.array([[1, 5], [1, NAN], [3, NAN]]))
    assert counts.tolist() == [[2, 0, 1, 0, 0, 0], [0, 0, 0, 0, 1, 2]]


def refusal(tree, scores, rule="normalised_sum", asked=None):
    with pytest.raises(AggregationError) as caught:
        aggregate_scores(tree, np.array(scores, dtype=float), rule, asked)
    return caught.value.problems


def test_every_score_off_the_scale_is_named(tree):
    problems = refusal(tree, [[0, 1, 1, 1, 1, 1, 6], [1, 2.5, 1, 1, 1, 1, np.inf]])
    assert [problem.split(":")[0] for problem in problems] == [
        "expert 1, item 1", "expert 1, item 7", "expert 2, item 2", "expert 2, item 7",
    ]  # fmt: skip


def test_sums_refuse_abstentions_by_name(tree):
    problems = refusal(tree, [[1, 1, NAN, 1, 1, 1, 1], [1, 1, NAN, 1, NAN, 1, 1], [1] * 7])
    assert problems == [
        "a1: 2 abstained, which the rule normalised_sum refuses",
        "b1: 1 abstained, which the rule normalised_sum refuses",
    ]


def test_an_item_that_nobody_scored_is_refused(tree):
    assert refusal(tree, [[1, 1, NAN, 1, 1, 1, 1]], "normalised_mean") == ["a1: nobody scored it"]


def test_half_asked_groups_and_stray_scores_are_refused(tree):
    asked = np.array([True, True, True, False, False, False, False])
    problems = refusal(tree, [[1, 1, 1, NAN, NAN, NAN, 4]], asked=asked)
    assert problems == ["asked about some siblings but not about a2", "b3: has scores but was not asked"]


@st.composite
def panels(draw, abstain=True):
    tree = draw(trees())
    experts = draw(st.integers(1, 6))
    answers = [1.0, 2.0, 3.0, 4.0, 5.0] + [NAN] * abstain
    rows = st.lists(st.sampled_from(answers), min_size=len(tree), max_size=len(tree))
    scores = np.array(draw(st.lists(rows, min_size=experts, max_size=experts)))
    scores[0] = np.where(np.isnan(scores[0]), 3.0, scores[0])
    return tree, scores


@given(panels())
def test_counts_give_the_bits_of_the_scores(panel):
    tree, scores = panel
    from_scores = aggregate_scores(tree, scores, "normalised_mean")
    from_counts = weights_from_counts(tree, count_scores(scores), "normalised_mean")
    assert from_scores.local.tobytes() == from_counts.local.tobytes()
    assert from_scores.global_.tobytes() == from_counts.global_.tobytes()


@given(panels(abstain=False))
def test_the_rules_agree_bit_for_bit_without_abstentions(panel):
    tree, scores = panel
    sums, means = (aggregate_scores(tree, scores, rule) for rule in ("normalised_sum", "normalised_mean"))
    assert sums.local.tobytes() == means.local.tobytes()


@given(panels(), st.randoms(use_true_random=False))
def test_weights_sum_to_one_whatever_the_order_of_the_experts(panel, random):
    tree, scores = panel
    weights = aggregate_scores(tree, scores, "normalised_mean")
    assert weights.global_[tree.leaves].sum() == pytest.approx(1, abs=1e-12)
    assert all(weights.local[group].sum() == pytest.approx(1, abs=1e-12) for group in tree.groups)
    order = random.sample(range(len(scores)), len(scores))
    assert aggregate_scores(tree, scores[order], "normalised_mean").local.tobytes() == weights.local.tobytes()


@given(panels(), st.data())
def test_the_order_of_the_indicators_does_not_matter(panel, data):
    tree, scores = panel
    order = data.draw(st.permutations(range(len(tree))))
    parents = ["" if parent < 0 else tree.codes[parent] for parent in tree.parents]
    other = build_tree([tree.codes[node] for node in order], [parents[node] for node in order])
    weights = aggregate_scores(tree, scores, "normalised_mean").local
    assert (aggregate_scores(other, scores[:, order], "normalised_mean").local == weights[order]).all()
