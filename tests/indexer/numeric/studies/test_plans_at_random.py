"""What holds for every method: random trees, steps of leaves and nodes, coverages and gaps."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.numeric.comparison.score_change import ScoredSide, split_change
from indexer.numeric.scores.composite import CompositeError
from indexer.numeric.scores.node_scores import score_locally, score_nodes
from tests.indexer.plans_at_random import (
    INNER,
    WITHOUT_UNIT,
    mixed_indices,
    normalised,
    random_weights,
    whole_plans,
)
from weighting.numeric.tree import build_tree, global_weights, local_from_leaf_weights

# A rise may cost more than it brings under Mazziotta & Pareto, who mean it to.
RISING = tuple(code for code in INNER if not code.startswith("mpi"))
ANY_WEIGHTS = st.integers(0, 10**6)


@settings(max_examples=80)
@given(made=mixed_indices(gaps=True, coverage=True), seed=ANY_WEIGHTS)
def test_a_version_has_the_same_bits_alone_or_in_a_batch(made, seed):
    tree, steps, values = made
    leaf_weights = global_weights(tree, random_weights(tree, 7, seed))[tree.leaves]
    together = score_nodes(tree, leaf_weights, values, steps, missing="reweight")
    for version in (0, 3, 6):
        alone = score_nodes(tree, leaf_weights[:, [version]], values, steps, missing="reweight")
        assert alone.scores[0].tobytes() == together.scores[version].tobytes()
        assert alone.inner[0].tobytes() == together.inner[version].tobytes()


@settings(max_examples=40)
@given(made=whole_plans(), chosen=st.integers(0, 100))
def test_a_column_is_normalised_to_the_same_bits_whatever_stands_beside_it(made, chosen):
    tree, _steps, leaves, raw, directions = made
    whole = normalised(tree, leaves, raw, directions).values
    leaf = chosen % len(leaves)
    # Itself, so that nobody lacks everything, and every second of the others.
    kept = [0, *(at for at in range(1, len(leaves)) if at == leaf or at % 2)]
    few = normalised(_flat(tree, kept), [leaves[at] for at in kept], raw[:, kept], directions[kept]).values
    assert few.T.tobytes() == np.ascontiguousarray(whole[:, kept].T).tobytes()


@settings(max_examples=100)
@given(
    made=whole_plans(inner=RISING),
    seed=ANY_WEIGHTS,
    at=st.tuples(st.integers(0, 100), st.integers(0, 100)),
    rise=st.floats(0.01, 20),
)
def test_a_score_never_falls_when_a_value_moves_in_its_direction(made, seed, at, rise):
    tree, steps, leaves, raw, directions = made
    city, leaf = at[0] % len(raw), at[1] % len(leaves)
    moved = raw.copy()
    # What is missing stays so, and what falls stays above zero, as logarithms need.
    moved[city, leaf] = raw[city, leaf] + rise if directions[leaf] > 0 else raw[city, leaf] / (1 + rise)
    local = random_weights(tree, 1, seed)
    before, after = (
        _locally(tree, steps, local, normalised(tree, leaves, values, directions).values)
        for values in (raw, moved)
    )
    if before is not None and after is not None:
        assert after[city] >= before[city] - 1e-9 * max(1, abs(before[city]))


@settings(max_examples=50)
@given(
    made=whole_plans(normalisations=WITHOUT_UNIT, coverage=True),
    seed=ANY_WEIGHTS,
    factor=st.sampled_from([1 / 1024, 0.37, 3.0, 1000.0]),
)
def test_the_unit_of_a_column_does_not_matter_where_its_bounds_are_in_it(made, seed, factor):
    tree, steps, leaves, raw, directions = made
    # Box & Cox subtract one, in whatever unit: a scale of its own that min-max and the like undo.
    told = [
        replace(leaf, **{name: getattr(leaf, name) and getattr(leaf, name) * factor for name in NUMBERS})
        for leaf in leaves
    ]
    local = random_weights(tree, 1, seed)
    one, other = (
        _locally(tree, steps, local, normalised(tree, how, values, directions).values)
        for how, values in ((leaves, raw), (told, raw * factor))
    )
    # A place among others moves by whole wins where two values tie but for rounding.
    if one is not None and other is not None and not steps.looks_at_all:
        assert other == pytest.approx(one, rel=1e-8, abs=1e-8, nan_ok=True)


NUMBERS = ("lower", "upper", "target")


@settings(max_examples=50)
@given(made=mixed_indices(gaps=True, copeland=False), seed=ANY_WEIGHTS)
def test_parts_add_up_to_the_change_of_any_random_plan(made, seed):
    tree, steps, values = made
    rng = np.random.default_rng(seed)
    steps = steps if steps.needs_above_zero else replace(steps, floor=None)
    sides = [
        _scored(tree, steps, given, random_weights(tree, 1, seed + number))
        for number, given in enumerate((values, values * rng.uniform(0.5, 1, values.shape)))
    ]
    parts = split_change(tree, steps, *sides)
    change = sides[1].scores - sides[0].scores
    assert parts.total[:, tree.groups[0]].sum(axis=1) == pytest.approx(change, abs=1e-10)


def _locally(tree, steps, local, values):
    """Return the scores; None where a mean names what it does not take, as a root does z-scores."""
    try:
        return score_locally(tree, local, values, steps, missing="reweight").scores[0]
    except CompositeError as error:
        if error.kind != "below_zero" or not (error.leaves or error.nodes):
            raise
        return None


def _scored(tree, steps, values, local):
    leaf_weights = global_weights(tree, local)[tree.leaves]
    made = score_nodes(tree, leaf_weights, values, steps, missing="reweight")
    return ScoredSide(
        local_from_leaf_weights(tree, leaf_weights[:, 0]), made.with_leaves(tree, values), made.scores[0]
    )


def _flat(tree, kept):
    codes = [tree.leaf_codes[at] for at in kept]
    return build_tree(codes, [""] * len(codes))
