import numpy as np
import pytest
import scipy
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.numeric.coherence.correlations import (
    FLAGS,
    correlation_flags,
    correlation_matrix,
    covariance_matrix,
    midranks,
    rank_correlation_matrix,
)
from weighting.numeric.tree import build_tree

TREE = build_tree(["x", "x1", "x2", "y", "y1", "y2"], ["", "x", "x", "", "y", "y"])


def lognormal(shape, gaps=0.0, seed=1):
    rng = np.random.default_rng(seed)
    values = rng.lognormal(size=shape)
    values[rng.random(shape) < gaps] = np.nan
    return values


def test_complete_columns_agree_with_scipy():
    values = lognormal((40, 5))
    for a, b in np.ndindex(5, 5):
        pair = values[:, a], values[:, b]
        assert correlation_matrix(values)[a, b] == pytest.approx(
            scipy.stats.pearsonr(*pair).statistic, abs=1e-13
        )
        assert rank_correlation_matrix(values)[a, b] == pytest.approx(
            scipy.stats.spearmanr(*pair).statistic, abs=1e-13
        )


def test_gaps_leave_out_the_cities_that_lack_one_of_the_two():
    values = lognormal((60, 6), gaps=0.2)
    for a, b in np.ndindex(6, 6):
        both = ~np.isnan(values[:, [a, b]]).any(axis=1)
        x, y = values[both, a], values[both, b]
        assert correlation_matrix(values)[a, b] == pytest.approx(np.corrcoef(x, y)[0, 1], abs=1e-12)
        assert covariance_matrix(values)[a, b] == pytest.approx(np.cov(x, y)[0, 1], rel=1e-12)


def test_documented_correlations_of_asem(asem):
    """COINr 1.1, vignette "Analysis": CPI and FreePress, whose direction is -1, have 0.761."""
    matrix = correlation_matrix(asem.columns(["CPI", "FreePress"]) * [1, -1])
    assert matrix[0, 1] == pytest.approx(0.761, abs=5e-4)


def test_ties_share_the_mean_of_their_ranks():
    column = np.array([[3.0], [1.0], [3.0], [np.nan], [7.0]])
    assert midranks(column)[:, 0] == pytest.approx([2.5, 1, 2.5, np.nan, 4], nan_ok=True)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(st.integers(0, 4), min_size=3, max_size=3), min_size=1, max_size=9))
def test_midranks_are_those_of_scipy(rows):
    values = np.array(rows, dtype=float)
    assert (midranks(values) == scipy.stats.rankdata(values, axis=0)).all()


@pytest.mark.parametrize("gap", [False, True])
def test_units_change_nothing_and_constant_columns_have_none(gap):
    values = lognormal((50, 3))
    if gap:
        values[4, 0] = np.nan
    scaled = np.column_stack([values * [1e-170, 1e170, 1], np.full(50, 0.1), np.zeros(50)])

    matrix = correlation_matrix(scaled)

    assert matrix[:3, :3] == pytest.approx(correlation_matrix(values), abs=1e-12)
    assert np.isnan(matrix[3:]).all()
    assert np.isnan(matrix[:, 3:]).all()


def test_two_cities_say_nothing():
    assert np.isnan(correlation_matrix(np.array([[1.0, 2], [2, 3]]))).all()
    assert np.isnan(correlation_matrix(np.array([[1.0, 2], [2, 3], [np.nan, 4]]))[0, 1])


def test_flags_by_the_limits():
    """Of siblings from -0.41 to 0.93; x1 goes more with y than with x, and y2 has no correlation."""
    matrix = np.eye(6)
    pairs = {(0, 3): 0.93, (1, 2): -0.41, (4, 5): 0.29, (0, 1): 0.5, (1, 3): 0.6, (0, 2): 0.9, (2, 3): 0.9}
    pairs |= {(3, 4): 0.8, (0, 4): 0.1, (3, 5): np.nan, (0, 5): 0.9}
    for (a, b), r in pairs.items():
        matrix[a, b] = matrix[b, a] = r

    flags = correlation_flags(TREE, matrix)

    said = {(a, b): FLAGS[flags[a, b]] for a, b in np.argwhere(np.triu(flags)).tolist()}
    assert said == {(0, 3): "redundant", (1, 2): "bad", (4, 5): "weak", (1, 3): "elsewhere"}
    assert (flags == flags.T).all()


def test_limits_belong_to_what_is_not_remarkable():
    tree = build_tree(["a", "b", "c"], ["", "", ""])
    matrix = np.array([[1, -0.4, 0.3], [-0.4, 1, 0.92], [0.3, 0.92, 1]])
    flags = correlation_flags(tree, matrix)
    assert FLAGS[flags[0, 1]] == "weak"
    assert FLAGS[flags[0, 2]] == FLAGS[flags[1, 2]] == ""
