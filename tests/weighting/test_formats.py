"""Layouts of COINr, the COIN Tool and Frictionless packages: told, offered for choice, and read as meant."""

import io
import json
import zipfile

import numpy as np
import pytest
from openpyxl import Workbook

from indexer.intake.files import read_file
from indexer.intake.sheets import read_sheet
from weighting.readers import FileProblems, ProblemLog, read_framework, read_weights
from weighting.readers.decisions import Decisions
from weighting.readers.table import Reading

IMETA = (
    "Level,iCode,iName,Direction,Weight,Unit,Target,Denominator,Parent,Type\n"
    "1,Flights,Flights,1.0,2,Seats,200.5,Population,Physical,Indicator\n"
    "1,Debt,Public debt,-1.0,1,Percent,,,Physical,Indicator\n"
    f"1,Lang,Languages,1,1,{'x' * 41},,,Social,Indicator\n"
    "2,Physical,Physical links,1,3,Score,,,Index,Aggregate\n"
    "2,Social,Social links,1,1,Score,,,Index,Aggregate\n"
    "3,Index,The index,1,1,Score,,,,Aggregate\n"
    ",Size,Size group,,,,,,,Group\n"
    ",Population,Population,,,Thousands,,,,Denominator\n"
)
TREE = [("Flights", "Physical", 1), ("Debt", "Physical", -1), ("Lang", "Social", 1), ("Physical", "", 1),
        ("Social", "", 1)]  # fmt: skip
LOCAL = {"Flights": 2 / 3, "Debt": 1 / 3, "Lang": 1, "Physical": 0.75, "Social": 0.25}


def coin_tool():
    """A workbook with the sheets of the COIN Tool, of which two levels are in use and one column is spare."""
    book = Workbook()
    book.active.title = "Welcome"
    book.active.append(["COIN Tool"])
    framework, database = book.create_sheet("Framework"), book.create_sheet("Database")
    rows = [
        ("si.01", 3, "Physical links"),
        ("si.02", 1, "Social links"),
        ("p.01", 1, "--"),
        ("Index", 1, "All"),
    ]
    for line, (code, weight, name) in enumerate(rows, start=5):
        framework.cell(line, 3, code), framework.cell(line, 5, weight), framework.cell(line, 8, name)
    columns = [
        (2, 1, "Flights", "Ind.01", "si.01", [1.5, 2]),
        (1, -1, "Public debt", "Ind.02", "si.01", [3, "n/a"]),
        (1, 1, "Languages", "Ind.03", "si.02", ["=2+2", 6]),
        (1, 1, None, "Ind.04", "si.02", [None, None]),
    ]
    for at, (weight, direction, name, code, above, values) in enumerate(columns, start=5):
        said = {7: weight, 8: direction, 9: 0, 10: 100, 11: "Index", 12: above, 13: "p.01", 14: "sp.01"}
        for line, value in {**said, 15: name, 16: code}.items():
            database.cell(line, at, value)
        for line, value in enumerate(values, start=17):
            # Nothing has computed the workbook: what a formula came to is written as a program would.
            database.cell(line, at, 4 if value == "=2+2" else value)
    for line, (name, code) in enumerate([("Austria", "AUT"), ("Belgium", "BEL")], start=17):
        database.cell(line, 2, name), database.cell(line, 3, code)
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def package(resources, folder="", **parts):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr(f"{folder}datapackage.json", json.dumps({"resources": resources}))
        for name, text in parts.items():
            archive.writestr(f"{folder}{name}.csv", text)
    return content.getvalue()


def data_of(content, name, **choices):
    log = ProblemLog(name)
    reading = Reading(Decisions(choices), is_form=False, kind="data")
    file = read_file(content, name, log, reading=reading)
    log.raise_if_any()
    return read_sheet(file, log), {made.key: made.value for made in reading.decisions.made}


def test_imeta_is_a_framework_without_the_index_itself():
    ledger = Decisions()
    table = read_framework(IMETA.encode(), "iMeta.csv", ledger)
    assert [(row.code, row.parent, row.direction) for row in table.rows] == TREE
    assert table.rows[0].note == "Denominator: Population; Target: 200.5"
    assert (table.rows[2].unit, table.rows[2].note) == ("", f"Unit: {'x' * 41}")
    assert [(made.key, made.value, made.options) for made in ledger.made if made.how == "likely"] == [
        ("format", "coinr", ("coinr", "plain"))
    ]


