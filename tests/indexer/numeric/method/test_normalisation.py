"""Normalisation of columns worked by hand, and its refusals."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from indexer.numeric.method.faults import NormalisationError
from indexer.numeric.method.gaps import handle_missing
from indexer.numeric.method.normalise import normalise

NAN = np.nan
METHODS = ["share", "minmax", "zscore", "rank", "none"]
# Column p: more is better; column q: less is better.
VALUES = np.array([[1.0, 2.0], [3.0, 5.0], [6.0, 10.0], [10.0, 3.0]])
MATRICES = arrays(float, st.tuples(st.integers(2, 8), st.integers(1, 4)), elements=st.integers(1, 10**6))


def normalised(values, method="share", directions=(1, -1), **options):
    codes = [chr(ord("p") + j) for j in range(values.shape[1])]
    return normalise(values, method=method, directions=np.array(directions), codes=codes, **options)


def refusal(values, *args, **options):
    with pytest.raises(NormalisationError) as caught:
        normalised(np.array(values, dtype=float), *args, **options)
    return [(fault.kind, fault.codes) for fault in caught.value.faults]


def test_shares_by_hand():
    # p sums to 20. q reflects to 10 + 2 - q = 10, 7, 2, 9, which sums to 28.
    expected = np.array([[1 / 20, 10 / 28], [3 / 20, 7 / 28], [6 / 20, 2 / 28], [10 / 20, 9 / 28]])
    assert normalised(VALUES) == pytest.approx(expected, rel=1e-15)


def test_reciprocal_shares_by_hand():
    # 1/2 + 1/5 + 1/10 + 1/3 = 34/30
    expected = np.array([15, 6, 3, 10]) / 34
    assert normalised(VALUES, negative="reciprocal")[:, 1] == pytest.approx(expected, rel=1e-15)


def test_a_given_total_is_a_total_of_the_reflected_values():
    shares = normalised(VALUES, totals=np.array([40.0, 56.0]))
    assert shares.sum(axis=0) == pytest.approx([0.5, 0.5], rel=1e-15)
    mixed = normalised(VALUES, totals=np.array([NAN, 56.0]))
    assert mixed.sum(axis=0) == pytest.approx([1.0, 0.5], rel=1e-15)


def test_minmax_by_hand():
    expected = [[0, 1], [2 / 9, 5 / 8], [5 / 9, 0], [1, 7 / 8]]
    assert normalised(VALUES, "minmax") == pytest.approx(np.array(expected), rel=1e-15)


def test_zscores_by_hand():
    # p: mean 5, deviations -4, -2, 1, 5, variance 46/4. q: mean 5, deviations -3, 0, 5, -2, variance 38/4.
    expected = np.array([[-4, 3], [-2, 0], [1, -5], [5, 2]]) / np.sqrt([46 / 4, 38 / 4])
    assert normalised(VALUES, "zscore") == pytest.approx(expected, rel=1e-15)


def test_ranks_by_hand():
    values = np.array([[5, 5], [7, 7], [5, 5], [1, 1.0]])
    # n = 4. Highest first: ranks 2, 1, 2, 4. Lowest first: 2, 4, 2, 1.
    assert normalised(values, "rank").tolist() == [[0.75, 0.75], [1.0, 0.25], [0.75, 0.75], [0.25, 1.0]]


def test_none_uses_the_values_as_they_are():
    values = np.array([[-1.5, 2.0], [0.0, 0.0]])
    assert (normalised(values, "none") == values).all()


@pytest.mark.parametrize("method", METHODS)
def test_missing_cells_stay_missing_and_leave_the_others_alone(method):
    with_gap = np.vstack([VALUES, [NAN, 4.0]])
    result = normalised(with_gap, method)
    assert np.isnan(result[4, 0])
    assert (result[:4, 0] == normalised(VALUES, method)[:, 0]).all()


@pytest.mark.parametrize(
    ("values", "method", "options", "faults"),
    [
        ([[0, 1], [0, 2]], "share", {}, [("zero_total", ("p",))]),
        ([[0, 0], [0, 0]], "share", {}, [("zero_total", ("p", "q"))]),
        ([[-1, 1], [0, 0]], "share", {}, [("negative_value", ("p",))]),
        ([[-1, 0], [0, 0]], "share", {}, [("negative_value", ("p",)), ("zero_total", ("q",))]),
        ([[1, 1], [1, 0]], "share", {"negative": "reciprocal"}, [("zero_reciprocal", ("q",))]),
        ([[1, 1], [1, 2]], "share", {"totals": np.array([0, -3.0])},
         [("zero_total", ("p",)), ("negative_total", ("q",))]),
        ([[1e308, 1], [1e308, 2]], "share", {}, [("out_of_range", ("p",))]),
        ([[1, 1e-320], [1, 2]], "share", {"negative": "reciprocal"}, [("out_of_range", ("q",))]),
        ([[1, 1], [2, 1]], "minmax", {}, [("constant", ("q",))]),
        ([[0.1, 0.1], [0.1, 0.1]], "zscore", {}, [("constant", ("p", "q"))]),
        ([[-1e308, 1], [1e308, 2]], "minmax", {}, [("out_of_range", ("p",))]),
        ([[-1e200, 1], [1e200, 2]], "zscore", {}, [("out_of_range", ("p",))]),
        ([[NAN, 1], [NAN, np.inf]], "none", {}, [("infinite", ("q",)), ("no_value", ("p",))]),
    ],
)  # fmt: skip
def test_what_cannot_be_normalised_is_named(values, method, options, faults):
    assert refusal(values, method, **options) == faults


def test_a_near_constant_column_is_not_constant():
    assert normalised(np.array([[1.0], [np.nextafter(1, 2)]]), "minmax", directions=[1]).tolist() == [
        [0],
        [1],
    ]


@pytest.mark.parametrize("bad", [{"method": "maximum"}, {"directions": (1, 0)}, {"negative": "flip"}])
def test_unknown_options_are_refused(bad):
    with pytest.raises(ValueError, match=r"unknown|directions"):
        normalised(VALUES, **bad)


def test_nothing_is_changed_in_place():
    for method in METHODS:
        values = VALUES.copy()
        normalised(values, method)[:] = 0
        assert (values == VALUES).all()


@given(MATRICES)
def test_shares_sum_to_one(values):
    assert normalised(values, directions=np.ones(values.shape[1])).sum(axis=0) == pytest.approx(1, rel=1e-12)


@given(MATRICES, st.randoms(use_true_random=False), st.sampled_from(["share", "rank", "none"]))
def test_the_order_of_cities_and_indicators_does_not_matter(values, random, method):
    cities = random.sample(range(values.shape[0]), values.shape[0])
    leaves = random.sample(range(values.shape[1]), values.shape[1])
    directions = np.array([random.choice([1, -1]) for _ in leaves])
    result = normalised(values, method, directions)[cities][:, leaves]
    assert normalised(values[cities][:, leaves], method, directions[leaves]) == pytest.approx(
        result, rel=1e-12
    )


@given(MATRICES, st.floats(1e-6, 1e6), st.sampled_from(["share", "rank"]), st.sampled_from([1, -1]))
def test_the_unit_of_an_indicator_does_not_matter(values, factor, method, direction):
    directions = np.full(values.shape[1], direction)
    scaled = normalised(values * factor, method, directions)
    assert scaled == pytest.approx(normalised(values, method, directions), rel=1e-9, abs=1e-12)


class TestMissing:
    values = np.array([[1.0, NAN], [NAN, 4.0], [5.0, 6.0]])

    def handled(self, policy, values=None):
        values = self.values if values is None else values
        return handle_missing(values, policy, codes=["p", "q"], units=["A", "B", "C"])

    def test_refusal_names_every_cell(self):
        with pytest.raises(NormalisationError) as caught:
            self.handled("refuse")
        assert caught.value.problems == ["missing values in p: B", "missing values in q: A"]

    def test_zero(self):
        assert self.handled("raw_zero").tolist() == [[1, 0], [0, 4], [5, 6]]

    def test_mean_over_the_cities_present(self):
        assert self.handled("mean").tolist() == [[1, 5], [3, 4], [5, 6]]

    def test_reweight_fills_nothing(self):
        np.testing.assert_array_equal(self.handled("reweight"), self.values)

    @pytest.mark.parametrize("policy", ["refuse", "zero", "reweight", "mean", "median", "raw_zero"])
    def test_complete_data_pass_unchanged(self, policy):
        assert (self.handled(policy, VALUES[:3]) == VALUES[:3]).all()

    def test_a_city_with_nothing_at_all_is_refused(self):
        with pytest.raises(NormalisationError, match="no value at all for B"):
            self.handled("reweight", np.array([[1, 1], [NAN, NAN], [1, NAN]]))

    def test_an_indicator_with_nothing_at_all_has_no_mean(self):
        with pytest.raises(NormalisationError, match="no city has a value in q"):
            self.handled("mean", np.array([[1, NAN], [1, NAN], [1, NAN]]))
