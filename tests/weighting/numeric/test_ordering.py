"""The display order: a permutation, the same for ever, and without a favourite place."""

from hashlib import sha256

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from weighting.numeric.ordering import display_order

BIG = st.integers(-(2**63), 2**63 - 1)


@given(BIG, BIG, st.integers(0, 60))
def test_it_is_a_permutation_and_repeats(seed, key, n):
    order = display_order(seed, key, n)
    assert sorted(order.tolist()) == list(range(n))
    np.testing.assert_array_equal(order, display_order(seed, key, n))


def test_it_follows_from_the_hashes_alone():
    """The definition, written out: a ballot's order must be found again years later."""
    keys = {sha256(f"7|11|4|{place}".encode()).hexdigest(): place for place in range(4)}
    assert display_order(7, 11, 4).tolist() == [keys[key] for key in sorted(keys)]


def test_seed_key_and_size_each_matter():
    base = display_order(1, 2, 30).tolist()
    assert base != display_order(2, 2, 30).tolist()
    assert base != display_order(1, 3, 30).tolist()
    assert [place for place in base if place < 29] != display_order(1, 2, 29).tolist()


def test_every_item_is_first_equally_often():
    """1,200 ballots, six items: 200 expected each; 5 standard deviations are 65."""
    first = np.bincount([display_order(5, key, 6)[0] for key in range(1200)], minlength=6)
    assert np.abs(first - 200).max() < 65


def test_a_negative_size_is_refused():
    with pytest.raises(ValueError, match="-1"):
        display_order(1, 1, -1)
