"""Tables as people have them are read as they mean them, and what nobody can tell is asked."""

import csv
import io
import math
from datetime import date
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from indexer.intake.files import Limits, read_file
from indexer.intake.hints import Hints, KeySet
from indexer.intake.sheets import read_sheet
from tests.indexer.data.reading import read
from weighting.readers import ProblemLog
from weighting.readers.dialects import Dialect
from weighting.readers.large import read_plain

NAN = math.nan
PLAIN = "country,a,b\nAlbania,76.5,13.2\nNamibia,59.3,8.6\n"
ACCENTS = "country,a,b\nAlbania,76.5,13.2\nCôte d'Ivoire,58.6,5.2\n"
BOTH = [[76.5, 13.2], [59.3, 8.6]]
READ = {
    "semicolons and decimal commas": ("country;a;b\nAlbania;76,5;13,2\nNamibia;59,3;8,6\n", BOTH, {}),
    "quoted decimal commas": (
        'country,a,b\nAlbania,"0,765","13,2"\nNamibia,"0,593","8,6"\n', [[0.765, 13.2], [0.593, 8.6]], {},
    ),
    "Excel's own hint": ("sep=;\r\n" + PLAIN.replace(",", ";"), BOTH, {}),
    "bars": (PLAIN.replace(",", "|"), BOTH, {}),
    "title and notes": (
        "Table 1. Human development,,\n,,\nCountry,a,b\nAlbania,76.5,13.2\nNamibia,59.3,8.6\n,,\n"
        "Notes: a. Data refer to 2021,,\n",
        BOTH,
        {"header": "3"},
    ),
    "percent": (
        "country,a,b\nAlbania,45%,13.2\nNamibia,59.3%,8.6\n", [[45, 13.2], [59.3, 8.6]],
        {"percent:a": "percent"},
    ),
    "thousands": (
        'country,a,b\nAlbania,76.5,"14,131"\nNamibia,59.3,"8,634"\n', [[76.5, 14131], [59.3, 8634]],
        {"decimal:b": "."},
    ),
    "points between thousands": (
        "country;a;b\nAlbania;1.234,5;2.000\nNamibia;59,3;8.634\n", [[1234.5, 2000], [59.3, 8634]],
        {"decimal:b": ","},
    ),
    "spaces between thousands": (
        "country;a\nAlbania;1 234,5\nNamibia;12\u202f345\n", [[1234.5], [12345]], {},
    ),
    "words for gaps": (
        "country,a,b\nAlbania,76.5,NA\nNamibia,..,8.6\nCongo,n/a,-\n",
        [[76.5, NAN], [NAN, 8.6], [NAN, NAN]],
        {"missing": "gap"},
    ),
    "flags": ("country,a\nAlbania,8.6 b\nNamibia,: c\nCongo,7*\nChad,6.1¹\n", [[8.6], [NAN], [7], [6.1]],
              {"missing": "gap", "flags": "drop"}),
    "currency": ("country,a\nAlbania,$8.60\nNamibia,$7\n", [[8.6], [7]], {"currency:a": "drop"}),
    "a unit behind": ("country,a,b\nAlbania,76.5 years,13.2 km²\nNamibia,59.3 years,8.6 km²\n", BOTH,
                      {"words:a": "drop", "words:b": "drop"}),
    "percent in words": ("country,a\nAlbania,45 percent\nNamibia,59.3 per cent\n", [[45], [59.3]],
                         {"percent:a": "percent"}),
    "a currency before": ("country,a\nAlbania,USD 5\nNamibia,USD -8.5\n", [[5], [-8.5]],
                          {"currency:a": "drop"}),
    "full-width digits and a true minus": (
        "country,a\nAlbania,１２．５\nNamibia,\N{MINUS SIGN}1.5e3\n", [[12.5], [-1500]], {},
    ),
    "an index column": (
        ",country,a,b\n0,Albania,76.5,13.2\n1,Namibia,59.3,8.6\n", BOTH, {"index": "left out"},
    ),
    "trailing commas": (PLAIN.replace("\n", ",,\n"), BOTH, {}),
    "short rows": ("country,a,b\nAlbania,76.5\nNamibia,59.3,8.6\n", [[76.5, NAN], [59.3, 8.6]],
                   {"short_rows": "gaps"}),
    "exponents": ("Country,A,B\nAlbania,7.65E+01,13.2\nNamibia,59.3,8.6\n", BOTH, {}),
    "footnotes": ("country,a,b\nAlbania (1),76.5,13.2\nNamibia\u00a0 ,59.3,8.6\n", BOTH,
                  {"unit_marks": "drop"}),
    "nothing of a unit": (
        "country,a,b\nAlbania,76.5,13.2\nNamibia,,\n", [[76.5, 13.2], [NAN, NAN]], {"empty_units": "kept"},
    ),
    "Namibia": ("iso2,a,b\nAL,76.5,13.2\nNA,59.3,8.6\n", BOTH, {}),
    "heads in two rows": (
        "country,Infrastructure,\n,a,b\nAlbania,76.5,13.2\nNamibia,59.3,8.6\n", BOTH, {"header_rows": "2"},
    ),
    "long": (
        "country,indicator,value\nAlbania,a,76.5\nAlbania,b,13.2\nNamibia,a,59.3\nNamibia,b,8.6\n", BOTH,
        {"shape": "long"},
    ),
    "Latin-1": (ACCENTS.encode("latin-1"), [[76.5, 13.2], [58.6, 5.2]], {"encoding": "cp1252"}),
    "UTF-16": (ACCENTS.encode("utf-16"), [[76.5, 13.2], [58.6, 5.2]], {}),
    "UTF-16 and tabs": (ACCENTS.replace(",", "\t").encode("utf-16"), [[76.5, 13.2], [58.6, 5.2]], {}),
}  # fmt: skip


