"""The panel's scores from a file."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from django.utils.translation import gettext as _

from weighting.numeric.arrays import BoolArray, FloatArray, IntArray
from weighting.numeric.tree import Tree
from weighting.readers.cells import CellError, Vocabulary, parse_score
from weighting.readers.forms import read_table
from weighting.readers.problems import ProblemLog
from weighting.readers.rows import Source
from weighting.readers.table import check_header

COLUMNS = ("expert", "indicator", "score")


@dataclass(frozen=True)
class Abstention:
    """An empty score; ``row`` is its line in the file."""

    row: int
    expert: str
    code: str


@dataclass(frozen=True, eq=False)
class ScoreTable:
    """Checked scores.

    ``scores`` is (experts, nodes), nan for an abstention or an item that was not asked;
    ``asked`` is (nodes,), true for whole sibling groups.
    """

    experts: tuple[str, ...]
    scores: FloatArray
    asked: BoolArray
    abstentions: tuple[Abstention, ...]


@dataclass(frozen=True)
class _Score:
    """A row; ``answered`` also when the value, then nan, is off the scale."""

    row: int
    expert: str
    code: str
    value: float
    answered: bool


def read_scores(source: Source, name: str, tree: Tree) -> ScoreTable:
    """Read expert, indicator, score; an empty score is an abstention.

    An expert has a row for every item that anybody was asked; a sibling group is asked as a
    whole or not at all.

    Raises
    ------
    FileProblems
        With all problems of the file.
    """
    log = ProblemLog(name)
    table = scan_scores(source, log, tree.codes, tree)
    log.raise_if_any()
    assert table is not None  # noqa: S101  (without problems there is a table)
    return table


def scan_scores(
    source: Source, log: ProblemLog, codes: Sequence[str], tree: Tree | None
) -> ScoreTable | None:
    """Read scores as far as they go; without a tree, cells are checked but not groups."""
    table = read_table(source, log)
    if table is None or not check_header(table, log, required=COLUMNS):
        return None
    known = Vocabulary(dict.fromkeys(codes))
    first_rows: dict[tuple[str, str], int] = {}
    scores = []
    for line, cells in table.records(COLUMNS):
        score = _read_row(line, cells, known, log)
        if _is_new(score, first_rows, log):
            scores.append(score)
    if not first_rows:
        log.add(_("The file has no scores. Add one row for each expert and indicator."))
    if tree is None or not scores:
        return None
    _check_complete(scores, tree, log)
    return None if log.problems else _tabulate(scores, tree)


def _read_row(line: int, cells: dict[str, str], known: Vocabulary, log: ProblemLog) -> _Score:
    code, expert = cells["indicator"], cells["expert"]
    if not expert:
        log.add(_("Every row names its expert. Fill it in."), row=line, column="expert", value="")
    if code not in known:
        message = known.suggest(_("The framework has no such code. Correct it."), code)
        log.add(message, row=line, column="indicator", value=code)
    try:
        value = parse_score(cells["score"])
    except CellError as error:
        log.add(str(error), row=line, column="score", value=cells["score"])
        value = np.nan
    return _Score(line, expert, code, value, answered=bool(cells["score"]))


def _is_new(score: _Score, first_rows: dict[tuple[str, str], int], log: ProblemLog) -> bool:
    first = first_rows.setdefault((score.expert, score.code), score.row)
    if first != score.row:
        message = _("%(expert)s already scored this indicator in row %(first)d. Delete one of the rows.")
        log.add(
            message % {"expert": score.expert, "first": first},
            row=score.row,
            column="indicator",
            value=score.code,
        )
    return first == score.row


def _check_complete(scores: list[_Score], tree: Tree, log: ProblemLog) -> None:
    """Note groups asked in part, items nobody scored and rows that an expert lacks."""
    rows = {score.code for score in scores}
    scored = {score.code for score in scores if score.answered}
    asked = [tree.codes[node] for group in tree.groups for node in group if _is_asked(group, tree, rows)]
    for code in asked:
        if code not in rows:
            message = _("The indicator is not scored but its siblings are. Add its rows, or leave all out.")
            log.add(message, column="indicator", value=code)
        elif code not in scored:
            message = _("Nobody scored the indicator, so it has no weight. Leave out its whole group.")
            log.add(message, column="indicator", value=code)
    _check_experts(scores, [code for code in asked if code in rows], log)


def _check_experts(scores: list[_Score], asked: Sequence[str], log: ProblemLog) -> None:
    """Note the rows that an expert lacks of those that others have."""
    by_expert: dict[str, set[str]] = {}
    for score in scores:
        if score.expert:
            by_expert.setdefault(score.expert, set()).add(score.code)
    for expert, own in by_expert.items():
        if lacking := [code for code in asked if code not in own]:
            message = _("No rows for %(codes)s. Add them, with an empty score for an abstention.")
            log.add(message % {"codes": _(", ").join(lacking)}, column="expert", value=expert)


def _is_asked(group: IntArray, tree: Tree, rows: set[str]) -> bool:
    return any(tree.codes[node] in rows for node in group)


def _tabulate(scores: list[_Score], tree: Tree) -> ScoreTable:
    experts = {expert: place for place, expert in enumerate(dict.fromkeys(score.expert for score in scores))}
    matrix = np.full((len(experts), len(tree)), np.nan)
    asked = np.zeros(len(tree), dtype=bool)
    for score in scores:
        matrix[experts[score.expert], tree.index[score.code]] = score.value
        asked[tree.index[score.code]] = True
    abstentions = tuple(Abstention(s.row, s.expert, s.code) for s in scores if np.isnan(s.value))
    return ScoreTable(tuple(experts), matrix, asked, abstentions)
