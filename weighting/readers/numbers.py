"""Columns of text to numbers: what marks, signs and codes mean is told by the whole column and file."""

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np

from weighting.numeric.arrays import FloatArray
from weighting.readers.cells import GAPS, CellError, parse_number, plain
from weighting.readers.columns import Column, Packed
from weighting.readers.decisions import Decisions, How

Mark = Literal[",", ".", ""]
# What 45% is: 45, or 0.45.
Percent = Literal["percent", "fraction"]
MARKS: tuple[Mark, Mark] = (",", ".")
CURRENCY = r"[$€£¥₩₹]|(?:USD|EUR|GBP|CNY|RMB|JPY)\b"
NUMBER = re.compile(
    rf"(?P<sign>[+-]?)\s*(?P<before>{CURRENCY})?\s*(?P<sign2>[+-]?)"
    r"(?P<digits>\d[\d.,]*|[.,]\d+)(?P<exponent>[eE][+-]?\d+)?"
    rf"\s*(?P<percent>%)?\s*(?P<after>{CURRENCY}|元)?(?P<flag>\s+[a-zA-Z]{{1,3}}|\s*[*†‡§]+|\s*[(\[]\w{{1,2}}[)\]])?",
    re.ASCII,
)
# What most cells hold: no sign, no mark but one, nothing beside it.
PLAIN_DIGITS = re.compile(r"\d+(?:[.,]\d*)?", re.ASCII)
# Numbers below zero in accounts, and estimates elsewhere: (5.2).
BRACKETED = re.compile(r"\(([^()]*\d[^()]*)\)")
# Dashes that are typed for a minus sign.
DASH = re.compile(r"[‐‑‒–](?=\s?[\d.,])")
# Footnote marks above the line would become digits of the number.
RAISED = re.compile("[⁰¹²³⁴-⁹ᵃ-ᶻ]+$")
# Spaces of every width, and the Swiss apostrophe, between groups of three.
SPACED = re.compile(r"(?<![\d.,])(\d{1,3}(?:[ '’]\d{3})+)(?!\d)")
RANGE = re.compile(r"\d[\d.,]*\s*[-–—~至]\s*\d[\d.,]*%?|[<>≤≥≈~＜＞]\s*\d[\d.,]*%?|\d[\d.,]*\s*\+|=\s*\d+")
# 1,234 and 1.234: the mark may be either of the two.
EITHER = {mark: re.compile(rf"[1-9]\d{{0,2}}{re.escape(mark)}\d{{3}}") for mark in MARKS}
# A number as it is written where that mark stands before decimals and the other one between thousands.
WRITTEN = {
    mark: re.compile(rf"(\d+|[1-9]\d{{0,2}}({re.escape(other)}\d{{3}})+)?({re.escape(mark)}\d*)?")
    for mark, other in ((",", "."), (".", ","))
}
# Numbers that people write where there is none.
SUSPECTS = (-9, -99, -999, -9999, -99999, -999999, 9999, 99999, 999999, 9999999)
FAR = 10
# Alone in its column such a number says nothing of its size, but -99 and below are hardly values.
SURE = -99


@dataclass(frozen=True)
class Cell:
    """What a text holds: the digits of a number with its marks, or a word, a range, or nothing known."""

    kind: Literal["number", "gap", "range", "text"]
    digits: str = ""
    percent: bool = False
    currency: str = ""
    flag: str = ""
    exponent: str = ""
    negative: bool = False
    bracketed: bool = False

    @cached_property
    def marks(self) -> set[Mark]:
        """Which marks before decimals the digits may be read with."""
        return {mark for mark in MARKS if WRITTEN[mark].fullmatch(self.digits)}

    @property
    def tells(self) -> Mark:
        """The mark that the number shows to stand before decimals; '' where it shows none."""
        if not set(self.digits) & set(MARKS):
            return ""
        return next(iter(self.marks)) if len(self.marks) == 1 else ""

    @property
    def is_either(self) -> bool:
        return len(self.marks) > 1 and any(form.fullmatch(self.digits) for form in EITHER.values())

    def read(self, mark: Mark) -> float:
        """Return the number with that mark before decimals; nan where it is not written so."""
        if mark not in self.marks:
            return math.nan
        other = "." if mark == "," else ","
        text = self.digits.replace(other, "").replace(mark, ".") + self.exponent
        try:
            value = parse_number(text)
        except CellError:
            return math.nan
        return -value if self.negative else value


@dataclass(frozen=True, eq=False)
class Numbers:
    """A column as numbers, (rows,), nan for gaps; ``texts`` by row are what no number could be made of.

    ``kept`` are the texts that became gaps by choice, such as ranges.
    """

    values: FloatArray
    texts: dict[int, str]
    kept: dict[int, str]


