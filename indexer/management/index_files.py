"""The files and options that the commands without a database have in common."""

import math
import os
import tempfile
from argparse import ArgumentParser
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

import numpy as np
from django.core.management.base import CommandError
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from indexer.frames import DataTable, Treatment, check_columns, scan_data, scan_totals
from indexer.numeric.aggregations import AGGREGATIONS
from indexer.numeric.composite import CompositeError
from indexer.numeric.faults import NormalisationError
from indexer.numeric.gaps import MISSING_POLICIES
from indexer.numeric.normalisation import normalise
from indexer.numeric.normalisations import NORMALISATIONS, TURNS
from indexer.numeric.preparation import prepare
from indexer.numeric.treatment import OUTLIER_ACTIONS, OutlierRule
from weighting.numeric.aggregation import Rule, aggregate_scores
from weighting.numeric.arrays import FloatArray
from weighting.readers import (
    CellError,
    FileProblem,
    FrameworkScan,
    FrameworkTable,
    ProblemLog,
    ScoreTable,
    parse_number,
    scan_framework,
    scan_scores,
    scan_weights,
)

Say = Callable[[str], object]


@dataclass(frozen=True, eq=False)
class Inputs:
    """The checked files of one computation; weights are (nodes,), totals (leaves,).

    ``scores`` and ``rule`` are those the weights were formed from, if they were.
    """

    framework: FrameworkTable
    data: DataTable
    local: FloatArray
    global_: FloatArray
    totals: FloatArray | None
    scores: ScoreTable | None
    rule: Rule | None


@dataclass(frozen=True, eq=False)
class _Weights:
    local: FloatArray
    global_: FloatArray
    scores: ScoreTable | None = None
    rule: Rule | None = None


def add_arguments(parser: ArgumentParser) -> None:
    """Add the input files and the choices of docs/method.md 2 to 4."""
    parser.add_argument("--framework", required=True, type=Path, help="code, parent[, direction, ...]")
    parser.add_argument("--data", required=True, type=Path, help="unit and a column for each leaf")
    weights = parser.add_mutually_exclusive_group(required=True)
    weights.add_argument("--scores", type=Path, help="expert, indicator, score (blank = abstain)")
    weights.add_argument("--weights", type=Path, help="code, local_weight (or global_weight of leaves)")
    parser.add_argument("--totals", type=Path, help="code, total; used by the share normalisation")
    parser.add_argument("--normalisation", choices=list(NORMALISATIONS), default="share")
    parser.add_argument("--negative", choices=list(TURNS), default="reflect")
    parser.add_argument("--missing", choices=list(MISSING_POLICIES), default="refuse")
    parser.add_argument("--aggregation", choices=list(AGGREGATIONS), default="arithmetic")
    _add_optional_steps(parser)
    parser.add_argument(
        "--rule",
        choices=get_args(Rule),
        help="how scores become weights; by default normalised_sum, or normalised_mean when "
        "an expert abstained",
    )
    parser.add_argument("--attributes", default="", help="further columns of the data: province,region")
    parser.add_argument("--out", required=True, type=Path, help="folder for the results")


def _add_optional_steps(parser: ArgumentParser) -> None:
    """Add the steps that are off unless they are named."""
    rule = OutlierRule()
    parser.add_argument(
        "--outliers",
        choices=list(OUTLIER_ACTIONS),
        default=rule.action,
        help="what is done with columns beyond both limits; their totals are then the column sums",
    )
    parser.add_argument("--skewness-limit", type=float, default=rule.skewness)
    parser.add_argument("--kurtosis-limit", type=float, default=rule.kurtosis)
    parser.add_argument("--winsorised-most", type=int, default=rule.most, help="cells of each column")
    parser.add_argument(
        "--denominator",
        action="append",
        default=[],
        metavar="CODE=COLUMN",
        help="divide a leaf by another leaf or by a further column of the data; may be repeated",
    )


def read_inputs(options: dict[str, Any], say: Say) -> Inputs:
    """Read all files before complaining about any.

    Raises
    ------
    CommandError
        With all problems of all files.
    """
    out = options["out"]
    if out.exists() and not out.is_dir():
        raise CommandError(_("%(path)s is not a folder. Choose another --out.") % {"path": out})
    treatment = Treatment(options["normalisation"], options["negative"], options["missing"])
    scan = scan_framework(options["framework"], str(options["framework"]))
    problems = list(scan.problems)
    weights = _read_weights(options, scan, problems, say)
    totals = _read_totals(options["totals"], scan, problems)
    data = _read_data(options, scan, totals, treatment, problems)
    if problems or scan.table is None or weights is None or data is None:
        raise CommandError("\n".join(str(problem) for problem in problems))
    if totals is not None and not NORMALISATIONS[treatment.method].takes_totals:
        say(_("The totals are not used: only the share normalisation takes totals."))
    return Inputs(scan.table, data, weights.local, weights.global_, totals, weights.scores, weights.rule)


