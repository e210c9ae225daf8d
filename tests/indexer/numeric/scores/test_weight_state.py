"""Weights in whole units: shared without loss, written and read back exactly."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.numeric.scores.weight_state import (
    WHOLE,
    WeightStateError,
    apportion,
    local_weights,
    read_state,
    state_text,
)
from weighting.numeric.tree import build_tree

# Groups: 0 the root (a, b), 1 below a (three), 2 below b (two).
TREE = build_tree(["a", "b", "a1", "a2", "a3", "b1", "b2"], ["", "", "a", "a", "a", "b", "b"])


@pytest.mark.parametrize(
    ("parts", "whole", "shares"),
    [
        ([1, 1, 1], 10, [4, 3, 3]),
        ([0.5, 0.25, 0.25], WHOLE, [500_000, 250_000, 250_000]),
        ([2, 0, 1], 2, [1, 0, 1]),
        ([1e-9, 1], 5, [0, 5]),
        ([21, 22, 57], 10, [2, 2, 6]),
    ],
)
def test_units_are_shared_by_largest_remainders(parts, whole, shares):
    assert apportion(np.array(parts, dtype=float), whole).tolist() == shares


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=30).filter(lambda parts: sum(parts) > 1e-6))
def test_shares_are_whole_and_within_one_of_their_part(parts):
    units = apportion(np.array(parts))
    assert units.sum() == WHOLE
    assert (units >= 0).all()
    assert np.abs(units - np.array(parts) / sum(parts) * WHOLE).max() < 1 + 1e-6


@pytest.mark.parametrize("parts", [[0.0, 0.0], [1.0, -1.0], [np.nan, 1.0]])
def test_what_is_no_parts_is_refused(parts):
    with pytest.raises(ValueError, match="no parts"):
        apportion(np.array(parts))


@given(st.sets(st.integers(0, 2)), st.randoms())
def test_a_state_is_read_back_exactly(groups, chance):
    sizes = {group: len(TREE.groups[group]) for group in sorted(groups)}
    state = {
        group: apportion(np.array([chance.random() + 1e-3 for _ in range(size)]))
        for group, size in sizes.items()
    }
    back = read_state(state_text(state), TREE)
    assert {group: units.tolist() for group, units in back.items()} == {
        group: units.tolist() for group, units in state.items()
    }


def test_the_notation_is_what_it_was():
    """Addresses that people kept must open for ever."""
    state = {0: np.array([250_000, 750_000]), 2: np.array([0, WHOLE])}
    assert state_text(state) == "1~0.5cwg.g2pc~2.0.lfls"
    assert state_text({}) == ""


def test_unchanged_groups_keep_every_bit():
    nominal = np.array([0.3, 0.7, 1 / 3, 1 / 3, 1 / 3, 0.1, 0.9])
    local = local_weights(TREE, nominal, {0: np.array([250_000, 750_000])})
    assert local[:2].tolist() == [0.25, 0.75]
    assert local[2:].tolist() == nominal[2:].tolist()


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("2~0.lfls.0", "notation"),
        ("1~0.LFLS.0", "number"),
        ("1~0.-1.lfls", "number"),
        ("1~", "number"),
        ("1~0.lflslfls.0", "number"),
        ("1~9.lfls", "group"),
        ("1~0.lfls.0~0.lfls.0", "repeated"),
        ("1~0.lfls", "siblings"),
        ("1~0.lfls.1", "sum"),
    ],
)
def test_what_is_no_state_is_named(text, kind):
    with pytest.raises(WeightStateError) as caught:
        read_state(text, TREE)
    assert caught.value.kind == kind
