"""A run as a function of its weights: what every study of sensitivity starts from."""

import numpy as np

from indexer.models import DataSet, Run
from indexer.numeric.uncertainty import Index
from indexer.selectors.cities import ranked_rows_of
from indexer.selectors.data_sets import Structure, normalised_values, structure_of
from indexer.selectors.plans import plan_of
from weighting.selectors.versions import local_weights_of


def index_of(run: Run, data_set: DataSet | None = None, structure: Structure | None = None) -> Index:
    """Return the index that a run computed, with the run's own weights as the nominal ones.

    It holds the cities that have a score, those of `ranked_cities_of_run`: other weights neither give a
    score nor take one. Raises `ValueError` where the data cannot be normalised under the run's method.
    """
    data_set = data_set or DataSet.objects.defer("mapping").get(pk=run.data_set_id)
    structure = structure or structure_of(data_set.framework_id)
    values, rows = normalised_values(data_set, run.method, structure), ranked_rows_of(run)
    return Index(
        tree=structure.tree,
        normalised=values if rows is None else np.ascontiguousarray(values[rows]),
        local=local_weights_of(run.weight_version_id),
        aggregation=run.method.aggregation,
        steps=plan_of(run.method).node_steps(structure.tree).for_all,
    )
