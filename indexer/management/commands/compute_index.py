"""Compute an index from files to files; no database is opened."""

from argparse import ArgumentParser
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from indexer.frames import write_nodes, write_ranking, write_weights
from indexer.management.index_files import (
    Inputs,
    add_arguments,
    name_places,
    normalise_inputs,
    read_inputs,
    write_together,
)
from indexer.numeric.composite import CompositeError, composite_scores, node_scores
from indexer.numeric.gaps import MISSING_POLICIES
from indexer.numeric.ranking import min_ranks
from weighting.numeric.arrays import FloatArray, IntArray

# Scores are shown in percent of the whole (docs/method.md 4); the other methods keep the same factor.
PERCENT = 100


@dataclass(frozen=True, eq=False)
class Result:
    """Unrounded scores times 100: (cities,) and (cities, nodes); ranks, (cities,)."""

    scores: FloatArray
    nodes: FloatArray
    ranks: IntArray


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
        message = _("Wrote weights.csv, ranking.csv and nodes.csv to %(path)s: %(shape)s (cities × leaves).")
        shape = "×".join(map(str, inputs.data.values.shape))
        self.stdout.write(message % {"path": options["out"], "shape": shape})


def _compute(inputs: Inputs, options: dict[str, Any]) -> Result:
    tree = inputs.framework.tree
    how: dict[str, Any] = {
        "aggregation": options["aggregation"],
        "missing": MISSING_POLICIES[options["missing"]].composite,
    }
    normalised = normalise_inputs(inputs, options)
    try:
        scores = composite_scores(normalised, inputs.global_[tree.leaves], tree=tree, **how)
        nodes = node_scores(tree, inputs.global_, normalised, **how)
    except CompositeError as error:
        raise CommandError(name_places(error, inputs.data)) from error
    return Result(scores * PERCENT, nodes * PERCENT, min_ranks(scores))


def _write(inputs: Inputs, result: Result, folder: Path) -> None:
    tree, units = inputs.framework.tree, inputs.data.units
    write_weights(folder / "weights.csv", tree, inputs.local, inputs.global_)
    write_ranking(folder / "ranking.csv", units, result.scores, result.ranks)
    write_nodes(folder / "nodes.csv", units, tree.codes, result.nodes)
