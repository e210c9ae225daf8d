"""Aggregations against tables worked by hand."""

import numpy as np
import pytest

from indexer.numeric.method.aggregations import AGGREGATIONS
from indexer.numeric.method.node_steps import NodeSteps, uniform_steps
from indexer.numeric.scores.composite import CompositeError
from indexer.numeric.scores.node_scores import score_locally
from weighting.numeric.tree import build_tree

FLAT = build_tree(["p", "q"], ["", ""])
LOCAL = np.array([[0.25], [0.75]])


def score(values, aggregation, *, tree=FLAT, local=LOCAL, **options):
    steps = uniform_steps(tree, aggregation)
    return score_locally(tree, local, np.array(values, dtype=float), steps, **options).scores[0]


def test_harmonic():
    # 1 / (0.25 / 0.2 + 0.75 / 0.6) = 1 / 2.5
    assert score([[0.2, 0.6], [1, 1]], "harmonic").tolist() == pytest.approx([0.4, 1])


def test_power():
    # sqrt(0.25 * 0.36 + 0.75 * 0.04) = sqrt(0.12); a power of -1 is the harmonic mean, of 1 the arithmetic.
    values = [[0.6, 0.2], [0.5, 0.5]]
    assert score(values, "power:2").tolist() == pytest.approx([0.12**0.5, 0.5])
    assert score(values, "power:-1").tolist() == pytest.approx(score(values, "harmonic").tolist())
    assert score(values, "power:1").tolist() == pytest.approx(score(values, "arithmetic").tolist())
    # As p grows the mean nears the larger value.
    assert score(values, "power:400")[0] == pytest.approx(0.6, abs=0.003)


@pytest.mark.parametrize("code", ["power:0", "power:", "power:nan", "power:two", "power", "cubic:3"])
def test_a_power_that_is_none_is_refused(code):
    assert not AGGREGATIONS.has(code)
    with pytest.raises(ValueError, match=r"power|aggregation|convert"):
        AGGREGATIONS[code]


def test_minimum_over_what_weighs_anything():
    assert score([[0.6, 0.2], [0.5, 0.9]], "minimum").tolist() == [0.2, 0.5]
    assert score([[0.6, 0.2]], "minimum", local=np.array([[1.0], [0.0]])).tolist() == [0.6]
    assert score([[0.6, np.nan]], "minimum", missing="reweight").tolist() == [0.6]


def test_mazziotta_pareto():
    # 70 + 60 t: 100 and 120 with equal weights: M 110, S 10, cv 1/11; 110 -+ 10/11.
    equal = np.array([[0.5], [0.5]])
    values = [[0.5, 50 / 60], [1, 1], [0, 0]]
    assert (100 * score(values, "mpi", local=equal)).tolist() == pytest.approx([110 - 10 / 11, 130, 70])
    assert (100 * score(values, "mpi_high", local=equal)).tolist() == pytest.approx([110 + 10 / 11, 130, 70])
    # Weighted 1 : 3: M 115, S^2 = 0.25 * 225 + 0.75 * 25 = 75.
    assert 100 * score(values, "mpi")[0] == pytest.approx(115 - 75 / 115)


def test_mazziotta_pareto_of_groups_takes_their_scores_as_they_are():
    tree = build_tree(["g", "p", "q", "r"], ["", "g", "g", ""])
    local = np.array([[0.5], [0.5], [0.5], [0.5]])
    group = (110 - 10 / 11) / 100
    mean, half = (group + 1.2) / 2, (1.2 - group) / 2
    scores = score([[0.5, 50 / 60, 50 / 60]], "mpi", tree=tree, local=local)
    assert scores[0] == pytest.approx(mean - half**2 / mean)


def test_copeland():
    # Weights 0.5, 0.3, 0.2. A beats B (0.8 : 0.2) and C (0.5 + half of 0.3); B beats C (0.7 : 0.3).
    tree = build_tree(["x", "y", "z"], ["", "", ""])
    local = np.array([[0.5], [0.3], [0.2]])
    values = [[3, 3, 1], [2, 2, 3], [1, 3, 2]]
    assert score(values, "copeland", tree=tree, local=local).tolist() == [1, 0, -1]
    # 0.5 against 0.5: nobody wins.
    even = np.array([[0.5], [0.5], [0.0]])
    assert score([[2, 1, 0], [1, 2, 0]], "copeland", tree=tree, local=even).tolist() == [0, 0]
    # What one of two lacks counts for neither.
    lacking = [[3, np.nan, 1], [2, 2, 3]]
    assert score(lacking, "copeland", tree=tree, local=local, missing="reweight").tolist() == [1, -1]


@pytest.mark.parametrize(
    ("aggregation", "values", "kind"),
    [
        ("harmonic", [[0.0, 1.0]], "not_positive"),
        ("geometric", [[0.0, 1.0]], "not_positive"),
        ("power:-2", [[0.0, 1.0]], "not_positive"),
        ("power:2", [[-0.1, 1.0]], "below_zero"),
    ],
)
def test_what_a_mean_does_not_take_is_named(aggregation, values, kind):
    with pytest.raises(CompositeError) as error:
        score(values, aggregation)
    assert (error.value.kind, error.value.leaves) == (kind, (0,))


def test_a_floor_stands_in_where_a_mean_needs_it_and_nowhere_else():
    values, nodes = np.array([[0.0, 0.5]]), ("", "")
    floored = score_locally(FLAT, LOCAL, values, NodeSteps(nodes, "geometric", (0.0, 0.0), floor=0.01))
    assert floored.scores[0, 0] == pytest.approx(0.01**0.25 * 0.5**0.75)
    plain = score_locally(FLAT, LOCAL, values, NodeSteps(nodes, "arithmetic", (0.0, 0.0), floor=0.01))
    assert plain.scores[0, 0] == 0.375
