"""Single cells: text to a number, a score, a known word."""

import difflib
import math
import re
import unicodedata
from collections.abc import Collection

from django.utils.translation import gettext as _

NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
GROUPED_NUMBER = re.compile(r"[+-]?[1-9]\d{0,2}(,\d{3})+(\.\d*)?", re.ASCII)
COMMA_DECIMAL = re.compile(r"[+-]?\d*,\d+", re.ASCII)
# What people write where there is no value.
GAPS = {
    *("-", "--", "---", "—", "–", "/", "\\", "..", "...", "…", ":", "*", "?"),
    *("na", "n/a", "n.a.", "n.a", "#n/a", "<na>", "nan", "null", "none", "nil", "n.d.", "nd", "missing"),
    *("not available", "no data", "缺失", "缺", "无", "无数据", "未公布", "不详", "暂无"),
}
SCORES = (1.0, 2.0, 3.0, 4.0, 5.0)
MAX_LOOKUPS = 200


class CellError(ValueError):
    """A cell does not hold what it should; the text says what it should hold."""


def plain(text: str) -> str:
    """Return the text trimmed, with full-width forms made ordinary and a true minus sign."""
    return unicodedata.normalize("NFKC", text).strip().replace("\N{MINUS SIGN}", "-")


def parse_number(text: str) -> float:
    """Return the finite number in a cell.

    Raises `CellError` for an empty cell, words, percentages, thousands separators, and
    numbers that a double would turn into infinity or into zero.
    """
    cleaned = plain(text)
    if not NUMBER.fullmatch(cleaned):
        raise CellError(_number_complaint(cleaned))
    value = float(cleaned)
    if math.isinf(value):
        raise CellError(_("The number is too large. Use a larger unit."))
    if value == 0 and re.search("[1-9]", re.split("[eE]", cleaned)[0]):
        raise CellError(_("The number is too small. Use a smaller unit."))
    return value


def parse_score(text: str) -> float:
    """Return a score from 1 to 5, or nan for an empty cell, which is an abstention."""
    if not plain(text):
        return math.nan
    try:
        value = parse_number(text)
    except CellError:
        value = math.nan
    if value not in SCORES:
        raise CellError(_("A score is 1, 2, 3, 4 or 5. Leave the cell empty for an abstention."))
    return value


def _number_complaint(cleaned: str) -> str:
    if not cleaned:
        return _("A number is missing. Fill it in.")
    if cleaned.endswith("%"):
        return _("This is a percentage. Write it as a fraction of 1.")
    if GROUPED_NUMBER.fullmatch(cleaned) and COMMA_DECIMAL.fullmatch(cleaned):
        return _(
            "The comma may stand before decimals or between thousands. Write the number without thousands "
            "separators, with a point before decimals."
        )
    if COMMA_DECIMAL.fullmatch(cleaned):
        return _("Write a point before the decimals, not a comma.")
    if GROUPED_NUMBER.fullmatch(cleaned):
        return _("Write the number without thousands separators.")
    return _("This is not a number. Write digits, with a point before decimals.")


class Vocabulary:
    """The words that a cell or a header may hold, and the nearest ones to a wrong word."""

    def __init__(self, words: Collection[str]) -> None:
        self.words = words
        self._nearest: dict[str, list[str]] = {}

    def __contains__(self, word: object) -> bool:
        return word in self.words

    def suggest(self, message: str, word: str) -> str:
        """Return the message with the words nearest to the wrong one."""
        names = self._look_up(word)
        hint = _("Nearest: %(names)s.") % {"names": ", ".join(names)}
        return f"{message} {hint}" if names else message

    def _look_up(self, word: str) -> list[str]:
        # Comparing is slow and a file may be wrong throughout: the first wrong words will do.
        if word not in self._nearest and len(self._nearest) < MAX_LOOKUPS:
            folded = {known.casefold(): known for known in self.words}
            close = difflib.get_close_matches(word.casefold(), folded, n=3, cutoff=0.5)
            self._nearest[word] = [folded[match] for match in close]
        return self._nearest.get(word, [])
