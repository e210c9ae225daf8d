"""A unit beside its peers: gaps in their own spread, and none where that says nothing."""

import numpy as np
import pytest

from indexer.numeric.peers import peer_gaps

PEERS = np.array([1, 2, 3])


def test_the_gap_is_counted_in_the_spread_of_the_peers():
    # Peers 2, 4, 6: mean 4 and standard deviation sqrt(8 / 3).
    scores = np.array([[8.0, 4.0], [2.0, 6.0], [4.0, 4.0], [6.0, 2.0], [100.0, 100.0]])
    assert peer_gaps(scores, 0, PEERS) == pytest.approx([4 / np.sqrt(8 / 3), 0])


def test_gaps_do_not_depend_on_the_scale_or_on_others():
    scores = np.random.default_rng(1).uniform(0, 1, (6, 4))
    other = scores * 7 + 3
    other[5] = 1000
    assert peer_gaps(other, 0, PEERS) == pytest.approx(peer_gaps(scores, 0, PEERS))


@pytest.mark.parametrize(
    "column",
    [
        [np.nan, 1, 2, 3],
        [1, np.nan, 2, 3],
        [2, 0.1, 0.1, 0.1],
    ],
    ids=["no score", "two peers", "peers alike"],
)
def test_there_is_no_gap_without_a_score_a_group_or_a_spread(column):
    assert np.isnan(peer_gaps(np.array([column], dtype=float).T, 0, PEERS)).all()


def test_nobody_is_no_group():
    assert np.isnan(peer_gaps(np.ones((3, 2)), 0, np.array([], dtype=int))).all()
