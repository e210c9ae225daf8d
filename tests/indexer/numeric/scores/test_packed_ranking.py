"""The quick ranking gives what `min_ranks` gives, above all where scores nearly tie."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.numeric.scores import packed_ranking
from indexer.numeric.scores.packed_ranking import RowRanker, _Sorter, min_ranks_by_row, order_cities
from indexer.numeric.scores.ranking import TIE_TOLERANCE, min_ranks

FINITE = st.floats(allow_nan=False, allow_infinity=False)
# Multiples of the tolerance on both sides of the limit, and single steps of the last bit.
NUDGES = st.sampled_from([0, 1e-16, 2.3e-16, 1e-13, 0.5e-12, 0.999e-12, 1e-12, 1.001e-12, 2e-12, 3e-12])


@st.composite
def near_ties(draw):
    """Scores around a few centres, closer and further than the tolerance, of either sign."""
    centres = draw(st.lists(st.one_of(FINITE, st.sampled_from([0.0, -0.0, 1.0, 2.0, 5e-324])), min_size=1,
                            max_size=4))  # fmt: skip
    rows = draw(st.integers(1, 4))
    cities = draw(st.integers(1, 40))
    cell = st.tuples(st.sampled_from(centres), NUDGES, st.sampled_from([1, -1]))
    cells = draw(st.lists(cell, min_size=rows * cities, max_size=rows * cities))
    with np.errstate(over="ignore"):
        scores = np.array([centre * (1 + sign * nudge) for centre, nudge, sign in cells])
    return np.clip(scores, -1.7e308, 1.7e308).reshape(rows, cities)


def slow_ranks(row):
    """Walk down the order, one city after another, in the words of docs/method.md 4."""
    order = sorted(range(len(row)), key=lambda city: -row[city])
    ranks = [0] * len(row)
    for place, city in enumerate(order):
        above = order[place - 1]
        tied = place > 0 and row[above] - row[city] <= TIE_TOLERANCE * max(abs(row[above]), abs(row[city]))
        ranks[city] = ranks[above] if tied else place + 1
    return ranks


def ranks_of(order):
    """Return the ranks that an order comes to, (versions, units)."""
    ranks = np.empty(order.cities.shape, dtype=np.int64)
    places = np.broadcast_to(order.shared(np.arange(ranks.shape[1])), ranks.shape)
    np.put_along_axis(ranks, order.cities, places + 1, axis=1)
    return ranks


@given(near_ties())
@settings(max_examples=200, deadline=None)
@pytest.mark.filterwarnings("ignore:overflow")
def test_near_ties_duplicates_and_negative_scores(scores):
    expected = min_ranks(scores.T).T
    np.testing.assert_array_equal(min_ranks_by_row(scores), expected)
    np.testing.assert_array_equal(ranks_of(order_cities(scores)), expected)
    assert expected.tolist() == [slow_ranks(row.tolist()) for row in scores]


@pytest.mark.parametrize("cities", [1, 2, 3, 255, 256, 257, 351, 1025])
@pytest.mark.parametrize("shift", [0.0, -0.5, -10.0])
def test_every_width_of_the_city_number(cities, shift):
    rng = np.random.default_rng(cities)
    scores = rng.lognormal(-6, 1.5, (20, cities)) + shift
    np.testing.assert_array_equal(min_ranks_by_row(scores), min_ranks(scores.T).T)


@pytest.mark.parametrize("base", [1.0, 1.5, 2 - 1e-12, 2 + 1e-13, 3e-5, 1e300, -1.0, -7.3])
def test_every_distance_around_the_limit_of_a_tie(base):
    """Steps of one float either side of the limit: no tie goes unseen by the packed keys."""
    limit = int(TIE_TOLERANCE * abs(base) / np.spacing(abs(base)))
    steps = np.arange(max(0, limit - 50), limit + 50)
    scores = np.stack([np.full(len(steps), base), base + steps * np.spacing(abs(base))], axis=1)
    scores = np.hstack([scores, np.full((len(steps), 349), base / 2) * np.linspace(0.1, 0.9, 349)])
    np.testing.assert_array_equal(min_ranks_by_row(scores), min_ranks(scores.T).T)


def looked_at_twice(monkeypatch, scores):
    """Rank, and return at how many places the scores themselves were looked at."""
    looked = []
    settle = _Sorter._settle
    monkeypatch.setattr(
        _Sorter, "_settle", lambda self, *given: looked.append(len(given[-1])) or settle(self, *given)
    )
    order = order_cities(scores)
    np.testing.assert_array_equal(ranks_of(order), min_ranks(scores.T).T)
    return sum(looked)


def test_clear_orders_need_no_second_look(monkeypatch):
    assert looked_at_twice(monkeypatch, np.random.default_rng(5).lognormal(-6, 1.5, (500, 351))) == 0


def test_of_many_units_only_those_that_may_tie_are_looked_at_twice(monkeypatch):
    """Some neighbours of two hundred thousand are as near as keys can tell: no reason to sort all again."""
    scores = np.random.default_rng(5).lognormal(-6, 1.5, (2, 200_000))
    scores[1, 1000:1100] = scores[1, 7]
    assert 0 < looked_at_twice(monkeypatch, scores) < 1_000


@pytest.mark.parametrize("bad", [np.nan, -np.nan, np.inf, -np.inf])
def test_a_score_that_is_not_finite_has_no_rank(bad):
    scores = np.random.default_rng(1).normal(size=(3, 9))
    scores[1, 4] = bad
    with pytest.raises(ValueError, match="1 scores are not finite"):
        min_ranks_by_row(scores)


def test_the_scores_are_left_alone():
    scores = np.random.default_rng(1).normal(size=(3, 9))
    before = scores.copy()
    min_ranks_by_row(scores)
    np.testing.assert_array_equal(scores, before)


def test_blocks_in_the_same_memory_are_ranked_each_by_itself(monkeypatch):
    """Clear, tied and negative versions by turns: nothing of a block shows in the next."""
    monkeypatch.setattr(packed_ranking, "CACHED_CELLS", 160)
    rng = np.random.default_rng(3)
    scores = rng.lognormal(-6, 1.5, (23, 40))
    scores[::3, 7] = scores[::3, 9]
    scores[5::6] *= -1
    ranks = np.empty(scores.shape, dtype=np.int32)
    RowRanker(40, np.int32).rank(scores, out=ranks)
    np.testing.assert_array_equal(ranks, min_ranks(scores.T).T)


def test_ranks_are_written_into_whole_rows_or_not_at_all():
    ranks = np.zeros((4, 12), dtype=np.int64)
    with pytest.raises(ValueError, match="copy"):
        RowRanker(6).rank(np.arange(24.0).reshape(4, 6), out=ranks[:, :6])
    assert not ranks.any()


def test_no_version_has_no_rank():
    assert min_ranks_by_row(np.empty((0, 5))).shape == (0, 5)
