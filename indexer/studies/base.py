"""What every study of a run starts from, loaded once."""

from dataclasses import dataclass

import numpy as np

from indexer.models import DataSet, Run
from indexer.numeric.scores.index import Index
from indexer.selectors.cities import ranked_rows_of
from indexer.selectors.data_sets import Structure, structure_of
from indexer.selectors.indices import index_of
from indexer.selectors.stored_values import load_values, unpack_values
from weighting.numeric.arrays import FloatArray, IntArray
from weighting.numeric.tree import Tree


@dataclass(frozen=True, eq=False)
class Base:
    """A finished run with everything that its studies start from."""

    run: Run
    data_set: DataSet
    structure: Structure
    index: Index
    # Of the units that have a score, which alone are studied; None where all have one.
    rows: IntArray | None = None

    @property
    def city_ids(self) -> list[int]:
        """The units that are studied, in the order of every array."""
        ids = self.data_set.city_ids
        return ids if self.rows is None else [ids[row] for row in self.rows.tolist()]

    def of_ranked(self, values: FloatArray) -> FloatArray:
        """Return the rows of the units that are studied, (units, ...) -> (studied units, ...)."""
        return values if self.rows is None else np.ascontiguousarray(values[self.rows])

    @property
    def tree(self) -> Tree:
        return self.structure.tree

    @property
    def has_gaps(self) -> bool:
        return bool(np.isnan(unpack_values(self.data_set)).any())


def base_of(run: Run) -> Base:
    """Load what the studies of a run start from."""
    data_set = (
        DataSet.objects.select_related("series__register").defer("values", "mapping").get(pk=run.data_set_id)
    )
    load_values(data_set)
    structure = structure_of(data_set.framework_id)
    rows = ranked_rows_of(run)
    index = index_of(run, data_set, structure)
    # As large as the index: what asks for raw values once more has them read again.
    del data_set.values
    return Base(run, data_set, structure, index, rows)
