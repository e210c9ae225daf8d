"""What the indicators of one city add to its score, with a tree worked by hand."""

from dataclasses import replace

import numpy as np
import pytest

from indexer.numeric.method.node_steps import uniform_steps
from indexer.numeric.scores.node_scores import score_nodes
from indexer.numeric.scores.unit_parts import (
    adds_to_the_whole,
    effective_weights,
    effective_weights_of,
    marked_shares,
    parts_of_score,
)
from weighting.numeric.tree import NO_PARENT, build_tree, global_weights

# A child may stand before its parent in a file.
TREE = build_tree(["a", "g", "h", "b", "c", "d", "e"], ["g", "", "", "g", "h", "h", "h"])
LOCAL = np.array([0.5, 0.4, 0.6, 0.5, 0.2, 0.3, 0.5])
SUMS = uniform_steps(TREE, "arithmetic")
LEAF = global_weights(TREE, LOCAL)[TREE.leaves]


def scores_of(values):
    """The scores of one city on the index and on all nodes, as a run has them."""
    scored = score_nodes(TREE, LEAF[:, np.newaxis], values[np.newaxis], SUMS, missing="reweight")
    return scored.scores[0, 0], scored.with_leaves(TREE, values[np.newaxis])[0]


@pytest.mark.parametrize(
    "values",
    [
        [1.0, 2, 3, 4, 5],
        [1.0, np.nan, 3, np.nan, 5],
        # Nothing of g at all.
        [np.nan, np.nan, 3, 4, np.nan],
    ],
)
def test_parts_of_the_leaves_sum_to_the_score_whatever_is_missing(values):
    whole, scores = scores_of(np.array(values))
    weights = effective_weights(TREE, LOCAL, ~np.isnan(scores))
    parts = parts_of_score(TREE, SUMS, weights, scores)
    assert parts[TREE.leaves].sum() == pytest.approx(whole, abs=1e-15)
    assert parts[TREE.levels[0]].sum() == pytest.approx(whole, abs=1e-15)
    assert weights[TREE.leaves].sum() == pytest.approx(1)


def test_weights_of_what_is_there_by_hand():
    _whole, scores = scores_of(np.array([1.0, np.nan, 3, np.nan, 5]))
    weights = effective_weights(TREE, LOCAL, ~np.isnan(scores))
    # Of g only a, of h c and e, whose 0.2 and 0.5 are rescaled to 2/7 and 5/7.
    assert weights == pytest.approx([0.4, 0.4, 0.6, 0, 0.6 * 2 / 7, 0, 0.6 * 5 / 7])


def test_the_weight_of_one_node_in_all_cities_is_that_of_each_city():
    values = np.array([[1.0, 2, 3, 4, 5], [1, np.nan, 3, np.nan, 5], [np.nan, np.nan, 3, 4, np.nan]])
    scores = np.stack([scores_of(row)[1] for row in values])
    for node in range(len(TREE)):
        weights = effective_weights_of(TREE, LOCAL, node, lambda at: np.isfinite(scores[:, at]))
        alone = [effective_weights(TREE, LOCAL, np.isfinite(row))[node] for row in scores]
        assert weights == pytest.approx(alone, abs=1e-15)


def test_nothing_below_a_node_that_is_no_sum_has_a_part():
    mixed = replace(SUMS, aggregations=("", "arithmetic", "geometric", "", "", "", ""))
    assert adds_to_the_whole(TREE, mixed).tolist() == [True, True, True, True, False, False, False]
    assert not adds_to_the_whole(TREE, replace(SUMS, whole="geometric")).any()
    one = build_tree(["all", "a", "b"], ["", "all", "all"])
    # The only node of the root group is the index itself: that it is called geometric changes nothing.
    assert adds_to_the_whole(one, replace(uniform_steps(one, "arithmetic"), whole="geometric")).all()


def test_shares_of_weight_that_are_filled_in():
    present = np.ones((3, 5), dtype=bool)
    present[2, 1] = False
    marked = np.zeros((3, 5), dtype=bool)
    marked[1, 0] = marked[2, 0] = marked[2, 4] = True
    shares = marked_shares(TREE, LOCAL, marked, present)
    assert shares[:, NO_PARENT] == pytest.approx([0, 0.2, 0.4 + 0.3])
    assert shares[:, 1] == pytest.approx([0, 0.5, 1])
    assert shares[:, 0] == pytest.approx([0, 1, 1])
    assert marked_shares(TREE, LOCAL, marked, np.zeros_like(present)).any() == np.False_
