"""Job row first, wake-up after the commit.

The row is the truth: a lost message costs seconds, until the sweeper sends it again.
"""

import logging
from collections.abc import Iterable
from functools import partial

from django.db import transaction
from kombu.exceptions import OperationalError

from indexer.models import DataSet, Run
from indexer.tasks import compute_runs
from weighting.enums import VersionStatus
from weighting.models import WeightVersion

logger = logging.getLogger(__name__)


def queue_runs_of_version(version: WeightVersion) -> None:
    """Write a job for every data set of the version's framework."""
    _queue(DataSet.objects.filter(framework=version.framework_id).defer("values"), [version])


def queue_runs_of_data_set(data_set: DataSet) -> None:
    """Write a job for every frozen version of the data set's framework."""
    frozen = WeightVersion.objects.filter(framework=data_set.framework_id, status=VersionStatus.FROZEN)
    _queue([data_set], frozen.defer("manifest"))


def retry_run(run: Run) -> None:
    """Wake a worker for a run that was put back in the queue."""
    transaction.on_commit(partial(wake_worker, run.data_set_id))


def wake_worker(data_set_id: int) -> None:
    """Tell a worker that runs of a data set wait; without a broker the sweeper will."""
    try:
        compute_runs.apply_async([data_set_id], retry=False)
    except OperationalError:
        logger.warning("no broker: runs of data set %s wait for the sweeper", data_set_id)


def _queue(data_sets: Iterable[DataSet], versions: Iterable[WeightVersion]) -> None:
    versions = list(versions)
    for data_set in data_sets:
        runs = [Run(data_set=data_set, weight_version=v, method_id=data_set.method_id) for v in versions]
        Run.objects.bulk_create(runs, ignore_conflicts=True)
        if runs:
            transaction.on_commit(partial(wake_worker, data_set.pk))
