"""What Celery runs. Arguments are ids; every task may be delivered twice or die half-way."""

import logging

from celery import shared_task
from django.conf import settings

from indexer.enums import Queue
from indexer.models import DataSet
from indexer.selectors.jobs import kinds_of_jobs
from indexer.selectors.published import due_editions
from indexer.selectors.runs import data_sets_with_waiting_runs, progress_of_data_set
from indexer.selectors.studies import queue_of_study, studies_under_way
from indexer.services.facts import keep_waiting_facts, request_run_facts, write_missing_facts
from indexer.services.import_drafts import discard_old_imports
from indexer.services.leases import give_up_exhausted
from indexer.services.published import release_due_edition
from indexer.services.runs import compute_waiting_runs
from indexer.services.studies import count_waiting_parts, fail_exhausted_studies

# The sweeper sends again anyway: old messages must not pile up behind a long computation.
SWEEP_EXPIRES = 30

logger = logging.getLogger(__name__)


@shared_task
def compute_runs(data_set_id: int) -> int:
    """Compute waiting runs of a data set for one turn; return how many this call finished.

    A turn is short, and what is left goes to the end of its queue: a worker soon looks again
    for something that somebody waits for.
    """
    finished = compute_waiting_runs(data_set_id, seconds=settings.RUN_TURN_SECONDS)
    _log_progress(data_set_id, finished)
    queue = data_sets_with_waiting_runs().get(data_set_id)
    if queue:
        send_runs(data_set_id, queue)
    return finished


@shared_task(expires=SWEEP_EXPIRES)
def sweep_runs() -> None:
    """Send again what nobody took, and give up on jobs that were tried too often."""
    for kind in kinds_of_jobs():
        give_up_exhausted(kind)
    for data_set_id, queue in data_sets_with_waiting_runs().items():
        send_runs(data_set_id, queue)


@shared_task
def count_study(study_id: int) -> int:
    """Count waiting parts of a study for one turn; return how many this call stored."""
    stored = count_waiting_parts(study_id, seconds=settings.RUN_TURN_SECONDS)
    logger.info("study %s: %s parts counted", study_id, stored)
    if stored:
        send_study(study_id)
    return stored


@shared_task(expires=SWEEP_EXPIRES)
def sweep_studies() -> None:
    """Send again for studies that wait, and give up on parts that were tried too often."""
    fail_exhausted_studies()
    for study_id in studies_under_way():
        send_study(study_id)


@shared_task
def keep_facts(run_id: int | None = None) -> bool:
    """Work out the facts of what waits longest, of a run that is asked for, too; say whether any did."""
    if run_id is not None:
        request_run_facts(run_id)
    return keep_waiting_facts()


@shared_task(expires=SWEEP_EXPIRES)
def sweep_facts() -> None:
    """Ask for facts of what is large and has none; a worker takes one at a time."""
    if write_missing_facts():
        keep_facts.apply_async(queue=Queue.BULK, expires=SWEEP_EXPIRES)


@shared_task(expires=SWEEP_EXPIRES)
def release_editions() -> list[int]:
    """Show strangers every edition whose embargo has passed; return which this call released."""
    released = [edition.pk for edition in due_editions() if release_due_edition(edition)]
    if released:
        logger.info("editions released after their embargo: %s", released)
    return released


@shared_task(expires=SWEEP_EXPIRES)
def clear_imports() -> None:
    """Throw away drafts of imports that nobody stored in time."""
    discard_old_imports()


def send_study(study_id: int) -> None:
    """Tell one more worker that parts of a study wait."""
    count_study.apply_async([study_id], queue=queue_of_study(study_id), expires=SWEEP_EXPIRES)


def send_runs(data_set_id: int, queue: str) -> None:
    """Tell one more worker that runs of a data set wait."""
    compute_runs.apply_async([data_set_id], queue=queue, expires=SWEEP_EXPIRES)


def _log_progress(data_set_id: int, finished: int) -> None:
    progress = progress_of_data_set(DataSet(pk=data_set_id))
    logger.info(
        "data set %s: %s runs finished, %s of %s, %.1f a second, %.0f s left",
        data_set_id,
        finished,
        progress.done,
        progress.total,
        progress.rate or 0.0,
        progress.seconds_left or 0.0,
    )
