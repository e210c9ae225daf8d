"""What workers counted of a study: named arrays that add up for any division of the work.

Whole-number counts of different chunks are added; what is kept for each draw or case is joined, in the
order of the chunks.
"""

from collections.abc import Iterable, Sequence
from functools import reduce
from typing import Any

import numpy as np

from indexer.numeric.scores.index import Index, ranks_in_parts
from indexer.numeric.scores.rank_bands import Bands, bands_of
from indexer.numeric.studies.blocks import Tally
from indexer.numeric.studies.packed_counts import PackedCounts, added, in_blocks, opened
from indexer.numeric.studies.rank_counts import Exactly, RankCounts
from weighting.numeric.arrays import BoolArray, FloatArray, IntArray

# Central weights are means of weights as whole numbers of this size, so that their sums are
# exact: 10^9 draws of weight 1 stay below 2^63.
WEIGHT_UNIT = 2.0**-32
JOINED = frozenset(
    {"shift_sums", "spearman", "kendall", "outputs", "ranks", "shifts_without", "possible", "audited"}
)


def merge_tallies(tallies: Iterable[Tally]) -> Tally:
    """Add what counts, join what is kept for each draw; the tallies in the order of their chunks.

    They are taken one at a time, so that only a few are held at once. Raises ValueError where ranks were
    counted in different bands.
    """
    sums: Tally = {}
    kept: dict[str, list[FloatArray]] = {}
    for tally in tallies:
        for name, array in tally.items():
            if name in JOINED:
                kept.setdefault(name, []).append(array)
                continue
            # Counted before histograms were packed, perhaps.
            counted = in_blocks(array) if name == "histogram" else array
            if name == "histogram" and name in sums and counted.shape != sums[name].shape:
                raise ValueError("parts that were counted in other bands of ranks")
            sums[name] = _sum(sums[name], counted) if name in sums else counted
    return sums | {name: np.concatenate(arrays, axis=-1) for name, arrays in kept.items()}


def counts_of(tally: Tally, method: int | None = None) -> RankCounts:
    """Return the counts of a tally of ranks; the shifts of one method, or of all together."""
    no_pairs, histogram = np.empty((0, 2), dtype=np.int64), in_blocks(tally["histogram"])
    if "shift_sums" in tally:
        sums = tally["shift_sums"]
        exactly = Exactly(tally["rank_sums"], tally["kept"], sums.ravel() if method is None else sums[method])
        return RankCounts(histogram, np.empty(0, dtype=np.int64), no_pairs, exactly)
    shifts = np.atleast_2d(tally["shifts"])
    return RankCounts(histogram, shifts.sum(axis=0) if method is None else shifts[method], no_pairs)


def central_weights(tally: Tally) -> tuple[FloatArray, BoolArray]:
    """Return the mean weights under which each unit is first, (units, nodes), and who ever is.

    References
    ----------
    R. Lahdelma & P. Salminen, Operations Research 49 (2001), 444-454, doi:10.1287/opre.49.3.444.11220
    """
    times = np.concatenate([block[:, 0] for _rows, block in opened(tally["histogram"])])
    ever: BoolArray = times > 0
    sums = tally["first_weights"] * WEIGHT_UNIT
    return np.divide(
        sums, times[:, np.newaxis], out=np.full(sums.shape, np.nan), where=ever[:, np.newaxis]
    ), ever


def tally_of_counts(counts: Sequence[RankCounts]) -> Tally:
    """Return counts of several methods, one each: ranks added up, shifts side by side, (methods, sums)."""
    histogram = reduce(added, [part.histogram for part in counts])
    exactly = [part.exactly for part in counts if part.exactly is not None]
    if exactly:
        return {
            "histogram": histogram,
            "rank_sums": reduce(np.add, [part.rank_sums for part in exactly]),
            "kept": reduce(np.add, [part.kept for part in exactly]),
            "shift_sums": np.stack([part.shift_sums for part in exactly]),
        }
    size = max(len(part.shifts) for part in counts)
    return {
        "histogram": histogram,
        "shifts": np.stack([np.pad(part.shifts, (0, size - len(part.shifts))) for part in counts]),
    }


def tally_of_correlations(parts: list[tuple[FloatArray, FloatArray]], methods: int) -> Tally:
    """Join both coefficients of each chunk, (methods, draws of the chunk), along the draws."""
    nothing = np.empty((methods, 0))
    return {
        "spearman": np.concatenate([nothing, *(rho for rho, _ in parts)], axis=1),
        "kendall": np.concatenate([nothing, *(tau for _, tau in parts)], axis=1),
    }


def tally_of_cases(ranks: IntArray, nominal: IntArray) -> Tally:
    """Count ranks that are at hand, (units, cases)."""
    bands = bands_of(len(nominal))
    sums = np.abs(ranks - nominal[:, np.newaxis]).sum(axis=0)
    if bands.is_exact:
        return {"histogram": _histogram(ranks, bands), "shifts": np.bincount(sums)[np.newaxis]}
    packed = PackedCounts((len(nominal), len(bands.firsts)))
    for rows in packed.parts():
        packed.put(rows, _histogram(ranks[rows], bands))
    kept = (ranks == nominal[:, np.newaxis]).sum(axis=1)
    return {
        "histogram": packed,
        "rank_sums": ranks.sum(axis=1),
        "kept": kept,
        "shift_sums": sums[np.newaxis],
    }


def _histogram(ranks: IntArray, bands: Bands) -> IntArray:
    """Count the ranks of each unit, (units, cases) -> (units, bands)."""
    shape = len(ranks), len(bands.firsts)
    cells = bands.of_place[ranks - 1] + shape[1] * np.arange(len(ranks))[:, np.newaxis]
    return np.bincount(cells.ravel(), minlength=shape[0] * shape[1]).reshape(shape)


def add_first_weights(firsts: IntArray, index: Index, local: FloatArray) -> None:
    """Add the local weights, (nodes, versions), to the rows of ``firsts`` of the units first under them.

    ``firsts``, (units, nodes), counts in whole `WEIGHT_UNIT`, so that parts add up in any order.
    """
    units, start = np.rint(local.T / WEIGHT_UNIT).astype(np.int64), 0
    for ranks in ranks_in_parts(index, local):
        version, city = np.nonzero(ranks == 1)
        np.add.at(firsts, city, units[start + version])
        start += len(ranks)


def _sum(total: Any, array: Any) -> Any:
    """Add counts; of shifts either may reach further along the last axis."""
    if array.shape == total.shape:
        # In its place: of many units both are large, and nobody else holds the total.
        total += array
        return total
    size = max(total.shape[-1], array.shape[-1])
    room = [(0, 0)] * (total.ndim - 1)
    both = (np.pad(part, [*room, (0, size - part.shape[-1])]) for part in (total, array))
    return reduce(np.add, both)
