"""Columns of text to numbers: what marks, signs and codes mean is told by the whole column and file."""

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from weighting.numeric.arrays import FloatArray
from weighting.readers.bounds import bounds_among
from weighting.readers.columns import Column, Packed
from weighting.readers.decisions import Decisions, How
from weighting.readers.spelt import truths_among
from weighting.readers.written import MARKS, Cell, Mark, read_cell

# What 45% is: 45, or 0.45.
Percent = Literal["percent", "fraction"]
THIN = "\N{NARROW NO-BREAK SPACE}"
# How a number below zero is marked in accounts, by the kind of decision.
MARKED_BELOW = {"brackets": "bracketed", "minus": "behind"}
# Numbers that people write where there is none.
SUSPECTS = (-9, -77, -88, -777, -888, -99, -999, -9999, -99999, -999999, 9999, 99999, 999999, 9999999)
FAR = 10
# Alone in its column such a number says nothing of its size, but -99 and below are hardly values.
SURE = -99


@dataclass(frozen=True, eq=False)
class Numbers:
    """A column as numbers, (rows,), nan for gaps; ``texts`` by row are what no number could be made of.

    ``kept`` are the texts that became gaps by choice, such as ranges.
    """

    values: FloatArray
    texts: dict[int, str]
    kept: dict[int, str]


def looks_numeric(column: Column) -> bool:
    """Tell a column that is mostly numbers, whatever signs they are written with."""
    return _mostly(column, lambda cell: cell.kind in ("number", "range") and not cell.word)


def bears_numbers(column: Column) -> bool:
    """Tell a column that is mostly numbers or begins so, 76.5 years or 2nd district, or says yes and no."""
    is_mostly = _mostly(column, lambda cell: cell.kind in ("number", "range", "spelt"))
    return is_mostly or (not isinstance(column, Packed) and bool(truths_among(set(column) - {""})))


def _mostly(column: Column, is_number: Callable[[Cell], bool]) -> bool:
    if isinstance(column, Packed):
        return True
    counts = Counter(filter(None, column))
    # One half of the texts settles it.
    half, numbers, texts = sum(counts.values()) / 2, 0, 0
    for text, count in counts.items():
        cell = read_cell(text)
        if is_number(cell):
            numbers += count
        elif cell.kind != "gap":
            texts += count
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
    gaps = _settle_gaps(list(scans.values()), decisions)
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
        return scan.head in self.heads or scan.is_gap(cell)


