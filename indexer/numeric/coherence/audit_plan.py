"""The audit of a large index cut into chunks: importance with intervals, and ranks without each node.

Everything else that an audit tells takes a second, also of a large index.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from indexer.numeric.coherence.audit import AuditedIndex, Weighed, shifts_without
from indexer.numeric.coherence.importance import Importance
from indexer.numeric.scores.index import Index
from indexer.numeric.studies.blocks import Tally
from indexer.numeric.studies.memory import audit_memory
from weighting.numeric.arrays import FloatArray, IntArray

ROWS_PER_CHUNK = 16
# About what the interval of one node costs, in cells of one unit that are weighed.
CELLS_OF_AN_INTERVAL = 15_000


@dataclass(frozen=True, eq=False)
class AuditPlan:
    """Every node against what stands above it, and the leaves against the total.

    Attributes
    ----------
    scored : AuditedIndex
    index : Index
        Scores the same units under other weights; those without a score are not among them.
    """

    scored: AuditedIndex
    index: Index

    @cached_property
    def rows(self) -> IntArray:
        """Position of a node and of its whole, (rows, 2), in the order of ``scored.weighed``."""
        pairs = [
            np.column_stack([each.nodes, np.full_like(each.nodes, each.whole)])
            for each in self.scored.weighed
        ]
        return np.concatenate(pairs)

    @property
    def chunks(self) -> int:
        """How many chunks of rows there are."""
        return -(-len(self.rows) // ROWS_PER_CHUNK)

    @property
    def rankings(self) -> int:
        """Once without the node, and its interval."""
        return 1 + CELLS_OF_AN_INTERVAL // len(self.scored.tree.leaves)

    def memory_for(self, units: int) -> int:
        """The scores of all nodes, as the data set has them and as they are correlated."""
        tree = self.scored.tree
        return audit_memory(units=units, leaves=len(tree.leaves), nodes=len(tree))

    def tally(self, chunks: Iterable[int]) -> Tally:
        """Return linear, smooth, low, high and the places moved, (5, rows).

        Ranks without a node are counted once, beside what stands right above it; nan elsewhere.
        """
        parts = [part for chunk in chunks for part in self._parts_of(chunk)]
        return {"audited": np.concatenate(parts, axis=1)}

    def _parts_of(self, chunk: int) -> Iterator[FloatArray]:
        rows = self.rows[chunk * ROWS_PER_CHUNK : (chunk + 1) * ROWS_PER_CHUNK]
        edges = np.flatnonzero(np.diff(rows[:, 1])) + 1
        for part in np.split(rows, edges):
            yield self._audit(part[:, 0], int(part[0, 1]))

    def _audit(self, nodes: IntArray, whole: int) -> FloatArray:
        found = self.scored.importance(nodes, whole)
        is_own = self.scored.tree.parents[nodes] == whole
        shifts = np.full(len(nodes), np.nan)
        if is_own.any():
            shifts[is_own] = shifts_without(self.index, nodes[is_own])
        return np.stack([found.linear, found.smooth, found.low, found.high, shifts])


@dataclass(frozen=True, eq=False)
class CountedAudit:
    """What a plan counted, (5, rows): see `AuditPlan.tally`."""

    figures: FloatArray

    def importances(self, scored: AuditedIndex) -> Iterator[tuple[Weighed, Importance]]:
        """Return what `AuditedIndex.importances` would, from what was counted."""
        start = 0
        for each in scored.weighed:
            end = start + len(each.nodes)
            yield each, Importance(*self.figures[:4, start:end])
            start = end

    def shifts(self, scored: AuditedIndex) -> FloatArray:
        """Return the places that ranks move on average without each node, (nodes,)."""
        found = np.full(len(scored.tree), np.nan)
        start = 0
        for members in scored.tree.groups:
            end = start + len(members)
            found[members] = self.figures[4, start:end]
            start = end
        return found
