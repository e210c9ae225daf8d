"""How wide words are drawn, and how they are set where room is short."""

import json
import re
from collections.abc import Iterable
from unicodedata import east_asian_width

# Of the height, on average; a Chinese character is as wide as it is high.
LATIN_WIDTH = 0.56
# A word, or one Chinese character with the marks that may not begin a line; a dot between two
# statements stays with the first.
WORDS = re.compile(r"[\u2e80-\uffef][，。；：、！？）》”’]*(?: ·)?\s*|[^\s\u2e80-\uffef]+(?: ·)?\s*|\s+")
STRAIGHT = str.maketrans({"‘": "'", "’": "'", "“": '"', "”": '"'})


def text_width(text: str, size: int) -> float:
    """Return about how many pixels a text of ``size`` pixels takes."""
    return size * sum(1.0 if east_asian_width(c) in "WF" else LATIN_WIDTH for c in text)


def broken_into_lines(text: str, size: int, width: float) -> list[str]:
    """Break a text of ``size`` pixels where it would be wider: between words or characters."""
    lines, used = [""], 0.0
    for word in WORDS.findall(text):
        needed = text_width(word.rstrip(), size)
        if lines[-1] and used + needed > width:
            lines[-1] = lines[-1].rstrip()
            lines.append("")
            used = 0.0
        lines[-1] += word
        used += needed + size * LATIN_WIDTH * (len(word) - len(word.rstrip()))
    return lines


def most_lines(names: Iterable[str], size: int, width: float) -> int:
    """Return how many lines the longest name needs."""
    return max((len(broken_into_lines(name, size, width)) for name in names), default=1)


def lines_expression(names: Iterable[str], size: int, width: float, *, lines: int = 1) -> str:
    """Return the Vega expression that breaks the labels that are wider; empty where none is.

    A label of fewer than ``lines`` begins with empty ones, so that all of them end at one height.
    """
    broken = {name: broken_into_lines(name, size, width) for name in names}
    if all(len(found) == 1 for found in broken.values()):
        return ""
    level = {name: [""] * (lines - len(found)) + found for name, found in broken.items()}
    return f"({json.dumps(level, ensure_ascii=False)})[datum.label]"


def with_straight_quotes(text: str) -> str:
    """Replace curly quotes, which a Chinese font draws as wide as a character."""
    return text.translate(STRAIGHT)
