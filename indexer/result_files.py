"""Weights, scores and ranks as files, each number in full precision."""

import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np

from indexer.frames import UNIT
from indexer.numeric.studies.packed_counts import Histogram, PackedCounts, opened
from weighting.exports import neutralise, write_csv
from weighting.numeric.arrays import FloatArray, IntArray
from weighting.numeric.tree import NO_PARENT, Tree

# No study has more draws than this holds.
COUNT = np.dtype("<i4")


def write_weights(path: os.PathLike[str], tree: Tree, local: FloatArray, global_: FloatArray) -> None:
    """Write code, parent, local_weight, global_weight in full precision."""
    parents = ["" if parent == NO_PARENT else tree.codes[parent] for parent in tree.parents]
    rows = zip(tree.codes, parents, local.tolist(), global_.tolist(), strict=True)
    write_csv(path, ("code", "parent", "local_weight", "global_weight"), rows)


def write_ranking(
    path: os.PathLike[str],
    units: Sequence[str],
    scores: FloatArray,
    ranks: IntArray,
    reasons: Mapping[int, str] | None = None,
) -> None:
    """Write unit, score, rank in full precision, the first rank first.

    Where a unit may go without a score, ``reasons`` say why by its position: such units come last,
    and a column holds the reason.
    """
    if reasons is None:
        order = np.argsort(ranks, kind="stable")
        rows = zip(_names(units, order), scores[order].tolist(), ranks[order].tolist(), strict=True)
        write_csv(path, (UNIT, "score", "rank"), rows)
        return
    order = np.lexsort((np.arange(len(ranks)), ranks, ranks == 0))
    names = _names(units, order)
    with_reasons = (
        (name, scores[place], int(ranks[place]) or "", reasons.get(place, ""))
        for name, place in zip(names, order.tolist(), strict=True)
    )
    write_csv(path, (UNIT, "score", "rank", "reason"), with_reasons)


def write_nodes(
    path: os.PathLike[str], units: Sequence[str], codes: Sequence[str], scores: FloatArray
) -> None:
    """Write unit and the scores (units, nodes), one column per node, in full precision."""
    _write_matrix(path, list(map(neutralise, units)), codes, scores)


def write_rank_intervals(
    path: os.PathLike[str], units: Sequence[str], ranks: IntArray, columns: dict[str, FloatArray]
) -> None:
    """Write unit, rank and further columns in full precision, the first rank first."""
    order = np.argsort(ranks, kind="stable")
    further = [values[order].tolist() for values in columns.values()]
    rows = zip(_names(units, order), ranks[order].tolist(), *further, strict=True)
    write_csv(path, (UNIT, "rank", *columns), rows)


def write_rank_histogram(
    path: os.PathLike[str], units: Sequence[str], ranks: IntArray, histogram: Histogram, heads: Sequence[str]
) -> None:
    """Write unit and the counts (units, ranks or bands of ranks), the first rank first."""
    order = np.argsort(ranks, kind="stable")
    _write_matrix(path, _names(units, order), heads, _in_order(histogram, order))


def _in_order(histogram: Histogram, order: IntArray) -> Iterator[IntArray]:
    """Yield the rows of counts in some order.

    What is packed is opened once, into a file: the first units of a ranking lie in all blocks, and to open
    these for every few of them would take the square of the units.
    """
    if not isinstance(histogram, PackedCounts):
        yield from histogram[order]
        return
    columns = histogram.shape[1]
    with tempfile.TemporaryFile() as opened_once:
        for _rows, block in opened(histogram):
            opened_once.write(block.astype(COUNT, casting="same_kind").tobytes())
        opened_once.flush()
        for place in order.tolist():
            row = os.pread(opened_once.fileno(), columns * COUNT.itemsize, place * columns * COUNT.itemsize)
            yield np.frombuffer(row, dtype=COUNT)


def _names(units: Sequence[str], order: IntArray) -> list[str]:
    return [neutralise(units[place]) for place in order]


def _write_matrix(
    path: os.PathLike[str],
    names: Sequence[str],
    heads: Sequence[str],
    figures: Iterable[FloatArray | IntArray],
) -> None:
    # A row at a time: as Python's numbers the whole of it takes four times the room.
    rows = ([name, *row.tolist()] for name, row in zip(names, figures, strict=True))
    write_csv(path, (UNIT, *heads), rows)
