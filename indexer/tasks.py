"""What Celery runs. Arguments are ids; every task may be delivered twice or die half-way."""

import logging

from celery import shared_task

from indexer.selectors.runs import data_sets_with_waiting_runs
from indexer.services.runs import claim_runs, compute_claimed_runs, fail_exhausted_runs

logger = logging.getLogger(__name__)


@shared_task
def compute_runs(data_set_id: int) -> int:
    """Compute every waiting run of a data set; return how many this call finished."""
    finished = 0
    while runs := claim_runs(data_set_id):
        finished += compute_claimed_runs(runs)
    logger.info("data set %s: %s runs finished", data_set_id, finished)
    return finished


@shared_task(expires=30)
def sweep_runs() -> None:
    """Send again what nobody took, and give up on runs that were tried too often."""
    fail_exhausted_runs()
    for data_set_id in data_sets_with_waiting_runs():
        compute_runs.delay(data_set_id)
