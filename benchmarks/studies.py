"""Studies of ranks beside two workers, pandas, scikit-criteria and a size ten times as large."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from functools import partial, reduce
from operator import add
from pathlib import Path

import numpy as np
import pandas as pd

import benchmarks.ready  # noqa: F401  (before the models)
from benchmarks.large_study import make_large_study
from benchmarks.uncertainty import interleaved, make_study
from indexer.management.workers import count_share, keep_study, one_thread_processes
from indexer.models import Study
from indexer.numeric.scores.index import CHUNK
from indexer.numeric.scores.ranking import min_ranks
from indexer.numeric.studies.blocks import Tally
from indexer.numeric.studies.plans import Plan
from indexer.numeric.studies.rank_counts import RankCounts
from indexer.numeric.studies.tallies import merge_tallies
from indexer.numeric.studies.uncertainty import RankCounter, RankStudy
from indexer.services.studies import count_waiting_parts
from indexer.studies.asking import planned_of
from weighting.numeric.arrays import FloatArray, IntArray
from weighting.numeric.draws import ExpertBootstrap
from weighting.numeric.tree import global_weights

CITIES, LARGE_CITIES = 351, 3000
DRAWS = 100_000
LARGE_DRAWS = 100_000
ROUNDS = 5
# Draws that the slower loops take part in; all are timed per draw.
LOOP_DRAWS = 40
# A Python that has the packages of requirements-bench.txt; this one unless said.
PEER_PYTHON = os.environ.get("QUANHENG_BENCH_PYTHON", sys.executable)


def rows() -> list[dict[str, object]]:
    """Time everything in processes of one BLAS thread."""
    found = [_workers_row(), _large_row()]
    with one_thread_processes(1) as pool:
        found += [pool.submit(_pandas_row).result(), pool.submit(_criteria_row).result()]
    return found


def _workers_row() -> dict[str, object]:
    """Count the same draws with one worker and with two, by turns; processes are started before.

    In processor time, since others may be at work: two workers on free cores take half of what
    both used together. The seconds by the wall are printed beside.
    """
    study = make_study(CITIES, DRAWS)
    (one, one_wall), (two, two_wall) = _worker_times(study, [1, 2])
    print(f"by the wall: one worker {one_wall:.2f} s, two workers {two_wall:.2f} s")
    return {
        "name": f"{DRAWS:,} draws to ranks of {CITIES} x 135: two workers, one worker",
        "ours": two / 2 * 1e3,
        "reference": one * 1e3,
        "ratio": one / (two / 2),
        "goal": 1.8,
        "better": "higher",
    }


def _large_row() -> dict[str, object]:
    """A study in the database, counted by two workers, beside the same two without one."""
    study = make_large_study(cities=LARGE_CITIES, leaves=135, draws=LARGE_DRAWS)
    plan = _plan(study)
    with ExitStack() as stack:
        bare = stack.enter_context(one_thread_processes(2, _keep_plan, study.pk))
        product = stack.enter_context(one_thread_processes(2))
        halves = [range(0, plan.chunks, 2), range(1, plan.chunks, 2)]
        # The first call starts the processes and loads the plan.
        list(bare.map(_tally_plan, [range(1), range(1, 2)]))
        list(product.map(_count_study, [0, 0]))
        reference = _wall(lambda: merge_tallies(list(bare.map(_tally_plan, halves))))
        ours = _wall(lambda: list(product.map(_count_study, [study.pk] * 2)))
    if not Study.objects.filter(pk=study.pk, status="done").exists():
        raise AssertionError("the study is not done")
    return {
        "name": f"{LARGE_DRAWS:,} draws of {LARGE_CITIES} x 135 as a study, two bare workers",
        "ours": ours * 1e3,
        "reference": reference * 1e3,
        "ratio": ours / reference,
        "goal": 2,
        "better": "lower",
    }


def _plan(study: Study) -> Plan:
    return planned_of(study).plan


_own: dict[str, Plan] = {}


def _keep_plan(study_id: int) -> None:
    _own["plan"] = _plan(Study.objects.select_related("run__method", "run__weight_version").get(pk=study_id))


def _count_study(study_id: int) -> int:
    return count_waiting_parts(study_id)


def _tally_plan(chunks: range) -> Tally:
    return _own["plan"].tally(chunks)


def _pandas_row() -> dict[str, object]:
    """Draw, weigh, rank and count as an analyst writes it with pandas, one draw at a time."""
    study = make_study(CITIES, LOOP_DRAWS)
    loop = _seconds(partial(_pandas_loop, study, _drawn(study))) / LOOP_DRAWS
    if not np.array_equal(_pandas_loop(study, _drawn(study)), _plain_ranks(study)):
        raise AssertionError("the two rankings differ")
    return _loop_row("pandas loop", 40, loop)


def _criteria_row() -> dict[str, object]:
    """The same with scikit-criteria, by the Python that has it."""
    study = make_study(CITIES, LOOP_DRAWS)
    tree, source_draws = study.index.tree, study.source
    assert isinstance(source_draws, ExpertBootstrap)  # noqa: S101  (what make_study gives)
    with tempfile.TemporaryDirectory() as name:
        source, target = Path(name) / "in.npz", Path(name) / "ranks.npy"
        np.savez(
            source,
            values=study.index.normalised,
            scores=source_draws.scores,
            drawn=_drawn(study),
            parents=tree.parents,
            leaves=tree.leaves,
        )
        script = Path(__file__).with_name("criteria_loop.py")
        done = subprocess.run(
            [PEER_PYTHON, str(script), str(source), str(target)], capture_output=True, text=True, check=False
        )
        if done.returncode:
            reason = done.stderr.strip().splitlines()[-1]
            raise RuntimeError(f"{reason}: install requirements-bench.txt, or set QUANHENG_BENCH_PYTHON")
        if not np.array_equal(np.load(target), _plain_ranks(study)):
            raise AssertionError("the two rankings differ")
    return _loop_row("scikit-criteria loop", 200, float(done.stdout))


def _loop_row(peer: str, goal: int, loop: float) -> dict[str, object]:
    ours = _seconds_per_draw()
    return {
        "name": f"one draw of 100 experts to ranks of {CITIES} x 135, {peer}",
        "ours": ours * 1e3,
        "reference": loop * 1e3,
        "ratio": loop / ours,
        "goal": goal,
        "better": "higher",
    }


def _seconds_per_draw() -> float:
    """Return the processor time of one of our draws, drawing and counting included."""
    study = make_study(CITIES, 100 * CHUNK)
    counter, chunks = RankCounter(study.index), iter(range(study.chunks))
    ours, _reference = interleaved(lambda: counter.add(study.draw(next(chunks))), lambda: None, study.chunks)
    return ours / CHUNK


def _leaf_weights(study: RankStudy) -> FloatArray:
    """Return the weights of every draw, (draws, leaves)."""
    tree = study.index.tree
    return global_weights(tree, study.draw(0))[tree.leaves].T


def _plain_ranks(study: RankStudy) -> IntArray:
    return min_ranks((_leaf_weights(study) @ study.index.normalised.T).T).T


def _drawn(study: RankStudy) -> IntArray:
    """Return the experts of each draw of the first chunk, (draws, experts), as the study draws them."""
    rng = np.random.default_rng(np.random.SeedSequence(study.seed, spawn_key=(0,)))
    return rng.integers(100, size=(study.draws, 100), dtype=np.uint32)


def _pandas_loop(study: RankStudy, drawn: IntArray) -> IntArray:
    tree, source = study.index.tree, study.source
    assert isinstance(source, ExpertBootstrap)  # noqa: S101  (what make_study gives)
    panel = pd.DataFrame(source.scores, columns=list(tree.codes))
    frame = pd.DataFrame(study.index.normalised, columns=list(tree.leaf_codes))
    parents = pd.Series([tree.codes[p] if p >= 0 else "" for p in tree.parents], index=tree.codes)
    histogram = np.zeros((len(frame), len(frame)), dtype=np.int64)
    found = []
    for experts in drawn:
        sums = panel.iloc[experts].sum()
        weights = sums / sums.groupby(parents).transform("sum")
        for code, parent in parents.items():
            if parent:
                weights[code] *= weights[parent]
        ranks = (frame * weights[list(tree.leaf_codes)]).sum(axis=1).rank(ascending=False, method="min")
        found.append(ranks.to_numpy().astype(np.int64))
        histogram[np.arange(len(frame)), found[-1] - 1] += 1
    return np.stack(found)


def _worker_times(study: RankStudy, workers: list[int]) -> list[tuple[float, float]]:
    """Return the fewest seconds, of processors and of the wall, for each number of workers, by turns."""
    times: dict[int, list[tuple[float, float]]] = {count: [] for count in workers}
    with ExitStack() as stack:
        pools = {
            count: stack.enter_context(one_thread_processes(count, keep_study, study)) for count in workers
        }
        for _round in range(ROUNDS + 1):
            for count, pool in pools.items():
                start = time.perf_counter()
                used = _count(pool, study, count)
                times[count].append((used, time.perf_counter() - start))
    # The first round starts the processes.
    return [tuple(map(min, zip(*times[count][1:], strict=True))) for count in workers]


def _count(pool: ProcessPoolExecutor, study: RankStudy, workers: int) -> float:
    """Count the study and return the seconds of processor time that it took, merging included."""
    shares = workers * 4
    parts = [range(share, study.chunks, shares) for share in range(shares)]
    start = time.process_time()
    timed = list(pool.map(_timed_share, parts))
    if reduce(add, [counts for counts, _used in timed]).draws != study.draws:
        raise AssertionError("draws were lost")
    return sum(used for _counts, used in timed) + time.process_time() - start


def _timed_share(chunks: range) -> tuple[RankCounts, float]:
    start = time.process_time()
    counts = count_share(chunks)
    return counts, time.process_time() - start


def _wall(task: Callable[[], object]) -> float:
    start = time.perf_counter()
    task()
    return time.perf_counter() - start


def _seconds(task: Callable[[], object]) -> float:
    start = time.process_time()
    task()
    return time.process_time() - start
