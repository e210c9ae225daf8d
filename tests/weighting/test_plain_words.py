"""Columns and words as people write them who have not read the columns' list: name, higher, 负向."""

import pytest
from django.utils.translation import override

from indexer.intake.registers import read_register
from weighting.readers import FileProblems
from weighting.readers.framework import read_framework
from weighting.readers.panel import read_panel

FRAMEWORK = """code,name,parent,direction,definition
a,People,,,
b,Doctors,a,Higher,How many there are
c,死亡率,a,负向,每千人
d,Smoke,a,lower is better,
"""


def test_a_framework_in_one_language_needs_no_column_of_each():
    rows = {row.code: row for row in read_framework(FRAMEWORK.encode(), "f.csv").rows}
    assert [(row.name_zh, row.name_en) for row in rows.values()] == [
        ("", "People"),
        ("", "Doctors"),
        ("死亡率", ""),
        ("", "Smoke"),
    ]
    assert [row.direction for row in rows.values()] == [1, 1, -1, -1]
    assert (rows["b"].definition_en, rows["c"].definition_zh) == ("How many there are", "每千人")


def test_a_direction_that_says_nothing_is_still_named():
    with pytest.raises(FileProblems) as found:
        read_framework(FRAMEWORK.replace("Higher", "good").encode(), "f.csv")
    assert [(one.row, one.column, one.value) for one in found.value.problems] == [(3, "direction", "good")]


def test_a_register_in_one_language_needs_no_column_of_each():
    text = "name,province,code\nOslo,Norway,0301\n卑尔根,挪威,4601\n"
    rows = read_register(text.encode(), "r.csv", everything=("", "All"))
    assert [(row.name_zh, row.name_en, row.province) for row in rows] == [
        ("", "Oslo", "Norway"),
        ("卑尔根", "", "挪威"),
    ]


@pytest.mark.parametrize(("page", "expected"), [("en", "en"), ("zh-hans", "zh-hans")])
def test_experts_of_whom_a_file_says_no_language_have_that_of_the_page(page, expected):
    with override(page):
        (row,) = read_panel(b"code,name,email\n1,Ann,ann@example.org\n", "p.csv")
    assert row.language == expected
