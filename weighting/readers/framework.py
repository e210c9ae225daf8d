"""The tree of indicators from a file."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from django.utils.translation import gettext as _

from weighting.exports import FORMULA_SIGNS
from weighting.numeric.arrays import IntArray
from weighting.numeric.tree import MAX_DEPTH, MAX_NODES, Tree, TreeError, TreeFault, build_tree
from weighting.readers.cells import Vocabulary, plain
from weighting.readers.decisions import Decisions
from weighting.readers.forms import choose_columns, read_table
from weighting.readers.languages import in_both
from weighting.readers.problems import FileProblem, FileProblems, ProblemLog
from weighting.readers.rows import Source
from weighting.readers.table import as_form, check_header
from weighting.signals import framework_read

REQUIRED = ("code", "parent")
MAX_LENGTHS = {
    "code": 100,
    "name_zh": 200,
    "name_en": 200,
    "unit": 40,
    "definition_zh": 2000,
    "definition_en": 2000,
    "source": 300,
    "licence": 60,
}
# What is measured, and where its values are from.
TERMS = ("definition_zh", "definition_en", "source", "licence")
TEXTS = ("name_zh", "name_en", "unit", "note", *TERMS)
OPTIONAL = ("name_zh", "name_en", "direction", "unit", "note", *TERMS)
# The columns that say what an indicator is, in the order in which files have them.
COLUMNS = (*REQUIRED, *OPTIONAL)
# Columns that say how an index treats each node (docs/method.md 9); who computes it reads the cells.
METHOD_COLUMNS = (
    "transform",
    "normalisation",
    "lower",
    "upper",
    "target",
    "reference",
    "cap",
    "aggregation",
    "coverage",
    "imputation",
    "outliers",
)
# A name or definition in the one language that there is.
EITHER = ("name", "definition")
KNOWN = (*OPTIONAL, *EITHER, *METHOD_COLUMNS)
# As people write it, in any case.
DIRECTIONS = {
    **dict.fromkeys(("", "1", "+1", "+", "positive", "higher is better", "higher", "benefit", "up"), 1),
    **dict.fromkeys(("正", "正向", "越高越好"), 1),
    **dict.fromkeys(("-1", "-", "negative", "lower is better", "lower", "cost", "down"), -1),
    **dict.fromkeys(("负", "负向", "逆向", "越低越好"), -1),
}
# The first column of a data file, and where columns go that stand for no indicator.
RESERVED_CODES = {"unit", "aside", "beside"}
# A code is one step of an address. Browsers and servers take a slash or a backslash for the end of a step,
# and remove the steps "." and "..", encoded or not: what stands behind them cannot be asked for.
ADDRESSABLE = re.compile(r"(?!\.{1,2}\Z)[^/\\]*")


@dataclass(frozen=True)
class FrameworkRow:
    """A node; ``row`` is its line in the file, ``method`` the text of the method's columns, if any."""

    row: int
    code: str
    parent: str
    name_zh: str
    name_en: str
    direction: int
    unit: str
    note: str
    definition_zh: str = ""
    definition_en: str = ""
    source: str = ""
    licence: str = ""
    method: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class FrameworkTable:
    """A checked framework; rows and tree are in the order of the file."""

    rows: tuple[FrameworkRow, ...]
    tree: Tree

    @property
    def directions(self) -> IntArray:
        """+1 or -1 of each leaf, (leaves,)."""
        return np.array([self.rows[leaf].direction for leaf in self.tree.leaves])


@dataclass(frozen=True)
class FrameworkScan:
    """What could be read of a framework; ``table`` is None when there are problems.

    ``codes`` and ``leaf_codes`` are known even of a faulty tree, so that the files that
    refer to it can be checked in the same go; ``outline`` is there whenever the nodes form a tree,
    whatever is wrong with their cells.
    """

    codes: tuple[str, ...]
    leaf_codes: tuple[str, ...]
    table: FrameworkTable | None
    problems: list[FileProblem]
    outline: FrameworkTable | None = None


def read_framework(source: Source, name: str, decisions: Decisions | None = None) -> FrameworkTable:
    """Read code, parent, and whatever else of `COLUMNS` there is.

    Raises
    ------
    FileProblems
        With all problems of the file, of its cells and of the tree.
    """
    scan = scan_framework(source, name, decisions)
    if scan.table is None:
        raise FileProblems(scan.problems)
    return scan.table


def scan_framework(source: Source, name: str, decisions: Decisions | None = None) -> FrameworkScan:
    """Read a framework as far as it goes."""
    log = ProblemLog(name)
    table = read_table(source, log, as_form(decisions, "framework"), heads=(*REQUIRED, *KNOWN))
    table = table and choose_columns(table, log, (*REQUIRED, *KNOWN))
    if table is None or not check_header(table, log, required=REQUIRED, optional=KNOWN):
        return FrameworkScan((), (), None, log.problems)
    return scan_nodes(table.records([*REQUIRED, *KNOWN]), log)


