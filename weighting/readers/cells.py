"""Single cells: text to a number, a score, a known word."""

import difflib
import math
import re
import unicodedata
from collections.abc import Collection, Iterable
from functools import cached_property

from django.utils.translation import gettext as _

from weighting.sentences import join_sentences

# What is repeated is never given back (`*+`, `++`), as in other patterns that meet whatever stands in a file:
# a cell of ten thousand signs that fits all but its end would be gone through as often as it has signs.
NUMBER = re.compile(r"[+-]?(\d++\.?\d*+|\.\d++)([eE][+-]?\d++)?", re.ASCII)
GROUPED_NUMBER = re.compile(r"[+-]?[1-9]\d{0,2}(,\d{3})+(\.\d*)?", re.ASCII)
# Digits above and below the line are marks of footnotes, and become digits of a number in ordinary form.
RAISED_DIGIT = re.compile("[⁰¹²³⁴-⁹₀-₉]")
COMMA_DECIMAL = re.compile(r"[+-]?\d*,\d+", re.ASCII)
# What Unicode lets nobody see: soft hyphens, joiners, marks of direction and of variants, tags.
INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff"
    "\U000e0000-\U000e0fff]"
)
# What people write where there is no value.
GAPS = {
    *("-", "--", "---", "—", "–", "/", "\\", ".", "..", "...", "…", "……", ":", "*", "**", "***", "?"),
    *("na", "n/a", "n.a.", "n.a", "#n/a", "<na>", "nan", "null", "none", "nil", "n.d.", "nd", "n/d"),
    # What statistical offices write: not published, not yet, secret, not applicable, no statement.
    *("np", "n.p.", "nfp", "[x]", "[c]", "[z]", "[u]", "[w]", "(x)", "k.a.", "k. a.", "n.v.", "s.d."),
    # What Stata and SAS call gaps, and what a formula leaves that went wrong.
    *(f".{letter}" for letter in "abcdefghijklmnopqrstuvwxyz"),
    *("#div/0!", "#value!", "#ref!", "#name?", "#num!", "#null!"),
    *("missing", "not available", "no data", "缺失", "缺", "无", "无数据", "未公布", "不详", "暂无"),
}
SCORES = (1.0, 2.0, 3.0, 4.0, 5.0)
MAX_LOOKUPS = 200
# How many pairs of characters may be held against each other for one file: some seconds.
MOST_COMPARED = 50_000_000


class CellError(ValueError):
    """A cell does not hold what it should; the text says what it should hold."""


def name_key(text: str) -> str:
    """Return what two ways of writing one name share: neither spaces, capitals nor what nobody sees count."""
    return "".join(as_seen(plain(text)).split()).casefold()


def as_seen(text: str) -> str:
    """Return the text with single spaces and nothing invisible."""
    return " ".join(INVISIBLE.sub("", text).split())


def plain(text: str) -> str:
    """Return the text trimmed, with full-width forms made ordinary and a true minus sign."""
    return unicodedata.normalize("NFKC", text).strip().replace("\N{MINUS SIGN}", "-")


def parse_number(text: str) -> float:
    """Return the finite number in a cell.

    Raises `CellError` for an empty cell, words, percentages, thousands separators, and
    numbers that a double would turn into infinity or into zero.
    """
    cleaned = plain(text)
    if RAISED_DIGIT.search(text) or not NUMBER.fullmatch(cleaned):
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


class Nearest:
    """The known words that are most like another one.

    Comparing takes the product of lengths, and whoever makes a file chooses both: once so much was
    compared, nothing is near any more.
    """

    def __init__(self, words: Iterable[str], *, cutoff: float = 0.0) -> None:
        self._words, self._cutoff = list(words), cutoff
        self._length = sum(map(len, self._words))
        self._left = MOST_COMPARED

    def find(self, word: str) -> list[str]:
        """Return up to three words, the nearest first."""
        if not self._may_compare(word):
            return []
        return difflib.get_close_matches(word, self._words, n=3, cutoff=self._cutoff)

    def in_order(self, word: str) -> list[str]:
        """Return all words, the nearest first."""
        if not self._may_compare(word):
            return self._words
        return sorted(self._words, key=lambda known: -difflib.SequenceMatcher(None, word, known).ratio())

    def _may_compare(self, word: str) -> bool:
        cost = len(word) * self._length
        if cost > self._left:
            return False
        self._left -= cost
        return True


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
        hint = _("Nearest: %(names)s.") % {"names": _(", ").join(names)}
        return join_sentences([message, hint]) if names else message

    def _look_up(self, word: str) -> list[str]:
        # A file may be wrong throughout: the first wrong words will do.
        if word not in self._nearest and len(self._nearest) < MAX_LOOKUPS:
            near = self._known.find(word.casefold())
            self._nearest[word] = [self._folded[match] for match in near]
        return self._nearest.get(word, [])

    @cached_property
    def _folded(self) -> dict[str, str]:
        return {known.casefold(): known for known in self.words}

    @cached_property
    def _known(self) -> Nearest:
        return Nearest(self._folded, cutoff=0.5)
