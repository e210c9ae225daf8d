"""What a workbook keeps and does not show, or shows as taken back.

Rows and columns are hidden, folded or filtered away, numbers struck through.
"""

from collections.abc import Callable, Iterable, Sequence

from weighting.readers.decisions import SAMPLES, Decisions, How
from weighting.readers.workbook import SheetRows
from weighting.readers.workbooks.scan import letters_of

HIDDEN = ("hidden_rows", "hidden_columns")
LEFT_OUT, KEPT, GAP = "left out", "kept", "gap"
# Names and something beside or below them make a table.
LEAST = 2


def settle_struck(sheet: SheetRows, decisions: Decisions, *, is_form: bool) -> SheetRows:
    """Return the sheet with gaps for numbers that are struck through, where somebody says so.

    A form, which shows no preview, is read as it is kept.
    """
    if not sheet.struck:
        return sheet
    rows = {line: row for row, line in enumerate(sheet.lines)}
    samples = [
        f"{letters_of(place + sheet.left + 1)}{line}: {sheet.rows[rows[line]].cells[place]}"
        for line, place in sorted(sheet.struck)[:SAMPLES]
    ]
    how: How = "likely" if is_form else "open"
    chosen = decisions.settle("struck", KEPT, how=how, options=[KEPT, GAP], samples=samples)
    return sheet.without_struck() if chosen == GAP else sheet


def settle_hidden(sheet: SheetRows, decisions: Decisions) -> SheetRows:
    """Return what a sheet shows, or by choice all that it keeps."""
    lines = [line for line in sheet.lines if line in sheet.hidden_lines]
    names = (_first(row.cells) for row in sheet.rows if row.line in sheet.hidden_lines)
    rows = _is_kept("hidden_rows", lines, len(sheet.lines), str, names, decisions)
    width = sheet.numbers.shape[1]
    places = sorted(sheet.hidden_places)
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