def test_the_weights_of_imeta_are_parts_of_their_groups():
    tree = read_framework(IMETA.encode(), "iMeta.csv").tree
    weights = read_weights(IMETA.encode(), "iMeta.csv", tree)
    np.testing.assert_allclose(weights.local, [LOCAL[code] for code in tree.codes])
    with pytest.raises(FileProblems, match="below zero"):
        read_weights(IMETA.replace("1.0,2,Seats", "1.0,-2,Seats").encode(), "iMeta.csv", tree)


def test_a_file_is_read_as_it_stands_where_that_is_chosen():
    with pytest.raises(FileProblems, match="code"):
        read_framework(IMETA.encode(), "iMeta.csv", Decisions({"format": "plain"}))


def test_the_coin_tool_gives_framework_weights_and_data():
    content = coin_tool()
    table = read_framework(content, "tool.xlsx")
    assert [(row.code, row.parent, row.name_en, row.direction) for row in table.rows] == [
        ("si.01", "", "Physical links", 1),
        ("si.02", "", "Social links", 1),
        ("Ind.01", "si.01", "Flights", 1),
        ("Ind.02", "si.01", "Public debt", -1),
        ("Ind.03", "si.02", "Languages", 1),
    ]
    local = read_weights(content, "tool.xlsx", table.tree).local
    np.testing.assert_allclose(local, [0.75, 0.25, 2 / 3, 1 / 3, 1])
    sheet, made = data_of(content, "tool.xlsx")
    assert made["format"] == "coin_tool"
    assert (sheet.unit_column, sheet.units) == ("uName", ("Austria", "Belgium"))
    numbers = [sheet.columns.index(code) for code in ("Ind.01", "Ind.02", "Ind.03")]
    np.testing.assert_array_equal(sheet.values[:, numbers], [[1.5, 3, 4], [2, np.nan, 6]])
    assert data_of(content, "tool.xlsx", format="plain", sheet="Framework")[0].columns


RESOURCES = [
    {"name": "data", "path": "data.csv", "schema": {"missingValues": ["", "-999"]}},
    {"name": "framework", "path": "framework.csv"},
    {"name": "elsewhere", "path": "https://data.example/x.csv"},
]
PARTS = {"data": "country;a\nAlbania;1,5\nNamibia;-999\n", "framework": "Code,Parent\na,\nb,\n"}


@pytest.mark.parametrize("folder", ["", "package/"])
def test_a_package_gives_the_table_that_is_called_by_what_it_comes_in_as(folder):
    content = package(RESOURCES, folder, **PARTS)
    table = read_framework(content, "p.zip")
    assert [row.code for row in table.rows] == ["a", "b"]
    sheet, made = data_of(content, "p.zip")
    np.testing.assert_array_equal(sheet.values, [[1.5], [np.nan]])
    assert (made["resource"], made["format"], "code:-999" in made) == ("data", "frictionless", False)


def test_of_several_tables_none_is_guessed():
    resources = [{"name": "first", "path": "data.csv"}, {"name": "second", "path": "framework.csv"}]
    content = package(resources, **PARTS)
    with pytest.raises(FileProblems, match="first, second") as found:
        data_of(content, "p.zip")
    assert [problem.key for problem in found.value.problems] == ["resource"]
    assert data_of(content, "p.zip", resource="first")[0].units == ("Albania", "Namibia")


@pytest.mark.parametrize(
    ("resources", "message"),
    [
        ("no list", "cannot be read"),
        ([{"name": "x", "path": ["a.csv", "b.csv"]}], "names no table"),
        ([{"name": "x", "path": "../../etc/passwd.csv"}], "names no table"),
        ([None], "cannot be read"),
        ([{"name": "\ud800", "path": "data.csv"}], "cannot be read"),
        ([{"name": "a\0", "path": "data.csv"}], "cannot be read"),
        ([], "names no table"),
    ],
)
def test_a_package_that_cannot_be_read_says_so(resources, message):
    with pytest.raises(FileProblems, match=message):
        data_of(package(resources, **PARTS), "p.zip")


def test_a_damaged_part_is_named():
    content = package(RESOURCES[:1], **PARTS).replace(b"Albania;1,5", b"Albanix;1,5")
    with pytest.raises(FileProblems, match=r"data\.csv"):
        data_of(content, "p.zip")


def test_heads_of_a_framework_are_known_in_any_case():
    text = "CODE,Parent,Name EN,Name_ZH,Direction\na,,Access,可及,-1\n"
    (row,) = read_framework(text.encode(), "f.csv").rows
    assert (row.code, row.name_en, row.name_zh, row.direction) == ("a", "Access", "可及", -1)
