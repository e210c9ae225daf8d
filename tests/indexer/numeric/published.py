"""Published indices as arrays: inputs, and the scores and ranks that were printed."""

import csv
from pathlib import Path

import numpy as np

from indexer.numeric.method.leaf_steps import RawColumns, normalise_leaves
from indexer.numeric.scores.node_scores import score_nodes
from weighting.numeric.tree import build_tree, global_weights

DATA = Path(__file__).resolve().parents[2] / "data"


def rows_of(name):
    with (DATA / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def numbers(rows, columns):
    return np.array([[float(row[column] or "nan") for column in columns] for row in rows])


def column(rows, name):
    return numbers(rows, [name])[:, 0]


def tree_of(rows):
    return build_tree([row["code"] for row in rows], [row["parent"] for row in rows])


def computed(tree, local, values, plan, *, directions=None, denominators=None, units=None):
    """Return the unrounded scores of a plan, (cities,), and those of the inner nodes, (inner, cities)."""
    raw = RawColumns(
        values=values,
        directions=np.ones(len(tree.leaves), dtype=int) if directions is None else directions,
        codes=tree.leaf_codes,
        units=units or [str(row) for row in range(len(values))],
        denominators=denominators or {},
    )
    made = normalise_leaves(raw, plan.leaf_steps(tree))
    scored = score_nodes(
        tree,
        global_weights(tree, np.asarray(local, dtype=float))[tree.leaves][:, np.newaxis],
        made.values,
        plan.node_steps(tree),
        missing="reweight" if plan.leaves_gaps(tree) else "refuse",
        given=made.given,
    )
    return scored.scores[0], scored.inner[0]
