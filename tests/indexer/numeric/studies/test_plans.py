"""Studies in chunks: the same tallies for any division, closed forms, and a slow implementation."""

from functools import partial

import numpy as np
import pytest
import scipy

from indexer.numeric.method.normalise import normalise
from indexer.numeric.scores.composite import composite_scores
from indexer.numeric.scores.index import CHUNK, Index
from indexer.numeric.scores.ranking import min_ranks
from indexer.numeric.studies.blocks import pack_arrays, unpack_arrays
from indexer.numeric.studies.choices import ChoicePlan
from indexer.numeric.studies.plans import (
    CORRELATED_CHUNKS,
    DroppedPlan,
    GivenVersions,
    LeftOutPlan,
    RankPlan,
    SobolPlan,
)
from indexer.numeric.studies.sensitivity import drop_cities, leave_nodes_out
from indexer.numeric.studies.sobol import sobol_indices
from indexer.numeric.studies.tallies import central_weights, counts_of, merge_tallies
from indexer.numeric.studies.uncertainty import SeededDraws
from tests.indexer.numeric.oracles import count_ranks
from weighting.numeric.constrained import constrain_weights
from weighting.numeric.draws import WeightNoise, any_weights, leave_one_expert_out
from weighting.numeric.tree import build_tree, global_weights

TREE = build_tree(["a", "b", "a1", "a2", "a3", "b1", "b2"], ["", "", "a", "a", "a", "b", "b"])
LOCAL = np.array([0.6, 0.4, 0.5, 0.3, 0.2, 0.7, 0.3])
RAW = np.random.default_rng(4).lognormal(0, 0.5, (40, 5))
MINMAX, RANK = (
    normalise(RAW, method=m, directions=np.ones(5), codes=TREE.leaf_codes) for m in ("minmax", "rank")
)
INDEX = Index(TREE, MINMAX, LOCAL)
OTHER = Index(TREE, RANK, LOCAL, reference=INDEX.nominal_ranks)
NOISE = WeightNoise(TREE, LOCAL, 0.4)
SEEDED = SeededDraws(NOISE, 4 * CHUNK + 100, 0)
NORMALISE = partial(normalise, method="minmax", directions=np.ones(5), codes=TREE.leaf_codes)
LEAVES = global_weights(TREE, LOCAL)[TREE.leaves]
PLANS = {
    "one method": RankPlan([INDEX], SEEDED),
    "two methods": RankPlan([INDEX, OTHER], SEEDED),
    "central": RankPlan([INDEX], SeededDraws(any_weights(TREE), 4 * CHUNK, 7), with_central=True),
    "left out": LeftOutPlan(INDEX, np.tile(TREE.leaves, 20)),
    "sobol": SobolPlan(INDEX, SEEDED),
    "choices": ChoicePlan([INDEX, OTHER], [2], SEEDED),
    "dropped": DroppedPlan(len(RAW), LEAVES, lambda rows: NORMALISE(RAW[rows])),
}


def whole(plan):
    return plan.tally(range(plan.chunks))


@pytest.mark.parametrize("plan", PLANS.values(), ids=PLANS)
@pytest.mark.parametrize("size", [1, 2, 3])
def test_any_division_of_the_chunks_gives_the_same(plan, size):
    chunks = list(range(plan.chunks))
    parts = [plan.tally(chunks[start : start + size]) for start in range(0, len(chunks), size)]
    together, expected = merge_tallies(parts), whole(plan)

    assert plan.chunks > 2
    assert together.keys() == expected.keys()
    for name, array in expected.items():
        np.testing.assert_array_equal(together[name], array, err_msg=name)


