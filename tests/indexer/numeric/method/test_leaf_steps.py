"""Transforms, normalisations and imputations of leaves that go different ways."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from indexer.numeric.method.faults import NormalisationError
from indexer.numeric.method.gaps import Beside
from indexer.numeric.method.leaf_steps import RawColumns, normalise_leaves
from indexer.numeric.method.normalise import normalise
from indexer.numeric.method.plan import LeafStep
from indexer.numeric.method.preparation import IMPUTED, LOGGED
from indexer.numeric.method.transforms import TRANSFORMS, Extent

nan = np.nan


def raw_of(*columns, directions=None, **options):
    values = np.array(columns, dtype=float).T
    units = [f"u{row}" for row in range(len(values))]
    codes = [f"x{column}" for column in range(len(columns))]
    signs = np.ones(len(columns), dtype=int) if directions is None else np.array(directions)
    return RawColumns(values, signs, codes, units, **options)


def made(column, *, direction=1, **step):
    """Return one column normalised, beside another that goes another way."""
    options = {name: step.pop(name) for name in ("beside", "unit_rows") if name in step}
    raw = raw_of(column, np.arange(len(column)) + 1.0, directions=[direction, 1], **options)
    return normalise_leaves(raw, [LeafStep(**step), LeafStep("none", "rank")]).values[:, 0]


def fault(column, **step):
    with pytest.raises(NormalisationError) as error:
        made(column, **step)
    return [(found.kind, found.codes, found.units) for found in error.value.faults]


class TestTransforms:
    @pytest.mark.parametrize(
        ("code", "values", "expected"),
        [
            ("ln", [1, np.e, np.e**2], [0, 1, 2]),
            ("log10", [1, 10, 1000], [0, 1, 3]),
            ("sqrt", [0, 4, 9], [0, 2, 3]),
            ("boxcox:0", [1, np.e, np.e**2], [0, 1, 2]),
            ("boxcox:2", [1, 2, 3], [0, 1.5, 4]),
            ("boxcox:-1", [1, 2, 4], [0, 0.5, 0.75]),
            ("log_shift", [-1, 0, 1], [np.log(0.02), np.log(1.02), np.log(2.02)]),
        ],
    )
    def test_by_hand(self, code, values, expected):
        values = np.array(values, dtype=float)
        result = TRANSFORMS[code].formula(values, Extent(values.min(), values.max()))
        assert result.tolist() == pytest.approx(expected)

    @pytest.mark.parametrize("code", ["ln", "log10", "boxcox:0.5"])
    def test_what_has_no_logarithm_is_named_with_its_units(self, code):
        found = fault([0, 1, -2], transform=code, normalisation="minmax")
        assert found == [("no_transform", ("x0",), ("u0", "u2"))]
        assert not TRANSFORMS["sqrt"].refused(np.array([0.0]), Extent(0, 1)).any()

    @pytest.mark.parametrize("code", ["boxcox", "boxcox:", "boxcox:x", "boxcox:inf", "cube"])
    def test_what_is_no_transform_is_refused(self, code):
        assert not TRANSFORMS.has(code)

    def test_bounds_go_the_way_of_the_values(self):
        # ln 10, of ln 1 to ln 100
        assert made([10, 50], transform="ln", normalisation="goalposts", lower=1.0, upper=100.0)[0] == 0.5
        found = fault([10, 50], transform="log_shift", normalisation="goalposts", lower=0.0, upper=100.0)
        assert found == [("bound_no_transform", ("x0",), ())]

    def test_a_total_of_raw_values_is_none_of_transformed_ones(self):
        raw = raw_of([1, 4, 9], [1, 1, 2], totals=np.array([100.0, 8.0]))
        values = normalise_leaves(raw, [LeafStep("sqrt"), LeafStep()]).values
        assert values[:, 0].tolist() == pytest.approx([1 / 6, 2 / 6, 3 / 6])
        assert values[:, 1].tolist() == [0.125, 0.125, 0.25]


class TestNormalisations:
    @pytest.mark.parametrize(
        ("step", "direction", "expected"),
        [
            ({"normalisation": "zscore_sample"}, 1, [-1.0954451, -0.3651484, 0, 1.4605935]),
            ({"normalisation": "percentile"}, 1, [0, 1 / 3, 2 / 3, 1]),
            ({"normalisation": "percentile"}, -1, [1, 2 / 3, 1 / 3, 0]),
            ({"normalisation": "goalposts", "lower": 2.0, "upper": 6.0}, 1, [0, 0, 0.25, 1]),
            ({"normalisation": "goalposts", "lower": 2.0, "upper": 6.0}, -1, [1, 1, 0.75, 0]),
            (
                {"normalisation": "goalposts", "lower": 2.0, "upper": 6.0, "cap": False},
                1,
                [-0.5, 0, 0.25, 1.25],
            ),
            ({"normalisation": "minmax", "lower": 2.0, "upper": 6.0}, 1, [-0.5, 0, 0.25, 1.25]),
            ({"normalisation": "minmax", "lower": 2.0, "upper": 6.0, "cap": True}, 1, [0, 0, 0.25, 1]),
            ({"normalisation": "minmax", "upper": 14.0}, 1, [0, 1 / 7, 3 / 14, 0.5]),
            ({"normalisation": "target", "target": 4.0}, 1, [0, 0.5, 0.75, 1]),
            ({"normalisation": "target", "target": 1.0, "upper": 5.0}, -1, [1, 0.75, 0.5, 0]),
            ({"normalisation": "target", "target": 1.0, "lower": 5.0}, -1, [1, 0.75, 0.5, 0]),
            ({"normalisation": "target", "target": 5.0, "cap": False}, 1, [0, 0.4, 0.6, 1.4]),
            ({"normalisation": "distance_to_max"}, 1, [0, 2 / 7, 3 / 7, 1]),
            ({"normalisation": "distance_to_max"}, -1, [1, 5 / 7, 4 / 7, 0]),
            ({"normalisation": "distance_to_reference", "reference": "r"}, 1, [0, 2 / 3, 1, 7 / 3]),
            ({"normalisation": "distance_to_reference", "reference": "r"}, -1, [1.75, 1.25, 1, 0]),
            ({"normalisation": "fraction_of_max"}, 1, [0, 2 / 7, 3 / 7, 1]),
        ],
    )
    def test_by_hand(self, step, direction, expected):
        column = [0, 2, 3, 7]
        if step["normalisation"] in ("zscore_sample",):
            column = [0, 2, 3, 7]
            mean, deviation = 3, np.sqrt(26 / 3)
            expected = [(x - mean) / deviation for x in column]
        assert made(column, direction=direction, unit_rows={"r": 2}, **step) == pytest.approx(expected)

    def test_parts_of_the_best_where_less_is_better(self):
        assert made([2, 4, 8], direction=-1, normalisation="fraction_of_max").tolist() == [1, 0.5, 0.25]

    def test_percentile_gives_ties_the_mean_of_their_ranks(self):
        # Ranks 1, 2.5, 2.5, 4 and, of what is there, 1.5, 1.5, 3.
        assert made([1, 5, 5, 9], normalisation="percentile").tolist() == [0, 0.5, 0.5, 1]
        gaps = {"normalisation": "percentile", "imputation": "reweight"}
        assert made([4, nan, 4, 9], **gaps) == pytest.approx([0.25, nan, 0.25, 1], nan_ok=True)

    @pytest.mark.parametrize(
        ("step", "kind"),
        [
            ({"normalisation": "goalposts", "lower": 9.0}, "bounds_order"),
            ({"normalisation": "target", "target": -1.0}, "target_outside"),
            ({"normalisation": "target", "target": 9.0, "upper": 8.0}, "target_outside"),
            ({"normalisation": "distance_to_reference", "reference": "gone"}, "no_reference"),
            ({"normalisation": "distance_to_reference", "reference": "worst"}, "reference_at_worst"),
        ],
    )
    def test_what_cannot_be_is_named(self, step, kind):
        assert fault([0, 2, 3, 7], unit_rows={"worst": 0}, **step) == [(kind, ("x0",), ())]

    def test_parts_of_the_best_need_values_of_one_sign(self):
        assert fault([-1, 2], normalisation="fraction_of_max") == [("below_zero", ("x0",), ())]
        found = fault([0, 2], direction=-1, normalisation="fraction_of_max")
        assert found == [("zero_reciprocal", ("x0",), ())]


class TestImputation:
    BESIDE = Beside({"class": ["a", "a", "b", "b"]}, np.array([[nan, 1], [9, 1], [nan, 1], [8, 1]]))

    @pytest.mark.parametrize(
        ("policy", "filled"),
        [("mean", 11 / 3), ("median", 2), ("group_mean:class", 2), ("last_value", 9), ("raw_zero", 0)],
    )
    def test_what_stands_in(self, policy, filled):
        column = [2, nan, 1, 8]
        values = made(column, normalisation="none", imputation=policy, beside=self.BESIDE)
        assert values.tolist() == pytest.approx([2, filled, 1, 8])

    def test_group_median(self):
        beside = Beside({"class": ["a", "a", "a", "b"]})
        step = {"normalisation": "none", "imputation": "group_median:class", "beside": beside}
        assert made([1, 4, nan, 9], **step).tolist() == [1, 4, 2.5, 9]

    @pytest.mark.parametrize(
        ("normalisation", "direction", "worst"),
        [
            ("share", 1, 0),
            ("share", -1, 0),
            ("minmax", 1, 0),
            ("minmax", -1, 0),
            ("percentile", -1, 0),
            ("rank", -1, 1 / 3),
            ("zscore", 1, -1.0690449),
            ("zscore", -1, -1.3363062),
        ],
    )
    def test_zero_is_the_worst_normalised_value_whatever_the_direction(self, normalisation, direction, worst):
        values = made([1, 2, nan, 6], direction=direction, normalisation=normalisation, imputation="zero")
        others = made([1, 2, 6], direction=direction, normalisation=normalisation)
        assert values[[0, 1, 3]].tolist() == pytest.approx(others.tolist())
        if normalisation == "zscore":
            worst = others.min()
        assert values[2] == pytest.approx(worst)

    def test_it_is_marked(self):
        raw = raw_of([1, nan, 4], [1, 2, 3])
        cells = normalise_leaves(raw, [LeafStep("none", "minmax", imputation="zero"), LeafStep()]).cells
        assert cells.tolist() == [[0, 0], [IMPUTED, 0], [0, 0]]

    def test_what_nobody_has_is_named(self):
        beside = Beside({"class": ["a", "b", "b"]})
        policy = {"normalisation": "minmax", "beside": beside}
        assert fault([nan, 2, 3], imputation="group_mean:class", **policy) == [
            ("no_value_in_group", ("x0",), ("u0",))
        ]
        assert fault([nan, 2, 3], imputation="last_value", **policy) == [("no_earlier", ("x0",), ("u0",))]
        assert fault([nan, 2, 3], imputation="group_mean:no", **policy)[0][:2] == ("unknown_column", ("no",))

    def test_whoever_lacks_everything_is_looked_for_in_all_columns(self):
        steps = [
            LeafStep("none", "minmax", imputation="reweight"),
            LeafStep("none", "rank", imputation="mean"),
        ]
        made = normalise_leaves(raw_of([nan, 2, 3], [1, 2, nan]), steps)
        assert np.isnan(made.values[:, 0]).tolist() == [True, False, False]
        steps[1] = LeafStep("none", "rank", imputation="reweight")
        with pytest.raises(NormalisationError, match="no value at all for u0"):
            normalise_leaves(raw_of([nan, 2, 3], [nan, 2, 1]), steps)


def test_all_columns_that_cannot_be_are_named_at_once():
    steps = [LeafStep("ln", "minmax"), LeafStep(), LeafStep("none", "zscore")]
    with pytest.raises(NormalisationError) as error:
        normalise_leaves(raw_of([0, 1], [-1, 2], [3, 3]), steps)
    assert [(found.kind, found.codes) for found in error.value.faults] == [
        ("no_transform", ("x0",)),
        ("negative_value", ("x1",)),
        ("constant", ("x2",)),
    ]


def test_outliers_are_treated_per_leaf():
    column = [1, 2, 3, 4, 5, 6, 7, 800]
    steps = [LeafStep("none", "minmax", outliers="log"), LeafStep("none", "minmax")]
    made = normalise_leaves(raw_of(column, column), steps)
    assert [(one.column, one.done) for one in made.treatments] == [(0, "logged")]
    assert (made.cells[:, 0] == LOGGED).all()
    assert not made.cells[:, 1].any()


@pytest.mark.parametrize("method", ["share", "minmax", "zscore", "rank", "none"])
def test_a_column_has_the_bits_it_has_among_others(method):
    """As the whole matrix by one method gave them before leaves could differ."""
    values = np.random.default_rng(4).lognormal(size=(351, 4))
    directions = np.array([1, -1, 1, -1])
    codes = list("abcd")
    whole = normalise(values, method=method, directions=directions, codes=codes)
    raw = RawColumns(values, directions, codes, [])
    alike = normalise_leaves(raw, [LeafStep(normalisation=method)] * 4).values
    other = LeafStep("ln", "percentile")
    apart = normalise_leaves(raw, [LeafStep(normalisation=method), other, other, other]).values
    assert alike.tobytes() == whole.tobytes()
    assert apart[:, 0].tobytes() == whole[:, 0].tobytes()


@pytest.mark.parametrize("others", [LeafStep("ln", "percentile"), LeafStep("none", "minmax")])
def test_a_column_is_divided_whether_or_not_others_go_its_way(others):
    people = np.array([1.0, 2.0, 4.0])
    raw = raw_of([10, 40, 100], [3, 5, 9], [2, 1, 8], denominators={0: people})
    made = normalise_leaves(raw, [LeafStep("none", "minmax"), others, others])
    assert made.values[:, 0].tolist() == [0, 2 / 3, 1]


RELATIVE = [
    "share",
    "minmax",
    "zscore",
    "zscore_sample",
    "rank",
    "percentile",
    "distance_to_max",
    "fraction_of_max",
]


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    method=st.sampled_from(RELATIVE),
    transform=st.sampled_from(["none", "log_shift"]),
    direction=st.sampled_from([1, -1]),
    factor=st.sampled_from([1e-3, 0.5, 7.0, 1000.0]),
)
def test_the_scale_of_units_does_not_matter(seed, method, transform, direction, factor):
    """Of a logarithm neither share nor part of the best is free of scale; all others are."""
    assume(transform == "none" or method not in ("share", "fraction_of_max"))
    column = np.random.default_rng(seed).uniform(1, 100, 12)
    step = {"normalisation": method, "transform": transform, "direction": direction}
    assert made(column * factor, **step) == pytest.approx(made(column, **step), rel=1e-6, abs=1e-9)


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    method=st.sampled_from([*RELATIVE, "goalposts", "target"]),
    transform=st.sampled_from(["none", "ln", "sqrt", "boxcox:0.3", "log_shift"]),
    direction=st.sampled_from([1, -1]),
)
def test_better_raw_values_are_never_worse(seed, method, transform, direction):
    column = np.random.default_rng(seed).uniform(1, 100, 12)
    step = {"normalisation": method, "transform": transform, "direction": direction}
    if method == "target":
        step["target"] = 101.0 if direction == 1 else 0.9
        assume(transform != "log_shift")
    if method in ("share", "fraction_of_max"):
        assume(transform in ("none", "sqrt"))
    values = made(column, **step)
    order = np.argsort(direction * column, kind="stable")
    assert (np.diff(values[order]) >= -1e-12).all()
