"""A ballot filled in as a spreadsheet, or typed in from paper."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from weighting.readers.cells import Vocabulary, plain
from weighting.readers.problems import ProblemLog
from weighting.readers.rows import Row, Source, read_bytes
from weighting.readers.workbook import is_workbook, read_sheet

CODE, SCORE, QUESTIONNAIRE = "code", "score", "questionnaire"
SCORES = {"1": 1, "2": 2, "3": 3, "4": 4, "5": 5}
ABSTAIN = "abstain"
ABSTENTIONS = (ABSTAIN, "弃权")


@dataclass(frozen=True)
class SheetTerms:
    """What a filled-in form must fit: the round's questionnaire, its items, and whether one may abstain."""

    questionnaire: str
    codes: Sequence[str]
    may_abstain: bool


def read_sheet_ballot(source: Source, name: str, terms: SheetTerms) -> dict[str, int | None]:
    """Return the answers by indicator code; None is an abstention.

    Raises
    ------
    FileProblems
        With all problems of the file.
    """
    log = ProblemLog(name)
    rows = _read_rows(source, log)
    place = _find_header(rows, log) if rows else None
    answers: dict[str, int | None] = {}
    if place is not None:
        _check_questionnaire(rows[:place], terms, log)
        answers = _read_answers(rows[place:], terms, log)
    log.raise_if_any()
    return answers


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


def _find_header(rows: list[Row], log: ProblemLog) -> int | None:
    for place, row in enumerate(rows):
        if CODE in row.cells and SCORE in row.cells:
            return place
    log.add(
        _("No row names the columns “code” and “score”. Use the form that you downloaded for this round.")
    )
    return None


def _check_questionnaire(rows: list[Row], terms: SheetTerms, log: ProblemLog) -> None:
    """Refuse the form of another round: the same codes may have been asked under other terms."""
    for row in rows:
        if row.cells[0] == QUESTIONNAIRE and row.cells[1] == terms.questionnaire:
            return
    log.add(_("This is not the form of this round: the questionnaire hash differs. Download the form again."))


def _read_answers(rows: list[Row], terms: SheetTerms, log: ProblemLog) -> dict[str, int | None]:
    header, *body = rows
    code_place, score_place = header.cells.index(CODE), header.cells.index(SCORE)
    known = Vocabulary(dict.fromkeys(terms.codes))
    first: dict[str, int] = {}
    answers: dict[str, int | None] = {}
    for row in body:
        cells = row.cells + [""] * len(header.cells)
        code, said = cells[code_place], plain(cells[score_place])
        if not code:
            if said:
                log.add(_("The score stands beside no code. Move it to its item."), row=row.line, value=said)
            continue
        if code not in known:
            message = known.suggest(_("This round does not ask about this code. Correct it."), code)
            log.add(message, row=row.line, column=CODE, value=code)
        elif first.setdefault(code, row.line) != row.line:
            message = _("The same code stands in row %(first)d. Keep one of the two.") % {
                "first": first[code]
            }
            log.add(message, row=row.line, column=CODE, value=code)
        else:
            _read_score(row.line, code, said, answers, terms, log)
    for code in terms.codes:
        if code not in first:
            log.add(_("The item is missing. Use the whole form."), column=CODE, value=code)
    return answers


def _read_score(
    line: int, code: str, said: str, answers: dict[str, int | None], terms: SheetTerms, log: ProblemLog
) -> None:
    if said in SCORES:
        answers[code] = SCORES[said]
    elif terms.may_abstain and said.casefold() in ABSTENTIONS:
        answers[code] = None
    else:
        log.add(_score_message(terms, said), row=line, column=SCORE, value=said)


def _score_message(terms: SheetTerms, said: str) -> str:
    if terms.may_abstain:
        return _("Write 1, 2, 3, 4 or 5, or “abstain”.")
    return (
        _("Write 1, 2, 3, 4 or 5. This round takes no abstentions.")
        if said
        else _("The item has no score. Write 1, 2, 3, 4 or 5.")
    )
