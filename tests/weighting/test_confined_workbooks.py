"""Workbooks are read by a process of its own, which may take little time and memory and knows no secret."""

import datetime
import json
import re
import zipfile
from dataclasses import replace
from io import BytesIO

import pytest
from django.utils.translation import override
from openpyxl import Workbook
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont

from tests.indexer.data.test_hostile_files import MAIN, SHEET, repacked
from weighting.confined import MEGABYTE, Broke, Limits, TookTooLong, run_confined
from weighting.readers import ProblemLog, workbook
from weighting.readers.workbook import SheetLimits, read_sheet
from weighting.readers.workbooks import reading, scan

LIMITS = Limits(cpu_seconds=5, data=256 * MEGABYTE, clock_seconds=20.0)


@pytest.fixture
def program(tmp_path):
    """Make a program of the lines given."""

    def make(*lines):
        path = tmp_path / "program.py"
        path.write_text("\n".join(lines))
        return path

    return make


def sheet_of(cells):
    return repacked(**{SHEET: f'<worksheet xmlns="{MAIN}"><sheetData>{cells}</sheetData></worksheet>'})


def problems_of(data, limits=SheetLimits()):  # noqa: B008
    log = ProblemLog("b.xlsx")
    assert read_sheet(data, log, limits).rows == []
    return " ".join(map(str, log.problems))


def test_what_a_program_writes_is_handed_back(program):
    copied = program("import sys", "sys.stdout.write(sys.argv[2] + sys.stdin.read())")
    assert run_confined(copied, b"data", "said ", limits=LIMITS) == b"said data"


def test_a_program_inherits_no_secret_and_no_connection(program, monkeypatch):
    monkeypatch.setenv("DJANGO_SECRET_KEY", "the secret")
    told = program(
        "import json, os",
        "print(json.dumps([dict(os.environ), os.listdir('/proc/self/fd')]))",
    )
    environment, files = json.loads(run_confined(told, b"", limits=LIMITS))
    assert "the secret" not in environment.values()
    # Its own three, and the folder that it lists.
    assert len(files) == 4


def test_a_program_that_hangs_is_ended_by_the_clock(program):
    with pytest.raises(TookTooLong):
        run_confined(program("import time", "time.sleep(60)"), b"", limits=replace(LIMITS, clock_seconds=0.3))


@pytest.mark.parametrize("ending", ["import os; os.abort()", "raise SystemExit(3)"])
def test_a_program_that_ends_otherwise_than_well_gives_nothing(program, ending):
    with pytest.raises(Broke):
        run_confined(program(ending), b"", limits=LIMITS)


def test_the_reader_is_ended_when_it_computes_too_long(monkeypatch):
    """The same workbook is read where there is time: the limit ends it, not a fault of the workbook."""
    busy = sheet_of('<row><c t="inlineStr"><is><t>code</t></is></c></row>' + "<a/>" * 4_500_000)
    log = ProblemLog("b.xlsx")
    # However slow the processor is just now.
    monkeypatch.setattr(workbook, "CONFINED", replace(workbook.CONFINED, cpu_seconds=200, clock_seconds=200))
    assert [row.cells for row in read_sheet(busy, log).rows] == [["code"]]
    monkeypatch.setattr(workbook, "CONFINED", replace(workbook.CONFINED, cpu_seconds=1))
    assert "took longer than" in problems_of(busy)
    with override("zh-hans"):
        assert "秒" in problems_of(busy)


def test_the_reader_is_ended_when_it_takes_too_much(monkeypatch):
    cells = "<row>" + '<c t="s"><v>0</v></c>' * 40 + "</row>"
    texts = f'<sst xmlns="{MAIN}"><si><t>{"x" * 10_000}</t></si></sst>'
    large = repacked(sheet_of(cells * 100), **{"xl/sharedStrings.xml": texts})
    log = ProblemLog("b.xlsx")
    assert len(read_sheet(large, log).rows) == 100
    monkeypatch.setattr(workbook, "CONFINED", replace(workbook.CONFINED, data=80 * MEGABYTE))
    assert "took more memory" in problems_of(large)


