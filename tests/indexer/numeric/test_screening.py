"""Far outliers, unit jumps and repeats, on cases worked by hand."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from indexer.numeric.screening import BLOCK, repeats, screen_columns, unit_jumps

TABLES = arrays(
    float,
    array_shapes(min_dims=2, max_dims=2, max_side=7),
    elements=st.sampled_from([0.0, -0.0, 1.0, 2.5, -3.0, 1e3, 1e308, -1e308, np.nan]) | st.floats(-1e9, 1e9),
)


def tukey_outliers(values):
    found = np.zeros(values.shape, dtype=bool)
    for place, column in enumerate(screen_columns(values)):
        found[column.far, place] = True
    return found


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


@given(TABLES)
def test_columns_in_blocks_give_what_numpy_says_of_each(values):
    with np.errstate(all="ignore"):
        for column, screened in zip(values.T, screen_columns(values), strict=True):
            present = column[~np.isnan(column)]
            assert screened.ordered.tolist() == sorted(present)
            if not len(present):
                assert not len(screened.far)
                continue
            first, third = np.quantile(present, [0.25, 0.75])
            spread = third - first if third > first else np.inf
            far = (column < first - 3 * spread) | (column > third + 3 * spread)
            assert screened.far.tolist() == np.flatnonzero(far).tolist()
            assert screened.median == np.median(present)


@given(TABLES)
def test_repeats_are_the_pairs_that_are_alike_in_every_cell(values):
    alike = [
        (a, b)
        for a, b in combinations(range(len(values)), 2)
        if np.array_equal(values[a], values[b], equal_nan=True) and not np.isnan(values[a]).all()
    ]
    later = {b for _a, b in alike}
    assert repeats(values) == sorted(((a, b) for a, b in alike if a not in later), key=lambda pair: pair[1])


def test_a_table_of_several_blocks_is_screened_whole():
    values = np.random.default_rng(3).uniform(size=(40, 2 * BLOCK + 3))
    values[7], values[:, 2 * BLOCK + 1] = values[5], values[:, 1]
    values[11, ::BLOCK] = 1e6
    assert repeats(values) == [(5, 7)]
    assert repeats(values.T) == [(1, 2 * BLOCK + 1)]
    assert np.argwhere(tukey_outliers(values)).tolist() == [
        [11, place] for place in range(0, 2 * BLOCK + 1, BLOCK)
    ]


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
