"""The tree: its shape, its refusals, and weights going up and down it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.strategies import trees
from weighting.numeric.tree import TreeError, build_tree, global_weights, local_from_leaf_weights

# a             b
# a1  a2        b1
#     a21 a22
CODES = ["a", "a1", "a2", "a21", "a22", "b", "b1"]
PARENTS = ["", "a", "a", "a2", "a2", "", "b"]


@pytest.fixture
def tree():
    return build_tree(CODES, PARENTS)


def test_shape(tree):
    assert tree.leaf_codes == ("a1", "a21", "a22", "b1")
    assert [group.tolist() for group in tree.groups] == [[0, 5], [1, 2], [3, 4], [6]]
    assert tree.depth.tolist() == [1, 2, 2, 3, 3, 1, 2]
    assert tree.descendant_leaves.astype(int).tolist() == [
        [1, 1, 1, 0], [1, 0, 0, 0], [0, 1, 1, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1], [0, 0, 0, 1],
    ]  # fmt: skip


def test_children_may_come_before_their_parents():
    tree = build_tree(["x1", "x", "x2", "y"], ["x", "", "x", ""])
    assert [group.tolist() for group in tree.groups] == [[1, 3], [0, 2]]
    assert global_weights(tree, np.array([0.25, 0.5, 0.75, 0.5])).tolist() == [0.125, 0.5, 0.375, 0.5]


def test_global_weights_by_hand(tree):
    local = np.array([0.6, 0.25, 0.75, 0.4, 0.6, 0.4, 1.0])
    # a2 = 0.6 * 0.75 = 0.45; a21 = 0.45 * 0.4 = 0.18; a22 = 0.45 * 0.6 = 0.27
    expected = [0.6, 0.15, 0.45, 0.18, 0.27, 0.4, 0.4]
    assert global_weights(tree, local) == pytest.approx(expected, rel=1e-15)
    both = global_weights(tree, np.stack([local, local[::1]], axis=1))
    assert both.shape == (7, 2)
    assert (both[:, 0] == global_weights(tree, local)).all()


def test_local_from_leaf_weights_by_hand(tree):
    # Leaves a1 .15, a21 .18, a22 .27, b1 .4, given as percent: only their ratios count.
    local = local_from_leaf_weights(tree, np.array([15, 18, 27, 40.0]))
    assert local == pytest.approx([0.6, 0.25, 0.75, 0.4, 0.6, 0.4, 1.0], rel=1e-15)


def test_a_group_without_weight_is_split_equally(tree):
    local = local_from_leaf_weights(tree, np.array([1.0, 0.0, 0.0, 3.0]))
    assert local.tolist() == [0.25, 1.0, 0.0, 0.5, 0.5, 0.75, 1.0]


@given(trees(), st.data())
def test_local_and_leaf_weights_are_inverse(tree, data):
    leaf = np.array(
        data.draw(st.lists(st.floats(0.01, 1), min_size=len(tree.leaves), max_size=len(tree.leaves)))
    )
    weights = global_weights(tree, local_from_leaf_weights(tree, leaf))
    assert weights[tree.leaves] == pytest.approx(leaf / leaf.sum(), rel=1e-12)
    assert weights[tree.leaves].sum() == pytest.approx(1, rel=1e-12)
    assert weights == pytest.approx(tree.descendant_leaves @ weights[tree.leaves], rel=1e-12)


@pytest.mark.parametrize("leaf_weights", [[1, 1, 1], [1, -1, 1, 1], [1, np.nan, 1, 1], [0, 0, 0, 0]])
def test_bad_leaf_weights_are_refused(tree, leaf_weights):
    with pytest.raises(ValueError, match="weights"):
        local_from_leaf_weights(tree, np.array(leaf_weights, dtype=float))


@pytest.mark.parametrize(
    ("codes", "parents", "kinds"),
    [
        ([], [], ["too_small"]),
        (["a", "b"], ["b", "a"], ["cycle"]),
        (["a", "b"], ["a", ""], ["cycle"]),
        (["a", "b", "c"], ["", "x", "b"], ["orphan"]),
        (["a", "b", "a"], ["", "", "b"], ["duplicate"]),
        (["a", "", "b"], ["", "a", ""], ["no_code"]),
        (list("abcdefgh"), ["", *"abcdefg"], ["too_deep"]),
        ([f"n{i}" for i in range(2001)], [""] * 2001, ["too_large"]),
    ],
)
def test_what_is_no_tree_is_refused(codes, parents, kinds):
    with pytest.raises(TreeError) as caught:
        build_tree(codes, parents)
    assert [fault.kind for fault in caught.value.faults] == kinds
    assert len(caught.value.problems) == len(kinds)


def test_all_faults_are_listed_at_once():
    with pytest.raises(TreeError) as caught:
        build_tree(["a", "a", "b", "x", "y", "z"], ["", "", "nope", "z", "x", "y"])
    assert [(fault.kind, fault.code) for fault in caught.value.faults] == [
        ("duplicate", "a"),
        ("orphan", "b"),
        ("cycle", "x"),
    ]
    assert "x > z > y > x" in caught.value.problems[2]


def test_the_limits_themselves_are_allowed():
    assert build_tree(list("abcdef"), ["", *"abcde"]).depth.max() == 6
    assert len(build_tree([f"n{i}" for i in range(2000)], [""] * 2000)) == 2000
