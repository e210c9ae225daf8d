"""The jobs of one act, written in the queue that their size belongs to."""

from collections.abc import Sequence

from indexer.models import Run
from indexer.selectors.jobs import queue_for


def write_runs(runs: Sequence[Run]) -> str:
    """Write a job for each pair that has none yet; return the queue they wait in."""
    queue = queue_for(sum(len(run.data_set.city_ids) * len(run.data_set.leaf_codes) for run in runs))
    for run in runs:
        run.queue = queue
    Run.objects.bulk_create(runs, batch_size=500, ignore_conflicts=True)
    return queue
