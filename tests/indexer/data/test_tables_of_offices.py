"""Small tables as offices, universities and hospitals have them: right, asked, or refused by cell."""

import math

import numpy as np
import pytest

from indexer.intake.files import read_file
from indexer.intake.hints import Hints
from indexer.intake.sheets import read_sheet
from tests.indexer.data.reading import read
from weighting.readers import ProblemLog

NAN = math.nan
LEAVES = Hints(leaves=frozenset({"a", "b"}))
PLAIN = [[1.5, 2], [2.5, 3]]


def rows(*cells, heads="country,a,b", mark=","):
    return "\n".join([heads.replace(",", mark), *cells]) + "\n"


# What is read right, with nothing asked: the text, the values, and what is taken as likely.
RIGHT = {
    "units over two lines of a head": (
        'country,"a\n(%)","b\n[years]"\nAlbania,1.5,2\nChad,2.5,3\n',
        PLAIN,
        {},
    ),
    "units in a second row of heads": (
        rows(",(%),(years)", "Albania,1.5,2", "Chad,2.5,3"),
        PLAIN,
        {"header_rows"},
    ),
    "marks of a text before numbers": (rows("Albania,'1.5,'2", "Chad,'2.5,'3"), PLAIN, set()),
    "estimates with intervals": (
        rows("Albania,1.5 (1.2-1.9),2", "Chad,2.5 [2.1 to 2.9],3"),
        PLAIN,
        {"flags"},
    ),
    "means with deviations": (rows("Albania,1.5 ± 0.5,2 (3)", "Chad,2.5 ± 0.6,3 (4)"), PLAIN, {"flags"}),
    "scientific notation": (
        rows("Albania,1.5E+06,2e-3", "Chad,2.5E+06,3E-03"),
        [[1.5e6, 0.002], [2.5e6, 0.003]],
        set(),
    ),
    "narrow and wide spaces": (
        rows("Albania;1\u202f234,5;12\u00a0345", "Chad;2\u2009345,5;23 456", mark=";"),
        [[1234.5, 12345], [2345.5, 23456]],
        set(),
    ),
    "digits of Hindi": (rows("Albania,१.५,२", "Chad,२.५,३"), PLAIN, set()),
    "marks of Arabic": (
        rows("Albania;١٬٢٣٤٫٥;٢", "Chad;٢٬٣٤٥٫٥;٣", mark=";"),
        [[1234.5, 2], [2345.5, 3]],
        set(),
    ),
    "groups with empty rows": (rows("", "Albania,1.5,2", "", "Chad,2.5,3"), PLAIN, set()),
    "lines that end as on old Macs": (rows("Albania,1.5,2", "Chad,2.5,3").replace("\n", "\r"), PLAIN, set()),
    "a mark of order and tabs": ("\ufeff" + rows("Albania\t1.5\t2", "Chad\t2.5\t3", mark="\t"), PLAIN, set()),
    "bars": (rows("Albania|1.5|2", "Chad|2.5|3", mark="|"), PLAIN, set()),
    "everything in quotes": (rows('"Albania";"1,5";"2"', '"Chad";"2,5";"3"', mark=";"), PLAIN, set()),
    "points between thousands": (
        rows("Albania;1.234,5;2.000", "Chad;2.345,5;3.000", mark=";"),
        [[1234.5, 2000], [2345.5, 3000]],
        {"decimal"},
    ),
    "Swiss thousands": (
        rows("Albania;1'234.5;2", "Chad;2'345.5;3", mark=";"),
        [[1234.5, 2], [2345.5, 3]],
        set(),
    ),
    "full-width digits": (rows("Albania,１．５,２", "Chad,２．５,３"), PLAIN, set()),
    "separators at the end": (
        rows("Albania;1,5;2;;", "Chad;2,5;3;;", heads="country,a,b,,", mark=";"),
        PLAIN,
        set(),
    ),
    "currency behind": (rows("Albania,1.5 €,2", "Chad,2.5 €,3"), PLAIN, {"currency"}),
    "errors of formulas": (
        rows("Albania,#N/A,2", "Chad,2.5,#DIV/0!", "Austria,#REF!,4"),
        [[NAN, 2], [2.5, NAN], [NAN, 4]],
        {"missing"},
    ),
    "dashes for nothing beside noughts": (
        rows("Albania,-,2", "Chad,–,3", "Austria,0,4"),
        [[NAN, 2], [NAN, 3], [0, 4]],
        {"missing"},
    ),
    "a source within the columns": (rows("Albania,1.5,2", "Chad,2.5,3", ",,", "Source: WHO,,"), PLAIN, set()),
    "minus signs of print": (rows("Albania,−1.5,2", "Chad,–2.5,3"), [[-1.5, 2], [-2.5, 3]], set()),
    "columns that are numbered": (rows("1,2,3", "Albania,1.5,2", "Chad,2.5,3"), PLAIN, {"numbering"}),
    "columns that are numbered in brackets": (
        rows("(1),(2),(3)", "Albania,1.5,2", "Chad,2.5,3"),
        PLAIN,
        {"numbering"},
    ),
    "columns that are numbered from the second": (
        rows("A,1,2", "Albania,1.5,2", "Chad,2.5,3"),
        PLAIN,
        {"numbering"},
    ),
    "columns of a yearbook that are numbered": (
        "序号,城市,a,b\n甲,乙,1,2\n1,南阳市,1.5,2\n2,洛阳市,2.5,3\n",
        PLAIN,
        {"numbering", "index"},
    ),
}


