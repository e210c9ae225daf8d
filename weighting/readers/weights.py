"""Weights from a file."""

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from django.utils.translation import gettext as _

from weighting.numeric.arrays import FloatArray
from weighting.numeric.tree import Tree, global_weights, local_from_leaf_weights
from weighting.readers.cells import Vocabulary, plain
from weighting.readers.decisions import Decisions
from weighting.readers.figures import Figures, read_figures
from weighting.readers.forms import choose_columns, read_table
from weighting.readers.problems import ProblemLog
from weighting.readers.rows import Source
from weighting.readers.table import as_form, check_header

LOCAL, GLOBAL = "local_weight", "global_weight"
SUM_TOLERANCE = 1e-6


class Named(Protocol):
    """A node of a framework with its names, '' in a language that it has none in."""

    @property
    def code(self) -> str: ...
    @property
    def name_zh(self) -> str: ...
    @property
    def name_en(self) -> str: ...


@dataclass(frozen=True, eq=False)
class WeightTable:
    """Checked weights, both (nodes,); each group of local weights sums to 1."""

    local: FloatArray
    global_: FloatArray


def read_weights(
    source: Source,
    name: str,
    tree: Tree,
    *,
    nodes: Iterable[Named] = (),
    normalise: bool = False,
    decisions: Decisions | None = None,
) -> WeightTable:
    """Read code and local_weight of every node, or global_weight of every leaf; CSV or XLSX.

    In place of its code a file may say the name of one of the ``nodes``, where no other has that name.
    A sum may miss 1 by 1e-6, as decimals do, and is then rescaled; ``normalise`` rescales any
    sum above 0. With both columns the local weights count, and unless they are normalised any
    other global weight given must agree with them. A column of percentages is read as parts of 1.

    Raises
    ------
    FileProblems
        With all problems of the file.
    """
    log = ProblemLog(name)
    table = scan_weights(source, log, tree.codes, tree, nodes=nodes, normalise=normalise, decisions=decisions)
    log.raise_if_any()
    assert table is not None  # noqa: S101  (without problems there is a table)
    return table


def scan_weights(
    source: Source,
    log: ProblemLog,
    codes: Sequence[str],
    tree: Tree | None,
    *,
    nodes: Iterable[Named] = (),
    normalise: bool = False,
    decisions: Decisions | None = None,
) -> WeightTable | None:
    """Read weights as far as they go; without a tree, cells are checked but not sums."""
    heads = ("code", "parent", LOCAL, GLOBAL)
    table = read_table(source, log, as_form(decisions, "weights"), heads=heads)
    if table is None:
        return None
    table = choose_columns(table, log, heads)
    kind = LOCAL if LOCAL in table.header or GLOBAL not in table.header else GLOBAL
    if not check_header(table, log, required=("code", kind), optional=("parent", LOCAL, GLOBAL)):
        return None
    columns = [column for column in (LOCAL, GLOBAL) if column in table.header]
    known, called = Vocabulary(dict.fromkeys(codes)), _codes_by_name(nodes)
    given: dict[str, dict[str, float]] = {LOCAL: {}, GLOBAL: {}}
    rows: dict[str, int] = {}
    figures = read_figures(table, columns, log, percent="fraction")
    for row, (line, cells) in enumerate(table.records(["code", *columns])):
        if cells["code"] not in known:
            cells["code"] = called.get(_folded(cells["code"]), cells["code"])
        if _is_new_code(line, cells["code"], rows, known, log):
            for column in columns:
                _take_weight(row, line, cells, column, figures[column], given[column], log)
    if tree is None:
        return None
    most = math.inf if normalise else SUM_TOLERANCE
    build = _from_local if kind == LOCAL else _from_global
    return build(given, rows, tree, log, most)


def _codes_by_name(nodes: Iterable[Named]) -> dict[str, str]:
    """Return the codes of nodes by their names, in either language, that no other node has."""
    named = [(_folded(name), node.code) for node in nodes for name in {node.name_zh, node.name_en} if name]
    counts = Counter(name for name, _code in set(named))
    return {name: code for name, code in named if counts[name] == 1}


def _folded(name: str) -> str:
    return " ".join(plain(name).casefold().split())


