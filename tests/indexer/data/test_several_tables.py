"""Several tables on one sheet, side by side or below one another, are offered, and one is read."""

import csv
import io

import pytest
from openpyxl import Workbook

from indexer.intake.files import read_file
from tests.indexer.data.reading import read
from weighting.readers import ProblemLog
from weighting.readers.table import Reading

BESIDE = "country,a,,city,b,c\nAlbania,1.5,,Tirana,5,6\nNamibia,2.5,,Windhoek,7,8\n,,,Walvis Bay,9,10\n"
RANKS = "Rank,Name,Score,,Rank,Name,Score\n1,x,1.5,,3,z,3.5\n2,y,2.5,,4,w,4.5\n"


def workbook(text):
    """Return a workbook with the cells of a text."""
    book = Workbook()
    for row in csv.reader(text.splitlines()):
        book.active.append([None if not cell else float(cell) if cell[0].isdigit() else cell for cell in row])
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


@pytest.mark.parametrize("name", ["t.csv", "t.xlsx"])
def test_tables_side_by_side_are_offered_and_read_as_chosen(name):
    data = BESIDE if name == "t.csv" else workbook(BESIDE)
    assert read(data, name=name)[1] == {"table": ""}
    left, asked, _likely = read(data, name=name, table="1")
    assert (asked, left.units, left.columns) == ({}, ("Albania", "Namibia"), ("a",))
    assert left.values.tolist() == [[1.5], [2.5]]
    right, asked, _likely = read(data, name=name, table="2")
    assert (asked, right.units, right.columns) == ({}, ("Tirana", "Windhoek", "Walvis Bay"), ("b", "c"))
    assert right.values.tolist() == [[5, 6], [7, 8], [9, 10]]
    assert set(read(data, name=name, table="whole")[0].columns) >= {"a", "b", "c"}


@pytest.mark.parametrize("name", ["t.csv", "t.xlsx"])
def test_a_list_that_goes_on_to_the_right_is_one_table(name):
    data = RANKS if name == "t.csv" else workbook(RANKS)
    sheet, asked, _likely = read(data, name=name, table="stacked")
    assert (asked, sheet.units) == ({}, ("x", "y", "z", "w"))
    assert sheet.values.tolist() == [[1, 1.5], [2, 2.5], [3, 3.5], [4, 4.5]]


def test_titles_above_tables_side_by_side_stay_titles():
    titled = "Table 1,,,Table 2,,\n,,,in millions,,\n" + BESIDE
    sheet, asked, _likely = read(titled, table="2")
    assert (asked, sheet.columns, sheet.left_out) == ({}, ("b", "c"), ("Table 2", "in millions"))


@pytest.mark.parametrize(
    "text",
    [
        "country,a,,b,c\nAlbania,1,,2,3\nNamibia,4,,5,6\n",
        "country,a,,flag,note\nAlbania,1,,b,x\nNamibia,4,,c,y\n",
        "code,country,,region,a\nALB,Albania,,ECA,1\nNAM,Namibia,,SSA,2\n",
    ],
)
def test_an_empty_column_within_a_table_makes_no_second_one(text):
    assert "table" not in read(text)[1]


BELOW = (
    "Table 1,,\ncountry,a,b\nAlbania,1.5,2\nNamibia,2.5,3\n,,\nTable 2,,\ncountry,c,\nAlbania,10,\nChad,30,\n"
)


@pytest.mark.parametrize("name", ["t.csv", "t.xlsx"])
def test_tables_below_one_another_are_offered_and_read_as_chosen(name):
    data = BELOW if name == "t.csv" else workbook(BELOW)
    first, asked, _likely = read(data, name=name)
    assert asked == {"below": ""}
    chosen, asked, _likely = read(data, name=name, below="1")
    assert (asked, chosen.units, chosen.columns) == ({}, ("Albania", "Namibia"), ("a", "b"))
    assert chosen.values.tolist() == first.values.tolist() == [[1.5, 2], [2.5, 3]]
    second, asked, _likely = read(data, name=name, below="2")
    assert (asked, second.units, second.columns) == ({}, ("Albania", "Chad"), ("c",))
    assert second.values.tolist() == [[10], [30]]
    assert len(read(data, name=name, below="whole")[0].units) > 4


WIDER = (
    "Table 1\ncountry,a\nAlbania,1.5\nNamibia,2.5\n\n"
    "Table 2\ncountry,c,d,e,f\nAlbania,10,20,30,40\nChad,50,60,70,80\n"
)


