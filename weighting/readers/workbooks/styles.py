"""Styles of cells that show more than the number within, or another one."""

import re
from collections.abc import Collection
from xml.parsers import expat

# What a format says word for word, such as "% of GDP", is no sign of percent.
QUOTED = re.compile(r'"[^"]*"|\\.')
# A number shown with leading zeros, as codes are: 7 under the format 000 is 007.
ZEROS = re.compile(r"(?P<zeros>0{2,})(;.*)?")
# What a format is made of: words, what stands for widths, colours and currencies, and signs of its own.
FORMAT = re.compile(r'"(?P<said>[^"]*)"|[\\!](?P<letter>.)|[_*].|\[[^\]]*\]|(?P<sign>.)', re.DOTALL)
# Commas behind the last digit leave so many thousands out: 1,234,567 under #,##0, is 1,235.
SCALED = re.compile(r"[0#?](?P<commas>,+)(?![0#?,])")
THOUSANDS = {1: "thousand", 2: "million", 3: "billion", 4: "trillion"}
FIRST_WORD = re.compile(r"[^\W\d_]+")


class Styles:
    """Styles of cells that show more than their number, by the place that cells name.

    So many digits with leading zeros; percent; so many thousands left out, and the word behind the number
    that tells it, such as million.
    """

    def __init__(self) -> None:
        self.zeros: dict[int, int] = {}
        self.percent: set[int] = set()
        self.words: dict[int, tuple[int, str]] = {}

    def used_in(self, content: bytes) -> bool:
        """Tell a sheet with a cell of one of the styles."""
        styles = b"|".join(b"%d" % style for style in (*self.zeros, *self.percent, *self.words))
        return bool(styles) and bool(re.search(rb' s="(?:%b)"' % styles, content))


def in_percent(text: str) -> str:
    """Write a number as a cell shows it in percent, to the last digit: 0.455 is 45.5%."""
    return _moved(text, 2) + "%"


def in_words(text: str, thousands: int, word: str) -> str:
    """Write a number as a cell shows it, to the last digit, with the word: 1.23456 million."""
    return f"{_moved(text, -3 * thousands)} {word}"


def _moved(text: str, places: int) -> str:
    """Write a number with its point so many places further right."""
    # Imported by the few that need it.
    from decimal import Decimal

    # Programs write more digits than tell a double: 7.0000000000000007E-2.
    moved = f"{Decimal(repr(float(text))).scaleb(places):f}"
    whole, point, decimals = moved.partition(".")
    decimals = decimals.rstrip("0")
    # With three of them the point could be one between thousands.
    return whole + point * bool(decimals) + decimals + "0" * (len(decimals) == 3)


def styles_of(parts: dict[str, bytes], multiplying: Collection[str]) -> Styles:
    """Return the styles of the workbook; ``multiplying`` are words such as million."""
    zeros: dict[str, int] = {}
    words: dict[str, tuple[int, str]] = {}
    percent, styles = {"9", "10"}, Styles()
    path, count = [""], 0

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal count
        path.append(name.rpartition(":")[2])
        number = attributes.get("numFmtId", "")
        if path[-1] == "numFmt":
            code = attributes.get("formatCode", "")
            if found := ZEROS.fullmatch(code):
                zeros[number] = len(found["zeros"])
            elif "%" in QUOTED.sub("", code):
                percent.add(number)
            elif worded := _word_of(code, multiplying):
                words[number] = worded
        if path[-2:] == ["cellXfs", "xf"]:
            if number in zeros:
                styles.zeros[count] = zeros[number]
            if number in words:
                styles.words[count] = words[number]
            if number in percent:
                styles.percent.add(count)
            count += 1

    if "xl/styles.xml" in parts:
        parser = expat.ParserCreate()
        parser.StartElementHandler, parser.EndElementHandler = start, lambda _name: path.pop()
        parser.Parse(parts["xl/styles.xml"], True)
    return styles


def _word_of(code: str, multiplying: Collection[str]) -> tuple[int, str] | None:
    """Return how many thousands a format leaves out and the word that says so, or a word that multiplies.

    None where it does neither, or both: 1.2M in the place of 1,234,567 is the same number.
    """
    signs = behind = ""
    for found in FORMAT.finditer(code):
        if found["sign"] == ";":
            break
        sign = found["sign"] or ""
        signs += sign
        # What is no letter of ASCII stands for itself, quoted or not.
        behind += found["said"] or found["letter"] or ("" if sign.isascii() else sign)
        if sign and sign in "0#?":
            if behind == ".":
                # A point that is drawn among the digits, to leave four or eight of them out.
                return None
            behind = ""
    scaled = SCALED.search(signs)
    thousands = len(scaled["commas"]) if scaled else 0
    multiplies = _multiplies(behind.strip(), multiplying)
    if bool(thousands) == multiplies or thousands > len(THOUSANDS):
        return None
    return thousands, THOUSANDS[thousands] if thousands else behind.strip()


def _multiplies(word: str, multiplying: Collection[str]) -> bool:
    """Tell a word that begins with one of those that multiply; in Chinese no space divides them."""
    first = FIRST_WORD.match(word)
    return first is not None and (
        first[0].casefold() in multiplying
        or any(word.startswith(other) for other in multiplying if not other.isascii())
    )
