"""The audit of an index: correlations beside the bare product, and the whole of it against the clock."""

import time

import numpy as np

from benchmarks.uncertainty import interleaved
from indexer.management.workers import one_thread_processes
from indexer.numeric.coherence.audit import ScoredIndex
from indexer.numeric.coherence.audit_plan import AuditPlan
from indexer.numeric.coherence.correlations import correlation_matrix
from indexer.numeric.scores.composite import node_scores
from indexer.numeric.scores.index import Index
from weighting.numeric.arrays import FloatArray
from weighting.numeric.tree import Tree, build_tree, global_weights

CITIES, COLUMNS, TURNS = 3000, 300, 40
GROUP = 10
SIZES = {(351, 90): 1, (3000, 300): 20}
# The job of a large index adds ranks without each node to all that an audit tells.
JOB = (3000, 300)


def rows() -> list[dict[str, object]]:
    """Correlate by turns with the bare product, and audit whole indices, with one BLAS thread."""
    with one_thread_processes(1) as pool:
        audits = [pool.submit(_audit_row, *size, goal) for size, goal in SIZES.items()]
        job = pool.submit(_job_row, *JOB, SIZES[JOB])
        return [task.result() for task in (pool.submit(_correlation_row), *audits, job)]


def make_index(cities: int, leaves: int) -> ScoredIndex:
    """Return an index of correlated leaves in groups of ten, each group a sub-index."""
    rng = np.random.default_rng(3)
    values = rng.lognormal(size=(cities, leaves)) + rng.lognormal(size=(cities, 1))
    tree = _tree(leaves)
    local = np.array([1.0 / GROUP] * len(tree))
    local[tree.inner] = 1.0 / len(tree.inner)
    global_ = global_weights(tree, local)
    scores = node_scores(tree, global_, values)
    return ScoredIndex(tree, local, global_, values, scores, values @ global_[tree.leaves])


def _correlation_row() -> dict[str, object]:
    values: FloatArray = np.random.default_rng(1).normal(size=(CITIES, COLUMNS))
    ours, reference = interleaved(lambda: correlation_matrix(values), lambda: values.T @ values, TURNS)
    return {
        "name": f"correlations of {COLUMNS} columns of {CITIES:,}, bare product",
        "ours": ours * 1e3,
        "reference": reference * 1e3,
        "ratio": ours / reference,
        "goal": 1.5,
        "better": "lower",
    }


def _audit_row(cities: int, leaves: int, goal: float) -> dict[str, object]:
    """Time correlations, groups and importance with intervals of every node; the goal is in seconds."""
    index = make_index(cities, leaves)
    start = time.perf_counter()
    parts = (index.groups, index.flags, index.spearman, index.indicators, index.units)
    held = list(index.importances())
    seconds = time.perf_counter() - start
    if len(parts[0]) + 1 != len(held):
        raise AssertionError("a group has no importance")
    return {
        "name": f"audit of {cities:,} x {leaves}, seconds",
        "ours": seconds,
        "unit": "s",
        "reference": goal,
        "ratio": seconds / goal,
        "goal": 1,
        "better": "lower",
    }


def _job_row(cities: int, leaves: int, goal: float) -> dict[str, object]:
    """Time all parts of the job, one worker after the other; the goal is in seconds."""
    scored = make_index(cities, leaves)
    plan = AuditPlan(scored, Index(scored.tree, scored.raw, scored.local, "arithmetic"))
    start = time.perf_counter()
    found = plan.tally(range(plan.chunks))["audited"]
    seconds = time.perf_counter() - start
    if np.isnan(found[:4]).any():
        raise AssertionError("a node has no interval")
    return {
        "name": f"whole audit of {cities:,} x {leaves} as a job of one worker, seconds",
        "ours": seconds,
        "unit": "s",
        "reference": goal,
        "ratio": seconds / goal,
        "goal": 1,
        "better": "lower",
    }


def _tree(leaves: int) -> Tree:
    groups = [f"g{n}" for n in range(leaves // GROUP)]
    codes = [*groups, *(f"l{n}" for n in range(leaves))]
    return build_tree(codes, [*[""] * len(groups), *(groups[n // GROUP] for n in range(leaves))])
