"""The record of what was done to a data set's cells before they were normalised."""

import zlib

import numpy as np

from indexer.models import DataSet, IndexMethod, Preparation
from indexer.numeric.method.leaf_steps import NormalisedLeaves
from indexer.selectors.preparations import described_treatments


def record_preparation(data_set: DataSet, method: IndexMethod, made: NormalisedLeaves) -> None:
    """Keep which cells were filled in or treated, once for all weight versions.

    The same data and method lead to the same record, so whoever comes second changes nothing.
    """
    record = Preparation(
        data_set=data_set,
        method=method,
        cells=zlib.compress(np.ascontiguousarray(made.cells).data),
        treatments=described_treatments(made.treatments, data_set.leaf_codes),
    )
    Preparation.objects.bulk_create([record], ignore_conflicts=True)
