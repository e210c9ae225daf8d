"""Comparison of versions, by hand and against SciPy."""

import numpy as np
import pytest
import scipy
from hypothesis import given
from hypothesis import strategies as st

from indexer.numeric.comparison.versions import (
    band_flows,
    find_passing,
    kendall_tau_b,
    mean_absolute_shift,
    mean_shift_matrix,
    rank_shift,
    spearman,
    top_overlap,
)
from indexer.numeric.scores.ranking import min_ranks


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
        assert spearman(a, b) == pytest.approx(scipy.stats.spearmanr(a, b).statistic, abs=1e-12)


def test_cities_must_correspond():
    with pytest.raises(ValueError, match="one value per city"):
        rank_shift(np.array([1, 2]), np.array([1, 2, 3]))


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=2, max_size=40))
def test_tau_b_agrees_with_scipy_on_ties(pairs):
    a, b = np.array(pairs).T
    if len(set(a)) == 1 or len(set(b)) == 1:
        with pytest.raises(ValueError, match="constant"):
            kendall_tau_b(a, b)
    else:
        assert kendall_tau_b(a, b) == pytest.approx(scipy.stats.kendalltau(a, b).statistic, abs=1e-12)


def test_tau_b_of_many_cities_agrees_with_scipy():
    rng = np.random.default_rng(4)
    a = rng.integers(0, 900, 3001)
    b = a + rng.integers(-80, 80, 3001)
    assert kendall_tau_b(a, b) == pytest.approx(scipy.stats.kendalltau(a, b).statistic, abs=1e-12)
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