@pytest.mark.parametrize("kind", RIGHT)
def test_it_is_read_as_it_is_meant(kind):
    text, values, likely = RIGHT[kind]
    sheet, asked, taken = read(text, LEAVES)
    np.testing.assert_array_equal(sheet.values, values)
    assert (asked, sheet.texts) == ({}, {})
    assert {key.partition(":")[0] for key in taken} - {"unit"} == set(likely)


# What nobody can tell: the text, what is asked, and what is read once somebody said it.
ASKED = {
    "numbers below zero in brackets": (
        rows("Albania,(1.5),2", "Chad,2.5,3"),
        {"brackets:a": "negative"},
        [[-1.5, 2], [2.5, 3]],
    ),
    "ranks that are shared": (
        rows("Albania,1,2", "Chad,=2,3", "Austria,=2,4"),
        {"ranges:a": "gap"},
        [[1, 2], [NAN, 3], [NAN, 4]],
    ),
    "both marks before decimals": (
        rows("Albania;1,5;2", "Chad;2.5;3", mark=";"),
        {"decimal:a": ","},
        [[1.5, 2], [NAN, 3]],
    ),
    "less than": (rows("Albania,<1,2", "Chad,2.5,3"), {"ranges:a": "gap"}, [[NAN, 2], [2.5, 3]]),
    "billions and millions": (
        rows("Albania,$1.2bn,2", "Chad,$900m,3"),
        {"words:a": "multiply"},
        [[1.2e9, 2], [9e8, 3]],
    ),
    "days as columns, of each year one": (
        rows("Albania,1.5,2", "Chad,2.5,3", heads="country,2019-12-31,2020-12-31"),
        {"year": "2019"},
        [[1.5], [2.5]],
    ),
    "names over several rows": (
        rows("Albania,men,1.5,2", ",women,7,8", "Chad,men,2.5,3", ",women,9,9", heads="country,sex,a,b"),
        {"fill": "above"},
        None,
    ),
    "quarters in rows": (
        rows(
            "Albania,Q1 2020,1.5,2",
            "Albania,Q2 2020,3,4",
            "Chad,Q1 2020,2.5,3",
            "Chad,Q2 2020,7,8",
            heads="country,quarter,a,b",
        ),
        {"only:quarter": "Q1 2020"},
        None,
    ),
    "two measures of one indicator": (
        rows(
            "Albania,a,%,1.5",
            "Albania,a,number,150",
            "Chad,a,%,2.5",
            "Chad,a,number,250",
            heads="country,indicator,unit,value",
        ),
        {"only:unit": "%"},
        [[1.5], [2.5]],
    ),
}


@pytest.mark.parametrize("kind", ASKED)
def test_it_is_asked_about_and_read_as_somebody_says(kind):
    text, choices, values = ASKED[kind]
    assert set(read(text, LEAVES)[1]) == set(choices)
    sheet, *_decisions = read(text, LEAVES, **{key.replace(":", "__"): said for key, said in choices.items()})
    if values is not None:
        np.testing.assert_array_equal(sheet.values, values)