def test_a_slow_implementation_agrees():
    """Draw by draw, by the plain functions: histogram, R_S and both correlations of two methods."""
    tally = whole(PLANS["two methods"])
    nominal = min_ranks(composite_scores(MINMAX, LEAVES))
    histogram, sums = np.zeros((40, 40), dtype=int), [[], []]
    for chunk in range(SEEDED.chunks):
        rng = np.random.default_rng(np.random.SeedSequence(0).spawn(chunk + 1)[chunk])
        for local in NOISE.draw(SEEDED.size(chunk), rng).T:
            for method, values in enumerate([MINMAX, RANK]):
                ranks = min_ranks(composite_scores(values, global_weights(TREE, local)[TREE.leaves]))
                histogram[np.arange(40), ranks - 1] += 1
                sums[method].append(np.abs(ranks - nominal).sum())
                place = len(sums[method]) - 1
                if place % 100 == 0 and place < CORRELATED_CHUNKS * CHUNK:
                    assert tally["kendall"][method, place] == pytest.approx(
                        scipy.stats.kendalltau(nominal, ranks)[0]
                    )
                    assert tally["spearman"][method, place] == pytest.approx(
                        scipy.stats.spearmanr(nominal, ranks)[0]
                    )

    np.testing.assert_array_equal(tally["histogram"], histogram)
    assert tally["kendall"].shape == (2, CORRELATED_CHUNKS * CHUNK)
    for method in range(2):
        counts = np.bincount(sums[method], minlength=tally["shifts"].shape[1])
        np.testing.assert_array_equal(tally["shifts"][method], counts)
    assert counts_of(tally).draws == 2 * SEEDED.draws


def test_pairs_are_counted_from_the_same_draws():
    plan = PLANS["two methods"]
    pairs = np.array([[3, 8], [20, 21]])
    local = np.hstack([SEEDED.draw(chunk) for chunk in range(SEEDED.chunks)])
    expected = sum(count_ranks(index, local, pairs).wins for index in (INDEX, OTHER))

    for pair, wins in zip(pairs.tolist(), expected, strict=True):
        assert plan.count_wins(np.array([pair, pair[::-1]])).tolist() == [list(wins), list(wins[::-1])]


def test_the_jackknife_counts_every_expert_once():
    scores = np.random.default_rng(2).integers(1, 6, (7, len(TREE))).astype(float)
    local = leave_one_expert_out(TREE, scores, "normalised_sum", np.ones(len(TREE), dtype=bool))
    counts = counts_of(whole(RankPlan([INDEX], GivenVersions(local))))

    assert counts.draws == 7
    np.testing.assert_array_equal(counts.histogram, count_ranks(INDEX, local).histogram)


def test_acceptability_of_three_alternatives():
    """With one weight w on [0, 1]: w is a's score, 1 - w is b's, 0.6 is c's, whatever w."""
    tree = build_tree(["x", "y"], ["", ""])
    index = Index(tree, np.array([[1, 0], [0, 1], [0.6, 0.6]]), np.array([0.5, 0.5]))
    tally = whole(RankPlan([index], SeededDraws(any_weights(tree), 100_000, 1), with_central=True))
    means, ever = central_weights(tally)

    assert ever.all()
    np.testing.assert_allclose(
        tally["histogram"] / 100_000, [[0.4, 0.1, 0.5], [0.4, 0.1, 0.5], [0.2, 0.8, 0]], atol=0.006
    )
    np.testing.assert_allclose(means, [[0.8, 0.2], [0.2, 0.8], [0.5, 0.5]], atol=0.003)


def test_an_order_of_the_weights_shuts_alternatives_out():
    tree = build_tree(["x", "y"], ["", ""])
    index = Index(tree, np.array([[1, 0], [0, 1], [0.6, 0.6]]), np.array([0.5, 0.5]))
    source = constrain_weights(tree, {}, [["x", "y"]])
    tally = whole(RankPlan([index], SeededDraws(source, 50_000, 1), with_central=True))
    means, ever = central_weights(tally)

    # w is uniform on [0.5, 1]: the first leads above 0.6, the last below.
    np.testing.assert_allclose(tally["histogram"][:, 0] / 50_000, [0.8, 0, 0.2], atol=0.008)
    np.testing.assert_array_equal(ever, [True, False, True])
    assert np.isnan(means[1]).all()
    np.testing.assert_allclose(means[[0, 2], 0], [0.8, 0.55], atol=0.003)


