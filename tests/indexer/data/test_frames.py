"""Data files to labelled arrays and back."""

import csv

import numpy as np
import pytest

from indexer.frames import Treatment, read_data, read_totals
from indexer.result_files import write_nodes, write_ranking, write_weights
from weighting.numeric.aggregation import equal_weights
from weighting.readers import FileProblems, read_framework, read_weights

FRAMEWORK = read_framework(b"code,parent,direction\na,,\np,a,1\nq,a,-1\nr,,1\n", "F.csv")
CODES = FRAMEWORK.tree.leaf_codes


def read(text, attributes=(), totals=None, **treatment):
    return read_data(
        text.encode(), "D.csv", FRAMEWORK, attributes, treatment=Treatment(**treatment), totals=totals
    )


def problems_of(text, *args, **options):
    with pytest.raises(FileProblems) as caught:
        read(text, *args, **options)
    return [(problem.row, problem.column, problem.value) for problem in caught.value.problems]


def test_columns_are_put_in_the_order_of_the_framework():
    table = read("r,unit,province,q,p\n3,南阳, 河南省,2,1\n6, 开封 ,河南省,5,4\n", ["province"])
    assert table.units == ("南阳", "开封")
    assert table.codes == ("p", "q", "r")
    assert table.values.tolist() == [[1, 2, 3], [4, 5, 6]]
    assert table.attributes == {"province": ("河南省", "河南省")}
    assert table.rows == (2, 3)


def test_empty_cells_are_read_when_a_policy_fills_them():
    table = read("unit,p,q,r\nA,1,,3\nB,1,2,3\n", missing="mean")
    np.testing.assert_array_equal(table.values, [[1, np.nan, 3], [1, 2, 3]])


def test_negative_values_are_read_where_they_have_a_meaning():
    assert read("unit,p,q,r\nA,-1,1,3\nB,1,2,-3\n", method="minmax").values.min() == -3


def test_all_problems_at_once():
    text = 'unit,p,qq,r\n南阳,1,2,3\n 南阳 ,x,2,3\n,1,2,-3\nB,1,2\nC,1e400,2,nan\nＡ,,2,3\nA,50%,2,"1,000"\n'
    assert problems_of(text) == [
        (1, "qq", "qq"),
        (1, "q", None),
        (3, "unit", "南阳"),
        (3, "p", "x"),
        (4, "unit", ""),
        (4, "r", "-3"),
        (5, "", None),
        (6, "p", "1e400"),
        (6, "r", "nan"),
        (7, "p", ""),
        (8, "unit", "A"),
        (8, "p", "50%"),
        (8, "r", "1,000"),
    ]


def test_an_unknown_column_names_the_nearest_code():
    with pytest.raises(FileProblems, match=r"column “provinz”.*Nearest: province\."):
        read("unit,provinz,p,q,r\nA,x,1,2,3\n", ["province"])


@pytest.mark.parametrize(
    ("text", "options", "columns"),
    [
        ("unit,p,q,r\nA,0,1,x\nB,0,2,1\n", {}, ["p", "r"]),
        ("unit,p,q,r\nA,1,1,1\nB,1,1,2\n", {"method": "zscore"}, ["p", "q"]),
        ("unit,p,q,r\nA,1,0,1\nB,1,1,2\n", {"negative": "reciprocal"}, ["q"]),
        ("unit,p,q,r\nA,1,1,\nB,1,1,\n", {"missing": "reweight"}, ["r"]),
        ("unit,p,q,r\nA,1,1,\nB,1,1,\n", {"missing": "zero"}, ["r"]),
        ("unit,p,q,r\nA,1e308,1,1\nB,1e308,1,1\n", {}, ["p"]),
    ],
)
def test_columns_that_cannot_be_normalised_are_named_with_the_cells(text, options, columns):
    assert [column for _, column, _ in problems_of(text, **options)] == columns


def test_a_city_with_nothing_at_all_cannot_be_reweighted():
    assert problems_of("unit,p,q,r\nA,1,1,\nB,,,\nC,1,1,1\n", missing="reweight") == [(3, "", None)]


@pytest.mark.parametrize("text", ["", "unit,p,q,r\n"])
def test_an_empty_file_and_a_header_alone(text):
    assert len(problems_of(text)) == 1


def test_exponents_cannot_hide_infinity_or_zero():
    text = "unit,p,q,r\nA,1e309,1,1\nB,1e-400,0,2\nC,1e-5,0.0,1E2\n"
    assert problems_of(text) == [(2, "p", "1e309"), (3, "p", "1e-400")]


def test_totals():
    totals = read_totals(b"code,total\nr,10\n", "T.csv", CODES)
    np.testing.assert_array_equal(totals, [np.nan, np.nan, 10])


def test_all_problems_of_totals_at_once():
    text = b"code,total\na,1\np,0\np,1\nq,-1\nr,\n"
    with pytest.raises(FileProblems) as caught:
        read_totals(text, "T.csv", CODES)
    assert [(problem.row, problem.column) for problem in caught.value.problems] == [
        (2, "code"), (3, "total"), (4, "code"), (5, "total"), (6, "total"),
    ]  # fmt: skip


def rows_of(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


def test_written_weights_are_read_back_bit_for_bit(tmp_path):
    weights = equal_weights(FRAMEWORK.tree)
    local = weights.local * np.array([1, 2 / 3, 4 / 3, 1])
    write_weights(tmp_path / "w.csv", FRAMEWORK.tree, local, weights.global_ * np.array([1, 2 / 3, 4 / 3, 1]))
    assert rows_of(tmp_path / "w.csv")[0] == ["code", "parent", "local_weight", "global_weight"]
    assert read_weights(tmp_path / "w.csv", "w.csv", FRAMEWORK.tree).local.tolist() == local.tolist()


def test_the_ranking_is_in_the_order_of_ranks_and_runs_no_formula(tmp_path):
    write_ranking(
        tmp_path / "r.csv", ["B", "=1+1", "A"], np.array([1 / 3, 2 / 3, 1 / 3]), np.array([2, 1, 2])
    )
    assert rows_of(tmp_path / "r.csv") == [
        ["unit", "score", "rank"],
        ["'=1+1", repr(2 / 3), "1"],
        ["B", repr(1 / 3), "2"],
        ["A", repr(1 / 3), "2"],
    ]


def test_an_absent_node_is_an_empty_cell(tmp_path):
    write_nodes(tmp_path / "n.csv", ["A"], ["a", "p"], np.array([[np.nan, -1e-7]]))
    assert rows_of(tmp_path / "n.csv") == [["unit", "a", "p"], ["A", "", "-1e-07"]]
