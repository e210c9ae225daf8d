import numpy as np
import pytest

from indexer.numeric.comparison.trends import annual_growth, growth_by_step


def test_compound_growth_takes_the_years_into_account():
    # 100 to 121 in two years is ten percent a year.
    assert annual_growth(np.array([100.0]), np.array([121.0]), 2.0) == pytest.approx([0.1], abs=1e-12)


def test_what_is_missing_zero_or_negative_has_no_growth():
    first, last = np.array([1.0, 0.0, -1.0, np.nan, 1.0]), np.array([0.0, 1.0, -2.0, 1.0, np.nan])
    assert np.isnan(annual_growth(first, last, 1.0)).all()


def test_growth_by_step_is_per_year_over_a_year_that_is_left_out():
    values = np.array([[1.0, 2.0, 8.0], [4.0, 2.0, np.nan]])
    found = growth_by_step(values, np.array([2000, 2001, 2003]))
    assert found[0] == pytest.approx([1.0, 1.0])
    assert found[1, 0] == pytest.approx(-0.5)
    assert np.isnan(found[1, 1])


def test_the_steps_compound_to_the_whole():
    values, years = np.array([3.0, 5.0, 4.0, 9.0]), np.array([2010, 2012, 2015, 2020])
    steps = growth_by_step(values, years)
    whole = annual_growth(values[0], values[-1], 10.0)
    assert np.prod((1 + steps) ** np.diff(years)) == pytest.approx((1 + whole) ** 10)