def test_leaving_out_keeps_every_case():
    tally, expected = whole(LeftOutPlan(INDEX, TREE.leaves)), leave_nodes_out(INDEX)

    np.testing.assert_array_equal(tally["ranks"], expected.ranks)
    counts = counts_of(tally)
    assert counts.draws == 5
    assert (counts.shifts @ np.arange(len(counts.shifts))) / 40 / 5 == pytest.approx(
        expected.mean_shift.mean()
    )


def test_dropping_in_parts_is_dropping_each():
    tally, expected = (
        whole(PLANS["dropped"]),
        drop_cities(len(RAW), LEAVES, lambda rows: NORMALISE(RAW[rows])),
    )

    np.testing.assert_array_equal(tally["shifts_without"], expected.shifts)
    np.testing.assert_array_equal(tally["possible"], expected.possible)


def test_a_dropped_city_under_gaps_rescales_weights():
    """Min-max with a gap: the plain functions, one city less at a time."""
    raw = RAW[:6].copy()
    raw[2, 1] = np.nan
    tally = whole(DroppedPlan(6, LEAVES, lambda rows: NORMALISE(raw[rows]), tree=TREE))
    score = partial(composite_scores, leaf_weights=LEAVES, missing="reweight", tree=TREE)
    whole_scores = score(NORMALISE(raw))
    for city in range(6):
        rest = np.delete(np.arange(6), city)
        moved = min_ranks(whole_scores[rest]) - min_ranks(score(NORMALISE(raw[rest])))
        np.testing.assert_array_equal(tally["shifts_without"][rest, city], moved)


def test_sobol_of_a_score_is_what_the_groups_add():
    """A score is a sum of products of local weights; with one group varying it has all the variance."""
    still = WeightNoise(TREE, LOCAL, 0.3)
    plan = SobolPlan(INDEX, SeededDraws(still, 4096, 3), city=5, of_score=True)
    outputs = whole(plan)["outputs"]
    result = sobol_indices(outputs[0], outputs[1], outputs[2:], rng=plan.rng)

    local = np.hstack([still.draw(4096, np.random.default_rng(1))])
    scores = composite_scores(MINMAX[[5]], global_weights(TREE, local)[TREE.leaves])[0]
    assert outputs[0].mean() == pytest.approx(scores.mean(), rel=0.01)
    assert result.first.sum() == pytest.approx(1, abs=0.1)


def test_blocks_keep_every_array():
    arrays = {
        "counts": np.array([[0, 70_000], [3, 2**40]]),
        "signed": np.array([-5, 127]),
        "nothing": np.empty((3, 0), dtype=np.int64),
        "floats": np.array([0.1, np.nan, -np.inf]),
    }
    restored = unpack_arrays(pack_arrays(arrays))

    assert list(restored) == list(arrays)
    for name, array in arrays.items():
        np.testing.assert_array_equal(restored[name], array)
        assert restored[name].dtype == array.dtype
        assert restored[name].shape == array.shape
    with pytest.raises(ValueError, match="damaged"):
        unpack_arrays(pack_arrays(arrays)[:-3])


def test_every_city_of_a_reference_keeps_its_own_shift():
    """Cities that one method cannot tell apart still have the ranks that another gave them."""
    flat = Index(TREE, np.ones((4, 5)), LOCAL, reference=np.array([2, 1, 4, 3]))
    counts = count_ranks(flat, LOCAL[:, np.newaxis])
    assert counts.histogram[:, 0].tolist() == [1, 1, 1, 1]
    assert counts.shifts.tolist() == [0, 0, 0, 0, 0, 0, 1]
