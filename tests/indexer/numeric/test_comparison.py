"""Comparison of versions, by hand and against SciPy."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from indexer.numeric.comparison import decompose_change, mean_absolute_shift, rank_shift, spearman
from indexer.numeric.composite import composite_scores
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
