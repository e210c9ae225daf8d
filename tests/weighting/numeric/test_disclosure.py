"""No group below the least size can be read off, neither itself nor as what is left of the whole."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from weighting.numeric.disclosure import reportable_groups

SIZES = st.dictionaries(st.sampled_from("abcdef"), st.integers(0, 12))


@pytest.mark.parametrize(
    ("sizes", "rest", "reported"),
    [
        ({"a": 5, "b": 9}, 0, "ab"),
        ({"a": 4, "b": 9}, 0, ""),
        ({"a": 4, "b": 9, "c": 6}, 0, "b"),
        ({"a": 2, "b": 9, "c": 3}, 0, "b"),
        ({"a": 2, "b": 9, "c": 2}, 0, ""),
        ({"a": 0, "b": 9}, 0, "b"),
        ({"a": 6, "b": 9}, 1, "b"),
        ({"a": 6, "b": 6}, 2, "a"),
        ({"a": 6}, 5, "a"),
        ({}, 3, ""),
    ],
)
def test_by_hand_with_a_least_of_five(sizes, rest, reported):
    assert reportable_groups(sizes, least=5, rest=rest) == frozenset(reported)


@given(SIZES, st.integers(0, 8), st.integers(1, 6))
def test_every_figure_that_can_be_derived_has_enough_ballots(sizes, rest, least):
    reported = reportable_groups(sizes, least=least, rest=rest)
    remainder = rest + sum(size for group, size in sizes.items() if group not in reported)
    assert all(sizes[group] >= least for group in reported)
    assert remainder == 0 or remainder >= least or not reported


@given(SIZES, st.integers(1, 6))
def test_a_group_is_withheld_only_for_a_reason(sizes, least):
    reported = reportable_groups(sizes, least=least)
    small = sum(size for size in sizes.values() if size < least)
    if small == 0 or small >= least:
        assert reported == {group for group, size in sizes.items() if size >= least}


def test_nonsense_is_refused():
    with pytest.raises(ValueError, match="-1"):
        reportable_groups({"a": -1}, least=5)
