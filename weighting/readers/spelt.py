"""Numbers that are spelt in characters or written as fractions, and words that say yes or no."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from weighting.readers.cells import GAPS, plain

ZEROS = "〇零"
DIGITS = ZEROS + "一二两兩三四五六七八九壹贰貳叁參肆伍陆陸柒捌玖"
# What stands before a unit is below the bound beside it: 三十万, but no 十十.
UNITS = {"亿億": 1e8, "万萬": 1e4, "千仟": 10, "百佰": 10, "十拾": 10}
SPELT = re.compile(rf"(?P<sign>[负負-]?)(?P<share>百分之)?(?P<rest>[{DIGITS}{''.join(UNITS)}点點\d.]+)")
SPELT_FRACTION = re.compile(r"(?P<below>[^分之]+)分之(?P<above>[^分之]+)")
POINTED = re.compile(rf"(?P<whole>[^点點]+)[点點](?P<part>[{DIGITS}]+)(?P<unit>[{''.join(UNITS)}]?)")
FRACTION = re.compile(r"(?P<sign>[+-]?)(?:(?P<whole>\d{1,6})\s+)?(?P<above>\d{1,3})[/∕⁄／](?P<below>\d{1,3})")
VULGAR = re.compile(r"(?P<sign>[+-]?)(?P<whole>\d{0,6})\s?(?P<part>[¼-¾⅐-⅞])")
# Characters and signs by which tables say yes and no in the languages in which they are published.
TRUTHS = {
    **dict.fromkeys(("yes", "y", "true", "t", "ja", "oui", "sí", "si", "sim", "да", "√", "✓", "✔"), 1.0),
    **dict.fromkeys(("no", "n", "false", "f", "nein", "non", "não", "нет", "×", "✗", "✘"), 0.0),
    **dict.fromkeys("是有对真", 1.0),
    **dict.fromkeys("否无無非假", 0.0),
}


@dataclass(frozen=True)
class Spelt:
    """A number that is spelt; of 百分之十二 it is so many percent."""

    value: float
    percent: bool = False


def read_spelt(text: str) -> Spelt | None:
    """Read 三万五千, 3亿2千万, 负三点五, 百分之十二, 三分之一, 3 1/2 or 3⅓; None of any other text.

    What may be read in two ways is not read: 三万五 is 35,000 in speech and 30,005 by its letters.
    """
    if fraction := _fraction(text):
        return fraction
    found = SPELT.fullmatch(text)
    if found is None:
        above = SPELT_FRACTION.fullmatch(text)
        # A unit alone is one of it: 千分之五.
        parts = [_number(part) or _number(f"一{part}") for part in above.groups()] if above else []
        below, count = parts if parts else (None, None)
        return Spelt(count / below) if below and count is not None and count < below else None
    value = _number(found["rest"])
    if value is None or re.fullmatch(r"[\d.]+", found["rest"]):
        return None
    return Spelt(-value if found["sign"] else value, percent=bool(found["share"]))


def _fraction(text: str) -> Spelt | None:
    if found := VULGAR.fullmatch(text):
        value = int(found["whole"] or 0) + unicodedata.numeric(found["part"])
    elif (found := FRACTION.fullmatch(text)) and 0 < int(found["above"]) < int(found["below"]):
        value = int(found["whole"] or 0) + int(found["above"]) / int(found["below"])
    else:
        return None
    return Spelt(-value if found["sign"] == "-" else value)


def _number(text: str) -> float | None:
    """Return the number that characters spell without a sign; None where they spell none, or two."""
    if pointed := POINTED.fullmatch(text):
        whole = _whole(pointed["whole"])
        decimals = "".join(str(_digit(character)) for character in pointed["part"])
        unit = unicodedata.numeric(pointed["unit"]) if pointed["unit"] else 1
        return None if whole is None else round(float(f"{whole:.0f}.{decimals}") * unit, 9)
    return _whole(text)


def _whole(text: str) -> float | None:
    for characters, bound in UNITS.items():
        place = max(map(text.rfind, characters))
        if place >= 0:
            return _of_unit(text[:place], unicodedata.numeric(text[place]), text[place + 1 :], bound)
    if re.fullmatch(r"\d+(?:\.\d+)?", text, re.ASCII):
        return float(text)
    # Two digits beside each other mean either of them in speech: 三四个 are three or four.
    is_year_like = len(text) > 2 or any(zero in text for zero in ZEROS)
    if not text or (len(text) > 1 and not is_year_like) or not set(text) <= set(DIGITS):
        return None
    return float("".join(str(_digit(character)) for character in text))


def _of_unit(before: str, unit: float, after: str, bound: float) -> float | None:
    """Return so many of a unit and what is left beside them."""
    times = 1.0 if not before and unit == 10 else _whole(before)
    rest = after.lstrip(ZEROS)
    if times is None or not 0 < times < bound or (after and not rest):
        return None
    left = _whole(rest) if rest else 0.0
    is_short = len(after) == 1 and unit > 10
    if left is None or left >= unit or is_short or (rest and not times.is_integer()):
        return None
    return times * unit + left


def _digit(character: str) -> int:
    return 2 if character == "两" else int(unicodedata.numeric(character))


def truths_among(texts: Iterable[str]) -> dict[str, float]:
    """Return 1 for each text that says yes and 0 for each that says no, where only gaps are beside them.

    A word that stands for a gap by itself, as 无 does, says no beside one that says yes.
    """
    said = {text: TRUTHS.get(plain(text).casefold()) for text in texts}
    gaps = {text for text in said if plain(text).casefold() in GAPS}
    truths = {text: value for text, value in said.items() if value is not None}
    # All of one of the two tells nothing apart.
    is_whole = all(text in truths or text in gaps for text in said) and len(set(truths.values())) == 2
    return truths if is_whole else {}
