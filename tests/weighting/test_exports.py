"""One table as four kinds of file: the same numbers, the same provenance, and nothing that runs."""

import csv
import io
import json
import sys
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook
from pyarrow import parquet

from weighting.exports import (
    FORMATS,
    NUMBER,
    Fact,
    Heading,
    Table,
    as_meant,
    columns_of,
    neutralise,
    table_bytes,
)
from weighting.readers.decisions import Decisions
from weighting.readers.problems import ProblemLog
from weighting.readers.table import Reading, table_of_bytes, table_of_text
from weighting.readers.workbook import FORMS
from weighting.views.files import save_links, table_answer

COLUMNS = [Heading("unit", "城市"), Heading("score", "得分"), Heading("rank", "名次"), Heading("first", "首")]
ROWS = [
    ["北京", np.float64(0.1) + np.float64(0.2), np.int64(1), True],
    ["=HYPERLINK(1)", float("nan"), np.int32(2), False],
    ["\t=1+1", -1e-300, 3, None],
]
FACTS = [Fact("data_set", "数据集", "@报告 2016"), Fact("seed", "随机种子", 20160401)]
TABLE = Table(COLUMNS, ROWS, FACTS)


def written(format, table=TABLE):
    return io.BytesIO(table_bytes(format, table))


def csv_lines(table=TABLE):
    return list(csv.reader(io.TextIOWrapper(written("csv", table), encoding="utf-8-sig", newline="")))


def test_csv_repeats_the_provenance_and_disarms_formulas():
    assert csv_lines() == [
        ["城市", "得分", "名次", "首", "数据集", "随机种子"],
        ["北京", "0.30000000000000004", "1", "True", "'@报告 2016", "20160401"],
        ["'=HYPERLINK(1)", "", "2", "False", "'@报告 2016", "20160401"],
        ["'\t'=1+1", "-1e-300", "3", "", "'@报告 2016", "20160401"],
    ]


def test_columns_of_one_label_are_told_apart():
    columns = [Heading("province", "Region"), Heading("score", "得分"), Heading("region", "Region")]
    table = Table(columns, [["North", 1, ""]])

    assert csv_lines(table)[0] == ["Region (province)", "得分", "Region (region)"]
    sheet = load_workbook(written("xlsx", table)).worksheets[0]
    assert [cell.value for cell in sheet[1]] == ["Region (province)", "得分", "Region (region)"]
    # Programs go by the names.
    assert json.load(written("json", table))["rows"] == [{"province": "North", "score": 1, "region": ""}]


@pytest.mark.parametrize(
    "text", ["=1+1", "+1+1", "-1+1", "@SUM(1)", "|cmd", "%0", "\t=1", "\r=1", "＝1+1", "＠SUM"]
)
def test_no_text_begins_like_a_formula(text):
    lines = csv_lines(Table(columns_of(text), [[text]], [Fact("fact", text, text)]))

    assert len(lines) == 2
    assert all(cell.startswith("'") for cells in lines for cell in cells)


def test_no_text_ends_its_line_and_begins_the_next_as_a_formula():
    """A bare return, which CSV's quotation marks pass over, ends a line where spreadsheets read it."""
    text = "Town\r=HYPERLINK(1)"
    lines = csv_lines(Table(columns_of(text), [[text]], [Fact("fact", text, text)]))

    assert lines == [["Town =HYPERLINK(1)"] * 2] * 2
    assert neutralise(text) == "Town =HYPERLINK(1)"


CUT = [
    "x;=1+1",
    "x;=1+1;",
    'x; "=1+1',
    "first\n-second",
    "first\r\n=1+1",
    "a\t@SUM(1)",
    "a|+1",
    "; \u3000＝1",
    "'=1+1",
    "''-1",
    "%;'+1",
    "\t=1+1",
    "=a|b",
    r"-a\|b",
    "Côte d'Ivoire;'Ar'ara",
    "'-5",
]


def starts_formula(cell):
    """Whether a spreadsheet may take a cell for a formula, when spaces or a quotation mark were lost."""
    bare = cell.lstrip(' \u3000"')
    return bare.startswith(("=", "+", "-", "@", "＝")) and not NUMBER.fullmatch(bare)


@pytest.mark.parametrize("text", CUT)
@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_no_reader_of_other_separators_cuts_a_formula_out_of_a_text(text, separator):
    file = table_bytes("csv", Table(columns_of("unit", "x"), [["a", text], [text, "b"]]))
    rows = csv.reader(io.StringIO(file.decode("utf-8-sig"), newline=""), delimiter=separator)

    assert not [cell for row in rows for cell in row if starts_formula(cell)]
    # Nor one who ends a line at each break, whatever quotation marks say.
    broken = [cell for line in file.decode().splitlines() for cell in line.split(separator)]
    assert not [cell for cell in broken if starts_formula(cell)]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
def test_texts_come_back_from_our_own_reader_as_they_were(encoding):
    texts = [text.replace("\r\n", "\n") for text in [*CUT, "-5"]]
    written = table_bytes("csv", Table(columns_of("unit", *"ab"), [[text, text, -1.5] for text in texts]))
    data = written.decode("utf-8-sig").encode(encoding)
    log = ProblemLog("a.csv")
    table = table_of_text(data, log, Reading(Decisions()))

    assert log.problems == []
    expected = [text.strip() for text in texts]
    assert [list(column) for column in table.columns[:2]] == [expected, expected]


