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


def percent_in_document(content: bytes, place: int) -> dict[tuple[int, int], str]:
    """Return the cells of a sheet of OpenDocument that are shown in percent, by row and column, from 1."""
    found: dict[tuple[int, int], str] = {}
    if b'"percentage"' not in content:
        return found
    path, sheet = [""], -1
    row = column = 0
    rows = 1

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal sheet, row, column, rows
        path.append(name.rpartition(":")[2])
        said = {key.rpartition(":")[2]: value for key, value in attributes.items()}
        # Those within a picture or a chart are no sheets.
        if path[-2:] == ["spreadsheet", "table"]:
            sheet, row, rows = sheet + 1, 0, 1
        elif sheet != place or "spreadsheet" not in path or "shapes" in path or "frame" in path:
            return
        elif path[-1] == "table-row":
            row, column, rows = row + rows, 0, int(said.get("number-rows-repeated") or 1)
        elif path[-1] in ("table-cell", "covered-table-cell"):
            columns = int(said.get("number-columns-repeated") or 1)
            if said.get("value-type") == "percentage" and said.get("value"):
                text = in_percent(said["value"])
                found.update(
                    ((line, cell), text)
                    for line in range(row, row + rows)
                    for cell in range(column + 1, column + columns + 1)
                )
            column += columns

    parser = expat.ParserCreate()
    parser.StartElementHandler, parser.EndElementHandler = start, lambda _name: path.pop()
    parser.Parse(content, True)
    return found
