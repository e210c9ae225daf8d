"""Panel statistics against published tables, SciPy and their own invariants."""

import numpy as np
import pytest
import scipy
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from weighting.numeric.agreement import (
    careless_signs,
    describe_items,
    flag_careless,
    intraclass_correlation,
    kendall_w,
    reach_consensus,
)
from weighting.numeric.distributions import chi2_survival, student_p_value

# What an expert says of an item; nan abstains.
ANSWERS = (1.0, 2.0, 3.0, 4.0, 5.0, np.nan)

# Shrout & Fleiss (1979), table 2: six targets rated by four judges; here (judges, targets).
SHROUT_FLEISS = np.array(
    [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]], dtype=float
).T
ANY_SCORES = arrays(
    np.float64, st.tuples(st.integers(2, 12), st.integers(2, 9)), elements=st.integers(1, 5).map(float)
)


def test_icc_of_the_published_data():
    icc = intraclass_correlation(SHROUT_FLEISS)
    assert icc.single == pytest.approx(0.290, abs=5e-4)
    assert icc.average == pytest.approx(0.620, abs=5e-4)
    assert icc.single_is_interpretable
    assert icc.average_is_interpretable


def test_icc_beyond_one_is_marked_by_hand():
    """Three experts, two items: BMS = 1/6, JMS = 0, EMS = 2/3, so ICC(2,k) = (-1/2) / (-1/6) = 3."""
    icc = intraclass_correlation(np.array([[1.0, 2], [2, 1], [1, 2]]))
    assert icc.average == pytest.approx(3)
    assert not icc.average_is_interpretable


@pytest.mark.parametrize("experts", [2, 3, 7])
def test_perfect_agreement_is_interpretable(experts):
    icc = intraclass_correlation(np.tile([1.0, 2, 5, 4, 4, 3, 1], (experts, 1)))
    assert icc.average == pytest.approx(1)
    assert icc.single_is_interpretable
    assert icc.average_is_interpretable


@given(ANY_SCORES)
@settings(max_examples=60, deadline=None)
def test_w_agrees_with_the_tie_corrected_friedman_statistic(scores):
    """chi2 = m (n - 1) W is Friedman's statistic, which SciPy computes for three items or more."""
    result = kendall_w(scores)
    if scores.shape[1] < 3 or result is None:
        return
    friedman = scipy.stats.friedmanchisquare(*scores.T)
    assert result.chi2 == pytest.approx(friedman.statistic, rel=1e-9, abs=1e-9)
    assert result.p_value == pytest.approx(friedman.pvalue, rel=1e-9, abs=1e-12)


def test_w_by_hand():
    """Three experts, three items, ranks 123, 123, 132: R = 3, 7, 8; S = 9 + 1 + 4 = 14; W = 14/18."""
    scores = np.array([[1, 2, 3], [1, 2, 3], [1, 3, 2]], dtype=float)
    assert kendall_w(scores).w == pytest.approx(12 * 14 / (9 * 24))


def test_w_is_one_in_agreement_and_none_without_any_order():
    assert kendall_w(np.tile([1.0, 3, 2, 5], (7, 1))).w == pytest.approx(1)
    assert kendall_w(np.full((4, 3), 2.0)) is None
    assert intraclass_correlation(np.full((4, 3), 2.0)) is None


@given(ANY_SCORES, st.randoms())
@settings(max_examples=40, deadline=None)
def test_statistics_do_not_depend_on_the_order_of_experts(scores, random):
    shuffled = scores[random.sample(range(len(scores)), len(scores))]
    one, other = kendall_w(scores), kendall_w(shuffled)
    assert (one is None) == (other is None)
    assert one is None or (0 <= one.w <= 1 + 1e-12 and one.w == pytest.approx(other.w))
    np.testing.assert_allclose(describe_items(scores).mean, describe_items(shuffled).mean)


@given(st.floats(0, 400), st.integers(1, 200))
@settings(deadline=None)
def test_chi_square_survival_agrees_with_scipy(x, degrees):
    assert chi2_survival(x, degrees) == pytest.approx(scipy.stats.chi2.sf(x, degrees), rel=1e-9, abs=1e-14)


def test_items_are_described_over_those_who_answered():
    scores = np.array([[1, np.nan], [2, np.nan], [4, np.nan], [5, np.nan], [np.nan, 3]])
    items = describe_items(scores)
    assert items.answers.tolist() == [4, 1]
    assert items.mean.tolist() == [3, 3]
    assert items.median.tolist() == [3, 3]
    # Type 7 quartiles of 1, 2, 4, 5: 1.75 and 4.25.
    assert items.iqr.tolist() == [2.5, 0]
    assert items.important.tolist() == [0.5, 0]
    assert items.sd[0] == pytest.approx(np.std([1, 2, 4, 5], ddof=1))
    assert np.isnan(items.sd[1])


def test_careless_signs_by_hand():
    scores = np.array([[3, 3, 3, 3], [1, 2, 1, 2], [1, 1, 5, 5]], dtype=float)
    signs = careless_signs(scores)
    assert signs.longest_string.tolist() == [4, 1, 2]
    assert signs.sd[0] == 0
    # Others of the first expert have medians 1, 1.5, 3, 3.5: distances 2, 1.5, 0, 0.5.
    assert signs.distance[0] == pytest.approx(1.0)


