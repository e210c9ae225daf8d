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
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from importlib.util import find_spec
from io import BytesIO, StringIO
from itertools import chain, islice
from pathlib import Path
from typing import Any, NamedTuple, Protocol
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from weighting.workbooks import NO_TIME, Sheet, workbook_pieces

# A spreadsheet takes a cell that starts with one of these for a formula.
FORMULA_SIGNS = ("=", "+", "-", "@")
# And, in some program or other, with one of these.
COMMAND_SIGNS = ("|", "%")
WIDE_SIGNS = ("＝", "＋", "－", "＠")
FORMULA_STARTS = (*FORMULA_SIGNS, *COMMAND_SIGNS, "\t", "\r", *WIDE_SIGNS)
NUMBER = re.compile(r"-?[0-9,.]+")
MARK = "'"
# Where a formula begins: spaces and quotation marks before it are lost on the way into some spreadsheet.
_LOST = r"[^\S\t\n\r]|[\"']"
_FORMULA = f"(?:{_LOST})*+[{re.escape(''.join((*FORMULA_SIGNS, *WIDE_SIGNS)))}]"
_START = f"(?:{_LOST})*+[{re.escape(''.join(FORMULA_STARTS))}]"
# A cell begins at the start of a text, and behind whatever ends one for a reader of other separators.
BEFORE_FORMULA = re.compile(rf"\A(?={_START})|(?<=[;\t\n|])(?={_FORMULA})")
MARKED_FORMULA = re.compile(rf"\A{MARK}(?={_START})|(?<=[;\t\n|]){MARK}(?={_FORMULA})")
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
WIDEST = 48
WIDTHS_OF_FACTS = (28, 80)
LINES_OF_A_PIECE = 200
PART_OF_A_FILE = 1 << 16


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


class Pieces(Protocol):
    """What yields a file piece by piece, so that rows can be read while it is sent."""

    def __call__(
        self, columns: Sequence[Heading], rows: Iterable[Sequence[object]], provenance: Sequence[Fact] = ()
    ) -> Iterator[bytes]: ...


class Format(NamedTuple):
    """A kind of file; one that is slow to write is made once and kept, unless it is sent in many pieces."""

    label: str
    content_type: str
    pieces: Pieces
    is_slow: bool = False
    comes_whole: bool = False


class NotInstalled(Exception):
    """The package that writes this kind of file is an optional extra, and is not there."""


def columns_of(*names: str) -> list[Heading]:
    """Return columns whose headings are their names, for files that programs read back."""
    return [Heading(name, name) for name in names]


def table_bytes(format: str, table: Table) -> bytes:
    """Write a table as one of `FORMATS`."""
    return b"".join(FORMATS[format].pieces(table.columns, table.rows, table.provenance))


def as_written(table: Table) -> bytes:
    """Return all that a table's files depend on: headings, rows and provenance as they read."""
    facts = [(fact.name, fact.label, _plain(fact.value)) for fact in table.provenance]
    rows = [[_plain(value) for value in row] for row in table.rows]
    return json.dumps([[*table.columns], facts, rows], ensure_ascii=False).encode()


def heads_of(columns: Sequence[Heading]) -> list[str]:
    """Return what people read above the columns; where several say the same, with the names for programs."""
    said = Counter(heading.label for heading in columns)
    return [
        heading.label if said[heading.label] == 1 else f"{heading.label} ({heading.name})"
        for heading in columns
    ]


def is_installed(format: str) -> bool:
    """Whether this installation can write a kind of file."""
    return format != "parquet" or find_spec("pyarrow") is not None


def csv_pieces(
    columns: Sequence[Heading], rows: Iterable[Sequence[object]], provenance: Sequence[Fact] = ()
) -> Iterator[bytes]:
    """Yield a CSV file.

    The provenance is repeated on every line; the first character lets spreadsheets read Chinese.
    """
    facts = [_safe_text(fact.value) for fact in provenance]
    labels = heads_of(columns) + [fact.label for fact in provenance]
    yield b"\xef\xbb\xbf" + _lines([map(_safe_text, labels)])
    lines = ([*map(_safe_text, row), *facts] for row in rows)
    while piece := list(islice(lines, LINES_OF_A_PIECE)):
        yield _lines(piece)


def write_csv(path: os.PathLike[str], header: Iterable[str], rows: Iterable[Iterable[object]]) -> None:
    """Write a file that our own commands read back: no provenance, texts as they come, nan as nothing."""
    with Path(path).open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(chain([header], (map(_plain, row) for row in rows)))


def _lines(rows: Iterable[Iterable[object]]) -> bytes:
    out = StringIO()
    csv.writer(out, lineterminator="\n").writerows(rows)
    return out.getvalue().encode()


def neutralise(text: str) -> str:
    """Keep a spreadsheet from running a text, or what its separators cut out of it, as a formula.

    An apostrophe stands before whatever would be one; `as_meant` takes it away again.
    """
    if text.isalnum() or NUMBER.fullmatch(text):
        return text
    # The writer puts no quotation marks around a bare return, which ends a line for spreadsheets.
    return BEFORE_FORMULA.sub(MARK, text.replace("\r\n", "\n").replace("\r", " "))


def as_meant(cell: str) -> str:
    """Return the text of a cell without the apostrophes that `neutralise` put into it."""
    return MARKED_FORMULA.sub("", cell)


def xlsx_pieces(
    columns: Sequence[Heading], rows: Iterable[Sequence[object]], provenance: Sequence[Fact] = ()
) -> Iterator[bytes]:
    """Yield a workbook: the rows on the first sheet and the provenance on the second."""
    return workbook_pieces(_sheets([("data", columns, rows)], provenance))


