"""Draws to rank histograms, and many versions to ranks, beside the bare product and beside pandas."""

import time
from collections.abc import Callable
from statistics import median

import numpy as np
import pandas as pd

from benchmarks.memory import peak, reset_peak
from indexer.management.workers import one_thread_processes
from indexer.numeric.scores.index import CHUNK, Index
from indexer.numeric.scores.packed_ranking import min_ranks_by_row
from indexer.numeric.studies.blocks import pack_arrays, unpack_arrays
from indexer.numeric.studies.plans import RankPlan
from indexer.numeric.studies.rank_counts import group_indistinct, summarise_ranks
from indexer.numeric.studies.tallies import counts_of, merge_tallies
from indexer.numeric.studies.uncertainty import RankCounter, RankStudy, SeededDraws
from weighting.numeric.aggregation import aggregate_scores
from weighting.numeric.arrays import FloatArray, IntArray
from weighting.numeric.draws import ExpertBootstrap
from weighting.numeric.tree import Tree, build_tree, global_weights

EXPERTS, CITIES, LEAVES = 100, 351, 135
DRAWS = 200 * CHUNK
VERSIONS = 1000
MANY_CITIES, MEMORY = 100_000, 2_000_000_000


def rows() -> list[dict[str, object]]:
    """Time each pair by turns, in a process of one BLAS thread, and compare medians."""
    with one_thread_processes(1) as pool:
        return [pool.submit(task).result() for task in (_draws_row, _versions_row, _memory_row)]


def _draws_row() -> dict[str, object]:
    study = make_study()
    counter = RankCounter(study.index)
    weights = np.random.default_rng(2).random((LEAVES, CHUNK))
    cities = np.ascontiguousarray(study.index.normalised.T)
    chunks = iter(range(study.chunks))
    ours, reference = interleaved(
        lambda: counter.add(study.draw(next(chunks))), lambda: weights.T @ cities, study.chunks
    )
    if counter.counts().draws != DRAWS:
        raise AssertionError("draws were lost")
    return {
        "name": f"1,000 draws of {EXPERTS} experts to ranks of {CITIES} x {LEAVES}, product",
        "ours": ours / CHUNK * 1e6,
        "reference": reference / CHUNK * 1e6,
        "ratio": ours / reference,
        "goal": 4,
        "better": "lower",
    }


def _memory_row() -> dict[str, object]:
    """Count, pack, merge and sum up many cities, whose histogram squared would be 80 GB."""
    reset_peak()
    study = make_study(MANY_CITIES, CHUNK // 8)
    plan = RankPlan([study.index], SeededDraws(study.source, study.draws, study.seed))
    block = pack_arrays(plan.tally([0]))
    counts = counts_of(merge_tallies(unpack_arrays(block) for _part in range(3)))
    summarise_ranks(counts)
    group_indistinct(counts, study.index.nominal_ranks)
    return {
        "name": f"ranks of {MANY_CITIES:,} x {LEAVES} counted and merged, peak beside two gigabytes",
        "ours": peak() / 1e6,
        "reference": MEMORY / 1e6,
        "unit": "MB",
        "ratio": peak() / MEMORY,
        "goal": 1,
        "better": "lower",
    }


def _versions_row() -> dict[str, object]:
    study = make_study()
    local = np.hstack([study.draw(0), study.draw(1)])[:, :VERSIONS]
    tree, values = study.index.tree, study.index.normalised
    leaf_weights = global_weights(tree, local)[tree.leaves]
    frame = pd.DataFrame(values, columns=list(tree.leaf_codes))
    versions = pd.DataFrame(leaf_weights, index=list(tree.leaf_codes))
    if not np.array_equal(_rank_chunks(values, leaf_weights), _rank_by_pandas(frame, versions).T):
        raise AssertionError("the two rankings differ")
    ours, reference = interleaved(
        lambda: _rank_chunks(values, leaf_weights), lambda: _rank_by_pandas(frame, versions), 5
    )
    return {
        "name": f"{VERSIONS:,} versions to min-ranks of {CITIES} x {LEAVES}, pandas",
        "ours": ours * 1e3,
        "reference": reference * 1e3,
        "ratio": reference / ours,
        "goal": 30,
        "better": "higher",
    }


def _rank_chunks(values: FloatArray, leaf_weights: FloatArray) -> IntArray:
    starts = range(0, leaf_weights.shape[1], CHUNK)
    return np.vstack([min_ranks_by_row(leaf_weights[:, s : s + CHUNK].T @ values.T) for s in starts])


def _rank_by_pandas(frame: pd.DataFrame, versions: pd.DataFrame) -> IntArray:
    """Score and rank as an analyst writes it: one version, one column of the result."""
    ranks = {
        version: (frame * weights).sum(axis=1).rank(ascending=False, method="min")
        for version, weights in versions.items()
    }
    return pd.DataFrame(ranks).to_numpy().astype(np.int64)


def make_study(cities: int = CITIES, draws: int = DRAWS) -> RankStudy:
    """Return a bootstrap of a hundred experts over random values."""
    tree = make_tree()
    rng = np.random.default_rng(1)
    scores = rng.integers(1, 6, (EXPERTS, len(tree))).astype(np.float64)
    asked = np.ones(len(tree), dtype=bool)
    local = aggregate_scores(tree, scores, "normalised_sum", asked).local
    values = rng.lognormal(0, 1.5, (cities, LEAVES))
    index = Index(tree, values / values.sum(axis=0), local)
    return RankStudy(index, ExpertBootstrap(tree, scores, "normalised_sum", asked), draws, 1)


def make_tree() -> Tree:
    """Four sub-indices, thirteen level-1 indicators and 135 leaves, as the report counts them."""
    codes = [f"s{k}" for k in range(4)] + [f"g{k}" for k in range(13)] + [f"x{k}" for k in range(LEAVES)]
    parents = [""] * 4 + [f"s{k % 4}" for k in range(13)] + [f"g{k % 13}" for k in range(LEAVES)]
    return build_tree(codes, parents)


def interleaved(
    ours: Callable[[], object], reference: Callable[[], object], rounds: int
) -> tuple[float, float]:
    """Return the median seconds of processor time, by turns so that a busy machine slows both."""
    times = [(_seconds(ours), _seconds(reference)) for _ in range(rounds)]
    return median(one for one, _ in times), median(other for _, other in times)


def _seconds(task: Callable[[], object]) -> float:
    start = time.process_time()
    task()
    return time.process_time() - start
