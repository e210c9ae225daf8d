"""How little a single weight must change for two neighbours of a ranking to change places."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from indexer.models import City, Run
from indexer.numeric.comparison.critical_weights import SmallestChanges, critical_weights, smallest_changes
from indexer.numeric.studies.blocks import Tally
from indexer.selectors.cities import Cities, ranked_cities_of_run
from indexer.selectors.composites import composites_of
from indexer.selectors.data_sets import Structure, structure_from, structure_of
from indexer.selectors.indices import index_of
from indexer.selectors.run_facts import kept_changes_of_run
from indexer.selectors.runs import runs_with_nodes
from indexer.selectors.withheld import codes_kept_back, nodes_telling
from weighting.models import Indicator
from weighting.numeric.arrays import BoolArray, FloatArray, IntArray
from weighting.numeric.tree import Tree
from weighting.selectors.frameworks import indicators_of, sub_indices_of
from weighting.selectors.versions import local_weights_of


class NotLinear(ValueError):
    """The index of the run is no mean at its top, or weights are rescaled for missing values."""


@dataclass(frozen=True, eq=False)
class Fragility:
    """The neighbours of a run's ranking, best pair first; arrays are (pairs,) unless said otherwise."""

    run: Run
    nodes: list[Indicator]
    cities: Cities
    tree: Tree
    local: FloatArray  # (nodes,)
    ranks: IntArray  # (units,)
    changes: SmallestChanges
    # Nodes that are kept from the reader: the change of their weight would tell the scores.
    kept_back: frozenset[int]

    @property
    def count(self) -> int:
        return len(self.changes.pairs)

    @property
    def unsolved(self) -> list[Indicator]:
        """The nodes whose weights were not looked at, since they lie within one that is formed otherwise."""
        return unsolved_of(self.nodes, self.changes.within, self.kept_back)

    @property
    def untold(self) -> list[Indicator]:
        """The nodes whose weights were not looked at, since values may not be given away."""
        return [self.nodes[node] for node in sorted(self.kept_back)]

    @cached_property
    def sizes(self) -> FloatArray:
        """The size of the smallest change; nan where no weight alone ties the two."""
        return np.abs(self.changes.deltas)

    @cached_property
    def upper_ranks(self) -> IntArray:
        """The rank of the better unit of each pair."""
        return self.ranks[self.changes.pairs[:, 0]]

    @cached_property
    def tied(self) -> int:
        """Pairs that share a rank already."""
        upper, lower = self.ranks[self.changes.pairs].T
        return int((upper == lower).sum())

    @cached_property
    def unmoved(self) -> int:
        """Pairs that no single weight can turn round."""
        return int((self.changes.nodes < 0).sum())

    def within(self, size: float) -> int:
        """Count the pairs that a change of at most this size turns round."""
        return int((self.sizes <= size).sum())

    def node_of(self, pair: int) -> Indicator | None:
        """The indicator whose weight changes."""
        node = int(self.changes.nodes[pair])
        return self.nodes[node] if node >= 0 else None

    def branch_of(self, pair: int) -> Indicator | None:
        """The sub-index that this indicator belongs to, or is."""
        node = int(self.changes.nodes[pair])
        if node < 0:
            return None
        while node not in self._tops:
            node = int(self.tree.parents[node])
        return self.nodes[node]

    @cached_property
    def _tops(self) -> frozenset[int]:
        return frozenset(top.position for top in sub_indices_of(self.nodes))

    def weights_of(self, pair: int) -> tuple[float, float] | None:
        """The local weight as it is, and as it must be."""
        node = int(self.changes.nodes[pair])
        if node < 0:
            return None
        return float(self.local[node]), float(self.local[node] + self.changes.deltas[pair])


@dataclass(frozen=True, eq=False)
class PairFragility:
    """Two units, the better one first, and what each weight must become for them to tie.

    ``deltas`` and ``feasible`` are (nodes,); the change of a weight that cannot do it is nan.
    """

    run: Run
    nodes: list[Indicator]
    first: City
    second: City
    ranks: tuple[int, int]
    gap: float
    local: FloatArray
    deltas: FloatArray
    feasible: BoolArray
    unsolved: list[Indicator]
    untold: list[Indicator]

    @cached_property
    def order(self) -> list[int]:
        """The nodes that bear on the pair: feasible ones first, the smallest change first."""
        bearing = np.flatnonzero(~np.isnan(self.deltas))
        sizes = np.abs(self.deltas[bearing])
        return bearing[np.lexsort((bearing, sizes, ~self.feasible[bearing]))].tolist()


