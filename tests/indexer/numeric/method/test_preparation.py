"""Division, filling in and treatment together, on a matrix worked by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from indexer.numeric.method.faults import NormalisationError
from indexer.numeric.method.gaps import Beside
from indexer.numeric.method.normalise import normalise
from indexer.numeric.method.preparation import CARRIED, IMPUTED, LEFT_OUT, LOGGED, WINSORISED, prepare
from indexer.numeric.method.treatment import OutlierRule
from indexer.numeric.scores.composite import composite_scores
from indexer.numeric.scores.ranking import min_ranks

NAN = np.nan
VALUES = np.array([[10.0, 4.0], [NAN, 9.0], [30.0, 2.0]])
PEOPLE = np.array([2.0, 5.0, 10.0])


def prepared(values=VALUES, *, missing="mean", **options):
    codes = [chr(ord("p") + j) for j in range(np.shape(values)[1])]
    units = [f"C{i}" for i in range(np.shape(values)[0])]
    return prepare(np.asarray(values, dtype=float), missing=missing, codes=codes, units=units, **options)


def test_an_earlier_value_fills_no_quotient():
    # What it was divided by then is not known: 20 stands for no quotient of 5 and 3.
    beside = Beside(before=np.full(VALUES.shape, 20.0))

    carried = prepared(missing="last_value", beside=beside)
    assert (carried.values[1, 0], carried.cells.tolist()) == (20, [[0, 0], [IMPUTED | CARRIED, 0], [0, 0]])
    assert prepared(missing="last_value", beside=beside, denominators={1: PEOPLE}).values[1, 0] == 20
    with pytest.raises(NormalisationError, match="no earlier edition has the missing values of p: C1"):
        prepared(missing="last_value", beside=beside, denominators={0: PEOPLE})


def test_means_are_means_of_quotients():
    # 10/2 = 5 and 30/10 = 3; the second city gets (5 + 3) / 2, not 20/5.
    result = prepared(denominators={0: PEOPLE})

    assert result.values.tolist() == [[5, 4], [4, 9], [3, 2]]
    assert result.cells.tolist() == [[0, 0], [IMPUTED, 0], [0, 0]]


def test_a_quotient_is_missing_where_the_denominator_is():
    result = prepared(denominators={1: np.array([2.0, 3.0, NAN])}, missing="reweight")

    np.testing.assert_array_equal(result.values, [[10, 2], [NAN, 3], [30, NAN]])
    assert result.cells.tolist() == [[0, 0], [LEFT_OUT, 0], [0, LEFT_OUT]]


def test_a_filled_cell_may_be_winsorised_and_is_both():
    column = np.array([[*([50.0] * 5), *range(51, 60), NAN]]).T
    result = prepared(column, missing="raw_zero", rule=OutlierRule("winsorise"))

    assert result.values[-1, 0] == 50
    assert result.cells[-1, 0] == IMPUTED | WINSORISED


def test_every_cell_of_a_logged_column_is_marked():
    column = np.array([[0, 1, 2, 3, 4, 5, 6, 100.0]]).T
    result = prepared(column, missing="refuse", rule=OutlierRule("log"))

    assert (result.cells == LOGGED).all()


def test_a_given_total_holds_for_columns_that_are_as_given():
    values = np.array([[*range(1, 11), 30, 100.0], [1.0] * 12, [2.0] * 12]).T
    totals = np.array([500.0, 50.0, 60.0])
    result = prepared(
        values,
        missing="refuse",
        totals=totals,
        denominators={2: np.full(12, 2.0)},
        rule=OutlierRule("winsorise"),
    )

    np.testing.assert_array_equal(result.totals, [NAN, 50, NAN])


def test_denominators_that_divide_nothing_are_all_named():
    denominators = {0: np.array([1.0, 0, -1]), 1: np.array([0.0, 1, 1])}

    with pytest.raises(NormalisationError) as caught:
        prepared(denominators=denominators)

    assert [(f.kind, f.codes, f.units) for f in caught.value.faults] == [
        ("denominator", ("p",), ("C1", "C2")),
        ("denominator", ("q",), ("C0",)),
    ]


MATRICES = arrays(
    float,
    st.tuples(st.integers(4, 12), st.integers(2, 4)),
    elements=st.sampled_from([1.0, 2.0, 3.0, 5.0, 8.0, 13.0, 400.0, 70_000.0]),
)
ACTIONS = st.sampled_from(["keep", "winsorise", "log", "winsorise_log"])
METHODS = st.sampled_from(["share", "rank"])


def rank_cities(values, people, weights, action, method):
    """Scores and ranks with the first column per head and outliers treated."""
    rule = OutlierRule(action, 1.0, 1.0, 2)
    made = prepared(values, missing="refuse", denominators={0: people}, rule=rule)
    codes = [f"n{j}" for j in range(values.shape[1])]
    directions = np.where(np.arange(values.shape[1]) % 2, -1, 1)
    normalised = normalise(made.values, method=method, directions=directions, codes=codes, totals=made.totals)
    scores = composite_scores(normalised, weights)
    return scores, min_ranks(scores)


@given(MATRICES, ACTIONS, METHODS, st.randoms(use_true_random=False))
def test_ranks_follow_the_cities_wherever_they_stand(values, action, method, random):
    people = np.array([random.choice([1.0, 3.0, 50.0]) for _ in values])
    weights = np.full(values.shape[1], 1 / values.shape[1])
    order = random.sample(range(len(values)), len(values))

    scores, ranks = rank_cities(values, people, weights, action, method)
    moved, moved_ranks = rank_cities(values[order], people[order], weights, action, method)

    assert moved == pytest.approx(scores[order], rel=1e-12)
    assert (moved_ranks == ranks[order]).all()


@given(MATRICES, ACTIONS, METHODS, st.integers(-12, 12), st.integers(-12, 12))
def test_the_units_of_data_and_denominators_do_not_matter(values, action, method, power, other):
    people = np.linspace(1, 3, len(values))
    weights = np.full(values.shape[1], 1 / values.shape[1])
    scaled = values * 2.0 ** np.resize([power, other], values.shape[1])

    scores, ranks = rank_cities(values, people, weights, action, method)
    again, again_ranks = rank_cities(scaled, people * 2.0**other, weights, action, method)

    assert again == pytest.approx(scores, rel=1e-12)
    assert (again_ranks == ranks).all()


@given(MATRICES, ACTIONS, METHODS)
def test_a_further_indicator_of_weight_zero_changes_no_bit(values, action, method):
    people = np.linspace(1, 3, len(values))
    weights = np.full(values.shape[1], 1 / values.shape[1])
    wider = np.column_stack([values, np.arange(1.0, len(values) + 1) ** 4])

    scores, _ranks = rank_cities(values, people, weights, action, method)
    again, _ranks = rank_cities(wider, people, np.append(weights, 0.0), action, method)

    assert again.tobytes() == scores.tobytes()


@given(MATRICES, ACTIONS, METHODS)
def test_cities_that_are_alike_tie(values, action, method):
    people = np.ones(len(values) + 1)
    twins = np.vstack([values, values[:1]])

    _scores, ranks = rank_cities(twins, people, np.full(values.shape[1], 1 / values.shape[1]), action, method)

    assert ranks[0] == ranks[-1]


@given(MATRICES, ACTIONS, METHODS, st.randoms(use_true_random=False))
def test_ranks_do_not_depend_on_the_order_of_the_indicators(values, action, method, random):
    people = np.linspace(1, 3, len(values))
    count = values.shape[1]
    # The first is divided, so that it keeps its place; the others and their directions go in pairs.
    order = [0, *random.sample(range(1, count), count - 1)]
    directions = np.where(np.arange(count) % 2, -1, 1)
    weights = np.arange(1.0, count + 1) / np.arange(1.0, count + 1).sum()

    def rank(columns):
        rule = OutlierRule(action, 1.0, 1.0, 2)
        made = prepared(values[:, columns], missing="refuse", denominators={0: people}, rule=rule)
        codes = [f"n{j}" for j in columns]
        normalised = normalise(
            made.values, method=method, directions=directions[columns], codes=codes, totals=made.totals
        )
        return composite_scores(normalised, weights[columns])

    scores, moved = rank(list(range(count))), rank(order)

    assert moved == pytest.approx(scores, rel=1e-12)
    assert (min_ranks(moved) == min_ranks(scores)).all()


@given(MATRICES, st.sampled_from(["winsorise", "log", "winsorise_log"]), st.floats(0.01, 100))
def test_scores_by_min_max_and_z_score_are_free_of_units_after_treatment(values, action, factor):
    values = values + np.arange(values.size).reshape(values.shape) / 1000  # no column is constant
    rule = OutlierRule(action, 1.0, 1.0, 2)
    for method in ("minmax", "zscore"):
        results = [
            normalise(
                prepared(raw, missing="refuse", rule=rule).values,
                method=method,
                directions=np.ones(values.shape[1], dtype=int),
                codes=[f"n{j}" for j in range(values.shape[1])],
            )
            for raw in (values, values * factor)
        ]
        assert results[1] == pytest.approx(results[0], rel=1e-6, abs=1e-8)
