"""Comparison of versions, by hand and against SciPy."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from indexer.numeric.comparison import (
    band_flows,
    decompose_change,
    find_passing,
    kendall_tau_b,
    mean_absolute_shift,
    mean_shift_matrix,
    rank_shift,
    spearman,
    split_change,
    top_overlap,
)
from indexer.numeric.composite import composite_scores
from indexer.numeric.ranking import min_ranks
from tests.indexer.numeric.test_composite import GLOBAL, TREE, cases
from weighting.numeric.aggregation import equal_weights
from weighting.numeric.tree import global_weights, local_from_leaf_weights


def test_a_city_that_moves_up_gains_places():
    before, after = np.array([1, 2, 3, 4]), np.array([3, 1, 2, 4])
    assert rank_shift(before, after).tolist() == [-2, 1, 1, 0]
    assert mean_absolute_shift(before, after) == 1.0


def test_spearman_by_hand():
    # Sum of squared differences 4 + 1 + 1 = 6: rho = 1 - 6 * 6 / (4 * 15) = 0.4
    assert spearman(np.array([1, 2, 3, 4]), np.array([3, 1, 2, 4])) == pytest.approx(0.4, rel=1e-15)


@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), min_size=2, max_size=20))
def test_spearman_agrees_with_scipy_on_ties(pairs):
    a, b = np.array(pairs).T
    if len(set(a)) == 1 or len(set(b)) == 1:
        with pytest.raises(ValueError, match="constant"):
            spearman(a, b)
    else:
        assert spearman(a, b) == pytest.approx(stats.spearmanr(a, b).statistic, abs=1e-12)


def test_cities_must_correspond():
    with pytest.raises(ValueError, match="one value per city"):
        rank_shift(np.array([1, 2]), np.array([1, 2, 3]))


def test_decomposition_by_hand():
    # Leaves .3, .06, .24, .4 become .25, .125, .125, .5.
    parts = decompose_change(TREE, GLOBAL, equal_weights(TREE).global_, np.array([[10, 20, 30, 40.0]]))
    # a1 -.5, a21 1.3, a22 -3.45, b1 4; a2 -2.15, a -2.65
    assert parts[0] == pytest.approx([-2.65, -0.5, -2.15, 1.3, -3.45, 4, 4], rel=1e-12)


def test_missing_values_cannot_be_decomposed():
    with pytest.raises(ValueError, match="missing"):
        decompose_change(TREE, GLOBAL, GLOBAL, np.array([[1, np.nan, 1, 1]]))


@given(cases(), st.data())
def test_parts_sum_to_the_change(case, data):
    tree, leaf, normalised = case
    count = len(tree.leaves)
    other = np.array(data.draw(st.lists(st.floats(0.01, 1), min_size=count, max_size=count)))
    before = global_weights(tree, local_from_leaf_weights(tree, leaf))
    after = global_weights(tree, local_from_leaf_weights(tree, other))
    scores = composite_scores(normalised, np.stack([before, after], axis=1)[tree.leaves])
    parts = decompose_change(tree, before, after, normalised)
    scale = np.abs(normalised).max()
    assert parts[:, tree.groups[0]].sum(axis=1) == pytest.approx(
        scores[:, 1] - scores[:, 0], abs=1e-12 * scale
    )


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=2, max_size=40))
def test_tau_b_agrees_with_scipy_on_ties(pairs):
    a, b = np.array(pairs).T
    if len(set(a)) == 1 or len(set(b)) == 1:
        with pytest.raises(ValueError, match="constant"):
            kendall_tau_b(a, b)
    else:
        assert kendall_tau_b(a, b) == pytest.approx(stats.kendalltau(a, b).statistic, abs=1e-12)


def test_tau_b_of_many_cities_agrees_with_scipy():
    rng = np.random.default_rng(4)
    a = rng.integers(0, 900, 3001)
    b = a + rng.integers(-80, 80, 3001)
    assert kendall_tau_b(a, b) == pytest.approx(stats.kendalltau(a, b).statistic, abs=1e-12)
    assert kendall_tau_b(np.arange(5), np.arange(5)[::-1]) == -1


def test_every_two_versions_are_set_against_each_other():
    ranks = np.array([[1, 2, 4], [2, 1, 3], [3, 3, 2], [4, 4, 1]])
    assert mean_shift_matrix(ranks).tolist() == [[0, 0.5, 2], [0.5, 0, 2], [2, 2, 0]]
    assert top_overlap(ranks, 2).tolist() == [[1, 1, 0], [1, 1, 0], [0, 0, 1]]
    assert top_overlap(ranks, 3)[0, 2] == pytest.approx(2 / 3)
    assert top_overlap(ranks, 4).min() == 1


def test_a_top_with_ties_may_hold_more_cities():
    # Three cities share rank 2 in the first version: its top 2 are four cities.
    ranks = np.array([[1, 1], [2, 2], [2, 3], [2, 4]])
    assert top_overlap(ranks, 2)[0, 1] == 0.5


@pytest.mark.parametrize("k", [0, 4])
def test_a_top_needs_cities(k):
    with pytest.raises(ValueError, match=f"no top {k} of 3"):
        top_overlap(np.array([[1], [2], [3]]), k)


def test_cities_flow_between_bands():
    ranks = np.array([[1, 1, 3], [2, 3, 2], [3, 2, 1]])
    flows = band_flows(ranks, np.array([2]))
    # The first city stays in the band of ranks 1 and 2, then leaves it.
    assert flows[0].tolist() == [[[1, 1], [0, 0]], [[0, 0], [1, 0]]]
    assert flows[1].tolist() == [[[0, 1], [1, 0]], [[1, 0], [0, 0]]]
    assert flows.sum(axis=(1, 2, 3)).tolist() == [3, 3]


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=1, max_size=12), st.data())
def test_the_places_gained_are_those_passed_less_those_who_passed(pairs, data):
    before, after = (min_ranks(np.array(side, dtype=float)) for side in zip(*pairs, strict=True))
    city = data.draw(st.integers(0, len(pairs) - 1))
    passing = find_passing(before, after, city)
    assert passing.passed.sum() - passing.passed_by.sum() == rank_shift(before, after)[city]
    assert not (passing.passed & passing.passed_by).any()


def test_values_and_weights_share_the_change_by_hand():
    # One city, leaf b1: .4 * 40 = 16 becomes .5 * 20 = 10. Weights .1 * 30 = 3, values -20 * .45 = -9.
    before, after = np.array([[10, 20, 30, 40.0]]), np.array([[10, 20, 30, 20.0]])
    parts = split_change(TREE, GLOBAL, equal_weights(TREE).global_, before, after)
    assert (parts.weights[0, -1], parts.values[0, -1]) == pytest.approx((3, -9), rel=1e-12)
    assert parts.values[0, :5] == pytest.approx(np.zeros(5))
    with pytest.raises(ValueError, match="same cities"):
        split_change(TREE, GLOBAL, GLOBAL, before, np.ones((2, 4)))


@given(cases(), st.data())
def test_weights_and_values_together_sum_to_the_change(case, data):
    tree, leaf, values = case
    count = len(tree.leaves)
    other = np.array(data.draw(st.lists(st.floats(0.01, 1), min_size=count, max_size=count)))
    factors = np.array(data.draw(st.lists(st.floats(0, 3), min_size=count, max_size=count)))
    before = global_weights(tree, local_from_leaf_weights(tree, leaf))
    after = global_weights(tree, local_from_leaf_weights(tree, other))
    parts = split_change(tree, before, after, values, values * factors)
    change = composite_scores(values * factors, after[tree.leaves]) - composite_scores(
        values, before[tree.leaves]
    )
    root = tree.groups[0]
    assert parts.total[:, root].sum(axis=1) == pytest.approx(change, abs=1e-12 * np.abs(values).max())
    swapped = split_change(tree, after, before, values * factors, values)
    assert swapped.weights == pytest.approx(-parts.weights, abs=1e-12 * np.abs(values).max())
