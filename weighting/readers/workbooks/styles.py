"""Styles of cells that show more than the number within, or another one."""

import re
from collections.abc import Collection, Iterable
from xml.parsers import expat

# What a format says word for word, such as "% of GDP", is no sign of percent.
QUOTED = re.compile(r'"[^"]*"|\\.')
# A number shown with leading zeros, as codes are: 7 under the format 000 is 007.
ZEROS = re.compile(r"(?P<zeros>0{2,})(;.*)?")
# What a format is made of: words, what stands for widths, colours and currencies, and signs of its own.
FORMAT = re.compile(
    r'"(?P<said>[^"]*)"|[\\!](?P<letter>.)|[_*].|\[\$(?P<money>[^\]-]*)[^\]]*\]|\[[^\]]*\]|(?P<sign>.)',
    re.DOTALL,
)
# As many digits as there are.
GENERAL = re.compile(r"General|G/通用格式")
# Commas behind the last digit leave so many thousands out: 1,234,567 under #,##0, is 1,235.
SCALED = re.compile(r"[0#?](?P<commas>,+)(?![0#?,])")
THOUSANDS = {1: "thousand", 2: "million", 3: "billion", 4: "trillion"}
DIGITS = re.compile("[0#?]")
FALSE = ("0", "false")
FIRST_WORD = re.compile(r"[^\W\d_]+")


class Styles:
    """Styles of cells that show more than their number, by the place that cells name.

    So many digits with leading zeros; percent; so many thousands left out, and the word behind the number
    that tells it, such as million; what is counted, where the workbook has several such words; a line struck
    through.
    """

    def __init__(self) -> None:
        self.zeros: dict[int, int] = {}
        self.percent: set[int] = set()
        self.words: dict[int, tuple[int, str]] = {}
        self.units: dict[int, str] = {}
        self.struck: set[int] = set()

    def used_in(self, content: bytes) -> bool:
        """Tell a sheet with a cell of one of the styles."""
        styles = b"|".join(b"%d" % style for style in self._places)
        return bool(styles) and bool(re.search(rb' s="(?:%b)"' % styles, content))

    @property
    def _places(self) -> Iterable[int]:
        # One word for all is the unit of the table, and tells no cell from another.
        units = self.units if len(set(self.units.values())) > 1 else ()
        return {*self.zeros, *self.percent, *self.words, *units, *self.struck}


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
    reading = Reading(multiplying)
    if "xl/styles.xml" in parts:
        parser = expat.ParserCreate()
        parser.StartElementHandler, parser.EndElementHandler = reading.start, reading.end
        parser.Parse(parts["xl/styles.xml"], True)
    return reading.styles


class Reading:
    """One pass over the styles of a workbook: formats and fonts first, then the styles that name them."""

    def __init__(self, multiplying: Collection[str]) -> None:
        self.multiplying, self.styles = multiplying, Styles()
        self.path, self.count, self.fonts = [""], 0, 0
        self.zeros: dict[str, int] = {}
        self.percent = {"9", "10"}
        self.words: dict[str, tuple[int, str]] = {}
        self.units: dict[str, str] = {}
        self.struck: set[str] = set()

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """Begin an element."""
        self.path.append(name.rpartition(":")[2])
        if self.path[-1] == "numFmt":
            self.note_format(attributes.get("numFmtId", ""), attributes.get("formatCode", ""))
        elif self.path[-2:] == ["fonts", "font"]:
            self.fonts += 1
        elif self.path[-3:] == ["fonts", "font", "strike"] and attributes.get("val") not in FALSE:
            self.struck.add(str(self.fonts - 1))
        elif self.path[-2:] == ["cellXfs", "xf"]:
            self.note_style(attributes.get("numFmtId", ""), attributes.get("fontId", ""))

    def end(self, _name: str) -> None:
        """End an element."""
        self.path.pop()

    def note_format(self, number: str, code: str) -> None:
        """Note a format of numbers by what styles call it."""
        signs, before, behind = _parts_of(code)
        if found := ZEROS.fullmatch(code):
            self.zeros[number] = len(found["zeros"])
        elif "%" in QUOTED.sub("", code):
            self.percent.add(number)
        elif worded := _word_of(signs, behind, self.multiplying):
            self.words[number] = worded
        elif before or behind:
            self.units[number] = f"{before}{{}} {behind}".strip()

    def note_style(self, number: str, font: str) -> None:
        """Note the next style, by its format and its font."""
        if number in self.zeros:
            self.styles.zeros[self.count] = self.zeros[number]
        if number in self.words:
            self.styles.words[self.count] = self.words[number]
        if number in self.units:
            self.styles.units[self.count] = self.units[number]
        if number in self.percent:
            self.styles.percent.add(self.count)
        if font in self.struck:
            self.styles.struck.add(self.count)
        self.count += 1


def _parts_of(code: str) -> tuple[str, str, str]:
    """Return the signs of a format of numbers, and the words before and behind the digits."""
    signs = before = said = ""
    for found in FORMAT.finditer(GENERAL.sub("0", code)):
        sign = found["sign"] or ""
        if sign == ";":
            break
        signs += sign
        if sign and sign in "0#?":
            if not DIGITS.search(signs[:-1]):
                before = said
            elif said == ".":
                # A point that is drawn among the digits, to leave four or eight of them out.
                return "", "", ""
            said = ""
        # What is no letter of ASCII stands for itself, quoted or not.
        said += found["said"] or found["letter"] or found["money"] or ("" if sign.isascii() else sign)
    return (signs, before.strip(), said.strip()) if DIGITS.search(signs) else ("", "", "")


def _word_of(signs: str, behind: str, multiplying: Collection[str]) -> tuple[int, str] | None:
    """Return how many thousands a format leaves out and the word that says so, or a word that multiplies.

    None where it does neither, or both: 1.2M in the place of 1,234,567 is the same number.
    """
    scaled = SCALED.search(signs)
    thousands = len(scaled["commas"]) if scaled else 0
    if bool(thousands) == _multiplies(behind, multiplying) or thousands > len(THOUSANDS):
        return None
    return thousands, THOUSANDS[thousands] if thousands else behind


def _multiplies(word: str, multiplying: Collection[str]) -> bool:
    """Tell a word that begins with one of those that multiply; in Chinese no space divides them."""
    first = FIRST_WORD.match(word)
    return first is not None and (
        first[0].casefold() in multiplying
        or any(word.startswith(other) for other in multiplying if not other.isascii())
    )
