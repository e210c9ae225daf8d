"""Sobol indices of discrete choices: against closed forms, and against every combination counted out."""

from itertools import product

import numpy as np
import pytest

from indexer.numeric.method.normalise import normalise
from indexer.numeric.scores.index import Index
from indexer.numeric.scores.ranking import min_ranks
from indexer.numeric.studies.choices import ChoicePlan, FixedWeights, pick_and_freeze
from indexer.numeric.studies.sobol import sobol_indices
from indexer.numeric.studies.uncertainty import SeededDraws
from weighting.numeric.draws import WeightNoise
from weighting.numeric.tree import build_tree

TREE = build_tree(["a", "b", "c"], ["", "", ""])
LOCAL = np.array([0.5, 0.3, 0.2])
RAW = np.random.default_rng(6).lognormal(0, 1, (12, 3))


def values_of(method):
    return normalise(RAW, method=method, directions=np.ones(3), codes=TREE.leaf_codes)


BASE = Index(TREE, values_of("minmax"), LOCAL)


def plan_of(sizes, indices, *, source=None, draws=20_000, city=None):
    source = source or FixedWeights(LOCAL)
    return ChoicePlan(indices, sizes, SeededDraws(source, draws, 1), city=city)


def indices_of(plan):
    outputs = plan.tally(range(plan.chunks))["outputs"]
    return sobol_indices(outputs[0], outputs[1], outputs[2:], rng=plan.rng, resamples=200)


def combinations():
    """Return the indices of two normalisations by two means by a choice without effect."""
    made = []
    for normalisation, mean, _nothing in product(("minmax", "rank"), ("arithmetic", "power:2"), (0, 1, 2)):
        made.append(Index(TREE, values_of(normalisation), LOCAL, mean, reference=BASE.nominal_ranks))
    return made


def test_an_additive_function_of_choices_and_weights_has_its_known_shares():
    """f = 3 d + e + 10 w: variances 9 (4 - 1) / 12 of two values, (9 - 1) / 12 of three, 100 Var(w)."""
    noise = WeightNoise(TREE, LOCAL, 0.4)

    def evaluate(values, local):
        return 3 * values[0] + values[1] + 10 * local[0]

    rng = np.random.default_rng(3)
    outputs = pick_and_freeze([2, 3], TREE.groups, noise, evaluate, samples=40_000, rng=rng)
    found = sobol_indices(outputs[0], outputs[1], outputs[2:], rng=rng, resamples=100)
    of_weight = 100 * noise.draw(200_000, np.random.default_rng(4))[0].var()
    variances = np.array([9 / 4, 8 / 12, of_weight])
    shares = variances / variances.sum()
    assert found.first == pytest.approx(shares, abs=0.02)
    assert found.total == pytest.approx(shares, abs=0.02)


def test_every_combination_counted_out_gives_the_same():
    indices = combinations()
    plan = plan_of([2, 2, 3], indices)
    found = indices_of(plan)
    shifts = [np.abs(min_ranks(index.nominal_scores) - BASE.nominal_ranks).mean() for index in indices]
    table = np.array(shifts).reshape(2, 2, 3)
    whole = table.var()
    assert whole > 0
    for axis in range(3):
        others = tuple(other for other in range(3) if other != axis)
        first = table.mean(axis=others).var() / whole
        total = table.var(axis=axis).mean() / whole
        assert found.first[axis] == pytest.approx(first, abs=0.03)
        assert found.total[axis] == pytest.approx(total, abs=0.03)
    # What has no effect: exactly nothing, for each mixed output is that of A.
    assert (found.first[2], found.total[2]) == (0, 0)


def test_weights_stand_beside_choices():
    indices = combinations()[::3]
    plan = plan_of([2, 2], indices, source=WeightNoise(TREE, LOCAL, 0.3), draws=3000)
    outputs = plan.tally(range(plan.chunks))["outputs"]
    assert outputs.shape == (2 + 2 + 1, 3000)
    found = sobol_indices(outputs[0], outputs[1], outputs[2:], rng=plan.rng, resamples=100)
    assert (found.total > 0).all()
    assert found.total.sum() >= 0.95
    # The rank of one city, a whole number.
    ranks = plan_of([2, 2], indices, source=WeightNoise(TREE, LOCAL, 0.3), draws=300, city=4)
    tally = ranks.tally(range(ranks.chunks))["outputs"]
    assert (tally == tally.round()).all()
    assert 1 <= tally.min() <= tally.max() <= 12
