import numpy as np
import pytest

from indexer.numeric.coherence.consistency import components_of, consistency_of
from tests.indexer.numeric.coherence.conftest import GROUPS

# COINr 1.1, vignette "Analysis": summary(get_PCA(..., iCodes = "Sust")) of the group Social.
DEVIATIONS = [2.2042, 1.1256, 0.9788, 0.78834, 0.77153, 0.56836, 0.42463, 0.36068, 0.25760]
FIRST_SHARE = 0.5398


def test_documented_alpha_of_asem(asem):
    """COINr 1.1, vignette "Analysis": get_cronbach(coin, dset = "Raw", iCodes = "P2P", Level = 1)."""
    assert consistency_of(asem.columns(GROUPS["P2P"])).alpha == pytest.approx(0.05126659, abs=5e-9)


def test_documented_components_of_asem(asem):
    """Of 37 units that have all nine indicators; prcomp prints roots of eigenvalues."""
    found = components_of(asem.columns(GROUPS["Social"]))

    assert found.count == 37
    assert np.sqrt(found.eigenvalues) == pytest.approx(DEVIATIONS, abs=5e-5)
    assert found.first_share == pytest.approx(FIRST_SHARE, abs=5e-5)
    assert found.kept == 2


def test_documented_loadings_of_asem(asem):
    """The same vignette prints the weights -0.417, -0.324, 0.401, -0.191, 0.302: unit vectors, turned."""
    found = components_of(asem.columns(GROUPS["Social"]))
    vector = found.loadings[:5, 0] / np.sqrt(found.eigenvalues[0])
    assert np.sign(vector[0]) * vector == pytest.approx([0.417, 0.324, -0.401, 0.191, -0.302], abs=5e-4)


def test_alpha_by_hand():
    """Columns 1 2 3, 2 2 5 and 3 1 2: variances 1, 3, 1; covariances 1.5, -0.5, 0; their sum 7."""
    values = np.array([[1.0, 2, 3], [2, 2, 1], [3, 5, 2]])

    found = consistency_of(values)

    assert found.alpha == pytest.approx(3 / 2 * (1 - 5 / 7))
    # Without the first: 1 + 3 of 4; without the second: 2 of 1; without the third: 4 of 7.
    assert found.without == pytest.approx([2 * (1 - 4 / 4), 2 * (1 - 2 / 1), 2 * (1 - 4 / 7)])


def test_standardised_alpha_follows_from_the_mean_correlation():
    values = np.random.default_rng(1).lognormal(size=(30, 4))
    r = np.corrcoef(values, rowvar=False)
    mean = (r.sum() - 4) / 12
    assert consistency_of(values).standardised == pytest.approx(4 * mean / (1 + 3 * mean))
    assert consistency_of(values * [1, 10, 1e3, 1e-9]).standardised == pytest.approx(
        4 * mean / (1 + 3 * mean)
    )


def test_equal_members_are_one_and_opposite_ones_undefined():
    column = np.arange(5.0)
    assert consistency_of(np.stack([column] * 3, axis=1)).alpha == pytest.approx(1)
    assert np.isnan(consistency_of(np.stack([column, -column], axis=1)).alpha)
    assert np.isnan(consistency_of(column[:, np.newaxis]).alpha)
    assert np.isnan(consistency_of(column[:, np.newaxis]).without[0])


def test_components_of_columns_at_right_angles():
    column, other = np.array([1.0, -1, 1, -1]), np.array([1.0, 1, -1, -1])

    found = components_of(np.stack([column, column, -other], axis=1))

    assert found.eigenvalues == pytest.approx([2, 1, 0], abs=1e-12)
    assert found.kept == 1
    assert found.loadings[:, 0] == pytest.approx([1, 1, 0], abs=1e-12)


def test_a_member_that_pulls_the_other_way_has_the_other_sign():
    column = np.random.default_rng(2).normal(size=50)
    noise = np.random.default_rng(3).normal(size=(50, 3))
    found = components_of(column[:, np.newaxis] * [1, 1, -1] + 0.1 * noise)
    assert np.sign(found.loadings[:, 0]).tolist() == [1, 1, -1]
    assert (found.loadings**2).sum(axis=1) == pytest.approx([1, 1, 1])


@pytest.mark.parametrize("values", [np.ones((5, 2)), np.arange(4.0).reshape(2, 2)])
def test_what_has_no_components(values):
    found = components_of(values)
    assert np.isnan(found.eigenvalues).all()
    assert np.isnan(found.first_share)
    assert found.kept == 0