@pytest.mark.parametrize("kind", READ)
def test_a_table_is_read_as_it_is_meant_and_what_is_likely_is_said(kind):
    text, values, likely = READ[kind]
    sheet, asked, taken = read(text)
    np.testing.assert_array_equal(sheet.values, values)
    assert (asked, sheet.texts) == ({}, {})
    assert {key: value for key, value in taken.items() if key != "unit"} == likely
    assert sheet.units[0] in ("Albania", "AL")


ASKED = {
    "a comma that nothing tells": (
        'country,a\nAlbania,"2,400"\nNamibia,"1,300"\n', "decimal:a",
        {",": [[2.4], [1.3]], ".": [[2400], [1300]]},
    ),
    "a point that nothing tells": (
        "country,a\nAlbania,2.400\nNamibia,1.300\n", "decimal:a",
        {".": [[2.4], [1.3]], ",": [[2400], [1300]]},
    ),
    "a code for no value": (
        "country,a\nAlbania,-999\nNamibia,8.6\n", "code:-999",
        {"gap": [[NAN], [8.6]], "number": [[-999], [8.6]]},
    ),
    "ranges": (
        "country,a\nAlbania,226-250\nNamibia,<0.5\nChad,3\n", "ranges:a",
        {"gap": [[NAN], [NAN], [3]], "bound": [[238], [0.5], [3]], "half": [[238], [0.25], [3]]},
    ),
    "bounds that are no upper ones": (
        "country;a\nAlbania;>9,5\nNamibia;约40\nChad;95+\nMali;~1,25\nTogo;2,75\n", "ranges:a",
        {"bound": [[9.5], [40], [95], [1.25], [2.75]], "gap": [[NAN], [NAN], [NAN], [NAN], [2.75]]},
    ),
    "percent here and there": (
        "country,a\nAlbania,45%\nNamibia,0.5\n", "percent:a",
        {"percent": [[45], [0.5]], "fraction": [[0.45], [0.5]]},
    ),
    "years in columns": (
        "country,a_2020,a_2021\nAlbania,1,2\nNamibia,3,4\n", "year", {"2020": [[1], [3]], "2021": [[2], [4]]},
    ),
    "a year column": (
        "country,year,a\nAlbania,2020,1\nAlbania,2021,2\n", "year", {"2020": [[1]], "2021": [[2]]},
    ),
    "sums among units": (
        "country,a\nAlbania,1\nWorld,2\nArab States,3\n", "aggregates",
        {"left out": [[1]], "kept": [[1], [2], [3]]},
    ),
    "two measures": (
        "country,sex,indicator,value\nAlbania,F,a,1\nAlbania,M,a,2\n", "only:sex", {"F": [[1]], "M": [[2]]},
    ),
    "a word that multiplies": (
        "country,a\nAlbania,4.1 million\nNamibia,12 million\nChad,0\n", "words:a",
        {"multiply": [[4.1e6], [12e6], [0]], "drop": [[4.1], [12], [0]], "gap": [[NAN], [NAN], [0]]},
    ),
    "words that multiply by unlike powers": (
        "country,a\nAlbania,3.5万\nNamibia,1.2亿\nChad,8000\n", "words:a",
        {"multiply": [[35000], [1.2e8], [8000]], "gap": [[NAN], [NAN], [8000]]},
    ),
    "a letter that multiplies": (
        "country,a\nAlbania,3.2k\nNamibia,4 k\n", "words:a",
        {"multiply": [[3200], [4000]], "drop": [[3.2], [4]]},
    ),
    "several words": (
        "country,a\nAlbania,5 km\nNamibia,3 mi\n", "words:a", {"drop": [[5], [3]], "gap": [[NAN], [NAN]]},
    ),
    "a word here and there": (
        "country,a\nAlbania,76.5 years\nNamibia,59.3\nChad,52 years\n", "words:a",
        {"drop": [[76.5], [59.3], [52]], "gap": [[NAN], [59.3], [NAN]]},
    ),
    "minus signs behind": (
        "country,a\nAlbania,\"1.234,56-\"\nNamibia,\"78,5\"\n", "minus:a",
        {"negative": [[-1234.56], [78.5]], "number": [[1234.56], [78.5]]},
    ),
    "brackets of accounts": (
        "country,a\nAlbania,$(123)\nNamibia,$12\n", "brackets:a",
        {"negative": [[-123], [12]], "number": [[123], [12]]},
    ),
    "bounds in words": (
        "country,a\nAlbania,3万余人\nNamibia,5 or more\nChad,<5 years\nCongo,12-18 months\n", "ranges:a",
        {"gap": [[NAN]] * 4},
    ),
    "no row of names": ("Albania,1,2\nNamibia,3,4\n", "header", {"1": [[3, 4]]}),
}  # fmt: skip


