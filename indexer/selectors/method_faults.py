"""All that is wrong with a method for a data set, in its table and in the data, at once."""

from collections.abc import Collection
from functools import partial
from typing import Any

from indexer.method_cells import CellFault, faulty_cells
from indexer.models import DataSet, IndexMethod
from indexer.numeric.method.faults import DataFault, NormalisationError
from indexer.numeric.method.node_steps import refused_faults
from indexer.selectors.data_sets import Structure, normalise_data_set, units_of
from indexer.selectors.plans import plan_of
from weighting.numeric.arrays import FloatArray

# What a leaf does of which something else is wrong: no value of its column is refused.
AS_IT_IS: dict[str, Any] = {
    "transform": "none",
    "normalisation": "none",
    "imputation": "reweight",
    "outliers": "keep",
}


def table_faults(method: IndexMethod, structure: Structure, wrong: Collection[str] = ()) -> list[CellFault]:
    """Return what no data could satisfy, but in rows that are ``wrong``, from which it may follow."""
    faults = faulty_cells(plan_of(method), structure.tree, structure.directions)
    return [fault for fault in faults if fault.code not in wrong]


def data_faults(
    data_set: DataSet, method: IndexMethod, structure: Structure, wrong: Collection[str] = ()
) -> list[DataFault]:
    """Return why a data set, whole, cannot be computed by a method, but for rows that are ``wrong``.

    The data are normalised to find out: what one column refuses says nothing of the others.
    """
    tree, skipped = structure.tree, set(wrong)
    found: dict[DataFault, None] = {}
    while True:
        try:
            made = normalise_data_set(data_set, _without(method, skipped & set(tree.leaf_codes)), structure)
        except NormalisationError as error:
            found |= dict.fromkeys(error.faults)
            codes = {code for fault in error.faults for code in fault.codes} - skipped
            if not codes & set(tree.leaf_codes):
                return list(found)
            skipped |= codes
            continue
        return [*found, *refused_by_means(data_set, method, structure, made.values, skipped)]


def refused_by_means(
    data_set: DataSet,
    method: IndexMethod,
    structure: Structure,
    normalised: FloatArray,
    wrong: Collection[str] = (),
) -> list[DataFault]:
    """Return the leaves that the means above them do not take, but for rows that are ``wrong``."""
    tree = structure.tree
    look = partial(refused_faults, tree, tree.leaf_codes, normalised, plan_of(method).node_steps(tree))
    # The names of units are asked for where there is something to be said of them.
    return look(units_of(data_set), without=wrong) if look((), without=wrong) else []


def _without(method: IndexMethod, codes: Collection[str]) -> IndexMethod:
    if not codes:
        return method
    choices = {field.name: getattr(method, field.name) for field in IndexMethod._meta.concrete_fields}
    leaves = {**choices["leaves"], **dict.fromkeys(codes, AS_IT_IS)}
    below = {code: column for code, column in choices["denominators"].items() if code not in codes}
    return IndexMethod(**choices | {"leaves": leaves, "denominators": below})
