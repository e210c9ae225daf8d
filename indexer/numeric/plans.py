"""Studies of sensitivity cut into chunks: any worker tallies any chunks, and the tallies add up.

A tally is a set of named arrays. Whole-number counts of different chunks are added; what is
kept for each draw or case is joined, in the order of the chunks. Either way the result is the
same for any division of the chunks and any number of workers.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any, Protocol

import numpy as np

from indexer.numeric.blocks import Tally
from indexer.numeric.node_steps import NodeSteps
from indexer.numeric.packed_counts import PackedCounts, added, in_blocks, opened
from indexer.numeric.rank_bands import Bands, bands_of
from indexer.numeric.rank_correlation import kendall_by_version, spearman_by_version
from indexer.numeric.rank_counts import Exactly, RankCounts
from indexer.numeric.sensitivity import drop_cities, group_outputs, leave_nodes_out
from indexer.numeric.study_memory import dropped_memory, outputs_memory, rank_memory
from indexer.numeric.uncertainty import (
    CHUNK,
    Index,
    RankCounter,
    SeededDraws,
    rank_counter,
    ranks_in_parts,
)
from weighting.numeric.arrays import BoolArray, FloatArray, IntArray
from weighting.numeric.tree import Tree

# Rank correlations are kept draw by draw, so for the first chunks only: 1,024 draws, and fewer where
# there are more ranks in them than a part has time for.
CORRELATED_CHUNKS = 2
CORRELATED_RANKS = CHUNK * 100_000
NODES_PER_CHUNK = 32
CITIES_PER_CHUNK = 16
# Central weights are means of weights as whole numbers of this size, so that their sums are
# exact: 10^9 draws of weight 1 stay below 2^63.
WEIGHT_UNIT = 2.0**-32
JOINED = frozenset(
    {"shift_sums", "spearman", "kendall", "outputs", "ranks", "shifts_without", "possible", "audited"}
)


class Versions(Protocol):
    """Versions of the weights, chunk by chunk; the same chunk is the same whoever asks."""

    @property
    def draws(self) -> int:
        """How many versions there are."""

    @property
    def chunks(self) -> int:
        """How many chunks there are."""

    def draw(self, chunk: int) -> FloatArray:
        """Return the local weights of one chunk, (nodes, versions of the chunk)."""


class Plan(Protocol):
    """All that a worker needs to count its share of a study."""

    @property
    def chunks(self) -> int:
        """How many chunks the study has."""

    @property
    def rankings(self) -> int:
        """About how often each version or case is scored and ranked."""

    def memory_for(self, units: int) -> int:
        """Return the bytes that a process needs at most, were the study of so many units."""

    def tally(self, chunks: Iterable[int]) -> Tally:
        """Count some chunks, in rising order."""


@dataclass(frozen=True, eq=False)
class GivenVersions:
    """Versions that are known beforehand, such as those of the jackknife, (nodes, versions)."""

    local: FloatArray

    @property
    def draws(self) -> int:
        """How many versions there are."""
        return self.local.shape[1]

    @property
    def chunks(self) -> int:
        """How many chunks the versions are cut into."""
        return -(-self.draws // CHUNK)

    def draw(self, chunk: int) -> FloatArray:
        """Return one chunk of the versions."""
        return self.local[:, chunk * CHUNK : (chunk + 1) * CHUNK]


@dataclass(frozen=True, eq=False)
class RankPlan:
    """Ranks under many versions of the weights, by one method or by several.

    Attributes
    ----------
    indices : sequence of Index
        One for each method; their nominal ranks are all those of the base.
    versions : Versions
    with_central : bool
        Whether to add up the weights under which a unit is first (SMAA).
    """

    indices: Sequence[Index]
    versions: Versions
    with_central: bool = False

    @property
    def chunks(self) -> int:
        """How many chunks there are to count."""
        return self.versions.chunks

    @property
    def rankings(self) -> int:
        """Once by each method."""
        return len(self.indices)

    def memory_for(self, units: int) -> int:
        """All methods are counted at once."""
        tree = self.indices[0].tree
        nodes = len(tree) if self.with_central else 0
        return rank_memory(
            units=units, leaves=len(tree.leaves), methods=len(self.indices), central_nodes=nodes
        )

    def tally(self, chunks: Iterable[int]) -> Tally:
        """Return histogram, shifts (methods, sums), correlations and first-place weights."""
        counters = [rank_counter(index) for index in self.indices]
        correlations: list[tuple[FloatArray, FloatArray]] = []
        firsts = np.zeros((len(self._nominal), len(self.indices[0].tree)), dtype=np.int64)
        for chunk in chunks:
            local = self.versions.draw(chunk)
            for counter in counters:
                counter.add(local)
            if chunk < CORRELATED_CHUNKS:
                correlations.append(self._correlate(local[:, : self._correlated]))
            if self.with_central:
                _add_firsts(firsts, self.indices[0], local)
        counts = [counter.counts() for counter in counters]
        tally = _tally_of(counts) | _correlations(correlations, len(self.indices))
        return tally | ({"first_weights": firsts} if self.with_central else {})

    def count_wins(self, pairs: IntArray) -> IntArray:
        """Draw everything again and count, of (pairs, 2) units, how often each is above the other."""
        cities, places = np.unique(pairs, return_inverse=True)
        among = places.reshape(pairs.shape)
        counters = [
            rank_counter(index, pairs)
            if index.formed.looks_at_all
            else RankCounter(index.of_cities(cities), among)
            for index in self.indices
        ]
        for chunk in range(self.chunks):
            local = self.versions.draw(chunk)
            for counter in counters:
                counter.add(local)
        wins: IntArray = np.sum([counter.counts().wins for counter in counters], axis=0)
        return wins

    @property
    def _correlated(self) -> int:
        """How many draws of a chunk are correlated with the nominal ranking."""
        return max(1, CORRELATED_RANKS // len(self._nominal))

    @property
    def _nominal(self) -> IntArray:
        return self.indices[0].nominal_ranks

    def _correlate(self, local: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return both coefficients, (methods, draws of the chunk)."""
        both = [self._correlate_one(index, local) for index in self.indices]
        return np.stack([rho for rho, _ in both]), np.stack([tau for _, tau in both])

    def _correlate_one(self, index: Index, local: FloatArray) -> tuple[FloatArray, FloatArray]:
        parts = [
            (spearman_by_version(self._nominal, ranks), kendall_by_version(self._nominal, ranks))
            for ranks in ranks_in_parts(index, local)
        ]
        return np.concatenate([rho for rho, _ in parts]), np.concatenate([tau for _, tau in parts])


