"""Tables as files: CSV, XLSX, JSON and Parquet, each with what its figures were made from.

Numbers are in full precision and text never runs as a formula. Spreadsheets (CSV, XLSX) carry
headings in the reader's language; programs (JSON, Parquet) find every column by its stable name.
The same table gives the same bytes: no file holds the time it was written.
"""

import csv
import json
import math
import os
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from importlib.util import find_spec
from io import BytesIO, StringIO
from itertools import chain, islice
from pathlib import Path
from typing import Any, NamedTuple
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter

# A spreadsheet takes a cell that starts with one of these for a formula.
FORMULA_SIGNS = ("=", "+", "-", "@")
# And, in some program or other, with one of these.
COMMAND_SIGNS = ("|", "%")
FORMULA_STARTS = (*FORMULA_SIGNS, *COMMAND_SIGNS, "\t", "\r", "＝", "＋", "－", "＠")
NUMBER = re.compile(r"-?[0-9,.]+")
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
# The earliest time a ZIP file can state.
NO_TIME = (1980, 1, 1, 0, 0, 0)
TIMES = re.compile(rb"<dcterms:(created|modified)\b.*?</dcterms:\1>")
WIDEST = 48
LINES_OF_A_PIECE = 1_000


class Heading(NamedTuple):
    """A column: its name for programs, and what people read above it."""

    name: str
    label: str


class Fact(NamedTuple):
    """One thing a table was made from: data set, version, method, seed, software."""

    name: str
    label: str
    value: object


@dataclass(frozen=True)
class Table:
    """Rows under headings, and what they were made from."""

    columns: Sequence[Heading]
    rows: Collection[Sequence[object]]
    provenance: Sequence[Fact] = ()


class Format(NamedTuple):
    """A kind of file; one that is slow to write is made once and kept where it is large."""

    label: str
    content_type: str
    write: Callable[[Table], bytes]
    is_slow: bool = False


class NotInstalled(Exception):
    """The package that writes this kind of file is an optional extra, and is not there."""


def columns_of(*names: str) -> list[Heading]:
    """Return columns whose headings are their names, for files that programs read back."""
    return [Heading(name, name) for name in names]


def table_bytes(format: str, table: Table) -> bytes:
    """Write a table as one of `FORMATS`."""
    return FORMATS[format].write(table)


def as_written(table: Table) -> bytes:
    """Return all that a table's files depend on: headings, rows and provenance as they read."""
    facts = [(fact.name, fact.label, _plain(fact.value)) for fact in table.provenance]
    rows = [[_plain(value) for value in row] for row in table.rows]
    return json.dumps([[*table.columns], facts, rows], ensure_ascii=False).encode()


def is_installed(format: str) -> bool:
    """Whether this installation can write a kind of file."""
    return format != "parquet" or find_spec("pyarrow") is not None


def _csv(table: Table) -> bytes:
    return b"".join(csv_pieces(table.columns, table.rows, table.provenance))


def csv_pieces(
    columns: Sequence[Heading], rows: Iterable[Sequence[object]], provenance: Sequence[Fact] = ()
) -> Iterator[bytes]:
    """Yield a CSV file piece by piece, so that rows can be read while it is sent.

    The provenance is repeated on every line; the first character lets spreadsheets read Chinese.
    """
    facts = [_safe_text(fact.value) for fact in provenance]
    labels = [heading.label for heading in columns] + [fact.label for fact in provenance]
    yield b"\xef\xbb\xbf" + _lines([map(_safe_text, labels)])
    lines = ([*map(_safe_text, row), *facts] for row in rows)
    while piece := list(islice(lines, LINES_OF_A_PIECE)):
        yield _lines(piece)


def write_csv(path: os.PathLike[str], header: Iterable[str], rows: Iterable[Iterable[object]]) -> None:
    """Write a file that our own commands read back: no provenance, texts as they come, nan as nothing."""
    Path(path).write_bytes(_csv_bytes(header, (map(_plain, row) for row in rows)))


def _csv_bytes(header: Iterable[object], rows: Iterable[Iterable[object]]) -> bytes:
    return _lines(chain([header], rows))


def _lines(rows: Iterable[Iterable[object]]) -> bytes:
    out = StringIO()
    csv.writer(out, lineterminator="\n").writerows(rows)
    return out.getvalue().encode()


def neutralise(text: str) -> str:
    """Keep a spreadsheet from running a text as a formula, also behind a return that would end its line."""
    # The writer puts no quotation marks around a bare return, which ends a line for spreadsheets.
    one_line = text.replace("\r", " ")
    return f"'{one_line}" if text.startswith(FORMULA_STARTS) else one_line


def _xlsx(table: Table) -> bytes:
    """Write the rows on the first sheet and the provenance on the second."""
    return workbook_of({"data": table}, table.provenance)


