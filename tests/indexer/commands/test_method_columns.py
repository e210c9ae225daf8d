"""The columns of a method in the framework file, with the options as the defaults of blank cells."""

import csv
import json

import numpy as np
import pytest
from django.core.management import CommandError, call_command

from tests.indexer.numeric.published import column, rows_of

FRAMEWORK = """code,parent,direction,transform,normalisation,lower,upper,aggregation
health,,,,,,,
education,,,,,,,arithmetic
income,,,,,,,
le,health,1,,,20,85,
eys,education,1,,,0,18,
mys,education,1,,,0,15,
gnipc,income,1,ln,,100,75000,
"""
WEIGHTS = (
    "code,local_weight\nhealth,0.3333333333333333\neducation,0.3333333333333333\nincome,0.3333333333333333\n"
    "le,1\neys,0.5\nmys,0.5\ngnipc,1\n"
)
HDI = {"normalisation": "goalposts", "aggregation": "geometric", "scale": "1"}
SMALL = "code,parent,direction{columns}\ng,,{g}\nh,,{h}\na,g,1{a}\nb,g,-1{b}\nc,h,1{c}\n"
EQUAL = "code,local_weight\ng,0.5\nh,0.5\na,0.5\nb,0.5\nc,1\n"


@pytest.fixture
def run(tmp_path):
    """Run a command on texts; return each CSV file as rows by unit, and the folder."""

    def run(command="compute_index", **options):
        for name in ("framework", "data", "weights", "scores", "previous"):
            if name in options:
                (tmp_path / f"{name}.csv").write_text(options[name], encoding="utf-8")
                options[name] = tmp_path / f"{name}.csv"
        call_command(command, out=tmp_path / "out", **options)
        return {path.stem: read(path) for path in (tmp_path / "out").glob("*.csv")}

    return run


def read(path):
    with path.open(encoding="utf-8", newline="") as file:
        return {row.pop("unit", row.get("code")): row for row in csv.DictReader(file)}


def small(columns="", **cells):
    """Return a framework of g over a and b (less is better), h over c, with further columns."""
    blank = "," * columns.count(",")
    filled = dict.fromkeys("ghabc", blank) | {name: f",{cell}" for name, cell in cells.items()}
    return SMALL.format(columns=columns, **filled)


def refusal(run, **options):
    with pytest.raises(CommandError) as error:
        run(**options)
    return [line.partition("/framework.csv, ")[2] or line for line in str(error.value).splitlines()]


@pytest.mark.parametrize("year", [2019, 2021])
def test_human_development_from_the_raw_file(run, year):
    rows = rows_of("hdi_2019_2021.csv")
    codes = ("le", "eys", "mys", "gnipc")
    lines = [",".join([row["iso3"], *(row[f"{code}_{year}"] for code in codes)]) for row in rows]
    data = "\n".join([",".join(("unit", *codes)), *lines])
    files = run(framework=FRAMEWORK, data=data, weights=WEIGHTS, **HDI)
    scores = np.array([float(files["ranking"][row["iso3"]]["score"]) for row in rows])
    assert np.abs(scores - column(rows, f"hdi_{year}")).max() <= 0.0005
    assert list(files["ranking"]["NOR" if year == 2019 else "CHE"].values())[1] in ("1", "2")


def test_options_are_the_defaults_of_blank_cells(run):
    data, cells = "unit,a,b,c\nx,1,1,2\ny,2,3,4\nz,5,5,8\n", {"a": "goalposts,0,10", "c": "minmax,,"}
    framework = small(",normalisation,lower,upper", **cells)
    nodes = run(framework=framework, data=data, weights=EQUAL, normalisation="rank")["nodes"]
    assert [nodes["x"][code] for code in "abc"] == ["10.0", "100.0", "0.0"]
    assert [nodes["z"][code] for code in "ac"] == ["50.0", "100.0"]


