"""The change of a score split exactly over the tree, however its nodes are formed."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.numeric.comparison.score_change import ScoredSide, split_change
from indexer.numeric.method.node_steps import NodeSteps, uniform_steps
from indexer.numeric.scores.node_scores import score_nodes
from tests.indexer.numeric.scores.test_composite import GLOBAL, TREE
from weighting.numeric.aggregation import equal_weights
from weighting.numeric.tree import build_tree, local_from_leaf_weights

LEAF = GLOBAL[TREE.leaves]
EQUAL = equal_weights(TREE).global_[TREE.leaves]
MEANS = ["arithmetic", "geometric", "harmonic", "power:2", "power:0.5", "power:-3"]
ALL = [*MEANS, "minimum", "mpi", "mpi_high"]
DEEP = build_tree(["g", "h", "a", "b", "c", "k", "d", "e", "f"], ["", "", "g", "g", "h", "h", "k", "k", ""])


def scored(tree, steps, leaf_weights, values):
    """Return an index as one side of a change."""
    missing = "reweight" if np.isnan(values).any() else "refuse"
    made = score_nodes(tree, leaf_weights[:, np.newaxis], values, steps, missing=missing)
    local = local_from_leaf_weights(tree, leaf_weights)
    return ScoredSide(local, made.with_leaves(tree, values), made.scores[0])


def split(tree, steps, first, second):
    """Split the change between two pairs of leaf weights and values."""
    before, after = scored(tree, steps, *first), scored(tree, steps, *second)
    return split_change(tree, steps, before, after), after.scores - before.scores


def test_weights_alone_by_hand():
    # Leaves .3, .06, .24, .4 become .25, .125, .125, .5.
    values = np.array([[10, 20, 30, 40.0]])
    parts, _ = split(TREE, uniform_steps(TREE, "arithmetic"), (LEAF, values), (EQUAL, values))
    # a1 -.5, a21 1.3, a22 -3.45, b1 4; a2 -2.15, a -2.65
    assert parts.weights[0] == pytest.approx([-2.65, -0.5, -2.15, 1.3, -3.45, 4, 4], rel=1e-12)
    assert not parts.values.any()


def test_values_and_weights_by_hand():
    # One city, leaf b1: .4 * 40 = 16 becomes .5 * 20 = 10. Weights .1 * 30 = 3, values -20 * .45 = -9.
    before, after = np.array([[10, 20, 30, 40.0]]), np.array([[10, 20, 30, 20.0]])
    parts, _ = split(TREE, uniform_steps(TREE, "arithmetic"), (LEAF, before), (EQUAL, after))
    assert (parts.weights[0, -1], parts.values[0, -1]) == pytest.approx((3, -9), rel=1e-12)
    assert parts.values[0, :5] == pytest.approx(np.zeros(5))


def test_a_geometric_mean_is_split_by_the_logarithmic_mean():
    tree, half = build_tree(["a", "b"], ["", ""]), np.array([0.5, 0.5])
    before, after = np.array([[1.0, 4.0]]), np.array([[4.0, 16.0]])
    # 2 becomes 8: L = 6 / ln 4, each leaf adds L * .5 * ln 4 = 3.
    parts, change = split(tree, uniform_steps(tree, "geometric"), (half, before), (half, after))
    assert parts.values[0] == pytest.approx([3, 3], rel=1e-12)
    assert change == pytest.approx([6])
    # Weights .5 and .5 become .25 and .75 over 1 and 4: 2 becomes 2^1.5, all of it by the second.
    other = np.array([0.25, 0.75])
    parts, _ = split(tree, uniform_steps(tree, "geometric"), (half, before), (other, before))
    assert parts.weights[0] == pytest.approx([0, 2**1.5 - 2], abs=1e-12)


def test_what_is_missing_on_one_side_comes_by_weights():
    # .5 * 2 + .5 * 4 = 3 becomes 1 * 2: the first adds .5 * 2, the second takes .5 * 4.
    tree, half = build_tree(["a", "b"], ["", ""]), np.array([0.5, 0.5])
    sides = (half, np.array([[2.0, 4.0]])), (half, np.array([[2.0, np.nan]]))
    parts, _ = split(tree, uniform_steps(tree, "arithmetic"), *sides)
    assert parts.weights[0].tolist() == [1, -2]
    assert not parts.values.any()


def test_the_smallest_before_and_after_share_the_change_of_a_minimum():
    tree, half = build_tree(["a", "b"], ["", ""]), np.array([0.5, 0.5])
    steps = uniform_steps(tree, "minimum")
    # b stays: all of 1 -> 2 is a's doing. Where 1 and 2 become 5 and 4, a adds 1 if it is first, else 3: 2.
    before, after = np.array([[1.0, 2.0], [1.0, 2.0]]), np.array([[5.0, 2.0], [5.0, 4.0]])
    parts, change = split(tree, steps, (half, before), (half, after))
    assert change.tolist() == [1, 3]
    assert parts.values.tolist() == [[1, 0], [2, 1]]
    # An indicator that gets a weight comes through weights.
    parts, _ = split(tree, steps, (np.array([0, 1.0]), before), (half, before))
    assert (parts.weights.tolist(), parts.values.any()) == ([[-1, 0], [-1, 0]], False)


def test_mazziotta_pareto_by_hand():
    tree, half = build_tree(["a", "b"], ["", ""]), np.array([0.5, 0.5])
    before, after = np.array([[0.5, 0.5]]), np.array([[0.5, 1.0]])
    # .7 + .6 t: 1 and 1 become 1 and 1.3. M - V / M: 1 becomes 1.15 - .0225 / 1.15.
    parts, _ = split(tree, uniform_steps(tree, "mpi"), (half, before), (half, after))
    assert parts.values[0] == pytest.approx([0, 0.15 - 0.0225 / 1.15], abs=1e-12)


def test_sides_of_other_cities_are_refused():
    steps = uniform_steps(TREE, "arithmetic")
    one, two = (scored(TREE, steps, LEAF, np.ones((count, 4))) for count in (1, 2))
    with pytest.raises(ValueError, match="same cities"):
        split_change(TREE, steps, one, two)


def test_a_place_among_others_has_no_parts():
    steps = NodeSteps(("arithmetic", "", "arithmetic", "", "", "arithmetic", ""), "copeland", (0.0,) * 7)
    side = scored(TREE, steps, LEAF, np.random.default_rng(2).random((5, 4)))
    assert not steps.splits
    with pytest.raises(ValueError, match="no parts"):
        split_change(TREE, steps, side, side)


@settings(max_examples=150)
@given(
    whole=st.sampled_from(ALL),
    codes=st.tuples(*[st.sampled_from(ALL)] * 3),
    floor=st.sampled_from([None, 0.3]),
    holes=st.booleans(),
    seed=st.integers(0, 10_000),
)
def test_parts_sum_to_the_change_at_every_node_of_any_tree(whole, codes, floor, holes, seed):
    rng = np.random.default_rng(seed)
    formed = dict(zip(("g", "h", "k"), codes, strict=True))
    steps = NodeSteps(tuple(formed.get(c, "") for c in DEEP.codes), whole, (0.0,) * len(DEEP), floor=floor)
    sides = []
    for _ in range(2):
        weights = rng.dirichlet(np.ones(len(DEEP.leaves)))
        values = rng.uniform(0.05, 1, (12, len(DEEP.leaves)))
        if holes:
            # f, which stands beside the groups, is always there.
            values[:, :-1][rng.random((12, len(DEEP.leaves) - 1)) < 0.3] = np.nan
        sides.append((weights, values))
    sides[1][1][:3] = sides[0][1][:3]  # cities of which no value has changed
    parts, change = split(DEEP, steps, *sides)
    assert parts.total[:, DEEP.groups[0]].sum(axis=1) == pytest.approx(change, abs=1e-11)
    assert parts.values[:3] == pytest.approx(np.zeros((3, len(DEEP))), abs=1e-15)
    for group in DEEP.groups[1:]:
        above = parts.total[:, DEEP.parents[group[0]]]
        assert parts.total[:, group].sum(axis=1) == pytest.approx(above, abs=1e-12)
    swapped, _ = split(DEEP, steps, *reversed(sides))
    assert swapped.total == pytest.approx(-parts.total, abs=1e-11)


@settings(max_examples=40)
@given(code=st.sampled_from(ALL), seed=st.integers(0, 10_000))
def test_unchanged_weights_have_no_parts(code, seed):
    rng = np.random.default_rng(seed)
    weights, values = rng.dirichlet(np.ones(6)), rng.uniform(0.05, 1, (2, 6, 6))
    steps = uniform_steps(DEEP, code)
    parts, _ = split(DEEP, steps, (weights, values[0]), (weights, values[1]))
    assert not parts.weights.any()


def test_a_tiny_change_is_split_as_exactly_as_a_large_one():
    rng = np.random.default_rng(8)
    weights, values = rng.dirichlet(np.ones(6)), rng.uniform(0.2, 1, (20, 6))
    for code in ALL:
        for size in (1e-3, 1e-6, 1e-9, 1e-12):
            moved = values * (1 + size * rng.uniform(-1, 1, values.shape))
            parts, change = split(DEEP, uniform_steps(DEEP, code), (weights, values), (weights, moved))
            assert parts.total[:, DEEP.groups[0]].sum(axis=1) == pytest.approx(change, abs=1e-14), (
                code,
                size,
            )
