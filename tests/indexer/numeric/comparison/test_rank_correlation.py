"""Correlations of many rankings at once, against SciPy and the one-by-one function."""

import numpy as np
import pytest
import scipy

from indexer.numeric.comparison.rank_correlation import kendall_by_version, spearman_by_version
from indexer.numeric.comparison.versions import spearman
from indexer.numeric.scores.ranking import min_ranks

RNG = np.random.default_rng(5)


def rankings(cities, versions, levels):
    """Rankings of random scores; few levels make many ties."""
    scores = RNG.integers(0, levels, (cities, versions)).astype(float)
    return min_ranks(scores).T


@pytest.mark.parametrize(("cities", "levels"), [(2, 9), (7, 3), (33, 6), (64, 10**6), (65, 10**6)])
def test_every_version_agrees_with_scipy(cities, levels):
    nominal, ranks = rankings(cities, 1, levels)[0], rankings(cities, 9, levels)

    for row, tau, rho in zip(
        ranks, kendall_by_version(nominal, ranks), spearman_by_version(nominal, ranks), strict=True
    ):
        np.testing.assert_allclose(tau, scipy.stats.kendalltau(nominal, row).statistic, atol=1e-12)
        if np.ptp(nominal) and np.ptp(row):
            assert rho == pytest.approx(spearman(nominal, row), abs=1e-12)
        else:
            assert np.isnan(rho)


def test_a_worked_example():
    """Two neighbouring pairs of four exchanged: 2 of 6 pairs are discordant, tau = (4 - 2) / 6."""
    assert kendall_by_version(np.arange(1, 5), np.array([[2, 1, 4, 3]]))[0] == pytest.approx(1 / 3)


def test_the_same_and_the_reverse():
    nominal = np.arange(1, 12)
    ranks = np.stack([nominal, nominal[::-1]])
    np.testing.assert_allclose(kendall_by_version(nominal, ranks), [1, -1])
    np.testing.assert_allclose(spearman_by_version(nominal, ranks), [1, -1])
