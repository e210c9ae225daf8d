"""Rows and columns that a workbook keeps and does not show: hidden, folded or filtered away."""

from collections.abc import Callable, Iterable, Sequence

from weighting.readers.decisions import Decisions
from weighting.readers.workbook import SheetRows
from weighting.readers.workbooks.scan import letters_of

LEFT_OUT, KEPT = "left out", "kept"
# Names and something beside or below them make a table.
LEAST = 2


def settle_hidden(sheet: SheetRows, decisions: Decisions) -> SheetRows:
    """Return what a sheet shows, or by choice all that it keeps."""
    lines = [line for line in sheet.lines if line in sheet.hidden_lines]
    names = (_first(row.cells) for row in sheet.rows if row.line in sheet.hidden_lines)
    rows = _is_kept("hidden_rows", lines, len(sheet.lines), str, names, decisions)
    width = sheet.numbers.shape[1]
    places = [place for place in sorted(sheet.hidden_places) if place < width]
    places = [place for place in places if _first(row.cells[place] for row in sheet.rows)]
    heads = (_first(row.cells[place] for row in sheet.rows) for place in places)
    columns = _is_kept(
        "hidden_columns", places, width, lambda place: letters_of(place + sheet.left + 1), heads, decisions
    )
    return sheet if rows and columns else sheet.shown(all_rows=rows, all_columns=columns)


def _is_kept(
    kind: str,
    hidden: Sequence[int],
    count: int,
    called: Callable[[int], str],
    words: Iterable[str],
    decisions: Decisions,
) -> bool:
    """Settle whether some rows or columns, of so many, are read though they are not shown.

    Where no table is left without them, what is hidden likely is the table.
    """
    if not hidden:
        return True
    likely = LEFT_OUT if count - len(hidden) >= LEAST else KEPT
    samples = [_spans(hidden, called), *filter(None, words)]
    return decisions.settle(kind, likely, how="likely", options=[LEFT_OUT, KEPT], samples=samples) == KEPT


def _first(cells: Iterable[str]) -> str:
    return next(filter(None, cells), "")


def _spans(numbers: Sequence[int], called: Callable[[int], str]) -> str:
    """Name rows or columns by spans: 3–5, 9."""
    spans: list[list[int]] = []
    for number in numbers:
        if spans and spans[-1][-1] == number - 1:
            spans[-1][1:] = [number]
        else:
            spans.append([number])
    return ", ".join("–".join(map(called, span)) for span in spans)
