"""Draws within bounds and orders: closed forms, a grid as an independent sampler, and refusals."""

import numpy as np
import pytest

from weighting.numeric.constrained import ConstraintError, constrain_weights
from weighting.numeric.tree import build_tree

THREE = build_tree(["x", "y", "z"], [""] * 3)
DEEP = build_tree(["a", "b", "a1", "a2", "b1"], ["", "", "a", "a", "b"])


def draw(tree, bounds=None, orders=(), size=40_000, seed=0):
    return constrain_weights(tree, bounds or {}, orders).draw(size, np.random.default_rng(seed))


def grid(inside, steps=400):
    """Weights of three on a fine grid of the simplex, those that pass: another way to the same mean."""
    x, y = np.meshgrid(*[(np.arange(steps) + 0.5) / steps] * 2, indexing="ij")
    weights = np.stack([x, y, 1 - x - y])
    return weights[:, (weights[2] > 0) & inside(*weights)]


def test_an_order_has_the_rank_order_centroids():
    """Mean of the ordered simplex: (1/n) sum of 1/i from k to n (Barron & Barrett 1996)."""
    local = draw(THREE, orders=[["z", "x", "y"]])

    assert (local[2] >= local[0]).all()
    assert (local[0] >= local[1]).all()
    np.testing.assert_allclose(local.mean(axis=1), np.array([5, 2, 11]) / 18, atol=0.004)


def test_without_constraints_all_weights_are_alike():
    local = draw(THREE)
    np.testing.assert_allclose(local.mean(axis=1), 1 / 3, atol=0.005)
    # Var of one of three uniform weights: (n - 1) / (n^2 (n + 1)).
    np.testing.assert_allclose(local.var(axis=1), 2 / 36, atol=0.002)


def test_lower_bounds_leave_a_smaller_simplex():
    local = draw(THREE, {"x": (0.4, 1), "y": (0.3, 1)})
    np.testing.assert_allclose(local.mean(axis=1), [0.5, 0.4, 0.1], atol=0.003)


def within(low, high):
    return lambda *weights: np.all([(w >= low) & (w <= high) for w in weights], axis=0)


@pytest.mark.parametrize(
    ("bounds", "orders", "inside"),
    [
        (dict.fromkeys("xyz", (0.2, 0.45)), [], within(0.2, 0.45)),
        (
            {"x": (0, 0.1), "y": (0, 0.7), "z": (0, 0.6)},
            [],
            lambda x, y, z: (x <= 0.1) & (y <= 0.7) & (z <= 0.6),
        ),
        ({"x": (0.1, 0.5)}, [["y", "x"]], lambda x, y, _z: (x >= 0.1) & (x <= 0.5) & (y >= x)),
    ],
)
def test_bounds_agree_with_a_grid(bounds, orders, inside):
    local, expected = draw(THREE, bounds, orders), grid(inside)

    np.testing.assert_allclose(local.sum(axis=0), 1)
    np.testing.assert_allclose(local.mean(axis=1), expected.mean(axis=1), atol=0.004)
    np.testing.assert_allclose(np.cov(local), np.cov(expected), atol=0.002)


def test_groups_are_drawn_apart_and_only_children_weigh_one():
    local = draw(DEEP, {"a1": (0.6, 0.7)}, [["b", "a"]])

    assert (local[2] >= 0.6).all()
    assert (local[2] <= 0.7).all()
    assert (local[1] >= local[0]).all()
    assert (local[4] == 1).all()
    assert abs(np.corrcoef(local[0], local[2])[0, 1]) < 0.02


def test_the_same_seed_draws_the_same():
    bounds = {"x": (0.2, 0.5)}
    np.testing.assert_array_equal(draw(THREE, bounds, size=100), draw(THREE, bounds, size=100))
    assert (draw(THREE, bounds, size=100) != draw(THREE, bounds, size=100, seed=1)).any()


@pytest.mark.parametrize(
    ("bounds", "orders", "words"),
    [
        ({"x": (0.6, 0.4)}, [], "x: 0.6 to 0.4 is no interval"),
        ({"x": (-0.1, 0.4)}, [], "x: -0.1 to 0.4"),
        ({"x": (0.6, 1), "y": (0.6, 1)}, [], "sum to 1.2 and 3, with no room"),
        ({"nowhere": (0, 1)}, [], "nowhere: the framework has no such"),
        ({}, [["x", "x"]], "x, x: an indicator stands in an order more than once"),
    ],
)
def test_constraints_that_cannot_be_met_are_named(bounds, orders, words):
    with pytest.raises(ConstraintError, match=words):
        constrain_weights(THREE, bounds, orders)


def test_an_order_keeps_to_one_group():
    with pytest.raises(ConstraintError, match="members of one group"):
        constrain_weights(DEEP, {}, [["a", "b1"]])


def test_next_to_no_room_is_said():
    # The order contradicts the bounds, which only drawing can tell.
    constrained = constrain_weights(THREE, {"x": (0.6, 1), "y": (0.1, 1)}, [["y", "x"]])
    with pytest.raises(ConstraintError, match="x, y, z: the bounds leave too little"):
        constrained.draw(10, np.random.default_rng(0))
