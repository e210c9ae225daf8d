"""Words behind a number: units that say what is counted, and words such as million that multiply it."""

import re
from dataclasses import dataclass

# What is longer is a sentence that begins with a number.
LONGEST = 60
# Powers of ten in the languages in which such tables are published, and as they are shortened.
POWERS = {
    **dict.fromkeys(("hundred", "hundreds"), 2),
    **dict.fromkeys(("thousand", "thousands", "thsd", "tsd", "tausend", "mille", "mil", "тыс", "k"), 3),
    **dict.fromkeys(("lakh", "lakhs"), 5),
    **dict.fromkeys(("million", "millions", "millionen", "millones", "milhões", "milioni", "млн"), 6),
    **dict.fromkeys(("mln", "mio", "mill", "mn", "m"), 6),
    **dict.fromkeys(("crore", "crores"), 7),
    **dict.fromkeys(("billion", "billions", "bln", "bn", "b"), 9),
    **dict.fromkeys(("milliarde", "milliarden", "milliard", "milliards", "miliardi", "mrd", "md", "млрд"), 9),
    **dict.fromkeys(("trillion", "trillions", "trn", "tn"), 12),
}
CHINESE = {
    "千": 3, "万": 4, "萬": 4, "十万": 5, "百万": 6, "百萬": 6, "千万": 7, "千萬": 7,
    "亿": 8, "億": 8, "十亿": 9, "十億": 9, "百亿": 10, "千亿": 11, "万亿": 12, "萬億": 12,
}  # fmt: skip
# A kilometre (千米) and a part of ten thousand (万分之) multiply nothing.
CHINESE_POWER = re.compile(f"({'|'.join(sorted(CHINESE, key=len, reverse=True))})(?![分米克卡瓦帕赫焦伏])")
POWER = re.compile(r"([^\W\d_]+)\.?(?=$|[\s/$€£¥(])")
PERCENT = {"percent", "per cent", "pct", "pct.", "prozent", "pour cent", "por ciento", "per cento"}
# More than 30,000 (3万余), five or more: no number, but a bound.
BOUND = re.compile(r"[余餘多]|以[上下内內]|左右|\b(?:or|and) (?:more|less|over|under|above|below)\b|\bplus\b")
# Letters and what stands among them; digits belong to km2 and CO2, and to so many of a thousand.
LETTER = r"[^\W\d_]"
SIGN = "°‰‱′″$€£¥₩₹/"
WORD = re.compile(
    rf"(?:{LETTER}|[{SIGN}])(?:{LETTER}|[\s{SIGN}%.·'’()-]|(?<=[A-Za-z])\d|(?<=per )1(?:[ ,.]?0{{2,3}})+"
    r"|(?<=[/每])10+)*"
)
# The number that a cell begins with, with a sign or a currency before it.
BEGINNING = re.compile(r"[^\d]{0,8}\d[\d.,]*(?:[eE][+-]?\d+)?")


@dataclass(frozen=True)
class Worded:
    """A text as the number that it begins with and the word behind it.

    ``power`` is the power of ten that the word stands for, 0 where it only says what is counted.
    """

    number: str
    word: str
    power: int = 0
    is_percent: bool = False
    is_bound: bool = False


def split_word(text: str) -> Worded | None:
    """Take a number and the word behind it apart; None where something else follows it."""
    beginning = BEGINNING.match(text) if len(text) <= LONGEST else None
    if beginning is None:
        return None
    word = text[beginning.end() :].strip()
    if not is_word(word):
        return None
    folded = word.casefold()
    return Worded(
        beginning[0],
        word,
        power=power_of(word),
        is_percent=folded in PERCENT,
        is_bound=bool(BOUND.search(folded)),
    )


def is_word(text: str) -> bool:
    """Tell a unit or another word that may stand behind a number."""
    return bool(WORD.fullmatch(text))


def power_of(word: str) -> int:
    """Return the power of ten that a word begins with: 万人 4, million USD 6, years 0."""
    if chinese := CHINESE_POWER.match(word):
        return CHINESE[chinese[1]]
    first = POWER.match(word)
    return POWERS.get(first[1].casefold(), 0) if first else 0
