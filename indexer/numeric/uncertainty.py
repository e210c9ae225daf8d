"""Uncertainty of ranks: from draws of weights to counts of ranks (docs/method.md 8)."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from indexer.numeric.aggregations import AGGREGATIONS
from indexer.numeric.drawn_nodes import DrawnNodes
from indexer.numeric.node_steps import NodeSteps, score_locally, score_nodes, uniform_steps
from indexer.numeric.packed_counts import PackedCounts
from indexer.numeric.packed_ranking import min_ranks_by_row, order_cities
from indexer.numeric.rank_bands import EXACT_UNITS, bands_of
from indexer.numeric.rank_counts import Exactly, RankCounts
from indexer.numeric.ranking import min_ranks
from indexer.numeric.rows_alike import number_rows
from weighting.numeric.arrays import BoolArray, FloatArray, IntArray
from weighting.numeric.draws import WeightDraws
from weighting.numeric.tree import NO_PARENT, Tree, global_weights

# Draws of one chunk, enough for the matrix product to run at its full speed.
CHUNK = 512
# Scores sorted and counted at a time: temporary arrays this small stay in the cache and cost
# no page faults, which took longer than the work itself.
BLOCK = 24_000
# Scores at hand at a time: a chunk of as many units as are counted exactly.
SCORES = CHUNK * EXACT_UNITS
# Bands of ranks that wait to be counted, two bytes each: units times draws.
WAITING = 64_000_000
NOTHING: IntArray = np.empty(0, dtype=np.int64)
NO_PAIRS: IntArray = np.empty((0, 2), dtype=np.int64)


@dataclass(frozen=True, eq=False)
class Index:
    """An index as a function of its weights.

    Attributes
    ----------
    normalised : float array, (units, leaves)
        nan where missing: the unit's weights are then rescaled, per sibling group, over what
        it has (``reweight`` of `composite_scores`).
    local : float array, (nodes,)
        The nominal weights, with which the drawn ones are compared.
    aggregation : str
        A code of `AGGREGATIONS`, by which all nodes are formed.
    steps : NodeSteps, optional
        How the nodes are formed, where that is not one aggregation for all.
    reference : int array, (units,), optional
        Ranks to take the place of the nominal ones, such as those of another method.

    Raises
    ------
    CompositeError
        As `composite_scores`, for the nominal weights.
    """

    tree: Tree
    normalised: FloatArray
    local: FloatArray
    aggregation: str = "arithmetic"
    reference: IntArray | None = None
    steps: NodeSteps | None = None

    @cached_property
    def formed(self) -> NodeSteps:
        """How the nodes are formed."""
        return self.steps or uniform_steps(self.tree, self.aggregation)

    @cached_property
    def has_missing(self) -> bool:
        """Whether a unit lacks any leaf."""
        return bool(np.isnan(self.normalised).any())

    @cached_property
    def nominal_scores(self) -> FloatArray:
        """Scores with the nominal weights, (units,)."""
        return self.scores_under(global_weights(self.tree, self.local)[self.tree.leaves])[:, 0]

    def scores_under(self, leaf_weights: FloatArray) -> FloatArray:
        """Score as a run does, (leaves,) or (leaves, versions) -> (units, versions)."""
        return score_nodes(
            self.tree,
            leaf_weights.reshape(len(self.tree.leaves), -1),
            self.normalised,
            self.formed,
            missing="reweight" if self.has_missing else "refuse",
            inner=False,
        ).scores.T

    def of_cities(self, cities: IntArray, reference: IntArray | None = None) -> "Index":
        """Return some of the units, as if there were no others."""
        return replace(self, normalised=self.normalised[cities], reference=reference)

    @cached_property
    def nominal_ranks(self) -> IntArray:
        """Ranks with the nominal weights, or the reference, (units,)."""
        return min_ranks(self.nominal_scores) if self.reference is None else self.reference


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
        self._scorer = _Scorer(index, self._first)
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
        places, kinds = self._places(order.cities), order.cities
        if order.unsure.any():
            places, kinds = self._with_exact_ranks(scores, order.unsure, places, kinds)
        self._note(places, kinds)
        if len(self._pairs):
            self._count_wins(scores, order.unsure)
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

    def _with_exact_ranks(
        self, scores: FloatArray, unsure: BoolArray, places: IntArray, kinds: IntArray
    ) -> tuple[IntArray, IntArray]:
        places, kinds = np.broadcast_to(places, kinds.shape).copy(), kinds.copy()
        places[unsure] = self._exact_ranks(scores[unsure]) - 1
        kinds[unsure] = np.arange(self._width)
        return places, kinds

    def _exact_ranks(self, scores: FloatArray) -> IntArray:
        """Rank all units by the rule for ties, (versions, kinds)."""
        all_ranks = min_ranks(scores[:, self._kind].T)
        return all_ranks[self._first].T

    def _count_wins(self, scores: FloatArray, unsure: BoolArray) -> None:
        """Without a possible tie in its version, the better of two scores has the better rank."""
        goodness = scores
        if unsure.any():
            goodness = scores.copy()
            goodness[unsure] = -self._exact_ranks(scores[unsure])
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
        self._rank_sums = np.zeros(self._width, dtype=np.int64)
        self._kept = np.zeros(self._width, dtype=np.int64)
        self._shift_sums: list[IntArray] = []

    def add(self, local: FloatArray) -> None:
        """Count the ranks under local weights, (nodes, versions), a few versions at a time."""
        rows = max(1, BLOCK // self._width)
        for part in _parts(local, len(self._kind)):
            scores = self._scorer.scores(part)
            for start in range(0, len(scores), rows):
                self._shift_sums.append(self._count(scores[start : start + rows]))

    def counts(self) -> RankCounts:
        """Return what was counted so far."""
        self._count_waiting()
        exactly = Exactly(
            self._rank_sums[self._kind], self._kept[self._kind], np.concatenate([NOTHING, *self._shift_sums])
        )
        return RankCounts(self._packed, NOTHING, self._wins.copy(), exactly)

    def _empty_table(self) -> IntArray:
        return NOTHING

    def _note(self, places: IntArray, kinds: IntArray) -> None:
        for at, kind in zip(np.broadcast_to(places, kinds.shape), kinds, strict=True):
            if self._waiting == len(self._drawn):
                self._count_waiting()
            self._drawn[self._waiting, kind] = self._band_of_place[at]
            self._waiting += 1
            # Each kind is in a version once.
            self._rank_sums[kind] += at + 1
            self._kept[kind] += self._nominal[kind] == at

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
    """Return what counts the ranks of an index: each rank alone, or of many units in bands."""
    is_exact = len(index.normalised) <= EXACT_UNITS
    return RankCounter(index, pairs) if is_exact else BandCounter(index, pairs)


class _Scorer:
    """Scores units under many weights, each pattern of missing values by one matrix product.

    Nodes that are not formed alike are formed one by one where values are missing, and else by
    a product for each stretch of nodes that are.
    """

    def __init__(self, index: Index, cities: IntArray) -> None:
        self._tree = index.tree
        self._steps = index.formed.for_all
        self._apart = None if self._steps.is_uniform else self._scored_apart(index.normalised[cities])
        if self._apart is not None:
            return
        self._aggregation = AGGREGATIONS[self._steps.whole]
        normalised = _leaves_first(index.normalised, cities)
        terms = self._aggregation.terms(self._steps.floored(normalised, self._aggregation))
        self._size = len(cities)
        self._parts = [
            (alike, pattern, _of_pattern(terms, alike, pattern))
            for pattern, alike in _patterns(~np.isnan(normalised.T))
        ]

    def scores(self, local: FloatArray) -> FloatArray:
        """Score each unit, (nodes, versions) -> (versions, units)."""
        if self._apart is not None:
            return self._apart(local)
        if len(self._parts) == 1 and self._parts[0][1].all():
            scores = self._leaf_weights(local).T @ self._parts[0][2]
        else:
            scores = np.empty((local.shape[1], self._size))
            for cities, pattern, terms in self._parts:
                weights = local if pattern.all() else _reweighted(self._tree, local, pattern)
                scores[:, cities] = self._leaf_weights(weights).T @ terms
        return self._aggregation.finish(scores)

    def _scored_apart(self, normalised: FloatArray) -> Callable[[FloatArray], FloatArray]:
        """Return what scores units whose nodes are not all formed alike.

        Where units are compared by what they have on a node, equal ones need the same bits.
        """
        if not np.isnan(normalised).any() and not self._steps.looks_at_all:
            return DrawnNodes(self._tree, self._steps, normalised).scores
        return lambda local: (
            score_locally(self._tree, local, normalised, self._steps, missing="reweight").scores
        )

    def _leaf_weights(self, local: FloatArray) -> FloatArray:
        return global_weights(self._tree, local)[self._tree.leaves]


def many_ranks(index: Index, local: FloatArray) -> IntArray:
    """Rank the units under many versions of the weights, (nodes, versions) -> (versions, units)."""
    return np.concatenate(list(ranks_in_parts(index, local)))


def ranks_in_parts(index: Index, local: FloatArray) -> Iterator[IntArray]:
    """Rank as `many_ranks`, of many units a few versions at a time."""
    first, kind = _distinct_values(index)
    scorer = _Scorer(index, first)
    for part in _parts(local, len(kind)):
        scores = scorer.scores(part)
        yield min_ranks_by_row(scores if len(first) == len(kind) else np.take(scores, kind, axis=1))


def many_scores(index: Index, local: FloatArray) -> FloatArray:
    """Score the units under many versions of the weights, (nodes, versions) -> (versions, units)."""
    return _Scorer(index, np.arange(len(index.normalised))).scores(local)


def _parts(local: FloatArray, cities: int) -> Iterator[FloatArray]:
    """Yield the versions in parts of at most a chunk, whose scores take bounded memory."""
    step = max(1, min(CHUNK, SCORES // cities))
    for start in range(0, local.shape[1], step):
        yield local[:, start : start + step]


def _distinct_rows(index: Index) -> tuple[IntArray, IntArray]:
    """Return the first unit of each distinct row, best nominal rank first, and each unit's row.

    The rank is part of the row, for a reference may tell apart what these values do not. Where a
    score depends on all units, each is a row of its own.
    """
    order = np.argsort(index.nominal_ranks, kind="stable")
    if index.formed.looks_at_all:
        return order, np.argsort(order)
    return number_rows(index.normalised, order, index.nominal_ranks)


def _distinct_values(index: Index) -> tuple[IntArray, IntArray]:
    """Return the first unit of each distinct row, in the order of the units, and each unit's row."""
    cities = np.arange(len(index.normalised))
    if index.formed.looks_at_all:
        return cities, cities
    return number_rows(index.normalised, cities, np.zeros(len(cities), dtype=np.int64))


