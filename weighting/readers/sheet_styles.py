"""Styles of cells that show more than the number within; imported by the program that reads sheets."""

import re
from dataclasses import dataclass, field
from decimal import Decimal
from xml.parsers import expat

# What a format says word for word, such as "% of GDP", is no sign of percent.
QUOTED = re.compile(r'"[^"]*"|\\.')
# A number shown with leading zeros, as codes are: 7 under the format 000 is 007.
ZEROS = re.compile(r"(?P<zeros>0{2,})(;.*)?")


@dataclass(frozen=True)
class Styles:
    """Styles of cells that show more than their number: so many digits with leading zeros, or percent."""

    zeros: dict[int, int] = field(default_factory=dict)
    percent: set[int] = field(default_factory=set)

    def used_in(self, content: bytes) -> bool:
        """Tell a sheet with a cell of one of the styles."""
        styles = b"|".join(b"%d" % style for style in (*self.zeros, *self.percent))
        return bool(styles) and bool(re.search(rb' s="(?:%b)"' % styles, content))


def in_percent(text: str) -> str:
    """Write a number as a cell shows it in percent, to the last digit: 0.455 is 45.5%."""
    # Programs write more digits than tell a double: 7.0000000000000007E-2.
    hundredfold = f"{Decimal(repr(float(text))) * 100:f}"
    return (hundredfold.rstrip("0").rstrip(".") if "." in hundredfold else hundredfold) + "%"


def styles_of(parts: dict[str, bytes]) -> Styles:
    """Return the styles of the workbook, by the place that its cells name."""
    shown: dict[str, int] = {}
    percent, styles = {"9", "10"}, Styles()
    path, count = [""], 0

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal count
        path.append(name.rpartition(":")[2])
        if path[-1] == "numFmt" and (found := ZEROS.fullmatch(attributes.get("formatCode", ""))):
            shown[attributes.get("numFmtId", "")] = len(found["zeros"])
        elif path[-1] == "numFmt" and "%" in QUOTED.sub("", attributes.get("formatCode", "")):
            percent.add(attributes.get("numFmtId", ""))
        if path[-2:] == ["cellXfs", "xf"]:
            if digits := shown.get(attributes.get("numFmtId", "")):
                styles.zeros[count] = digits
            if attributes.get("numFmtId", "") in percent:
                styles.percent.add(count)
            count += 1

    if "xl/styles.xml" in parts:
        parser = expat.ParserCreate()
        parser.StartElementHandler, parser.EndElementHandler = start, lambda _name: path.pop()
        parser.Parse(parts["xl/styles.xml"], True)
    return styles
