"""Outliers: COINr's and Excel's published figures, hand-worked columns, and what must not matter."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from indexer.numeric.method.treatment import OutlierRule, Shape, shape_of, treat_outliers

NAN = np.nan
# The example of COINr's "Outlier treatment" article: 1 to 10 and two outliers.
COINR = np.array([*range(1, 11), 30.0, 100.0])
ACTIONS = ["winsorise", "log", "winsorise_log"]
# Ranges wide enough that hypothesis finds outliers, and ties.
MATRICES = arrays(
    float,
    st.tuples(st.integers(2, 14), st.integers(1, 3)),
    elements=st.sampled_from([0.0, 1.0, 2.0, 3.0, 5.0, 8.0, 100.0, 4000.0, 9e5]),
)
RULES = st.builds(OutlierRule, st.sampled_from(ACTIONS), st.just(1.0), st.just(1.0), st.integers(1, 4))


def treat(column, *args, **options):
    return treat_outliers(np.asarray(column, dtype=float).reshape(-1, 1), OutlierRule(*args, **options))


@pytest.mark.parametrize(
    ("column", "skewness", "kurtosis"),
    [
        # COINr 1.1, vignette "treat": skew(x), kurt(x), before and after one point is winsorised.
        (COINR, 3.063241, 9.741391),
        ([*range(1, 11), 30, 30], 1.712038, 1.815781),
        # Microsoft's examples for SKEW and KURT.
        ([3, 4, 5, 2, 3, 4, 5, 6, 4, 7], 0.359543071, -0.151799637),
    ],
)
def test_skewness_and_kurtosis_as_published(column, skewness, kurtosis):
    shape = shape_of(np.asarray(column, dtype=float))
    assert (shape.skewness, shape.kurtosis) == (
        pytest.approx(skewness, rel=3e-7),
        pytest.approx(kurtosis, rel=3e-7),
    )


@pytest.mark.parametrize("column", [[1, 2, 9], [NAN, 1, 2, 9], [7, 7, 7, 7, 7]])
def test_where_there_is_no_shape_it_is_zero(column):
    assert shape_of(np.array(column, dtype=float)) == Shape(0.0, 0.0)


def test_winsorising_as_coinr_does():
    """COINr's reference page of `winsorise` prints the treated vector, one point and its place."""
    treated = treat(COINR, "winsorise")

    assert treated.values[:, 0].tolist() == [*range(1, 11), 30, 30]
    assert np.flatnonzero(treated.winsorised).tolist() == [11]
    (treatment,) = treated.treatments
    assert (treatment.done, treatment.cells, treatment.is_within) == ("winsorised", 1, True)
    assert treatment.before.skewness == pytest.approx(3.063241, rel=3e-7)
    assert treatment.after.kurtosis == pytest.approx(1.815781, rel=3e-7)


def test_low_outliers_are_drawn_up():
    treated = treat(-COINR, "winsorise")

    assert treated.values[:, 0].tolist() == [*(-x for x in range(1, 11)), -30, -30]


def test_logarithms_by_hand():
    # min 0, max 100: ln(1 + x). COINr's log_CT is ln(x + 1) here, which is the same.
    treated = treat([0, 1, 2, 3, 4, 5, 6, 100], "log")

    assert treated.values[:, 0] == pytest.approx(np.log([1, 2, 3, 4, 5, 6, 7, 101]), rel=1e-14)
    assert not treated.winsorised.any()
    assert [(t.done, t.cells, t.is_within) for t in treated.treatments] == [("logged", 8, True)]


def test_logarithms_of_a_column_with_a_low_tail_are_mirrored():
    treated = treat([100, 99, 98, 97, 96, 95, 94, 0], "log")

    expected = np.log(101) - np.log([1, 2, 3, 4, 5, 6, 7, 101])
    assert treated.values[:, 0] == pytest.approx(expected, rel=1e-14, abs=1e-15)


def test_too_many_outliers_to_draw_in_are_logged_from_the_raw_column():
    column = [*range(20), 900, 1000, 1100]
    drawn_in = treat(column, "winsorise", most=2)
    logged = treat(column, "winsorise_log", most=2)

    # The two largest are drawn in to 900 and the column still lies outside, which is said.
    assert drawn_in.values[-3:, 0].tolist() == [900, 900, 900]
    assert [(t.cells, t.is_within) for t in drawn_in.treatments] == [(2, False)]
    assert (logged.values == treat(column, "log").values).all()
    assert [t.done for t in logged.treatments] == ["logged"]