def workbook_of(tables: Mapping[str, Table], provenance: Iterable[Fact]) -> bytes:
    """Write each table on a sheet of its own, and what all were made from, if that is told, on the last."""
    named = [(name, table.columns, table.rows) for name, table in tables.items()]
    return b"".join(workbook_pieces(_sheets(named, provenance)))


def _sheets(
    tables: Iterable[tuple[str, Sequence[Heading], Iterable[Sequence[object]]]], provenance: Iterable[Fact]
) -> list[Sheet]:
    sheets = [
        Sheet(
            name,
            [min(max(2 * len(head), 10), WIDEST) for head in heads_of(columns)],
            heads_of(columns),
            (list(map(_cell_value, row)) for row in rows),
        )
        for name, columns, rows in tables
    ]
    facts = [[fact.label, _cell_value(fact.value)] for fact in provenance]
    return [*sheets, Sheet("provenance", WIDTHS_OF_FACTS, [], facts)] if facts else sheets


def zip_of(files: Mapping[str, bytes]) -> bytes:
    """Write files into one archive: the same files are the same bytes."""
    out = BytesIO()
    with ZipFile(out, "w", ZIP_DEFLATED) as archive:
        for name, content in sorted(files.items()):
            archive.writestr(ZipInfo(name, NO_TIME), content, ZIP_DEFLATED)
    return out.getvalue()


def zip_pieces(folder: Path, files: Iterable[Path]) -> Iterator[bytes]:
    """Yield an archive of files of a folder while they are made; no memory holds any of them whole."""
    sent = _Sent()
    with ZipFile(sent, "w", ZIP_DEFLATED) as archive:  # type: ignore[call-overload]
        for path in files:
            named = ZipInfo(str(path.relative_to(folder)), NO_TIME)
            named.compress_type, named.file_size = ZIP_DEFLATED, path.stat().st_size
            with path.open("rb") as file, archive.open(named, "w") as member:
                while part := file.read(PART_OF_A_FILE):
                    member.write(part)
                    yield sent.taken()
            yield sent.taken()
    yield sent.taken()


class _Sent:
    """What an archive is written to that nobody can go back in: its bytes since they were last taken."""

    def __init__(self) -> None:
        self._written: list[bytes] = []

    def write(self, data: bytes) -> int:
        self._written.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        """Do nothing, which the archive asks for."""

    def taken(self) -> bytes:
        """Return what was written since, and let it go."""
        taken = b"".join(self._written)
        self._written.clear()
        return taken


def json_pieces(
    columns: Sequence[Heading], rows: Iterable[Sequence[object]], provenance: Sequence[Fact] = ()
) -> Iterator[bytes]:
    """Yield a JSON document with a row on each line."""
    head = {
        "provenance": {fact.name: _plain(fact.value) for fact in provenance},
        "columns": [heading._asdict() for heading in columns],
    }
    yield _encoded(head).removesuffix("}").encode() + b', "rows": ['
    names = [heading.name for heading in columns]
    lines = (_encoded(dict(zip(names, map(_plain, row), strict=True))) for row in rows)
    before = "\n"
    while piece := list(islice(lines, LINES_OF_A_PIECE)):
        yield (before + ",\n".join(piece)).encode()
        before = ",\n"
    yield b"\n]}\n"


def _encoded(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def parquet_pieces(
    columns: Sequence[Heading], rows: Iterable[Sequence[object]], provenance: Sequence[Fact] = ()
) -> Iterator[bytes]:
    """Yield a Parquet file: the types of its columns are those of all rows, which it waits for."""
    if not is_installed("parquet"):
        raise NotInstalled("pyarrow")
    import pyarrow as pa
    from pyarrow import parquet

    plain = [[_plain(value) for value in row] for row in rows]
    arrays = {
        heading.name: pa.array(_of_one_kind([row[position] for row in plain]))
        for position, heading in enumerate(columns)
    }
    facts = {fact.name: "" if fact.value is None else str(_plain(fact.value)) for fact in provenance}
    out = BytesIO()
    parquet.write_table(pa.table(arrays, metadata=facts), out)
    yield out.getvalue()


def _of_one_kind(values: list[Any]) -> list[Any]:
    """Return a column as Parquet takes it: of one kind.

    An empty text among other values is one that is not there; what is mixed all the same is written as text.
    """
    kinds = {_kind_of(value) for value in values} - {None}
    if len(kinds) > 1 and "" in values:
        values = [None if value == "" else value for value in values]
        kinds = {_kind_of(value) for value in values} - {None}
    return [None if value is None else str(value) for value in values] if len(kinds) > 1 else values


def _kind_of(value: object) -> type | None:
    """Return what a value is for a column; whole numbers and others go together, None with all."""
    if value is None:
        return None
    return float if type(value) is int else type(value)


FORMATS = {
    "csv": Format("CSV", "text/csv; charset=utf-8", csv_pieces),
    "xlsx": Format("XLSX", XLSX, xlsx_pieces, is_slow=True),
    "json": Format("JSON", "application/json", json_pieces),
    "parquet": Format(
        "Parquet", "application/vnd.apache.parquet", parquet_pieces, is_slow=True, comes_whole=True
    ),
}


def _plain(value: object) -> Any:
    """Return a value that every kind of file holds; what is not a number is missing."""
    # Nearly all that long files hold.
    if type(value) is int or type(value) is str:
        return value
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
    return neutralise(plain) if isinstance(plain, str) else plain


def _cell_value(value: object) -> Any:
    return float(value) if isinstance(value, Decimal) else _plain(value)
