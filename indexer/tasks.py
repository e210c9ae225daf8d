"""What Celery runs. Arguments are ids; every task may be delivered twice or die half-way."""

import logging

from celery import shared_task

from indexer.selectors.runs import data_sets_with_waiting_runs
from indexer.selectors.studies import studies_under_way
from indexer.services.runs import compute_waiting_runs, fail_exhausted_runs
from indexer.services.studies import count_waiting_parts, fail_exhausted_studies

# Far below the time limit, which would end an innocent run; the sweeper sends for what is left.
TURN_SECONDS = 120
# The sweeper sends again anyway: old messages must not pile up behind a long computation.
SWEEP_EXPIRES = 30

logger = logging.getLogger(__name__)


@shared_task
def compute_runs(data_set_id: int) -> int:
    """Compute the waiting runs of a data set; return how many this call finished."""
    finished = compute_waiting_runs(data_set_id, seconds=TURN_SECONDS)
    logger.info("data set %s: %s runs finished", data_set_id, finished)
    return finished


@shared_task(expires=SWEEP_EXPIRES)
def sweep_runs() -> None:
    """Send again what nobody took, and give up on runs that were tried too often."""
    fail_exhausted_runs()
    for data_set_id in data_sets_with_waiting_runs():
        compute_runs.apply_async([data_set_id], expires=SWEEP_EXPIRES)


@shared_task
def count_study(study_id: int) -> int:
    """Count the waiting parts of a study; return how many this call stored."""
    stored = count_waiting_parts(study_id, seconds=TURN_SECONDS)
    logger.info("study %s: %s parts counted", study_id, stored)
    return stored


@shared_task(expires=SWEEP_EXPIRES)
def sweep_studies() -> None:
    """Send again for studies that wait, and give up on parts that were tried too often."""
    fail_exhausted_studies()
    for study_id in studies_under_way():
        count_study.apply_async([study_id], expires=SWEEP_EXPIRES)
