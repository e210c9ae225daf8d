"""Composite scores: hand-worked trees, the report's tables, and bits that do not move."""

import csv
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.names import UnitRegister
from indexer.numeric.scores.composite import CompositeError, composite_scores, node_scores
from tests.strategies import trees
from weighting.numeric.aggregation import equal_weights
from weighting.numeric.tree import build_tree, global_weights, local_from_leaf_weights

NAN = np.nan
FACTS = Path(__file__).resolve().parents[4] / "demo" / "report2016" / "facts"

# a .6             b .4
# a1 .5  a2 .5     b1 1
#        a21 .2  a22 .8
TREE = build_tree(["a", "a1", "a2", "a21", "a22", "b", "b1"], ["", "a", "a", "a2", "a2", "", "b"])
GLOBAL = global_weights(TREE, np.array([0.6, 0.5, 0.5, 0.2, 0.8, 0.4, 1.0]))
LEAF = GLOBAL[TREE.leaves]  # a1 .3, a21 .06, a22 .24, b1 .4


def test_scores_by_hand():
    normalised = np.array([[10, 20, 30, 40], [1, 0, 0, 0.0]])
    # 3 + 1.2 + 7.2 + 16 = 27.4; a2 = .2 * 20 + .8 * 30 = 28; a = .5 * 10 + .5 * 28 = 19
    assert composite_scores(normalised, LEAF) == pytest.approx([27.4, 0.3], rel=1e-15)
    nodes = node_scores(TREE, GLOBAL, normalised)
    assert nodes[0] == pytest.approx([19, 10, 28, 20, 30, 40, 40], rel=1e-15)
    assert nodes[1] == pytest.approx([0.5, 1, 0, 0, 0, 0, 0], rel=1e-15)


def test_geometric_by_hand():
    normalised = np.array([[1, 2, 4, 8.0]])
    # log2: 0, 1, 2, 3. a2 = .2 + 1.6 = 1.8; a = .9; T = .6 * .9 + .4 * 3 = 1.74
    options = {"aggregation": "geometric"}
    assert composite_scores(normalised, LEAF, **options) == pytest.approx([2**1.74], rel=1e-14)
    expected = [2**0.9, 1, 2**1.8, 2, 4, 8, 8]
    assert node_scores(TREE, GLOBAL, normalised, **options)[0] == pytest.approx(expected, rel=1e-14)


@pytest.mark.parametrize("value", [0.0, -1.0])
def test_geometric_refuses_zeros_and_negatives(value):
    normalised = np.array([[1, 1, 1, 1], [1, value, 1, value]])
    for attempt in (
        lambda: composite_scores(normalised, LEAF, aggregation="geometric"),
        lambda: node_scores(TREE, GLOBAL, normalised, aggregation="geometric"),
    ):
        with pytest.raises(CompositeError) as caught:
            attempt()
        assert caught.value.leaves == (1, 3)


def test_missing_values_are_refused():
    with pytest.raises(CompositeError, match="leaf 3"):
        composite_scores(np.array([[1, 1, NAN, 1]]), LEAF)


class TestReweight:
    normalised = np.array(
        [[10, NAN, 30, 40], [10, NAN, NAN, 40], [NAN, NAN, NAN, 40], [10, 20, 30, NAN], [10, 20, 30, 40.0]]
    )
    # 1: a2 = 30, a = 20, T = 12 + 16. 2: a2 absent, a = 10, T = 6 + 16. 3: a absent. 4: b absent.
    totals = (28, 22, 40, 19, 27.4)

    def test_by_hand(self):
        scores = composite_scores(self.normalised, LEAF, missing="reweight", tree=TREE)
        assert scores == pytest.approx(self.totals, rel=1e-15)
        nodes = node_scores(TREE, GLOBAL, self.normalised, missing="reweight")
        expected = [
            [20, 10, 30, NAN, 30, 40, 40],
            [10, 10, NAN, NAN, NAN, 40, 40],
            [NAN, NAN, NAN, NAN, NAN, 40, 40],
            [19, 10, 28, 20, 30, NAN, NAN],
            [19, 10, 28, 20, 30, 40, 40],
        ]
        np.testing.assert_allclose(nodes, expected, rtol=1e-15)

    def test_each_version_has_its_own_weights(self):
        other = equal_weights(TREE).global_[TREE.leaves]
        both = composite_scores(
            self.normalised, np.stack([LEAF, other], axis=1), missing="reweight", tree=TREE
        )
        assert both[:, 0] == pytest.approx(self.totals, rel=1e-15)
        assert both[0, 1] == pytest.approx(30, rel=1e-15)  # a = (10 + 30) / 2 = 20, T = (20 + 40) / 2

    def test_a_node_of_weight_zero_is_no_support(self):
        leaf = np.array([0.0, 0.2, 0.8, 0.0])
        with pytest.raises(CompositeError) as caught:
            composite_scores(np.array([[1, 1, 1, 1], [1, NAN, NAN, 1]]), leaf, missing="reweight", tree=TREE)
        assert caught.value.cities == (1,)

    def test_the_tree_is_needed(self):
        with pytest.raises(ValueError, match="tree"):
            composite_scores(self.normalised, LEAF, missing="reweight")


