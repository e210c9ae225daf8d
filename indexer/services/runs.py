"""Runs: claimed under a lease, computed in one pass, stored whole or not at all."""

import hashlib
import logging
import math
import time
from contextlib import suppress
from dataclasses import dataclass
from itertools import repeat
from typing import Any

import numpy as np
from django.conf import settings
from django.db import DatabaseError, connection, transaction

from indexer.enums import Missing, RunStatus
from indexer.models import DataSet, IndexMethod, Run
from indexer.numeric.composite import composite_scores, node_scores
from indexer.numeric.ranking import min_ranks
from indexer.selectors.data_sets import Structure, normalise_data_set, structure_of
from indexer.selectors.jobs import interactive_work_waits, waiting_jobs
from indexer.services.failures import Failure, failure_of
from indexer.services.leases import (
    MAX_ATTEMPTS,
    end_job,
    keep_lease,
    lock_rows,
    release_jobs,
    rows_held,
    take_lease,
)
from indexer.services.preparations import record_preparation
from weighting.numeric.arrays import FloatArray
from weighting.selectors.versions import global_weights_of

logger = logging.getLogger(__name__)

# A claim holds this many fresh runs: normalising once serves them all, and a lease covers them.
CLAIM_SIZE = 64
# On SQLite a transaction keeps all other writers waiting, so a large result is stored in parts.
ROWS_PER_COMMIT = 20_000


@dataclass(frozen=True, eq=False)
class Result:
    """What one run came to: (cities,) and (cities, nodes)."""

    run: Run
    scores: FloatArray
    nodes: FloatArray


@transaction.atomic
def claim_runs(data_set_id: int) -> list[Run]:
    """Take waiting runs of one data set and method under one lease; none when none wait.

    Interactive ones come first, then the least tried, and a run that was tried before comes
    alone: one that kills its worker takes no others with it and does not stand in their way.
    """
    waiting = waiting_jobs(Run).filter(data_set=data_set_id, attempts__lt=MAX_ATTEMPTS)
    waiting = waiting.select_related("method", "weight_version").defer("weight_version__manifest")
    candidates = list(lock_rows(waiting.order_by("-queue", "attempts", "pk"))[:CLAIM_SIZE])
    claimed = [
        run
        for run in candidates
        if (run.method_id, run.queue, run.attempts) == (candidates[0].method_id, candidates[0].queue, 0)
    ]
    claimed = claimed or candidates[:1]
    if claimed:
        take_lease(claimed)
    return claimed


def compute_claimed_runs(runs: list[Run]) -> int:
    """Normalise once, weigh under every version at once, store each; return how many ended.

    A database that is away or full is no fault of the runs: they are put back.
    """
    try:
        with keep_lease(runs[0]):
            return _compute(runs)
    except DatabaseError:
        # Where even this cannot be written, the lease runs out.
        with suppress(DatabaseError):
            release_jobs(runs)
        raise


def compute_waiting_runs(data_set_id: int, *, seconds: float = math.inf) -> int:
    """Compute what waits for a data set; return how many runs ended.

    After ``seconds``, or when somebody waits for something else, the rest is left to others.
    """
    ended, stop_at = 0, time.monotonic() + seconds
    while runs := claim_runs(data_set_id):
        ended += compute_claimed_runs(runs)
        if time.monotonic() > stop_at or (seconds < math.inf and interactive_work_waits()):
            break
    return ended


def _compute(runs: list[Run]) -> int:
    data_set = DataSet.objects.get(pk=runs[0].data_set_id)
    method = runs[0].method
    structure = structure_of(data_set.framework_id)
    tree = structure.tree
    weights = global_weights_of([run.weight_version_id for run in runs])
    try:
        made = normalise_data_set(data_set, method, structure)
        normalised = made.values
        columns = np.stack([weights[run.weight_version_id][tree.leaves] for run in runs], axis=1)
        scores = composite_scores(normalised, columns, **_options(method), tree=tree)
    except DatabaseError:
        raise
    except Exception as error:
        return _fail(runs, error, data_set, structure)
    record_preparation(data_set, method, made.prepared)
    ended = 0
    for part in _parts(len(runs), cities=len(scores)):
        results = [
            Result(
                run=runs[place],
                scores=scores[:, place],
                nodes=node_scores(
                    tree, weights[runs[place].weight_version_id], normalised, **_options(method)
                ),
            )
            for place in part
        ]
        ended += _store(results, data_set)
    return ended


def _options(method: IndexMethod) -> dict[str, Any]:
    """What the composite needs of a method; zeros and means are filled in by then."""
    missing = "reweight" if method.missing == Missing.REWEIGHT else "refuse"
    return {"aggregation": method.aggregation, "missing": missing}


def _parts(runs: int, *, cities: int) -> list[range]:
    """Split the runs of a claim into transactions of a bearable size."""
    step = max(1, ROWS_PER_COMMIT // cities)
    return [range(start, min(start + step, runs)) for start in range(0, runs, step)]


@transaction.atomic
def _store(results: list[Result], data_set: DataSet) -> int:
    """Write whole results, except where the lease has passed to somebody else."""
    held = rows_held([result.run for result in results])
    kept = [result for result in results if result.run.pk in held]
    _insert_scores(kept, data_set)
    for result in kept:
        block = np.ascontiguousarray(result.nodes, dtype="<f8").tobytes()
        end_job(
            result.run,
            RunStatus.DONE,
            failure=[],
            data_sha256=data_set.sha256,
            manifest_hash=result.run.weight_version.manifest_hash,
            code_version=settings.CODE_VERSION,
            node_scores=block,
            result_sha256=hashlib.sha256(block + result.scores.astype("<f8").tobytes()).hexdigest(),
        )
    return len(kept)


def _insert_scores(results: list[Result], data_set: DataSet) -> None:
    """Insert a row per city and run; a model object for each would take most of a recompute."""
    rows = [
        row
        for result in results
        for row in zip(
            repeat(result.run.pk),
            data_set.city_ids,
            result.scores.tolist(),
            min_ranks(result.scores).tolist(),
            strict=False,
        )
    ]
    with connection.cursor() as cursor:
        cursor.executemany(
            'INSERT INTO indexer_cityscore (run_id, city_id, score, "rank") VALUES (%s, %s, %s, %s)', rows
        )


def _fail(runs: list[Run], error: Exception, data_set: DataSet, structure: Structure) -> int:
    """End a run that cannot be computed; of several, find out which by computing each alone."""
    if len(runs) > 1:
        return sum(_compute([run]) for run in runs)
    return _store_failure(
        runs[0], failure_of(error, codes=structure.tree.leaf_codes, units=data_set.city_ids)
    )


@transaction.atomic
def _store_failure(run: Run, failure: list[Failure]) -> int:
    if run.pk not in rows_held([run]):
        return 0
    end_job(run, RunStatus.FAILED, failure=failure)
    logger.warning("run %s failed: %s", run.pk, ", ".join(reason["kind"] for reason in failure))
    return 1