@pytest.mark.parametrize("kind", ASKED)
def test_what_nobody_can_tell_is_asked_and_read_as_chosen(kind):
    text, key, expected = ASKED[kind]
    _sheet, asked, _likely = read(text)
    assert list(asked) == [key]
    for choice, values in expected.items():
        sheet, still, _likely = read(text, **{key: choice})
        assert still == {}
        np.testing.assert_array_equal(sheet.values, values)


def test_the_year_asked_for_is_read():
    sheet, asked, _likely = read("country,a_2020,a_2021\nAlbania,1,2\n", Hints(year=2020))
    assert (asked, sheet.values.tolist(), sheet.columns) == ({}, [[1.0]], ("a",))


KNOWN = Hints(names=KeySet.of({"albania", "namibia"}), codes=KeySet.of({"alb", "nam"}))


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        ("iso3,country,region,a\nALB,Albania,ECA,1\nNAM,Namibia,SSA,2\n", "iso3"),
        ("region,country,a\nECA,Albania,1\nSSA,Namibia,2\n", "country"),
        ("name,state,a\nECA,Albania,1\nSSA,Namibia,2\n", "state"),
    ],
)
def test_the_column_with_most_known_names_is_the_unit_codes_first(text, unit):
    assert read(text, KNOWN)[0].unit_column == unit


