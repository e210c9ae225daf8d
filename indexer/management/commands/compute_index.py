"""Compute an index from files to files; no database is opened."""

from argparse import ArgumentParser
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand
from django.utils.translation import gettext as _

from indexer.management.index_files import (
    Inputs,
    add_arguments,
    normalise_inputs,
    read_inputs,
    reasons_by_city,
    score_inputs,
    write_together,
)
from indexer.numeric.scores.ranking import ranks_of_present
from indexer.result_files import write_nodes, write_ranking, write_weights
from weighting.numeric.arrays import FloatArray, IntArray


@dataclass(frozen=True, eq=False)
class Result:
    """Unrounded scores on the scale of the index: (units,) and (units, nodes); ranks, (units,).

    ``reasons`` say of the units without a score, by their positions, why that is; None where all have one.
    """

    scores: FloatArray
    nodes: FloatArray
    ranks: IntArray
    reasons: dict[int, str] | None


class Command(BaseCommand):
    """Files in, files out: weights.csv, ranking.csv and nodes.csv, all or none of them."""

    help = "Compute composite scores and ranks from CSV files, without a database."
    # Some checks look at the database, which need not exist here.
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        add_arguments(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        """Read and check everything, compute, and only then write."""
        inputs = read_inputs(options, self.stdout.write)
        result = _compute(inputs, options)
        write_together(options["out"], lambda folder: _write(inputs, result, folder))
        message = _("Wrote weights.csv, ranking.csv and nodes.csv to %(path)s: %(shape)s (units × leaves).")
        shape = "×".join(map(str, inputs.data.values.shape))
        self.stdout.write(message % {"path": options["out"], "shape": shape})


def _compute(inputs: Inputs, options: dict[str, Any]) -> Result:
    tree, plan = inputs.framework.tree, inputs.plan
    made = normalise_inputs(inputs, options)
    scored = score_inputs(inputs, made)
    nodes = scored.with_leaves(tree, made.values)
    reasons = reasons_by_city(inputs, made) if plan.may_leave_out else None
    scores = scored.scores[0]
    return Result(scores * plan.scale, nodes * plan.scale, ranks_of_present(scores), reasons)


def _write(inputs: Inputs, result: Result, folder: Path) -> None:
    tree, units = inputs.framework.tree, inputs.data.units
    write_weights(folder / "weights.csv", tree, inputs.local, inputs.global_)
    write_ranking(folder / "ranking.csv", units, result.scores, result.ranks, result.reasons)
    write_nodes(folder / "nodes.csv", units, tree.codes, result.nodes)