def read_cell(text: str) -> Cell:
    """Take a cell apart."""
    if PLAIN_DIGITS.fullmatch(text):
        return Cell("number", text)
    bare = RAISED.sub("", text.strip())
    raised = text.strip()[len(bare) :]
    cleaned = plain(bare)
    if cleaned.casefold() in GAPS or not cleaned:
        return Cell("gap", flag=raised)
    bracketed = BRACKETED.fullmatch(cleaned)
    inner = DASH.sub("-", bracketed[1].strip() if bracketed else cleaned, count=1)
    grouped = SPACED.sub(lambda found: re.sub("[ '’]", "", found[1]), inner)
    found = NUMBER.fullmatch(grouped)
    if found and not (found["sign"] and found["sign2"]) and not (found["before"] and found["after"]):
        return Cell(
            "number",
            found["digits"],
            percent=bool(found["percent"]),
            currency=found["before"] or found["after"] or "",
            flag=(found["flag"] or "").strip() or raised,
            exponent=found["exponent"] or "",
            negative="-" in (found["sign"], found["sign2"]),
            bracketed=bool(bracketed),
        )
    word, _space, flag = cleaned.partition(" ")
    if word.casefold() in GAPS and re.fullmatch("[a-zA-Z]{1,3}", flag):
        return Cell("gap", flag=flag)
    return Cell("range") if RANGE.fullmatch(cleaned) else Cell("text")


def looks_numeric(column: Column) -> bool:
    """Tell a column that is mostly numbers, whatever they are written with."""
    if isinstance(column, Packed):
        return True
    counts = Counter(filter(None, column))
    # One half of the texts settles it.
    half, numbers, texts = sum(counts.values()) / 2, 0, 0
    for text, count in counts.items():
        kind = read_cell(text).kind
        numbers += count * (kind in ("number", "range"))
        texts += count * (kind == "text")
        if numbers > half or texts >= half:
            break
    return numbers > texts


def read_columns(
    columns: Mapping[str, Column], decisions: Decisions, percent: Percent = "percent"
) -> dict[str, Numbers]:
    """Read columns of numbers by their heads; what may be read in two ways is settled or left open.

    ``percent`` is how a column of nothing but percentages is taken.
    """
    scans = {head: _Scan(head, column) for head, column in columns.items()}
    marks = _decimal_marks(scans, decisions)
    for scan in scans.values():
        scan.settle(marks[scan.head], decisions, percent)
    gaps = _settle_gaps(scans.values(), decisions)
    return {head: scan.read(gaps) for head, scan in scans.items()}


@dataclass(frozen=True)
class _Gaps:
    """What stands for no value: words or not, ranges and texts of which columns, and which numbers."""

    words: bool
    ranges: frozenset[str]
    codes: frozenset[float]
    heads: frozenset[str]

    def take(self, cell: Cell, scan: "_Scan") -> bool:
        """Tell whether a cell that gave no number is a gap."""
        match cell.kind:
            case "gap":
                return self.words
            case "range":
                return scan.head in self.ranges
        return scan.head in self.heads


class _Scan:
    """A column with its different texts taken apart once."""

    def __init__(self, head: str, column: Column) -> None:
        self.head, self.column = head, column
        texts = column.odd.values() if isinstance(column, Packed) else column
        self.cells = {text: read_cell(text) for text in dict.fromkeys(texts) if text.strip()}
        self.numbers = {text: cell for text, cell in self.cells.items() if cell.kind == "number"}
        self.read_as: dict[str, float] = {}
        self.is_open = False

    def samples(self, kind: str) -> list[str]:
        return [text for text, cell in self.cells.items() if cell.kind == kind]

    @property
    def told(self) -> set[Mark]:
        """The marks that the column's own numbers show."""
        marks = {cell.tells for cell in self.numbers.values()} - {""}
        if isinstance(self.column, Packed):
            marks.add(".")
        return marks

    def settle(self, mark: Mark, decisions: Decisions, percent: Percent) -> None:
        """Read each different text as a number, in percent or as a fraction."""
        share, money = self._percent(decisions, percent), self._currency(decisions)
        brackets = self._brackets(decisions)
        for text, cell in self.numbers.items():
            own: Mark = mark or cell.tells or ("" if cell.is_either else ".")
            self.is_open |= not own
            value = cell.read(own) if own and money else math.nan
            if cell.percent:
                value = {"percent": value, "fraction": value / 100}.get(share, math.nan)
            if cell.bracketed:
                value = {"negative": -value, "number": value}.get(brackets, math.nan)
            self.read_as[text] = value
        self.is_open |= not share or not money or not brackets

    def _percent(self, decisions: Decisions, taken: Percent) -> str:
        signed = [text for text, cell in self.numbers.items() if cell.percent]
        if not signed:
            return "percent"
        how: How = "likely" if len(signed) == len(self.numbers) else "open"
        return decisions.settle(
            "percent", taken, how=how, subject=self.head, options=["percent", "fraction"], samples=signed
        )

    def _brackets(self, decisions: Decisions) -> str:
        bracketed = [text for text, cell in self.numbers.items() if cell.bracketed]
        if not bracketed:
            return "number"
        options = ["negative", "number"]
        return decisions.settle(
            "brackets", "", how="open", subject=self.head, options=options, samples=bracketed
        )

    def _currency(self, decisions: Decisions) -> str:
        signed = [text for text, cell in self.numbers.items() if cell.currency]
        if not signed:
            return "drop"
        how: How = "likely" if len({cell.currency for cell in self.numbers.values()}) == 1 else "open"
        return decisions.settle(
            "currency", "drop", how=how, subject=self.head, options=["drop"], samples=signed
        )

    def suspects(self) -> set[float]:
        """Return numbers that look like a code for no value: far from all others of the column."""
        if isinstance(self.column, Packed) and not self.column.holds_any(SUSPECTS):
            return set()
        values = self._different()
        found = values & set(SUSPECTS)
        others = values - found
        if not others:
            return {code for code in found if code <= SURE}
        low, high = min(others), max(others)
        return {
            code
            for code in found
            if code < 0 <= low or code > FAR * max(high, 1) or code < FAR * min(low, -1)
        }

    def _different(self) -> set[float]:
        if isinstance(self.column, Packed):
            return set(np.unique(self.column.values[np.isfinite(self.column.values)]).tolist())
        return {value for value in self.read_as.values() if not math.isnan(value)}

    def read(self, gaps: _Gaps) -> Numbers:
        """Return the column as it was settled."""
        texts: dict[int, str] = {}
        kept: dict[int, str] = {}
        if isinstance(self.column, Packed):
            values, spelt = self.column.values, list(self.column.odd.items())
        else:
            values = np.array([self.read_as.get(text, math.nan) for text in self.column], dtype=float)
            spelt = [(row, self.column[row]) for row in np.flatnonzero(np.isnan(values)).tolist()]
        for row, text in spelt:
            if cell := self.cells.get(text):
                (kept if gaps.take(cell, self) else texts)[row] = text
        for code in gaps.codes:
            rows = np.flatnonzero(values == code)
            if len(rows):
                kept |= dict.fromkeys(rows.tolist(), f"{code:.15g}")
                values = np.where(values == code, math.nan, values)
        return Numbers(values, texts, kept)


