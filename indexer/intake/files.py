"""Bytes of a file of data to rows of text, refused early when they are too large or not what they seem."""

import importlib.util
import math
import re
from collections.abc import Container, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import PurePath
from typing import Any

import numpy as np
from django.conf import settings
from django.utils.translation import gettext as _

from indexer.intake.hints import Hints
from indexer.intake.years import sheet_of_year
from weighting.numeric.arrays import FloatArray, span_of
from weighting.readers import ProblemLog, Source
from weighting.readers.columns import Column, Packed, held, pack_matrix, pick_rows
from weighting.readers.decisions import Decisions
from weighting.readers.formats import archive, frictionless, table_of
from weighting.readers.formats.parcel import Parcel, parts_of
from weighting.readers.rows import ARCHIVE, is_markup, note_controls, read_bytes, unzipped
from weighting.readers.table import (
    Reading,
    Table,
    read_chosen_sheet,
    table_of_sheet,
    table_of_text,
)
from weighting.readers.workbook import OLD, OPEN_DOCUMENT, SheetLimits, is_workbook

MEGABYTE = 1024 * 1024
PARQUET = b"PAR1"
FOREIGN = {
    b"%PDF": "PDF",
    b"Rar!": "RAR",
    b"7z\xbc\xaf": "7Z",
}
# How a name may end, by what the bytes are.
ENDINGS = {
    "csv": {".csv", ".txt", ".tsv", ""},
    # An archive without a table is told to be none.
    "xlsx": {".xlsx", ".zip", ""},
    "xls": {".xls", ""},
    "ods": {".ods", ""},
    "zip": {".zip", ""},
    "parquet": {".parquet", ".pq", ""},
}
BATCH = 1000
# Each takes a look of its own; a tree has at most two thousand indicators, and a file some years of them.
MOST_COLUMNS = 20_000
# Columns of numbers that are unpacked at a time.
BLOCK = 64
# A spreadsheet's cell holds no more.
LONGEST_TEXT = 32_767
# Of a file that is read by a command half the memory is for its bytes, and half for what is made of its
# cells: their values, these once more side by side, and what is worked on at a time.
BYTES_A_CELL = 24


@dataclass(frozen=True)
class Limits:
    """How much a file of data may hold."""

    bytes: int
    cells: int
    is_by_memory: bool = False


# What comes in over the network.
UPLOAD = Limits(bytes=32 * MEGABYTE, cells=2_000_000)


