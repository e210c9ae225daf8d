"""Freezing a version or adding a data set writes the job rows, in the same transaction."""

from typing import Any

from django.dispatch import receiver

from indexer.dispatch import queue_runs_of_data_set, queue_runs_of_version
from indexer.models import DataSet
from indexer.signals import data_set_added
from weighting.models import WeightVersion
from weighting.signals import weight_version_frozen


@receiver(weight_version_frozen)
def compute_frozen_version(version: WeightVersion, **_kwargs: Any) -> None:
    """Compute every data set under a version that was just frozen."""
    queue_runs_of_version(version)


@receiver(data_set_added)
def compute_added_data_set(data_set: DataSet, **_kwargs: Any) -> None:
    """Compute a data set that was just added under every frozen version."""
    queue_runs_of_data_set(data_set)
