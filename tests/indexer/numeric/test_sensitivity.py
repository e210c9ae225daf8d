"""Sensitivity against single runs, hand-worked cases and the identities of docs/method.md 7."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.numeric import sensitivity
from indexer.numeric.aggregations import AGGREGATIONS
from indexer.numeric.composite import CompositeError, composite_scores
from indexer.numeric.node_steps import NodeSteps, score_locally, uniform_steps
from indexer.numeric.normalisation import normalise
from indexer.numeric.ranking import min_ranks
from indexer.numeric.sensitivity import (
    adjacent_pairs,
    critical_weights,
    drop_cities,
    group_outputs,
    leave_nodes_out,
    smallest_changes,
)
from indexer.numeric.sobol import sobol_indices
from indexer.numeric.uncertainty import Index, RankStudy
from tests.indexer.numeric.oracles import change_weight
from tests.indexer.plans_at_random import mixed_indices, random_weights
from weighting.numeric.draws import WeightNoise, any_weights, dirichlet_around
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


def test_critical_weight_by_hand():
    """Scores .5 x + .5 y of (4, 0), (1, 2): 2 and 1.5, equal at w x: 4 w = w + 2 (1 - w), w = .4."""
    tree = build_tree(["x", "y"], ["", ""])
    result = critical_weights(Index(tree, np.array([[4.0, 0], [1, 2]]), np.array([0.5, 0.5])))
    np.testing.assert_allclose(result.deltas[:, 0], [-0.1, 0.1], rtol=1e-12)
    assert result.feasible.all()
    assert result.residuals[0] == pytest.approx(0, abs=1e-15)


def test_a_dominated_city_is_never_caught():
    tree = build_tree(["x", "y"], ["", ""])
    result = critical_weights(Index(tree, np.array([[4.0, 3], [1, 2]]), np.array([0.5, 0.5])))
    assert not result.feasible.any()
    assert result.smallest.tolist() == [-1]
    assert np.isnan(result.residuals).all()


@given(st.integers(0, 2**32))
@settings(max_examples=40, deadline=None)
def test_every_feasible_change_ties_its_pair(seed):
    rng = np.random.default_rng(seed)
    local = dirichlet_around(TREE, LOCAL, 20).draw(1, rng)[:, 0]
    values = rng.lognormal(0, 0.5, (6, 4))
    index = Index(TREE, values, local)
    result = critical_weights(index)
    np.testing.assert_array_equal(result.pairs, adjacent_pairs(index.nominal_ranks))
    for node, pair in np.argwhere(result.feasible):
        changed = change_weight(TREE, local, node, result.deltas[node, pair])
        first, second = scores_of(changed, values)[result.pairs[pair]]
        assert first == pytest.approx(second, rel=1e-9)
    tied = result.residuals[result.smallest >= 0]
    np.testing.assert_allclose(tied, 0, atol=1e-12)


@given(st.integers(0, 2**32))
@settings(max_examples=40, deadline=None)
def test_a_little_more_than_the_smallest_change_swaps_the_pair_and_a_little_less_does_not(seed):
    rng = np.random.default_rng(seed)
    local = dirichlet_around(TREE, LOCAL, 20).draw(1, rng)[:, 0]
    values = rng.lognormal(0, 0.5, (6, 4))
    result = smallest_changes(Index(TREE, values, local))
    all_changes = critical_weights(Index(TREE, values, local))
    for pair, (node, delta) in enumerate(zip(result.nodes, result.deltas, strict=True)):
        feasible = np.abs(all_changes.deltas[all_changes.feasible[:, pair], pair])
        assert result.choices[pair] == len(feasible)
        if node < 0:
            assert np.isnan(delta)
            assert not len(feasible)
            continue
        assert abs(delta) == pytest.approx(feasible.min(), rel=1e-9)
        before, after = (
            np.subtract(
                *scores_of(change_weight(TREE, local, node, delta * part), values)[result.pairs[pair]]
            )
            for part in (0.99, 1.0)
        )
        assert before > 0
        assert after == pytest.approx(0, abs=1e-12)
        if 0 <= local[node] + 1.01 * delta <= 1:
            beyond = scores_of(change_weight(TREE, local, node, delta * 1.01), values)[result.pairs[pair]]
            assert np.subtract(*beyond) < 0


def test_pairs_looked_at_in_parts_are_the_same(monkeypatch):
    whole = smallest_changes(INDEX)
    monkeypatch.setattr(sensitivity, "CELLS", 2 * len(TREE))
    parts = smallest_changes(INDEX)
    for name in ("pairs", "nodes", "choices"):
        np.testing.assert_array_equal(getattr(whole, name), getattr(parts, name))
    np.testing.assert_allclose(whole.deltas, parts.deltas, rtol=1e-12)


def test_neighbours_that_tie_need_no_change_and_one_city_has_no_neighbour():
    tree = build_tree(["x", "y"], ["", ""])
    tied = smallest_changes(Index(tree, np.array([[1.0, 3], [3, 1]]), np.array([0.5, 0.5])))
    assert (tied.gaps.tolist(), np.abs(tied.deltas).tolist()) == ([0], [0])
    assert len(smallest_changes(Index(tree, np.ones((1, 2)), np.array([0.5, 0.5]))).nodes) == 0


def test_an_only_child_cannot_be_traded():
    result = critical_weights(INDEX)
    assert np.isnan(result.deltas[TREE.index["b1"]]).all()


def test_critical_weights_of_a_geometric_mean_by_hand():
    """(1, 16) and (2, 2): 4 and 2 at halves, equal at 16 ** (1 - w) = 2, w = .75."""
    tree = build_tree(["x", "y"], ["", ""])
    index = Index(tree, np.array([[1.0, 16], [2, 2]]), np.array([0.5, 0.5]), "geometric")
    result = critical_weights(index)
    np.testing.assert_allclose(result.deltas[:, 0], [0.25, -0.25], rtol=1e-12)
    assert result.residuals[0] == pytest.approx(0, abs=1e-14)


def test_weights_within_a_node_that_is_formed_otherwise_are_not_solved_for():
    """As human development: within education the mean is arithmetic, around it geometric."""
    tree = build_tree(["h", "e", "i", "e1", "e2"], ["", "", "", "e", "e"])
    steps = NodeSteps(("", "arithmetic", "", "", ""), "geometric", (0.0,) * 5)
    values = np.array([[0.9, 0.5, 0.8, 0.6], [0.8, 0.9, 0.6, 0.5]])
    result = critical_weights(Index(tree, values, np.array([1 / 3, 1 / 3, 1 / 3, 0.5, 0.5]), steps=steps))
    assert result.within.tolist() == [True, True, True, False, False]
    assert np.isfinite(result.deltas[:3]).all()
    assert np.isnan(result.deltas[3:]).all()


@given(mixed_indices(), st.integers(0, 10**6))
@settings(max_examples=100)
def test_every_feasible_change_ties_its_pair_whatever_forms_the_nodes(made, seed):
    tree, steps, values = made
    index = Index(tree, values, random_weights(tree, 1, seed)[:, 0], steps=steps)
    only = tree.groups[0]
    is_top = len(only) == 1 and not tree.is_leaf[only[0]]
    if not AGGREGATIONS[steps.aggregations[only[0]] if is_top else steps.whole].is_mean:
        with pytest.raises(ValueError, match="a mean at the top"):
            critical_weights(index)
        return
    result = critical_weights(index)
    assert result.within[only].all()
    assert not (result.feasible & ~result.within[:, np.newaxis]).any()
    for node, pair in np.argwhere(result.feasible):
        changed = change_weight(tree, index.local, node, result.deltas[node, pair])
        first, second = score_locally(tree, changed[:, np.newaxis], values, steps).scores[
            0, result.pairs[pair]
        ]
        assert first == pytest.approx(second, rel=1e-9)
    np.testing.assert_allclose(result.residuals[result.smallest >= 0], 0, atol=1e-12)


def test_critical_weights_need_a_mean_and_every_value():
    gaps = VALUES.copy()
    gaps[0, 0] = np.nan
    smallest = uniform_steps(TREE, "minimum")
    for index in (Index(TREE, VALUES, LOCAL, steps=smallest), Index(TREE, gaps, LOCAL)):
        with pytest.raises(ValueError, match="a mean at the top and no missing values"):
            critical_weights(index)


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
