"""Rows and columns of the matrix of a data set, read without the rest of it.

A row lies in one piece and is read alone. The cells of a column lie in all rows: these pass by, a few
megabytes at a time, and no more than the column stays. Who wants several foresees them: rows pass by once.
"""

from collections.abc import Iterator, Sequence

import numpy as np

from indexer.models import DataSet
from indexer.selectors.block_parts import block_parts, block_pieces, whole_block
from weighting.numeric.arrays import FloatArray


def load_values(data_set: DataSet) -> None:
    """Give a data set that was fetched without its values these, piece by piece."""
    size = 8 * len(data_set.city_ids) * len(data_set.leaf_codes)
    data_set.values = whole_block(DataSet, data_set.pk, "values", size)


def unpack_values(data_set: DataSet) -> FloatArray:
    """Return the raw values, (units, leaves), NaN where missing."""
    shape = (len(data_set.city_ids), len(data_set.leaf_codes))
    return np.frombuffer(data_set.values, dtype="<f8").reshape(shape)


def columns_of(data_set: DataSet, columns: Sequence[int]) -> FloatArray:
    """Return the raw values of some leaves, (units, columns), NaN where missing."""
    if not _is_left_out(data_set):
        return unpack_values(data_set)[:, columns]
    foreseen = _foreseen(data_set)
    if foreseen.keys() >= set(columns):
        return np.stack([foreseen[column] for column in columns], axis=1)
    found, start = np.empty((len(data_set.city_ids), len(columns))), 0
    for rows in _passing_rows(data_set):
        found[start : start + len(rows)] = rows[:, columns]
        start += len(rows)
    return found


def foresee_columns(data_set: DataSet, columns: Sequence[int]) -> None:
    """Read together what will be asked for of some leaves, and keep it as long as the data set is there."""
    wanted = [column for column in columns if column not in _foreseen(data_set)]
    if wanted and _is_left_out(data_set):
        # A piece of its own for each, not every so many bytes of one.
        _foreseen(data_set).update(zip(wanted, columns_of(data_set, wanted).T.copy(), strict=True))


def _foreseen(data_set: DataSet) -> dict[int, FloatArray]:
    """Return the columns that were read already, by their leaves."""
    kept: dict[int, FloatArray] = vars(data_set).setdefault("foreseen_columns", {})
    return kept


def rows_of(data_set: DataSet, rows: Sequence[int]) -> FloatArray:
    """Return the raw values of some units, (rows, leaves), NaN where missing."""
    if not _is_left_out(data_set):
        return unpack_values(data_set)[rows]
    width = 8 * len(data_set.leaf_codes)
    parts = block_parts(DataSet, data_set.pk, "values", [(width * row, width * (row + 1)) for row in rows])
    return np.frombuffer(b"".join(parts), dtype="<f8").reshape(len(rows), len(data_set.leaf_codes))


def _is_left_out(data_set: DataSet) -> bool:
    return "values" in data_set.get_deferred_fields()


def _passing_rows(data_set: DataSet) -> Iterator[FloatArray]:
    """Yield all rows, some at a time, (rows, leaves)."""
    leaves = len(data_set.leaf_codes)
    width, size = 8 * leaves, 8 * leaves * len(data_set.city_ids)
    for piece in block_pieces(DataSet, data_set.pk, "values", size, row=width):
        yield np.frombuffer(piece, dtype="<f8").reshape(-1, leaves)
