"""Rank histograms against a slow implementation of its own, hand-worked counts and invariants."""

import numpy as np
import pytest

from indexer.numeric.scores.composite import composite_scores
from indexer.numeric.scores.index import CHUNK, Index
from indexer.numeric.scores.ranking import min_ranks
from indexer.numeric.studies.rank_counts import (
    RankCounts,
    group_indistinct,
    probability_in_top,
    summarise_ranks,
    summarise_shifts,
)
from indexer.numeric.studies.uncertainty import RankStudy
from tests.indexer.numeric.oracles import count_ranks
from weighting.numeric.aggregation import aggregate_scores
from weighting.numeric.draws import ExpertBootstrap, WeightNoise, any_weights, dirichlet_around
from weighting.numeric.tree import build_tree, global_weights

TREE = build_tree(["a", "b", "a1", "a2", "a3", "b1", "b2"], ["", "", "a", "a", "a", "b", "b"])
ALL = np.ones(len(TREE), dtype=bool)
PAIRS = np.array([[0, 1], [1, 0], [3, 4], [2, 10], [10, 11]])
RNG = np.random.default_rng(11)
SCORES = RNG.integers(1, 6, (9, len(TREE))).astype(float)
LOCAL = aggregate_scores(TREE, SCORES, "normalised_sum").local
VALUES = RNG.lognormal(0, 0.4, (14, 5))


def with_duplicates():
    values = VALUES.copy()
    values[[4, 7, 13]] = values[3]
    values[11] = values[10] * (1 + 3e-13)  # a tie by tolerance, not by bits
    return values


def with_gaps():
    values = with_duplicates()
    values[[0, 5], 1] = values[6, 3:] = values[8, 0] = np.nan
    return values


DATA = {
    "plain": VALUES,
    "duplicates": with_duplicates(),
    "gaps": with_gaps(),
    "negative": VALUES - 1.2,
    "all tied": np.ones((6, 5)),
}
SOURCES = {
    "bootstrap": ExpertBootstrap(TREE, SCORES, "normalised_sum", ALL),
    "noise": WeightNoise(TREE, LOCAL, 0.5),
    "dirichlet": dirichlet_around(TREE, LOCAL, 10),
    "any": any_weights(TREE),
}


def slow_counts(index, drawn, pairs):
    """One draw, one city, one pair after another, by the composite and ranks of a single run."""
    cities = len(index.normalised)
    histogram = np.zeros((cities, cities), dtype=int)
    wins = np.zeros((len(pairs), 2), dtype=int)
    sums = []
    missing = "reweight" if np.isnan(index.normalised).any() else "refuse"
    for local in drawn.T:
        weights = global_weights(TREE, local)[TREE.leaves]
        scores = composite_scores(
            index.normalised, weights, aggregation=index.aggregation, missing=missing, tree=TREE
        )
        ranks = min_ranks(scores)
        for city, rank in enumerate(ranks):
            histogram[city, rank - 1] += 1
        sums.append(sum(abs(int(rank - own)) for rank, own in zip(ranks, index.nominal_ranks, strict=True)))
        for k, (a, b) in enumerate(pairs):
            wins[k] += [ranks[a] < ranks[b], ranks[b] < ranks[a]]
    return histogram, sums, wins


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("data", DATA)
def test_the_slow_implementation_agrees(source, data):
    index = Index(TREE, DATA[data], LOCAL)
    pairs = PAIRS if len(DATA[data]) > 11 else PAIRS[:3]
    study = RankStudy(index, SOURCES[source], draws=150, seed=0, pairs=pairs)
    counts = study.count()
    histogram, sums, wins = slow_counts(index, study.draw(0), pairs)
    np.testing.assert_array_equal(counts.histogram, histogram)
    np.testing.assert_array_equal(counts.shifts, np.bincount(sums))
    np.testing.assert_array_equal(counts.wins, wins)


@pytest.mark.parametrize("data", ["plain", "duplicates", "gaps"])
def test_geometric_means_agree_too(data):
    index = Index(TREE, DATA[data], LOCAL, aggregation="geometric")
    study = RankStudy(index, SOURCES["noise"], draws=100, seed=4)
    histogram, sums, _wins = slow_counts(index, study.draw(0), [])
    np.testing.assert_array_equal(study.count().histogram, histogram)
    np.testing.assert_array_equal(study.count().shifts, np.bincount(sums))


def test_weights_of_zero_leave_a_city_without_its_group():
    """City 0 has only a1, which weighs nothing: under reweight all of its score is b's."""
    values = VALUES.copy()
    values[0, 1:3] = np.nan
    local = np.array([0.5, 0.5, 0, 0.5, 0.5, 0.5, 0.5])
    index = Index(TREE, values, local)
    histogram, _sums, _wins = slow_counts(index, np.tile(local[:, np.newaxis], 3), [])
    counts = count_ranks(index, np.tile(local[:, np.newaxis], 3))
    np.testing.assert_array_equal(counts.histogram, histogram)


@pytest.mark.parametrize("draws", [1, CHUNK, CHUNK + 1, 3 * CHUNK + 17])
def test_chunks_may_be_counted_in_any_order_and_division(draws):
    study = RankStudy(Index(TREE, with_gaps(), LOCAL), SOURCES["bootstrap"], draws, seed=0, pairs=PAIRS)
    whole = study.count()
    assert whole.draws == draws
    assert (whole.histogram.sum(axis=1) == draws).all()
    parts = [study.count([chunk]) for chunk in reversed(range(study.chunks))]
    merged = sum(parts[1:], start=parts[0])
    for name in ("histogram", "shifts", "wins"):
        np.testing.assert_array_equal(getattr(merged, name), getattr(whole, name))