def test_known_names_tell_the_encoding():
    data = "kraj,a\nŁódź,1\nKraków,2\n".encode("cp1250")
    assert read(data)[0].units != ("Łódź", "Kraków")
    assert read(data, Hints(names=KeySet.of({"łódź", "kraków"})))[0].units == ("Łódź", "Kraków")


PUBLISHERS = {
    "World Bank": (
        '"Data Source","World Development Indicators",\n\n"Last Updated Date","2020-12-16",\n\n'
        '"Country Name","Country Code","Indicator Name","Indicator Code","2018","2019",\n'
        '"Albania","ALB","GDP","NY.GDP","1.5","2.5",\n"Namibia","NAM","GDP","NY.GDP","3.5","",\n',
        "2019", ("NY.GDP",), [[2.5], [NAN]],
    ),
    "Eurostat": (
        "freq,unit,geo\\TIME_PERIOD\t2018 \t2019 \nA,PC,AL\t8.6 b\t7.1 \nA,PC,NA\t: \t6.2 p\n",
        "2019", ("2019",), [[7.1], [6.2]],
    ),
    "SDMX": (
        "DATAFLOW,REF_AREA,INDICATOR,TIME_PERIOD,OBS_VALUE,OBS_STATUS\nX,ALB,le,2018,1.5,A\n"
        "X,ALB,le,2019,2.5,A\nX,NAM,le,2019,3.5,E\n",
        "2019", ("le",), [[2.5], [3.5]],
    ),
    "a suffix": ("iso,TBG.new,TBN.new\nALB,1,2\nNAM,3,4\n", "", ("TBG", "TBN"), [[1, 2], [3, 4]]),
}  # fmt: skip


@pytest.mark.parametrize("kind", PUBLISHERS)
def test_the_formats_of_publishers_are_read(kind):
    text, year, columns, values = PUBLISHERS[kind]
    hints = Hints(
        codes=KNOWN.codes | KeySet.of({"al", "na"}), leaves=frozenset({"tbg", "tbn", "le", "nygdp"})
    )
    sheet, asked, _likely = read(text, hints, **({"year": year} if year else {}))
    assert asked == {}
    numeric = [place for place in range(len(sheet.columns)) if np.isfinite(sheet.values[:, place]).any()]
    assert tuple(sheet.columns[place] for place in numeric) == columns
    np.testing.assert_array_equal(sheet.values[:, numeric], values)


def large(*last):
    """Return a table with more rows than are looked at before it is read, and some last ones."""
    rng = np.random.default_rng(5)
    rows = [f"u{row},{','.join(f'{value:.6f}' for value in rng.normal(size=40))}" for row in range(120)]
    head = "unit," + ",".join(f"ind{column}x" for column in range(40))
    return "\n".join([head, *rows, *last, ""])


@pytest.mark.parametrize(
    "last",
    [
        "x" + ",1.5" * 40,
        "x" + ",1.5,,.5,1e-5,-2." * 8,
        "x" + ",NA" + ",1.5" * 39,
        "x" + ",1e-400" + ",1.5" * 39,
        "x" + ",nan,inf" + ",1.5" * 38,
        "x,1.5",
        "," * 40,
        "\n\nx" + ",1.5" * 40 + "\n",
        'x,"1,234.5"' + ",1.5" * 39,
        '"x, y"' + ',"1.5",""' * 20,
        '"x ""y"""' + ",1.5" * 40,
        '""' + ",1.5" * 40,
        'x "y"' + ",1.5" * 40,
        '"x\ny"' + ",1.5" * 40,
        '"x\n",1.5,"\n"' + ",1.5" * 38,
        "x, 1.5 " + ",+1.5" * 39,
        "Source: y" + "," * 40,
    ],
)
def test_a_large_table_is_the_same_read_at_once_or_row_by_row(last):
    check_ways(large(last))


