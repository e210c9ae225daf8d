"""Trees whose nodes are formed in different ways, and units that have too little."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.numeric.method.aggregations import AGGREGATIONS
from indexer.numeric.method.faults import DataFault
from indexer.numeric.method.node_steps import NodeSteps, refused_faults, uniform_steps
from indexer.numeric.scores.composite import CompositeError, composite_scores, inner_scores
from indexer.numeric.scores.index import Index, many_scores
from indexer.numeric.scores.node_scores import Shortfall, score_locally, score_nodes, shortfalls
from weighting.numeric.tree import build_tree, global_weights

TREE = build_tree(["g", "h", "a", "b", "c", "d", "e"], ["", "", "g", "g", "h", "h", "h"])
LOCAL = np.array([0.4, 0.6, 0.5, 0.5, 0.2, 0.3, 0.5])
LEAF = global_weights(TREE, LOCAL)[TREE.leaves]
MIXED = NodeSteps(("geometric", "power:2", *[""] * 5), "harmonic", (0.0,) * 7)
VALUES = np.random.default_rng(3).uniform(0.1, 1, (6, 5))


def versions(count, seed=5):
    weights = np.random.default_rng(seed).dirichlet(np.ones(5), count).T
    return np.ascontiguousarray(weights)


def test_each_node_is_formed_in_its_own_way():
    scored = score_nodes(TREE, LEAF[:, np.newaxis], VALUES, MIXED)
    g = np.exp(0.5 * np.log(VALUES[:, 0]) + 0.5 * np.log(VALUES[:, 1]))
    h = np.sqrt(VALUES[:, 2:] ** 2 @ [0.2, 0.3, 0.5])
    assert scored.inner[0] == pytest.approx(np.stack([g, h]))
    assert scored.scores[0] == pytest.approx(1 / (0.4 / g + 0.6 / h))


@pytest.mark.parametrize("aggregation", ["arithmetic", "geometric"])
@pytest.mark.parametrize("missing", ["refuse", "reweight"])
def test_one_mean_for_all_nodes_gives_the_bytes_it_always_gave(aggregation, missing):
    values = VALUES.copy()
    if missing == "reweight":
        values[1, 2] = values[4, 0] = np.nan
    weights, how = versions(9), {"aggregation": aggregation, "missing": missing}
    scored = score_nodes(TREE, weights, values, uniform_steps(TREE, aggregation), missing=missing)
    scores = composite_scores(values, weights, tree=TREE, **how)
    assert scored.scores.tobytes() == np.ascontiguousarray(scores.T).tobytes()
    assert scored.inner.tobytes() == inner_scores(TREE, weights, values, **how).tobytes()
    # The climb of the tree comes to the same but for rounding.
    covered = replace(uniform_steps(TREE, aggregation), whole_coverage=1e-6)
    climbed = score_nodes(TREE, weights, values, covered, missing=missing)
    assert climbed.scores == pytest.approx(scored.scores, rel=1e-13)


@pytest.mark.parametrize(
    "steps",
    [
        MIXED,
        NodeSteps(("minimum", "mpi", *[""] * 5), "copeland", (0.0,) * 7),
        NodeSteps(("arithmetic", "geometric", *[""] * 5), "arithmetic", (0.6, 0.6, *[0.0] * 5), 0.5),
    ],
)
def test_a_version_has_the_same_bits_alone_or_in_a_batch(steps):
    values = np.random.default_rng(8).uniform(0.1, 1, (400, 5))
    values[::7, 1] = values[::5, 3] = np.nan
    weights = versions(300)
    together = score_nodes(TREE, weights, values, steps, missing="reweight")
    for version in (0, 123, 299):
        alone = score_nodes(TREE, weights[:, [version]], values, steps, missing="reweight")
        assert alone.scores[0].tobytes() == together.scores[version].tobytes()
        assert alone.inner[0].tobytes() == together.inner[version].tobytes()


def test_a_leaf_may_stand_beside_a_branch_where_values_are_missing():
    tree = build_tree(["g", "a", "b", "x"], ["", "g", "g", ""])
    steps = NodeSteps(("arithmetic", "", "", ""), "geometric", (0.0,) * 4)
    values = np.array([[0.2, 0.6, 0.9], [np.nan, 0.5, 0.5], [0.4, 0.4, np.nan]])
    weights = np.array([[0.2, 0.3], [0.2, 0.1], [0.6, 0.6]])
    scores = score_nodes(tree, weights, values, steps, missing="reweight").scores
    assert scores[0] == pytest.approx([0.4**0.4 * 0.9**0.6, 0.5, 0.4])
    assert scores[1] == pytest.approx([0.3**0.4 * 0.9**0.6, 0.5, 0.4])


def test_the_only_node_of_the_root_group_is_the_index():
    tree = build_tree(["top", "a", "b"], ["", "top", "top"])
    steps = NodeSteps(("arithmetic", "", ""), "geometric", (0.0,) * 3)
    scores = score_locally(tree, np.array([[1.0], [0.5], [0.5]]), np.array([[0.0, -1.0]]), steps).scores
    assert scores[0].tolist() == [-0.5]


class TestCoverage:
    STEPS = NodeSteps(
        ("arithmetic", "arithmetic", *[""] * 5), "arithmetic", (0.0, 0.5, *[0.0] * 5), whole_coverage=0.7
    )
    # In parts of the whole: a, b 0.2 each; c, d, e 0.12, 0.18, 0.3.
    GIVEN = np.array(
        [
            [1, 1, 1, 1, 1],
            [1, 1, 1, 1, 0],  # 0.7 of the whole, half of h: both are enough
            [0, 1, 1, 1, 0],  # half of h is enough, 0.5 of the whole is not
            [1, 1, 1, 0, 0],  # 0.2 of h, and 0.52 of the whole
            [0, 0, 0, 0, 0],
        ],
        dtype=bool,
    )

    def scored(self, **options):
        values = np.where(self.GIVEN, 1.0, np.nan)
        return score_nodes(TREE, LEAF[:, np.newaxis], values, self.STEPS, missing="reweight", **options)

    def test_below_it_a_node_has_no_score_and_the_unit_none(self):
        scored = self.scored()
        assert scored.scores[0].tolist() == pytest.approx([1, 1, np.nan, np.nan, np.nan], nan_ok=True)
        g, h = scored.inner[0]
        assert np.isfinite(g).tolist() == [True, True, True, True, False]
        assert np.isfinite(h).tolist() == [True, True, True, False, False]

    def test_the_reason_names_node_share_and_limit(self):
        found = shortfalls(TREE, LOCAL, self.GIVEN, self.STEPS)
        assert [(lack.city, lack.node) for lack in found] == [(3, 1), (4, 1), (2, -1), (3, -1), (4, -1)]
        assert found[0] == Shortfall(3, 1, pytest.approx(0.2), 0.5)
        assert found[2].share == pytest.approx(0.5)

    def test_what_was_filled_in_does_not_count(self):
        filled = np.ones(self.GIVEN.shape)
        scores = score_nodes(TREE, LEAF[:, np.newaxis], filled, self.STEPS, given=self.GIVEN).scores
        assert np.isnan(scores[0]).tolist() == [False, False, True, True, True]

    def test_a_unit_with_nothing_is_an_error_where_no_coverage_is_asked_for(self):
        values = np.where(self.GIVEN, 1.0, np.nan)
        steps = NodeSteps(("minimum", "arithmetic", *[""] * 5), "arithmetic", (0.0,) * 7)
        with pytest.raises(CompositeError) as error:
            score_nodes(TREE, LEAF[:, np.newaxis], values, steps, missing="reweight")
        assert (error.value.kind, error.value.cities) == ("nothing_present", (4,))


def test_a_node_that_a_mean_does_not_take_is_named():
    steps = NodeSteps(("arithmetic", "arithmetic", *[""] * 5), "geometric", (0.0,) * 7)
    values = VALUES.copy()
    values[:, :2] = 0
    with pytest.raises(CompositeError, match="node 1") as error:
        score_nodes(TREE, LEAF[:, np.newaxis], values, steps)
    assert (error.value.kind, error.value.nodes) == ("not_positive", (0,))
    # The leaves themselves are taken by the means right above them.
    units = [f"u{place}" for place in range(len(values))]
    assert refused_faults(TREE, TREE.leaf_codes, values, steps, units) == []
    values[1:, 1] = 1
    faults = refused_faults(TREE, TREE.leaf_codes, values, uniform_steps(TREE, "geometric"), units)
    zeros = (0.0,) * len(units)
    assert faults == [
        DataFault("not_positive", ("a",), tuple(units), zeros),
        DataFault("not_positive", ("b",), ("u0",), (0.0,)),
    ]
    geometric = uniform_steps(TREE, "geometric")
    assert len(refused_faults(TREE, TREE.leaf_codes, values, geometric, units, without={"a"})) == 1


@pytest.mark.parametrize("steps", [MIXED, NodeSteps(("mpi", "minimum", *[""] * 5), "copeland", (0.0,) * 7)])
def test_draws_are_scored_as_runs_are(steps):
    index = Index(TREE, VALUES, LOCAL, steps=steps)
    drawn = many_scores(index, LOCAL[:, np.newaxis])[0]
    assert drawn == pytest.approx(index.nominal_scores, rel=1e-14)


@settings(max_examples=40, deadline=None)
@given(
    aggregation=st.sampled_from([*AGGREGATIONS, "power:3", "power:-2"]),
    seed=st.integers(0, 10**6),
    leaf=st.integers(0, 4),
    rise=st.floats(0.001, 0.5),
)
def test_a_score_never_falls_when_a_value_rises(aggregation, seed, leaf, rise):
    """But for Mazziotta-Pareto, which means to: an uneven rise may cost more than it brings."""
    if aggregation.startswith("mpi"):
        return
    values = np.random.default_rng(seed).uniform(0.05, 1, (8, 5))
    raised = values.copy()
    raised[3, leaf] += rise
    inner = "arithmetic" if aggregation == "copeland" else aggregation
    steps = NodeSteps((inner, inner, *[""] * 5), aggregation, (0.0,) * 7)
    before, after = (
        score_locally(TREE, LOCAL[:, np.newaxis], made, steps).scores[0, 3] for made in (values, raised)
    )
    assert after >= before - 1e-12
