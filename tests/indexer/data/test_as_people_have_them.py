"""Marks, notes and names as offices, journals and programs write them, each a kind that was once misread."""

import math

import numpy as np
import pytest

from indexer.intake.files import read_file
from indexer.intake.mapping import UnitFinder, UnitNames
from indexer.intake.sheets import read_sheet
from tests.indexer.data.reading import read
from weighting.readers import ProblemLog
from weighting.readers.forms import read_table

NAN = math.nan
# What stands in a cell beside a plain number, and what it is.
CELLS = {
    "lakhs and crores": ('"3,34,06,061"', 33406061, {}),
    "digits of Arabic": ("٧٦٫٥", 76.5, {}),
    "a point above the line": ("76·5", 76.5, {}),
    "a power of ten": ("1.5×10³", 1500, {}),
    "a power of ten as typed": ("2.5*10^-3", 0.0025, {}),
    "the mark of a text": ("'76.5", 76.5, {}),
    "an interval": ("76.5 (74.1-78.2)", 76.5, {"flags:": "drop"}),
    "an interval in square brackets": ("76.5 [74.1–78.2]", 76.5, {"flags:": "drop"}),
    "an error": ("76.5 ± 1.2", 76.5, {"flags:": "drop"}),
    "two footnotes": ('"2,402,113[3][12]"', 2402113, {"flags:": "drop"}),
    "a mark in Chinese": ("76.5（估）", 76.5, {"flags:": "drop"}),
    "secret": ("[c]", NAN, {"missing:": "gap"}),
    "not published": ("np", NAN, {"missing:": "gap"}),
    "a gap of Stata": (".", NAN, {"missing:": "gap"}),
    "a gap of SAS": (".a", NAN, {"missing:": "gap"}),
    "no statement": ("k.A.", NAN, {"missing:": "gap"}),
    "a formula that went wrong": ("#DIV/0!", NAN, {"missing:": "gap"}),
    "three stars": ("***", NAN, {"missing:": "gap"}),
}


@pytest.mark.parametrize("kind", CELLS)
def test_a_cell_is_read_as_it_is_meant(kind):
    written, value, taken = CELLS[kind]
    sheet, asked, likely = read(f"country,a\nAlbania,{written}\nNamibia,2.5\n")
    np.testing.assert_array_equal(sheet.values, [[value], [2.5]])
    assert (asked, sheet.texts) == ({}, {})
    assert {f"{key}:" for key in likely} - {"unit:"} == set(taken)


def test_so_many_of_a_hundred_is_a_percentage():
    sheet, asked, likely = read("城市,a\n南阳市,百分之12.5\n洛阳市,百分之8\n")
    assert (asked, sheet.values.tolist(), likely["percent:a"]) == ({}, [[12.5], [8]], "percent")


def test_what_a_word_makes_of_a_number_is_not_shown_before_its_mark_is_known():
    log = ProblemLog("t.csv")
    file = read_file("城市;a\n南阳市;1,234万\n洛阳市;2,345万\n".encode(), "t.csv", log)
    read_sheet(file, log)
    words = next(made for made in file.table.decisions.made if made.kind == "words")
    assert words.samples == ("1,234万",)


@pytest.mark.parametrize("written", ["约3.5万", "ca. 5", "3万余人", "5 or more", "1=", "12-18 months"])
def test_what_is_no_number_but_nearly_is_a_gap_by_choice_alone(written):
    text = f"country,a\nAlbania,{written}\nNamibia,2.5\nChad,3.5\n"
    sheet, asked, _likely = read(text)
    assert (asked, sheet.texts) == ({"ranges:a": ""}, {(0, 0): written})
    sheet, asked, _likely = read(text, ranges__a="gap")
    assert (asked, sheet.kept) == ({}, {(0, 0): written})


@pytest.mark.parametrize(
    "note",
    [
        "注：本表按当年价格计算。",
        "资料来源：国家统计局。",
        "__________",
        "* Provisional.",
        "1) Excluding islands.",
    ],
)
def test_a_note_below_is_left_out(note):
    sheet, *_decisions = read(f"country,a,b\nAlbania,1,2\nNamibia,3,4\n{note},,\n")
    assert (sheet.units, sheet.left_out) == (("Albania", "Namibia"), (note,))


@pytest.mark.parametrize("name", ["Bayern 1)", "Bayern¹⁾", "Bayern1)", ".Bayern", "Bayern[a]"])
def test_marks_around_a_name_are_left_out(name):
    sheet, _asked, likely = read(f"land,a\n{name},1.5\nBerlin,2.5\n")
    assert (sheet.units[0], likely["unit_marks"]) == ("Bayern", "drop")


UNITS = [
    UnitNames("1", "Albania", "Albania", ("Albania",), (), ("ALB", "AL")),
    UnitNames("2", "Namibia", "Namibia", ("Namibia",), (), ("NAM", "NA")),
    UnitNames("3", "北京", "北京", ("北京",), (), ()),
]


