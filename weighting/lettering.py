"""How wide words are drawn, and how they are set where room is short."""

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import fields, is_dataclass, replace
from functools import cache, wraps
from typing import Any, ParamSpec, TypeVar
from unicodedata import bidirectional, east_asian_width

P = ParamSpec("P")
R = TypeVar("R")

# Of the height, on average; a Chinese character is as wide as it is high.
LATIN_WIDTH = 0.56
# A word, or one Chinese character with the marks that may not begin a line; a dot between two
# statements stays with the first.
WORDS = re.compile(r"[\u2e80-\uffef][，。；：、！？）》”’]*(?: ·)?\s*|[^\s\u2e80-\uffef]+(?: ·)?\s*|\s+")
# Letters that are written from right to left, and Arabic digits, which turn round what is beside them, too.
LEFTWARDS = {"R", "AL", "AN"}
# What Vega calls the text of a label of an axis or a key.
LABEL = "datum.label"
# Control characters, line separators, halves of characters, and what is none in XML.
UNSEEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufffe\uffff]+")
LOOKALIKES = str.maketrans({"\\": "＼", '"': "”"})
# A straight quote that opens what it quotes.
OPENING = re.compile(r'(?<![^\s(\[{“‘-])"(?=\S)')
NUMBERS = (int, float, type(None))
OBJECT_NAMES = frozenset(
    {"__proto__", "constructor", "hasOwnProperty", "isPrototypeOf", "propertyIsEnumerable", "toLocaleString"}
    | {"toString", "valueOf"}
)
STRAIGHT = str.maketrans({"‘": "'", "’": "'", "“": '"', "”": '"'})


def with_plain_names(draw: Callable[P, R]) -> Callable[P, R]:
    """Let a chart be drawn from texts that Vega and its languages take as nothing but texts.

    Names are anybody's. Vega-Lite writes the titles of tooltips into expressions, where a backslash
    before a quote ends the literal, and looks texts up in objects, where ``__proto__`` is none. So
    what has a meaning there is drawn as the sign that looks like it.
    """

    @wraps(draw)
    def drawn(*arguments: P.args, **named: P.kwargs) -> R:
        return draw(*map(plain, arguments), **{name: plain(value) for name, value in named.items()})

    return drawn


def plain(value: Any) -> Any:
    """Return a value with every text in it made plain; dataclasses, lists and mappings are gone through."""
    if isinstance(value, str):
        return _plain_text(value)
    if isinstance(value, NUMBERS):
        return value
    if is_dataclass(value) and not isinstance(value, type):
        # A scatter has thousands of marks, few of whose names have to be changed.
        own = [(name, getattr(value, name)) for name in _stated(type(value))]
        changed = {name: made for name, one in own if (made := plain(one)) is not one}
        return replace(value, **changed) if changed else value
    if isinstance(value, Mapping):
        return {plain(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(map(plain, value))
    return value


@cache
def _stated(kind: type[Any]) -> list[str]:
    """Return the fields that a dataclass is made with."""
    return [field.name for field in fields(kind) if field.init]


def _plain_text(text: str) -> str:
    """Return a text made plain; the very same where nothing has to be changed."""
    made = _rewritten(text)
    return text if made == text else made


def _rewritten(text: str) -> str:
    text = OPENING.sub("“", UNSEEN.sub(" ", text)).translate(LOOKALIKES)
    # A name of what every object of the language has is told apart by a sign that is not seen.
    return f"{text}\u200b" if text in OBJECT_NAMES else text


def set_apart(name: str) -> str:
    """Return a name that a number may follow: one written from right to left would draw it to its left.

    Nor does it turn round what stands behind it, such as “5 → 3”.
    """
    is_leftwards = any(bidirectional(letter) in LEFTWARDS for letter in name)
    return f"\u2068{name}\u2069" if is_leftwards else name


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


def lines_expression(
    names: Iterable[str], size: int, width: float, *, lines: int = 1, label: str = LABEL
) -> str:
    """Return the Vega expression that breaks the labels that are wider; empty where none is.

    A label of fewer than ``lines`` begins with empty ones, so that all of them end at one height.
    ``label`` is the expression that gives the name.
    """
    broken = {name: broken_into_lines(name, size, width) for name in names}
    if all(len(found) == 1 for found in broken.values()):
        return ""
    level = {name: [""] * (lines - len(found)) + found for name, found in broken.items()}
    return looked_up(level, label)


def looked_up(table: Mapping[str, Any] | Sequence[Any], key: str) -> str:
    """Return the Vega expression that looks a key up in a table of names.

    Names are anybody's text. They stand in an expression as string literals alone: nothing is put
    together from them by replacing or joining, and every character that could end a literal or a
    line is escaped.
    """
    return f"({json.dumps(table)})[{key}]"


def with_straight_quotes(text: str) -> str:
    """Replace curly quotes, which a Chinese font draws as wide as a character."""
    return text.translate(STRAIGHT)