@given(arrays(float, st.tuples(st.integers(1, 8), st.integers(1, 6)), elements=st.sampled_from([*ANSWERS])))
def test_the_distance_is_that_from_the_medians_of_all_others(scores):
    for expert, found in enumerate(careless_signs(scores).distance):
        others = np.delete(scores, expert, axis=0)
        apart = [
            abs(own - np.median(answers))
            for own, column in zip(scores[expert], others.T, strict=True)
            if not np.isnan(own) and (answers := column[~np.isnan(column)]).size
        ]
        assert found == np.mean(apart) if apart else np.isnan(found)


@given(arrays(float, st.tuples(st.integers(1, 6), st.integers(1, 20)), elements=st.sampled_from([*ANSWERS])))
def test_the_spread_is_that_of_what_was_answered(scores):
    for row, found in zip(scores, careless_signs(scores).sd, strict=True):
        own = row[~np.isnan(row)]
        assert found == own.std(ddof=1) if own.size > 1 else np.isnan(found)


def test_no_median_is_formed_for_each_expert_anew(monkeypatch):
    asked = []
    for name in ("median", "nanmedian"):
        kept = getattr(np, name)
        monkeypatch.setattr(np, name, lambda *said, kept=kept, **more: asked.append(1) or kept(*said, **more))
    careless_signs(np.arange(300.0).reshape(60, 5) % 5 + 1)
    assert len(asked) < 60


def test_the_string_follows_the_order_of_display():
    scores = np.array([[3, 1, 3, 1]], dtype=float)
    assert careless_signs(np.vstack([scores, scores]), np.array([[0, 2, 1, 3]] * 2)).longest_string[0] == 2


def test_an_abstention_ends_a_string_and_is_refused_where_data_must_be_complete():
    scores = np.array([[3, np.nan, 3], [1, 2, 3]])
    assert careless_signs(scores).longest_string[0] == 1
    with pytest.raises(ValueError, match="abstentions"):
        kendall_w(scores)


def test_consensus_by_the_interquartile_range():
    """Columns 3344 (quartiles 3, 4) and 1245 (quartiles 1.75, 4.25)."""
    scores = np.array([[3, 1], [3, 2], [4, 4], [4, 5]], dtype=float)
    consensus = reach_consensus(describe_items(scores), measure="iqr", threshold=1.0)
    assert consensus.tolist() == [True, False]


def test_consensus_by_the_share_at_one_end_of_the_scale():
    """7 of 10 high; 7 of 10 low; 6 of 10 high; nobody: the threshold itself is enough."""
    high = [4.0] * 7 + [1.0] * 3
    low = [2.0] * 7 + [5.0] * 3
    fewer = [5.0] * 6 + [3.0] * 4
    scores = np.array([high, low, fewer, [np.nan] * 10]).T
    consensus = reach_consensus(describe_items(scores), measure="agreement", threshold=0.7)
    assert consensus.tolist() == [True, True, False, False]
    assert not reach_consensus(describe_items(scores), measure="iqr", threshold=4)[3]


def test_an_unknown_measure_of_consensus_is_refused():
    with pytest.raises(ValueError, match="kappa"):
        reach_consensus(describe_items(np.ones((3, 2))), measure="kappa", threshold=1)


def test_a_straight_line_and_a_contrarian_are_flagged_and_nobody_else():
    """Twelve experts of one mind, one who always says 3, one who says the opposite."""
    usual = np.array([1, 5, 2, 4, 1, 5, 2, 4, 5, 1], dtype=float)
    scores = np.vstack([np.tile(usual, (12, 1)), np.full(10, 3.0), 6 - usual])
    scores[np.arange(12), np.arange(12) % 10] = 3.0
    flags = flag_careless(careless_signs(scores), scores.shape[1])
    assert not flags[:12].any()
    assert flags[12, :2].all()
    assert flags[13].tolist() == [False, False, True]


def test_a_string_is_long_from_half_the_items():
    scores = np.array([[2, 2, 2, 2, 1, 5, 1], [2, 2, 2, 1, 5, 1, 5], [1, 2, 3, 4, 5, 1, 2]], dtype=float)
    assert flag_careless(careless_signs(scores), 7)[:, 0].tolist() == [True, False, False]


@pytest.mark.parametrize("degrees", [1, 2, 7, 349, 100_000])
@pytest.mark.parametrize("t", [0.0, 1e-9, -0.4, 1.0, 2.5, 40.0])
def test_the_tail_of_students_t_is_scipys(t, degrees):
    expected = 2 * scipy.stats.t.sf(abs(t), degrees)

    assert student_p_value(t, degrees) == pytest.approx(expected, rel=1e-8, abs=1e-200)


def test_no_tail_is_made_up():
    assert student_p_value(float("inf"), 3) == 0
    for t, degrees in ((float("nan"), 3), (1.0, 0)):
        with pytest.raises(ValueError, match="has no tail"):
            student_p_value(t, degrees)
