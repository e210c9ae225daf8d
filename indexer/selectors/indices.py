"""A run as a function of its weights: what every study of sensitivity starts from."""

from indexer.models import DataSet, Run
from indexer.numeric.uncertainty import Index
from indexer.selectors.data_sets import normalised_values, structure_of
from indexer.selectors.plans import plan_of
from weighting.selectors.versions import local_weights_of


def index_of(run: Run) -> Index:
    """Return the index that a run computed, with the run's own weights as the nominal ones.

    Raises `ValueError` where the data cannot be normalised under the run's method.
    """
    data_set = DataSet.objects.get(pk=run.data_set_id)
    structure = structure_of(data_set.framework_id)
    return Index(
        tree=structure.tree,
        normalised=normalised_values(data_set, run.method, structure),
        local=local_weights_of(run.weight_version_id),
        aggregation=run.method.aggregation,
        steps=plan_of(run.method).node_steps(structure.tree),
    )