@pytest.mark.parametrize(
    ("name", "is_plain"),
    [
        *(('"x, y"', True), ('""', True), ('"x ""y"""', True), ('x "y"', False), ('"x"y', False)),
        *(('"x" ', False), ('"x', False), ('"x\ny"', False), ('"x\n"",\n"', False)),
    ],
)
def test_names_in_quotes_are_read_at_once(name, is_plain):
    data = large(name + ",1.5" * 40, name + ',"1.5"' * 40).replace("unit", '"the\nunit"').encode()
    with patch("weighting.readers.large.LARGE", 0):
        body = read_plain(data, Dialect(","), 3, 41, range(1, 41))
    assert (body is not None) == is_plain
    if body:
        assert body.columns[0][-1] == next(csv.reader([name]))[0]
        assert body.columns[40][-1] == "1.5"


@pytest.mark.parametrize("mark", ["；", "，", "¦", "😀", "^", " "])
def test_a_file_may_name_any_mark_between_its_cells(mark):
    check_ways(f"sep={mark}\n" + large().replace(",", mark))
    sheet, *_decisions = read(f"sep={mark}\r\n" + PLAIN.replace(",", mark))
    assert sheet.values.tolist() == BOTH


@pytest.mark.parametrize("mark", ['"', "a", "7", ".", "-", "_", "\r", "国"])
def test_what_words_and_numbers_are_written_with_separates_nothing(mark):
    sheet, *_decisions = read(f"sep={mark}\n" + PLAIN)
    assert sheet.values.tolist() == BOTH
    assert sheet.left_out == (f"sep={mark}".strip(),) or mark in '"'


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030", "utf-16"])
def test_cells_are_counted_whatever_stands_between_them(encoding):
    text = "sep=；\n单位；甲；乙\n" + "南阳市；1.5；2.5\n" * 40
    for most, is_read in ((115, False), (200, True)):
        log = ProblemLog("t.csv")
        file = read_file(text.encode(encoding), "t.csv", log, Limits(bytes=10_000, cells=most))
        assert (file is not None) == is_read, list(map(str, log.problems))
        assert is_read or "more than 115 cells" in str(log.problems[0])


@pytest.mark.parametrize("least", [0, math.inf])
def test_the_columns_of_a_file_are_the_matrix_of_its_sheet(least):
    """What is large lies in memory once."""
    with patch("weighting.readers.large.LARGE", least):
        file = read_file(large("x" + ",1.5" * 40).encode(), "t.csv", ProblemLog("t.csv"))
    sheet = read_sheet(file, ProblemLog("t.csv"))
    assert sheet.values.shape == (121, 40)
    assert all(
        np.shares_memory(column.values, sheet.values[:, place])
        for place, column in enumerate(file.table.columns[1:])
    )


@pytest.mark.parametrize("least", [0, math.inf])
@pytest.mark.parametrize(
    ("odd", "as_text"),
    [
        ("1 234.5", True),
        ("8.6 b", True),
        ("1e-400", True),
        ("1e400", True),
        ("nan", False),
        ("NA", False),
        ("+1.5", False),
        ("1e-5,0.0", False),
    ],
)
def test_a_column_that_needs_its_text_costs_itself_alone(least, odd, as_text):
    cells = [*odd.split(","), *["1.5"] * 40][:40]
    with patch("weighting.readers.large.LARGE", least):
        file = read_file(large(",".join(["x", *cells])).encode(), "t.csv", ProblemLog("t.csv"))
    texts = [place for place, column in enumerate(file.table.columns) if isinstance(column, list)]
    assert texts == ([0, 1] if as_text else [0])
    shown = {"+1.5": "1.5", "1e-5": "1e-05"}
    assert file.table.columns[1][120] == shown.get(cells[0], cells[0])


