"""`read_table`: any file to a clean table, its choices and a report; 1 where something is left to settle."""

import csv
import json
from io import BytesIO

import pytest
from django.core.management import CommandError, call_command
from openpyxl import Workbook

FRAMEWORK = "code,parent\na,\nb,\n"


@pytest.fixture
def run(tmp_path, capsys):
    """Return a function that reads a text: (code of the exit, rows of data.csv, report, choices)."""
    framework = tmp_path / "framework.csv"
    framework.write_text(FRAMEWORK)

    def read(text, choices=None, name="table.csv", **options):
        file, out = tmp_path / name, tmp_path / "out"
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
        if choices is not None:
            options["choices"] = tmp_path / "choices.json"
            options["choices"].write_text(json.dumps(choices))
        code = 0
        try:
            call_command("read_table", file, framework=framework, out=out, **{"kind": "data", **options})
        except SystemExit as end:
            code = end.code
        capsys.readouterr()
        tables = {path.name: list(csv.reader(path.open(encoding="utf-8"))) for path in out.glob("*.csv")}
        said = [json.loads((out / f"{name}.json").read_text("utf-8")) for name in ("report", "choices")]
        return code, tables, *said

    return read


def test_a_table_is_cleaned_and_matched_by_code(run):
    text = "Table 1,,,\n,,,\niso3;country;a;b\nALB;Albania;76,5;NA\n;Namibia;59,3;8,6\nNotes: x;;;\n"
    code, tables, report, choices = run(text, register="countries")
    assert (code, report["to_settle"]) == (0, [])
    assert tables["data.csv"] == [["unit", "a", "b"], ["Albania", "76.5", ""], ["Namibia", "59.3", "8.6"]]
    assert report["left_out"] == ["Table 1,,,", ",,,", "Notes: x"]
    assert [gap["text"] for gap in report["gaps"]] == ["NA"]
    assert choices["reading"]["missing"] == "gap"


def test_what_is_left_is_named_and_a_file_of_choices_settles_it_for_this_year_and_next(run):
    text = "country,a_2020,a_2021,b_2020,b_2021\nAlbania,1,2,-999,4\nWorld,5,6,7,8\n"
    code, tables, report, choices = run(text, register="countries")
    assert (code, len(report["to_settle"])) == (1, 2)
    assert {key for key, value in choices["reading"].items() if not value} == {"year", "aggregates"}
    assert report["to_settle"][0].startswith("The year that is read (2020, 2021): choose year among")
    filled = {**choices, "reading": {"year": "2020", "aggregates": "left out", "code:-999": "gap"}}
    code, tables, report, kept = run(text, filled, register="countries")
    assert (code, tables["data.csv"][1:]) == (0, [["Albania", "1.0", ""]])
    assert kept["reading"]["code:-999"] == "gap"
    later = text.replace("2020", "2022").replace("2021", "2023")
    code, tables, report, _choices = run(later, kept, register="countries", year="2023")
    assert (code, tables["data.csv"][1:]) == (0, [["Albania", "2.0", "4.0"]])


def test_every_year_can_be_taken(run):
    text = "country,year,a,b\nAlbania,2020,1,2\nAlbania,2021,3,4\n"
    code, tables, report, _choices = run(text, year="all")
    assert code == 0
    assert tables["data-2020.csv"][1:] == [["Albania", "1.0", "2.0"]]
    assert tables["data-2021.csv"][1:] == [["Albania", "3.0", "4.0"]]
    assert set(report["years"]) == {"2020", "2021"}


def test_years_of_unlike_units_and_columns_keep_the_choices_of_all_of_them(run):
    text = "country,a_2020,b_2020,a_2021\nAlbania,1,2,3\nNamibia,,,4\nKorea,5,6,7\nNoland,,,8\n"
    code, tables, _report, choices = run(text, register="countries", year="all")
    assert (code, choices["units"]) == (1, {"Korea": "", "Noland": ""})
    filled = {**choices, "units": {"Korea": "KOR", "Noland": "left out"}}
    _code, tables, report, kept = run(text, filled, register="countries")
    assert set(tables) == {"data-2020.csv", "data-2021.csv"}
    assert report["to_settle"] == [
        "No column goes to the indicator b, nor has one a name like it. Name the column among the choices, "
        "or add it to the file."
    ]
    assert [row[0] for row in tables["data-2021.csv"][1:]] == ["Albania", "Namibia", "South Korea"]
    assert kept == filled
    long = "country,year,a,b\nAlbania,2020,1,2\nAlbania,2021,3,4\nKorea,2021,3,4\n"
    assert run(long, register="countries", year="all")[3]["units"] == {"Korea": ""}