def test_everything_that_is_wrong_is_named_at_once_with_row_value_and_remedy(run):
    framework = small(
        ",transform,normalisation,lower,upper,target,cap,aggregation,coverage,imputation",
        g="ln,,,,,,cubic,1.5,",
        h=",,,,,,power:0,,",
        a="root,goalpost,ten,5,,perhaps,,,",
        b=",target,,,,,,,guess",
        c=",,1,,,,arithmetic,,",
    )
    found = refusal(run, framework=framework, data="unit,a,b,c\nx,1,1,2\ny,2,3,4\n", weights=EQUAL)
    places = [line.partition(":")[0] for line in found]
    assert places == [
        "row 2, column “transform”, value “ln”",
        "row 2, column “aggregation”, value “cubic”",
        "row 2, column “coverage”, value “1.5”",
        "row 3, column “aggregation”, value “power",
        "row 4, column “transform”, value “root”",
        "row 4, column “normalisation”, value “goalpost”",
        "row 4, column “lower”, value “ten”",
        "row 4, column “cap”, value “perhaps”",
        "row 5, column “imputation”, value “guess”",
        "row 6, column “aggregation”, value “arithmetic”",
        # What follows from a normalisation that is none is not told as well.
        "row 5, column “target”",
        "row 6, column “lower”, value “1”",
    ]
    assert "Write one of: none, ln, log10, sqrt, log_shift, boxcox:…." in found[4]
    assert "Write 0.8 for 80 percent." in found[2]


@pytest.mark.parametrize(
    ("columns", "cells", "options", "complaint"),
    [
        (
            ",normalisation,lower,upper",
            {"a": "goalposts,9,2"},
            {},
            "row 4, column “lower”, value “9”: The lower bound is not below the upper bound. Exchange or "
            "correct them.",
        ),
        (
            ",normalisation,lower,upper,target",
            {"b": "target,0,10,12"},
            {},
            "row 5, column “target”, value “12”: The target has to be better than the worst bound and not "
            "beyond the other one. Correct the target or the bounds.",
        ),
        (
            ",normalisation,target",
            {"b": "target,"},
            {},
            "row 5, column “target”: The normalisation “target” needs this cell. Fill it in.",
        ),
        (
            ",transform,normalisation,lower,upper",
            {"a": "ln,goalposts,0,10"},
            {},
            "row 4, column “lower”, value “0”: The transform is not defined for this number. Correct the "
            "number or choose another transform.",
        ),
        (
            ",lower",
            {"a": "3"},
            {},
            "row 4, column “lower”, value “3”: The normalisation of this indicator makes no use of the cell. "
            "Empty it or choose another normalisation.",
        ),
        (
            ",aggregation",
            {"g": "copeland"},
            {},
            "row 2, column “aggregation”, value “copeland”: Copeland compares units on the whole index "
            "alone. Choose another aggregation for groups of indicators, each in its own row.",
        ),
        (
            ",aggregation",
            {"g": "mpi"},
            {},
            "row 2, column “aggregation”, value “mpi”: The Mazziotta-Pareto index needs indicators on a "
            "scale from 0 to 1, not shares or z-scores. Normalise them by min-max or goalposts.",
        ),
        (
            ",aggregation",
            {"g": "geometric"},
            {"normalisation": "minmax"},
            "row 2, column “aggregation”, value “geometric”: This mean needs values above zero, which the "
            "normalisation of an indicator below does not give for all units. State a floor or bounds, or "
            "choose another aggregation.",
        ),
        (
            ",transform",
            {"a": "ln"},
            {"data": "unit,a,b,c\nx,0,1,2\ny,2,3,4\n"},
            "data.csv, row 2, column “a”, value “0”: The transform is not defined for this value. Correct it "
            "or choose another one.",
        ),
        (
            ",normalisation,reference",
            {"a": "distance_to_reference,w"},
            {},
            "data.csv, column “a”: The reference unit is not there or has no value. Name another one, as the "
            "data name it.",
        ),
        (
            "",
            {},
            {"scale": "0", "digits": "40", "floor": "-1"},
            None,
        ),
    ],
)
def test_what_no_data_could_satisfy(run, columns, cells, options, complaint):
    given = {"data": "unit,a,b,c\nx,1,1,2\ny,2,3,4\n", "weights": EQUAL} | options
    found = refusal(run, framework=small(columns, **cells), **given)
    if complaint is None:
        assert [line.split(":")[0].rpartition("column ")[2] for line in found] == [
            "“scale”, value “0”",
            "“digits”, value “40”",
            "“floor”, value “-1”",
        ]
        return
    assert [line[line.index(complaint[:12]) :] for line in found] == [complaint]


