"""Facts of large data sets and rankings: worked out once, under a lease, by a worker."""

import logging
from typing import TypeVar

from django.db import DatabaseError, transaction

from indexer.enums import Queue, RunStatus
from indexer.models import DataFacts, DataSet, Run, RunFacts
from indexer.numeric.studies.blocks import pack_arrays
from indexer.selectors.coherence import arrays_to_keep_of_run
from indexer.selectors.data_facts import arrays_to_keep, data_sets_without_facts, is_large
from indexer.selectors.data_sets import PACKED
from indexer.selectors.fragility import changes_to_keep
from indexer.selectors.jobs import waiting_jobs
from indexer.selectors.run_facts import public_runs_without_facts
from indexer.services.binding import bound_blocks
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
from indexer.services.storing import storing

KINDS = (DataFacts, RunFacts)
AnyFacts = TypeVar("AnyFacts", DataFacts, RunFacts)

logger = logging.getLogger(__name__)


def write_missing_facts() -> int:
    """Write a job for each large data set and public ranking that has none; return how many wait."""
    data_sets = data_sets_without_facts().values_list("pk", flat=True)
    DataFacts.objects.bulk_create(
        [DataFacts(data_set_id=pk, queue=Queue.BULK) for pk in data_sets], ignore_conflicts=True
    )
    runs = public_runs_without_facts().values_list("pk", flat=True)
    RunFacts.objects.bulk_create(
        [RunFacts(run_id=pk, queue=Queue.BULK) for pk in runs], ignore_conflicts=True
    )
    return sum(waiting_jobs(kind).filter(attempts__lt=MOST_DEATHS).count() for kind in KINDS)


def request_run_facts(run_id: int) -> None:
    """Write a job for a large finished run, unless there is one."""
    run = Run.objects.filter(pk=run_id, status=RunStatus.DONE).select_related("data_set")
    found = run.defer("node_scores", *(f"data_set__{column}" for column in PACKED)).first()
    if found is not None and is_large(found.data_set):
        RunFacts.objects.get_or_create(run_id=run_id, defaults={"queue": Queue.BULK})


def keep_waiting_facts() -> bool:
    """Work out the facts of one thing that waits and keep them; return whether there was one."""
    facts = _claim(DataFacts) or _claim(RunFacts)
    if facts is None:
        return False
    try:
        with keep_lease(facts):
            status, outcome = _work_out(facts)
            with storing(), bound_blocks():
                if rows_held([facts]):
                    end_job(facts, status, **outcome)
    except DatabaseError:
        release(facts, status=RunStatus.QUEUED)
        raise
    return True


@transaction.atomic
def _claim(kind: type[AnyFacts]) -> AnyFacts | None:
    settle_releases()
    waiting = waiting_jobs(kind).filter(attempts__lt=MOST_DEATHS).defer("block")
    facts = lock_rows(waiting.order_by("attempts", "pk")).first()
    if facts is not None:
        take_lease([facts])
    return facts


def _work_out(facts: DataFacts | RunFacts) -> tuple[RunStatus, dict[str, object]]:
    """Return how the job ends, and with what."""
    data_set_id = facts.run.data_set_id if isinstance(facts, RunFacts) else facts.data_set_id
    data_set = DataSet.objects.defer(*PACKED).get(pk=data_set_id)
    try:
        if isinstance(facts, RunFacts):
            block = pack_arrays(arrays_to_keep_of_run(facts.run_id))
            return RunStatus.DONE, {"block": block, "changes": pack_arrays(changes_to_keep(facts.run_id))}
        return RunStatus.DONE, {"block": pack_arrays(arrays_to_keep(data_set))}
    except DatabaseError:
        raise
    except Exception as error:
        logger.warning("%s cannot be worked out", facts)
        failure = failure_of(error, codes=data_set.leaf_codes, units=data_set.city_ids)
        return RunStatus.FAILED, {"failure": failure}