@pytest.mark.parametrize(
    "head", ["Land;Jahr;a;b", "Pays;Année;a;b", "País;Año;a;b", "Страна;Год;a;b", "country;Fiscal year;a;b"]
)
def test_years_are_told_in_the_languages_of_their_publishers(head):
    text = f"{head}\nAlbania;2019;1,5;2\nAlbania;2020;7;8\nChad;2019;2,5;3\nChad;2020;9;9\n"
    assert read(text, LEAVES)[1] == {"year": ""}
    sheet, asked, _likely = read(text, LEAVES, year="2019")
    assert (asked, sheet.columns, sheet.values.tolist()) == ({}, ("a", "b"), PLAIN)


@pytest.mark.parametrize(
    "head", ["Land;Indikator;Wert", "Pays;Indicateur;Valeur", "Страна;Показатель;Значение"]
)
def test_so_are_values_of_several_indicators(head):
    text = f"{head}\nAlbania;x;1,5\nAlbania;y;2\nChad;x;2,5\nChad;y;3\n"
    sheet, asked, likely = read(text)
    assert (asked, likely["shape"], sheet.columns) == ({}, "long", ("x", "y"))
    assert sheet.values.tolist() == PLAIN


def test_rows_of_a_merged_unit_are_told_apart_by_the_next_question():
    text = ASKED["names over several rows"][0]
    sheet, asked, _likely = read(text, LEAVES, fill="above")
    assert (asked, sheet.units) == ({"only:sex": ""}, ("Albania", "Albania", "Chad", "Chad"))
    sheet, asked, _likely = read(text, LEAVES, fill="above", only__sex="women")
    assert (asked, sheet.units, sheet.lines) == ({}, ("Albania", "Chad"), (3, 5))
    assert sheet.values[:, 1:].tolist() == [[7, 8], [9, 9]]
    kept, asked, _likely = read(text, LEAVES, fill="kept")
    assert (asked, kept.units) == ({}, ("Albania", "", "Chad", ""))


def test_a_row_that_lacks_its_unit_is_no_merged_one():
    _sheet, asked, _likely = read(rows("Albania,1.5,2", ",2,3", "Chad,2.5,3", "Austria,3,4"), LEAVES)
    assert asked == {}


@pytest.mark.parametrize(
    "text",
    [
        "城市,a,b\n甲,1,2\n乙,3,4\n",
        "code,a,b\n1,2,3\n2,5,6\n",
        "country,a,b\nA,3,4\nAlbania,1.5,2\n",
        "code,a\n1,2\nAlbania,3\n",
    ],
)
def test_a_row_of_values_numbers_no_columns(text):
    sheet, _asked, likely = read(text, LEAVES)
    assert "numbering" not in likely
    assert len(sheet.units) == 2


def test_a_row_that_numbers_the_columns_is_kept_by_choice_and_listed_else():
    text = RIGHT["columns that are numbered from the second"][0]
    assert read(text, LEAVES)[0].left_out == ("A 1 2",)
    assert read(text, LEAVES, numbering="kept")[0].units == ("A", "Albania", "Chad")


def test_days_of_one_year_are_no_years():
    log = ProblemLog("t.csv")
    file = read_file(b"country,2020-03-31,2020-06-30\nAlbania,1,2\nChad,3,4\n", "t.csv", log)
    assert read_sheet(file, log, LEAVES).columns == ("2020-03-31", "2020-06-30")


@pytest.mark.parametrize(
    "text", ['[{"country": "Albania", "a": 1}]', '{"country": ["Albania"]}', "\ufeff[[1, 2]]"]
)
def test_json_is_told_to_be_json(text):
    log = ProblemLog("t.csv")
    assert read_file(text.encode(), "t.csv", log) is None
    assert ["This is JSON" in str(problem) for problem in log.problems] == [True]


# Cells that hold no one number are left as they are written, each to be settled by itself.
TEXTS = [
    "1.5 1)", "12 (34.5%)", "12 of 30", "12:30", "1:4", "2-Jan", "★★★", "A+", "#####", "1.5 / 2.5", "high",
    "3.4 (95% CI 2.9, 3.8)",
]  # fmt: skip


@pytest.mark.parametrize("text", TEXTS)
def test_a_cell_of_something_else_is_named_and_never_a_number(text):
    sheet, _asked, _likely = read(rows(f'Albania,"{text}",2', "Chad,2.5,3", "Austria,3.5,4"), LEAVES)
    assert sheet.texts == {(0, 0): text}
    assert math.isnan(sheet.values[0, 0])
