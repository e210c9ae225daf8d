"""Job row first, wake-up after the commit.

The row is the truth: a lost message costs seconds, until the sweeper sends it again.
"""

import logging
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, TypeVar

from celery import current_app
from django.db import transaction
from kombu.exceptions import OperationalError
from redis import RedisError

from indexer.enums import Queue
from indexer.models import DataFacts, DataSet, IndexMethod, Run, RunFacts, Study
from indexer.selectors.methods import frozen_versions_of
from indexer.selectors.runs import data_sets_with_waiting_runs
from indexer.selectors.studies import UNDER_WAY, queue_of_study
from indexer.services.common_bounds import request_runs_of_years
from indexer.services.jobs import cancel_job, requeue_job
from indexer.services.methods import request_runs
from indexer.services.queueing import write_runs
from indexer.services.studies import plan_study, retry_study
from indexer.tasks import SWEEP_EXPIRES, compute_runs, count_study, keep_facts
from weighting.dispatch import IMPATIENT
from weighting.models import Account, WeightVersion

# How many workers are told of bulk work at once.
HELPERS = 8

AnyFacts = TypeVar("AnyFacts", DataFacts, RunFacts)

logger = logging.getLogger(__name__)

# As many workers as a study calls for at most; those that come too late find nothing to do.
STUDY_WORKERS = 4


def queue_runs_of_version(version: WeightVersion) -> None:
    """Write a job for every data set of the version's framework."""
    data_sets = DataSet.objects.filter(framework=version.framework_id).defer("values", "totals", "auxiliary")
    _queue([Run(data_set=d, weight_version=version, method_id=d.method_id) for d in data_sets])


def queue_runs_of_data_set(data_set: DataSet, versions: Sequence[WeightVersion] | None = None) -> None:
    """Write a job for each of some frozen versions, or for every one of the data set's framework."""
    chosen = frozen_versions_of(data_set.framework_id) if versions is None else versions
    _queue(
        [Run(data_set=data_set, weight_version=version, method_id=data_set.method_id) for version in chosen]
    )


@transaction.atomic
def compute_with_method(
    data_set: DataSet, *, versions: Sequence[WeightVersion], method: IndexMethod, actor: Account
) -> int:
    """Queue runs of a data set by another method than its own; return how many are new."""
    new = request_runs(data_set, versions=versions, method=method, actor=actor)
    if new:
        queue = data_sets_with_waiting_runs()[data_set.pk]
        transaction.on_commit(partial(wake_workers, [data_set.pk], queue=queue))
    return new


@transaction.atomic
def compute_years_together(
    data_set: DataSet, *, versions: Sequence[WeightVersion], method: IndexMethod, actor: Account
) -> tuple[IndexMethod, int]:
    """Queue runs of all years of a series by one method with common bounds; return it, and the new ones."""
    common, new = request_runs_of_years(data_set, versions=versions, method=method, actor=actor)
    waiting = data_sets_with_waiting_runs()
    for pk in (pk for pk, count in new.items() if count):
        transaction.on_commit(partial(wake_workers, [pk], queue=waiting[pk]))
    return common, sum(new.values())


@transaction.atomic
def retry_run(run: Run, *, actor: Account) -> Run:
    """Put a failed or cancelled run back in the queue, and wake a worker for it."""
    run = requeue_job(run, actor=actor)
    transaction.on_commit(partial(wake_workers, [run.data_set_id], queue=run.queue))
    return run


@transaction.atomic
def ask_study(run: Run, *, kind: str, sent: Mapping[str, Any], actor: Account) -> Study:
    """Ask a question about a finished run, and wake workers where it is not answered yet.

    Raises as `plan_study` does.
    """
    study = plan_study(run, kind=kind, sent=sent, actor=actor)
    if study.status in UNDER_WAY:
        _queue_study(study)
    return study


@transaction.atomic
def resume_study(study: Study, *, actor: Account) -> Study:
    """Go on with a study that failed or was cancelled, and wake workers for it."""
    study = retry_study(study, actor=actor)
    _queue_study(study)
    return study


def cancel_run(run: Run, *, actor: Account) -> Run:
    """Take a run out of the queue; the worker that computes it finds its lease gone."""
    return cancel_job(run, actor=actor)


def wake_workers(data_set_ids: list[int], *, queue: str = Queue.INTERACTIVE) -> None:
    """Tell the workers that runs of some data sets wait; without a broker the sweeper will.

    Bulk work is told to several: those that come late find nothing and end at once.
    """
    messages = data_set_ids * (HELPERS if queue == Queue.BULK else 1)
    try:
        with current_app.connection_for_write(transport_options=IMPATIENT) as connection:
            for data_set_id in messages:
                compute_runs.apply_async([data_set_id], queue=queue, connection=connection, retry=False)
    except (OperationalError, RedisError) as error:
        logger.warning("no broker (%s): runs wait for the sweeper", type(error).__name__)


def ask_run_facts(run: Run) -> None:
    """Have a worker work out what there is to know of a large run, unless one is at it.

    The web process stores nothing: who asks again, as a waiting page does, makes up for a lost message.
    """
    _wake_for_facts([run.pk])


@transaction.atomic
def retry_facts(facts: AnyFacts, *, actor: Account) -> AnyFacts:
    """Have facts worked out again that failed or were cancelled; rankings still go first."""
    facts = requeue_job(facts, actor=actor, queue=Queue.BULK)
    transaction.on_commit(partial(_wake_for_facts, []))
    return facts


def cancel_facts(facts: AnyFacts, *, actor: Account) -> AnyFacts:
    """Leave facts to whoever asks for them; the worker that is at them finds its lease gone."""
    return cancel_job(facts, actor=actor)


def _queue_study(study: Study) -> None:
    """Wake workers for a study that was planned or taken up again; each takes parts until none waits."""
    workers = min(study.parts.filter(block__isnull=True).count(), STUDY_WORKERS)
    transaction.on_commit(partial(_wake_for_study, study.pk, workers, queue_of_study(study.pk)))


def _wake_for_study(study_id: int, workers: int, queue: str) -> None:
    try:
        with current_app.connection_for_write(transport_options=IMPATIENT) as connection:
            for _number in range(workers):
                count_study.apply_async([study_id], queue=queue, connection=connection, retry=False)
    except (OperationalError, RedisError) as error:
        logger.warning("no broker (%s): studies wait for the sweeper", type(error).__name__)


def _wake_for_facts(run_ids: list[int]) -> None:
    """Tell a worker that facts wait, those of a run that is asked for among them."""
    try:
        with current_app.connection_for_write(transport_options=IMPATIENT) as connection:
            keep_facts.apply_async(
                run_ids, queue=Queue.BULK, connection=connection, retry=False, expires=SWEEP_EXPIRES
            )
    except (OperationalError, RedisError) as error:
        logger.warning("no broker (%s): facts wait to be asked for again", type(error).__name__)


def _queue(runs: list[Run]) -> None:
    if runs:
        queue = write_runs(runs)
        ids = sorted({run.data_set_id for run in runs})
        transaction.on_commit(partial(wake_workers, ids, queue=queue))
