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

from indexer.frames import DataTable, Means, Treatment, check_columns, scan_data, scan_totals, treatment_of
from indexer.intake.rates import why_no_sum
from indexer.management.method_options import add_method_options, columns_asked, read_plan, rule_of
from indexer.method_cells import lack_words
from indexer.numeric.method.faults import NormalisationError
from indexer.numeric.method.gaps import Beside
from indexer.numeric.method.leaf_steps import NormalisedLeaves, RawColumns, normalise_leaves
from indexer.numeric.method.normalisations import NORMALISATIONS
from indexer.numeric.method.plan import MethodPlan
from indexer.numeric.scores.composite import CompositeError
from indexer.numeric.scores.index import Index
from indexer.numeric.scores.node_scores import Scored, score_nodes, shortfalls
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

    ``scores`` and ``rule`` are those the weights were formed from, if they were; ``before`` is the
    edition before, if it was given.
    """

    framework: FrameworkTable
    data: DataTable
    local: FloatArray
    global_: FloatArray
    totals: FloatArray | None
    scores: ScoreTable | None
    rule: Rule | None
    plan: MethodPlan
    before: DataTable | None


@dataclass(frozen=True, eq=False)
class _Weights:
    local: FloatArray
    global_: FloatArray
    scores: ScoreTable | None = None
    rule: Rule | None = None


def add_arguments(parser: ArgumentParser) -> None:
    """Add the input files, weights among them, and the choices of docs/method.md 2 to 4."""
    _add_arguments(parser, parser.add_mutually_exclusive_group(required=True))


def add_arguments_without_weights(parser: ArgumentParser) -> None:
    """Add the same where weights may be left out."""
    _add_arguments(parser, parser.add_mutually_exclusive_group())


def _add_arguments(parser: ArgumentParser, weights: Any) -> None:
    parser.add_argument("--framework", required=True, type=Path, help="code, parent[, direction, ...]")
    parser.add_argument("--data", required=True, type=Path, help="unit and a column for each leaf")
    weights.add_argument("--scores", type=Path, help="expert, indicator, score (blank = abstain)")
    weights.add_argument("--weights", type=Path, help="code, local_weight (or global_weight of leaves)")
    parser.add_argument("--totals", type=Path, help="code, total; used by the share normalisation")
    add_method_options(parser)
    parser.add_argument("--previous", type=Path, help="data of the edition before, for last_value")
    parser.add_argument(
        "--rule",
        choices=get_args(Rule),
        help="how scores become weights; by default normalised_sum, or normalised_mean when "
        "an expert abstained",
    )
    parser.add_argument("--attributes", default="", help="further columns of the data: province,region")
    parser.add_argument("--out", required=True, type=Path, help="folder for the results")


def read_inputs(options: dict[str, Any], say: Say) -> Inputs:
    """Read all files before complaining about any.

    Raises
    ------
    CommandError
        With all problems of all files.
    """
    _check_folder(options["out"])
    scan = scan_framework(options["framework"], str(options["framework"]))
    problems = list(scan.problems)
    plan = read_plan(options, scan, problems)
    weights = _read_weights(options, scan, problems, say)
    totals = _read_totals(options["totals"], scan, problems)
    before = _read_before(options["previous"], scan, problems)
    data = _read_data(options, scan, totals, plan, before, problems)
    if problems or scan.table is None or weights is None or data is None:
        raise CommandError("\n".join(str(problem) for problem in problems))
    steps = plan.leaf_steps(scan.table.tree)
    if totals is not None and not any(NORMALISATIONS[step.normalisation].takes_totals for step in steps):
        say(_("The totals are not used: only the share normalisation takes totals."))
    if not options["normalisation"]:
        _say_what_is_normalised(scan.table, data, plan, say)
    return Inputs(
        scan.table, data, weights.local, weights.global_, totals, weights.scores, weights.rule, plan, before
    )


def _say_what_is_normalised(framework: FrameworkTable, data: DataTable, plan: MethodPlan, say: Say) -> None:
    """Name the normalisation that nobody chose, and the rates of which it takes shares."""
    taken = [
        leaf
        for leaf, code in enumerate(framework.tree.leaf_codes)
        if "normalisation" not in plan.leaves.get(code, {})
    ]
    if not taken:
        return
    say(
        _("Normalised by %(method)s, the default. Name another by --normalisation.")
        % {"method": plan.leaf.normalisation}
    )
    rows = [framework.rows[framework.tree.leaves[leaf]] for leaf in taken]
    rates = [
        row.code
        for leaf, row in zip(taken, rows, strict=True)
        if why_no_sum(names=(row.name_zh, row.name_en), unit=row.unit, values=data.values[:, leaf])
    ]
    if rates:
        say(
            _("Rates, indices or percentages, of whose sum a share says little: %(codes)s.")
            % {"codes": _(", ").join(rates)}
        )


def read_data_alone(options: dict[str, Any]) -> tuple[FrameworkTable, DataTable]:
    """Read framework and data as they are, for what needs neither weights nor a method.

    Raises `CommandError` with all problems of both files.
    """
    _check_folder(options["out"])
    scan = scan_framework(options["framework"], str(options["framework"]))
    data = _read_as_it_is(options["data"], scan, problems := list(scan.problems))
    if problems or scan.table is None or data is None:
        raise CommandError("\n".join(str(problem) for problem in problems))
    return scan.table, data


def normalise_inputs(inputs: Inputs, options: dict[str, Any]) -> NormalisedLeaves:
    """Divide, fill in, transform, treat and normalise; nan where ``reweight`` leaves a gap."""
    data = inputs.data
    raw = RawColumns(
        values=data.values,
        directions=inputs.framework.directions,
        codes=data.codes,
        units=data.units,
        totals=inputs.totals,
        denominators=_denominators(data, options),
        beside=_beside(data, inputs.before, inputs.plan),
        unit_rows={unit: row for row, unit in enumerate(data.units)},
    )
    try:
        return normalise_leaves(raw, inputs.plan.leaf_steps(inputs.framework.tree), rule=rule_of(options))
    except NormalisationError as error:
        raise CommandError("\n".join(error.problems)) from error
    except ValueError as error:
        raise CommandError(str(error)) from error


def score_inputs(inputs: Inputs, made: NormalisedLeaves) -> Scored:
    """Score the whole and every inner node under the weights; nan where a unit has no score."""
    tree, plan = inputs.framework.tree, inputs.plan
    try:
        return score_nodes(
            tree,
            inputs.global_[tree.leaves][:, np.newaxis],
            made.values,
            plan.node_steps(tree),
            missing="reweight" if plan.leaves_gaps(tree) else "refuse",
            given=made.given,
        )
    except CompositeError as error:
        raise CommandError(name_places(error, inputs)) from error


def index_of(inputs: Inputs, normalised: FloatArray) -> Index:
    """Return the index of units that have a score, which other weights do not take from them."""
    tree, plan = inputs.framework.tree, inputs.plan
    return Index(tree, normalised, inputs.local, plan.node.aggregation, steps=plan.node_steps(tree).for_all)


def reasons_by_city(inputs: Inputs, made: NormalisedLeaves) -> dict[int, str]:
    """Say why units have no score, by their positions: the first node of which they have too little."""
    tree = inputs.framework.tree
    reasons: dict[int, str] = {}
    for lack in shortfalls(tree, inputs.local, made.given, inputs.plan.node_steps(tree)):
        name = "" if lack.node < 0 else tree.codes[lack.node]
        reasons.setdefault(lack.city, lack_words(lack.share, lack.least, name))
    return reasons


def _beside(data: DataTable, before: DataTable | None, plan: MethodPlan) -> Beside:
    """Return what some ways to fill in go by."""
    earlier = None
    if before is not None:
        rows = dict(zip(before.units, before.values, strict=True))
        nothing = np.full(len(data.codes), np.nan)
        earlier = np.stack([rows.get(unit, nothing) for unit in data.units])
    return Beside(data.attributes, earlier, plan.may_leave_out)


def _denominators(data: DataTable, options: dict[str, Any]) -> dict[int, FloatArray]:
    """Return the columns that divide, (units,), by the position of the leaf."""
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


def _check_folder(out: Path) -> None:
    if out.exists() and not out.is_dir():
        raise CommandError(_("%(path)s is not a folder. Choose another --out.") % {"path": out})


def _pairs(options: dict[str, Any]) -> dict[str, str]:
    pairs = (pair.partition("=") for pair in options["denominator"])
    return {leaf.strip(): column.strip() for leaf, _equals, column in pairs}


def name_places(error: CompositeError, inputs: Inputs) -> str:
    """Say what the composite cannot be formed from, in the names of the data."""
    data, tree = inputs.data, inputs.framework.tree
    places = [data.units[city] for city in error.cities] + [data.codes[leaf] for leaf in error.leaves]
    places += [tree.codes[node] for node in error.nodes]
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
        table = scan_weights(path, log, scan.codes, tree, nodes=scan.table.rows if scan.table else ())
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


def _read_before(path: Path | None, scan: FrameworkScan, problems: list[FileProblem]) -> DataTable | None:
    return None if path is None else _read_as_it_is(path, scan, problems)


def _read_as_it_is(path: Path, scan: FrameworkScan, problems: list[FileProblem]) -> DataTable | None:
    if not scan.codes:
        return None
    log = ProblemLog(str(path))
    anything = Treatment("none", missing="reweight", may_be_empty=True)
    table = scan_data(path, log, scan.leaf_codes, (), treatment=anything)
    problems += log.problems
    return table


def _read_data(
    options: dict[str, Any],
    scan: FrameworkScan,
    totals: FloatArray | None,
    plan: MethodPlan,
    before: DataTable | None,
    problems: list[FileProblem],
) -> DataTable | None:
    if not scan.codes:
        return None
    attributes = [name.strip() for name in options["attributes"].split(",") if name.strip()]
    further = [*_pairs(options).values(), *columns_asked(plan, scan.leaf_codes)]
    attributes += [name for name in dict.fromkeys(further) if name not in {*scan.leaf_codes, *attributes}]
    log, treatment = ProblemLog(str(options["data"])), treatment_of(plan)
    table = scan_data(options["data"], log, scan.leaf_codes, attributes, treatment=treatment)
    if table is not None and scan.outline is not None:
        beside, outline = _beside(table, before, plan), scan.outline
        lines = {row.row: row.code for row in outline.rows}
        wrong = {
            lines.get(problem.row or 0, "")
            for problem in problems
            if problem.file == str(options["framework"])
        }
        check_columns(
            table,
            log,
            outline.directions,
            totals,
            treatment=treatment,
            before=beside.before,
            means=Means(outline.tree, plan.node_steps(outline.tree)),
            wrong=wrong,
        )
    problems += log.problems
    return table
