"""Runs: claimed under a lease, computed in one pass, stored whole or not at all."""

import hashlib
import logging
import math
import time
import uuid
from dataclasses import dataclass
from itertools import repeat
from typing import Any

import numpy as np
from django.conf import settings
from django.db import connection, transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from indexer.enums import Missing, RunStatus
from indexer.models import DataSet, IndexMethod, Run
from indexer.numeric.composite import composite_scores, node_scores
from indexer.numeric.ranking import min_ranks
from indexer.selectors.data_sets import normalise_data_set, structure_of
from indexer.services.leases import keep_lease, lease_time
from indexer.services.preparations import record_preparation
from weighting.exceptions import Refused
from weighting.models import Account
from weighting.numeric.arrays import FloatArray
from weighting.selectors.versions import global_weights_of
from weighting.services.audit import record_act

logger = logging.getLogger(__name__)

MAX_ATTEMPTS = 25
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

    The least tried come first, and a run that was tried before comes alone: one that kills
    its worker takes no others with it and does not stand in their way.
    """
    waiting = _waiting().filter(data_set=data_set_id, attempts__lt=MAX_ATTEMPTS)
    waiting = waiting.select_related("method", "weight_version").defer("weight_version__manifest")
    candidates = list(_locked(waiting.order_by("attempts", "pk"))[:CLAIM_SIZE])
    claimed = [run for run in candidates if run.method_id == candidates[0].method_id and not run.attempts]
    claimed = claimed or candidates[:1]
    lease, now = uuid.uuid4(), timezone.now()
    changes = {
        "status": RunStatus.RUNNING,
        "lease": lease,
        "lease_until": now + lease_time(),
        "started_at": now,
    }
    taken = [run.pk for run in claimed]
    if taken:
        Run.objects.filter(pk__in=taken).update(**changes, attempts=F("attempts") + 1)
    for run in claimed:
        run.lease, run.attempts = lease, run.attempts + 1
    return claimed


def compute_claimed_runs(runs: list[Run]) -> int:
    """Normalise once, weigh under every version at once, store each; return how many ended."""
    data_set = DataSet.objects.get(pk=runs[0].data_set_id)
    method = runs[0].method
    structure = structure_of(data_set.framework_id)
    tree = structure.tree
    weights = global_weights_of([run.weight_version_id for run in runs])
    with keep_lease(runs[0]):
        try:
            made = normalise_data_set(data_set, method, structure)
            normalised = made.values
            columns = np.stack([weights[run.weight_version_id][tree.leaves] for run in runs], axis=1)
            scores = composite_scores(normalised, columns, **_options(method), tree=tree)
        except ValueError as error:
            return _fail(runs, error)
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


def compute_waiting_runs(data_set_id: int, *, seconds: float = math.inf) -> int:
    """Claim and compute until nothing waits or the time is up; return how many runs ended."""
    started, ended = time.monotonic(), 0
    while time.monotonic() - started < seconds and (runs := claim_runs(data_set_id)):
        ended += compute_claimed_runs(runs)
    return ended


def fail_exhausted_runs() -> int:
    """Give up on runs that were tried too often, and say so."""
    tired = _waiting().filter(attempts__gte=MAX_ATTEMPTS)
    message = _("Tried %(count)d times without an end: ask the operator to look at the worker's log.")
    return tired.update(
        status=RunStatus.FAILED,
        lease=None,
        lease_until=None,
        finished_at=timezone.now(),
        error=message % {"count": MAX_ATTEMPTS},
    )


@transaction.atomic
def requeue_failed_run(run: Run, *, actor: Account) -> Run:
    """Put a failed run back in the queue with fresh attempts."""
    run = Run.objects.select_for_update().get(pk=run.pk)
    if run.status != RunStatus.FAILED:
        raise Refused(_("Only a failed run can be tried again."))
    run.status, run.attempts, run.error, run.finished_at = RunStatus.QUEUED, 0, "", None
    run.save()
    record_act(actor, "retry", run)
    return run


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
    held = _hold([result.run for result in results])
    kept = [result for result in results if result.run.pk in held]
    _insert_scores(kept, data_set)
    for result in kept:
        block = np.ascontiguousarray(result.nodes, dtype="<f8").tobytes()
        _end(
            result.run,
            RunStatus.DONE,
            error="",
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


def _fail(runs: list[Run], error: ValueError) -> int:
    """End a run that cannot be computed; of several, find out which by computing each alone."""
    if len(runs) > 1:
        return sum(compute_claimed_runs([run]) for run in runs)
    return _store_failure(runs[0], str(error))


@transaction.atomic
def _store_failure(run: Run, error: str) -> int:
    if run.pk not in _hold([run]):
        return 0
    _end(run, RunStatus.FAILED, error=error)
    logger.warning("run %s failed", run.pk)
    return 1


def _hold(runs: list[Run]) -> set[int]:
    """Lock the rows that the lease of these runs still holds; return their ids."""
    held = Run.objects.select_for_update().filter(
        pk__in=[run.pk for run in runs], status=RunStatus.RUNNING, lease=runs[0].lease
    )
    return set(held.values_list("pk", flat=True))


def _end(run: Run, status: RunStatus, **outcome: Any) -> None:
    Run.objects.filter(pk=run.pk).update(
        status=status, lease=None, lease_until=None, finished_at=timezone.now(), **outcome
    )


def _waiting() -> QuerySet[Run]:
    lapsed = Q(status=RunStatus.RUNNING, lease_until__lte=timezone.now())
    return Run.objects.filter(Q(status=RunStatus.QUEUED) | lapsed)


def _locked(runs: QuerySet[Run]) -> QuerySet[Run]:
    """Lock the rows and pass by those another worker is taking; SQLite's lock is the transaction."""
    if connection.features.has_select_for_update_skip_locked:
        # Of the run alone: a lock on the shared method would hide every other data set's runs.
        return runs.select_for_update(skip_locked=True, of=("self",))
    return runs
