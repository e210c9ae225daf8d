"""What was done to the cells behind a run: filled in, carried, left out, winsorised, logged."""

import zlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from indexer.models import DataSet, IndexMethod, Preparation, Run
from indexer.numeric.method.gaps import MISSING_POLICIES
from indexer.numeric.method.preparation import CARRIED, IMPUTED, LEFT_OUT, LOGGED, WINSORISED, CellArray
from indexer.numeric.method.treatment import OUTLIER_ACTIONS, ColumnTreatment
from indexer.numeric.scores.unit_parts import marked_shares
from indexer.selectors.data_sets import normalise_data_set, structure_of
from indexer.selectors.plans import plan_of
from weighting.models import Indicator
from weighting.numeric.arrays import FloatArray
from weighting.numeric.tree import NO_PARENT, Tree
from weighting.selectors.versions import local_weights_of

# What can be done to a cell, by name, in the order of the steps.
CHANGES = {
    "imputed": IMPUTED,
    "carried": CARRIED,
    "left_out": LEFT_OUT,
    "winsorised": WINSORISED,
    "logged": LOGGED,
}
# So many cells of units by nodes are held at once where one node of all units is asked for.
CELLS_AT_A_TIME = 2_000_000


@dataclass(frozen=True, eq=False)
class CellRecord:
    """``cells`` as in `indexer.numeric.method.preparation`, (units, leaves); the columns treated."""

    cells: CellArray
    treatments: list[dict[str, Any]]


def changes_by_city(
    run: Run, record: CellRecord | None, node: Indicator | None
) -> dict[int, tuple[str, ...]]:
    """Return what was done to the values behind a leaf's scores, by unit; nothing for other scores."""
    if node is None or not node.is_leaf or record is None:
        return {}
    column = record.cells[:, run.data_set.leaf_codes.index(node.code)].tolist()
    return {city: changes_in(bits) for city, bits in zip(run.data_set.city_ids, column, strict=True) if bits}


def changes_of_city(run: Run, record: CellRecord | None, position: int) -> dict[str, tuple[str, ...]]:
    """Return what was done to the values of one unit, by the code of the leaf."""
    if record is None:
        return {}
    row = record.cells[position].tolist()
    return {code: changes_in(bits) for code, bits in zip(run.data_set.leaf_codes, row, strict=True) if bits}


def may_change_cells(method: IndexMethod) -> bool:
    """Whether a method could fill in, leave out or treat a cell at all."""
    plan = plan_of(method)
    steps = [plan.leaf, *(plan.leaf_step(code) for code in plan.leaves)]
    return any(
        MISSING_POLICIES[step.imputation].takes_missing or OUTLIER_ACTIONS[step.outliers].changes
        for step in steps
    )


def changes_in(bits: int) -> tuple[str, ...]:
    """Return what was done to a cell, by name."""
    return tuple(name for name, bit in CHANGES.items() if bits & bit)


def changed_counts_of(run: Run) -> dict[int, int]:
    """Return how many values behind each unit's composite score were changed, by the unit's id."""
    if not may_change_cells(run.method):
        return {}
    counts = (record_of(run).cells > 0).sum(axis=1).tolist()
    return dict(zip(run.data_set.city_ids, counts, strict=True))


def imputed_shares_of_run(run: Run) -> dict[int, float]:
    """Return which share of the weight behind each composite score was filled in, by the unit's id."""
    cells = record_of(run).cells if may_change_cells(run.method) else None
    if cells is None or not (cells & IMPUTED).any():
        return {}
    tree, local = structure_of(run.data_set.framework_id).tree, local_weights_of(run.weight_version_id)
    return dict(zip(run.data_set.city_ids, imputed_shares(tree, local, cells).tolist(), strict=True))


def imputed_shares(tree: Tree, local: FloatArray, cells: CellArray, node: int = NO_PARENT) -> FloatArray:
    """Return which share of the weight behind a node, or the index, was filled in of each unit, (units,)."""
    shares = np.zeros(len(cells))
    filled = np.flatnonzero((cells & IMPUTED).any(axis=1))
    step = max(1, CELLS_AT_A_TIME // len(tree))
    for start in range(0, len(filled), step):
        rows = filled[start : start + step]
        shares[rows] = imputed_by_node(tree, local, cells[rows])[:, node]
    return shares


def imputed_by_node(tree: Tree, local: FloatArray, cells: CellArray) -> FloatArray:
    """Return the same of all nodes and, last, of the index, (units, nodes + 1)."""
    return marked_shares(tree, local, (cells & IMPUTED) > 0, (cells & LEFT_OUT) == 0)


def described_treatments(treatments: Sequence[ColumnTreatment], codes: Sequence[str]) -> list[dict[str, Any]]:
    """Return the treated columns as they are stored: plain values, and the code of each."""
    return [{**asdict(treatment), "code": codes[treatment.column]} for treatment in treatments]


def record_of(run: Run) -> CellRecord:
    """Return the record of a finished run, made again for a run older than records are."""
    shape = (len(run.data_set.city_ids), len(run.data_set.leaf_codes))
    record = Preparation.objects.filter(data_set=run.data_set_id, method=run.method_id).first()
    if record is None:
        data_set = DataSet.objects.get(pk=run.data_set_id)
        made = normalise_data_set(data_set, run.method, structure_of(data_set.framework_id))
        return CellRecord(made.cells, described_treatments(made.treatments, data_set.leaf_codes))
    cells = np.frombuffer(zlib.decompress(record.cells), dtype=np.uint8).reshape(shape)
    return CellRecord(cells, record.treatments)
