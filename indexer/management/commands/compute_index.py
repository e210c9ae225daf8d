"""Compute an index from files to files; no database is opened."""

import os
import tempfile
from argparse import ArgumentParser
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from indexer.frames import (
    DataTable,
    Treatment,
    check_columns,
    scan_data,
    scan_totals,
    write_nodes,
    write_ranking,
    write_weights,
)
from indexer.numeric.composite import Aggregation, CompositeError, composite_scores, node_scores
from indexer.numeric.normalisation import (
    Method,
    Missing,
    Negative,
    NormalisationError,
    handle_missing,
    normalise,
)
from indexer.numeric.ranking import min_ranks
from weighting.numeric.aggregation import Rule, aggregate_scores
from weighting.numeric.arrays import FloatArray, IntArray
from weighting.readers import (
    FileProblem,
    FrameworkScan,
    FrameworkTable,
    ProblemLog,
    ScoreTable,
    scan_framework,
    scan_scores,
    scan_weights,
)

# Scores are shown in percent of the whole (METHOD 4); the other methods keep the same factor.
PERCENT = 100


@dataclass(frozen=True, eq=False)
class Inputs:
    """The checked files of one computation; weights are (nodes,), totals (leaves,)."""

    framework: FrameworkTable
    data: DataTable
    local: FloatArray
    global_: FloatArray
    totals: FloatArray | None


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
        parser.add_argument("--framework", required=True, type=Path, help="code, parent[, direction, ...]")
        parser.add_argument("--data", required=True, type=Path, help="unit and a column for each leaf")
        weights = parser.add_mutually_exclusive_group(required=True)
        weights.add_argument("--scores", type=Path, help="expert, indicator, score (blank = abstain)")
        weights.add_argument("--weights", type=Path, help="code, local_weight (or global_weight of leaves)")
        parser.add_argument("--totals", type=Path, help="code, total; used by the share normalisation")
        parser.add_argument("--normalisation", choices=get_args(Method), default="share")
        parser.add_argument("--negative", choices=get_args(Negative), default="reflect")
        parser.add_argument("--missing", choices=get_args(Missing), default="refuse")
        parser.add_argument("--aggregation", choices=get_args(Aggregation), default="arithmetic")
        parser.add_argument(
            "--rule",
            choices=get_args(Rule),
            help="how scores become weights; by default normalised_sum, or normalised_mean when "
            "an expert abstained",
        )
        parser.add_argument("--attributes", default="", help="further columns of the data: province,region")
        parser.add_argument("--out", required=True, type=Path, help="folder for the results")

    def handle(self, *args: Any, **options: Any) -> None:
        """Read and check everything, compute, and only then write."""
        out = options["out"]
        if out.exists() and not out.is_dir():
            raise CommandError(_("%(path)s is not a folder. Choose another --out.") % {"path": out})
        inputs = self._read(options)
        _write(inputs, _compute(inputs, options), out)
        message = _("Wrote weights.csv, ranking.csv and nodes.csv to %(path)s: %(shape)s (cities × leaves).")
        self.stdout.write(message % {"path": out, "shape": "×".join(map(str, inputs.data.values.shape))})

    def _read(self, options: dict[str, Any]) -> Inputs:
        """Read all files before complaining about any."""
        treatment = Treatment(options["normalisation"], options["negative"], options["missing"])
        scan = scan_framework(options["framework"], str(options["framework"]))
        problems = list(scan.problems)
        weights = self._read_weights(options, scan, problems)
        totals = _read_totals(options["totals"], scan, problems)
        data = _read_data(options, scan, totals, treatment, problems)
        if problems or scan.table is None or weights is None or data is None:
            raise CommandError("\n".join(str(problem) for problem in problems))
        if totals is not None and treatment.method != "share":
            self.stdout.write(_("The totals are not used: only the share normalisation takes totals."))
        return Inputs(scan.table, data, *weights, totals)

    def _read_weights(
        self, options: dict[str, Any], scan: FrameworkScan, problems: list[FileProblem]
    ) -> tuple[FloatArray, FloatArray] | None:
        path = options["scores"] or options["weights"]
        log = ProblemLog(str(path))
        tree = scan.table.tree if scan.table else None
        # Without codes every code of the file would be unknown.
        if not scan.codes:
            return None
        if options["weights"]:
            table = scan_weights(path, log, scan.codes, tree)
            problems += log.problems
            return (table.local, table.global_) if table else None
        scores = scan_scores(path, log, scan.codes, tree)
        rule = options["rule"] or self._default_rule(scores)
        if scores and rule == "normalised_sum":
            _note_abstentions(scores, log)
        problems += log.problems
        if scores is None or tree is None or log.problems:
            return None
        panel = aggregate_scores(tree, scores.scores, rule, scores.asked)
        return panel.local, panel.global_

    def _default_rule(self, scores: ScoreTable | None) -> Rule:
        if scores is None or not scores.abstentions:
            return "normalised_sum"
        count = len(scores.abstentions)
        message = ngettext(
            "%(count)d abstention: weights are formed by the rule normalised_mean.",
            "%(count)d abstentions: weights are formed by the rule normalised_mean.",
            count,
        )
        self.stdout.write(message % {"count": count})
        return "normalised_mean"


