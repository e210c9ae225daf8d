"""Columns of groups in a file's own words become groupings, and tell units of one name apart."""

import pytest

from indexer.intake.registers import read_register
from weighting.readers import FileProblems
from weighting.readers.column_words import column_words
from weighting.readers.decisions import Decisions

FILE = """code,name,country,kind of water,remark
001,Tana,KE,river,a
002,Tana,NO,river,b
003,Garda,IT,lake,c
004,Rhône,FR,river,d
005,Annecy,FR,lake,e
006,Po,IT,river,f
"""


def read(**choices):
    chosen = {f"extra:{head}": to for head, to in choices.items()}
    decisions = Decisions(chosen | {"extra:remark": "left out"})
    rows = list(read_register(FILE.encode(), "r.csv", everything=("", "All"), decisions=decisions))
    return rows, decisions


def test_a_column_of_groups_becomes_a_grouping_by_choice():
    rows, decisions = read(**{"country": "province_en", "kind of water": "group_kind_of_water"})
    assert [row.groups["kind_of_water"][1] for row in rows] == [
        "river",
        "river",
        "lake",
        "river",
        "lake",
        "river",
    ]
    assert [row.province_en for row in rows[:2]] == ["KE", "NO"]
    offered = {made.subject: made.options for made in decisions.made if made.kind == "extra"}
    assert offered["country"][1] == "group_country"
    assert column_words("group_country") == "Further grouping (group_country)"


def test_a_column_with_another_text_in_each_row_is_no_grouping():
    _rows, decisions = read(**{"country": "province_en", "kind of water": "left out"})
    remark = next(made for made in decisions.made if made.subject == "remark")
    assert not [to for to in remark.options if to.startswith("group_")]


def test_two_units_of_one_name_are_told_what_tells_them_apart():
    with pytest.raises(FileProblems, match="let the column of their groups tell them apart"):
        read(**{"country": "group_country", "kind of water": "left out"})
