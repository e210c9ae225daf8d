"""Leads of one rank over others, by hand and against a slow loop."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.numeric.comparison.leads import rank_columns, rank_leads

NAN = np.nan


def test_a_lead_is_the_smallest_over_all_others():
    # 10 against 31, 40 and 55: at least 21 places; 50 against 20: behind by 30.
    leads = rank_leads(np.array([10.0, 50]), np.array([[31.0, 40, 55], [80, 20, 90]]))
    assert leads.tolist() == [21, -30]


def test_there_must_be_something_to_lead_over():
    with pytest.raises(ValueError, match="nothing to lead over"):
        rank_leads(np.array([1.0]), np.empty((1, 0)))


def test_only_those_with_a_score_are_ranked():
    ranks = rank_columns(np.array([[3.0, NAN], [NAN, NAN], [5, NAN], [3, 1]]))
    np.testing.assert_array_equal(ranks, [[2, NAN], [NAN, NAN], [1, NAN], [2, 1]])
    assert np.isnan(rank_leads(ranks[:, 0], ranks[:, 1:]))[:3].all()


@given(st.lists(st.lists(st.integers(1, 50), min_size=3, max_size=3), min_size=1, max_size=8))
def test_leads_agree_with_a_loop(rows):
    ranks = np.array(rows, dtype=float)
    leads = rank_leads(ranks[:, 0], ranks[:, 1:])
    for row, lead in zip(rows, leads, strict=True):
        assert all(other - row[0] >= lead for other in row[1:])
        assert any(other - row[0] == lead for other in row[1:])