def test_parts_of_one_name_are_refused():
    """Two readers might take one each: what was looked through would not be what is read."""
    out = BytesIO(sheet_of("<row><c><v>1</v></c></row>"))
    with zipfile.ZipFile(out, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr(SHEET, "<worksheet/>")
    assert "damaged" in problems_of(out.getvalue())


def test_every_kind_of_cell_is_the_text_that_a_person_would_type():
    book = Workbook()
    sheet = book.active
    bold = TextBlock(InlineFont(b=True), "bold")
    sheet.append(["南阳", " spaced ", 7, 7.5, -2.0, 1e-9, 123456789012345])
    sheet.append([True, False, "#N/A", "#DIV/0!", CellRichText("plain ", bold), "", None, "x"])
    moment = datetime.datetime(2024, 1, 2, 3, 4)  # noqa: DTZ001  (a spreadsheet knows no time zone)
    sheet.append([moment.date(), moment, moment.time()])
    sheet["A6"] = "after two blank rows"
    out = BytesIO()
    book.save(out)
    rows = read_sheet(out.getvalue(), ProblemLog("b.xlsx")).rows
    assert [row.line for row in rows] == [1, 2, 3, 6]
    assert rows[0].cells[:7] == ["南阳", "spaced", "7", "7.5", "-2", "1e-09", "123456789012345"]
    assert rows[1].cells == ["TRUE", "FALSE", "#N/A", "#DIV/0!", "plain bold", "", "", "x"]
    assert rows[2].cells[:3] == ["2024-01-02", "2024-01-02T03:04:00", "03:04:00"]


def test_cells_that_name_no_place_follow_each_other():
    rows = read_sheet(sheet_of('<row><c><v>1</v></c><c t="e"><v>#REF!</v></c></row>'), ProblemLog("b")).rows
    assert [row.cells for row in rows] == [["1", "#REF!"]]


def test_a_long_number_keeps_its_last_digits():
    rows = read_sheet(sheet_of("<row><c><v>110101199003071234</v></c></row>"), ProblemLog("b")).rows
    assert [row.cells for row in rows] == [["110101199003071234"]]


def test_what_reaches_too_far_is_named_by_its_row():
    assert "row 7" in problems_of(sheet_of('<row r="7"><c r="AY7"><v>1</v></c></row>'))
    # A cell that holds nothing reaches nowhere.
    empty = sheet_of('<row r="1"><c r="A1"><v>1</v></c><c r="XFD1" s="0"/></row>')
    assert len(read_sheet(empty, ProblemLog("b.xlsx")).rows) == 1


def test_a_cell_with_a_formula_is_named_where_formulas_are_not_taken():
    data = sheet_of('<row r="3"><c r="AB3"><f>SUM(A1:A2)</f><v>3</v></c></row>')
    assert "row 3, column “AB”, value “=SUM(A1:A2)”" in problems_of(data, SheetLimits(takes_formulas=False))
    (row,) = read_sheet(data, ProblemLog("b.xlsx")).rows
    assert row.cells[-1] == "3"


@pytest.mark.parametrize(
    ("cell", "told"),
    [
        ("<c><f>1+1</f></c>", True),
        ("<c><f>1+1</f><v></v></c>", True),
        ('<c t="str"><f>""</f><v></v></c>', False),
        ("<c><f>1+1</f><v>2</v></c>", False),
    ],
)
def test_a_formula_whose_value_the_file_does_not_keep_is_no_empty_cell(cell, told):
    log = ProblemLog("b.xlsx")
    rows = read_sheet(sheet_of(f'<row r="3"><c r="A3"><v>1</v></c>{cell}</row>'), log).rows
    if told:
        (problem,) = map(str, log.problems)
        assert "row 3, column “B”, value “=1+1”" in problem
        assert "does not say what it comes to" in problem
    assert bool(rows) != told


@pytest.mark.parametrize(
    "said", ['hidden="1"', 'hidden="true"', 'ht="0" customHeight="1"', 'spans="1:2" hidden="1"']
)
@pytest.mark.parametrize("cell", ['<c r="A2"><v>1</v></c>', "<c><v>1</v></c>"])
def test_a_row_says_itself_that_it_is_not_shown(said, cell):
    rows = f'<row r="1" hidden="0"><c r="A1"><v>1</v></c></row><row r="2" {said}>{cell}</row>'
    assert read_sheet(sheet_of(rows), ProblemLog("b.xlsx")).hidden_lines == {2}


PLAIN = '<row r="{0}" spans="1:3"><c r="A{0}" s="1" t="str"><v>x</v></c><c r="B{0}"><v>1.5</v></c></row>'
NOTED = [
    '<row r="2"><c r="A2" t="e"><v>#REF!</v></c></row>',
    '<row r="2"><c r="A2"><v>123456789012345678</v></c></row>',
    '<row r="2"><c r="A2"><f>1+1</f><v>2</v></c></row>',
    '<row r="2"><c r="AY2"><v>2</v></c></row>',
    '<row r="2"><c r="AY2" s="1"/></row>',
    '<row r="2"><c><v>123456789012345678</v></c></row>',
    '<row><c t="e"><v>#N/A</v></c></row>',
    '<row r="60000"><c r="A60000"><v>1</v></c></row>',
    '<row r="2"><c r="A3"><v>1</v></c></row>',
    '<row r="2"><c r="A2"><v>1</v></row>',
    '<!-- <row r="2"><c r="A2"><v>1</v></c></row> --><row r="2"><c r="A2" t="e"><v>1</v></c></row>',
]


@pytest.mark.parametrize("row", NOTED)
def test_plain_rows_are_passed_over_and_what_is_noted_stays_the_same(row, monkeypatch):
    data = sheet_of(PLAIN.format(1) + row + PLAIN.format(4))
    limits = scan.Limits(rows=20_000, columns=50, cells=400_000, takes_formulas=False)
    found = reading.answer_of(data, limits)
    # A pattern that nothing has, of whatever columns.
    monkeypatch.setattr(scan, "PLAIN_ROW", b"(?!)(?:%b)")
    assert found == reading.answer_of(data, limits)


@pytest.mark.parametrize("most", [1, 26, 27, 50, 52, 702, 703, 704, 4000, 16_384])
def test_a_pattern_tells_the_columns_within_a_limit(most):
    within = re.compile(scan.columns_up_to(most))
    columns = range(1, 18_279)
    told = [bool(within.fullmatch(scan.letters_of(column).encode())) for column in columns]
    assert told == [column <= most for column in columns]
