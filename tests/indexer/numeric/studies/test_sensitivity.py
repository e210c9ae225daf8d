"""What one indicator, one unit or one group does to the ranks, against single runs and by hand."""

import numpy as np
import pytest

from indexer.numeric.method.normalise import normalise
from indexer.numeric.scores.composite import CompositeError, composite_scores
from indexer.numeric.scores.index import Index
from indexer.numeric.scores.ranking import min_ranks
from indexer.numeric.studies.sensitivity import drop_cities, group_outputs, leave_nodes_out
from indexer.numeric.studies.sobol import sobol_indices
from indexer.numeric.studies.uncertainty import RankStudy
from weighting.numeric.draws import WeightNoise, any_weights
from weighting.numeric.tree import build_tree, global_weights

TREE = build_tree(["a", "b", "a1", "a2", "a3", "b1"], ["", "", "a", "a", "a", "b"])
LOCAL = np.array([0.6, 0.4, 0.5, 0.3, 0.2, 1])
VALUES = np.random.default_rng(7).lognormal(0, 0.5, (12, 4))
INDEX = Index(TREE, VALUES, LOCAL)


def drop(values, leaf_weights, **options):
    return drop_cities(len(values), leaf_weights, lambda rows: shares(values[rows], **options))


def scores_of(local, values=VALUES):
    return composite_scores(values, global_weights(TREE, local)[TREE.leaves])


def test_leaving_out_a_leaf_is_a_version_of_its_own():
    result = leave_nodes_out(INDEX)
    assert [TREE.codes[node] for node in result.nodes] == ["a1", "a2", "a3", "b1"]
    expected = [
        [0.6, 0.4, 0, 0.6, 0.4, 1],
        [0.6, 0.4, 5 / 7, 0, 2 / 7, 1],
        [0.6, 0.4, 0.625, 0.375, 0, 1],
        # b has nothing but b1: b goes, and a is all there is.
        [1, 0, 0.5, 0.3, 0.2, 1],
    ]
    np.testing.assert_allclose(result.local.T, expected, rtol=1e-15)
    for case, local in enumerate(result.local.T):
        ranks = min_ranks(scores_of(local))
        np.testing.assert_array_equal(result.ranks[:, case], ranks)
        assert result.mean_shift[case] == np.abs(ranks - INDEX.nominal_ranks).mean()


def test_leaving_out_a_branch():
    result = leave_nodes_out(INDEX, [TREE.index["a"]])
    np.testing.assert_array_equal(result.scores[:, 0], VALUES[:, 3])


def test_an_indicator_of_no_weight_may_go_without_a_trace():
    local = np.array([0.6, 0.4, 0.7, 0.3, 0, 1])
    result = leave_nodes_out(Index(TREE, VALUES, local), [TREE.index["a3"]])
    np.testing.assert_array_equal(result.mean_shift, 0)


def test_the_last_indicator_cannot_go():
    chain = build_tree(["a", "a1"], ["", "a"])
    with pytest.raises(ValueError, match="nothing would remain"):
        leave_nodes_out(Index(chain, VALUES[:, :1], np.ones(2)))


def test_a_city_with_nothing_else_is_named():
    values = VALUES.copy()
    values[3, :3] = np.nan
    with pytest.raises(CompositeError) as caught:
        leave_nodes_out(Index(TREE, values, LOCAL), [TREE.index["b1"]])
    assert caught.value.cities == (3,)


def shares(values, totals=None):
    codes = [f"x{k}" for k in range(values.shape[1])]
    return normalise(
        values, method="share", directions=np.ones(values.shape[1], dtype=int), codes=codes, totals=totals
    )


def test_a_city_that_leaves_may_turn_two_others_round():
    """City 0 holds most of column 2; without it that column decides between the others.

    City 1 against city 2: 6/11 + 4/99.5 = .586 and 5/11 + 5.5/99.5 = .510 with city 0,
    6/11 + 4/9.5 = .967 and 5/11 + 5.5/9.5 = 1.033 without.
    """
    result = drop(np.array([[0.0, 90], [6, 4], [5, 5.5]]), np.array([0.5, 0.5]))
    assert result.shifts[:, 0].tolist() == [0, -1, 1]
    assert result.movers[0] == 2


def test_dropping_repeats_the_whole_computation():
    weights = global_weights(TREE, LOCAL)[TREE.leaves]
    result = drop(VALUES, weights)
    for dropped in range(len(VALUES)):
        rest = np.delete(np.arange(len(VALUES)), dropped)
        before = min_ranks(composite_scores(shares(VALUES), weights)[rest])
        after = min_ranks(composite_scores(shares(VALUES[rest]), weights))
        np.testing.assert_array_equal(result.shifts[rest, dropped], before - after)
    assert result.possible.all()


def test_given_totals_leave_the_others_alone():
    result = drop(VALUES, np.full(4, 0.25), totals=VALUES.sum(axis=0) * 1.1)
    assert not result.shifts.any()


def test_the_only_holder_of_an_indicator_cannot_be_dropped():
    values = VALUES.copy()
    values[1:, 2] = 0
    result = drop(values, np.full(4, 0.25))
    assert result.possible.tolist() == [False] + [True] * 11


def test_acceptability_over_all_weights():
    """Three corners of the simplex and uniform weights: each city is first in a third of draws."""
    tree = build_tree(["x", "y", "z"], [""] * 3)
    index = Index(tree, np.eye(3), np.full(3, 1 / 3))
    counts = RankStudy(index, any_weights(tree), 30_000, 2).count()
    np.testing.assert_allclose(counts.histogram / counts.draws, np.full((3, 3), 1 / 3), atol=0.01)


def group_sobol(index, source, *, samples, **output):
    rng = np.random.default_rng(3)
    outputs = group_outputs(index, source, samples=samples, rng=rng, **output)
    return sobol_indices(outputs[0], outputs[1], outputs[2:], rng=rng)


def test_sobol_finds_the_group_that_matters():
    """The leaves of a are the same in every city, so that weights below a change nothing."""
    values = VALUES.copy()
    values[:, :3] = values[:, :1]
    index = Index(TREE, values, LOCAL)
    result = group_sobol(index, WeightNoise(TREE, LOCAL, 0.9), samples=600)
    # Groups: the root, below a, below b (one leaf, which does not vary either).
    np.testing.assert_allclose(result.total, [1, 0, 0], atol=0.1)
    np.testing.assert_allclose(result.first, [1, 0, 0], atol=0.15)


def test_sobol_of_a_single_city():
    moving = int(np.argmax(np.ptp(leave_nodes_out(INDEX).ranks, axis=1)))
    noise = WeightNoise(TREE, LOCAL, 1.0)
    result = group_sobol(INDEX, noise, samples=3000, city=moving)
    assert result.first.sum() == pytest.approx(1, abs=0.25)
    with pytest.raises(ValueError, match="does not vary"):
        group_sobol(INDEX, WeightNoise(TREE, LOCAL, 0), samples=10)
