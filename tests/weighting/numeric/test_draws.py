"""Draws of weights against the plain aggregation, exact moments and hostile parameters."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weighting.numeric.aggregation import AggregationError, aggregate_scores
from weighting.numeric.draws import (
    ExpertBootstrap,
    WeightNoise,
    any_weights,
    dirichlet_around,
    leave_one_expert_out,
)
from weighting.numeric.tree import build_tree

TREE = build_tree(["a", "b", "c", "a1", "a2", "a3", "b1"], ["", "", "", "a", "a", "a", "b"])
ALL = np.ones(len(TREE), dtype=bool)


def panel(experts, seed=3):
    return np.random.default_rng(seed).integers(1, 6, (experts, len(TREE))).astype(float)


def slow_bootstrap(scores, rule, asked, size, rng):
    """Repeat whole rows of the panel and aggregate each draw by itself."""
    drawn = rng.integers(len(scores), size=(size, len(scores)), dtype=np.uint32)
    return np.stack([aggregate_scores(TREE, scores[rows], rule, asked).local for rows in drawn], axis=1)


@pytest.mark.parametrize("asked", [ALL, np.array([1, 1, 1, 0, 0, 0, 1], dtype=bool)])
def test_the_bootstrap_is_the_aggregation_of_the_drawn_experts(asked):
    scores = np.where(asked, panel(12), np.nan)
    fast = ExpertBootstrap(TREE, scores, "normalised_sum", asked).draw(40, np.random.default_rng(8))
    slow = slow_bootstrap(scores, "normalised_sum", asked, 40, np.random.default_rng(8))
    np.testing.assert_allclose(fast, slow, rtol=1e-15)


def test_abstentions_are_left_out_of_the_means():
    scores = panel(12)
    scores[0, 3] = scores[4, 3] = scores[5, 1] = np.nan
    fast = ExpertBootstrap(TREE, scores, "normalised_mean", ALL).draw(40, np.random.default_rng(8))
    slow = slow_bootstrap(scores, "normalised_mean", ALL, 40, np.random.default_rng(8))
    np.testing.assert_allclose(fast, slow, rtol=1e-14)
    with pytest.raises(AggregationError, match="a1: 2 abstained"):
        ExpertBootstrap(TREE, scores, "normalised_sum", ALL)


def test_draws_that_leave_an_item_without_answers_are_drawn_again():
    scores = panel(6)
    scores[:5, 3] = np.nan
    local = ExpertBootstrap(TREE, scores, "normalised_mean", ALL).draw(500, np.random.default_rng(1))
    assert np.isfinite(local).all()
    np.testing.assert_allclose(local[3:6].sum(axis=0), 1)


def test_items_that_draws_keep_missing_are_named():
    """Twelve items, each answered by an expert of its own: all twelve drawn once in 18,614 draws."""
    tree = build_tree([f"i{k}" for k in range(12)], [""] * 12)
    scores = np.where(np.eye(12, dtype=bool), 3.0, np.nan)
    bootstrap = ExpertBootstrap(tree, scores, "normalised_mean", np.ones(12, dtype=bool))
    with pytest.raises(AggregationError, match="too few answers"):
        bootstrap.draw(500, np.random.default_rng(1))


def test_leaving_out_an_expert_is_the_aggregation_of_the_others():
    scores = panel(9)
    local = leave_one_expert_out(TREE, scores, "normalised_sum", ALL)
    for expert in range(9):
        others = aggregate_scores(TREE, np.delete(scores, expert, axis=0), "normalised_sum", ALL).local
        np.testing.assert_array_equal(local[:, expert], others)


def test_what_cannot_be_left_out_is_named():
    scores = panel(4)
    with pytest.raises(AggregationError, match="single expert"):
        leave_one_expert_out(TREE, scores[:1], "normalised_sum", ALL)
    scores[1:, 4] = np.nan
    with pytest.raises(AggregationError, match="a2: only one expert answered"):
        leave_one_expert_out(TREE, scores, "normalised_mean", ALL)


LOCAL = aggregate_scores(TREE, panel(20), "normalised_sum").local


@pytest.mark.parametrize(
    "draws",
    [WeightNoise(TREE, LOCAL, 1.0), dirichlet_around(TREE, LOCAL, 50), any_weights(TREE),
     dirichlet_around(TREE, LOCAL, 1e-6)],
)  # fmt: skip
def test_every_group_of_every_draw_sums_to_one(draws):
    local = draws.draw(300, np.random.default_rng(2))
    assert (local >= 0).all()
    for group in TREE.groups:
        np.testing.assert_allclose(local[group].sum(axis=0), 1, rtol=1e-14)


def test_the_moments_of_dirichlet_weights():
    """Mean a, variance a (1 - a) / (kappa + 1)."""
    local = dirichlet_around(TREE, LOCAL, 20).draw(40_000, np.random.default_rng(2))
    np.testing.assert_allclose(local.mean(axis=1), LOCAL, atol=0.003)
    np.testing.assert_allclose(local.var(axis=1), LOCAL * (1 - LOCAL) / 21, rtol=0.05, atol=1e-12)


def test_a_tiny_kappa_draws_corners_as_often_as_their_weight():
    local = dirichlet_around(TREE, LOCAL, 1e-6).draw(20_000, np.random.default_rng(4))
    assert np.isin(local.round(12), [0, 1]).all()
    np.testing.assert_allclose(local.mean(axis=1), LOCAL, atol=0.015)


def test_noise_stays_within_its_bounds():
    base = np.full(len(TREE), 1 / 3)
    base[6] = 1
    local = WeightNoise(TREE, base, 0.2).draw(2000, np.random.default_rng(2))
    # Before renormalising 0.8 to 1.2 of a third; after, at most 1.2 / (1.2 + 0.8 + 0.8).
    assert 0.8 / 3.2 <= local[:6].min() < local[:6].max() <= 1.2 / 2.8
    np.testing.assert_array_equal(local[6], 1)
    np.testing.assert_allclose(WeightNoise(TREE, base, 0).draw(3, np.random.default_rng(2)).T, [base] * 3)


def test_a_weight_of_zero_stays_zero():
    base = np.array([0.5, 0.5, 0, 1, 0, 0, 1])
    for draws in (WeightNoise(TREE, base, 0.5), dirichlet_around(TREE, base, 3)):
        local = draws.draw(50, np.random.default_rng(2))
        assert (local[[2, 4, 5]] == 0).all()
        np.testing.assert_array_equal(local[3], 1)


@pytest.mark.parametrize("nu", [-0.1, 1.1, np.nan])
def test_a_bad_nu_is_named(nu):
    with pytest.raises(ValueError, match="nu must lie"):
        WeightNoise(TREE, LOCAL, nu)


@pytest.mark.parametrize("kappa", [-1, 0, np.inf, np.nan, 1e-7])
def test_a_bad_kappa_is_named(kappa):
    with pytest.raises(ValueError, match="kappa must lie"):
        dirichlet_around(TREE, LOCAL, kappa)


@pytest.mark.parametrize("local", [LOCAL * 2, LOCAL[:-1], -LOCAL, np.where(LOCAL > 0.9, np.nan, LOCAL)])
def test_weights_that_are_none_are_refused(local):
    with pytest.raises(ValueError, match="local weights"):
        WeightNoise(TREE, local, 0.1)


@given(st.integers(0, 2**64), st.integers(1, 30))
@settings(max_examples=30, deadline=None)
def test_the_same_seed_draws_the_same_weights(seed, size):
    bootstrap = ExpertBootstrap(TREE, panel(7), "normalised_sum", ALL)
    one, other = (bootstrap.draw(size, np.random.default_rng(seed)) for _ in range(2))
    np.testing.assert_array_equal(one, other)
