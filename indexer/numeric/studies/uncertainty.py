"""Uncertainty of ranks: from draws of weights to counts of ranks (docs/method.md 8)."""

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from indexer.numeric.scores.index import CHUNK, Index, Scorer, version_parts
from indexer.numeric.scores.packed_ranking import PackedOrder, order_cities
from indexer.numeric.scores.rank_bands import EXACT_UNITS, bands_of
from indexer.numeric.scores.rows_alike import number_rows
from indexer.numeric.studies.packed_counts import PackedCounts
from indexer.numeric.studies.rank_counts import Exactly, RankCounts
from weighting.numeric.arrays import FloatArray, IntArray
from weighting.numeric.draws import WeightDraws

# Scores sorted and counted at a time: temporary arrays this small stay in the cache and cost
# no page faults, which took longer than the work itself.
BLOCK = 24_000
# Bands of ranks that wait to be counted, two bytes each: units times draws.
WAITING = 64_000_000
NOTHING: IntArray = np.empty(0, dtype=np.int64)
NO_PAIRS: IntArray = np.empty((0, 2), dtype=np.int64)


@dataclass(frozen=True, eq=False)
class SeededDraws:
    """Draws of a distribution: chunk c draws from the c-th child of the seed.

    Attributes
    ----------
    draws : int
        At least 1.
    seed : int
        Not negative.
    """

    source: WeightDraws
    draws: int
    seed: int

    def __post_init__(self) -> None:
        if self.draws < 1:
            raise ValueError(f"draws must be at least 1, not {self.draws}")
        if self.seed < 0:
            raise ValueError(f"the seed must not be negative: {self.seed}")

    @property
    def chunks(self) -> int:
        """How many chunks the draws are cut into; the last may be smaller."""
        return -(-self.draws // CHUNK)

    def rng(self, chunk: int) -> np.random.Generator:
        """Return the child of that number, without spawning those before it."""
        return np.random.default_rng(np.random.SeedSequence(self.seed, spawn_key=(chunk,)))

    def size(self, chunk: int) -> int:
        """Return how many draws the chunk holds."""
        return min(CHUNK, self.draws - chunk * CHUNK)

    def draw(self, chunk: int) -> FloatArray:
        """Return the local weights of one chunk, (nodes, draws of the chunk)."""
        return self.source.draw(self.size(chunk), self.rng(chunk))


@dataclass(frozen=True, eq=False)
class RankStudy:
    """A seeded number of draws, cut into chunks that may be counted anywhere in any order.

    Chunk c draws from the c-th child of the seed (``SeedSequence(seed).spawn``) and counts are
    whole numbers, so that the sum over all chunks is the same for any division of the work.

    Attributes
    ----------
    source : WeightDraws
    draws : int
        At least 1.
    seed : int
        Not negative.
    pairs : int array, (pairs, 2)
        Units whose paired comparison is to be counted.
    """

    index: Index
    source: WeightDraws
    draws: int
    seed: int
    pairs: IntArray = field(default_factory=NO_PAIRS.copy)

    def __post_init__(self) -> None:
        SeededDraws(self.source, self.draws, self.seed)
        if self.pairs.ndim != 2 or self.pairs.shape[1] != 2:
            raise ValueError(f"pairs of shape {self.pairs.shape}, not (pairs, 2)")

    @property
    def chunks(self) -> int:
        """How many chunks the draws are cut into; the last may be smaller."""
        return self._seeded.chunks

    def draw(self, chunk: int) -> FloatArray:
        """Return the local weights of one chunk, (nodes, draws of the chunk)."""
        return self._seeded.draw(chunk)

    @property
    def _seeded(self) -> SeededDraws:
        return SeededDraws(self.source, self.draws, self.seed)

    def count(self, chunks: Iterable[int] | None = None) -> RankCounts:
        """Count the ranks of some chunks, by default of all."""
        counter = rank_counter(self.index, self.pairs)
        for chunk in range(self.chunks) if chunks is None else chunks:
            counter.add(self.draw(chunk))
        return counter.counts()


class RankCounter:
    """Counts ranks version by version, in memory bounded by the histogram.

    Units with the same values have the same score under any weights: they are scored once.
    The others are numbered by nominal rank, so that the shift of a unit is its number less
    its place, and the histogram is filled along its diagonal.
    """

    def __init__(self, index: Index, pairs: IntArray = NO_PAIRS) -> None:
        self._index = index
        self._pairs = pairs
        self._first, self._kind = _distinct_rows(index)
        self._scorer = Scorer(index, self._first)
        self._sizes = np.bincount(self._kind)
        self._nominal = index.nominal_ranks[self._first] - 1
        self._plain = bool((self._nominal == np.arange(len(self._nominal))).all() and self._sizes.max() == 1)
        self._width = len(self._first)
        self._table = self._empty_table()
        self._shifts = np.zeros(1, dtype=np.int64)
        self._wins = np.zeros((len(pairs), 2), dtype=np.int64)

    def add(self, local: FloatArray) -> None:
        """Count the ranks under local weights, (nodes, versions)."""
        scores = self._scorer.scores(local)
        rows = max(1, BLOCK // self._width)
        blocks = (scores[start : start + rows] for start in range(0, len(scores), rows))
        sums = np.concatenate([self._count(block) for block in blocks])
        shifts = np.bincount(sums, minlength=len(self._shifts))
        shifts[: len(self._shifts)] += self._shifts
        self._shifts = shifts

    def _count(self, scores: FloatArray) -> IntArray:
        """Count ranks and wins; return the sum of the absolute shifts of each version."""
        order = order_cities(scores)
        places, kinds = order.shared(self._places(order.cities)), order.cities
        self._note(places, kinds)
        if len(self._pairs):
            self._count_wins(scores, order)
        if self._plain:
            return np.abs(kinds - places).sum(axis=1)
        return (np.abs(self._nominal[kinds] - places) * self._sizes[kinds]).sum(axis=1)

    def _empty_table(self) -> IntArray:
        return np.zeros(len(self._kind) * self._width, dtype=np.int64)

    def _note(self, places: IntArray, kinds: IntArray) -> None:
        np.add.at(self._table, (places * self._width + kinds).ravel(), np.int64(1))

    def counts(self) -> RankCounts:
        """Return what was counted so far."""
        table = self._table.reshape(len(self._kind), self._width)
        return RankCounts(table.T[self._kind], self._shifts.copy(), self._wins.copy())

    def _places(self, kinds: IntArray) -> IntArray:
        """Return the 0-based ranks of units in strict order, (versions, kinds) or (kinds,)."""
        if self._width == len(self._kind):
            return np.arange(self._width)
        sizes = self._sizes[kinds]
        return np.cumsum(sizes, axis=1) - sizes

    def _count_wins(self, scores: FloatArray, order: PackedOrder) -> None:
        """The better of two scores has the better rank, unless they tie."""
        goodness = scores
        if len(order.tied):
            goodness, versions = scores.copy(), order.tied // self._width
            units, alike = order.cities.reshape(-1)[order.tied], order.cities.reshape(-1)[order.firsts]
            goodness[versions, units] = scores[versions, alike]
        first, second = (goodness[:, self._kind[side]] for side in self._pairs.T)
        self._wins[:, 0] += (first > second).sum(axis=0)
        self._wins[:, 1] += (first < second).sum(axis=0)


class BandCounter(RankCounter):
    """As `RankCounter`, in bands of ranks, whose counts are packed by blocks of units."""

    def __init__(self, index: Index, pairs: IntArray = NO_PAIRS) -> None:
        super().__init__(index, pairs)
        self._bands = bands_of(len(self._kind))
        self._packed = PackedCounts((len(self._kind), len(self._bands.firsts)))
        # The band of each kind in the draws that are not counted yet.
        self._drawn = np.empty((max(1, WAITING // self._width), self._width), dtype=np.uint16)
        self._band_of_place = self._bands.of_place.astype(np.uint16)
        self._waiting = 0
        self._place = np.empty(self._width, dtype=np.int64)
        self._place_sums = np.zeros(self._width, dtype=np.int64)
        self._kept = np.zeros(self._width, dtype=np.int64)
        self._shift_sums: list[IntArray] = []

    def add(self, local: FloatArray) -> None:
        """Count the ranks under local weights, (nodes, versions), a few versions at a time."""
        rows = max(1, BLOCK // self._width)
        for part in version_parts(local, len(self._kind)):
            scores = self._scorer.scores(part)
            for start in range(0, len(scores), rows):
                self._shift_sums.append(self._count(scores[start : start + rows]))

    def counts(self) -> RankCounts:
        """Return what was counted so far."""
        self._count_waiting()
        shift_sums = np.concatenate([NOTHING, *self._shift_sums])
        rank_sums = self._place_sums + len(shift_sums)
        exactly = Exactly(rank_sums[self._kind], self._kept[self._kind], shift_sums)
        return RankCounts(self._packed, NOTHING, self._wins.copy(), exactly)

    def _empty_table(self) -> IntArray:
        return NOTHING

    def _count(self, scores: FloatArray) -> IntArray:
        """Count ranks and wins, a version at a time; return the sum of the absolute shifts of each."""
        order, sums = order_cities(scores), np.empty(len(scores), dtype=np.int64)
        places = np.broadcast_to(order.shared(self._places(order.cities)), order.cities.shape)
        if len(self._pairs):
            self._count_wins(scores, order)
        for version, (at, kinds) in enumerate(zip(places, order.cities, strict=True)):
            # By unit rather than by place from here on: one pass out of order, and the rest along the memory.
            self._place[kinds] = at
            sums[version] = self._take_in(self._place)
        return sums

    def _take_in(self, place: IntArray) -> int:
        """Take in the place of each kind in one version; return the sum of the units' absolute shifts."""
        if self._waiting == len(self._drawn):
            self._count_waiting()
        np.take(self._band_of_place, place, out=self._drawn[self._waiting])
        self._waiting += 1
        self._place_sums += place
        shifts = self._nominal - place
        self._kept += shifts == 0
        return int(np.abs(shifts, out=shifts) @ self._sizes)

    def _count_waiting(self) -> None:
        """Add the draws that wait to the counts, a block of units after the other."""
        if not self._waiting:
            return
        drawn, columns = self._drawn[: self._waiting], self._packed.shape[1]
        for rows in self._packed.parts():
            kinds = self._kind[rows]
            cells = drawn[:, kinds] + columns * np.arange(len(kinds))
            counts = self._packed.open(rows)
            counts += np.bincount(cells.ravel(), minlength=counts.size).reshape(counts.shape)
            self._packed.put(rows, counts)
        self._waiting = 0


def rank_counter(index: Index, pairs: IntArray = NO_PAIRS) -> RankCounter:
    """Return what counts the ranks of an index, each alone or, of many units, in bands.

    ``pairs``, (pairs, 2), are positions of units of which it is counted how often the first is above.
    """
    is_exact = len(index.normalised) <= EXACT_UNITS
    return RankCounter(index, pairs) if is_exact else BandCounter(index, pairs)


def _distinct_rows(index: Index) -> tuple[IntArray, IntArray]:
    """Return the first unit of each distinct row, best nominal rank first, and each unit's row.

    The rank is part of the row, for a reference may tell apart what these values do not. Where a
    score depends on all units, each is a row of its own.
    """
    order = np.argsort(index.nominal_ranks, kind="stable")
    if index.formed.looks_at_all:
        return order, np.argsort(order)
    return number_rows(index.normalised, order, index.nominal_ranks)
