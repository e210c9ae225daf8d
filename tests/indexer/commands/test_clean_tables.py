"""`read_table --as` for the tables beside data: what it writes is read again as the same."""

import csv
import json

import pytest
from django.core.management import CommandError, call_command

FRAMEWORK = "Table 1;;\ncode;parent;name_en;direction\np;;Pillar;1\na;p;Access;1\nb;p;Burden;-1\n"
FILES = {
    "framework": (
        FRAMEWORK,
        [
            ["code", "parent", "name_zh", "name_en", "direction", "unit", "note"],
            ["p", "", "", "Pillar", "1", "", ""],
            ["a", "p", "", "Access", "1", "", ""],
            ["b", "p", "", "Burden", "-1", "", ""],
        ],
    ),
    "weights": (
        "code\tglobal_weight\nb\t0.75\na\t0.25\n",
        [
            ["code", "local_weight", "global_weight"],
            ["p", "1.0", "1.0"],
            ["a", "0.25", "0.25"],
            ["b", "0.75", "0.75"],
        ],
    ),
    "totals": ("code,total\nb,12\n", [["code", "total"], ["b", "12.0"]]),
    "register": (
        "name_en;code;aliases\nSpain;ES;Kingdom of Spain\n",
        [
            [
                *("name_zh", "name_en", "code", "province_zh", "province_en", "region_zh", "region_en"),
                *("aliases", "latitude", "longitude"),
            ],
            ["", "Spain", "ES", "", "", "", "", "Kingdom of Spain", "", ""],
        ],
    ),
    "panel": (
        "code;name;email;language\nE1;Ana;ana@panel.example;en\n",
        [
            ["code", "name", "email", "organisation", "sector", "language"],
            ["E1", "Ana", "ana@panel.example", "", "other", "en"],
        ],
    ),
    "series": (
        "Country Name;Indicator Code;2019;2020\nAlbania;GDP;1,5;2,5\nNamibia;GDP;3,5;\nWorld;GDP;9;9\n",
        [["unit", "value"], ["Albania", "1.5"], ["Namibia", "3.5"]],
    ),
}
SERIES = {"year": "2019", "aggregates": "left out"}


@pytest.fixture
def run(tmp_path):
    framework = tmp_path / "framework.csv"
    framework.write_text(FRAMEWORK, encoding="utf-8")

    def clean(kind, text, out="out", choices=None):
        file = tmp_path / f"{kind}.csv"
        file.write_text(text, encoding="utf-8")
        (tmp_path / "choices.json").write_text(json.dumps({"reading": choices or {}}))
        given = {"framework": framework, "register": "countries", "choices": tmp_path / "choices.json"}
        call_command("read_table", file, kind=kind, out=tmp_path / out, **given)
        written = (tmp_path / out / f"{kind}.csv").read_text(encoding="utf-8-sig")
        return written, json.loads((tmp_path / out / "report.json").read_text(encoding="utf-8"))

    return clean


@pytest.mark.parametrize("kind", FILES)
def test_a_table_is_written_clean_and_reads_as_the_same(run, kind):
    text, rows = FILES[kind]
    written, report = run(kind, text, choices=SERIES if kind == "series" else None)
    assert list(csv.reader(written.splitlines())) == rows
    assert (report["as"], report["rows"], report["to_settle"]) == (kind, len(rows) - 1, [])
    assert run(kind, written, "again")[0] == written


def test_what_is_wrong_is_said_and_nothing_is_written(run, tmp_path):
    with pytest.raises(CommandError, match="row 2"):
        run("totals", "code,total\nb,many\n")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("kind", ["data", "weights", "totals"])
def test_a_table_of_codes_needs_the_framework(tmp_path, kind):
    with pytest.raises(CommandError, match="--framework"):
        call_command("read_table", tmp_path / "x.csv", kind=kind, out=tmp_path / "out")


def test_a_series_needs_the_register(tmp_path):
    with pytest.raises(CommandError, match="--register"):
        call_command("read_table", tmp_path / "x.csv", kind="series", out=tmp_path / "out")


MARKED = {
    "weights": ("code;global_weight\na;75%\nb;25%\n", {}, [["p", "1.0", "1.0"], ["a", "0.75", "0.75"]]),
    "totals": ("code;total\na;1.234,5\nb;2.000\n", {}, [["a", "1234.5"], ["b", "2000.0"]]),
    "series": (
        "unit;value\nAlbania;2.400\nNamibia;-999\n",
        {"decimal:value": ",", "code:-999": "gap"},
        [["Albania", "2400.0"]],
    ),
}


@pytest.mark.parametrize("kind", MARKED)
def test_numbers_of_every_table_are_read_as_those_of_data_and_choices_are_kept(run, tmp_path, kind):
    text, choices, rows = MARKED[kind]
    written, report = run(kind, text, choices=choices)
    assert list(csv.reader(written.splitlines()))[1:][: len(rows)] == rows
    kept = json.loads((tmp_path / "out" / "choices.json").read_text(encoding="utf-8"))["reading"]
    assert choices.items() <= kept.items()
    assert report["unheeded_choices"] == []
    assert run(kind, text, "again", choices=kept)[0] == written


def test_what_nobody_can_tell_of_a_series_is_named_with_its_key(run):
    text = "unit,value\nAlbania,-999\nAtlantis,3\nNamibia,2\n"
    with pytest.raises(CommandError) as found:
        run("series", text)
    assert "choose code:-999 among gap, number" in str(found.value)
    assert "Atlantis" in str(found.value)
    written, _report = run("series", text, choices={"code": "gap", "row": "left out"})
    assert written.splitlines()[1:] == ["Namibia,2.0"]
