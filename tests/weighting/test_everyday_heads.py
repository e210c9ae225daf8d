"""Forms whose columns are called as people call them, in Chinese and English."""

from collections import namedtuple

import pytest

from weighting.numeric.tree import build_tree
from weighting.readers import FileProblems, read_panel
from weighting.readers.decisions import Decisions, LookFirst
from weighting.readers.framework import read_framework
from weighting.readers.heads import columns_called
from weighting.readers.weights import read_weights

Node = namedtuple("Node", ["code", "name_zh", "name_en"])
PANEL = "编号,姓名,电子邮箱,单位\nZ1,王建国,wang@example.cn,某大学\n".encode()
TREE = "代码,上级代码,指标名称,方向,单位\na,,水质,正向,\nb,a,氨氮,逆向,毫克每升\n".encode()


def test_a_panel_is_read_by_what_its_columns_are_called():
    (row,) = read_panel(PANEL, "P.csv")
    assert (row.code, row.name, row.email, row.organisation) == ("Z1", "王建国", "wang@example.cn", "某大学")


def test_a_framework_is_read_by_what_its_columns_are_called():
    upper, lower = read_framework(TREE, "F.csv").rows
    assert (upper.code, upper.name_zh, upper.direction) == ("a", "水质", 1)
    # 单位 is where an expert works, and what an indicator is measured in.
    assert (lower.parent, lower.direction, lower.unit) == ("a", -1, "毫克每升")


def test_it_is_likely_and_may_be_chosen_otherwise():
    ledger = Decisions({"extra:单位": "left out"})
    (row,) = read_panel(PANEL, "P.csv", ledger)
    assert row.organisation == ""
    assert {(made.subject, made.value, made.how) for made in ledger.made if made.kind == "extra"} == {
        ("编号", "code", "likely"),
        ("姓名", "name", "likely"),
        ("电子邮箱", "email", "likely"),
        ("单位", "left out", "chosen"),
    }
    asking = Decisions(asks=True)
    read_panel(PANEL, "P.csv", asking)
    with pytest.raises(LookFirst):
        asking.close()


def test_two_columns_of_one_meaning_stay_open():
    text = "code,姓名,专家姓名,email\nZ1,甲,乙,a@example.cn\n".encode()
    with pytest.raises(FileProblems, match="not known here"):
        read_panel(text, "P.csv")


def test_a_column_under_its_own_name_comes_first():
    assert columns_called(["name", "姓名"], ["name", "email"]) == {}
    assert columns_called(["E-mail", "Affiliation"], ["email", "organisation"]) == {
        0: "email",
        1: "organisation",
    }


NAMED = [
    Node("a", "水质", "Water quality"),
    Node("b", "氨氮", ""),
    Node("c", "流量", "Flow"),
    Node("d", "流量", ""),
]
TREE_OF_THEM = build_tree(["a", "b", "c", "d"], [""] * 4)


def test_weights_are_read_by_the_names_of_indicators():
    text = "指标,局部权重\nwater  Quality,0.4\n氨氮,0.3\nc,0.2\nd,0.1\n".encode()
    table = read_weights(text, "W.csv", TREE_OF_THEM, nodes=NAMED)
    assert table.local.tolist() == [0.4, 0.3, 0.2, 0.1]


def test_a_name_of_two_indicators_is_none():
    text = "指标,局部权重\na,0.4\nb,0.3\n流量,0.2\nd,0.1\n".encode()
    with pytest.raises(FileProblems, match="no such code"):
        read_weights(text, "W.csv", TREE_OF_THEM, nodes=NAMED)
