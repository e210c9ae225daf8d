"""Provinces and regions: worked by hand, and what must not matter."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from indexer.numeric.scores.places import mean_by_place, median_by_place, sum_by_place
from indexer.numeric.scores.ranking import min_ranks, ranks_of_present

NAN = np.nan
# Places 0: first and third city; 1: second and fourth; 2: the last.
PLACES = np.array([0, 1, 0, 1, 2])
SCORES = np.array([[0.4, 1.0], [0.1, NAN], [0.3, 3.0], [0.15, 4.0], [0.05, NAN]])


def test_sums_by_hand():
    sums = sum_by_place(SCORES, PLACES, 3)

    np.testing.assert_allclose(sums, [[0.7, 4], [0.25, 4], [0.05, NAN]], rtol=1e-15)


def test_plain_means_by_hand():
    means = mean_by_place(SCORES, PLACES, 3)

    np.testing.assert_allclose(means, [[0.35, 2], [0.125, 4], [0.05, NAN]], rtol=1e-15)


def test_medians_by_hand():
    medians = median_by_place(np.vstack([SCORES, [[0.5, 2.0]]]), np.append(PLACES, 0), 4)

    np.testing.assert_allclose(medians, [[0.4, 2], [0.125, 4], [0.05, NAN], [NAN, NAN]], rtol=1e-15)


def test_weighted_means_by_hand():
    # (1 * .4 + 3 * .3) / 4; (2 * .1 + 6 * .15) / 8; of the second column 4 is alone; the last weighs nothing.
    means = mean_by_place(SCORES, PLACES, 3, np.array([1.0, 2.0, 3.0, 6.0, 0.0]))

    np.testing.assert_allclose(means, [[0.325, 2.5], [0.1375, 4], [NAN, NAN]], rtol=1e-15)


@pytest.mark.parametrize("bad", [-1.0, NAN, np.inf])
def test_weights_without_sense_are_refused(bad):
    with pytest.raises(ValueError, match="not negative"):
        mean_by_place(SCORES, PLACES, 3, np.array([1.0, 1, 1, 1, bad]))


def test_places_without_a_score_have_no_rank():
    assert ranks_of_present(sum_by_place(SCORES, PLACES, 3)[:, 1]).tolist() == [1, 1, 0]


CASES = st.integers(1, 12).flatmap(
    lambda cities: st.tuples(
        arrays(float, (cities, 2), elements=st.integers(0, 50)),
        arrays(np.int64, cities, elements=st.integers(0, 3)),
        arrays(float, cities, elements=st.integers(0, 9)),
    )
)


@given(CASES, st.randoms(use_true_random=False))
def test_the_order_of_the_cities_does_not_matter(case, random):
    scores, places, weights = case
    order = random.sample(range(len(scores)), len(scores))

    for compute in (
        lambda s, p, w: sum_by_place(s, p, 4),
        lambda s, p, w: mean_by_place(s, p, 4, w),
    ):
        np.testing.assert_allclose(
            compute(scores[order], places[order], weights[order]),
            compute(scores, places, weights),
            rtol=1e-13,
        )


@given(CASES)
def test_other_places_and_columns_change_no_bit(case):
    scores, places, weights = case
    inside = places == places[0]
    alone = mean_by_place(scores[inside, 0], np.zeros(inside.sum(), dtype=int), 1, weights[inside])

    together = mean_by_place(scores, places, 4, weights)

    assert alone.tobytes() == np.ascontiguousarray(together[places[0] : places[0] + 1, 0]).tobytes()


@given(CASES)
def test_sums_over_all_places_are_the_whole_and_means_lie_between(case):
    scores, places, _weights = case

    assert np.nansum(sum_by_place(scores, places, 4)) == pytest.approx(scores.sum())
    means = mean_by_place(scores, places, 4)
    assert np.nanmin(means) >= scores.min() - 1e-12
    assert np.nanmax(means) <= scores.max() + 1e-12


@given(arrays(float, st.integers(1, 9), elements=st.sampled_from([NAN, 1.0, 2.0, 3.0])))
def test_ranks_among_the_present_are_their_own_ranks(scores):
    present = ~np.isnan(scores)

    ranks = ranks_of_present(scores)

    assert (ranks[~present] == 0).all()
    assert (ranks[present] == min_ranks(scores[present])).all()
