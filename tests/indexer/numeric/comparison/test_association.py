"""Correlations and residuals against SciPy, a published data set and the definition."""

import numpy as np
import pytest
import scipy
from hypothesis import given
from hypothesis import strategies as st

from indexer.numeric.comparison.association import (
    associate,
    bands_of,
    fit_line,
    fit_scales,
    infer_correlation,
    pearson,
)

# Anscombe (1973), https://doi.org/10.1080/00031305.1973.10478966, his third set: one outlier.
X3 = np.array([10, 8, 13, 9, 11, 14, 6, 4, 12, 7, 5], dtype=float)
Y3 = np.array([7.46, 6.77, 12.74, 7.11, 7.81, 8.84, 6.08, 5.39, 8.15, 6.42, 5.73])
# His fourth: one city fixes the slope alone.
X4 = np.array([8, 8, 8, 8, 8, 8, 8, 19, 8, 8, 8], dtype=float)
Y4 = np.array([6.58, 5.76, 7.71, 8.84, 8.47, 7.04, 5.25, 12.50, 5.56, 7.91, 6.89])
FLOATS = st.floats(-1e6, 1e6)
PAIRS = st.lists(st.tuples(FLOATS, FLOATS), min_size=5, max_size=40).map(np.array)


def test_anscombes_third_set():
    """Published: r = 0.816, line y = 3.0 + 0.5 x; the third point lies far off all others' line."""
    line = fit_line(X3, Y3)
    assert pearson(X3, Y3) == pytest.approx(0.816, abs=5e-4)
    assert (line.slope, line.intercept) == (pytest.approx(0.5, abs=1e-3), pytest.approx(3.0, abs=3e-3))
    assert np.abs(line.studentised).argmax() == 2
    assert line.studentised[2] > 1000
    assert np.abs(np.delete(line.studentised, 2)).max() < 2.5


def test_a_city_that_fixes_the_line_has_no_residual_of_its_own():
    line = fit_line(X4, Y4)
    assert line.studentised[7] == 0
    assert (line.slope, line.intercept) == (pytest.approx(0.5, abs=1e-3), pytest.approx(3.0, abs=3e-3))


def refit_without(x, y, place):
    """The definition, slowly: how far a city is from the line of all others, in its standard error."""
    a, b = np.delete(x, place), np.delete(y, place)
    design = np.column_stack([np.ones_like(a), a])
    solution = np.linalg.lstsq(design, b, rcond=None)[0]
    rest = b - design @ solution
    variance = rest @ rest / (len(a) - 2)
    row = np.array([1, x[place]])
    spread = variance * (1 + row @ np.linalg.inv(design.T @ design) @ row)
    return (y[place] - row @ solution) / np.sqrt(spread)


def test_studentised_residuals_are_those_of_the_line_without_the_city():
    chance = np.random.default_rng(3)
    x = chance.lognormal(size=60)
    y = 2 + 3 * x + chance.normal(size=60)
    slow = [refit_without(x, y, place) for place in range(60)]
    np.testing.assert_allclose(fit_line(x, y).studentised, slow, rtol=1e-8)


def test_correlations_are_scipys():
    chance = np.random.default_rng(4)
    x = np.round(chance.lognormal(size=80), 1) + 0.1
    y = np.round(x + chance.lognormal(size=80), 1)
    found = associate(x, y)
    assert found.pearson == pytest.approx(scipy.stats.pearsonr(x, y).statistic, abs=1e-12)
    assert found.spearman == pytest.approx(scipy.stats.spearmanr(x, y).statistic, abs=1e-12)
    assert found.log_pearson == pytest.approx(scipy.stats.pearsonr(np.log(x), np.log(y)).statistic, abs=1e-12)
    line, fitted = fit_line(x, y), scipy.stats.linregress(x, y)
    assert (line.slope, line.intercept) == (pytest.approx(fitted.slope), pytest.approx(fitted.intercept))


@given(PAIRS, st.floats(0.1, 1e3), FLOATS)
def test_neither_unit_nor_zero_point_matters(pairs, factor, offset):
    x, y = pairs.T
    first, second = pearson(x, y), pearson(factor * x + offset, y)
    # A spread that rounding swallows says nothing.
    if np.ptp(x) > 1e-3 and np.ptp(y) > 1e-3:
        assert second == pytest.approx(first, abs=1e-5)
    assert np.isnan(first) or -1 <= first <= 1


