"""Ballots filled in as a spreadsheet, or typed in from paper: one, or one in each of several columns."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from weighting.readers.cells import Vocabulary, plain
from weighting.readers.problems import ProblemLog
from weighting.readers.rows import Row, Source, read_bytes
from weighting.readers.workbook import is_workbook, read_sheet

CODE, SCORE, QUESTIONNAIRE = "code", "score", "questionnaire"
# What the form says of an item; whoever fills it in changes none of it.
ABOUT_ITEMS = (CODE, "题目", "Item", "说明 / Unit and note")
SCORES = {"1": 1, "2": 2, "3": 3, "4": 4, "5": 5}
ABSTAIN = "abstain"
ABSTENTIONS = (ABSTAIN, "弃权")

Answers = dict[str, int | None]


@dataclass(frozen=True)
class SheetTerms:
    """What a filled-in form must fit: the round's questionnaire, its items, and whether one may abstain."""

    questionnaire: str
    codes: Sequence[str]
    may_abstain: bool


def read_sheet_ballot(source: Source, name: str, terms: SheetTerms) -> Answers:
    """Return the answers by indicator code; None is an abstention.

    Raises
    ------
    FileProblems
        With all problems of the file.
    """
    log = ProblemLog(name)
    table = _read_table(source, terms, log, heads=(SCORE,))
    answers = _read_answers(table, SCORE, terms, log) if table else {}
    log.raise_if_any()
    return answers


def read_sheet_ballots(
    source: Source, name: str, terms: SheetTerms, experts: Sequence[str]
) -> dict[str, Answers]:
    """Return the answers of each expert, by code, whose column holds any.

    Raises
    ------
    FileProblems
        With all problems of the file.
    """
    log = ProblemLog(name)
    table = _read_table(source, terms, log, heads=experts)
    answers: dict[str, Answers] = {}
    if table:
        known = Vocabulary(dict.fromkeys(experts))
        for head in table.filled:
            if head in experts:
                answers[head] = _read_answers(table, head, terms, log)
            else:
                message = _("No expert of this round, whose ballot can still be entered, has this code.")
                log.add(known.suggest(message, head), row=table.line, column=head, value=head)
        if not table.filled:
            log.add(_("No column holds a score. Write each expert’s scores below the code of the expert."))
    log.raise_if_any()
    return answers


@dataclass(frozen=True)
class _Table:
    """The rows of the items, by code, and the columns that hold scores, by their heads."""

    line: int
    items: Mapping[str, Row]
    places: Mapping[str, int]

    def said(self, row: Row, head: str) -> str:
        place = self.places[head]
        return plain(row.cells[place]) if place < len(row.cells) else ""

    @property
    def filled(self) -> list[str]:
        """The heads below which anything is written."""
        return [head for head in self.places if any(self.said(row, head) for row in self.items.values())]


def _read_table(source: Source, terms: SheetTerms, log: ProblemLog, *, heads: Sequence[str]) -> _Table | None:
    rows = _read_rows(source, log)
    place = _find_header(rows, heads, log) if rows else None
    if place is None:
        return None
    _check_questionnaire(rows[:place], terms, log)
    cells = [plain(cell) for cell in rows[place].cells]
    places: dict[str, int] = {}
    for at, head in enumerate(cells):
        if head in places:
            message = _("Two columns have this head. Keep one of them.")
            log.add(message, row=rows[place].line, column=head, value=head)
        elif head and head not in ABOUT_ITEMS:
            places[head] = at
    items = _read_items(rows[place + 1 :], cells.index(CODE), list(places.values()), terms, log)
    return _Table(rows[place].line, items, places)


def _read_rows(source: Source, log: ProblemLog) -> list[Row]:
    data = read_bytes(source, log)
    if data is None:
        return []
    if not is_workbook(data):
        log.add(_("This is not an XLSX workbook. Use the form that you downloaded for this round."))
        return []
    rows = read_sheet(data, log).rows
    if not rows and not log.problems:
        log.add(_("The first sheet is empty. Use the form that you downloaded for this round."))
    return rows


def _find_header(rows: list[Row], heads: Sequence[str], log: ProblemLog) -> int | None:
    for place, row in enumerate(rows):
        if CODE in row.cells and (heads != (SCORE,) or SCORE in row.cells):
            return place
    if heads == (SCORE,):
        message = _(
            "No row names the columns “code” and “score”. Use the form that you downloaded for this round."
        )
    else:
        message = _("No row names the column “code”. Use the form that you downloaded for this round.")
    log.add(message)
    return None


def _check_questionnaire(rows: list[Row], terms: SheetTerms, log: ProblemLog) -> None:
    """Refuse the form of another round: the same codes may have been asked under other terms."""
    for row in rows:
        if row.cells[0] == QUESTIONNAIRE and row.cells[1] == terms.questionnaire:
            return
    log.add(_("This is not the form of this round: the questionnaire hash differs. Download the form again."))


def _read_items(
    rows: list[Row], code_place: int, score_places: Sequence[int], terms: SheetTerms, log: ProblemLog
) -> dict[str, Row]:
    """Return the row of each item by its code; complain of wrong ones."""
    known = Vocabulary(dict.fromkeys(terms.codes))
    items: dict[str, Row] = {}
    for row in rows:
        code = row.cells[code_place] if code_place < len(row.cells) else ""
        if not code:
            said = [plain(row.cells[at]) for at in score_places if at < len(row.cells)]
            for value in filter(None, said):
                log.add(_("The score stands beside no code. Move it to its item."), row=row.line, value=value)
        elif code not in known:
            message = known.suggest(_("This round does not ask about this code. Correct it."), code)
            log.add(message, row=row.line, column=CODE, value=code)
        elif code in items:
            message = _("The same code stands in row %(first)d. Keep one of the two.") % {
                "first": items[code].line
            }
            log.add(message, row=row.line, column=CODE, value=code)
        else:
            items[code] = row
    for code in terms.codes:
        if code not in items:
            log.add(_("The item is missing. Use the whole form."), column=CODE, value=code)
    return items


def _read_answers(table: _Table, head: str, terms: SheetTerms, log: ProblemLog) -> Answers:
    answers: Answers = {}
    for code, row in table.items.items():
        said = table.said(row, head)
        if said in SCORES:
            answers[code] = SCORES[said]
        elif terms.may_abstain and said.casefold() in ABSTENTIONS:
            answers[code] = None
        else:
            log.add(_score_message(terms, said), row=row.line, column=head, value=said)
    return answers


def _score_message(terms: SheetTerms, said: str) -> str:
    if terms.may_abstain:
        return _("Write 1, 2, 3, 4 or 5, or “abstain”.")
    return (
        _("Write 1, 2, 3, 4 or 5. This round takes no abstentions.")
        if said
        else _("The item has no score. Write 1, 2, 3, 4 or 5.")
    )
