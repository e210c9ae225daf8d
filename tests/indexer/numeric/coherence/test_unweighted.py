"""A data set before weights, and the shape of a tree, against what numpy and hand say."""

import numpy as np
import pytest

from indexer.numeric.coherence.structure import shape_of_tree
from indexer.numeric.coherence.unweighted import standardise, unweighted_index
from weighting.numeric.tree import build_tree

# A group of three, a group of one, and an indicator beside the groups.
TREE = build_tree(["x", "x1", "x2", "x3", "y", "y1", "z"], ["", "x", "x", "x", "", "y", ""])
DIRECTIONS = np.array([1, -1, 1, 1, 1])


@pytest.fixture(scope="module")
def raw():
    values = np.random.default_rng(4).lognormal(size=(30, 5))
    values[:, 1] = 5 - 2 * values[:, 0]
    values[3, 2] = np.nan
    values[:, 4] = 7.0
    return values


def test_values_are_brought_to_one_variance(raw):
    made = standardise(raw)
    assert np.nanmean(made[:, :4], axis=0) == pytest.approx(0, abs=1e-12)
    assert np.nanstd(made[:, :4], axis=0) == pytest.approx(1)
    assert (made[:, 4] == 0).all()
    assert np.isnan(made[3, 2])
    assert np.isnan(made).sum() == 1
    assert np.nanstd(standardise(raw[:, :1] * 1e300)) == pytest.approx(1)


def test_directions_turn_correlations_and_nothing_else_is_scored(raw):
    index = unweighted_index(TREE, raw, DIRECTIONS)
    x1, x2, x3 = (TREE.index[code] for code in ("x1", "x2", "x3"))
    # Less of the second is better, and it falls where the first rises.
    assert index.pearson[x1, x2] == pytest.approx(1)
    there = ~np.isnan(raw[:, 2])
    assert index.pearson[x1, x3] == pytest.approx(np.corrcoef(raw[there, 0], raw[there, 2])[0, 1])
    assert np.isnan(index.pearson[TREE.index["x"]]).all()
    assert np.isnan(index.pearson[-1]).all()
    assert index.units.weight[0] == pytest.approx(1)
    assert index.units.available[3] == pytest.approx(4 / 5)


def test_groups_hold_indicators_with_data_alone(raw):
    groups = unweighted_index(TREE, np.nan_to_num(raw, nan=1.0), DIRECTIONS).groups
    names = [[TREE.codes[node] for node in group.members] for group in groups]
    assert names == [["z"], ["x1", "x2", "x3"], ["y1"]]
    alpha = groups[1].consistency
    assert alpha.alpha == pytest.approx(alpha.standardised)


def test_shape_of_a_tree():
    shape = shape_of_tree(TREE)
    assert shape.per_level.tolist() == [3, 4]
    assert shape.sizes.tolist() == [3, 3, 1]
    assert shape.below.tolist() == [3, 1, 1, 1, 1, 1, 1]
    assert shape.equal == pytest.approx([1 / 3, 1 / 9, 1 / 9, 1 / 9, 1 / 3, 1 / 3, 1 / 3])
    assert shape.spread == pytest.approx(3)