def test_a_number_that_may_mean_a_gap_is_asked_about(run):
    code, _tables, report, _choices = run("country,a,b\nAlbania,1,-999\nNamibia,3,-999\nNiger,5,4\n")
    assert code == 1
    assert report["to_settle"] == ["The number -999: choose code:-999 among gap, number."]


def test_near_names_are_offered_and_one_is_chosen(run):
    text = "country,a,b\nNiger,1,2\nNigeria,3,4\nCongo Dem. Rep.,5,6\nSouth Korea,7,8\nKorea,9,9\n"
    code, _tables, report, choices = run(text, register="countries")
    assert code == 1
    assert [row["to"] for row in report["rows"]] == ["NER", "NGA", "COD", "KOR", ""]
    assert choices["units"] == {"Korea": ""}
    settled = run(text, {"units": {"Korea": "left out"}}, register="countries")
    assert (settled[0], [row[0] for row in settled[1]["data.csv"][1:]]) == (
        0, ["Niger", "Nigeria", "Congo - Kinshasa", "South Korea"],
    )  # fmt: skip


@pytest.mark.parametrize("register", [None, "countries"])
def test_a_row_of_totals_is_no_unit(run, register):
    text = "country,a,b\nAlbania,1,2\nNamibia,3,4\n合计,10,\n"
    code, tables, report, _choices = run(text, register=register)
    assert (code, tables["data.csv"][1:]) == (0, [["Albania", "1.0", "2.0"], ["Namibia", "3.0", "4.0"]])
    assert (report["rows"][-1]["to"], report["totals"]) == ("totals", {"a": 10.0})
    _code, _tables, report, _choices = run(text, {"units": {"合计": "left out"}}, register=register)
    assert (report["rows"][-1]["to"], report["totals"]) == ("left out", {})


def test_a_unit_that_is_called_like_a_total_stays_one_where_somebody_says_so(run):
    text = "country,a,b\nAlbania,1,2\nNational,3,4\n"
    _code, tables, report, _choices = run(text, {"units": {"National": "National"}})
    assert (tables["data.csv"][1:], report["totals"]) == (
        [["Albania", "1.0", "2.0"], ["National", "3.0", "4.0"]], {},
    )  # fmt: skip


def test_totals_that_are_none_and_a_second_row_of_them_are_left_to_settle(run):
    code, tables, report, _choices = run("country,a,b\nAlbania,1,2\n合计,0,x\nTotal,1,2\n")
    assert (code, tables["data.csv"][1:]) == (1, [["Albania", "1.0", "2.0"]])
    assert report["to_settle"] == [
        "2 rows go to Totals. Leave all but one out.",
        "Row 3, 合计, column a: “0” is not a number above zero.",
        "Row 3, 合计, column b: “x” is not a number above zero.",
    ]


def test_a_missing_column_and_a_wrong_cell_are_left_to_settle(run):
    code, _tables, report, _choices = run("country,a,x\nAlbania,1,2\nNamibia,one,2\n")
    assert code == 1
    assert any("indicator b" in text for text in report["to_settle"])
    assert any("“one” is not a number" in text for text in report["to_settle"])


def test_what_cannot_be_read_is_said(run):
    with pytest.raises(CommandError, match="Check its commas"):
        run("country,a,b\nAlbania,1,2,3\n")
    with pytest.raises(CommandError, match="not a file of choices"):
        run("country,a,b\nAlbania,1,2\n", ["x"])


def test_an_indicator_whose_column_the_workbook_hides_is_told_so(run):
    book = Workbook()
    for row in (["unit", "a", "b"], ["Albania", 1, 2], ["Namibia", 3, 4]):
        book.active.append(row)
    book.active.column_dimensions["C"].hidden = True
    out = BytesIO()
    book.save(out)
    code, _tables, report, _choices = run(out.getvalue(), name="table.xlsx")
    assert code == 1
    assert report["to_settle"] == [
        "No column that the workbook shows goes to the indicator b. It does not show C, b: choose "
        "hidden_columns: kept to have them read."
    ]
    code, tables, report, _choices = run(
        out.getvalue(), {"reading": {"hidden_columns": "kept"}}, name="table.xlsx"
    )
    assert (code, report["to_settle"], tables["data.csv"][2]) == (0, [], ["Namibia", "3.0", "4.0"])


def test_a_row_that_nothing_is_called_like_says_what_to_do(run):
    text = "country,a,b\nAlbania,1,2\nNamibia,3,4\nKenya,3,4\nQwxzy 77,5,6\n"
    _code, _tables, report, _choices = run(text, register="countries")
    assert report["to_settle"] == [
        "Row 5, Qwxzy 77, stands for no unit, nor has one a name like it. Name the unit among the choices, "
        "or leave the row out."
    ]
