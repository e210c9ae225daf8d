"""What every study of a run starts from, loaded once."""

from dataclasses import dataclass

import numpy as np

from indexer.models import DataSet, Run
from indexer.numeric.uncertainty import Index
from indexer.selectors.data_sets import Structure, normalised_values, structure_of, unpack_values
from indexer.selectors.plans import plan_of
from weighting.numeric.tree import Tree
from weighting.selectors.versions import local_weights_of


@dataclass(frozen=True, eq=False)
class Base:
    """A finished run with everything that its studies start from."""

    run: Run
    data_set: DataSet
    structure: Structure
    index: Index

    @property
    def tree(self) -> Tree:
        return self.structure.tree

    @property
    def has_gaps(self) -> bool:
        return bool(np.isnan(unpack_values(self.data_set)).any())


def base_of(run: Run) -> Base:
    """Load what the studies of a run start from."""
    data_set = DataSet.objects.select_related("series__register").get(pk=run.data_set_id)
    structure = structure_of(data_set.framework_id)
    index = Index(
        tree=structure.tree,
        normalised=normalised_values(data_set, run.method, structure),
        local=local_weights_of(run.weight_version_id),
        aggregation=run.method.aggregation,
        steps=plan_of(run.method).node_steps(structure.tree),
    )
    return Base(run, data_set, structure, index)
