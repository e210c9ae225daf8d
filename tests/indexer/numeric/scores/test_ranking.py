"""Ranks with ties."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.numeric.scores.ranking import min_ranks


@pytest.mark.parametrize(
    ("scores", "ranks"),
    [
        ([3, 3, 1], [1, 1, 3]),
        ([1, 3, 2], [3, 1, 2]),
        ([0, 0, 0], [1, 1, 1]),
        ([-1, -2, -1], [1, 3, 1]),
        ([0.0, -0.0, 1e-300], [2, 2, 1]),
        ([5], [1]),
        # 0.1 + 0.2 and 0.3 differ in the last bit alone.
        ([0.1 + 0.2, 0.3, 0.2], [1, 1, 3]),
        # Ties chain: neighbours are within the tolerance, the ends are not.
        ([1 + 1.6e-12, 1 + 0.8e-12, 1, 1 - 3e-12], [1, 1, 1, 4]),
        # The tolerance is relative: small scores are as well separated as large ones.
        ([1e-15, 1.0001e-15, 2e20, 2.0001e20], [4, 3, 2, 1]),
    ],
)
def test_by_hand(scores, ranks):
    assert min_ranks(np.array(scores, dtype=float)).tolist() == ranks


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_what_is_not_finite_has_no_rank(bad):
    with pytest.raises(ValueError, match="1 scores"):
        min_ranks(np.array([1.0, bad]))


@given(st.lists(st.integers(-5, 5), min_size=1, max_size=12), st.randoms(use_true_random=False))
def test_rank_is_one_more_than_the_number_of_better_cities(scores, random):
    scores = np.array(scores, dtype=float)
    ranks = min_ranks(scores)
    assert ranks.tolist() == [1 + (scores > score).sum() for score in scores]
    order = random.sample(range(len(scores)), len(scores))
    assert (min_ranks(scores[order]) == ranks[order]).all()


def test_versions_are_ranked_each_by_itself():
    scores = np.random.default_rng(7).integers(0, 40, size=(60, 25)) / 7
    together = min_ranks(scores)
    assert all((together[:, v] == min_ranks(scores[:, v])).all() for v in range(25))