def _is_new_code(line: int, code: str, rows: dict[str, int], known: Vocabulary, log: ProblemLog) -> bool:
    if code not in known:
        message = known.suggest(_("The framework has no such code. Correct it."), code)
        log.add(message, row=line, column="code", value=code)
        return False
    if rows.setdefault(code, line) != line:
        message = _("The code already has a weight in row %(first)d. Delete one of the rows.")
        log.add(message % {"first": rows[code]}, row=line, column="code", value=code)
    return rows[code] == line


def _take_weight(
    row: int,
    line: int,
    cells: dict[str, str],
    column: str,
    figures: Figures,
    given: dict[str, float],
    log: ProblemLog,
) -> None:
    """Note one weight; an empty cell is a weight not given, a wrong one is nan."""
    if not cells[column] or row in figures.gaps:
        return
    value, complaint = float(figures.values[row]), figures.complaints.get(row, "")
    if value < 0:
        value, complaint = math.nan, _("A weight is never below zero. Correct it.")
    if complaint:
        log.add(complaint, row=line, column=column, value=cells[column])
    given[cells["code"]] = value


def _from_local(
    given: dict[str, dict[str, float]], rows: dict[str, int], tree: Tree, log: ProblemLog, most: float
) -> WeightTable | None:
    top, *others = tree.groups[0].tolist()
    if not others:
        # The index itself has all of the weight, whether or not a file says so.
        given[LOCAL].setdefault(tree.codes[top], 1.0)
    _note_missing(tree.codes, given[LOCAL], rows, LOCAL, log)
    local = np.array([given[LOCAL].get(code, 0.0) for code in tree.codes])
    for group in tree.groups:
        codes = [tree.codes[node] for node in group]
        if all(math.isfinite(given[LOCAL].get(code, math.nan)) for code in codes):
            local[group] = _rescaled(local[group], codes, LOCAL, log, most)
    if log.problems:
        return None
    stated = given[GLOBAL] if math.isfinite(most) else {}
    return _agreed(WeightTable(local, global_weights(tree, local)), stated, rows, tree, log)


def _from_global(
    given: dict[str, dict[str, float]], rows: dict[str, int], tree: Tree, log: ProblemLog, most: float
) -> WeightTable | None:
    _note_missing(tree.leaf_codes, given[GLOBAL], rows, GLOBAL, log)
    if log.problems:
        return None
    leaf_weights = np.array([given[GLOBAL][code] for code in tree.leaf_codes])
    leaf_weights = _rescaled(leaf_weights, tree.leaf_codes, GLOBAL, log, most)
    if log.problems:
        return None
    local = local_from_leaf_weights(tree, leaf_weights)
    stated = given[GLOBAL] if math.isfinite(most) else {}
    return _agreed(WeightTable(local, global_weights(tree, local)), stated, rows, tree, log)


def _note_missing(
    codes: Sequence[str], given: dict[str, float], rows: dict[str, int], column: str, log: ProblemLog
) -> None:
    for code in codes:
        if code not in given:
            message = _("%(code)s has no weight. Add it; write 0 for none.") % {"code": code}
            log.add(message, row=rows.get(code), column=column, value="" if code in rows else None)


def _rescaled(
    weights: FloatArray, codes: Sequence[str], column: str, log: ProblemLog, most: float
) -> FloatArray:
    """Bring weights whose sum misses 1 by at most ``most`` to a sum of 1."""
    total = math.fsum(weights)
    if total > 0 and abs(total - 1) <= most:
        return weights / total
    if not total:
        log.add(
            _("The weights of %(codes)s are all 0. Give one of them a weight.")
            % {"codes": _(", ").join(codes)},
            column=column,
        )
        return weights
    message = _("The weights of %(codes)s sum to %(total)s, not to 1 (within %(tolerance)s). Correct them.")
    names = _(", ").join(codes)
    log.add(message % {"codes": names, "total": f"{total:.9g}", "tolerance": SUM_TOLERANCE}, column=column)
    return weights


def _agreed(
    table: WeightTable, given: dict[str, float], rows: dict[str, int], tree: Tree, log: ProblemLog
) -> WeightTable | None:
    """Return the weights if the global weights that the file also gives are the same."""
    for code, value in {} if log.problems else given.items():
        computed = table.global_[tree.index[code]]
        if abs(computed - value) > SUM_TOLERANCE:
            message = _("The other weights of the file give %(computed)s here. Correct or empty the cell.")
            log.add(
                message % {"computed": f"{computed:.9g}"}, row=rows[code], column=GLOBAL, value=str(value)
            )
    return None if log.problems else table
