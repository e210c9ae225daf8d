"""Job row first, wake-up after the commit.

The row is the truth: a lost message costs seconds, until the sweeper sends it again.
"""

import logging
from collections.abc import Iterable, Sequence
from functools import partial

from celery import current_app
from django.db import transaction
from kombu.exceptions import OperationalError
from redis import RedisError

from indexer.models import DataSet, IndexMethod, Run, Study
from indexer.services.methods import request_runs
from indexer.tasks import compute_runs, count_study
from weighting.dispatch import IMPATIENT
from weighting.enums import VersionStatus
from weighting.models import Account, WeightVersion

logger = logging.getLogger(__name__)

# As many workers as a study calls for at most; those that come too late find nothing to do.
STUDY_WORKERS = 4


def queue_runs_of_version(version: WeightVersion) -> None:
    """Write a job for every data set of the version's framework."""
    data_sets = DataSet.objects.filter(framework=version.framework_id).defer("values", "totals", "auxiliary")
    _queue(Run(data_set=d, weight_version=version, method_id=d.method_id) for d in data_sets)


def queue_runs_of_data_set(data_set: DataSet) -> None:
    """Write a job for every frozen version of the data set's framework."""
    versions = WeightVersion.objects.filter(framework=data_set.framework_id, status=VersionStatus.FROZEN)
    _queue(
        Run(data_set=data_set, weight_version=version, method_id=data_set.method_id)
        for version in versions.defer("manifest")
    )


@transaction.atomic
def compute_with_method(
    data_set: DataSet, *, versions: Sequence[WeightVersion], method: IndexMethod, actor: Account
) -> int:
    """Queue runs of a data set by another method than its own; return how many are new."""
    new = request_runs(data_set, versions=versions, method=method, actor=actor)
    if new:
        transaction.on_commit(partial(wake_workers, [data_set.pk]))
    return new


def retry_run(run: Run) -> None:
    """Wake a worker for a run that was put back in the queue."""
    transaction.on_commit(partial(wake_workers, [run.data_set_id]))


def queue_study(study: Study) -> None:
    """Wake workers for a study that was planned or taken up again; each takes parts until none waits."""
    waiting = study.parts.filter(block__isnull=True).count()
    transaction.on_commit(partial(_wake_for_study, study.pk, min(waiting, STUDY_WORKERS)))


def wake_workers(data_set_ids: list[int]) -> None:
    """Tell the workers that runs of some data sets wait; without a broker the sweeper will."""
    try:
        with current_app.connection_for_write(transport_options=IMPATIENT) as connection:
            for data_set_id in data_set_ids:
                compute_runs.apply_async([data_set_id], connection=connection, retry=False)
    except (OperationalError, RedisError) as error:
        logger.warning("no broker (%s): runs wait for the sweeper", type(error).__name__)


def _wake_for_study(study_id: int, workers: int) -> None:
    try:
        with current_app.connection_for_write(transport_options=IMPATIENT) as connection:
            for _number in range(workers):
                count_study.apply_async([study_id], connection=connection, retry=False)
    except (OperationalError, RedisError) as error:
        logger.warning("no broker (%s): studies wait for the sweeper", type(error).__name__)


def _queue(runs: Iterable[Run]) -> None:
    written = Run.objects.bulk_create(runs, ignore_conflicts=True)
    if written:
        transaction.on_commit(partial(wake_workers, sorted({run.data_set_id for run in written})))
