"""Any table that is written in any of the dialects is read back equal, or asked about."""

import csv
import io
import math

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.intake.files import read_file
from indexer.intake.sheets import read_sheet
from weighting.readers import ProblemLog
from weighting.readers.decisions import Decisions
from weighting.readers.table import Reading

NAN = math.nan
NAMES = st.text(st.sampled_from("abcdefgXYZ äéł南阳"), min_size=2, max_size=8).map(str.strip)
FIGURES = st.one_of(
    st.none(), st.integers(-(10**6), 10**7), st.floats(-1e6, 1e6, width=32).map(lambda x: round(float(x), 3))
)


FULL_WIDTH = str.maketrans("0123456789.,%", "０１２３４５６７８９．，％")
# How many tens a word multiplies by; 0 of what only says what is counted.
WORDS = {"": 0, " years": 0, "岁": 0, " km²": 0, "万": 4, " million": 6, "k": 3, "亿元": 8}
BELOW = {"-": "-{}", "true minus": "\N{MINUS SIGN}{}", "behind": "{}-", "brackets": "({})"}
SETTLED = {"words": "multiply", "minus": "negative", "brackets": "negative", "flags": "drop"}


@st.composite
def dialects(draw):
    """Draw a table of values, and how it is written: separator, marks, signs below zero, words behind."""
    width, height = draw(st.integers(1, 4)), draw(st.integers(1, 6))
    rows = [[draw(FIGURES) for _column in range(width)] for _row in range(height)]
    units = [f"{draw(NAMES)} u{row}" for row in range(height)]
    separator = draw(st.sampled_from(",;\t|"))
    mark = draw(st.sampled_from(".,"))
    grouped = draw(st.sampled_from(["", "." if mark == "," else ",", " "]))
    encoding = draw(st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-le"]))
    gap = draw(st.sampled_from(["", "NA", "..", ":"]))
    below = draw(st.sampled_from(sorted(BELOW)))
    money = draw(st.sampled_from(["", "", "USD ", "€"]))
    is_wide = draw(st.booleans())
    words = [draw(st.sampled_from(sorted(WORDS))) for _column in range(width)]

    def written(value, word):
        if value is None:
            return gap
        whole, _point, decimals = written_value(abs(value)).partition(".")
        whole = f"{int(whole):,}".replace(",", grouped)
        digits = money + whole + (mark + decimals if decimals else "")
        # What stands behind a number stands behind its sign.
        text = (BELOW[below].format(digits) if value < 0 else digits) + word * (below != "brackets")
        return text.translate(FULL_WIDTH) if is_wide else text

    out = io.StringIO()
    writer = csv.writer(out, delimiter=separator, lineterminator=draw(st.sampled_from(["\n", "\r\n"])))
    writer.writerow(["country", *(f"ind{column}x" for column in range(width))])
    writer.writerows([unit, *map(written, row, words)] for unit, row in zip(units, rows, strict=True))
    powers = [0 if below == "brackets" else WORDS[word] for word in words]
    values = [
        [
            NAN if value is None else float(f"{written_value(value)}e{power}")
            for value, power in zip(row, powers, strict=True)
        ]
        for row in rows
    ]
    return out.getvalue().encode(encoding), units, values


def written_value(value):
    text = f"{abs(value):.15g}"
    text = f"{abs(value):.6f}" if "e" in text else text
    return ("-" if value < 0 else "") + text


def check_dialect(made, choices):
    """Hold what is read against what was written, where nothing is asked."""
    data, units, values = made
    log = ProblemLog("t.csv")
    file = read_file(data, "t.csv", log, reading=Reading(Decisions(choices), is_form=False, kind="data"))
    sheet = read_sheet(file, log) if file else None
    if sheet is None or file.table.decisions.open or sheet.texts:
        return
    assert [" ".join(unit.split()) for unit in sheet.units] == [" ".join(unit.split()) for unit in units]
    np.testing.assert_allclose(sheet.values, values, rtol=1e-12)


@settings(max_examples=150, deadline=None)
@given(dialects())
def test_any_table_in_any_dialect_is_read_back_equal_or_asked_about(made):
    check_dialect(made, {})


@settings(max_examples=250, deadline=None)
@given(dialects())
def test_any_table_in_any_dialect_is_read_back_equal_once_its_words_and_signs_are_settled(made):
    """What a word does is chosen; columns whose word only says what is counted have no such choice."""
    check_dialect(made, SETTLED)
