import numpy as np
import pytest

from indexer.numeric.coherence.audit import ScoredIndex, shifts_without
from indexer.numeric.coherence.correlations import FLAGS
from indexer.numeric.coherence.indicators import (
    histogram,
    indicator_facts,
    unit_facts,
)
from indexer.numeric.scores.composite import composite_scores, node_scores
from indexer.numeric.scores.index import Index
from tests.indexer.numeric.coherence.conftest import GROUPS
from weighting.numeric.tree import build_tree, global_weights

TREE = build_tree(["x", "x1", "x2", "x3", "y"], ["", "x", "x", "x", ""])
LOCAL = np.array([0.6, 0.5, 0.3, 0.2, 0.4])


def scored(values, tree=TREE, local=LOCAL):
    global_ = global_weights(tree, local)
    scores = node_scores(tree, global_, values, missing="reweight")
    total = composite_scores(values, global_[tree.leaves], missing="reweight", tree=tree)
    return ScoredIndex(tree, local, global_, values, scores, total)


@pytest.fixture(scope="module")
def index():
    return scored(np.random.default_rng(1).lognormal(size=(40, 4)))


def test_documented_statistics_of_asem(asem):
    """COINr 1.1, vignette "Analysis": get_stats(coin, dset = "Raw") of the first five indicators."""
    found = indicator_facts(asem.columns(GROUPS["Physical"][:5]))

    assert found.low == pytest.approx([2.07, 0.99, 0, 0, 0], abs=5e-3)
    assert found.high == pytest.approx([4.23, 211, 21.2, 122, 110], rel=5e-3)
    assert found.mean == pytest.approx([3.41, 38.6, 12, 23.6, 16.2], rel=5e-3)
    assert found.median == pytest.approx([3.42, 25.6, 12.7, 18, 6.91], rel=5e-3)
    assert found.spread == pytest.approx([0.538, 46.7, 6.84, 24.8, 22.7], rel=5e-3)
    assert [shape.skewness for shape in found.shapes] == pytest.approx(
        [-0.304, 2.1, -0.576, 2.15, 2.23], rel=5e-3
    )
    assert [shape.kurtosis for shape in found.shapes] == pytest.approx(
        [-0.657, 4.51, -0.681, 5.79, 5.79], rel=5e-3
    )
    assert found.count.tolist() == [51] * 5
    assert 1 - found.zeros == pytest.approx([1, 1, 0.824, 0.882, 0.922], abs=5e-4)
    assert found.repeats == pytest.approx([0.0196, 0.0196, 0.176, 0.118, 0.0784], abs=5e-4)


def test_documented_availability_of_asem(asem):
    """The same: get_data_avail(coin, dset = "Raw"), Bangladesh has 0.75 of P2P and 0.875 of Physical."""
    equal = np.full(8, 1 / 8)
    physical, people = (
        unit_facts(asem.columns(GROUPS[group]), equal).available for group in ("Physical", "P2P")
    )

    bangladesh, australia = map(asem.units.index, ("BGD", "AUS"))
    assert (physical[bangladesh], people[bangladesh]) == pytest.approx((0.875, 0.75))
    assert (physical[australia], people[australia]) == pytest.approx((1, 1))


def test_units_by_hand():
    raw = np.array([[1.0, 0, np.nan], [np.nan] * 3, [2, 3, 4]])
    found = unit_facts(raw, np.array([0.5, 0.2, 0.3]))
    assert found.count.tolist() == [2, 0, 3]
    assert found.available == pytest.approx([2 / 3, 0, 1])
    assert found.weight == pytest.approx([0.7, 0, 1])
    assert found.zeros.tolist() == [1, 0, 0]


def test_a_column_without_values_has_no_facts():
    found = indicator_facts(np.array([[np.nan, 1.0], [np.nan, 1.0]]))
    assert found.count.tolist() == [0, 2]
    assert np.isnan(found.mean[0])
    assert found.repeats[1] == 1


@pytest.mark.parametrize(("count", "classes"), [(1, 1), (4, 2), (10, 4), (5000, 30)])
def test_classes_of_a_histogram_hold_every_value_once(count, classes):
    values = np.random.default_rng(1).lognormal(size=count)
    edges, counts = histogram(values)
    assert counts.tolist() == np.histogram(values, bins=edges)[0].tolist()
    assert (len(counts), counts.sum()) == (classes, count)
    if count > 1:
        assert (edges[0], edges[-1]) == (values.min(), values.max())


def test_one_value_has_one_class():
    edges, counts = histogram(np.full(9, 3.0))
    assert counts.tolist() == [9]
    assert edges[0] < 3 < edges[1]


def test_every_group_and_every_leaf_is_held_against_what_stands_above(index):
    rows = {(each.whole, node) for each, _found in index.importances(draws=0) for node in each.nodes.tolist()}
    # x and y of the total, three leaves of x, and the same three of the total.
    assert rows == {(-1, 0), (-1, 4), (0, 1), (0, 2), (0, 3), (-1, 1), (-1, 2), (-1, 3)}


def test_the_total_stands_last_among_the_correlations(index):
    assert index.pearson.shape == (6, 6)
    assert index.pearson[0, 5] == pytest.approx(np.corrcoef(index.scores[:, 0], index.total)[0, 1])
    assert index.linear[0] == pytest.approx(index.pearson[0, 5] ** 2)
    assert index.linear[1] == pytest.approx(index.pearson[1, 0] ** 2)


def test_the_closest_is_a_sibling():
    values = np.random.default_rng(1).normal(size=(30, 4))
    values[:, 1] = values[:, 0] + 0.01 * values[:, 1]
    values[:, 3] = values[:, 0]
    found = scored(values)

    place, strength = found.closest

    assert place[[1, 2]].tolist() == [2, 1]
    assert strength[1] == pytest.approx(np.corrcoef(values[:, 0], values[:, 1])[0, 1])
    assert FLAGS[found.flags[1, 2]] == "redundant"


def test_one_member_alone_has_neither_alpha_nor_a_closest():
    tree = build_tree(["a", "b"], ["", "a"])
    found = scored(np.random.default_rng(1).normal(size=(12, 1)), tree, np.ones(2))
    assert np.isnan([found.groups[0].consistency.alpha, found.groups[1].mean]).all()
    assert found.closest[0].tolist() == [-1, -1]


def test_leaving_out_one_by_one_where_all_at_once_is_refused():
    """Left without the only leaf that a city has, it has no score; the other cases have shifts."""
    values = np.random.default_rng(1).normal(size=(8, 4))
    values[0, :3] = np.nan
    index = Index(TREE, values, LOCAL)

    shifts = shifts_without(index, np.arange(5))

    assert np.isnan(shifts[4])
    assert np.isfinite(shifts[:4]).all()


def test_gaps_do_not_spread(index):
    values = np.random.default_rng(1).lognormal(size=(40, 4))
    values[3, 0] = values[5, :3] = np.nan
    found = scored(values)
    assert np.isnan(found.scores[5, 0])
    assert np.isfinite(found.pearson).all()
    assert np.isfinite(found.linear).all()
    assert found.groups[1].components.count == 38
