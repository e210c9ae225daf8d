"""Large plain tables at once, by pyarrow where it is there; what is not plain is read row by row."""

import importlib.util
from collections.abc import Sequence
from io import BytesIO

import numpy as np

from weighting.readers.columns import Body, Column, Packed, held, pick_rows
from weighting.readers.dialects import Dialect

# Below this nothing is gained.
LARGE = 1 << 20
BLANK_LINES = (b"\n\n", b"\n\r\n", b"\r\r")


def read_plain(data: bytes, dialect: Dialect, first: int, width: int, packed: Sequence[int]) -> Body | None:
    """Read the rows from line ``first`` on, of a clean text in UTF-8; None where it is not plain throughout.

    Plain is what has a row on each line, no quotes, and in the packed columns nothing but numbers and gaps
    that Python reads as the same.
    """
    if len(data) < LARGE or len(packed) * 2 < width or importlib.util.find_spec("pyarrow") is None:
        return None
    if b'"' in data or any(blank in data for blank in BLANK_LINES):
        return None
    import pyarrow
    from pyarrow import csv

    names = [str(place) for place in range(width)]
    numbers = {names[place] for place in packed}
    try:
        table = csv.read_csv(
            BytesIO(data),
            read_options=csv.ReadOptions(skip_rows=first - 1, column_names=names),
            parse_options=csv.ParseOptions(delimiter=dialect.separator, ignore_empty_lines=False),
            convert_options=csv.ConvertOptions(
                column_types={
                    name: pyarrow.float64() if name in numbers else pyarrow.string() for name in names
                },
                null_values=[""],
                strings_can_be_null=False,
            ),
        )
    except pyarrow.ArrowException:
        return None
    columns = [_column(column, name in numbers) for name, column in zip(names, table.columns, strict=True)]
    found = [column for column in columns if column is not None]
    if len(found) < width or ((b"e-" in data or b"E-" in data) and _has_zero(found)):
        return None
    kept = np.flatnonzero(held(found, table.num_rows))
    return Body([pick_rows(column, kept) for column in found], (kept + first).tolist(), [])


def _column(column: "pyarrow.ChunkedArray", is_number: bool) -> Column | None:  # type: ignore[name-defined]  # noqa: F821
    """Return a column; None of one with words or endless numbers in the place of numbers."""
    if not is_number:
        return [text.strip() for text in column.to_pylist()]
    values = column.to_numpy()
    if np.isinf(values).any() or np.isnan(values).sum() != column.null_count:
        return None
    return Packed(values)


def _has_zero(columns: Sequence[Column]) -> bool:
    """Tell a zero that may have been a number too small for a double."""
    return any(isinstance(column, Packed) and (column.values == 0).any() for column in columns)
