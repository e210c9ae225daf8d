"""A sheet of OpenDocument: what the library that reads values does not tell."""

from xml.parsers import expat

from .scan import Limits, Marks
from .styles import in_percent

# A row or a column that is folded away, or that a filter leaves out.
HIDDEN = ("collapse", "filter")


def marks_in_document(content: bytes, place: int, limits: Limits) -> Marks:
    """Return the cells of a sheet that are shown in percent, and the rows and columns that are not shown."""
    marks = Marks()
    if b'"percentage"' not in content and b':visibility="' not in content:
        return marks
    path, sheet = [""], -1
    row = column = 0
    rows = 1
    columns_before = 0

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal sheet, row, column, rows, columns_before
        path.append(name.rpartition(":")[2])
        said = {key.rpartition(":")[2]: value for key, value in attributes.items()}
        # Those within a picture or a chart are no sheets.
        if path[-2:] == ["spreadsheet", "table"]:
            sheet, row, rows, columns_before = sheet + 1, 0, 1, 0
        elif sheet != place or "spreadsheet" not in path or "shapes" in path or "frame" in path:
            return
        elif path[-1] == "table-column":
            columns = int(said.get("number-columns-repeated") or 1)
            if said.get("visibility") in HIDDEN:
                last = min(columns_before + columns, limits.columns)
                marks.hidden_columns.update(range(columns_before + 1, last + 1))
            columns_before += columns
        elif path[-1] == "table-row":
            row, column, rows = row + rows, 0, int(said.get("number-rows-repeated") or 1)
            if said.get("visibility") in HIDDEN:
                # Below the last row of values all others may be hidden, a million of them.
                marks.hidden_rows.update(range(row, min(row + rows, 2 * limits.rows)))
        elif path[-1] in ("table-cell", "covered-table-cell"):
            columns = int(said.get("number-columns-repeated") or 1)
            wide, high = (int(said.get(f"number-{of}-spanned") or 1) for of in ("columns", "rows"))
            if wide * high > 1:
                marks.spans.append(((row, column + 1), (row + high - 1, column + wide)))
            if said.get("value-type") == "percentage" and said.get("value"):
                text = in_percent(said["value"])
                marks.written.update(
                    ((line, cell), text)
                    for line in range(row, row + rows)
                    for cell in range(column + 1, column + columns + 1)
                )
            column += columns

    parser = expat.ParserCreate()
    parser.StartElementHandler, parser.EndElementHandler = start, lambda _name: path.pop()
    parser.Parse(content, True)
    return marks
