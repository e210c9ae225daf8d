"""The change of one weight that ties two units: by hand, made again, and in parts (docs/method.md 7)."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.numeric.comparison import critical_weights as weights
from indexer.numeric.comparison.critical_weights import adjacent_pairs, critical_weights, smallest_changes
from indexer.numeric.method.aggregations import AGGREGATIONS
from indexer.numeric.method.node_steps import NodeSteps, uniform_steps
from indexer.numeric.scores.index import Index
from indexer.numeric.scores.node_scores import score_locally
from tests.indexer.numeric.oracles import change_weight
from tests.indexer.numeric.studies.test_sensitivity import INDEX, LOCAL, TREE, VALUES, scores_of
from tests.indexer.plans_at_random import mixed_indices, random_weights
from weighting.numeric.draws import dirichlet_around
from weighting.numeric.tree import build_tree


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
    monkeypatch.setattr(weights, "CELLS", 2 * len(TREE))
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