@pytest.mark.parametrize("kind", ["as it is written", "filled up with commas", "a workbook"])
def test_a_table_below_may_be_wider_than_the_first(kind):
    lines = [line + "," * (4 - line.count(",")) for line in WIDER.splitlines()]
    padded = "\n".join(lines) + "\n"
    data = {"as it is written": WIDER, "filled up with commas": padded, "a workbook": workbook(padded)}[kind]
    name = "t.xlsx" if kind == "a workbook" else "t.csv"
    _sheet, asked, _likely = read(data, name=name)
    assert asked == {"below": ""}
    first, asked, likely = read(data, name=name, below="1")
    assert (asked, first.units, first.columns) == ({}, ("Albania", "Namibia"), ("a",))
    assert first.values.tolist() == [[1.5], [2.5]]
    assert "short_rows" not in likely
    second, asked, likely = read(data, name=name, below="2")
    assert (asked, second.units, second.columns) == ({}, ("Albania", "Chad"), ("c", "d", "e", "f"))
    assert second.values.tolist() == [[10, 20, 30, 40], [50, 60, 70, 80]]
    assert "short_rows" not in likely


def test_a_row_that_is_too_wide_without_names_is_refused_with_its_line():
    log = ProblemLog("t.csv")
    assert read_file(
        b"country,a\nAlbania,1.5\n\nNamibia,2.5,3.5\n", "t.csv", log, reading=Reading(is_form=False)
    )
    assert [(problem.row, "has 3 cells" in problem.message) for problem in log.problems] == [(4, True)]


def test_remarks_in_pairs_above_a_wider_table_are_no_table():
    pairs = "Indicator,Population\nYear,2020\nUnit,persons\n\n"
    sheet, asked, _likely = read(pairs + "country,a,b,c,d\nAlbania,1.5,2,3,4\nNamibia,2.5,3,4,5\n")
    assert (asked, sheet.columns) == ({}, ("a", "b", "c", "d"))


def test_footnotes_in_a_table_of_their_own_are_another_table():
    text = (
        '"Country or Area","Year","Value"\n"Albania","2019","2854191"\n"Namibia","2019","2494524"\n\n'
        '"footnoteSeqID","Footnote"\n"1","De facto population."\n"2","Projection."\n'
    )
    sheet, asked, _likely = read(text, below="1")
    assert (asked, sheet.units) == ({}, ("Albania", "Namibia"))


@pytest.mark.parametrize(
    "text",
    [
        "country,a,b\nAlbania,1,2\n\ncountry,a,b\nNamibia,3,4\n",
        "country,a,b\n\nAlbania,1,2\n\nNamibia,3,4\n",
        "country,a,b\nAlbania,1,2\n\nChad,NA,..\n",
        "country,a,b\nAlbania,1,2\n\nNotes: of 2021\n",
    ],
)
def test_an_empty_line_within_a_table_begins_no_other_one(text):
    assert "below" not in read(text)[1]


def cover_and_table(*, hides=False):
    book = Workbook()
    book.active.title = "Contents"
    for text in ("Statistics of countries", "Table 1: a and b", "Contact: stats@example.org"):
        book.active.append([text])
    table = book.create_sheet("Table 1")
    for row in (["country", "a", "b"], ["Albania", 1.5, 2], ["Namibia", 2.5, 3]):
        table.append(row)
    table.sheet_state = "hidden" if hides else "visible"
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def test_the_first_sheet_with_numbers_is_read_and_the_cover_is_offered():
    sheet, asked, likely = read(cover_and_table(), name="t.xlsx")
    assert (asked, likely["sheet"], sheet.units) == ({}, "Table 1", ("Albania", "Namibia"))
    hidden, *_decisions = read(cover_and_table(hides=True), name="t.xlsx", sheet="Table 1")
    assert hidden.values.tolist() == sheet.values.tolist() == [[1.5, 2], [2.5, 3]]


def test_tables_side_by_side_are_told_whatever_stands_behind_their_numbers():
    text = "country,a,,city,b\nAlbania,3.5万,,Tirana,5 km\nNamibia,1.2亿,,Windhoek,(6)\n"
    assert read(text)[1]["table"] == ""
    sheet, *_decisions = read(text, table="1", words="multiply")
    assert sheet.values.tolist() == [[35000], [1.2e8]]