@given(st.text(alphabet="=+-@|%\t\n;,'\"a1 ＝\u3000\\", max_size=12))
def test_any_text_comes_back(text):
    assert as_meant(neutralise(text)) == text


def test_a_workbook_stores_text_as_text_and_has_a_sheet_of_provenance():
    book = load_workbook(written("xlsx"))
    cells = list(book["data"].iter_rows())

    assert [cell.value for cell in cells[0]] == ["城市", "得分", "名次", "首"]
    assert [cell.value for cell in cells[1]] == ["北京", 0.30000000000000004, 1, True]
    assert (cells[2][0].value, cells[2][0].data_type, cells[2][1].value) == ("=HYPERLINK(1)", "s", None)
    assert list(book["provenance"].values) == [("数据集", "@报告 2016"), ("随机种子", 20160401)]


@pytest.mark.parametrize("text", ["_x0042_eijing", "a_x000D_b", "_x005F_x0042_", "_x00e9_", "x_x12_", "=1"])
def test_a_workbook_says_to_our_own_reader_what_was_put_into_it(text):
    """Spreadsheets read _x0042_ as B: one unit would come back as another."""
    columns = [Heading("unit", text), Heading("x", "b")]
    content = table_bytes("xlsx", Table(columns, [[text, "c"], ["d", text]], [Fact("a", "a", text)]))
    table = table_of_bytes(content, ProblemLog("a.xlsx"), Reading(Decisions()), FORMS)

    assert (table.header[0], [list(column) for column in table.columns]) == (text, [[text, "d"], ["c", text]])


@pytest.mark.parametrize("text", ["a\x0bb", "a\x1b[31mb", "a\ufffeb", "a\uffffb", "a\ud800b"])
def test_what_xml_has_no_sign_for_is_left_out_of_a_workbook(text):
    table = Table([Heading("unit", text)], [[text]], [Fact("a", "a", text)])
    book = load_workbook(written("xlsx", table))

    left = text.replace("\x0b", "").replace("\x1b", "")
    left = "".join(letter for letter in left if not "\ud800" <= letter <= "\udfff" and letter < "\ufffe")
    assert [cell.value for cell in book["data"]["A"]] == [left, left]


def test_json_holds_names_for_programs_and_full_precision():
    document = json.loads(table_bytes("json", TABLE))

    assert document["provenance"] == {"data_set": "@报告 2016", "seed": 20160401}
    assert document["columns"][0] == {"name": "unit", "label": "城市"}
    assert document["rows"][0] == {"unit": "北京", "score": 0.1 + 0.2, "rank": 1, "first": True}
    assert document["rows"][1]["score"] is None
    assert document["rows"][2]["score"] == -1e-300


def test_parquet_holds_types_and_provenance_in_its_metadata():
    table = parquet.read_table(written("parquet"))

    assert table.to_pydict() == {
        "unit": ["北京", "=HYPERLINK(1)", "\t=1+1"],
        "score": [0.1 + 0.2, None, -1e-300],
        "rank": [1, 2, 3],
        "first": [True, False, None],
    }
    assert [str(kind) for kind in table.schema.types] == ["string", "double", "int64", "bool"]
    assert table.schema.metadata[b"data_set"].decode() == "@报告 2016"
    assert table.schema.metadata[b"seed"] == b"20160401"


@pytest.mark.parametrize("format", FORMATS)
def test_the_same_table_is_the_same_file(format, monkeypatch):
    first = table_bytes(format, TABLE)
    monkeypatch.setattr("time.localtime", lambda *_: (2031, 5, 4, 3, 2, 1, 0, 0, 0))

    assert table_bytes(format, TABLE) == first


@pytest.mark.parametrize("format", FORMATS)
def test_a_table_without_rows_is_a_file(format):
    assert len(table_bytes(format, Table(COLUMNS, [], FACTS))) > 20


def test_a_decimal_stays_exact_where_the_file_has_no_decimals():
    table = Table(columns_of("weight"), [[Decimal("0.10")]])

    assert json.loads(table_bytes("json", table))["rows"] == [{"weight": "0.10"}]
    assert load_workbook(written("xlsx", table))["data"]["A2"].value == 0.1


def test_without_the_extra_parquet_is_not_offered_and_the_address_says_why(monkeypatch):
    assert [link.url for link in save_links("/x/?q=1")][-1] == "/x/?q=1&format=parquet"
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    monkeypatch.setattr("weighting.exports.find_spec", lambda name: None)
    answer = table_answer("parquet", "ranking", COLUMNS, ROWS)

    assert [link.label for link in save_links("/x/")] == ["CSV", "XLSX", "JSON"]
    assert answer.status_code == 501
    assert "requirements-parquet.txt" in answer.content.decode()


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        ([1, "", 3], [1, None, 3]),
        ([0.5, 2, None], [0.5, 2.0, None]),
        (["", "a"], ["", "a"]),
        ([1, "a", None], ["1", "a", None]),
        ([True, 2.5, ""], ["True", "2.5", None]),
        ([None, None], [None, None]),
    ],
)
def test_a_column_of_parquet_is_of_one_kind(cells, expected):
    content = table_bytes("parquet", Table(columns_of("x"), [[cell] for cell in cells]))
    assert parquet.read_table(io.BytesIO(content)).column("x").to_pylist() == expected
