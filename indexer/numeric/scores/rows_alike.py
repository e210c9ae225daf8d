"""Rows of a table that are alike to the last bit."""

import numpy as np

from weighting.numeric.arrays import FloatArray, IntArray


def number_rows(values: FloatArray, order: IntArray, besides: IntArray) -> tuple[IntArray, IntArray]:
    """Number the distinct pairs of a row and what stands beside it, first come first.

    Column by column the rows that are like another so far are told apart: mostly none is after the first.

    Parameters
    ----------
    values : float array, (rows, columns)
    order : int array, (rows,)
        In which the rows come.
    besides : int array, (rows,)

    Returns
    -------
    firsts : int array, (numbers,)
        The first row of each number.
    numbers : int array, (rows,)
    """
    first_like, alike = np.arange(len(order)), np.arange(len(order))
    groups = besides[order]
    for column in values.T:
        # Adding zero gives both zeros the same bits.
        bits = (column[order[alike]] + 0.0).view(np.int64)
        alike, groups = _alike(alike, groups, bits)
        if not len(alike):
            break
    if len(alike):
        starts = np.append(True, groups[1:] != groups[:-1])
        first_like[alike] = alike[starts][np.cumsum(starts) - 1]
    is_first = first_like == np.arange(len(order))
    kind = np.empty(len(order), dtype=np.int64)
    kind[order] = (np.cumsum(is_first) - 1)[first_like]
    return order[is_first], kind


def _alike(rows: IntArray, groups: IntArray, bits: IntArray) -> tuple[IntArray, IntArray]:
    """Divide groups of rows by their bits; return the rows that are not alone, by group, and their groups."""
    by_group = np.lexsort((rows, bits, groups))
    rows, groups, bits = rows[by_group], groups[by_group], bits[by_group]
    starts = np.append(True, (groups[1:] != groups[:-1]) | (bits[1:] != bits[:-1]))
    numbers = np.cumsum(starts) - 1
    several = np.bincount(numbers)[numbers] > 1
    return rows[several], numbers[several]