def pair_fragility_of(run: Run, cities: Sequence[City], first: int, second: int) -> PairFragility:
    """Return what each weight must become for two units, by position, to change places.

    Raises `NotLinear` as `fragility_of`.
    """
    index = index_of(run)
    kept_back = nodes_telling(index.tree, codes_kept_back([run]))
    places = sorted((first, second), key=lambda place: (int(index.nominal_ranks[place]), place))
    try:
        changes = critical_weights(index, np.array([[places[0], places[1]]]), apart=kept_back)
    except ValueError as error:
        raise NotLinear(str(error)) from None
    gap = index.nominal_scores[places[0]] - index.nominal_scores[places[1]]
    nodes = indicators_of(run.data_set.framework_id)
    return PairFragility(
        run=run,
        nodes=nodes,
        first=cities[places[0]],
        second=cities[places[1]],
        ranks=(int(index.nominal_ranks[places[0]]), int(index.nominal_ranks[places[1]])),
        gap=float(gap),
        local=index.local,
        deltas=changes.deltas[:, 0],
        feasible=changes.feasible[:, 0],
        unsolved=unsolved_of(nodes, changes.within, kept_back),
        untold=[nodes[node] for node in sorted(kept_back)],
    )


def unsolved_of(nodes: Sequence[Indicator], within: BoolArray, kept_back: frozenset[int]) -> list[Indicator]:
    """Return the nodes whose weights no change could be solved for."""
    return [node for node in nodes if not within[node.position] and node.position not in kept_back]


def fragility_of(run: Run) -> Fragility:
    """Return the smallest changes for all neighbours of a finished run.

    Raises `NotLinear` where no mean stands at the top or weights are rescaled for missing values.
    """
    nodes = indicators_of(run.data_set.framework_id)
    structure = structure_from(nodes)
    kept_back = nodes_telling(structure.tree, codes_kept_back([run]))
    ranks = composites_of([run.pk])[run.pk][1]
    local = local_weights_of(run.weight_version_id)
    kept = _kept_changes_of(run, kept_back)
    return Fragility(
        run=run,
        nodes=nodes,
        cities=ranked_cities_of_run(run),
        tree=structure.tree,
        local=local,
        ranks=ranks[ranks > 0],
        changes=_solve(run, structure, local, ranks, apart=kept_back) if kept is None else kept,
        kept_back=kept_back,
    )


def changes_to_keep(run_id: int) -> Tally:
    """Work out what is kept of a finished run, for who is kept from as much as a stranger.

    Of one that is not linear no more than that it was looked at.
    """
    run = runs_with_nodes(None).get(pk=run_id)
    structure = structure_of(run.data_set.framework_id)
    kept_back = nodes_telling(structure.tree, codes_kept_back([run]))
    arrays = {"apart": np.array(sorted(kept_back), dtype=np.int64)}
    ranks, local = composites_of([run.pk])[run.pk][1], local_weights_of(run.weight_version_id)
    try:
        return arrays | vars(_solve(run, structure, local, ranks, apart=kept_back))
    except NotLinear:
        return arrays


def _kept_changes_of(run: Run, kept_back: frozenset[int]) -> SmallestChanges | None:
    """Return what was kept where the same nodes were kept back; None where nothing was."""
    arrays = kept_changes_of_run(run)
    if arrays is None or arrays.pop("apart").tolist() != sorted(kept_back):
        return None
    if not arrays:
        raise NotLinear("no weight could be solved for")
    return SmallestChanges(**arrays | {"within": arrays["within"].astype(bool)})


def _solve(
    run: Run, structure: Structure, local: FloatArray, ranks: IntArray, *, apart: frozenset[int]
) -> SmallestChanges:
    """Work out the changes for the units that have a rank; ``ranks`` are (units of the data set,)."""
    # Neighbours lie beside each other, so that memory is gone through from one end to the other.
    places = np.argsort(ranks[ranks > 0], kind="stable")
    rows = np.flatnonzero(ranks)[places]
    index = index_of(run, structure=structure, local=local, rows=rows, order="F")
    try:
        changes = smallest_changes(index, apart=apart)
    except ValueError as error:
        raise NotLinear(str(error)) from None
    return replace(changes, pairs=places[changes.pairs])
