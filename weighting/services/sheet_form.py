"""The form of a round as a workbook, to fill in on a spreadsheet or on paper.

A page loads this when somebody asks for a form: openpyxl is a tenth of all that a process would load
otherwise.
"""

from collections.abc import Sequence
from io import BytesIO
from typing import Any

from django.utils import translation
from django.utils.translation import gettext as _
from openpyxl import Workbook
from openpyxl.styles import Alignment, Border, Font, PatternFill, Protection, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from weighting.enums import Language, RoundState, Rule
from weighting.exceptions import Refused
from weighting.models import Indicator, Round
from weighting.readers.sheets import ABOUT_ITEMS, ABSTAIN, QUESTIONNAIRE, SCORE
from weighting.selectors.rounds import asked_groups_of
from weighting.workbooks import as_stored

# Of what is said of an item; scores are as narrow as their codes allow.
WIDTHS = (16, 34, 42, 40)
SCORE_WIDTH = 9
RULE = Border(bottom=Side(style="thin", color="BBBBBB"))


def sheet_form(round_: Round, *, scores: Sequence[str] = (SCORE,)) -> bytes:
    """Return the form of an open round as a workbook: no names, every item, scores 1 to 5.

    ``scores`` are the heads of the columns to fill in: one, or the codes of several experts.
    """
    if round_.state != RoundState.OPEN:
        raise Refused(_("The form exists only while the round is open."))
    book = Workbook()
    sheet = book.worksheets[0]
    sheet.title = "ballot"
    for line in _instructions(round_):
        _append(sheet, line)
    _append(sheet, [QUESTIONNAIRE, round_.questionnaire_hash])
    _append(sheet, (*ABOUT_ITEMS, *scores))
    head = sheet.max_row
    of_lower_values = _of_lower_values(round_)
    for parent, nodes in asked_groups_of(round_):
        _append_group(sheet, parent, nodes, of_lower_values)
    _dress(sheet, head, len(scores), may_abstain=round_.rule == Rule.NORMALISED_MEAN)
    out = BytesIO()
    book.save(out)
    return out.getvalue()


def _instructions(round_: Round) -> list[list[str]]:
    """Return the lines above the items, in each language of the round."""
    lines = []
    for language in _languages_of(round_):
        with translation.override(language):
            lines += [
                [round_.title],
                [_("Open until %(deadline)s") % {"deadline": round_.deadline_text}],
                [_("How important is each indicator? 1 is very unimportant, 5 is very important.")],
            ]
            if round_.rule == Rule.NORMALISED_MEAN:
                lines.append([_("Write “abstain” where you would rather not judge.")])
            lines.append(
                [
                    _(
                        "By returning this form you agree that a manager enters your scores, and so sees "
                        "them. Do not write your name on it."
                    )
                ]
            )
    return lines


def _languages_of(round_: Round) -> list[Language]:
    return [language for language in Language if language in round_.languages]


def _of_lower_values(round_: Round) -> list[str]:
    """Say of an indicator that lower values are better, as the ballot does, in each language of the round."""
    said = []
    for language in _languages_of(round_):
        with translation.override(language):
            said.append(_("Lower values are better."))
    return said


def _append_group(
    sheet: Worksheet, parent: Indicator | None, nodes: list[Indicator], of_lower_values: list[str]
) -> None:
    _append(
        sheet, ["", parent.name_zh if parent else "总指数", parent.name_en if parent else "The whole index"]
    )
    for cell in sheet[sheet.max_row]:
        cell.font = Font(bold=True)
    for node in nodes:
        direction = of_lower_values if node.direction == -1 else []
        said = [node.unit, *direction, node.definition_zh, node.definition_en, node.note]
        detail = " · ".join(filter(None, said))
        _append(sheet, [node.code, node.name_zh, node.name_en, detail])
        for cell in sheet[sheet.max_row]:
            cell.border = RULE
            cell.alignment = Alignment(wrap_text=True, vertical="top")


def _append(sheet: Worksheet, values: Any) -> None:
    """Append a row of texts: none of them is ever a formula, whatever it begins with."""
    sheet.append([as_stored(value) if isinstance(value, str) else value for value in values])
    for cell in sheet[sheet.max_row]:
        if isinstance(cell.value, str):
            cell.data_type = "s"


def _dress(sheet: Worksheet, head: int, columns: int, *, may_abstain: bool) -> None:
    """Lock all but the score cells, check what is typed into them, and fit the sheet on paper."""
    allowed = f"1,2,3,4,5,{ABSTAIN}" if may_abstain else "1,2,3,4,5"
    check = DataValidation(type="list", formula1=f'"{allowed}"', allow_blank=True, showErrorMessage=True)
    check.error = f"{allowed.replace(',', ', ')}"
    sheet.add_data_validation(check)
    for row in range(head + 1, sheet.max_row + 1):
        if sheet.cell(row, 1).value:
            for column in range(len(ABOUT_ITEMS) + 1, len(ABOUT_ITEMS) + columns + 1):
                score = sheet.cell(row, column)
                score.protection = Protection(locked=False)
                score.border = RULE
                score.fill = PatternFill("solid", fgColor="FFF8E1")
                score.alignment = Alignment(horizontal="center", vertical="top")
                check.add(score)
    for cell in sheet[head]:
        cell.font = Font(bold=True)
        cell.border = RULE
    for place, width in enumerate((*WIDTHS, *[SCORE_WIDTH] * columns), start=1):
        sheet.column_dimensions[get_column_letter(place)].width = width
    sheet.protection.sheet = True
    sheet.freeze_panes = sheet.cell(head + 1, 1)
    sheet.print_title_rows = f"{head}:{head}"
    sheet.page_setup.paperSize = sheet.PAPERSIZE_A4
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