@pytest.mark.parametrize(
    ("label", "key"),
    [
        ("ALB - Albania", "1"),
        ("Albania (ALB)", "1"),
        ("Namibia [NA]", "2"),
        ("01 Albania", "1"),
        ("ALB Albania", "1"),
        ("2. Namibia", "2"),
        ("北 京", "3"),
        ("北　　京", "3"),
    ],
)
def test_a_unit_is_found_by_its_code_and_name_in_one_cell(label, key):
    finder = UnitFinder(UNITS, [label])
    assert (finder.find(label).to, finder.find(label).is_settled, finder.knows(label)) == (key, True, True)


@pytest.mark.parametrize(
    "label", ["ALB - Namibia", "Namibia (ALB)", "ALB - Albanien", "XYZ - Albania", "NAM Albania"]
)
def test_a_code_beside_another_name_settles_nothing(label):
    assert not UnitFinder(UNITS, [label]).find(label).is_settled
    assert not UnitFinder(UNITS, [label]).knows(label)


PAGE = (
    b"<html><body><table><tr><th>country</th><th>a</th></tr>\n<tr><td>Albania</td></tr></table></body></html>"
)


@pytest.mark.parametrize(
    "data", [PAGE, b"\xef\xbb\xbf\n<!DOCTYPE html>" + PAGE, b'<?xml version="1.0"?><Workbook/>']
)
@pytest.mark.parametrize("name", ["t.csv", "t.xls"])
def test_a_web_page_under_the_name_of_a_table_says_what_it_is(data, name):
    log, form = ProblemLog(name), ProblemLog(name)
    assert read_file(data, name, log) is None
    assert read_table(data, form) is None
    for problems in (log.problems, form.problems):
        assert ["web page or an XML document" in str(problem) for problem in problems] == [True]


def test_a_column_that_is_empty_once_its_year_is_taken_is_no_column_of_units():
    text = "country;date;region;a\nAlbania;31.12.2020;x;1,5\nNamibia;31.12.2020;x;2,5\n"
    log = ProblemLog("t.csv")
    file = read_file(text.encode(), "t.csv", log)
    read_sheet(file, log)
    unit = next(made for made in file.table.decisions.made if made.kind == "unit")
    assert unit.options == ("country", "region")


@pytest.mark.parametrize(
    ("above", "columns"),
    [
        (",Work,,Health,", ("Work / men", "Work / women", "Health / men", "Health / women")),
        (",2020,,2021,", ("2020 / men", "2020 / women", "2021 / men", "2021 / women")),
    ],
)
def test_names_over_several_columns_belong_to_each_though_none_stands_over_the_units(above, columns):
    text = f"Table 1,,,,\n{above}\ncountry,men,women,men,women\nAlbania,1,2,3,4\nNamibia,5,6,7,8\n"
    log = ProblemLog("t.csv")
    file = read_file(text.encode(), "t.csv", log)
    assert file.table.header == ("country", *columns)
    assert [row.cells[0] for row in file.table.left_out] == ["Table 1"]


@pytest.mark.parametrize(
    "label", ["World total", "Std. dev.", "Minimum", "Max.", "平均值", "标准差", "Grand Total", "Average"]
)
def test_what_is_counted_up_below_a_table_is_no_unit(label):
    sheet, asked, _likely = read(f"country,a\nAlbania,1\nNamibia,2\n{label},3\n")
    assert (asked, len(sheet.units)) == ({"aggregates": ""}, 3)
    assert read(f"country,a\nAlbania,1\nNamibia,2\n{label},3\n", aggregates="left out")[0].units == (
        "Albania",
        "Namibia",
    )


@pytest.mark.parametrize("code", ["-88", "-777"])
def test_codes_of_surveys_for_no_answer_are_asked_about(code):
    assert read(f"country,a\nAlbania,1\nNamibia,2\nChad,{code}\n")[1] == {f"code:{code}": ""}


REMARKS = {
    "a title with the separator in it": "Bevölkerung; Stand 2021\nLand;a;b\nAlbania;1,5;2\nNamibia;2,5;3\n",
    "what the file is about, in pairs": (
        "Dataset:;Population\nUnit:;persons\nExtracted:;2021-01-01\n\nLand;a;b\nAlbania;1,5;2\nNamibia;2,5;3\n"
    ),
}


@pytest.mark.parametrize("kind", REMARKS)
def test_remarks_in_two_cells_above_a_table_name_no_columns(kind):
    sheet, asked, likely = read(REMARKS[kind])
    assert (asked, sheet.columns, sheet.units) == ({}, ("a", "b"), ("Albania", "Namibia"))
    assert sheet.values.tolist() == [[1.5, 2], [2.5, 3]]
    assert likely["header"] in ("2", "5")
