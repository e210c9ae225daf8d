"""Runs: claimed under a lease, computed in one pass, stored whole or not at all."""

import hashlib
import logging
import uuid
from datetime import timedelta
from typing import Any

import numpy as np
from django.conf import settings
from django.db import connection, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from indexer.enums import Missing, RunStatus
from indexer.models import CityScore, DataSet, IndexMethod, Run
from indexer.numeric.composite import composite_scores, node_scores
from indexer.numeric.ranking import min_ranks
from indexer.selectors.data_sets import normalised_values, tree_of_framework
from weighting.exceptions import Refused
from weighting.models import Account, WeightVersion
from weighting.numeric.arrays import FloatArray
from weighting.selectors.versions import global_weights_of
from weighting.services.audit import record_act

logger = logging.getLogger(__name__)

LEASE = timedelta(seconds=60)
MAX_ATTEMPTS = 25
# A claim holds this many runs: normalising once serves them all, and a lease covers them.
CLAIM_SIZE = 64


@transaction.atomic
def claim_runs(data_set_id: int) -> list[Run]:
    """Take waiting runs of one data set and method under one lease; none when none wait."""
    waiting = _waiting().filter(data_set=data_set_id, attempts__lt=MAX_ATTEMPTS).order_by("pk")
    if connection.features.has_select_for_update_skip_locked:
        waiting = waiting.select_for_update(skip_locked=True)
    candidates = list(waiting[:CLAIM_SIZE])
    claimed = [run for run in candidates if run.method_id == candidates[0].method_id]
    lease, now = uuid.uuid4(), timezone.now()
    for run in claimed:
        run.status, run.lease, run.lease_until = RunStatus.RUNNING, lease, now + LEASE
        run.started_at, run.attempts = now, run.attempts + 1
    Run.objects.bulk_update(claimed, ["status", "lease", "lease_until", "started_at", "attempts"])
    return claimed


def compute_claimed_runs(runs: list[Run]) -> int:
    """Normalise once, weigh under every version at once, store each; return how many ended."""
    data_set = DataSet.objects.select_related("framework").get(pk=runs[0].data_set_id)
    method = runs[0].method
    tree = tree_of_framework(data_set.framework_id)
    weights = global_weights_of([run.weight_version_id for run in runs])
    try:
        normalised = normalised_values(data_set, method)
        columns = np.stack([weights[run.weight_version_id][tree.leaves] for run in runs], axis=1)
        scores = composite_scores(normalised, columns, **_options(method), tree=tree)
    except ValueError as error:
        return sum(_fail(run, str(error)) for run in runs)
    ended = 0
    for run, column in zip(runs, scores.T, strict=True):
        nodes = node_scores(tree, weights[run.weight_version_id], normalised, **_options(method))
        ended += _store(run, data_set, column, nodes)
        _renew_lease(run)
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


@transaction.atomic
def _store(run: Run, data_set: DataSet, scores: FloatArray, nodes: FloatArray) -> int:
    """Write the whole result, unless the lease has passed to somebody else."""
    held = _hold(run)
    if held is None:
        return 0
    ranks = min_ranks(scores)
    rows = zip(data_set.city_ids, scores.tolist(), ranks.tolist(), strict=True)
    CityScore.objects.bulk_create(
        [CityScore(run=held, city_id=city_id, score=score, rank=rank) for city_id, score, rank in rows]
    )
    block = np.ascontiguousarray(nodes, dtype="<f8").tobytes()
    held.status, held.lease, held.lease_until, held.error = RunStatus.DONE, None, None, ""
    held.finished_at = timezone.now()
    held.data_sha256 = data_set.sha256
    held.manifest_hash = WeightVersion.objects.values_list("manifest_hash", flat=True).get(
        pk=held.weight_version_id
    )
    held.code_version = settings.CODE_VERSION
    held.node_scores = block
    held.result_sha256 = hashlib.sha256(block + scores.astype("<f8").tobytes()).hexdigest()
    held.save()
    return 1


@transaction.atomic
def _fail(run: Run, error: str) -> int:
    held = _hold(run)
    if held is None:
        return 0
    held.status, held.lease, held.lease_until = RunStatus.FAILED, None, None
    held.finished_at, held.error = timezone.now(), error
    held.save()
    logger.warning("run %s failed", run.pk)
    return 1


def _hold(run: Run) -> Run | None:
    """Lock the row if this lease still holds it."""
    held = Run.objects.select_for_update().filter(pk=run.pk, status=RunStatus.RUNNING, lease=run.lease)
    return held.first()


def _renew_lease(run: Run) -> None:
    """Keep what is left of the claim while the work goes on."""
    Run.objects.filter(lease=run.lease).update(lease_until=timezone.now() + LEASE)


def _waiting() -> QuerySet[Run]:
    lapsed = Q(status=RunStatus.RUNNING, lease_until__lte=timezone.now())
    return Run.objects.filter(Q(status=RunStatus.QUEUED) | lapsed).select_related("method")