def check_ways(text):
    """Hold the bits of a table that is read at once against those of the careful ways."""
    with patch("weighting.readers.large.LARGE", 0):
        at_once = read(text)
    with patch("weighting.readers.large.LARGE", math.inf):
        by_rows = read(text)
        with patch("weighting.readers.table.packable", lambda head, width: []):
            as_text = read(text)
    for other in (by_rows, as_text):
        if at_once[0] is None:
            assert other == at_once
            continue
        gaps = np.isnan(at_once[0].values)
        assert (gaps == np.isnan(other[0].values)).all()
        assert at_once[0].values[~gaps].tobytes() == other[0].values[~gaps].tobytes()
        for name in ("columns", "units", "lines", "texts", "kept", "left_out", "layout", "unread"):
            assert getattr(at_once[0], name) == getattr(other[0], name)
        assert at_once[1:] == other[1:]


@pytest.mark.parametrize("last", [None, "NA", "1,234.5", "8.6 b", date(2016, 1, 2), True, 7, 1e-7, "x 1"])
def test_a_workbook_is_the_same_with_its_numbers_packed_or_as_text(last):
    book = Workbook()
    book.active.append(["unit", "a x", "b x"])
    for row in range(40):
        book.active.append([f"u{row}", row + 0.25, row / 7])
    book.active.append(["last", last, 2.5])
    file = io.BytesIO()
    book.save(file)
    packed = read(file.getvalue(), name="t.xlsx")
    with patch("weighting.readers.workbook.SheetRows.packable", lambda sheet, start: []):
        as_text = read(file.getvalue(), name="t.xlsx")
    np.testing.assert_array_equal(packed[0].values, as_text[0].values)
    assert (packed[0].texts, packed[0].kept, *packed[1:]) == (as_text[0].texts, as_text[0].kept, *as_text[1:])


FEW = ["", "1.5", ".25", "+2.5", "-0.0", "3.", "1e-5", "12"]
NUMBER_CELLS = st.floats(-1e6, 1e6).map(repr) | st.sampled_from(FEW)
ODD_CELLS = st.sampled_from(
    [
        *(
            "NA",
            "..",
            ":",
            "-999",
            "-999.0",
            "45%",
            "8.6 b",
            "nan",
            "inf",
            "1e400",
            "1e-400",
            " 1.5 ",
            "word",
        ),
        *("1 234.5", "007.5", "1_0", "0x1p3", "1.234", "12345678901234567890.5", "226-250", "<0.5", '"2.5"'),
        *("\N{MINUS SIGN}1.5", "\N{FULLWIDTH DIGIT ONE}.5"),
    ]
)


@settings(max_examples=50, deadline=None, derandomize=True)
@given(
    rows=st.lists(st.lists(NUMBER_CELLS, min_size=4, max_size=4), min_size=3, max_size=5),
    odd=st.lists(st.tuples(st.integers(0, 45), st.integers(0, 3), ODD_CELLS), max_size=3),
    ends=st.sampled_from(["\n", "\r\n"]),
    separator=st.sampled_from(",;\t"),
    quotes=st.booleans(),
)
def test_any_table_is_the_same_read_at_once_or_row_by_row(rows, odd, ends, separator, quotes):
    # More rows than tell what a column holds: the same few over and over.
    cells = [["1.5", *rows[place % len(rows)][1:]] for place in range(46)]
    for row, column, text in odd:
        cells[row][column] = text
    lines = [["unit", "a x", "b x", "c x", "d x"], *([f"u{row}", *texts] for row, texts in enumerate(cells))]
    if quotes:
        lines = [[f'"{name}"', *texts] for name, *texts in lines]
    check_ways(ends.join([separator.join(line) for line in lines] + [""]))
