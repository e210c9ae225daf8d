"""One pass over the part of a workbook that is a sheet: what the library that reads values does not tell."""

import re
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple
from xml.parsers import expat

from .styles import Styles, in_percent, in_words

PLACE = re.compile(r"([A-Z]{1,3})([1-9][0-9]{0,6})")
# A row as programs write rows of values: cells at places of their own in it, without errors and formulas, and
# without what may be a whole number of more digits than a float keeps.
PLAIN_ROW = (
    rb'<row r="([1-9]\d{0,6})"([^<>/]*+)>'
    rb'(?:<c r="(?:%b)\1"(?: s="\d+")?+(?: t="(?:n|s|str|b|inlineStr)")?+'
    rb" ?+(?:/>|>(?:<v>(?![^<.]{15})[^<]*+</v>|<is><t[^<>]*+>[^<]*+</t></is>)?+</c>))*+</row>"
)
# Above this a whole number is not the one that was written once it was read as a float.
MOST_EXACT_DIGITS = 15
TRUE = ("1", "true")


class Refused(Exception):
    """The workbook is not taken, for a reason that has words of its own."""

    def __init__(self, kind: str, **facts: Any) -> None:
        self.fault = {"kind": kind, **facts}
        super().__init__(kind)


class Limits(NamedTuple):
    """As ``weighting.readers.workbook.SheetLimits``, and a sheet's name, '' for the first visible one.

    ``multiplying`` are words that multiply the number before them, such as million.
    """

    rows: int
    columns: int
    cells: int
    takes_formulas: bool
    seeks_numbers: bool = False
    name: str = ""
    multiplying: Sequence[str] = ()


class Marks:
    """What the library that reads values does not tell: by row and column, from 1.

    ``written`` holds the text of cells that would lose something as values: errors, long whole numbers;
    ``zeros`` the digits that a number is shown with; ``hidden_rows`` and ``hidden_columns`` are not shown;
    the numbers ``struck`` are struck through; ``spans`` are merged cells, from their first one to their last.
    """

    def __init__(self) -> None:
        self.written: dict[tuple[int, int], str] = {}
        self.zeros: dict[tuple[int, int], int] = {}
        self.formulas: list[dict[str, Any]] = []
        self.hidden_rows: set[int] = set()
        self.hidden_columns: set[int] = set()
        self.struck: list[tuple[int, int]] = []
        self.spans: list[tuple[tuple[int, int], tuple[int, int]]] = []


