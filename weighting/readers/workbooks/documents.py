"""A sheet of OpenDocument: what the library that reads values does not tell."""

from collections.abc import Callable
from xml.parsers import expat

from .scan import Limits, Marks
from .styles import in_percent

# A row or a column that is folded away, or that a filter leaves out.
HIDDEN = ("collapse", "filter")


def marks_in_document(content: bytes, place: int, limits: Limits) -> Marks:
    """Return the cells of a sheet that are shown in percent, and the rows and columns that are not shown."""
    if b'"percentage"' not in content and b':visibility="' not in content:
        return Marks()
    found = _Document(place, limits)
    parser = expat.ParserCreate()
    parser.StartElementHandler, parser.EndElementHandler = found.start, found.end
    parser.Parse(content, True)
    return found.marks


class _Document:
    """One pass over a document: the `Marks` of the sheet at one place."""

    def __init__(self, place: int, limits: Limits) -> None:
        self.place, self.limits, self.marks = place, limits, Marks()
        self.path, self.sheet = [""], -1
        # The row, how often it is repeated, and its last column so far.
        self.row, self.rows, self.column = 0, 1, 0
        # The last column that was described, before any row.
        self.described = 0
        self.handlers: dict[str, Callable[[dict[str, str]], None]] = {
            "table-column": self._columns,
            "table-row": self._row,
            "table-cell": self._cell,
            "covered-table-cell": self._cell,
        }

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self.path.append(_local(name))
        # Those within a picture or a chart are no sheets.
        if self.path[-2:] == ["spreadsheet", "table"]:
            self.sheet, self.row, self.rows, self.described = self.sheet + 1, 0, 1, 0
        elif self.sheet == self.place and self._is_of_sheet() and self.path[-1] in self.handlers:
            self.handlers[self.path[-1]]({_local(key): value for key, value in attributes.items()})

    def end(self, _name: str) -> None:
        self.path.pop()

    def _is_of_sheet(self) -> bool:
        return "spreadsheet" in self.path and "shapes" not in self.path and "frame" not in self.path

    def _columns(self, said: dict[str, str]) -> None:
        first = self.described + 1
        self.described += int(said.get("number-columns-repeated") or 1)
        if said.get("visibility") in HIDDEN:
            self.marks.hidden_columns.update(range(first, min(self.described, self.limits.columns) + 1))

    def _row(self, said: dict[str, str]) -> None:
        repeated = int(said.get("number-rows-repeated") or 1)
        self.row, self.column, self.rows = self.row + self.rows, 0, repeated
        if said.get("visibility") in HIDDEN:
            # Below the last row of values all others may be hidden, a million of them.
            self.marks.hidden_rows.update(range(self.row, min(self.row + repeated, 2 * self.limits.rows)))

    def _cell(self, said: dict[str, str]) -> None:
        first = self.column + 1
        self.column += int(said.get("number-columns-repeated") or 1)
        wide, high = (int(said.get(f"number-{of}-spanned") or 1) for of in ("columns", "rows"))
        if wide * high > 1:
            self.marks.spans.append(((self.row, first), (self.row + high - 1, first + wide - 1)))
        if said.get("value-type") == "percentage" and said.get("value"):
            text = in_percent(said["value"])
            self.marks.written.update(
                ((line, cell), text)
                for line in range(self.row, self.row + self.rows)
                for cell in range(first, self.column + 1)
            )


def _local(name: str) -> str:
    """Return a name without its prefix."""
    return name.rpartition(":")[2]
