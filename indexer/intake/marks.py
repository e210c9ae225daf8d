"""Commas in numbers: before decimals or between thousands, as the other numbers of the file say it."""

import re
from collections.abc import Iterable, Sequence
from typing import Literal

import numpy as np

from indexer.intake.sheets import Sheet
from weighting.readers.cells import plain

# "," before decimals, "." before decimals with commas between thousands, "" where nothing tells.
Mark = Literal[",", ".", ""]
WITH_COMMA = re.compile(r"[+-]?[\d.,]*\d,\d[\d.,]*", re.ASCII)
# 1,234: either of the two.
OPEN = re.compile(r"[+-]?[1-9]\d{0,2},\d{3}", re.ASCII)
DECIMAL_COMMA = re.compile(r"[+-]?(\d+|\d{1,3}(\.\d{3})+),\d+", re.ASCII)
THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2}(,\d{3})+(\.\d*)?", re.ASCII)


def decimal_marks(sheet: Sheet) -> list[Mark]:
    """Return the mark before decimals of each column, (columns,): by its own numbers, or by all others.

    A column whose numbers say both, and a file whose columns do, say nothing.
    """
    written: list[set[Mark]] = [set() for _head in sheet.columns]
    for (_row, column), text in sheet.texts.items():
        written[column].add(_mark_of(plain(text)))
    fractions = np.isfinite(sheet.values) & (sheet.values != np.floor(sheet.values))
    for column in np.flatnonzero(fractions.any(axis=0)).tolist():
        written[column].add(".")
    whole = _agreed(set().union(*written))
    return [whole if not marks - {""} else _agreed(marks) for marks in written]


def number_meant(text: str, mark: Mark) -> str | None:
    """Return a number with commas as it or else its column tells, with a point; None where neither does."""
    match _mark_of(text) or (mark if OPEN.fullmatch(text) else ""):
        case ",":
            return text.replace(".", "").replace(",", ".")
        case ".":
            return text.replace(",", "")
    return None


def _mark_of(text: str) -> Mark:
    if not WITH_COMMA.fullmatch(text) or OPEN.fullmatch(text):
        return ""
    if THOUSANDS.fullmatch(text):
        return "."
    return "," if DECIMAL_COMMA.fullmatch(text) else ""


def _agreed(marks: Iterable[Mark]) -> Mark:
    found: Sequence[Mark] = [mark for mark in marks if mark]
    return found[0] if len(found) == 1 else ""