def test_tied_extremes_are_drawn_in_together_or_not_at_all():
    column = [*range(30), 500, 500]

    assert treat(column, "winsorise", most=1).values[:, 0].tolist() == column
    assert treat(column, "winsorise", most=2).values[-2:, 0].tolist() == [29, 29]


def test_no_column_is_drawn_in_to_a_single_value():
    column = [0] * 30 + [9]

    assert treat(column, "winsorise").values[:, 0].tolist() == column
    assert treat(column, "winsorise_log").treatments[0].done == "logged"


def test_only_columns_beyond_both_limits_are_treated():
    assert treat(COINR, "winsorise", kurtosis=10).treatments == ()
    assert treat(COINR, "winsorise", skewness=3.1).treatments == ()
    assert treat(COINR, "keep").values[:, 0].tolist() == COINR.tolist()


def test_missing_cells_stay_missing_and_count_for_nothing():
    treated = treat([NAN, *COINR, NAN], "winsorise")

    assert np.isnan(treated.values[[0, -1], 0]).all()
    assert (treated.values[1:-1] == treat(COINR, "winsorise").values).all()
    assert treated.treatments[0].cells == 1


def test_values_at_the_ends_of_the_range_of_a_float():
    for scale in (1e-320, 1e300):
        treated = treat(COINR * scale, "winsorise_log")
        assert np.isfinite(treated.values).all()
        assert treated.treatments[0].cells == 1
    assert np.isfinite(treat([*([-1e308] * 9), 0, 1e308], "log").values).all()


@pytest.mark.parametrize("bad", [{"action": "trim"}, {"skewness": NAN}, {"most": 0}, {"kurtosis": -1}])
def test_a_rule_without_sense_is_refused(bad):
    with pytest.raises(ValueError, match=r"unknown|limits"):
        treat_outliers(np.ones((4, 1)), OutlierRule(**{"action": "log", **bad}))


@given(MATRICES, RULES, st.randoms(use_true_random=False))
def test_neither_order_nor_company_changes_a_bit(values, rule, random):
    cities = random.sample(range(values.shape[0]), values.shape[0])
    leaves = random.sample(range(values.shape[1]), values.shape[1])
    treated, moved = treat_outliers(values, rule), treat_outliers(values[cities][:, leaves], rule)
    alone = treat_outliers(np.asfortranarray(values[:, :1]), rule)

    assert moved.values.tobytes() == np.ascontiguousarray(treated.values[cities][:, leaves]).tobytes()
    assert (moved.winsorised == treated.winsorised[cities][:, leaves]).all()
    assert (alone.values[:, 0] == treated.values[:, 0]).all()


@given(MATRICES, RULES, st.integers(-30, 30))
def test_the_unit_changes_nothing_but_the_unit(values, rule, power):
    factor = 2.0**power
    treated, scaled = treat_outliers(values, rule), treat_outliers(values * factor, rule)
    logged = [t.column for t in treated.treatments if t.done == "logged"]
    same = np.setdiff1d(np.arange(values.shape[1]), logged)

    assert (scaled.values[:, same] == treated.values[:, same] * factor).all()
    assert (scaled.values[:, logged] == treated.values[:, logged]).all()
    assert (scaled.winsorised == treated.winsorised).all()


@given(MATRICES, RULES)
def test_no_more_cells_than_allowed_and_no_city_passes_another(values, rule):
    treated = treat_outliers(values, rule)

    assert (treated.winsorised.sum(axis=0) <= rule.most).all()
    for raw, column in zip(values.T, treated.values.T, strict=True):
        order = np.argsort(raw, kind="stable")
        assert (np.diff(column[order]) >= 0).all()


@given(MATRICES, RULES)
def test_the_mirror_image_is_treated_as_the_mirror_image(values, rule):
    treated, mirrored = treat_outliers(values, rule), treat_outliers(-values, rule)
    tops = np.array([np.log1p(100) if t.done == "logged" else 0.0 for t in treated.treatments])
    columns = [t.column for t in treated.treatments]

    # A skewness of exactly zero never lies beyond the limits, so every column has a side.
    assert mirrored.values[:, columns] == pytest.approx(tops - treated.values[:, columns], abs=1e-12)