class _Scan:
    """A column with its different texts taken apart once."""

    def __init__(self, head: str, column: Column) -> None:
        self.head, self.column = head, column
        texts = column.odd.values() if isinstance(column, Packed) else column
        self.cells = {text: read_cell(text) for text in dict.fromkeys(texts) if text.strip()}
        self._correct_slips()
        truths = {} if isinstance(column, Packed) else truths_among(self.cells)
        self.cells |= {text: Cell("truth", value=value) for text, value in truths.items()}
        self.numbers = {text: cell for text, cell in self.cells.items() if cell.kind in ("number", "spelt")}
        self.read_as: dict[str, float] = {}
        self.is_open = False
        self.mark: Mark = ""
        # What is done with words behind numbers, with numbers that are spelt, and with yes and no.
        self.words, self.spelt, self.truths = "drop", "number", "number"

    def _correct_slips(self) -> None:
        """Take for texts what one number, or few of them, bear behind them: 13oo is a slip, and no unit."""
        numbers = sum(cell.kind == "number" for cell in self.cells.values())
        worded = [text for text, cell in self.cells.items() if cell.word and not cell.power]
        if len(worded) < max(2, numbers / 2):
            self.cells |= dict.fromkeys(worded, Cell("text"))

    def samples(self, kind: str) -> list[str]:
        return [text for text, cell in self.cells.items() if cell.kind == kind]

    @property
    def told(self) -> set[Mark]:
        """The marks that the column's own numbers show."""
        marks = {cell.tells for cell in self.numbers.values()} - {""}
        if isinstance(self.column, Packed):
            marks.add(".")
        return marks

    def decimal_mark(self, everywhere: set[Mark], decisions: Decisions) -> Mark:
        """Return the mark before decimals: by the column's own numbers, or else by all others.

        A column whose numbers say both, and a file whose columns do, say nothing: ''.
        """
        own = self.told
        commas = [text for text, cell in self.numbers.items() if "," in cell.digits]
        either = [text for text, cell in self.numbers.items() if cell.is_either]
        # Points alone are plain where any of them, here or elsewhere, surely stands before decimals.
        is_plain = not either or {"."} in (own, everywhere)
        if is_plain and not commas and "," not in own:
            chosen = decisions.choices.get(f"decimal:{self.head}")
            return "," if chosen == "," and either else "."
        told = own or everywhere
        mark: Mark = next(iter(told)) if len(told) == 1 else ""
        how: How = "open" if not mark else "seen" if own else "likely"
        samples = [*either, *commas]
        settled = decisions.settle(
            "decimal", mark, how=how, subject=self.head, options=MARKS, samples=samples
        )
        return settled if settled in MARKS else ""

    def settle(self, mark: Mark, decisions: Decisions, percent: Percent) -> None:
        """Read each different text as a number, in percent or as a fraction."""
        if not self.cells:
            return
        share, money = self._percent(decisions, percent), self._currency(decisions)
        below, self.mark = self._below_zero(decisions), mark
        self.words = self._words(mark, decisions)
        self.spelt, self.truths = (self._values(kind, decisions) for kind in ("spelt", "truth"))
        for text, cell in self.numbers.items():
            own = _mark_of(cell, mark)
            self.is_open |= not own
            value = cell.read(own, power=self._power(cell)) if own and money else math.nan
            self.read_as[text] = self._as_meant(cell, value, share, below)
        truths = {text: cell.value for text, cell in self.cells.items() if cell.kind == "truth"}
        self.read_as |= truths if self.truths == "number" else {}
        settled = (share, money, *below.values(), self.words, self.spelt, self.truths)
        self.is_open |= not all(settled)

    def _as_meant(self, cell: Cell, value: float, share: str, below: Mapping[str, str]) -> float:
        """Return a number as its signs and words are meant; nan as long as that is open, and for a gap."""
        if cell.word and self.words not in ("drop", "multiply"):
            return math.nan
        if cell.kind == "spelt" and self.spelt != "number":
            return math.nan
        if cell.percent:
            value = {"percent": value, "fraction": value / 100}.get(share, math.nan)
        for kind, how in below.items():
            if getattr(cell, MARKED_BELOW[kind]):
                value = {"negative": -value, "number": value}.get(how, math.nan)
        return value

    def _power(self, cell: Cell) -> int:
        return cell.power if self.words == "multiply" else 0

    def _values(self, kind: str, decisions: Decisions) -> str:
        """Settle whether what is spelt, or says yes or no, is the number that it stands for."""
        found = {text: cell.value for text, cell in self.cells.items() if cell.kind == kind}
        if not found:
            return "number"
        samples = [f"{text} → {value:.15g}" for text, value in found.items()]
        options = ["number", "gap"]
        return decisions.settle(kind, "", how="open", subject=self.head, options=options, samples=samples)

    def is_gap(self, cell: Cell) -> bool:
        """Tell a cell with a word, a number that is spelt, or yes or no, that is a gap by choice."""
        chosen = {"spelt": self.spelt, "truth": self.truths}.get(cell.kind, self.words if cell.word else "")
        return chosen == "gap"

    def _percent(self, decisions: Decisions, taken: Percent) -> str:
        signed = [text for text, cell in self.numbers.items() if cell.percent]
        if not signed:
            return "percent"
        how: How = "likely" if len(signed) == len(self.numbers) else "open"
        return decisions.settle(
            "percent", taken, how=how, subject=self.head, options=["percent", "fraction"], samples=signed
        )

    def _below_zero(self, decisions: Decisions) -> dict[str, str]:
        """Settle what brackets around numbers, and minus signs behind them, mean."""
        settled = {}
        for kind, mark in MARKED_BELOW.items():
            marked = [text for text, cell in self.numbers.items() if getattr(cell, mark)]
            if marked:
                settled[kind] = decisions.settle(
                    kind, "", how="open", subject=self.head, options=["negative", "number"], samples=marked
                )
        return settled

    def _words(self, mark: Mark, decisions: Decisions) -> str:
        """Settle the words behind numbers: one word of every number says what is counted, and is left out.

        A word that multiplies does so by choice alone; neither are several words guessed at.
        """
        worded = [cell for cell in self.numbers.values() if cell.word]
        if not worded:
            return "drop"
        words = {cell.word.casefold() for cell in self.numbers.values() if cell.digits.strip("0.,")}
        powers = {cell.power for cell in worded}
        options = ["multiply"] * any(powers) + ["drop"] * (len(powers) == 1) + ["gap"]
        how: How = "likely" if len(words) == 1 and not any(powers) else "open"
        return decisions.settle(
            "words", "drop", how=how, subject=self.head, options=options, samples=self._shown(mark)
        )

    def _shown(self, mark: Mark) -> list[str]:
        """Return numbers with each of the words, and what they would be."""
        firsts: dict[str, str] = {}
        for text, cell in self.numbers.items():
            if cell.word:
                firsts.setdefault(cell.word.casefold(), text)
        # Many digits are read by threes; a comma between them could be one before decimals.
        return [
            text + (f" → {number:,.15g}".replace(",", THIN) if number is not None else "")
            for text in firsts.values()
            for number in [self._number_of(text, mark)]
        ]

    def _number_of(self, text: str, mark: Mark) -> float | None:
        """Return what a number is with its word; None as long as its mark may be either."""
        cell = self.numbers[text]
        own = _mark_of(cell, mark)
        return cell.read(own, power=cell.power) if own else None

    def _currency(self, decisions: Decisions) -> str:
        signed = [text for text, cell in self.numbers.items() if cell.currency]
        if not signed:
            return "drop"
        how: How = "likely" if len({cell.currency for cell in self.numbers.values()}) == 1 else "open"
        return decisions.settle(
            "currency", "drop", how=how, subject=self.head, options=["drop"], samples=signed
        )

    def gives_up_ranges(self, decisions: Decisions) -> bool:
        """Settle whether ranges and bounds, 3 to 5 or <5, are gaps, or the numbers that they say."""
        spans = self.samples("range")
        if not spans:
            return False
        bounds = bounds_among(spans, self.mark)
        has_upper = any(bound.is_upper for bound in bounds.values())
        options = ["gap", "text"] + ["bound"] * bool(bounds) + ["half"] * has_upper
        chosen = decisions.settle("ranges", "", how="open", subject=self.head, options=options, samples=spans)
        if chosen in ("bound", "half"):
            halved = chosen == "half"
            self.read_as |= {text: bound.value(halved=halved) for text, bound in bounds.items()}
        return chosen == "gap"

    def gives_up_texts(self, decisions: Decisions) -> bool:
        """Settle whether texts of which no number can be made are gaps."""
        strange = self.samples("text")
        if not self.is_open:
            strange += [
                text
                for text, value in self.read_as.items()
                if math.isnan(value) and not self.is_gap(self.cells[text])
            ]
        if not strange:
            return False
        return bool(
            decisions.settle("text", "", how="open", subject=self.head, options=["gap"], samples=strange)
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


def _mark_of(cell: Cell, mark: Mark) -> Mark:
    """Return the mark before decimals: the column's, else the number's own; '' where it may be either."""
    return mark or cell.tells or ("" if cell.is_either else ".")


def _decimal_marks(scans: Mapping[str, _Scan], decisions: Decisions) -> dict[str, Mark]:
    """Return the mark before decimals of each column, told by what all of them show."""
    everywhere: set[Mark] = {mark for scan in scans.values() for mark in scan.told}
    return {head: scan.decimal_mark(everywhere, decisions) for head, scan in scans.items()}


def _settle_gaps(scans: Sequence[_Scan], decisions: Decisions) -> _Gaps:
    """Settle once for the file what stands for no value."""
    words = [text for scan in scans for text in scan.samples("gap")]
    said = "text"
    if words:
        said = decisions.settle("missing", "gap", how="likely", options=["gap", "text"], samples=words)
    flagged = [text for scan in scans for text, cell in scan.cells.items() if cell.flag]
    if flagged:
        decisions.settle("flags", "drop", how="likely", options=["drop"], samples=flagged)
    codes = _settle_codes(scans, decisions)
    ranges, texts = set(), set()
    for scan in scans:
        if scan.gives_up_ranges(decisions):
            ranges.add(scan.head)
        if scan.gives_up_texts(decisions):
            texts.add(scan.head)
    return _Gaps(said == "gap", frozenset(ranges), codes, frozenset(texts))


def _settle_codes(scans: Sequence[_Scan], decisions: Decisions) -> frozenset[float]:
    """Return the numbers that stand for no value: each suspect, as long as nobody says it is a number."""
    return frozenset(
        code
        for code in sorted({code for scan in scans for code in scan.suspects()})
        if decisions.settle("code", "", how="open", subject=f"{code:.15g}", options=["gap", "number"])
        != "number"
    )
