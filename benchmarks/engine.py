"""The engine in process: beside other packages, beside the bare product, and as sizes grow."""

import json
import os
import subprocess
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt

from indexer.management.workers import one_thread_processes
from indexer.numeric.method.normalise import normalise
from indexer.numeric.scores.packed_ranking import RowRanker
from weighting.numeric.arrays import FloatArray

CITIES, LEAVES, VERSIONS = 351, 135, 1000
# Versions that are multiplied at a time, so that they are ranked while they are in the cache.
BLOCK = 128
# Of many turns the quickest counts, here and for the other packages: others are at work on the machine.
REPEATS = 60
ROOT = Path(__file__).resolve().parent.parent
PEERS = ROOT / ".venv" / "peers" / "bin" / "python"
GOALS = {"pandas": 30, "scikit-criteria": 400, "pymcdm": 60}
# Cities, leaves and versions are doubled in turn from here.
START, DOUBLINGS = (2000, 200, 1024), 3


def rank_versions(values: FloatArray, weights: FloatArray) -> npt.NDArray[np.int32]:
    """Take raw values to the ranks of all versions, (versions, cities), a block at a time."""
    count = values.shape[1]
    shares = normalise(
        values,
        method="share",
        directions=np.ones(count, dtype=np.int64),
        codes=[str(n) for n in range(count)],
    )
    ranks = np.empty((weights.shape[1], len(values)), dtype=np.int32)
    ranker = RowRanker(len(values), ranks.dtype)
    for block, scores in multiplied_blocks(shares, weights):
        ranker.rank(scores, out=ranks[block])
    return ranks


def multiplied_blocks(shares: FloatArray, weights: FloatArray) -> Iterator[tuple[slice, FloatArray]]:
    """Multiply block after block of versions, (versions, cities), in the same piece of memory.

    Going through this is the bare product: the floor reuses its memory, too.
    """
    versions, cities = weights.shape[1], len(shares)
    scores = np.empty((BLOCK, cities))
    for start in range(0, versions, BLOCK):
        block = slice(start, min(start + BLOCK, versions))
        part = scores[: block.stop - start]
        np.matmul(weights[:, block].T, shares.T, out=part)
        yield block, part


def multiply(shares: FloatArray, weights: FloatArray) -> None:
    """Multiply the same blocks, and do nothing else."""
    for _block, _scores in multiplied_blocks(shares, weights):
        pass


def peer_rows(folder: Path) -> list[dict[str, object]]:
    """Time the same work in ours and in each other package; ranks must be equal."""
    values, weights = _inputs(CITIES, LEAVES, VERSIONS)
    np.save(folder / "values.npy", values)
    np.save(folder / "weights.npy", weights)
    with one_thread_processes(1) as pool:
        ours, bare, ranks = pool.submit(_time_ours, values, weights).result()
    command = [os.environ.get("QUANHENG_BENCH_PYTHON", PEERS), ROOT / "benchmarks" / "peers.py", folder]
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE, text=True)
    name = f"{VERSIONS:,} versions to min-ranks of {CITIES} x {LEAVES}"
    rows = [_row(f"{name}, bare chunked product", ours, bare, goal=3, better="lower")]
    for peer, seconds in json.loads(done.stdout.splitlines()[-1]).items():
        if not np.array_equal(ranks, np.load(folder / f"{peer}.npy")):
            raise AssertionError(f"{peer} ranks otherwise")
        rows.append(_row(f"{name}, {peer}", ours, seconds, goal=GOALS[peer], better="higher"))
    return rows


def growth_rows() -> list[dict[str, object]]:
    """Fit time = size ** exponent as cities, indicators and versions double, each alone."""
    with one_thread_processes(1) as pool:
        return [pool.submit(_growth, axis).result() for axis in range(3)]


def _growth(axis: int) -> dict[str, object]:
    sizes = [
        [n << step if place == axis else n for place, n in enumerate(START)] for step in range(DOUBLINGS + 1)
    ]
    times = []
    for size in sizes:
        values, weights = _inputs(*size)
        times.append(min(_seconds(partial(rank_versions, values, weights)) for _turn in range(3)))
    exponent = float(np.polyfit(np.log([size[axis] for size in sizes]), np.log(times), 1)[0])
    name = ("cities", "indicators", "versions")[axis]
    return {
        **_row(
            f"growth with {name}, {sizes[0][axis]:,} to {sizes[-1][axis]:,}",
            times[-1],
            times[0],
            1.1,
            "lower",
        ),
        "ratio": exponent,
        "milliseconds": [round(seconds * 1e3, 1) for seconds in times],
    }


def _time_ours(values: FloatArray, weights: FloatArray) -> tuple[float, float, npt.NDArray[np.int32]]:
    shares = values / values.sum(axis=0)
    ranks = rank_versions(values, weights)
    turns = [
        (_seconds(lambda: rank_versions(values, weights)), _seconds(lambda: multiply(shares, weights)))
        for _turn in range(REPEATS)
    ]
    return min(one for one, _ in turns), min(other for _, other in turns), ranks


def _inputs(cities: int, leaves: int, versions: int) -> tuple[FloatArray, FloatArray]:
    rng = np.random.default_rng(7)
    weights = rng.random((leaves, versions)) + 0.1
    return rng.lognormal(0, 1.5, (cities, leaves)), weights / weights.sum(axis=0)


def _row(name: str, ours: float, reference: float, goal: float, better: str) -> dict[str, object]:
    ratio = reference / ours if better == "higher" else ours / reference
    return {
        "name": name,
        "ours": ours * 1e3,
        "reference": reference * 1e3,
        "ratio": ratio,
        "goal": goal,
        "better": better,
    }


def _seconds(task: Callable[[], object]) -> float:
    start = time.process_time()
    task()
    return time.process_time() - start
