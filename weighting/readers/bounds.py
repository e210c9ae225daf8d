"""Ranges and bounds as numbers, where somebody chooses so: <5, 95+, 3–5, 约40."""

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass

from weighting.readers.cells import plain
from weighting.readers.written import Cell, Mark

BELOW = "<≤＜"
BOUND = re.compile(
    rf"(?P<sign>[{BELOW}>≥＞≈~]|不足|超过|逾|大约|约|近|ca\.|approx\.|about)?\s*(?P<low>\d[\d.,]*)\s*"
    r"(?:[-–—~至]\s*(?P<high>\d[\d.,]*)|(?P<more>\+))?",
)


@dataclass(frozen=True)
class Bound:
    """A number with a sign, or two of them; ``is_upper`` where what is meant lies below it."""

    low: float
    high: float
    is_upper: bool

    def value(self, *, halved: bool) -> float:
        """Return the number that is written, or half of an upper bound; the middle of two numbers."""
        return self.low / 2 if halved and self.is_upper else (self.low + self.high) / 2


def bounds_among(texts: Iterable[str], mark: Mark) -> dict[str, Bound]:
    """Return what ranges and bounds say; nothing where any of them says something else, or is unclear."""
    found = {text: _read(text, mark) for text in texts}
    bounds = {text: bound for text, bound in found.items() if bound}
    return bounds if len(bounds) == len(found) else {}


def _read(text: str, mark: Mark) -> Bound | None:
    said = BOUND.fullmatch(plain(text))
    if said is None:
        return None
    low = _number(said["low"], mark)
    high = _number(said["high"], mark) if said["high"] else low
    sign = said["sign"] or ""
    if not low <= high or (sign and said["high"]):
        return None
    return Bound(low, high, sign in (*BELOW, "不足"))


def _number(digits: str, mark: Mark) -> float:
    """Return the number with that mark before decimals; nan where it may be either, or is not written so."""
    cell = Cell("number", digits)
    own = mark or cell.tells or ("" if cell.is_either else ".")
    return cell.read(own) if own else math.nan