def _leaves_first(values: FloatArray, cities: IntArray) -> FloatArray:
    """Return the values of some units, (leaves, units), without a second copy on the way."""
    turned = np.empty((values.shape[1], len(cities)))
    for leaf in range(len(turned)):
        turned[leaf] = values[cities, leaf]
    return turned


def _of_pattern(terms: FloatArray, cities: IntArray, pattern: BoolArray) -> FloatArray:
    """Return the terms of units that have the same leaves, (leaves, units), 0 where they have none."""
    if pattern.all() and len(cities) == terms.shape[1]:
        return terms
    return np.where(pattern[:, np.newaxis], terms[:, cities], 0)


def _patterns(present: BoolArray) -> list[tuple[BoolArray, IntArray]]:
    """Return the distinct rows and the units that have each."""
    if present.all():
        return [(present[0], np.arange(len(present)))]
    patterns, which = np.unique(present, axis=0, return_inverse=True)
    return [(pattern, np.flatnonzero(which.ravel() == k)) for k, pattern in enumerate(patterns)]


def _reweighted(tree: Tree, local: FloatArray, present: BoolArray) -> FloatArray:
    """Rescale the weights in each group over the nodes with something present below them."""
    weights = np.zeros(local.shape)
    support = np.zeros(local.shape, dtype=bool)
    support[tree.leaves] = present[:, np.newaxis]
    for group in sorted(tree.groups, key=lambda group: -int(tree.depth[group[0]])):
        kept = np.where(support[group], local[group], 0)
        mass = kept.sum(axis=0)
        weights[group] = np.divide(kept, mass, out=np.zeros_like(kept), where=mass > 0)
        if (parent := tree.parents[group[0]]) != NO_PARENT:
            support[parent] = mass > 0
    return weights
