"""The choices of a method on the command line: defaults for the blank cells of the framework's columns."""

from argparse import ArgumentParser
from collections.abc import Sequence
from typing import Any

from django.core.management.base import CommandError
from django.utils.translation import gettext as _

from indexer.method_cells import note_plan_faults, read_method_cells
from indexer.numeric.method.aggregations import AGGREGATIONS
from indexer.numeric.method.entries import Entries
from indexer.numeric.method.gaps import MISSING_POLICIES
from indexer.numeric.method.normalisations import NORMALISATIONS, TURNS
from indexer.numeric.method.plan import SCALE, LeafStep, MethodPlan, NodeStep
from indexer.numeric.method.transforms import TRANSFORMS
from indexer.numeric.method.treatment import OUTLIER_ACTIONS, OutlierRule
from weighting.readers import CellError, FileProblem, FrameworkScan, ProblemLog, parse_number

NUMBERS = ("scale", "digits", "floor", "coverage")


class Codes(list[str]):
    """The codes of a table as argparse wants them: all that the table knows may be chosen."""

    def __init__(self, table: Entries[Any]) -> None:
        super().__init__([*table, *(f"{family}:…" for family in table.families)])
        self._table = table

    def __contains__(self, code: object) -> bool:
        return isinstance(code, str) and self._table.has(code)


def add_method_options(parser: ArgumentParser) -> None:
    """Add the choices of docs/method.md 3, 4 and 9."""
    parser.add_argument("--normalisation", choices=Codes(NORMALISATIONS), help="share if none")
    parser.add_argument("--negative", choices=list(TURNS), default="reflect")
    parser.add_argument("--missing", choices=Codes(MISSING_POLICIES), default="refuse")
    parser.add_argument("--aggregation", choices=Codes(AGGREGATIONS), default="arithmetic")
    parser.add_argument("--transform", choices=Codes(TRANSFORMS), default="none")
    parser.add_argument("--coverage", default="0", help="least share of the weight that a unit must have")
    parser.add_argument("--floor", default="", help="stands in for smaller values where a mean needs more")
    parser.add_argument("--scale", default=f"{SCALE:g}", help="the number that full marks are shown as")
    parser.add_argument("--digits", default="", help="digits behind the point; files are not rounded")
    _add_optional_steps(parser)


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


def read_plan(options: dict[str, Any], scan: FrameworkScan, problems: list[FileProblem]) -> MethodPlan:
    """Return the plan of the framework's columns, blank cells from the options; add what is wrong with it.

    Raises `CommandError` for options that are no numbers.
    """
    numbers = _numbers(options)
    log = ProblemLog(str(options["framework"]))
    rows = scan.outline.rows if scan.outline else ()
    # What is wrong with single cells has been noted with the file.
    cells = read_method_cells(rows, ProblemLog(log.file))
    plan = MethodPlan(
        leaf=LeafStep(
            transform=options["transform"],
            normalisation=options["normalisation"] or LeafStep.normalisation,
            negative=options["negative"],
            imputation=options["missing"],
            outliers=options["outliers"],
        ),
        node=NodeStep(options["aggregation"], numbers["coverage"] or 0.0),
        leaves=cells.leaves,
        nodes=cells.nodes,
        scale=SCALE if numbers["scale"] is None else numbers["scale"],
        digits=None if numbers["digits"] is None else int(numbers["digits"]),
        floor=numbers["floor"],
    )
    if scan.outline is not None:
        note_plan_faults(plan, scan.outline, scan.problems, log)
        problems += log.problems
    return plan


def rule_of(options: dict[str, Any]) -> OutlierRule:
    """Return the outlier rule of the options."""
    return OutlierRule(
        options["outliers"],
        options["skewness_limit"],
        options["kurtosis_limit"],
        options["winsorised_most"],
    )


def _numbers(options: dict[str, Any]) -> dict[str, float | None]:
    """Read the options that are numbers, all before complaining about any."""
    numbers: dict[str, float | None] = {}
    problems = []
    for name in NUMBERS:
        text = str(options[name])
        try:
            numbers[name] = parse_number(text) if text else None
        except CellError as error:
            words = {"name": name, "value": text, "error": error}
            problems.append(_("--%(name)s, value “%(value)s”: %(error)s") % words)
    digits = numbers.get("digits")
    if digits is not None and digits != int(digits):
        problems.append(_("--digits is a whole number, not “%(value)s”.") % {"value": options["digits"]})
    if problems:
        raise CommandError("\n".join(problems))
    return numbers


def columns_asked(plan: MethodPlan, codes: Sequence[str]) -> list[str]:
    """Return the columns of groups that a plan goes by."""
    policies = [MISSING_POLICIES[plan.leaf_step(code).imputation] for code in codes]
    return list(dict.fromkeys(policy.column for policy in policies if policy.column))