def test_the_chunks_draw_from_the_children_of_the_seed():
    study = RankStudy(Index(TREE, VALUES, LOCAL), SOURCES["noise"], 2 * CHUNK, seed=0)
    for chunk, child in enumerate(np.random.SeedSequence(0).spawn(2)):
        drawn = SOURCES["noise"].draw(CHUNK, np.random.default_rng(child))
        np.testing.assert_array_equal(study.draw(chunk), drawn)
    assert not np.array_equal(study.draw(0), study.draw(1))


def test_seed_zero_is_a_seed():
    one, same, other = (
        RankStudy(Index(TREE, VALUES, LOCAL), SOURCES["noise"], 300, seed).count().histogram
        for seed in (0, 0, 1)
    )
    np.testing.assert_array_equal(one, same)
    assert not np.array_equal(one, other)


def test_cities_may_be_in_any_order():
    order = np.random.default_rng(2).permutation(len(VALUES))
    one = RankStudy(Index(TREE, with_duplicates(), LOCAL), SOURCES["any"], 700, 5).count()
    other = RankStudy(Index(TREE, with_duplicates()[order], LOCAL), SOURCES["any"], 700, 5).count()
    np.testing.assert_array_equal(one.histogram[order], other.histogram)
    np.testing.assert_array_equal(one.shifts, other.shifts)


def test_noise_of_zero_repeats_the_nominal_ranks():
    index = Index(TREE, VALUES, LOCAL)
    counts = RankStudy(index, WeightNoise(TREE, LOCAL, 0), 600, 1).count()
    summary = summarise_ranks(counts)
    for quantile in (summary.mean, summary.q05, summary.median, summary.q95):
        np.testing.assert_array_equal(quantile, index.nominal_ranks)
    assert summarise_shifts(counts).mean == summarise_shifts(counts).q95 == 0
    np.testing.assert_array_equal(group_indistinct(counts, index.nominal_ranks), index.nominal_ranks)


@pytest.mark.parametrize("draws", [1, 2, 3, 19, 20, 21, 22, 100, 101, 437])
def test_the_summaries_are_those_of_the_single_draws(draws):
    index = Index(TREE, with_duplicates(), LOCAL)
    study = RankStudy(index, SOURCES["dirichlet"], draws, 3, PAIRS)
    counts, local = study.count(), study.draw(0)
    leaf_weights = global_weights(TREE, local)[TREE.leaves]
    ranks = min_ranks(composite_scores(index.normalised, leaf_weights))
    shifts = np.abs(ranks - index.nominal_ranks[:, np.newaxis]).mean(axis=0)
    of_ranks, of_shifts = summarise_ranks(counts), summarise_shifts(counts)
    for name, percent in (("q05", 5), ("q25", 25), ("median", 50), ("q75", 75), ("q95", 95)):
        expected = np.quantile(ranks, percent / 100, axis=1)
        np.testing.assert_allclose(getattr(of_ranks, name), expected, rtol=1e-12)
        assert getattr(of_shifts, name) == pytest.approx(np.quantile(shifts, percent / 100))
    np.testing.assert_allclose(of_ranks.mean, ranks.mean(axis=1))
    assert of_shifts.mean == pytest.approx(shifts.mean())
    np.testing.assert_allclose(probability_in_top(counts, 3), (ranks <= 3).mean(axis=1))
    above = [(ranks[a] < ranks[b]).mean() for a, b in PAIRS]
    np.testing.assert_allclose(counts.wins[:, 0] / counts.draws, above)


def test_two_leaves_under_any_weights_by_hand():
    """Scores w and 1 - w and 0.75: with w uniform, city 2 leads for w in (1/4, 3/4), half the draws.

    City 0 is first for w > 3/4 and second for w in (1/2, 3/4); SMAA acceptabilities 1/4, 1/4, 1/2.
    """
    tree = build_tree(["x", "y"], ["", ""])
    index = Index(tree, np.array([[1.0, 0], [0, 1], [0.75, 0.75]]), np.array([0.5, 0.5]))
    counts = RankStudy(index, any_weights(tree), 40_000, 9, np.array([[0, 1], [2, 0]])).count()
    expected = [[0.25, 0.25, 0.5], [0.25, 0.25, 0.5], [0.5, 0.5, 0]]
    np.testing.assert_allclose(counts.histogram / counts.draws, expected, atol=0.01)
    np.testing.assert_allclose(counts.wins[:, 0] / counts.draws, [0.5, 0.75], atol=0.01)


def test_groups_by_hand():
    """Intervals 1-1, 2-3, 2-3, 4-4: the middle two cannot be told apart."""
    histogram = np.array([[10, 0, 0, 0], [0, 6, 4, 0], [0, 4, 6, 0], [0, 0, 0, 10]])
    counts = RankCounts(histogram, np.array([10]), np.empty((0, 2), dtype=int))
    assert group_indistinct(counts, np.array([1, 2, 3, 4])).tolist() == [1, 2, 2, 3]
    assert group_indistinct(counts, np.array([1, 3, 2, 4])).tolist() == [1, 2, 2, 3]


def test_bad_parameters_are_named():
    index, source = Index(TREE, VALUES, LOCAL), SOURCES["noise"]
    with pytest.raises(ValueError, match="draws must be at least 1, not 0"):
        RankStudy(index, source, 0, 1)
    with pytest.raises(ValueError, match="seed must not be negative: -1"):
        RankStudy(index, source, 1, -1)
    with pytest.raises(ValueError, match="pairs of shape"):
        RankStudy(index, source, 1, 1, np.array([1, 2]))
    with pytest.raises(ValueError, match="the top 0"):
        probability_in_top(RankStudy(index, source, 1, 1).count(), 0)