def normalise_inputs(inputs: Inputs, options: dict[str, Any]) -> FloatArray:
    """Divide, fill in, treat and normalise, (cities, leaves); nan where ``reweight`` leaves a gap."""
    data = inputs.data
    rule = OutlierRule(
        options["outliers"],
        options["skewness_limit"],
        options["kurtosis_limit"],
        options["winsorised_most"],
    )
    try:
        prepared = prepare(
            data.values,
            missing=options["missing"],
            codes=data.codes,
            units=data.units,
            totals=inputs.totals,
            denominators=_denominators(data, options),
            rule=rule,
        )
        return normalise(
            prepared.values,
            method=options["normalisation"],
            directions=inputs.framework.directions,
            codes=data.codes,
            totals=prepared.totals,
            negative=options["negative"],
        )
    except NormalisationError as error:
        raise CommandError("\n".join(error.problems)) from error
    except ValueError as error:
        raise CommandError(str(error)) from error


def _denominators(data: DataTable, options: dict[str, Any]) -> dict[int, FloatArray]:
    """Return the columns that divide, (cities,), by the position of the leaf."""
    place = {code: position for position, code in enumerate(data.codes)}
    pairs = _pairs(options)
    if unknown := [leaf for leaf in pairs if leaf not in place]:
        raise CommandError(
            _("The framework has no such leaf. Correct the code.") + f" ({', '.join(unknown)})"
        )
    return {
        place[leaf]: data.values[:, place[column]] if column in place else _numbers(data, column)
        for leaf, column in pairs.items()
    }


def _numbers(data: DataTable, column: str) -> FloatArray:
    """Read a further column of the data as numbers; nan where a cell is empty."""
    values, problems = [], []
    for unit, text in zip(data.units, data.attributes[column], strict=True):
        try:
            values.append(parse_number(text) if text else math.nan)
        except CellError as error:
            problems.append(f"{column}, {unit}: {error}")
    if problems:
        raise CommandError("\n".join(problems))
    return np.array(values)


def _pairs(options: dict[str, Any]) -> dict[str, str]:
    pairs = (pair.partition("=") for pair in options["denominator"])
    return {leaf.strip(): column.strip() for leaf, _equals, column in pairs}


def name_places(error: CompositeError, data: DataTable) -> str:
    """Say what the composite cannot be formed from, in the names of the data."""
    places = [data.units[city] for city in error.cities] + [data.codes[leaf] for leaf in error.leaves]
    return f"{error.reason}: {', '.join(places)}"


def write_together(out: Path, write: Callable[[Path], None]) -> None:
    """Write into a folder beside the results, then move each file into its place."""
    try:
        out.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=out, prefix=".new-") as folder:
            write(Path(folder))
            for file in sorted(Path(folder).iterdir()):
                os.replace(file, out / file.name)
    except OSError as error:
        reason = error.strerror or str(error)
        message = _("The results cannot be written to %(path)s: %(reason)s.")
        raise CommandError(message % {"path": out, "reason": reason}) from error


def _read_weights(
    options: dict[str, Any], scan: FrameworkScan, problems: list[FileProblem], say: Say
) -> _Weights | None:
    path = options["scores"] or options["weights"]
    log = ProblemLog(str(path))
    tree = scan.table.tree if scan.table else None
    # Without codes every code of the file would be unknown.
    if not scan.codes:
        return None
    if options["weights"]:
        table = scan_weights(path, log, scan.codes, tree)
        problems += log.problems
        return _Weights(table.local, table.global_) if table else None
    scores = scan_scores(path, log, scan.codes, tree)
    rule = options["rule"] or _default_rule(scores, say)
    if scores and rule == "normalised_sum":
        _note_abstentions(scores, log)
    problems += log.problems
    if scores is None or tree is None or log.problems:
        return None
    panel = aggregate_scores(tree, scores.scores, rule, scores.asked)
    return _Weights(panel.local, panel.global_, scores, rule)


def _default_rule(scores: ScoreTable | None, say: Say) -> Rule:
    if scores is None or not scores.abstentions:
        return "normalised_sum"
    count = len(scores.abstentions)
    message = ngettext(
        "%(count)d abstention: weights are formed by the rule normalised_mean.",
        "%(count)d abstentions: weights are formed by the rule normalised_mean.",
        count,
    )
    say(message % {"count": count})
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
    leaves = set(scan.leaf_codes)
    attributes += [name for name in _pairs(options).values() if name not in {*leaves, *attributes}]
    log = ProblemLog(str(options["data"]))
    table = scan_data(options["data"], log, scan.leaf_codes, attributes, treatment=treatment)
    if table is not None and scan.table is not None:
        check_columns(table, log, scan.table.directions, totals, treatment=treatment)
    problems += log.problems
    return table
