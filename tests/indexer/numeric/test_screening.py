"""Far outliers, unit jumps and repeats, on cases worked by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.numeric.screening import repeats, tukey_outliers, unit_jumps


@pytest.mark.parametrize(("value", "beyond"), [(21.2, False), (21.3, True), (-10.2, False), (-10.3, True)])
def test_the_outer_fences_of_a_case_worked_by_hand(value, beyond):
    # 1 to 9 and one far value above: quartiles 3.25 and 7.75, outer fences -10.25 and 21.25.
    # One far below shifts the quartiles to 2.25 and 6.75: fences -11.25 and 20.25.
    values = np.append(np.arange(1.0, 10.0), value if value > 0 else value - 1)
    found = tukey_outliers(values[:, None])
    assert found.ravel().tolist() == [False] * 9 + [beyond]


def test_columns_half_alike_missing_or_empty_are_not_judged():
    half = [0.0] * 8 + [1000.0] * 2
    gap = [np.nan] * 10
    some = [1.0, 2, 3, 4, 5, 6, 7, 8, np.nan, 500]
    found = tukey_outliers(np.array([half, gap, some]).T)
    assert found.sum(axis=0).tolist() == [0, 0, 1]
    assert found[9, 2]


@given(st.lists(st.floats(-1e6, 1e6), min_size=4, max_size=30), st.sampled_from([2.0**-8, 2.0**10]))
def test_outliers_do_not_depend_on_unit_or_order(column, unit):
    values = np.array(column)[:, None]
    found = tukey_outliers(values)
    assert tukey_outliers(values * unit).tolist() == found.tolist()
    assert tukey_outliers(values[::-1])[::-1].tolist() == found.tolist()


def test_a_column_in_another_unit_and_a_slip_are_told_apart():
    before = np.array([[1.0, 10], [2, 20], [3, 30], [4, 40]])
    now = np.array([[1000.0, 11], [2000, 21], [3000, 3300], [4000, np.nan]])
    jumps = unit_jumps(now, before)
    assert jumps.ratios.tolist() == pytest.approx([1000, 1.1])
    assert jumps.columns.tolist() == [True, False]
    assert np.argwhere(jumps.cells).tolist() == [[2, 1]]


def test_nothing_is_said_of_zeros_and_of_what_was_not_there():
    jumps = unit_jumps(np.array([[5.0, 1], [0, 2]]), np.array([[0.0, np.nan], [3, np.nan]]))
    assert np.isnan(jumps.ratios).all()
    assert not jumps.columns.any()
    assert not jumps.cells.any()


def test_repeats_name_the_first_of_their_kind():
    gap = [np.nan, np.nan]
    rows = np.array([[1.0, 2], [3, 4], [1, 2], gap, gap, [1, 2], [0.0, 1], [-0.0, 1]])
    assert repeats(rows) == [(0, 2), (0, 5), (6, 7)]
