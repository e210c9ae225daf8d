"""Runs: claimed under a lease, computed in one pass, stored whole or not at all."""

import logging
import math
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from django.db import DatabaseError, transaction

from config.stopping import is_stopping
from indexer.enums import RunStatus
from indexer.models import DataSet, IndexMethod, Run
from indexer.numeric.method.leaf_steps import NormalisedLeaves
from indexer.numeric.scores.node_scores import score_nodes
from indexer.numeric.scores.packed_ranking import ranks_by_row
from indexer.selectors.data_sets import PACKED, count_units, normalise_data_set, structure_of
from indexer.selectors.faults import Failure
from indexer.selectors.jobs import interactive_work_waits, waiting_jobs
from indexer.selectors.plans import plan_of
from indexer.selectors.stored_values import load_values
from indexer.services.failures import failure_of
from indexer.services.leases import (
    MOST_DEATHS,
    end_job,
    keep_lease,
    lock_rows,
    release,
    rows_held,
    settle_releases,
    take_lease,
)
from indexer.services.preparations import record_preparation
from indexer.services.run_results import Results, checksums, store_results
from indexer.services.storing import storing
from weighting.models import WeightVersion
from weighting.selectors.versions import global_weights_of

logger = logging.getLogger(__name__)

# A claim is computed in one pass and stored in one transaction, which on SQLite keeps all other
# writers waiting; and it is what one of several workers takes at a time.
CLAIM_ROWS = 50_000
# Of few units: so many can be named in one statement.
MOST_CLAIMED = 1_000
# What a claim reads of a run. All else is read once the lock is free.
CLAIMED = ("data_set", "weight_version", "method", "queue", "attempts")


@dataclass(frozen=True)
class Failed:
    """A run that cannot be computed, and why."""

    run: Run
    failure: list[Failure]


class Workbench:
    """A data set as its worker needs it: loaded and normalised once for many claims."""

    def __init__(self, data_set_id: int) -> None:
        self.data_set = DataSet.objects.defer(*PACKED).get(pk=data_set_id)
        self.structure = structure_of(self.data_set.framework_id)
        self.units = len(self.data_set.city_ids)
        self._method: int | None = None
        self._made: NormalisedLeaves | None = None

    def normalised(self, method: IndexMethod) -> NormalisedLeaves:
        """Return the normalised values, (units, leaves), each leaf in one piece of memory."""
        if self._made is None or self._method != method.pk:
            self._made = None
            whole = DataSet.objects.defer("values", "mapping").get(pk=self.data_set.pk)
            load_values(whole)
            made = normalise_data_set(whole, method, self.structure, order="F")
            record_preparation(whole, method, made)
            self._made, self._method = made, method.pk
        return self._made