def workbook_of(tables: Mapping[str, Table], provenance: Iterable[Fact]) -> bytes:
    """Write each table on a sheet of its own, and what all were made from, if that is told, on the last."""
    book = Workbook(write_only=True)
    for name, table in tables.items():
        _fill_sheet(book.create_sheet(name), table)
    facts = list(provenance)
    if facts:
        about = book.create_sheet("provenance")
        about.column_dimensions["A"].width, about.column_dimensions["B"].width = 28, 80
    for fact in facts:
        about.append([_cell(about, fact.label, bold=True), _cell(about, fact.value)])
    out = BytesIO()
    book.save(out)
    return _without_times(out.getvalue())


def _fill_sheet(sheet: Any, table: Table) -> None:
    sheet.freeze_panes = "A2"
    for place, heading in enumerate(table.columns, start=1):
        sheet.column_dimensions[get_column_letter(place)].width = min(max(2 * len(heading.label), 10), WIDEST)
    sheet.append([_cell(sheet, heading.label, bold=True) for heading in table.columns])
    for row in table.rows:
        sheet.append([_cell(sheet, value) for value in row])


def zip_of(files: Mapping[str, bytes]) -> bytes:
    """Write files into one archive: the same files are the same bytes."""
    out = BytesIO()
    with ZipFile(out, "w", ZIP_DEFLATED) as archive:
        for name, content in sorted(files.items()):
            archive.writestr(ZipInfo(name, NO_TIME), content, ZIP_DEFLATED)
    return out.getvalue()


def _json(table: Table) -> bytes:
    names = [heading.name for heading in table.columns]
    document = {
        "provenance": {fact.name: _plain(fact.value) for fact in table.provenance},
        "columns": [heading._asdict() for heading in table.columns],
        "rows": [dict(zip(names, map(_plain, row), strict=True)) for row in table.rows],
    }
    return json.dumps(document, ensure_ascii=False, indent=1, allow_nan=False).encode()


def _parquet(table: Table) -> bytes:
    if not is_installed("parquet"):
        raise NotInstalled("pyarrow")
    import pyarrow as pa
    from pyarrow import parquet

    rows = [[_plain(value) for value in row] for row in table.rows]
    columns = {
        heading.name: pa.array([row[place] for row in rows]) for place, heading in enumerate(table.columns)
    }
    facts = {fact.name: "" if fact.value is None else str(_plain(fact.value)) for fact in table.provenance}
    out = BytesIO()
    parquet.write_table(pa.table(columns, metadata=facts), out)
    return out.getvalue()


FORMATS = {
    "csv": Format("CSV", "text/csv; charset=utf-8", _csv),
    "xlsx": Format(
        "XLSX", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", _xlsx, is_slow=True
    ),
    "json": Format("JSON", "application/json", _json),
    "parquet": Format("Parquet", "application/vnd.apache.parquet", _parquet, is_slow=True),
}


def _plain(value: object) -> Any:
    """Return a value that every kind of file holds; what is not a number is missing."""
    if hasattr(value, "dtype"):
        value = value.item()  # type: ignore[attr-defined]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if value is None or isinstance(value, (bool, int, str)):
        return value
    # Exact, as the API writes them.
    return value.isoformat() if isinstance(value, date) else str(value)


def _safe_text(value: object) -> object:
    plain = _plain(value)
    if not isinstance(plain, str) or NUMBER.fullmatch(plain):
        return plain
    safe = neutralise(plain)
    # A bar may be where a command begins, further on in a formula, too.
    return safe.replace("|", r"\|") if plain.startswith((*FORMULA_SIGNS, *COMMAND_SIGNS)) else safe


def _cell(sheet: Any, value: object, *, bold: bool = False) -> object:
    """Return a cell; text is stored as text, whatever it begins with."""
    plain = float(value) if isinstance(value, Decimal) else _plain(value)
    if isinstance(plain, float):
        # openpyxl would round to 16 digits, which is not always the same number.
        return _typed_cell(sheet, repr(plain), "n")
    if not isinstance(plain, str):
        return plain
    cell = _typed_cell(sheet, ILLEGAL_CHARACTERS_RE.sub("", plain), "s")
    if bold:
        cell.font = Font(bold=True)
    return cell


def _typed_cell(sheet: Any, text: str, kind: str) -> Any:
    cell = WriteOnlyCell(sheet, text)
    cell.data_type = kind
    return cell


def _without_times(workbook: bytes) -> bytes:
    """Take every time out of a workbook, so that the same table is the same file."""
    out = BytesIO()
    with ZipFile(BytesIO(workbook)) as old, ZipFile(out, "w", ZIP_DEFLATED) as new:
        for name in old.namelist():
            part = old.read(name)
            if name == "docProps/core.xml":
                part = TIMES.sub(b"", part)
            new.writestr(ZipInfo(name, NO_TIME), part, ZIP_DEFLATED)
    return out.getvalue()
