"""``manage.py audit_index``: files in, the five tables of an audit out, no database."""

import csv

import numpy as np
import pytest
from django.core.management import CommandError, call_command

from tests.indexer.commands.test_compute_index import DEMO

FRAMEWORK = "code,parent,direction\na,,\nb,,\na1,a,1\na2,a,-1\nb1,b,1\n"
WEIGHTS = "code,local_weight\na,0.5\nb,0.5\na1,0.25\na2,0.75\nb1,1\n"
DATA = "unit,a1,a2,b1\n南阳,1,2,5\n开封,3,6,0\n=洛阳,4,,5\n许昌,8,1,7\n"
COLUMNS = {
    "correlations": ["a", "b", "pearson", "spearman", "flag"],
    "importance": ["code", "of", "weight", "linear", "smooth", "low", "high"],
}


@pytest.fixture
def run(tmp_path):
    """Run the command on texts; return each output file as records by their first column."""

    def run(data=DATA, **options):
        for name, text in {"framework": FRAMEWORK, "weights": WEIGHTS, "data": data}.items():
            (tmp_path / f"{name}.csv").write_text(text, encoding="utf-8")
            options[name] = tmp_path / f"{name}.csv"
        call_command("audit_index", out=tmp_path / "out", **options)
        return tables_of(tmp_path / "out")

    return run


def tables_of(folder):
    tables = {}
    for path in folder.iterdir():
        with path.open(encoding="utf-8", newline="") as file:
            tables[path.name] = list(csv.DictReader(file))
    return tables


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    out = tmp_path_factory.mktemp("audit")
    call_command(
        "audit_index",
        framework=DEMO / "framework.csv",
        data=DEMO / "data.csv",
        scores=DEMO / "scores.csv",
        totals=DEMO / "totals.csv",
        attributes="province,region",
        out=out,
    )
    return tables_of(out)


def test_the_files_and_their_columns(demo):
    assert sorted(demo) == [
        "correlations.csv",
        "groups.csv",
        "importance.csv",
        "indicators.csv",
        "units.csv",
    ]
    for name, columns in COLUMNS.items():
        assert list(demo[f"{name}.csv"][0]) == columns
    assert list(demo["groups.csv"][0])[:1] == ["node"]
    # 99 nodes and the total; each of the 90 leaves is held against its parent and against the total.
    assert len(demo["correlations.csv"]) == 100 * 99 // 2
    assert len(demo["importance.csv"]) == 99 + 90
    assert len(demo["indicators.csv"]) == 99
    assert len(demo["units.csv"]) == 351


def test_importance_of_the_demo_is_the_squared_correlation(demo):
    pearson = {(row["a"], row["b"]): float(row["pearson"]) for row in demo["correlations.csv"]}
    for row in demo["importance.csv"]:
        pair = (row["code"], row["of"])
        r = pearson.get(pair) or pearson[pair[::-1]]
        assert float(row["linear"]) == pytest.approx(r**2, abs=1e-12)
        assert float(row["low"]) <= float(row["smooth"]) <= float(row["high"])
    top = [row for row in demo["importance.csv"] if row["of"] == "total"][:4]
    assert sum(float(row["weight"]) for row in top) == pytest.approx(1)


def test_the_same_files_again_have_the_same_bytes(run, tmp_path):
    run(missing="reweight")
    before = {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()}
    run(missing="reweight")
    assert before == {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()}


def test_by_hand_with_a_gap(run):
    """Shares of a2 reflect 2, 6, 1 to 5, 1, 6; the third unit has none, and a is a1 there."""
    found = run(missing="reweight")
    by_pair = {(row["a"], row["b"]): row for row in found["correlations.csv"]}
    three = np.corrcoef([1, 3, 8], [5, 1, 6])[0, 1]
    assert float(by_pair["a1", "a2"]["pearson"]) == pytest.approx(three)
    assert by_pair["a1", "a2"]["flag"] == ""
    assert float(by_pair["a", "b"]["pearson"]) > 0.92
    assert by_pair["a", "b"]["flag"] == "redundant"
    units = {row["unit"]: row for row in found["units.csv"]}
    assert float(units["'=洛阳"]["availability"]) == pytest.approx(2 / 3)
    assert float(units["'=洛阳"]["weight_present"]) == pytest.approx(0.625)
    indicators = {row["code"]: row for row in found["indicators.csv"]}
    assert float(indicators["a2"]["availability"]) == 0.75
    assert float(indicators["b1"]["zeros"]) == 0.25
    # Four units determine no smooth line.
    assert {row["smooth"] for row in found["importance.csv"]} == {""}


def test_nothing_is_written_where_the_data_are_refused(run, tmp_path):
    with pytest.raises(CommandError, match=r"data.csv, row 4, column “a2”"):
        run()
    assert not (tmp_path / "out").exists()


def test_without_weights_the_data_alone_are_told(tmp_path):
    for name, text in {"framework": FRAMEWORK, "data": DATA}.items():
        (tmp_path / f"{name}.csv").write_text(text, encoding="utf-8")
    files = {name: tmp_path / f"{name}.csv" for name in ("framework", "data")}
    call_command("audit_index", out=tmp_path / "out", **files)
    made = tables_of(tmp_path / "out")
    assert sorted(made) == ["correlations.csv", "groups.csv", "indicators.csv", "units.csv"]
    # Less of the second is better; the unit without it is left out of the pair.
    expected = -np.corrcoef([1, 3, 8], [2, 6, 1])[0, 1]
    pairs = {(row["a"], row["b"]): row for row in made["correlations.csv"]}
    assert float(pairs["a1", "a2"]["pearson"]) == pytest.approx(expected)
    assert {row["unit"]: row["values"] for row in made["units.csv"]}["'=洛阳"] == "2"
