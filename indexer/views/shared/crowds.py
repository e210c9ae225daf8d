"""Scatters of more units than have room for a mark each."""

import numpy as np

from indexer import charts
from weighting.numeric.arrays import FloatArray, IntArray

# More units than this are counted in a net of so many rectangles, and the furthest alone have marks.
MOST_MARKS, FURTHEST, NET = 5_000, 200, (72, 48)
# Of the table beside a scatter; the file holds all.
LISTED = 500


def marked_places(x: FloatArray, y: FloatArray, residuals: FloatArray) -> IntArray:
    """Return which units get a mark: all, or of many the furthest from the line and the outermost."""
    if len(x) <= MOST_MARKS:
        return np.arange(len(x))
    furthest = np.argsort(-np.abs(residuals), kind="stable")[:FURTHEST]
    outermost = [int(find(of)) for of in (x, y) for find in (np.argmin, np.argmax)]
    return np.unique(np.append(furthest, outermost))


def crowd_of(x: FloatArray, y: FloatArray, *, logarithmic: bool = False) -> list[charts.ScatterCell]:
    """Count units in the rectangles of a net, even as they are drawn; none where each has a mark."""
    if len(x) <= MOST_MARKS:
        return []
    drawn_x, drawn_y = (np.log(x), np.log(y)) if logarithmic else (x, y)
    counts, *edges = np.histogram2d(drawn_x, drawn_y, bins=NET)
    across, upwards = ((np.exp(edge) if logarithmic else edge).tolist() for edge in edges)
    return [
        charts.ScatterCell(across[i], across[i + 1], upwards[j], upwards[j + 1], int(counts[i, j]))
        for i, j in np.argwhere(counts > 0).tolist()
    ]
