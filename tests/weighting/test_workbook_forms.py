"""Workbooks as people make them: hidden sheets, charts, and codes that a format gives their zeros."""

import datetime
from io import BytesIO

import pytest
from django.utils.translation import override
from openpyxl import Workbook
from openpyxl.chart import BarChart

from weighting.readers import FileProblems, ProblemLog, read_panel
from weighting.readers.decisions import Decisions
from weighting.readers.workbook import read_sheet

HEADER = ["code", "name", "email"]


def saved(book):
    out = BytesIO()
    book.save(out)
    return out.getvalue()


def panel_with(value, number_format="General"):
    book = Workbook()
    book.active.append(HEADER)
    book.active.append([value, "A", "a@example.org"])
    book.active["A2"].number_format = number_format
    return saved(book)


def test_a_code_keeps_its_zeros_to_the_right_of_empty_columns():
    book = Workbook()
    for line, cells in enumerate([HEADER, [7, "A", "a@example.org"]], start=3):
        for column, value in enumerate(cells, start=4):
            book.active.cell(line, column, value)
    book.active["D4"].number_format = "000"
    (row,) = read_panel(saved(book), "P.xlsx")
    assert row.code == "007"


def test_the_sheet_that_is_chosen_is_read():
    book = Workbook()
    book.active.append(["About"])
    book.create_sheet("people").append(HEADER)
    book["people"].append(["E1", "A", "a@example.org"])
    book["people"].sheet_state = "hidden"
    ledger = Decisions({"sheet": "people"})
    assert [row.code for row in read_panel(saved(book), "P.xlsx", ledger)] == ["E1"]
    assert ledger.made[0].options == ("Sheet", "people")


@pytest.mark.parametrize(
    ("value", "number_format", "shown"),
    [
        (7, "000", "007"),
        (7.0, "000", "007"),
        (110000, "000000", "110000"),
        (1234, "000", "1234"),
        (-7, "000", "-007"),
        (7, "000;@", "007"),
        (7, "0", "7"),
        (7, "0.00", "7"),
        ("007", "@", "007"),
        ("1E5", "@", "1E5"),
        ("1-2", "@", "1-2"),
        (123456789012345, "General", "123456789012345"),
        (datetime.date(2024, 1, 2), "yyyy-mm-dd", "2024-01-02"),
    ],
)
def test_a_code_keeps_the_form_that_it_shows(value, number_format, shown):
    (row,) = read_panel(panel_with(value, number_format), "P.xlsx")
    assert row.code == shown


@pytest.mark.parametrize("code", ["007", "1E5", "1-2", "2024-01-02", "00", "12345678901234567890"])
def test_a_code_of_a_csv_file_stays_the_text_that_it_is(code):
    (row,) = read_panel(f"code,name,email\n{code},A,a@example.org\n".encode(), "P.csv")
    assert row.code == code


def test_the_first_visible_sheet_is_read_and_charts_are_none():
    book = Workbook()
    book.active.append(["code", "hidden"])
    book.active.sheet_state = "hidden"
    book.create_sheet("very").sheet_state = "veryHidden"
    book.create_chartsheet("chart").add_chart(BarChart())
    shown = book.create_sheet("shown")
    shown.append(HEADER)
    book.create_sheet("later").append(["x"])
    book.active = 3
    data = saved(book)
    log = ProblemLog("P.xlsx")
    sheet = read_sheet(data, log)
    assert [row.cells for row in sheet.rows] == [HEADER]
    assert (sheet.name, sheet.others) == ("shown", ("Sheet", "very", "chart", "later"))


def test_a_workbook_of_charts_alone_is_refused():
    book = Workbook()
    book.remove(book.active)
    book.create_chartsheet("chart").add_chart(BarChart())
    with pytest.raises(FileProblems, match="cannot be read as an XLSX workbook"):
        read_panel(saved(book), "P.xlsx")


@pytest.mark.parametrize("page", ["en", "zh-hans"])
@pytest.mark.parametrize(("word", "language"), [("中文", "zh-hans"), ("Chinese", "zh-hans"), ("英文", "en")])
def test_a_panel_is_read_alike_whatever_the_language_of_the_page(page, word, language):
    with override(page):
        (row,) = read_panel(f"code,name,email,language\nA,A,a@example.org,{word}\n".encode(), "P.csv")
    assert row.language == language
