"""Every choice of a method is one entry of a table, and nothing speaks for one that is not there."""

import re
from pathlib import Path
from typing import get_args

import numpy as np
import pytest

from indexer import enums
from indexer.models import IndexMethod
from indexer.numeric.comparison.critical_weights import smallest_changes
from indexer.numeric.method.aggregations import AGGREGATIONS, Aggregation
from indexer.numeric.method.gaps import MISSING_POLICIES, handle_missing
from indexer.numeric.method.normalisations import NORMALISATIONS, TURNS, Normalisation, ScoreUnit
from indexer.numeric.method.normalise import normalise
from indexer.numeric.method.treatment import OUTLIER_ACTIONS, OutlierRule, treat_outliers
from indexer.numeric.scores.composite import CompositeError, composite_scores, inner_scores
from indexer.numeric.scores.index import Index
from indexer.words import UNIT_WORDS, score_unit
from tests.indexer.numeric.oracles import count_ranks
from weighting.numeric.tree import build_tree

METHOD = Path(__file__).resolve().parents[2] / "docs" / "method.md"
TABLES = [
    (NORMALISATIONS, enums.Normalisation),
    (TURNS, enums.Negative),
    (MISSING_POLICIES, enums.Missing),
    (AGGREGATIONS, enums.Aggregation),
    (OUTLIER_ACTIONS, enums.Outliers),
]
VALUES = np.array([[1.0, 4.0], [2.0, 1.0], [4.0, 2.0]])
WEIGHTS = np.array([0.25, 0.75])


@pytest.fixture
def toys(monkeypatch):
    """A normalisation and an aggregation that the product does not have."""
    target = Normalisation(
        "of_ten", lambda block, _: block.values / 10, unit="points", prepared_unit="points"
    )
    monkeypatch.setitem(NORMALISATIONS, "of_ten", target)
    mean = Aggregation("harmonic_toy", lambda t: 1 / t, lambda sums: 1 / sums, refusal="not_positive")
    monkeypatch.setitem(AGGREGATIONS, "harmonic_toy", mean)


def toy_values():
    return normalise(VALUES, method="of_ten", directions=np.array([1, 1]), codes=["p", "q"])


@pytest.mark.parametrize(("table", "choices"), TABLES)
def test_what_can_be_chosen_is_what_has_an_entry(table, choices):
    assert list(table) == choices.values
    assert all(code == entry.code for code, entry in table.items())


@pytest.mark.parametrize("table", [table for table, _choices in TABLES])
def test_an_unknown_choice_is_named_with_those_there_are(table):
    with pytest.raises(ValueError, match=f"unknown {table.step} 'new'; there are {next(iter(table))}"):
        table["new"]


def test_every_unit_of_scores_has_its_words():
    units = {unit for entry in NORMALISATIONS.values() for unit in (entry.unit, entry.prepared_unit)}
    assert units < set(UNIT_WORDS)
    assert set(UNIT_WORDS) == set(get_args(ScoreUnit))


def test_a_unit_is_never_guessed(toys):
    known = IndexMethod(normalisation="of_ten")
    assert score_unit(known) == "points of 100"
    with pytest.raises(ValueError, match="unknown normalisation 'new'"):
        score_unit(IndexMethod(normalisation="new"))


@pytest.mark.parametrize("code", [*NORMALISATIONS, *AGGREGATIONS])
def test_every_formula_is_written_down(code):
    assert re.search(rf"^\| `{code}` \| \S", METHOD.read_text(), re.M)


def test_a_new_normalisation_and_aggregation_are_computed_by_their_entries(toys):
    scores = composite_scores(toy_values(), WEIGHTS, aggregation="harmonic_toy")
    # 0.25 / 0.1 + 0.75 / 0.4, and so on: the first and the last tie.
    expected = 1 / np.array([4.375, 8.75, 4.375])
    assert scores == pytest.approx(expected, rel=1e-14)
    tree = build_tree(["r", "p", "q"], ["", "r", "r"])
    inner = inner_scores(tree, WEIGHTS[:, np.newaxis], toy_values(), aggregation="harmonic_toy")
    assert inner[0, 0] == pytest.approx(expected, rel=1e-14)
    local = np.array([1, *WEIGHTS])
    index = Index(tree, toy_values(), local, "harmonic_toy")
    counts = count_ranks(index, local[:, np.newaxis])
    assert counts.histogram.argmax(axis=1).tolist() == [0, 2, 0]


def test_a_new_aggregation_says_what_it_needs(toys):
    with pytest.raises(CompositeError, match="above zero: leaf 1"):
        composite_scores(toy_values() * [0, 1], WEIGHTS, aggregation="harmonic_toy")


def test_a_new_aggregation_is_no_sum_until_it_says_so(toys):
    """Parts that add up, shares of a total and the browser's own sums are for those that state them."""
    assert not AGGREGATIONS["harmonic_toy"].is_sum
    tree = build_tree(["r", "p", "q"], ["", "r", "r"])
    weights = np.array([1, *WEIGHTS])
    # A mean it is, so that the weights under which two change places can be solved for.
    found = smallest_changes(Index(tree, toy_values(), weights, "harmonic_toy"))
    assert (found.nodes >= 0).any()
    assert found.residuals[found.nodes >= 0] == pytest.approx(0)
    with pytest.raises(ValueError, match="need a mean at the top"):
        smallest_changes(Index(tree, toy_values(), weights, "minimum"))
    assert not AGGREGATIONS["harmonic_toy"].is_exact


def test_steps_before_the_normalisation_refuse_what_they_do_not_know():
    with pytest.raises(ValueError, match="unknown policy for missing values 'new'"):
        handle_missing(VALUES, "new", codes=["p", "q"], units=["1", "2", "3"])
    with pytest.raises(ValueError, match="unknown treatment of outliers 'new'"):
        treat_outliers(VALUES, OutlierRule("new"))