def test_a_unit_below_the_coverage_comes_last_with_the_reason(run):
    data = "unit,a,b,c\nx,1,,2\ny,2,3,4\nz,,,8\nw,3,5,1\n"
    framework = small(",coverage", g="0.5")
    options = {"framework": framework, "data": data, "weights": EQUAL, "missing": "reweight"}
    files = run(normalisation="minmax", coverage="0.7", **options)
    assert list(files["ranking"]) == ["w", "x", "y", "z"] or set(files["ranking"]) == set("wxyz")
    assert list(files["ranking"])[-1] == "z"
    assert files["ranking"]["z"] == {
        "score": "",
        "rank": "",
        "reason": "has 0 % of the weight of g, less than the 50 % asked for",
    }
    # Half of g is enough for g, and three quarters of the whole for x.
    assert files["ranking"]["x"]["reason"] == "" != files["ranking"]["x"]["rank"]
    assert (files["nodes"]["z"]["g"], files["nodes"]["z"]["h"]) == ("", "100.0")


def test_without_a_coverage_the_files_are_as_ever(run):
    data = "unit,a,b,c\nx,1,1,2\ny,2,3,4\n"
    plain = run(framework=small(), data=data, weights=EQUAL)
    assert list(plain["ranking"]["x"]) == ["score", "rank"]
    said = run(framework=small(",coverage", g="0"), data=data, weights=EQUAL, scale="100", digits="2")
    assert said == plain
    assert float(run(framework=small(), data=data, weights=EQUAL, scale="1000")["ranking"]["x"]["score"]) == (
        pytest.approx(10 * float(plain["ranking"]["x"]["score"]))
    )


def test_missing_values_by_group_and_by_the_edition_before(run):
    data = "unit,coast,a,b,c\nx,yes,,1,2\ny,yes,4,3,4\nz,no,10,2,8\n"
    options = {"data": data, "weights": EQUAL, "normalisation": "none"}
    nodes = run(framework=small(",imputation", a="group_mean:coast"), **options)["nodes"]
    assert nodes["x"]["a"] == "400.0"
    options["previous"] = "unit,a,b,c\nx,7,,\n"
    options["data"] = data.replace("coast,", "").replace("yes,", "").replace("no,", "")
    nodes = run(framework=small(",imputation", a="last_value"), **options)["nodes"]
    assert nodes["x"]["a"] == "700.0"


def test_draws_leave_out_whom_the_coverage_does(run, tmp_path, capsys):
    data = "unit,a,b,c\nx,1,2,2\ny,2,3,4\nz,,,8\nw,3,5,1\n"
    files = run(
        "rank_uncertainty",
        framework=small(",aggregation,coverage", g="harmonic,0.5", h="minimum,"),
        data=data,
        weights=EQUAL,
        missing="reweight",
        normalisation="rank",
        aggregation="power:2",
        method="noise",
        draws="40",
        seed="3",
    )
    assert set(files["rank_intervals"]) == set("xyw")
    assert json.loads((tmp_path / "out" / "summary.json").read_text())["cities"] == 3
    with pytest.raises(CommandError):
        run("rank_uncertainty", framework=small(",aggregation", g="copeland"), data=data, weights=EQUAL,
            method="noise", draws="4", seed="3")  # fmt: skip