def scan_nodes(records: Iterable[tuple[int, Mapping[str, str]]], log: ProblemLog) -> FrameworkScan:
    """Check nodes as they were written: the place of each, from 1, and all its cells by column."""
    rows = tuple(_read_row(line, cells, log) for line, cells in records)
    try:
        outline = FrameworkTable(rows, build_tree([row.code for row in rows], [row.parent for row in rows]))
        faults: Sequence[TreeFault] = ()
    except TreeError as error:
        outline, faults = None, error.faults
    framework_read.send(sender=None, rows=rows, outline=outline, log=log)
    _note_look_alikes(rows, log)
    codes = tuple(dict.fromkeys(row.code for row in rows))
    known = Vocabulary(codes)
    for fault in faults:
        _add_fault(fault, rows, known, log)
    parents = {row.parent for row in rows}
    leaf_codes = tuple(code for code in codes if code not in parents)
    table = None if log.problems else outline
    return FrameworkScan(codes, leaf_codes, table, log.problems, outline)


def _read_row(line: int, cells: Mapping[str, str], log: ProblemLog) -> FrameworkRow:
    cells = {**cells, **_in_each_language(cells)}
    for column, limit in MAX_LENGTHS.items():
        if len(cells[column]) > limit:
            message = _("The text is longer than %(limit)d characters. Shorten it.") % {"limit": limit}
            log.add(message, row=line, column=column, value=cells[column])
    direction = plain(cells["direction"]).casefold()
    if direction not in DIRECTIONS:
        message = _("A direction is 1 (higher is better) or -1 (lower is better).")
        log.add(message, row=line, column="direction", value=cells["direction"])
    _check_code(line, cells["code"], log)
    return FrameworkRow(
        row=line,
        code=cells["code"],
        parent=cells["parent"],
        direction=DIRECTIONS.get(direction, 1),
        **{column: cells[column] for column in TEXTS},
        method={column: cells[column] for column in METHOD_COLUMNS if cells[column]},
    )


def _in_each_language(cells: Mapping[str, str]) -> dict[str, str]:
    both = {column: in_both(cells, column) for column in EITHER}
    return {
        f"{column}_{language}": text
        for column, texts in both.items()
        for language, text in zip(("zh", "en"), texts, strict=True)
    }


def _check_code(line: int, code: str, log: ProblemLog) -> None:
    if code in RESERVED_CODES:
        message = _("The product uses the word “%(code)s” itself. Choose another code.") % {"code": code}
    elif not code.isprintable() or code.startswith(FORMULA_SIGNS):
        message = _("A code has no control characters and does not start with =, +, - or @. Change it.")
    elif not ADDRESSABLE.fullmatch(code):
        message = _(
            "A code stands in addresses: it holds no / or \\, and is not “.” or “..”. Write another mark "
            "instead, such as a single dot or a hyphen between letters."
        )
    else:
        return
    log.add(message, row=line, column="code", value=code)


def _note_look_alikes(rows: tuple[FrameworkRow, ...], log: ProblemLog) -> None:
    """Note codes that differ in width or composition alone, which nobody can tell apart."""
    first: dict[str, FrameworkRow] = {}
    for row in rows:
        known = first.setdefault(plain(row.code), row)
        if known.code != row.code:
            message = _("The code looks the same as that of row %(first)d. Give each indicator its own.")
            log.add(message % {"first": known.row}, row=row.row, column="code", value=row.code)


def _add_fault(fault: TreeFault, rows: tuple[FrameworkRow, ...], known: Vocabulary, log: ProblemLog) -> None:
    """Say a fault of the tree in terms of the file."""
    match fault.kind:
        case "too_small":
            log.add(_("A framework needs at least one indicator. Add rows."))
            return
        case "too_large":
            message = _("A framework has at most %(limit)d indicators, this one %(count)d. Leave some out.")
            log.add(message % {"limit": MAX_NODES, "count": fault.number})
            return
    row = rows[fault.index]
    match fault.kind:
        case "no_code":
            log.add(_("Every row needs a code. Fill it in."), row=row.row, column="code", value="")
        case "duplicate":
            first = next(other.row for other in rows if other.code == row.code)
            message = _("The code is already used in row %(first)d. Give each indicator its own.")
            log.add(message % {"first": first}, row=row.row, column="code", value=row.code)
        case "orphan":
            message = _("No row has this code. Correct the parent, or leave it empty for a sub-index.")
            message = known.suggest(message, row.parent)
            log.add(message, row=row.row, column="parent", value=row.parent)
        case "cycle":
            message = _("The indicator is its own ancestor (%(path)s). Change one of these parents.")
            log.add(message % {"path": fault.other}, row=row.row, column="parent", value=row.parent)
        case "too_deep":
            message = _("The indicator lies deeper than %(limit)d levels. Move it up.") % {"limit": MAX_DEPTH}
            log.add(message, row=row.row, column="parent", value=row.parent)