def test_logarithms_take_what_is_above_zero_on_both_sides():
    x, y = np.array([1.0, 2.0, 4.0, 0.0, 8.0]), np.array([1.0, 4.0, 16.0, 3.0, -1.0])
    found = associate(x, y)
    assert (found.count, found.log_count) == (5, 3)
    assert found.log_pearson == pytest.approx(1)


def test_what_is_undefined_is_nan():
    one, flat = associate(np.array([1.0]), np.array([2.0])), associate(np.ones(5), np.arange(5.0))
    for found in (one, flat):
        assert np.isnan([found.pearson, found.spearman]).all()
    assert np.isnan(flat.log_pearson)
    assert (fit_line(np.arange(6.0), 2 * np.arange(6.0)).studentised == 0).all()


def test_bands_are_cut_by_rank_and_ties_stay_together():
    ranks = np.array([1, 2, 2, 4, 5, 6])
    bands = [(first, last, inside.tolist()) for first, last, inside in bands_of(ranks, [2, 4])]
    assert bands == [
        (1, 2, [True, True, True, False, False, False]),
        (3, 4, [False, False, False, True, False, False]),
        (5, 6, [False, False, False, False, True, True]),
    ]
    assert [(first, last) for first, last, _ in bands_of(ranks, [100])] == [(1, 6)]


@pytest.mark.parametrize("limits", [[0], [100, 100], [200, 100]])
def test_limits_that_do_not_rise_are_refused(limits):
    with pytest.raises(ValueError, match="do not rise"):
        bands_of(np.arange(1, 300), limits)


@pytest.mark.parametrize(
    ("x", "y", "words"),
    [
        ([1.0, 2.0], [1.0], "one value per city"),
        ([np.nan, 1.0], [1.0, 2.0], "not finite"),
        ([1.0, 2.0, 3.0], [1.0, 2.0, 3.0], "determine no line"),
        ([1.0, 1.0, 1.0, 1.0], [1.0, 2.0, 3.0, 4.0], "determine no line"),
    ],
)
def test_what_determines_no_line_is_refused(x, y, words):
    with pytest.raises(ValueError, match=words):
        fit_line(np.array(x), np.array(y))


@pytest.mark.parametrize("count", [4, 12, 351])
@pytest.mark.parametrize("tie", [0.0, 0.2, 3.0])
def test_a_fit_says_what_scipy_says(count, tie):
    rng = np.random.default_rng(count)
    x = rng.lognormal(size=count)
    y = tie * x + rng.lognormal(size=count)
    pairs = {"linear": (x, y), "log-x": (np.log(x), y), "log-log": (np.log(x), np.log(y))}
    fits = {fit.scale: fit for fit in fit_scales(x, y)}

    for scale, (a, b) in pairs.items():
        fit, line, correlation = fits[scale], scipy.stats.linregress(a, b), scipy.stats.pearsonr(a, b)
        interval = correlation.confidence_interval(0.95)
        assert (fit.slope, fit.intercept) == pytest.approx((line.slope, line.intercept), rel=1e-9)
        assert (fit.r, fit.r_squared) == pytest.approx((line.rvalue, line.rvalue**2), rel=1e-9)
        assert fit.inference.p_value == pytest.approx(line.pvalue, rel=1e-8, abs=1e-14)
        assert (fit.inference.low, fit.inference.high) == pytest.approx(tuple(interval), rel=1e-9)


def test_logarithms_are_of_what_is_above_zero():
    fits = fit_scales(np.array([0.0, 1, 2, 3, 4]), np.array([1.0, 0, 2, 3, 5]))

    assert [fit.count for fit in fits] == [5, 4, 3]


def test_what_determines_nothing_is_not_a_number():
    constant = fit_scales(np.ones(5), np.arange(5.0))[0]

    assert np.isnan([constant.r, constant.slope, constant.intercept, constant.inference.p_value]).all()
    assert infer_correlation(1.0, 9).p_value == 0
    assert np.isnan(infer_correlation(0.5, 2).p_value)
