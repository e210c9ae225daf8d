"""Stability between rounds: kappa against its definition and by hand, distances by hand."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from weighting.numeric.stability import compare_distributions, weighted_kappa

SCORES = st.integers(1, 5).map(float)
PAIRS = st.integers(1, 30).flatmap(
    lambda n: st.tuples(arrays(np.float64, n, elements=SCORES), arrays(np.float64, n, elements=SCORES))
)
COUNTS = st.integers(1, 8).flatmap(
    lambda n: st.tuples(*[arrays(np.int64, (n, 5), elements=st.integers(0, 20))] * 2)
)


def kappa_by_definition(x, y):
    """Cohen (1968), formula 4: one minus observed over expected weighted disagreement, cell by cell."""
    observed = expected = 0.0
    for i in range(1, 6):
        for j in range(1, 6):
            weight = (i - j) ** 2
            observed += weight * np.mean((x == i) & (y == j))
            expected += weight * np.mean(x == i) * np.mean(y == j)
    return 1 - observed / expected if expected else None


def test_kappa_by_hand():
    """Table (1,1) 2, (1,2) 1, (2,2) 1, (3,2) 1, (3,3) 1; margins 3,1,2 and 2,3,1; n = 6.

    Observed: (1 + 1) / 6 = 12/36. Expected: 1 * (3*3 + 1*2 + 1*1 + 2*3) + 4 * (3*1 + 2*2)
    = 18 + 28 = 46, over 36. Kappa = 1 - 12/46.
    """
    first = np.array([1, 1, 1, 2, 3, 3], dtype=float)
    second = np.array([1, 1, 2, 2, 2, 3], dtype=float)
    assert weighted_kappa(first, second) == pytest.approx(1 - 12 / 46)


@given(PAIRS)
@settings(max_examples=80, deadline=None)
def test_kappa_is_cohens(pair):
    ours, theirs = weighted_kappa(*pair), kappa_by_definition(*pair)
    assert (ours is None) == (theirs is None)
    assert ours is None or ours == pytest.approx(theirs, abs=1e-12)


@given(PAIRS, st.randoms())
@settings(max_examples=60, deadline=None)
def test_kappa_is_symmetric_and_ignores_order_and_the_end_of_the_scale(pair, random):
    x, y = pair
    order = random.sample(range(len(x)), len(x))
    kappa = weighted_kappa(x, y)
    for other in (weighted_kappa(y, x), weighted_kappa(x[order], y[order]), weighted_kappa(6 - x, 6 - y)):
        assert (other is None) == (kappa is None)
        assert kappa is None or other == pytest.approx(kappa, abs=1e-12)
    assert kappa is None or -1 - 1e-12 <= kappa <= 1


@given(arrays(np.float64, st.integers(2, 20), elements=SCORES))
def test_the_same_ratings_have_kappa_one(x):
    assume(np.ptp(x) > 0)
    assert weighted_kappa(x, x) == 1


def test_abstentions_are_left_out_and_nothing_is_nothing():
    x, y = np.array([1, 2, np.nan, 4]), np.array([1, 3, 5, np.nan])
    assert weighted_kappa(x, y) == weighted_kappa(x[:2], y[:2])
    assert weighted_kappa(x[2:], y[2:]) is None
    assert weighted_kappa(np.full(3, 4.0), np.full(3, 4.0)) is None
    with pytest.raises(ValueError, match="items"):
        weighted_kappa(x, y[:2])


def test_the_change_by_hand():
    """Ten experts: 2 3 3 2 0, then 0 3 4 3 0: two moved of ten, the median from 2.5 to 3."""
    change = compare_distributions(np.array([[2, 3, 3, 2, 0]]), np.array([[0, 3, 4, 3, 0]]))
    assert change.distance == pytest.approx([0.2])
    assert not change.is_stable[0]
    assert change.median == pytest.approx([0.5])
    assert change.mean == pytest.approx([0.5])
    # Sorted answers 1122233344 and 2223333444: type 7 quartiles 2, 3 and 2.25, 3.75.
    assert change.iqr == pytest.approx([0.5])


def test_the_limit_of_stability_is_fifteen_percent():
    """Of twenty experts two may move (10 %), not three (15 %)."""
    before = np.array([[0, 10, 10, 0, 0]] * 2)
    after = np.array([[0, 8, 12, 0, 0], [0, 7, 13, 0, 0]])
    assert compare_distributions(before, after).is_stable.tolist() == [True, False]


@given(COUNTS, st.integers(2, 5))
@settings(max_examples=60, deadline=None)
def test_distances_are_symmetric_bounded_and_free_of_the_panels_size(pair, times):
    before, after = pair
    there, back = compare_distributions(before, after), compare_distributions(after, before)
    np.testing.assert_allclose(there.distance, back.distance)
    np.testing.assert_allclose(there.median, -back.median)
    known = ~np.isnan(there.distance)
    assert (there.distance[known] <= 1 + 1e-12).all()
    np.testing.assert_allclose(compare_distributions(before, after * times).distance, there.distance)
    np.testing.assert_array_equal(compare_distributions(before, before).distance[known], 0)


def test_an_item_without_answers_has_no_change():
    change = compare_distributions(np.zeros((1, 5), int), np.array([[1, 0, 0, 0, 0]]))
    assert np.isnan(change.distance[0])
    assert np.isnan(change.median[0])
    assert not change.is_stable[0]


@pytest.mark.parametrize(
    ("before", "after"), [(np.zeros((1, 6)), np.zeros((1, 6))), (np.zeros((1, 5)), np.zeros((2, 5)))]
)
def test_other_shapes_are_refused(before, after):
    with pytest.raises(ValueError, match="items"):
        compare_distributions(before, after)
