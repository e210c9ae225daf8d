"""What was done to the cells behind a run: filled in, left out, winsorised, logged."""

import zlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from indexer.models import DataSet, Preparation, Run
from indexer.numeric.preparation import CellArray, Prepared
from indexer.selectors.data_sets import normalise_data_set, structure_of


@dataclass(frozen=True, eq=False)
class CellRecord:
    """``cells`` as in `indexer.numeric.preparation`, (cities, leaves); the columns treated."""

    cells: CellArray
    treatments: list[dict[str, Any]]


def described_treatments(prepared: Prepared, codes: Sequence[str]) -> list[dict[str, Any]]:
    """Return the treated columns as they are stored: plain values, and the code of each."""
    return [{**asdict(treatment), "code": codes[treatment.column]} for treatment in prepared.treatments]


def cells_of(run: Run) -> CellRecord:
    """Return the record of a finished run, made again for a run older than records are."""
    shape = (len(run.data_set.city_ids), len(run.data_set.leaf_codes))
    record = Preparation.objects.filter(data_set=run.data_set_id, method=run.method_id).first()
    if record is None:
        data_set = DataSet.objects.get(pk=run.data_set_id)
        prepared = normalise_data_set(data_set, run.method, structure_of(data_set.framework_id)).prepared
        return CellRecord(prepared.cells, described_treatments(prepared, data_set.leaf_codes))
    cells = np.frombuffer(zlib.decompress(record.cells), dtype=np.uint8).reshape(shape)
    return CellRecord(cells, record.treatments)