@transaction.atomic
def claim_runs(data_set_id: int, units: int | None = None) -> list[Run]:
    """Take waiting runs of one data set and method under one lease; none when none wait.

    ``units`` is how many the data set has, where that is known.

    Interactive ones come first, then the least tried, and a run that was tried before comes
    alone: one that kills its worker takes no others with it and does not stand in their way.
    """
    settle_releases()
    # One pass over the data serves as many runs as a claim holds.
    size = min(MOST_CLAIMED, max(1, CLAIM_ROWS // (units or count_units(data_set_id))))
    waiting = waiting_jobs(Run).filter(data_set=data_set_id, attempts__lt=MOST_DEATHS).only(*CLAIMED)
    candidates = list(lock_rows(waiting.order_by("-queue", "attempts", "pk"))[:size])
    claimed = [
        run
        for run in candidates
        if (run.method_id, run.queue, run.attempts) == (candidates[0].method_id, candidates[0].queue, 0)
    ]
    claimed = claimed or candidates[:1]
    if claimed:
        take_lease(claimed)
    return claimed


def compute_waiting_runs(data_set_id: int, *, seconds: float = math.inf) -> int:
    """Compute what waits for a data set; return how many runs ended.

    After ``seconds``, or when somebody waits for something else, the rest is left to others.
    """
    stop_at = time.monotonic() + seconds

    def goes_on() -> bool:
        is_over = time.monotonic() > stop_at or is_stopping()
        return not is_over and (seconds == math.inf or not interactive_work_waits())

    with storing():
        ended, bench, runs = 0, None, claim_runs(data_set_id)
    while runs:
        bench = bench or Workbench(data_set_id)
        stored, runs = compute_claimed_runs(runs, bench, goes_on=goes_on)
        ended += stored
    return ended


def compute_claimed_runs(
    runs: list[Run], bench: Workbench, *, goes_on: Callable[[], bool]
) -> tuple[int, list[Run]]:
    """Compute runs and store them; return how many ended, and what was claimed with their storing.

    More is claimed where the worker ``goes_on``, which is asked before anybody waits for what is stored.

    A database that is away or full is no fault of the runs: they are put back.

    In one transaction: a worker that had to ask for SQLite's lock again would find the next one
    writing, and all would compute, and write, at the same time.
    """
    try:
        with keep_lease(runs[0]):
            _load_what_is_shared(runs)
            outcomes, is_more_wanted = _compute(runs, bench), goes_on()
            with storing(sum(outcome.size for outcome in outcomes if isinstance(outcome, Results))):
                stored = sum(_store(outcome, bench.data_set) for outcome in outcomes)
                return stored, claim_runs(bench.data_set.pk, bench.units) if is_more_wanted else []
    except DatabaseError:
        release(runs[0], status=RunStatus.QUEUED)
        raise


def _load_what_is_shared(runs: list[Run]) -> None:
    """Load the method and the versions of claimed runs.

    Not by `prefetch_related_objects`, which asks SQLite for as many alternatives as there are versions: it
    takes no thousand.
    """
    method = IndexMethod.objects.get(pk=runs[0].method_id)
    versions = WeightVersion.objects.defer("manifest").in_bulk({run.weight_version_id for run in runs})
    for run in runs:
        run.method, run.weight_version = method, versions[run.weight_version_id]


def _compute(runs: list[Run], bench: Workbench) -> list[Results | Failed]:
    """Return the results of the runs together; where that fails, what became of each alone."""
    tree, plan = bench.structure.tree, plan_of(runs[0].method)
    weights = global_weights_of([run.weight_version_id for run in runs])
    columns = np.stack([weights[run.weight_version_id][tree.leaves] for run in runs], axis=1)
    try:
        made = bench.normalised(runs[0].method)
        scored = score_nodes(
            tree,
            columns,
            made.values,
            plan.node_steps(tree),
            missing="reweight" if plan.leaves_gaps(tree) else "refuse",
            given=made.given if plan.may_leave_out else None,
        )
        sha256 = checksums(scored.scores, scored.inner, tree.inner)
        ranks = ranks_by_row(scored.scores)
        return [Results(runs, scored.scores, ranks, scored.inner, tree.inner, sha256)]
    except DatabaseError:
        raise
    except Exception as error:
        if len(runs) > 1:
            return [outcome for run in runs for outcome in _compute([run], bench)]
        return [Failed(runs[0], failure_of(error, codes=tree.leaf_codes, units=bench.data_set.city_ids))]


def _store(outcome: Results | Failed, data_set: DataSet) -> int:
    """Write what runs came to; return how many ended thereby. The caller holds a transaction."""
    if isinstance(outcome, Results):
        return store_results(outcome, data_set)
    if outcome.run.pk not in rows_held([outcome.run]):
        return 0
    end_job(outcome.run, RunStatus.FAILED, failure=outcome.failure)
    kinds = ", ".join(reason["kind"] for reason in outcome.failure)
    logger.warning("run %s failed: %s", outcome.run.pk, kinds)
    return 1
