"""Implied weights against the report's tables, SciPy's solver and optimality conditions."""

import csv
from pathlib import Path

import numpy as np
import pytest
import scipy
from hypothesis import given, settings
from hypothesis import strategies as st

from weighting.numeric.implied import ImpliedWeightsError, check_reproduction, fit_implied_weights

PUBLISHED = Path(__file__).resolve().parents[3] / "demo" / "report2016" / "published.csv"
NODES = ("infra", "industry", "innovation", "smartcity")
PRINTED = np.array([0.2769, 0.2639, 0.2193, 0.2399])
USED = np.array([0.277, 0.264, 0.219, 0.240])


@pytest.fixture(scope="module")
def report():
    """Return names, sub-index values and totals of the cities printed in all four top-100s."""
    cities = {}
    with PUBLISHED.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            cities.setdefault(row["unit"], {})[row["node"]] = float(row["value"])
    complete = {unit: nodes for unit, nodes in cities.items() if len(nodes) == 5}
    values = np.array([[nodes[node] for node in NODES] for nodes in complete.values()])
    return list(complete), values, np.array([nodes[""] for nodes in complete.values()])


def test_the_report_used_other_weights_than_it_printed(report):
    units, values, totals = report
    assert len(units) == 61
    fit = fit_implied_weights(values, totals)
    np.testing.assert_array_equal(fit.weights.round(3), USED)
    np.testing.assert_allclose(fit.weights, USED, atol=1e-4)
    assert np.abs(fit.residuals).max() < 1e-4
    steps = {"total_step": 1e-4, "value_step": 1e-4}
    printed = check_reproduction(values, totals, PRINTED, **steps, weight_step=1e-4)
    assert not printed.reproduced
    assert units[np.abs(printed.errors).argmax()] == "北京市"
    assert np.abs(printed.errors).max() == pytest.approx(0.0027, abs=5e-5)
    used = check_reproduction(values, totals, USED, **steps)
    assert used.reproduced
    assert np.abs(used.errors).max() == pytest.approx(0.00007, abs=1e-5)


def scipy_weights(values, totals):
    """Return SciPy's non-negative least squares with the sum as a heavily weighted equation."""
    heavy = 1e5 * np.abs(values).max()
    matrix = np.vstack([values, np.full(values.shape[1], heavy)])
    return scipy.optimize.nnls(matrix, np.append(totals, heavy), maxiter=1000)[0]


@given(st.integers(2, 7), st.integers(0, 40), st.integers(0, 2**32), st.sampled_from([0, 0.01, 1, 10]))
@settings(max_examples=150, deadline=None)
def test_scipy_agrees_and_the_optimum_is_one(columns, more, seed, noise):
    """Noise as large as the values puts the optimum on all faces of the simplex."""
    rng = np.random.default_rng(seed)
    values = rng.lognormal(0, 1, (columns + 2 + more, columns))
    totals = values @ rng.dirichlet(np.ones(columns)) + noise * rng.normal(size=len(values))
    fit = fit_implied_weights(values, totals)
    assert fit.weights.min() >= 0
    assert fit.weights.sum() == pytest.approx(1, abs=1e-12)
    np.testing.assert_allclose(fit.residuals, totals - values @ fit.weights)
    slopes = -values.T @ fit.residuals
    # Karush, Kuhn and Tucker: equal slopes where the weight is positive, none lower elsewhere.
    scale = np.abs(values).max() * np.abs(totals).max() * len(values)
    assert np.ptp(slopes[fit.weights > 0]) < 1e-9 * scale
    assert slopes.min() > slopes[fit.weights > 0].min() - 1e-9 * scale
    np.testing.assert_allclose(fit.weights, scipy_weights(values, totals), atol=1e-5)


def test_weights_by_hand():
    """Totals beyond the first column, away from the second: the optimum is a corner."""
    values = np.array([[1.0, 0], [0, 1], [2, 0]])
    assert fit_implied_weights(values, np.array([2.0, -1, 4])).weights.tolist() == [1, 0]
    np.testing.assert_allclose(fit_implied_weights(values, values @ [0.3, 0.7]).weights, [0.3, 0.7])


def test_the_scale_of_the_figures_does_not_matter(report):
    _units, values, totals = report
    small = fit_implied_weights(values * 1e-7, totals * 1e-7).weights
    np.testing.assert_allclose(small, fit_implied_weights(values, totals).weights, atol=1e-9)


def test_collinear_columns_are_named(report):
    _units, values, totals = report
    mixture = np.column_stack([values, values[:, :2].mean(axis=1)])
    with pytest.raises(ImpliedWeightsError, match="columns 1, 2, 5 apart") as caught:
        fit_implied_weights(mixture, totals)
    assert caught.value.columns == (0, 1, 4)


@pytest.mark.parametrize(
    ("values", "totals", "reason"),
    [
        (np.eye(4)[:3], np.ones(3), "3 cities cannot determine the weights of 4 columns"),
        (np.ones((5, 3)), np.ones(5), "cannot tell"),
        (np.full((5, 3), np.nan), np.ones(5), "not finite"),
        (np.ones((5, 1)), np.ones(5), "two columns or more"),
        (np.ones((5, 3)), np.ones(4), "not of the same cities"),
    ],
)
def test_what_determines_no_weights_is_refused(values, totals, reason):
    with pytest.raises(ValueError, match=reason):
        fit_implied_weights(values, totals)


def test_rounding_is_allowed_for_to_the_last_place():
    values = np.array([[1.0, 3], [2, 0]])
    weights = np.array([0.5, 0.5])
    totals = values @ weights
    assert check_reproduction(values, totals + 0.05, weights, total_step=0.1).reproduced
    off = check_reproduction(values, totals + np.array([0, 0.0501]), weights, total_step=0.1)
    assert off.unexplained.tolist() == [False, True]
    # Weights of one decimal move the first total, a sum of 4, by at most 0.2.
    assert check_reproduction(
        values, totals + np.array([0.2, 0]), weights, total_step=0, weight_step=0.1
    ).reproduced
    with pytest.raises(ValueError, match="negative"):
        check_reproduction(values, totals, weights, total_step=-1)
