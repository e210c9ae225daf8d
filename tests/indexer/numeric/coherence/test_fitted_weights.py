import numpy as np
import pytest

from indexer.numeric.coherence.fitted_weights import fit_to_importance
from indexer.numeric.coherence.importance import linear_importance, shares_of
from indexer.numeric.proposals import ProposalError

UNITS = np.array([1.0, 100, 1e-3, 5])


def correlated(columns=4, common=0.5, seed=1):
    rng = np.random.default_rng(seed)
    whole = rng.normal(size=(200, 1))
    return np.sqrt(common) * whole + np.sqrt(1 - common) * rng.normal(size=(200, columns))


def shares_under(weights, scores):
    """Measured from the sum itself, and not from covariances."""
    return shares_of(linear_importance(scores, scores @ weights))


@pytest.mark.parametrize(
    ("common", "aim"),
    [(0, None), (0.5, None), (0.9, None), (0, [0.4, 0.3, 0.2, 0.1]), (0.5, [0.3, 0.27, 0.23, 0.2])],
)
def test_the_fitted_sum_has_the_importance_that_was_meant(common, aim):
    scores = correlated(common=common) * UNITS
    found = fit_to_importance(scores, None if aim is None else np.array(aim))
    meant = aim or [0.25] * 4
    assert found.weights.sum() == pytest.approx(1)
    assert (found.weights > 0).all()
    assert shares_under(found.weights, scores) == pytest.approx(meant, abs=5.1e-4)
    assert found.shares == pytest.approx(shares_under(found.weights, scores), abs=1e-9)


def test_two_columns_weigh_in_inverse_proportion_to_their_spread():
    """By symmetry: of two columns of one spread each has half, whatever their correlation."""
    scores = correlated(2) * [1, 8]
    spread = scores.std(axis=0)
    assert fit_to_importance(scores).weights == pytest.approx((1 / spread) / (1 / spread).sum())


def test_the_exact_solution_is_approached():
    """(C w)_i is the root of c_ii times the aim: three columns, solved directly."""
    scores, aim = correlated(3), np.array([0.5, 0.3, 0.2])
    correlations, spread = np.corrcoef(scores, rowvar=False), scores.std(axis=0)
    exact = np.linalg.solve(correlations, np.sqrt(aim)) / spread
    assert fit_to_importance(scores, aim, near=1e-12).weights == pytest.approx(exact / exact.sum(), abs=1e-9)


def test_columns_that_pull_against_each_other_are_solved_where_that_is_possible():
    covariances = [[1, -0.6, 0.1], [-0.6, 1, 0.2], [0.1, 0.2, 1]]
    scores = np.random.default_rng(2).multivariate_normal(np.zeros(3), covariances, size=300)
    found = fit_to_importance(scores)
    assert shares_under(found.weights, scores) == pytest.approx([1 / 3] * 3, abs=1e-9)


def test_what_moves_with_the_others_is_important_whatever_it_weighs():
    """At r = 0.9 no column can be left with a tenth: the nearest leaves the last almost no weight."""
    found = fit_to_importance(correlated(common=0.9), np.array([0.4, 0.3, 0.2, 0.1]))
    assert found.shares[3] > 0.15
    assert found.weights[3] < 0.01


def test_where_no_weights_do_it_the_nearest_are_returned():
    """A column that two others nearly cancel would need a weight below zero."""
    rng = np.random.default_rng(4)
    a, noise = rng.normal(size=(2, 300))
    scores = np.stack([a, a + 0.3 * noise, -a + 0.2 * rng.normal(size=300)], axis=1)
    found = fit_to_importance(scores)
    assert (found.weights >= 0).all()
    assert np.isfinite(found.shares).all()
    assert found.weights.sum() == pytest.approx(1)


def test_what_proposes_nothing_is_refused():
    scores = correlated()
    scores[:, 2] = 7
    with pytest.raises(ProposalError) as caught:
        fit_to_importance(scores)
    assert caught.value.columns == [2]
