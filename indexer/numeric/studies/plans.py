"""Studies of sensitivity cut into chunks: any worker tallies any chunks, and the tallies add up."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from indexer.numeric.comparison.rank_correlation import kendall_by_version, spearman_by_version
from indexer.numeric.method.node_steps import NodeSteps
from indexer.numeric.scores.index import CHUNK, Index, ranks_in_parts
from indexer.numeric.studies.blocks import Tally
from indexer.numeric.studies.memory import dropped_memory, outputs_memory, rank_memory
from indexer.numeric.studies.sensitivity import drop_cities, group_outputs, leave_nodes_out
from indexer.numeric.studies.tallies import (
    add_first_weights,
    tally_of_cases,
    tally_of_correlations,
    tally_of_counts,
)
from indexer.numeric.studies.uncertainty import RankCounter, SeededDraws, rank_counter
from weighting.numeric.arrays import FloatArray, IntArray
from weighting.numeric.tree import Tree

# Rank correlations are kept draw by draw, so for the first chunks only: 1,024 draws, and fewer where
# there are more ranks in them than a part has time for.
CORRELATED_CHUNKS = 2
CORRELATED_RANKS = CHUNK * 100_000
NODES_PER_CHUNK = 32
CITIES_PER_CHUNK = 16


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
        """Return one chunk of the versions, (nodes, at most `CHUNK`)."""
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
        chunks = list(chunks)
        # Before anything is counted: of many units either takes as much memory as the index itself.
        correlations = [self._correlate(chunk) for chunk in chunks if chunk < CORRELATED_CHUNKS]
        counters = [rank_counter(index) for index in self.indices]
        firsts = np.zeros((len(self._nominal), len(self.indices[0].tree)), dtype=np.int64)
        for chunk in chunks:
            local = self.versions.draw(chunk)
            for counter in counters:
                counter.add(local)
            if self.with_central:
                add_first_weights(firsts, self.indices[0], local)
        counts = [counter.counts() for counter in counters]
        tally = tally_of_counts(counts) | tally_of_correlations(correlations, len(self.indices))
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

    def _correlate(self, chunk: int) -> tuple[FloatArray, FloatArray]:
        """Return both coefficients of the first draws of a chunk, (methods, draws)."""
        local = self.versions.draw(chunk)[:, : self._correlated]
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
        return tally_of_cases(ranks, nominal) | {
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
