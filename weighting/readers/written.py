"""What one text of a column of numbers holds: digits with marks and signs, a word, a range, or no value."""

import math
import re
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

from weighting.readers.cells import GAPS, CellError, parse_number, plain
from weighting.readers.spelt import read_spelt
from weighting.readers.words_beside import is_word, split_word

Mark = Literal[",", ".", ""]
MARKS: tuple[Mark, Mark] = (",", ".")
CURRENCY = (
    r"(?:US|HK|NT|[ACRS])?\$|[€£¥₩₹]|(?:USD|EUR|GBP|CNY|RMB|JPY|CHF|INR|KRW|AUD|CAD|NZD|HKD|TWD|SGD|SEK|NOK|DKK"
    r"|PLN|CZK|HUF|RUB|TRY|BRL|MXN|ZAR|IDR|THB|MYR|PHP|VND)\b"
)
# One letter behind a space, or several of Eurostat's; k and M multiply, bn and in are words. Then marks of
# footnotes, and the interval that an estimate lies in.
FLAG = (
    r"\s+(?:(?![kKmM])[a-zA-Z]|(?!bn|in\b)[bcdefinprsuz]{2,3})|\s*[*†‡§]+|\s*(?:[(\[][\w\u4e00-\u9fff]{1,2}[)\]]|\[\w{3}\])+"
    r"|\s*±\s*[\d.,]+|\s*[(\[]\s*-?[\d.,]+\s*(?:[-–—,;]|to)\s*-?[\d.,]+\s*[)\]]"
)
# Spaces are gone over once (`*+`): shared out among several places in every way, two hundred of them would
# take a tenth of a second.
NUMBER = re.compile(
    rf"(?P<sign>[+-]?)\s*+(?P<before>{CURRENCY})?\s*+(?P<sign2>[+-]?)"
    r"(?P<digits>\d[\d.,]*|[.,]\d+)(?P<exponent>[eE][+-]?\d+)?(?P<behind>-)?"
    rf"(?:\s*+(?P<percent>%))?(?:\s*+(?P<after>{CURRENCY}|元))?(?:(?P<flag>{FLAG})|\s*+)",
    re.ASCII,
)
# No number has so many signs with all that stands beside it: what is longer is not searched for one.
LONGEST = 200
# What most cells hold: digits and their marks, no sign and nothing beside them.
PLAIN_DIGITS = re.compile(r"\d[\d.,]*", re.ASCII)
# 1.5 × 10³ and 1.5*10^3 are 1.5e3.
POWER_OF_TEN = re.compile(r"(?<=\d)\s*[x×*·⋅]\s*10(?:\^([+-]?\d{1,2})|([⁺⁻]?[⁰¹²³⁴-⁹]{1,2}))$")
# Decimals behind a dot that is raised, as journals print them: 76·5.
RAISED_POINT = re.compile(r"(?<=\d)·(?=\d)")
# Digits of Arabic, Persian and Hindi, and the marks among them.
DIGITS = {
    ord(digit): str(place)
    for first in "٠۰०"
    for place, digit in enumerate(map(chr, range(ord(first), ord(first) + 10)))
}
DIGITS |= {ord("٫"): ".", ord("٬"): ",", ord("٪"): "%"}
# Numbers below zero in accounts, and estimates elsewhere: (5.2).
BRACKETED = re.compile(
    rf"(?P<before>{CURRENCY})?\s*\((?P<inner>[^()]*\d[^()]*)\)\s*(?P<percent>%)?", re.ASCII
)
# Twelve and a half of a hundred: 百分之12.5.
SHARE = "百分之"
# Dashes that are typed for a minus sign.
DASH = re.compile(r"[‐‑‒–](?=\s?[\d.,])")
# Footnote marks above the line would become digits of the number; those of m² and m³ are of the unit.
RAISED = re.compile("(?<!m)[⁰¹²³⁴-⁹ᵃ-ᶻ]+$")
# Spaces of every width, and the Swiss apostrophe, between groups of three.
SPACED = re.compile(r"(?<![\d.,])(\d{1,3}(?:[ '’]\d{3})+)(?!\d)")
RANGE = re.compile(
    r"\d[\d.,]*\s*[-–—~至]\s*\d[\d.,]*%?|\d[\d.,]*\s*\+|=\s*\d+|\d+\s*="
    r"|(?:[<>≤≥≈~＜＞]|约|大约|近|超过|逾|不足|ca\.|approx\.|about)\s*\d[\d.,]*%?"
)
# 1,234 and 1.234: the mark may be either of the two.
EITHER = {mark: re.compile(rf"[1-9]\d{{0,2}}{re.escape(mark)}\d{{3}}") for mark in MARKS}
# A number as it is written where that mark stands before decimals and the other one between thousands, or as
# in India between lakhs and crores, too: 3,34,06,061.
WRITTEN = {
    mark: re.compile(rf"(\d+|[1-9]\d{{0,2}}({re.escape(other)}\d{{3}})+{lakhs})?({re.escape(mark)}\d*)?")
    for mark, other, lakhs in ((",", ".", ""), (".", ",", r"|[1-9]\d?(,\d\d)+,\d{3}"))
}


