import math

import numpy as np
import pytest

from indexer.numeric.proposals import ProposalError, critic_weights, entropy_weights, pca_weights

METHODS = [entropy_weights, critic_weights, pca_weights]
# Diakoulaki et al. (1995), table 4: eight firms by profitability, market share, productivity.
FIRMS = np.array(
    [
        [61, 1.08, 4.33],
        [20.7, 0.26, 4.34],
        [16.3, 1.98, 2.53],
        [9, 3.29, 1.65],
        [5.4, 2.77, 2.33],
        [4, 4.12, 1.21],
        [-6.1, 3.52, 2.10],
        [-34.6, 3.31, 0.98],
    ]
)


def test_critic_gives_the_published_example():
    """The weights of the paper's table 4, as scikit-criteria tests them too."""
    assert critic_weights(FIRMS) == pytest.approx([0.20222554, 0.48090173, 0.31687273], abs=1e-8)


def test_entropy_by_hand():
    """Shares 1/6, 2/6, 3/6 and 1/4, 1/4, 1/2, whose entropies have closed forms."""
    first = 1 - (math.log(6) - (2 * math.log(2) + 3 * math.log(3)) / 6) / math.log(3)
    second = 1 - 1.5 * math.log(2) / math.log(3)

    weights = entropy_weights(np.array([[1.0, 2], [2, 2], [3, 4]]))

    assert weights == pytest.approx([first / (first + second), second / (first + second)], abs=1e-14)


def test_zeros_have_no_entropy():
    assert entropy_weights(np.array([[0.0, 1], [0, 1], [1, 2]]))[0] > 0.9


def test_principal_components_by_hand():
    """Two equal columns and one at right angles: eigenvalues 2, 1 and 0, of which 2 is kept."""
    column, other = np.array([1.0, -1, 1, -1]), np.array([1.0, 1, -1, -1])

    weights = pca_weights(np.stack([column, column, other], axis=1))

    assert weights == pytest.approx([0.5, 0.5, 0], abs=1e-12)


@pytest.mark.parametrize("propose", METHODS)
def test_weights_sum_to_one_and_follow_their_columns(propose):
    scores = np.random.default_rng(1).lognormal(size=(40, 5))
    weights = propose(scores)

    assert weights.sum() == pytest.approx(1, abs=1e-12)
    assert (weights >= 0).all()
    assert propose(scores[:, ::-1]) == pytest.approx(weights[::-1], abs=1e-12)
    assert propose(7 * scores) == pytest.approx(weights, abs=1e-12)


@pytest.mark.parametrize("propose", METHODS)
@pytest.mark.parametrize("wrong", [5.0, math.nan])
def test_columns_that_tell_nothing_are_named(propose, wrong):
    scores = np.random.default_rng(1).lognormal(size=(9, 3))
    scores[:, 1] = wrong

    with pytest.raises(ProposalError) as error:
        propose(scores)
    assert error.value.columns == [1]


def test_what_has_no_share_and_what_moves_together_is_refused():
    with pytest.raises(ProposalError, match="below zero"):
        entropy_weights(FIRMS)
    with pytest.raises(ProposalError, match="together"):
        critic_weights(np.outer(np.arange(5.0), [1, 2]))
    with pytest.raises(ValueError, match="three cities"):
        pca_weights(np.ones((2, 2)))