class Scan:
    """One pass over a sheet: how far it reaches, and its `Marks`."""

    def __init__(self, limits: Limits, styles: Styles) -> None:
        self.limits, self.styles, self.marks = limits, styles, Marks()
        self.row = self.column = self.rows = 0
        self.kind, self.style = "n", 0
        self.text: list[str] = []
        self.has_formula = False
        self.formula = ""
        # Numbers with what their cells say is counted, by column and this.
        self.counted: dict[int, dict[str, list[tuple[tuple[int, int], str]]]] = {}
        self.handlers: dict[str, Callable[[dict[str, str]], None]] = {
            "col": self._start_columns,
            "row": self._start_row,
            "c": self._start_cell,
            "v": self._start_text,
            "t": self._start_text,
            "f": self._start_formula,
            "mergeCell": self._start_span,
        }

    def read(self, content: bytes) -> Marks:
        """Walk through the part of a sheet; refuse what reaches beyond the limits."""
        parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.StartElementHandler, parser.EndElementHandler = self._start, self._end
        parser.CharacterDataHandler = self.text.append
        # Of plain rows there is nothing to note: parsing the rest takes a tenth of the time.
        plain = re.compile(PLAIN_ROW % columns_up_to(self.limits.columns))
        parser.Parse(
            content if self.styles.used_in(content) else plain.sub(self._without_cells, content), True
        )
        self.write_units()
        return self.marks

    def write_units(self) -> None:
        """Write what is counted beside the numbers of a column that counts several things: kg and g."""
        for column in self.counted.values():
            if len(column) > 1:
                for shown, cells in column.items():
                    self.marks.written |= {place: shown.format(text) for place, text in cells}

    def _without_cells(self, row: re.Match[bytes]) -> bytes:
        """Leave what a plain row says of itself alone; one beyond the limits stays as it is."""
        return b'<row r="%b"%b/>' % row.groups() if int(row[1]) <= self.limits.rows else row[0]

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        handler = self.handlers.get(name.rpartition(":")[2])
        if handler:
            handler(attributes)

    def _start_columns(self, attributes: dict[str, str]) -> None:
        if _is_hidden(attributes, "width"):
            last = min(int(attributes["max"]), self.limits.columns)
            self.marks.hidden_columns.update(range(int(attributes["min"]), last + 1))

    def _start_row(self, attributes: dict[str, str]) -> None:
        self.rows += 1
        if self.rows > 2 * self.limits.rows:
            raise Refused("rows", most=self.limits.rows)
        self.row = int(attributes.get("r") or self.row + 1)
        self.column = 0
        if _is_hidden(attributes, "ht"):
            self.marks.hidden_rows.add(self.row)

    def _start_cell(self, attributes: dict[str, str]) -> None:
        found = PLACE.fullmatch(attributes.get("r", ""))
        self.column += 1
        if found:
            self.column, self.row = _number_of(found[1]), int(found[2])
        self.kind, self.style = attributes.get("t", "n"), int(attributes.get("s") or 0)
        self.has_formula = False
        self.text.clear()

    def _start_text(self, attributes: dict[str, str]) -> None:
        self.text.clear()

    def _start_formula(self, attributes: dict[str, str]) -> None:
        self.text.clear()
        self.has_formula = True

    def _start_span(self, attributes: dict[str, str]) -> None:
        first, last = map(PLACE.fullmatch, attributes["ref"].split(":"))
        if first and last:
            self.marks.spans.append(
                ((int(first[2]), _number_of(first[1])), (int(last[2]), _number_of(last[1])))
            )

    def _end(self, name: str) -> None:
        local = name.rpartition(":")[2]
        if local in ("v", "t"):
            self._end_text("".join(self.text))
        elif local == "f":
            self.formula = "".join(self.text)
            self.text.clear()
            if not self.limits.takes_formulas:
                self._note_formula("formula")
        elif local == "c" and self.has_formula and self.limits.takes_formulas and not self._has_result():
            self._note_formula("no-result")

    def _has_result(self) -> bool:
        """Tell a formula whose value is kept; one that comes to an empty text says that it is a text."""
        return self.kind != "n" or bool("".join(self.text).strip())

    def _note_formula(self, kind: str) -> None:
        formula = {"row": self.row, "column": letters_of(self.column), "value": "=" + self.formula}
        self.marks.formulas.append({"kind": kind, **formula})

    def _end_text(self, text: str) -> None:
        """Note a cell that holds something: only such cells count as places that the sheet reaches."""
        if self.column > self.limits.columns and text:
            raise Refused("columns", row=self.row, most=self.limits.columns)
        if self.row > 2 * self.limits.rows and text:
            raise Refused("rows", most=self.limits.rows)
        place = self.row, self.column
        if self.kind == "e" or (
            self.kind == "n" and len(text) > MOST_EXACT_DIGITS and text.lstrip("-").isdecimal()
        ):
            self.marks.written[place] = text
        if self.kind == "n" and text:
            self.note_number(place, self.style, text)

    def note_number(self, place: tuple[int, int], style: int, text: str) -> None:
        """Note a number that is shown otherwise than it is kept."""
        if style in self.styles.zeros:
            self.marks.zeros[place] = self.styles.zeros[style]
        if style in self.styles.percent:
            self.marks.written[place] = in_percent(text)
        if style in self.styles.words:
            self.marks.written[place] = in_words(text, *self.styles.words[style])
        if shown := self.styles.units.get(style):
            self.counted.setdefault(place[1], {}).setdefault(shown, []).append((place, text))
        if style in self.styles.struck:
            self.marks.struck.append(place)


def _is_hidden(attributes: dict[str, str], size: str) -> bool:
    """Tell a row or columns that are hidden, or have no size."""
    return attributes.get("hidden") in TRUE or (size in attributes and not float(attributes[size]))


def _number_of(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number


def columns_up_to(most: int) -> bytes:
    """Return the pattern of the letters of columns up to one: [A-Z]|[A-D][A-Z]|E[A-C] up to EC."""
    last = letters_of(most)
    shorter = ["[A-Z]" * length for length in range(1, len(last))]
    # As far as a place in the last one's letters, then a letter before its own, then any.
    before = [
        f"{last[:place]}[A-{chr(ord(letter) - 1)}]{'[A-Z]' * (len(last) - place - 1)}"
        for place, letter in enumerate(last)
        if letter > "A"
    ]
    return "|".join([*shorter, *before, last]).encode()


def letters_of(number: int) -> str:
    """Return the letters by which spreadsheets call a column: 28 is AB."""
    letters = ""
    while number:
        number, last = divmod(number - 1, 26)
        letters = chr(ord("A") + last) + letters
    return letters