@dataclass(frozen=True)
class Cell:
    """What a text holds: the digits of a number with its marks, or a word, a range, or nothing known.

    ``value`` is that of a number that is spelt, or of a word that says whether something is so.
    """

    kind: Literal["number", "spelt", "truth", "gap", "range", "text"]
    digits: str = ""
    percent: bool = False
    currency: str = ""
    flag: str = ""
    exponent: str = ""
    negative: bool = False
    bracketed: bool = False
    # The minus sign stands behind the number.
    behind: bool = False
    word: str = ""
    # Of ten, by which the word multiplies.
    power: int = 0
    value: float = math.nan

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

    def read(self, mark: Mark, *, power: int = 0) -> float:
        """Return the number with that mark before decimals, times a power of ten; nan if not written so."""
        if self.kind == "spelt":
            return self.value
        if mark not in self.marks:
            return math.nan
        other = "." if mark == "," else ","
        # 4.1 million is a number in itself, where 4.1 times a million is another one in its last digit.
        exponent = f"e{int(self.exponent[1:] or 0) + power}" if power else self.exponent
        text = self.digits.replace(other, "").replace(mark, ".") + exponent
        try:
            value = parse_number(text)
        except CellError:
            return math.nan
        return -value if self.negative else value


def read_cell(text: str) -> Cell:
    """Take a cell apart."""
    if PLAIN_DIGITS.fullmatch(text):
        return Cell("number", text)
    # Spreadsheets take what begins so for text.
    written = text.strip().removeprefix("'")
    if len(written) > LONGEST:
        return Cell("text")
    if not written.isascii():
        written = RAISED_POINT.sub(".", written.translate(DIGITS))
    written = POWER_OF_TEN.sub(lambda power: f"e{plain(power[1] or power[2])}", written)
    bare = RAISED.sub("", written)
    raised = written[len(bare) :]
    cleaned = plain(bare)
    if cleaned.casefold() in GAPS or not cleaned:
        return Cell("gap", flag=raised)
    bracketed = BRACKETED.fullmatch(cleaned)
    inner = "".join(part.strip() for part in bracketed.groups("")) if bracketed else cleaned
    grouped = SPACED.sub(lambda found: re.sub("[ '’]", "", found[1]), DASH.sub("-", inner, count=1))
    if number := _number(grouped.removeprefix(SHARE)):
        number = replace(number, percent=number.percent or grouped.startswith(SHARE))
        return replace(number, flag=number.flag or raised, bracketed=bool(bracketed))
    return _of_words(cleaned, grouped, bare.strip(), raised, is_bracketed=bool(bracketed))


def _of_words(cleaned: str, grouped: str, bare: str, raised: str, *, is_bracketed: bool) -> Cell:
    """Take a cell apart that is no number with signs alone: a range, a number beside or in words, a text.

    ``bare`` has no raised sign, ``cleaned`` plain spaces alone, ``grouped`` none between thousands.
    """
    word, _space, flag = cleaned.partition(" ")
    if word.casefold() in GAPS and re.fullmatch("[a-zA-Z]{1,3}", flag):
        return Cell("gap", flag=flag)
    if RANGE.fullmatch(cleaned):
        return Cell("range")
    if is_bracketed:
        return Cell("text")
    spelt = read_spelt(bare)
    worded = _worded(grouped)
    if spelt and (worded.kind != "number" or not worded.power):
        return Cell("spelt", percent=spelt.percent, value=spelt.value)
    return replace(worded, flag=raised) if worded.kind == "number" else worded


def is_number(text: str) -> bool:
    """Tell a number, were it with signs and a word beside it."""
    return read_cell(text).kind == "number"


def _number(text: str) -> Cell | None:
    """Take a number with its signs apart; None of any other text."""
    found = NUMBER.fullmatch(text)
    signs = [] if found is None else [found["sign"], found["sign2"], found["behind"]]
    if found is None or len(list(filter(None, signs))) > 1 or (found["before"] and found["after"]):
        return None
    return Cell(
        "number",
        found["digits"],
        percent=bool(found["percent"]),
        currency=found["before"] or found["after"] or "",
        flag=(found["flag"] or "").strip(),
        exponent=found["exponent"] or "",
        negative="-" in signs[:2],
        behind=bool(found["behind"]),
    )


def _worded(text: str) -> Cell:
    """Take a number and the word behind it apart: 76.5 years, 3.5万, 12 to 18 months."""
    if (span := RANGE.match(text)) and is_word(text[span.end() :].strip()):
        return Cell("range")
    worded = split_word(text)
    number = _number(worded.number) if worded else None
    if worded is None or number is None:
        return Cell("text")
    if worded.is_bound:
        return Cell("range")
    if worded.is_percent:
        return replace(number, percent=True)
    return replace(number, word=worded.word, power=worded.power)
