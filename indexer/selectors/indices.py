"""A run as a function of its weights: what every study of sensitivity starts from."""

from typing import Literal

import numpy as np

from indexer.models import DataSet, Run
from indexer.numeric.scores.index import Index
from indexer.selectors.cities import ranked_rows_of
from indexer.selectors.data_sets import Structure, normalised_blocks, structure_of
from indexer.selectors.plans import plan_of
from indexer.selectors.stored_values import load_values
from weighting.numeric.arrays import FloatArray, IntArray
from weighting.selectors.versions import local_weights_of


def scores_under(run: Run, structure: Structure, leaf_weights: FloatArray) -> FloatArray:
    """Return the scores of the ranked units under other global weights, (units,), to the bit as of a run.

    Where a score is a weighted sum of all leaves these are added as they are normalised, and no more than
    some at a time are held. Raises `CompositeError` where weights give no scores.
    """
    plan, tree = plan_of(run.method), structure.tree
    if plan.leaves_gaps(tree) or not plan.node_steps(tree).is_sum:
        return index_of(run, structure=structure, order="F").scores_under(leaf_weights)[:, 0]
    # Minus zero and a number are that number to the bit, whatever its sign.
    scores = np.full(len(run.data_set.city_ids), -0.0)
    for block, made in normalised_blocks(_with_values(run), run.method, structure):
        for weight, column in zip(leaf_weights[block], np.ascontiguousarray(made.T), strict=True):
            scores += weight * column
    return scores


def index_of(
    run: Run,
    data_set: DataSet | None = None,
    structure: Structure | None = None,
    *,
    local: FloatArray | None = None,
    rows: IntArray | None = None,
    order: Literal["C", "F"] = "C",
) -> Index:
    """Return the index that a run computed, with the run's own weights as the nominal ones.

    It holds the units that have a score, those of `ranked_cities_of_run`, or ``rows`` of them: other weights
    neither give a score nor take one. ``order`` is how its values lie in memory: C keeps each unit in one
    piece, F each leaf. Raises `ValueError` where the data cannot be normalised under the run's method.
    """
    data_set = data_set or _with_values(run)
    structure = structure or structure_of(data_set.framework_id)
    rows = ranked_rows_of(run) if rows is None else rows
    count = len(data_set.city_ids) if rows is None else len(rows)
    values = np.empty((count, len(structure.tree.leaves)), order=order)
    for block, made in normalised_blocks(data_set, run.method, structure):
        if rows is None:
            values[:, block] = made
            continue
        # Cells of one leaf are found several times as quickly where they lie in one piece.
        for leaf, column in enumerate(np.ascontiguousarray(made.T), block.start):
            values[:, leaf] = column[rows]
    return Index(
        tree=structure.tree,
        normalised=values,
        local=local_weights_of(run.weight_version_id) if local is None else local,
        aggregation=run.method.aggregation,
        steps=plan_of(run.method).node_steps(structure.tree).for_all,
    )


def _with_values(run: Run) -> DataSet:
    data_set = DataSet.objects.defer("values", "mapping").get(pk=run.data_set_id)
    load_values(data_set)
    return data_set
