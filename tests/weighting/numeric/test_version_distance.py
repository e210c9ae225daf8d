"""The distance between versions, against a hand-worked tree and on any tree."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.strategies import trees, versions_of
from weighting.numeric.tree import build_tree, global_weights
from weighting.numeric.version_distance import relative_change, split_distance, total_variation

TREE = build_tree(["a", "b", "a1", "a2", "b1", "b2"], ["", "", "a", "a", "b", "b"])
BASE = [0.5, 0.5, 0.5, 0.5, 0.5, 0.5]


def both(base, other, tree=TREE):
    return tuple(global_weights(tree, np.array(local)) for local in (base, other))


def leaf_distance(tree, before, after):
    return total_variation(before[tree.leaves], after[tree.leaves])


# Worked by hand: d = (|a| + |b|) / 2 of the root, then what each group adds on opening it.
HAND_WORKED = {
    "nothing": (BASE, [0, 0, 0]),
    "the sub-indices alone": ([0.7, 0.3, 0.5, 0.5, 0.5, 0.5], [0.2, 0, 0]),
    "one group alone": ([0.5, 0.5, 0.8, 0.2, 0.5, 0.5], [0, 0.15, 0]),
    "two groups": ([0.5, 0.5, 0.8, 0.2, 0.4, 0.6], [0, 0.15, 0.05]),
    # a: 0.25, 0.25 -> 0.56, 0.14; moves of 0.31 and 0.11 where a as a whole moves 0.2.
    "a group and its parent": ([0.7, 0.3, 0.8, 0.2, 0.5, 0.5], [0.2, 0.11, 0]),
}


@pytest.mark.parametrize("name", HAND_WORKED)
def test_the_distance_arises_where_the_weights_differ(name):
    other, expected = HAND_WORKED[name]
    before, after = both(BASE, other)

    assert split_distance(TREE, before, after) == pytest.approx(expected, abs=1e-15)
    assert leaf_distance(TREE, before, after) == pytest.approx(sum(expected), abs=1e-15)


def test_versions_without_a_common_leaf_are_at_distance_one():
    before, after = both([1, 0, 1, 0, 0.5, 0.5], [0, 1, 0.5, 0.5, 1, 0])

    assert leaf_distance(TREE, before, after) == 1
    assert split_distance(TREE, before, after) == pytest.approx([1, 0, 0])


@given(st.data())
def test_the_parts_sum_to_the_distance_and_none_is_negative(data):
    tree = data.draw(trees())
    before, after = (data.draw(versions_of(tree)) for _version in range(2))
    parts = split_distance(tree, before, after)

    assert (parts >= 0).all()
    assert parts.sum() == pytest.approx(leaf_distance(tree, before, after), abs=1e-14)
    assert split_distance(tree, after, before) == pytest.approx(parts, abs=1e-15)


@given(st.data())
def test_the_distance_is_a_metric_between_0_and_1(data):
    tree = data.draw(trees())
    one, two, three = (data.draw(versions_of(tree)) for _version in range(3))

    assert leaf_distance(tree, one, one) == 0
    assert 0 <= leaf_distance(tree, one, two) <= 1 + 1e-15
    assert leaf_distance(tree, one, two) == leaf_distance(tree, two, one)
    assert leaf_distance(tree, one, three) <= (
        leaf_distance(tree, one, two) + leaf_distance(tree, two, three) + 1e-15
    )


@given(st.data())
def test_a_change_of_one_group_alone_is_found_there(data):
    tree = data.draw(trees())
    local_before = data.draw(versions_of(tree, local=True))
    place = data.draw(st.integers(0, len(tree.groups) - 1))
    local_after = local_before.copy()
    local_after[tree.groups[place]] = np.roll(local_before[tree.groups[place]], 1)
    before, after = global_weights(tree, local_before), global_weights(tree, local_after)
    parts = split_distance(tree, before, after)

    assert parts[place] == pytest.approx(leaf_distance(tree, before, after), abs=1e-14)
    assert np.delete(parts, place) == pytest.approx(0, abs=1e-14)


def test_the_relative_change_of_nothing_is_unknown():
    before, after = np.array([0.2, 0.0, 0.5]), np.array([0.3, 0.2, 0.5])

    assert relative_change(before, after) == pytest.approx([0.5, np.nan, 0], nan_ok=True)


@pytest.mark.parametrize("function", [total_variation, relative_change])
def test_weights_of_different_lengths_are_refused(function):
    with pytest.raises(ValueError, match="one weight per node"):
        function(np.ones(2), np.ones(3))


def test_weights_that_do_not_fit_the_tree_are_refused():
    with pytest.raises(ValueError, match="2 weights for 6 nodes"):
        split_distance(TREE, np.ones(2), np.ones(2))
