"""Drawn weights are scored stretch by stretch: as a run scores them, but for rounding."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.numeric.method.node_steps import NodeSteps
from indexer.numeric.scores.composite import CompositeError
from indexer.numeric.scores.drawn_nodes import DrawnNodes
from indexer.numeric.scores.index import CHUNK, Index, many_ranks, many_scores
from indexer.numeric.scores.node_scores import score_locally
from indexer.numeric.scores.packed_ranking import min_ranks_by_row
from tests.indexer.plans_at_random import mixed_indices, random_weights
from weighting.numeric.tree import build_tree

TREE = build_tree(["g", "h", "a", "b", "c", "d", "e"], ["", "", "g", "g", "h", "h", ""])
VALUES = np.random.default_rng(3).uniform(0.1, 1, (6, 5))


@settings(max_examples=150)
@given(made=mixed_indices(copeland=False), seed=st.integers(0, 10**6))
def test_a_draw_is_scored_as_a_run_is_whatever_forms_the_nodes(made, seed):
    tree, steps, values = made
    local = random_weights(tree, 5, seed)
    one_by_one = score_locally(tree, local, values, steps).scores
    assert DrawnNodes(tree, steps, values).scores(local) == pytest.approx(one_by_one, rel=1e-12, abs=1e-12)


@settings(max_examples=60)
@given(made=mixed_indices(gaps=True), seed=st.integers(0, 10**6))
def test_many_versions_have_the_ranks_of_their_scores(made, seed):
    tree, steps, values = made
    local = random_weights(tree, 3, seed)
    index = Index(tree, values, local[:, 0], steps=steps)
    expected = score_locally(tree, local, values, steps, missing="reweight").scores
    assert many_ranks(index, local).tolist() == min_ranks_by_row(expected).tolist()


def test_cities_that_tie_on_a_branch_tie_in_every_draw_whoever_looks_at_all():
    """A product may give equal columns other last bits, which would count as a win over the other."""
    steps = NodeSteps(("arithmetic", "arithmetic", *[""] * 5), "copeland", (0.0,) * 7)
    values = np.random.default_rng(4).uniform(0.1, 1, (301, 5))
    values[:, :2] = values[0, :2]
    local = random_weights(TREE, 4, 2)
    index = Index(TREE, values, local[:, 0], steps=steps)
    expected = score_locally(TREE, local, values, steps).scores
    assert many_scores(index, local).tobytes() == expected.tobytes()


def test_more_versions_than_a_chunk_are_ranked_in_order():
    local = random_weights(TREE, CHUNK + 3, 1)
    index = Index(
        TREE, VALUES, local[:, 0], steps=NodeSteps(("geometric", "harmonic", *[""] * 5), "mpi", (0.0,) * 7)
    )
    ranks = many_ranks(index, local)
    assert ranks[-2:].tolist() == many_ranks(index, local[:, -2:]).tolist()
    assert ranks.shape == (CHUNK + 3, 6)


@pytest.mark.parametrize(
    ("zeros", "named"), [([2], {"leaves": (2,), "nodes": ()}), ([0, 1], {"leaves": (), "nodes": (0,)})]
)
def test_what_a_mean_does_not_take_is_named_as_a_run_names_it(zeros, named):
    steps = NodeSteps(("arithmetic", "harmonic", *[""] * 5), "geometric", (0.0,) * 7)
    values, local = VALUES.copy(), random_weights(TREE, 2, 1)
    values[:, zeros] = 0
    for score in (
        lambda: DrawnNodes(TREE, steps, values).scores(local),
        lambda: score_locally(TREE, local, values, steps),
    ):
        with pytest.raises(CompositeError) as error:
            score()
        assert error.value.kind == "not_positive"
        assert {"leaves": error.value.leaves, "nodes": error.value.nodes} == named


def test_a_floor_stands_in_for_what_a_mean_does_not_take():
    steps = NodeSteps(("arithmetic", "harmonic", *[""] * 5), "geometric", (0.0,) * 7, floor=0.01)
    values, local = np.zeros((3, 5)), random_weights(TREE, 2, 1)
    assert DrawnNodes(TREE, steps, values).scores(local) == pytest.approx(np.full((2, 3), 0.01))
