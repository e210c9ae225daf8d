"""Sobol indices against functions whose indices are known in closed form."""

import numpy as np
import pytest

from indexer.numeric.studies.sobol import sobol_indices


def ishigami(x):
    """Ishigami & Homma (1990) with a = 7, b = 0.1 on [-pi, pi]^3."""
    x = np.pi * (2 * x - 1)
    return np.sin(x[:, 0]) + 7 * np.sin(x[:, 1]) ** 2 + 0.1 * x[:, 2] ** 4 * np.sin(x[:, 0])


def ishigami_indices():
    """The analytic values of Sobol & Levitan (1999): .3139, .4424, 0 and .5576, .4424, .2437."""
    a, b = 7, 0.1
    v1 = (1 + b * np.pi**4 / 5) ** 2 / 2
    v2 = a**2 / 8
    v13 = b**2 * np.pi**8 * 8 / 225
    return np.array([v1, v2, 0]) / (v1 + v2 + v13), np.array([v1 + v13, v2, v13]) / (v1 + v2 + v13)


def evaluate_design(function, inputs, samples, *, rng):
    """Return a, b and mixed of `sobol_indices` for a function of independent uniform inputs."""
    a, b = rng.random((2, samples, inputs))
    mixed = np.empty((inputs, samples))
    for i in range(inputs):
        frozen = a.copy()
        frozen[:, i] = b[:, i]
        mixed[i] = function(frozen)
    return function(a), function(b), mixed


def indices_of(function, inputs, samples, seed=1):
    rng = np.random.default_rng(seed)
    return sobol_indices(*evaluate_design(function, inputs, samples, rng=rng), rng=rng, resamples=200)


def test_the_analytic_values_are_the_published_ones():
    first, total = ishigami_indices()
    np.testing.assert_allclose(first, [0.3139, 0.4424, 0], atol=5e-5)
    np.testing.assert_allclose(total, [0.5576, 0.4424, 0.2437], atol=5e-5)


def test_ishigami():
    result = indices_of(ishigami, 3, 20_000)
    first, total = ishigami_indices()
    np.testing.assert_allclose(result.first, first, atol=0.03)
    np.testing.assert_allclose(result.total, total, atol=0.03)
    # The first input interacts, so that its two orders lie far apart.
    assert result.converged[0]


def test_intervals_cover_the_truth_about_as_often_as_they_say():
    first, total = ishigami_indices()
    results = [indices_of(ishigami, 3, 600, seed) for seed in range(60)]
    for truth, name in ((first, "first_interval"), (total, "total_interval")):
        intervals = np.array([getattr(result, name) for result in results])
        covered = (intervals[..., 0] <= truth) & (truth <= intervals[..., 1])
        assert (covered.mean(axis=0) > 0.8).all()


def test_an_additive_function_has_no_interactions():
    """Shares 1, 4 and 16 of 21 for weights 1, 2, 4; an input that plays no part has none."""
    result = indices_of(lambda x: x @ np.array([1.0, 2, 4, 0]), 4, 20_000)
    np.testing.assert_allclose(result.first, [1 / 21, 4 / 21, 16 / 21, 0], atol=0.02)
    np.testing.assert_allclose(result.total, [1 / 21, 4 / 21, 16 / 21, 0], atol=0.02)
    assert result.total[3] == 0
    assert result.converged[3]


def test_neither_scale_nor_shift_of_the_output_matters():
    one = indices_of(ishigami, 3, 500)
    other = indices_of(lambda x: 1e6 - 40 * ishigami(x), 3, 500)
    np.testing.assert_allclose(one.first, other.first, atol=1e-8)
    np.testing.assert_allclose(one.total, other.total, atol=1e-8)


def test_a_first_order_above_the_total_by_noise_alone_is_flagged_too():
    """Of a sum both orders are the same in truth; in 200 samples two of three come out wrong."""
    result = indices_of(lambda x: x @ np.array([1.0, 2, 4]), 3, 200)
    assert (result.first - result.total).round(3).tolist() == [0.008, -0.01, 0.012]
    assert result.converged.tolist() == [False, True, False]


def test_a_design_that_contradicts_itself_has_not_converged():
    """Outputs mixed up so that input 0 explains less than nothing, and input 1 more than in total."""
    rng = np.random.default_rng(3)
    a, b = rng.normal(size=(2, 2000))
    below, above = a - 0.5 * b, a + 0.9 * b
    result = sobol_indices(a, b, np.stack([below, above]), rng=rng)
    assert result.first[0] < 0
    assert result.first[1] > result.total[1]
    assert result.converged.tolist() == [False, False]


@pytest.mark.parametrize(
    ("a", "b", "mixed", "reason"),
    [
        (np.ones(5), np.ones(5), np.ones((2, 5)), "does not vary"),
        (np.array([1, np.nan]), np.ones(2), np.ones((2, 2)), "not finite"),
        (np.ones(5), np.ones(4), np.ones((2, 5)), "not one design"),
        (np.ones(1), np.ones(1), np.ones((2, 1)), "not one design"),
    ],
)
def test_designs_without_indices_are_refused(a, b, mixed, reason):
    with pytest.raises(ValueError, match=reason):
        sobol_indices(a, b, mixed, rng=np.random.default_rng(1))
