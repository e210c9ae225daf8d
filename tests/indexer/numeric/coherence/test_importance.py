from itertools import pairwise

import numpy as np
import pytest
import scipy

from indexer.numeric.coherence.importance import (
    importance_of,
    importance_of_sum,
    linear_importance,
    variance_shares,
)
from indexer.numeric.coherence.splines import choose_knots, natural_spline

CORRELATED = np.array([[1, 0.8, 0.1], [0.8, 1, -0.3], [0.1, -0.3, 1]])
SPREAD = np.array([1.0, 2, 0.5])
COVARIANCES = CORRELATED * np.outer(SPREAD, SPREAD)
WEIGHTS = np.array([0.5, 0.3, 0.2])


def rng(seed=0):
    return np.random.default_rng(seed)


@pytest.fixture(scope="module")
def gaussian():
    """Correlated normal terms and their weighted sum, of so many cities that chance is small."""
    terms = rng(3).multivariate_normal(np.zeros(3), COVARIANCES, size=20_000)
    return terms, terms @ WEIGHTS


def test_the_closed_form_by_hand():
    """Two terms of variance 1 with r = 0.5, weighted 0.75 and 0.25: 0.875, 0.625 and 0.8125."""
    found = importance_of_sum(np.array([0.75, 0.25]), np.array([[1, 0.5], [0.5, 1]]))
    assert found == pytest.approx([0.875**2 / 0.8125, 0.625**2 / 0.8125])


def test_gaussian_terms_have_the_importance_of_the_closed_form(gaussian):
    expected = importance_of_sum(WEIGHTS, COVARIANCES)

    found = importance_of(*gaussian, rng(), draws=60)

    assert found.linear == pytest.approx(expected, abs=0.01)
    assert found.smooth == pytest.approx(expected, abs=0.01)
    assert ((found.low <= expected) & (expected <= found.high)).all()


def test_the_sample_itself_has_the_closed_form_of_its_own_covariances(gaussian):
    terms, total = gaussian
    expected = importance_of_sum(WEIGHTS, np.cov(terms, rowvar=False))
    assert linear_importance(terms, total) == pytest.approx(expected, abs=1e-12)


def test_what_is_no_straight_line_is_found_by_the_smooth_one():
    """y = x1^2 + x2 of independent normal ones: variances 2 and 1, and no line of x1 sees anything."""
    x = rng(5).normal(size=(4000, 2))

    found = importance_of(x, x[:, 0] ** 2 + x[:, 1], rng(), draws=60)

    assert found.linear == pytest.approx([0, 1 / 3], abs=0.03)
    assert found.smooth == pytest.approx([2 / 3, 1 / 3], abs=0.03)
    assert found.low[0] < 2 / 3 < found.high[0]


def test_a_smooth_line_explains_no_less_than_a_straight_one():
    x = rng(6).lognormal(sigma=2, size=(60, 8))
    found = importance_of(x, rng(7).normal(size=60) + x[:, 0], rng(), draws=20)
    assert (found.smooth >= found.linear).all()
    assert ((found.low <= found.smooth) & (found.smooth <= found.high)).all()
    assert (found.high <= 1).all()


def test_chance_alone_has_little_importance():
    found = importance_of(rng(8).normal(size=(51, 200)), rng(9).normal(size=51), rng(), draws=0)
    # The expectation of r^2 is 1/50.
    assert found.linear.mean() == pytest.approx(1 / 50, abs=0.005)
    assert found.smooth.mean() < 0.05


def test_a_binary_part_splits_the_whole_into_two_means():
    part = np.repeat([0.0, 1.0], 20)
    whole = rng(1).normal(size=40) + part
    between = np.var([whole[:20].mean(), whole[20:].mean()]) / whole.var()
    found = importance_of(part[:, np.newaxis], whole, rng(), draws=0)
    assert found.smooth[0] == pytest.approx(between, abs=1e-9)
    assert np.isnan(found.low[0])


def test_units_of_measurement_change_nothing_and_the_seed_repeats():
    x = rng(2).lognormal(size=(80, 3))
    y = x.sum(axis=1)
    one, other = importance_of(x, y, rng(4)), importance_of(x * [1e-9, 1, 1e9], 5 * y - 3, rng(4))
    for name in ("linear", "smooth", "low", "high"):
        assert getattr(one, name) == pytest.approx(getattr(other, name), abs=1e-9)


def test_missing_constant_and_few():
    x = rng(2).normal(size=(30, 4))
    y = x[:, 0] + rng(3).normal(size=30)
    x[5:10, 0] = np.nan
    x[:, 1] = 7
    x[8:, 2] = np.nan
    x[2:, 3] = np.nan

    found = importance_of(x, y, rng(), draws=20)

    kept = ~np.isnan(x[:, 0])
    assert found.linear[0] == pytest.approx(np.corrcoef(x[kept, 0], y[kept])[0, 1] ** 2)
    assert np.isnan(found.linear[[1, 3]]).all()
    # Eight cities have a straight line, and no smooth one.
    assert found.linear[2] >= 0
    assert np.isnan(found.smooth[1:]).all()
    assert np.nansum(found.shares) == pytest.approx(1)


def test_the_variance_of_a_sum_is_split_among_its_terms(gaussian):
    terms, total = gaussian
    found = variance_shares(WEIGHTS, terms, total)
    assert found.sum() == pytest.approx(1)
    assert found == pytest.approx(
        WEIGHTS * (COVARIANCES @ WEIGHTS) / (WEIGHTS @ COVARIANCES @ WEIGHTS), abs=0.02
    )
    for other in (np.zeros(len(terms)), total**2, np.full(len(terms), np.nan)):
        assert np.isnan(variance_shares(WEIGHTS, terms, other)).all()


def test_the_spline_is_the_natural_one_through_its_knots():
    knots = np.array([0, 0.1, 0.15, 0.5, 0.8, 1])
    heights = rng(1).normal(size=6)
    points = np.linspace(0, 1, 101)

    basis, penalty = natural_spline(points, knots)

    spline = scipy.interpolate.CubicSpline(knots, heights, bc_type="natural")
    assert basis @ heights == pytest.approx(spline(points), abs=1e-12)
    bent = sum(scipy.integrate.quad(lambda x: spline(x, 2) ** 2, a, b)[0] for a, b in pairwise(knots))
    assert heights @ penalty @ heights == pytest.approx(bent, rel=1e-9)
    assert knots @ penalty @ knots == pytest.approx(0, abs=1e-9)


def test_knots_are_spread_over_the_values_and_never_too_close():
    assert choose_knots(np.linspace(0, 1, 50), 6) == pytest.approx(np.linspace(0, 1, 6))
    assert choose_knots(np.array([0.0, 1]), 8).tolist() == [0, 1]
    skewed = np.append(np.linspace(0, 0.01, 99), 1.0)
    assert (np.diff(choose_knots(skewed, 8)) > 0.004).all()
