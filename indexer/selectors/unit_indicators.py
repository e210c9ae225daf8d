"""One unit of a finished run down to its indicators: raw, as treated, normalised, weight, part and rank.

Beside it stand its peers, and one of them from which it is told apart indicator by indicator.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np

from indexer.models import City
from indexer.numeric.comparison.score_change import ScoredSide, split_change
from indexer.numeric.method.preparation import IMPUTED, LOGGED, WINSORISED
from indexer.numeric.method.transforms import TRANSFORMS
from indexer.numeric.scores.unit_parts import effective_weights, parts_of_score
from indexer.selectors.distributions import treated_values
from indexer.selectors.levels import level_named
from indexer.selectors.node_scores import NodeScores
from indexer.selectors.plans import plan_of, steps_of_ranked
from indexer.selectors.preparations import changes_in
from indexer.selectors.profiles import CityProfile
from indexer.selectors.stored_values import unpack_values
from weighting.models import Indicator
from weighting.numeric.arrays import FloatArray, IntArray
from weighting.numeric.tree import NO_PARENT, Tree
from weighting.selectors.frameworks import along_the_tree

# The nearest by rank; any other code is that of a level, whose place the unit shares.
BY_RANK = "rank"
Order = Literal["tree", "best", "worst", "parts", "gap"]
# So many leaves are treated at a time, of which one unit is then looked at.
AT_A_TIME = 8
# So many of a group of peers may be chosen to be told apart from.
OFFERED = 30


@dataclass(frozen=True)
class IndicatorOfCity:
    """A unit on one node; nan where there is nothing, or nothing that the reader may see.

    ``weight`` is what the node weighs in the unit's score, ``imputed`` which share of that was filled in,
    ``part`` what it adds to the score. ``gap`` is what it adds to how far the unit is ahead of the other.
    """

    node: Indicator
    raw: float
    treated: float
    score: float
    weight: float
    part: float
    rank: float
    count: int
    rank_among_peers: float
    peers: int
    peer_median: float
    imputed: float
    changes: tuple[str, ...]
    other_raw: float
    other_rank: float
    gap: float


@dataclass(frozen=True, eq=False)
class UnitIndicators:
    """A unit of a finished run among its peers; arrays are over the nodes of the tree.

    ``other_id`` is whom it is told apart from, by the nearest better one where that is nobody;
    ``given`` are the codes of the indicators whose raw values the reader may see.
    """

    profile: CityProfile
    kind: str
    other_id: int | None
    given: frozenset[str]

    @property
    def scores(self) -> NodeScores:
        return self.profile.scores

    @property
    def tree(self) -> Tree:
        return self.scores.result.leaves.structure.tree

    @cached_property
    def peers(self) -> IntArray:
        """The positions of the peers by rank, without the unit itself."""
        ranks, own = self.scores.result.ranks, self.profile.position
        if self.kind == BY_RANK:
            found = [near.position for near in self.profile.neighbours if near.position != own]
            return np.array(found, dtype=np.int64)
        of_city = level_named(self.scores.cities, self.kind).of_city
        same = np.flatnonzero((of_city == of_city[own]) & (of_city >= 0))
        same = same[same != own]
        return same[np.lexsort((same, ranks[same], ranks[same] == 0))]

    @cached_property
    def offered(self) -> list[City]:
        """The peers that may be chosen, and whoever is."""
        positions = self.peers[self.scores.result.ranks[self.peers] > 0][:OFFERED].tolist()
        if self.other is not None and self.other not in positions:
            positions.append(self.other)
        self.scores.cities.load(positions)
        return [self.scores.cities[position] for position in positions]

    @cached_property
    def other(self) -> int | None:
        """The position of whom the unit is told apart from; None where it has no rank, or is alone."""
        ids, ranks = self.scores.cities.ids, self.scores.result.ranks
        asked = ids.index(self.other_id) if self.other_id in ids else self.profile.position
        if asked != self.profile.position and ranks[asked]:
            return asked
        near = [one.position for one in self.profile.neighbours]
        if len(near) < 2:
            return None
        place = near.index(self.profile.position)
        return near[place - 1 if place else 1]

    @property
    def other_city(self) -> City | None:
        return None if self.other is None else self.scores.cities[self.other]

    @property
    def adds_up(self) -> bool:
        """Whether every score is the sum of its weighted parts."""
        return plan_of(self.profile.run.method).adds_up

    def listed(self, top: Indicator | None, order: Order) -> list[Indicator]:
        """Return the nodes below a node, all or by what is asked the leaves alone, in order."""
        below = along_the_tree(self.scores.nodes)
        if top is not None:
            inside = self.tree.descendant_leaves @ self.tree.descendant_leaves[top.position]
            is_sub = self.tree.descendant_leaves.sum(axis=1) == inside
            below = [node for node in below if is_sub[node.position] and node.depth >= top.depth]
        if order == "tree":
            return below
        keys = {"best": self._ranks, "worst": -self._ranks, "parts": -self._parts, "gap": -np.abs(self._gaps)}
        key = np.where(np.isnan(keys[order]), np.inf, keys[order])
        return sorted(
            (node for node in below if node.is_leaf), key=lambda node: (key[node.position], node.position)
        )

    def rows(self, nodes: Sequence[Indicator]) -> list[IndicatorOfCity]:
        """Return the unit on these nodes."""
        return [self._row(node) for node in nodes]

    @property
    def imputed_share(self) -> float:
        """Which share of the weight of its score rests on values that were filled in."""
        return float(self.profile.imputed[NO_PARENT])

    def _row(self, node: Indicator) -> IndicatorOfCity:
        at = node.position
        column = self._columns.get(at)
        nothing = float("nan")
        shows = column is not None and node.code in self.given
        is_kept = at in self.scores.result.kept_nodes
        return IndicatorOfCity(
            node=node,
            raw=float(self._raw[self.profile.position, column]) if shows else nothing,
            treated=float(self._treated[column]) if shows else nothing,
            score=nothing if is_kept else float(self._own[at]),
            weight=float(self._weights[at]),
            part=nothing if is_kept else float(self._parts[at]),
            rank=float(self._ranks[at]),
            count=int(self._found.count[at]),
            rank_among_peers=float(self._found.rank_among_peers[at]),
            peers=int(self._found.peers[at]),
            peer_median=float(self._peer_medians[column]) if shows else nothing,
            imputed=float(self.profile.imputed[at]),
            changes=() if column is None or self._cells is None else changes_in(int(self._cells[column])),
            other_raw=float(self._raw[self.other, column]) if shows and self.other is not None else nothing,
            other_rank=nothing if self._other_ranks is None else float(self._other_ranks[at]),
            gap=nothing if is_kept else float(self._gaps[at]),
        )

    @cached_property
    def _columns(self) -> dict[int, int]:
        return {leaf: column for column, leaf in enumerate(self.tree.leaves.tolist())}

    @cached_property
    def _raw(self) -> FloatArray:
        """Raw values, (units, leaves); normalising has loaded them."""
        self._found  # noqa: B018
        return unpack_values(self.profile.run.data_set)

    @cached_property
    def _cells(self) -> IntArray | None:
        """What was done to the cells of the unit, (leaves,)."""
        record = self.scores.record
        return None if record is None else record.cells[self.profile.position].astype(np.int64)

    @cached_property
    def _treated(self) -> FloatArray:
        """What is normalised of the unit, (leaves,); nan where a gap stays or has the worst value."""
        run, leaves = self.profile.run, self.scores.result.leaves
        steps = plan_of(run.method).leaf_steps(self.tree)
        divided = np.isin(self.tree.leaf_codes, list(run.method.denominators))
        changed = divided | [TRANSFORMS[step.transform].changes for step in steps]
        if self._cells is not None:
            changed |= (self._cells & (IMPUTED | WINSORISED | LOGGED)) > 0
        treated = self._raw[self.profile.position].copy()
        if changed.any():
            where = np.flatnonzero(changed).tolist()
            for block in (where[start : start + AT_A_TIME] for start in range(0, len(where), AT_A_TIME)):
                treated[block] = treated_values(run, leaves.structure, block)[self.profile.position]
        return treated

    @cached_property
    def _found(self) -> "_Standing":
        """Where the unit and the other stand on every node, some nodes of all units at a time."""
        group = np.append(self.peers, self.profile.position)
        other = self.profile.position if self.other is None else self.other
        found = _Standing.of_nothing(len(self.tree))
        for node in self.tree.inner.tolist():
            column = self.scores.result.computed_on_node(node)
            found.note(node, column, group, self.profile.position, other)
        for block, values in self.scores.result.leaves.blocks():
            for node, column in zip(self.tree.leaves[block].tolist(), values.T, strict=True):
                found.note(node, column, group, self.profile.position, other)
        return found

    @property
    def _own(self) -> FloatArray:
        return self._found.own

    @property
    def _ranks(self) -> FloatArray:
        return self._found.rank

    @property
    def _other_ranks(self) -> FloatArray | None:
        return None if self.other is None else self._found.other_rank

    @cached_property
    def _peer_medians(self) -> FloatArray:
        """The median raw value of the peers that have one, (leaves,)."""
        values = self._raw[self.peers]
        known = np.isfinite(values).any(axis=0)
        medians = np.full(values.shape[1], np.nan)
        medians[known] = np.nanmedian(values[:, known], axis=0)
        return medians

    @cached_property
    def _weights(self) -> FloatArray:
        return effective_weights(self.tree, self.scores.local_weights, np.isfinite(self._own))

    @cached_property
    def _parts(self) -> FloatArray:
        """What each node adds to the score; nan where it is no such sum, or the unit has no score."""
        if not self.profile.rank:
            return np.full(len(self.tree), np.nan)
        steps = steps_of_ranked(self.profile.run.method, self.tree)
        return parts_of_score(self.tree, steps, self._weights, self._own)

    @cached_property
    def _gaps(self) -> FloatArray:
        """What each node adds to the score less that of the other; nan where it has no parts."""
        steps = steps_of_ranked(self.profile.run.method, self.tree)
        if self.other is None or not steps.splits:
            return np.full(len(self.tree), np.nan)
        before = self._side(self.other, self._found.other)
        return split_change(self.tree, steps, before, self._side(self.profile.position, self._own)).total[0]

    def _side(self, position: int, on_nodes: FloatArray) -> ScoredSide:
        scores = self.scores.result.scores[position : position + 1]
        return ScoredSide(self.scores.local_weights, on_nodes[np.newaxis], scores)


@dataclass(frozen=True, eq=False)
class _Standing:
    """A unit and another on every node, (nodes,) each: scores, ranks, and how many have one.

    Ranks are nan where there is no score.
    """

    own: FloatArray
    other: FloatArray
    rank: FloatArray
    other_rank: FloatArray
    rank_among_peers: FloatArray
    count: IntArray
    peers: IntArray

    @classmethod
    def of_nothing(cls, nodes: int) -> "_Standing":
        unknown, none = np.full((5, nodes), np.nan), np.zeros((2, nodes), dtype=np.int64)
        return cls(*unknown, *none)

    def note(self, node: int, column: FloatArray, group: IntArray, position: int, other: int) -> None:
        """Note where both stand on a node, of which ``column`` has the scores of all units."""
        self.own[node], self.other[node] = column[position], column[other]
        self.count[node] = np.isfinite(column).sum()
        among = column[group]
        self.peers[node] = np.isfinite(among).sum()
        if np.isfinite(self.own[node]):
            self.rank[node] = 1 + (column > self.own[node]).sum()
            self.rank_among_peers[node] = 1 + (among > self.own[node]).sum()
        if not np.isnan(self.other[node]):
            self.other_rank[node] = 1 + (column > self.other[node]).sum()