@dataclass(frozen=True, eq=False)
class LeftOutPlan:
    """The ranking without each of some indicators or branches."""

    index: Index
    nodes: IntArray

    @property
    def chunks(self) -> int:
        """How many chunks of nodes there are."""
        return -(-len(self.nodes) // NODES_PER_CHUNK)

    @property
    def rankings(self) -> int:
        """A node that leaves changes its group, and those above it."""
        return 2 + len(self.index.tree.groups)

    def memory_for(self, units: int) -> int:
        """The ranks of every case are kept, and scored a chunk at a time."""
        cases = len(self.nodes) + NODES_PER_CHUNK
        return rank_memory(units=units, leaves=len(self.index.tree.leaves), given_cases=cases)

    def tally(self, chunks: Iterable[int]) -> Tally:
        """Return the ranks of every case, (units, nodes left out), and what they add up to."""
        nominal = self.index.nominal_ranks
        ranks = np.concatenate(
            [leave_nodes_out(self.index, self._nodes_of(chunk)).ranks for chunk in chunks], axis=1
        )
        return _count_cases(ranks, nominal) | {
            "ranks": ranks,
            "spearman": spearman_by_version(nominal, ranks.T)[np.newaxis],
            "kendall": kendall_by_version(nominal, ranks.T)[np.newaxis],
        }

    def _nodes_of(self, chunk: int) -> IntArray:
        return self.nodes[chunk * NODES_PER_CHUNK : (chunk + 1) * NODES_PER_CHUNK]


@dataclass(frozen=True, eq=False)
class SobolPlan:
    """Outputs of the pick-and-freeze design of `group_outputs`, sample by sample.

    Attributes
    ----------
    draws : SeededDraws
    city : int, optional
        Whose rank (or score) is the output; R_S without one.
    """

    index: Index
    draws: SeededDraws
    city: int | None = None
    of_score: bool = False

    @property
    def chunks(self) -> int:
        """How many chunks of samples there are."""
        return self.draws.chunks

    @property
    def rankings(self) -> int:
        """Each sample with every group of weights exchanged, and twice whole."""
        return 2 + len(self.index.tree.groups)

    def memory_for(self, units: int) -> int:
        """Of each ranking one number is kept."""
        outputs = self.rankings * self.draws.draws
        return outputs_memory(units=units, leaves=len(self.index.tree.leaves), outputs=outputs)

    def tally(self, chunks: Iterable[int]) -> Tally:
        """Return the outputs, (2 + groups, samples)."""
        parts = [
            group_outputs(
                self.index,
                self.draws.source,
                samples=self.draws.size(chunk),
                rng=self.draws.rng(chunk),
                city=self.city,
                of_score=self.of_score,
            )
            for chunk in chunks
        ]
        return {"outputs": np.concatenate(parts, axis=1)}

    @property
    def rng(self) -> np.random.Generator:
        """The generator of the intervals, which no chunk uses."""
        return self.draws.rng(self.chunks)


@dataclass(frozen=True, eq=False)
class DroppedPlan:
    """What becomes of the order when each unit leaves; fields as the arguments of `drop_cities`."""

    cities: int
    leaf_weights: FloatArray
    normalise_rows: Callable[[IntArray], FloatArray]
    aggregation: str = "arithmetic"
    tree: Tree | None = None
    steps: NodeSteps | None = None

    @property
    def chunks(self) -> int:
        """How many chunks of units there are."""
        return -(-self.cities // CITIES_PER_CHUNK)

    @property
    def rankings(self) -> int:
        """Once without each unit."""
        return 1

    def memory_for(self, units: int) -> int:
        """The square of the units: the shift of each without each other."""
        return dropped_memory(units=units, leaves=len(self.leaf_weights))

    def tally(self, chunks: Iterable[int]) -> Tally:
        """Return the shifts, (units, dropped), and which departures are possible, (dropped,)."""
        dropped = [city for chunk in chunks for city in self._cities_of(chunk)]
        outcome = drop_cities(
            self.cities,
            self.leaf_weights,
            self.normalise_rows,
            aggregation=self.aggregation,
            tree=self.tree,
            steps=self.steps,
            dropped=dropped,
        )
        return {"shifts_without": outcome.shifts, "possible": outcome.possible.astype(np.int64)}

    def _cities_of(self, chunk: int) -> range:
        start = chunk * CITIES_PER_CHUNK
        return range(start, min(start + CITIES_PER_CHUNK, self.cities))


def merge_tallies(tallies: Iterable[Tally]) -> Tally:
    """Add what counts, join what is kept for each draw; the tallies in the order of their chunks.

    They are taken one at a time, so that only a few are held at once.
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


def _tally_of(counts: Sequence[RankCounts]) -> Tally:
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


def _correlations(parts: list[tuple[FloatArray, FloatArray]], methods: int) -> Tally:
    nothing = np.empty((methods, 0))
    return {
        "spearman": np.concatenate([nothing, *(rho for rho, _ in parts)], axis=1),
        "kendall": np.concatenate([nothing, *(tau for _, tau in parts)], axis=1),
    }


def _count_cases(ranks: IntArray, nominal: IntArray) -> Tally:
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


def _add_firsts(firsts: IntArray, index: Index, local: FloatArray) -> None:
    """Add the weights, in whole units, to those of the units that are first under them."""
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
