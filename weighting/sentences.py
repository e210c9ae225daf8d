"""What stands between sentences, and before units, as the language of the page sets them."""

import unicodedata
from collections.abc import Iterable
from typing import Any

from django.utils.translation import pgettext

# Kinds of characters that are read from right to left, and what sets a text apart from what stands beside it.
FROM_THE_RIGHT = frozenset({"R", "AL", "AN"})
APART, TOGETHER = "\u2068", "\u2069"


def sentence_gap() -> str:
    """Return what stands between two sentences."""
    # Around two others, for a catalogue cannot translate something by nothing.
    return pgettext("two sentences", "%(first)s %(second)s") % {"first": "", "second": ""}


def join_sentences(sentences: Iterable[Any]) -> str:
    """Join sentences, of which those that are empty are left out."""
    return sentence_gap().join(filter(None, map(str, sentences)))


def unit_behind(unit: str) -> str:
    """Return a unit as it stands behind a number: apart from it, but for a percent sign in Chinese."""
    if unit in ("%", "‰"):
        return pgettext("a number in percent", "%(number)s %(sign)s") % {"number": "", "sign": unit}
    return f" {unit}" if unit else ""


def set_apart(text: str) -> str:
    """Return a text that is read from right to left as one that moves nothing beside it about.

    Beside a word in Arabic or Hebrew “5 → 3” would be shown as “3 → 5”.
    """
    if text.isascii() or FROM_THE_RIGHT.isdisjoint(map(unicodedata.bidirectional, text)):
        return text
    return f"{APART}{text}{TOGETHER}"


def side_by_side(cells: Iterable[str]) -> str:
    """Join what stands in cells, which holds commas, decimal ones before all."""
    return " · ".join(map(set_apart, cells))