def operator_limits() -> Limits:
    """Return what an operator may have read from the server's own disk: by the memory set aside."""
    half = settings.IMPORT_MEMORY_MB * 1_000_000 // 2
    return Limits(bytes=half, cells=half // BYTES_A_CELL, is_by_memory=True)


# The process that reads a workbook has room for this many.
SHEET = SheetLimits(rows=20_000, columns=4000, cells=400_000, takes_formulas=False, seeks_numbers=True)


@dataclass(frozen=True)
class FileTable:
    """A header, the rows below it, what kind of file they are from, the sheets not read and the one read.

    ``years`` are those that a workbook has a sheet for, if it has one for each.
    """

    table: Table
    kind: str
    other_sheets: tuple[str, ...] = ()
    sheet: str = ""
    years: tuple[str, ...] = ()


def reading_of_data(
    decisions: Decisions, hints: Hints | None = None, known: Container[str] | None = None
) -> Reading:
    """Return how a file of data is read, of a workbook the sheet of the year that is asked for."""
    hints = hints or Hints()

    def meant(sheets: Sequence[str], decisions: Decisions) -> list[str]:
        return sheet_of_year(sheets, hints, decisions)

    known = hints.units if known is None else known
    return Reading(decisions, known, is_form=False, kind="data", sheet_meant=meant)


def read_file(
    source: Source, name: str, log: ProblemLog, limits: Limits = UPLOAD, reading: Reading | None = None
) -> FileTable | None:
    """Read a text with any separator and in any encoding, XLSX, Parquet or a package of tables.

    None with the problem noted when there is nothing to go on with.
    """
    sent = read_bytes(source, log, limits.bytes)
    if sent is None or not _is_small_enough(sent, log, limits):
        return None
    data = unzipped(sent, log, limits.bytes)
    if data is None:
        return None
    if data is not sent:
        name = re.sub(r"\.gz$", "", name, flags=re.IGNORECASE)
    kind = _kind_of(data, log)
    if kind is None or not _is_named_so(name, kind, log):
        return None
    reading = reading or reading_of_data(Decisions())
    if kind == "parquet":
        table = _table_of_parquet(data, log, limits, reading)
        return FileTable(table, kind) if table else None

    def as_it_stands(part: bytes) -> Table | None:
        return _table_as_it_stands(part, log, limits, reading)

    table = table_of(Parcel(data, log, reading, SHEET, as_it_stands, limits.bytes))
    if table is None or _has_too_many_columns(len(table.header), log):
        return None
    return _with_other_sheets(table, kind)


def _with_other_sheets(table: Table, kind: str) -> FileTable:
    """Return a table with the names of the sheets that were not read, and of the years that sheets are of."""
    made = {made.kind: made for made in table.decisions.made}
    sheets = made.get("sheet")
    if sheets is None:
        return FileTable(table, kind)
    others = tuple(name for name in sheets.options if name != sheets.value)
    return FileTable(table, kind, others, sheets.value, made["year"].options if "year" in made else ())


def _table_as_it_stands(data: bytes, log: ProblemLog, limits: Limits, reading: Reading) -> Table | None:
    if is_workbook(data):
        return table_of_sheet(read_chosen_sheet(data, log, reading, SHEET), log, reading)

    def fits(cells: int, columns: int) -> bool:
        if cells > limits.cells:
            _note_too_many_cells(log, limits)
            return False
        return not _has_too_many_columns(columns, log)

    return table_of_text(data, log, reading, fits)


def _is_small_enough(data: bytes, log: ProblemLog, limits: Limits) -> bool:
    if len(data) > limits.bytes:
        message = _(
            "The file is larger than %(size)d MB. Leave out what is not needed, or have it read on the "
            "server by manage.py import_data_set."
        )
        if limits.is_by_memory:
            message = _(
                "The file is larger than %(size)d MB. Leave out what is not needed, or set IMPORT_MEMORY_MB "
                "higher."
            )
        log.add(message % {"size": limits.bytes // MEGABYTE})
    return len(data) <= limits.bytes


def _note_too_many_cells(log: ProblemLog, limits: Limits) -> None:
    message = _(
        "The file has more than %(most)s cells. Leave out what is not needed, or have it read on the "
        "server by manage.py import_data_set."
    )
    if limits.is_by_memory:
        message = _(
            "The file has more than %(most)s cells. Leave out what is not needed, or set IMPORT_MEMORY_MB "
            "higher."
        )
    log.add(message % {"most": f"{limits.cells:,}"})


def _kind_of(data: bytes, log: ProblemLog) -> str | None:
    """Tell what the bytes are, whatever the file is called."""
    for start, kind in FOREIGN.items():
        if data.startswith(start):
            message = _("This is a file of the kind %(kind)s. Save the table as CSV, XLSX or Parquet.")
            log.add(message % {"kind": kind})
            return None
    if is_markup(data, log):
        return None
    if data.startswith(OLD):
        return "xls"
    if data.startswith(ARCHIVE):
        return _kind_of_archive(data)
    return "parquet" if data.startswith(PARQUET) else "csv"


def _kind_of_archive(data: bytes) -> str:
    if frictionless.is_package(data) or archive.is_archive(data):
        return "zip"
    return "ods" if parts_of(data) >= OPEN_DOCUMENT else "xlsx"


def _is_named_so(name: str, kind: str, log: ProblemLog) -> bool:
    ending = PurePath(name).suffix.casefold()
    if ending not in ENDINGS[kind]:
        message = _(
            "The name ends with “%(ending)s”, but the file holds %(kind)s. Send the file that you meant, or "
            "give it its proper name."
        )
        log.add(message % {"ending": ending, "kind": kind.upper()})
        return False
    return True


def _table_of_parquet(data: bytes, log: ProblemLog, limits: Limits, reading: Reading) -> Table | None:
    if importlib.util.find_spec("pyarrow") is None:
        log.add(
            _(
                "Parquet files are not read here: the package pyarrow is not installed. Save the table as "
                "CSV, or have the operator install requirements-parquet.txt."
            )
        )
        return None
    import pyarrow
    import pyarrow.parquet

    try:
        file = pyarrow.parquet.ParquetFile(BytesIO(data))
        if not _is_parquet_small(file.metadata, log, limits) or not _is_flat(file.schema_arrow, log):
            return None
        header = tuple(str(name) for name in file.schema_arrow.names)
        # A text that stands in many cells stays one text: a small file can repeat a long one endlessly.
        file = pyarrow.parquet.ParquetFile(BytesIO(data), read_dictionary=_text_columns(file.schema_arrow))
        if note_controls(header, 1, log):
            return None
        columns = _columns_of_parquet(file, header, log)
        if columns is None:
            return None
        kept = np.flatnonzero(held(columns, len(columns[0]) if columns else 0))
        # Counted from 2, as in a file with a header.
        return Table(
            header,
            pick_rows(columns, kept),
            (kept + 2).tolist(),
            "",
            reading.decisions,
        )
    except (pyarrow.ArrowException, OSError, ValueError):
        log.add(_("This cannot be read as a Parquet file. Write it again, or save the table as CSV."))
        return None
    finally:
        # Kept for a next file otherwise, which may never come.
        pyarrow.default_memory_pool().release_unused()


def _has_too_many_columns(count: int, log: ProblemLog) -> bool:
    if count > MOST_COLUMNS:
        message = _("The table has more than %(most)s columns. Leave out what is not needed.")
        log.add(message % {"most": f"{MOST_COLUMNS:,}"}, row=1)
    return count > MOST_COLUMNS


def _is_parquet_small(metadata: Any, log: ProblemLog, limits: Limits) -> bool:
    """Hold what the file says of itself against the limits, before anything is unpacked."""
    unpacked = sum(metadata.row_group(place).total_byte_size for place in range(metadata.num_row_groups))
    if metadata.num_rows * metadata.num_columns > limits.cells:
        _note_too_many_cells(log, limits)
        return False
    if _has_too_many_columns(metadata.num_columns, log):
        return False
    if unpacked > 4 * limits.bytes:
        message = _("Unpacked, the file is larger than %(most)d MB. Leave out what is not needed.")
        log.add(message % {"most": 4 * limits.bytes // MEGABYTE})
        return False
    return True


def _is_flat(schema: Any, log: ProblemLog) -> bool:
    """Take one value in a cell: a list of a million would be one, too."""
    nested = [name for name, kind in zip(schema.names, schema.types, strict=True) if kind.num_fields]
    message = _("The column “%(name)s” holds lists or records. Write one value into each cell.")
    for name in nested:
        log.add(message % {"name": name})
    return not nested


def _text_columns(schema: Any) -> list[str]:
    import pyarrow

    texts = (pyarrow.string(), pyarrow.large_string(), pyarrow.binary(), pyarrow.large_binary())
    return [name for name, kind in zip(schema.names, schema.types, strict=True) if kind in texts]


def _columns_of_parquet(file: Any, header: Sequence[str], log: ProblemLog) -> list[Column] | None:
    """Return every column: one of floats packed as it is, any other as text."""
    import pyarrow

    kinds = file.schema_arrow.types
    packed = [place for place, kind in enumerate(kinds) if kind in (pyarrow.float32(), pyarrow.float64())]
    other = sorted({*range(len(header))} - {*packed})
    texts = _texts_of_parquet(file, header, other, log)
    if texts is None:
        return None
    found: dict[int, Column] = dict(texts)
    found |= zip(packed, _numbers_of_parquet(file, header, packed), strict=True)
    return [found[place] for place in range(len(header))]


def _numbers_of_parquet(file: Any, header: Sequence[str], packed: Sequence[int]) -> list[Packed]:
    """Return the columns of floats, some at a time put into the rows of one matrix."""
    numbers, odd = np.empty((file.metadata.num_rows, len(packed))), dict[int, dict[int, str]]()
    low, high = np.empty((2, len(packed)))
    for start in range(0, len(packed), BLOCK):
        places = packed[start : start + BLOCK]
        names, part = _names_of(header, places), slice(start, start + len(places))
        columns = file.read(columns=names, use_threads=False).columns
        taken = columns if names else [columns[place] for place in places]
        block = np.array([column.to_numpy() for column in taken], dtype=float)
        endless = np.flatnonzero(np.isinf(block).any(axis=1)).tolist()
        odd |= {start + at: _take_endless(block[at]) for at in endless}
        low[part], high[part] = span_of(block.T)
        numbers[:, part] = block.T
    return pack_matrix(numbers, odd, low, high)


def _names_of(header: Sequence[str], places: Sequence[int]) -> list[str] | None:
    """Return the names by which some columns can be read alone; None where they do not tell them apart."""
    is_plain = len(set(header)) == len(header) and not any("." in name for name in header)
    return [header[place] for place in places] if is_plain else None


def _texts_of_parquet(
    file: Any, header: Sequence[str], places: Sequence[int], log: ProblemLog
) -> dict[int, list[str]] | None:
    """Return the columns that are no floats, by their places; None with the problem noted."""
    found: dict[int, list[str]] = {place: [] for place in places}
    line, names = 2, _names_of(header, places)
    for batch in file.iter_batches(batch_size=BATCH, columns=names) if places else ():
        if _note_long_texts(batch, log):
            return None
        columns = batch.columns if names else [batch.columns[place] for place in places]
        for texts, column in zip(found.values(), columns, strict=True):
            new = ["" if value is None else _text_of(value) for value in column.to_pylist()]
            if note_controls(new, line, log):
                return None
            texts.extend(new)
        line += batch.num_rows
    return found


def _take_endless(values: FloatArray) -> dict[int, str]:
    """Leave gaps where a column has no number's end, and return how that is written, by row."""
    endless = np.flatnonzero(np.isinf(values))
    odd = {row: str(values[row]) for row in endless.tolist()}
    values[endless] = math.nan
    return odd


def _note_long_texts(batch: Any, log: ProblemLog) -> bool:
    import pyarrow
    from pyarrow import compute

    for name, column in zip(batch.schema.names, batch.columns, strict=True):
        if not pyarrow.types.is_dictionary(column.type):
            continue
        longest = compute.max(compute.binary_length(column.dictionary)).as_py() or 0
        if longest > LONGEST_TEXT:
            message = _(
                "The column “%(name)s” holds texts longer than %(most)d characters. Send the table of "
                "values alone."
            )
            log.add(message % {"name": name, "most": LONGEST_TEXT})
            return True
    return False


def _text_of(value: object) -> str:
    if isinstance(value, float):
        return "" if math.isnan(value) else repr(value)
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value).strip()