def _decimal_marks(scans: Mapping[str, _Scan], decisions: Decisions) -> dict[str, Mark]:
    """Return the mark before decimals of each column: by its own numbers, or else by all others.

    A column whose numbers say both, and a file whose columns do, say nothing.
    """
    told = {head: scan.told for head, scan in scans.items()}
    everywhere: set[Mark] = set().union(*told.values()) if told else set()
    marks: dict[str, Mark] = {}
    for head, scan in scans.items():
        own = told[head]
        commas = [text for text, cell in scan.numbers.items() if "," in cell.digits]
        either = [text for text, cell in scan.numbers.items() if cell.is_either]
        # Points alone are plain where any of them, here or elsewhere, surely stands before decimals.
        is_plain = own == {"."} or not either or everywhere == {"."}
        if not commas and is_plain and "," not in own:
            chosen = decisions.choices.get(f"decimal:{head}")
            marks[head] = "," if chosen == "," and either else "."
            continue
        found = own if len(own) == 1 else everywhere if not own and len(everywhere) == 1 else set()
        mark: Mark = next(iter(found)) if found else ""
        how: How = "open" if not mark else "seen" if own else "likely"
        settled = decisions.settle(
            "decimal",
            mark,
            how=how,
            subject=head,
            options=MARKS,
            samples=[*either, *commas],
        )
        marks[head] = settled if settled in MARKS else ""
    return marks


def _settle_gaps(scans: Iterable[_Scan], decisions: Decisions) -> _Gaps:
    """Settle once for the file what stands for no value."""
    scans = list(scans)
    words = [text for scan in scans for text in scan.samples("gap")]
    flagged = [text for scan in scans for text, cell in scan.cells.items() if cell.flag]
    suspected = sorted({code for scan in scans for code in scan.suspects()})
    takes_words = bool(words) and decisions.settle(
        "missing", "gap", how="likely", options=["gap", "text"], samples=words
    )
    if flagged:
        decisions.settle("flags", "drop", how="likely", options=["drop"], samples=flagged)
    codes = set()
    for code in suspected:
        written = f"{code:.15g}"
        # As long as nobody said that it is a number, it is none.
        if decisions.settle("code", "", how="open", subject=written, options=["gap", "number"]) != "number":
            codes.add(code)
    texts, ranges = set(), set()
    for scan in scans:
        spans = scan.samples("range")
        if (
            spans
            and decisions.settle(
                "ranges", "", how="open", subject=scan.head, options=["gap", "text"], samples=spans
            )
            == "gap"
        ):
            ranges.add(scan.head)
        strange = scan.samples("text")
        if not scan.is_open:
            strange += [text for text, value in scan.read_as.items() if math.isnan(value)]
        if strange and decisions.settle(
            "text", "", how="open", subject=scan.head, options=["gap"], samples=strange
        ):
            texts.add(scan.head)
    return _Gaps(takes_words == "gap", frozenset(ranges), frozenset(codes), frozenset(texts))
