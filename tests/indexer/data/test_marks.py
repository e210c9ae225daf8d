"""Commas in numbers are told by the numbers beside them, and otherwise asked about."""

import pytest

from indexer.intake.files import read_file
from indexer.intake.marks import decimal_marks, number_meant
from indexer.intake.sheets import read_sheet
from weighting.readers import CellError, ProblemLog, parse_number


def meant(*rows):
    """Return what is proposed for every cell that is no number, row by row."""
    text = "unit,a,b\n" + "".join(f"u{n},{row}\n" for n, row in enumerate(rows))
    log = ProblemLog("d.csv")
    sheet = read_sheet(read_file(text.encode(), "d.csv", log), log)
    marks = decimal_marks(sheet)
    return [number_meant(text, marks[column]) for (_row, column), text in sorted(sheet.texts.items())]


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        (['"0,765","13,2"', '"0,593","8,6"'], ["0.765", "13.2", "0.593", "8.6"]),
        (['"0,796",1'], ["0.796"]),
        (['76.5,"14,131"', '59.3,"8,634"'], ["14131", "8634"]),
        (['"1,234,567",1', '"8,634",2'], ["1234567", "8634"]),
        (['"8,634",1', '"8,6",2'], ["8.634", "8.6"]),
        (['"1.234,5",1', '"8,634",2'], ["1234.5", "8.634"]),
        (['"-0,5",1', '"+12,25",2'], ["-0.5", "+12.25"]),
        # Nothing tells: neither is proposed.
        (['"8,634",1', '"9,120",2'], [None, None]),
        # The columns disagree, and the third is left open.
        (['"0,5","1,234.5"', '"0,7","8,634"'], ["0.5", "1234.5", "0.7", "8634"]),
        # A column that says both says nothing of what may be either.
        (['"0,5",1', '"1,234.5",1', '"8,634",2'], ["0.5", "1234.5", None]),
        (['"1,23,4",1', '",5",2', "x,3"], [None, None, None]),
    ],
)
def test_a_comma_is_told_by_its_number_then_its_column_then_its_file(rows, expected):
    assert meant(*rows) == expected


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("0,796", "a point before the decimals"),
        ("8,634", "may stand before decimals"),
        ("1,234,567", "without thousands"),
    ],
)
def test_the_remedy_fits_the_comma(text, word):
    with pytest.raises(CellError, match=word):
        parse_number(text)