def _note_abstentions(scores: ScoreTable, log: ProblemLog) -> None:
    message = _("The rule normalised_sum needs every score. Fill it in or use --rule normalised_mean.")
    for abstention in scores.abstentions:
        log.add(message, row=abstention.row, column="score", value="")


def _read_totals(path: Path | None, scan: FrameworkScan, problems: list[FileProblem]) -> FloatArray | None:
    if path is None or not scan.codes:
        return None
    log = ProblemLog(str(path))
    totals = scan_totals(path, log, scan.leaf_codes)
    problems += log.problems
    return totals


def _read_data(
    options: dict[str, Any],
    scan: FrameworkScan,
    totals: FloatArray | None,
    treatment: Treatment,
    problems: list[FileProblem],
) -> DataTable | None:
    if not scan.codes:
        return None
    attributes = [name.strip() for name in options["attributes"].split(",") if name.strip()]
    log = ProblemLog(str(options["data"]))
    table = scan_data(options["data"], log, scan.leaf_codes, attributes, treatment=treatment)
    if table is not None and scan.table is not None:
        check_columns(table, log, scan.table.directions, totals, treatment=treatment)
    problems += log.problems
    return table


def _compute(inputs: Inputs, options: dict[str, Any]) -> Result:
    tree, data = inputs.framework.tree, inputs.data
    how: dict[str, Any] = {
        "aggregation": options["aggregation"],
        "missing": "reweight" if options["missing"] == "reweight" else "refuse",
    }
    try:
        filled = handle_missing(data.values, options["missing"], codes=data.codes, units=data.units)
        normalised = normalise(
            filled,
            method=options["normalisation"],
            directions=inputs.framework.directions,
            codes=data.codes,
            totals=inputs.totals,
            negative=options["negative"],
        )
        scores = composite_scores(normalised, inputs.global_[tree.leaves], tree=tree, **how)
        nodes = node_scores(tree, inputs.global_, normalised, **how)
    except NormalisationError as error:
        raise CommandError("\n".join(error.problems)) from error
    except CompositeError as error:
        raise CommandError(_name_places(error, data)) from error
    return Result(scores * PERCENT, nodes * PERCENT, min_ranks(scores))


def _name_places(error: CompositeError, data: DataTable) -> str:
    places = [data.units[city] for city in error.cities] + [data.codes[leaf] for leaf in error.leaves]
    return f"{error.reason}: {', '.join(places)}"


def _write(inputs: Inputs, result: Result, out: Path) -> None:
    """Write into a folder beside the results, then move each file into its place."""
    tree, units = inputs.framework.tree, inputs.data.units
    try:
        out.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=out, prefix=".compute_index-") as folder:
            new = Path(folder)
            write_weights(new / "weights.csv", tree, inputs.local, inputs.global_)
            write_ranking(new / "ranking.csv", units, result.scores, result.ranks)
            write_nodes(new / "nodes.csv", units, tree.codes, result.nodes)
            for file in sorted(new.iterdir()):
                os.replace(file, out / file.name)
    except OSError as error:
        reason = error.strerror or str(error)
        message = _("The results cannot be written to %(path)s: %(reason)s.")
        raise CommandError(message % {"path": out, "reason": reason}) from error
