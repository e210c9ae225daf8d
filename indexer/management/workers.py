"""Processes of one BLAS thread each, that count the draws of a study between them."""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from functools import reduce
from multiprocessing import get_context
from operator import add
from typing import Any

from indexer.numeric.studies.rank_counts import RankCounts
from indexer.numeric.studies.uncertainty import RankStudy

THREAD_VARIABLES = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
# Enough to even out the work, few enough that merging costs next to nothing.
SHARES_PER_WORKER = 4

# The study of this worker process, sent once and not with every share.
_own: dict[str, RankStudy] = {}


def count_with_workers(study: RankStudy, workers: int) -> RankCounts:
    """Count all chunks of the study; the same counts for any number of workers.

    A single worker is a process of its own, too: BLAS reads how many threads it may use when
    it is loaded, and another number of threads may change the last bit of a score.
    """
    count = min(study.chunks, workers * SHARES_PER_WORKER)
    with one_thread_processes(workers, keep_study, study) as pool:
        return reduce(
            add, pool.map(count_share, [range(share, study.chunks, count) for share in range(count)])
        )


@contextmanager
def one_thread_processes(
    workers: int, prepare: Callable[..., object] | None = None, *arguments: Any
) -> Iterator[ProcessPoolExecutor]:
    """Start fresh processes, which load NumPy under the limit on threads."""
    before = {name: os.environ.get(name) for name in THREAD_VARIABLES}
    os.environ.update(dict.fromkeys(THREAD_VARIABLES, "1"))
    try:
        with ProcessPoolExecutor(workers, get_context("spawn"), prepare, arguments) as pool:
            yield pool
    finally:
        for name, value in before.items():
            os.environ.pop(name)
            if value is not None:
                os.environ[name] = value


def keep_study(study: RankStudy) -> None:
    """Keep the study in this worker process."""
    _own["study"] = study


def count_share(chunks: range) -> RankCounts:
    """Count some chunks of the study that this process keeps."""
    return _own["study"].count(chunks)