def facts(name):
    with (FACTS / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize(
    ("weights", "largest", "city"),
    [
        ((0.2769, 0.2639, 0.2193, 0.2399), 0.0027, "北京市"),
        ((0.277, 0.264, 0.219, 0.240), 0.0000691, "济南市"),
    ],
)
def test_the_61_cities_of_all_four_published_tables(weights, largest, city):
    """2016 report: the total is the weighted sum of the sub-indices, but not with the printed weights."""
    totals = {row["city"]: float(row["total"]) for row in facts("total_351.csv")}
    register = UnitRegister(dict.fromkeys(totals, ()))
    tables: dict = {}
    for row in facts("subindices_top100.csv"):
        tables.setdefault(register.resolve(row["city"]), {})[row["subindex"]] = float(row["value"])
    listed = [name for name, table in tables.items() if len(table) == 4]
    values = [[tables[name][sub] for sub in ("infra", "industry", "innovation", "smart")] for name in listed]
    errors = np.abs(composite_scores(np.array(values), np.array(weights)) - [totals[name] for name in listed])
    assert len(listed) == 61
    assert listed[errors.argmax()] == city
    assert errors.max() == pytest.approx(largest, rel=0.01)


@st.composite
def cases(draw):
    """A tree, its leaf weights and a few cities."""
    tree = draw(trees())
    leaves = len(tree.leaves)
    leaf = np.array(draw(st.lists(st.floats(0.01, 1), min_size=leaves, max_size=leaves)))
    row = st.lists(st.floats(0.001, 100), min_size=leaves, max_size=leaves)
    return tree, leaf / leaf.sum(), np.array(draw(st.lists(row, min_size=1, max_size=5)))


@given(cases())
def test_the_root_group_makes_the_composite(case):
    tree, leaf, normalised = case
    weights = global_weights(tree, local_from_leaf_weights(tree, leaf))
    nodes = node_scores(tree, weights, normalised)
    root = tree.groups[0]
    total = composite_scores(normalised, weights[tree.leaves])
    assert nodes[:, root] @ weights[root] == pytest.approx(total, rel=1e-12)


@given(cases())
def test_every_node_is_the_weighted_mean_of_its_leaves(case):
    tree, leaf, normalised = case
    weights = global_weights(tree, local_from_leaf_weights(tree, leaf))
    for node, below in enumerate(tree.descendant_leaves):
        mean = normalised[:, below] @ weights[tree.leaves[below]] / weights[node]
        assert node_scores(tree, weights, normalised)[:, node] == pytest.approx(mean, rel=1e-12)


@given(cases())
def test_reweighting_complete_data_changes_no_bit(case):
    tree, leaf, normalised = case
    plain = composite_scores(normalised, leaf)
    again = composite_scores(normalised, leaf, missing="reweight", tree=tree)
    assert plain.tobytes() == again.tobytes()


@given(cases(), st.floats(0.001, 100))
def test_an_indicator_of_weight_zero_changes_nothing(case, value):
    _, leaf, normalised = case
    wider = np.hstack([normalised, np.full((len(normalised), 1), value)])
    scores = composite_scores(normalised, leaf)
    assert (composite_scores(wider, np.append(leaf, 0.0)) == scores).all()


def test_a_version_alone_has_the_bits_it_has_with_others():
    rng = np.random.default_rng(2016)
    normalised, weights = rng.random((351, 90)) ** 4, rng.dirichlet(np.ones(90), size=40).T
    together = composite_scores(normalised, weights)
    for version in range(40):
        alone = composite_scores(normalised, weights[:, version])
        assert alone.tobytes() == np.ascontiguousarray(together[:, version]).tobytes()
    shuffled = rng.permutation(351)
    some = composite_scores(np.asfortranarray(normalised[shuffled[:7]]), weights[:, 3:5])
    assert (some == together[shuffled[:7], 3:5]).all()


def test_control_a_blas_product_moves_bits():
    rng = np.random.default_rng(2016)
    normalised, weights = rng.random((351, 90)) ** 4, rng.dirichlet(np.ones(90), size=40).T
    together = normalised @ weights
    assert any((normalised @ weights[:, version] != together[:, version]).any() for version in range(40))


def test_a_node_of_weight_zero_has_a_score():
    weights = global_weights(TREE, local_from_leaf_weights(TREE, np.array([0.5, 0.0, 0.0, 0.5])))
    assert node_scores(TREE, weights, np.array([[1, 2, 4, 8.0]]))[0].tolist() == [1, 1, 3, 2, 4, 8, 8]
