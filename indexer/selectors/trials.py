"""What a method would make of a data set: computed to be looked at, and not stored."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from indexer.models import City, DataSet, IndexMethod
from indexer.numeric.comparison.versions import rank_shift
from indexer.numeric.method.faults import DataFault, NormalisationError
from indexer.numeric.method.leaf_steps import NormalisedLeaves
from indexer.numeric.scores.composite import CompositeError
from indexer.numeric.scores.node_scores import score_nodes
from indexer.numeric.scores.ranking import ranks_of_present
from indexer.selectors.data_sets import Structure, normalise_data_set, structure_of
from indexer.selectors.method_faults import refused_by_means
from indexer.selectors.plans import plan_of
from weighting.models import WeightVersion
from weighting.numeric.aggregation import equal_weights
from weighting.numeric.arrays import FloatArray, IntArray
from weighting.selectors.versions import global_weights_of

# So many values are computed while somebody waits, all trials together.
MOST_VALUES = 3_000_000
# Rows of a table whose part in the ranks is told, each by a trial of its own.
MOST_ROWS = 24


@dataclass(frozen=True, eq=False)
class Trial:
    """Normalised values, scores, (units,), nan where there is none, and ranks, 0 there."""

    method: IndexMethod
    made: NormalisedLeaves
    scores: FloatArray

    @cached_property
    def ranks(self) -> IntArray:
        return ranks_of_present(self.scores)


@dataclass(frozen=True, eq=False)
class Moves:
    """Where the ranks of one trial are others than those of another; positions are those of units."""

    before: IntArray
    after: IntArray

    @cached_property
    def both(self) -> IntArray:
        """The units that have a rank in both."""
        return np.flatnonzero((self.before > 0) & (self.after > 0))

    @cached_property
    def shifts(self) -> IntArray:
        """Places gained, (units of both,)."""
        return rank_shift(self.before[self.both], self.after[self.both])

    @property
    def moved(self) -> int:
        return int((self.shifts != 0).sum())

    @property
    def lost(self) -> int:
        """How many have a rank no longer."""
        return int(((self.before > 0) & (self.after == 0)).sum())

    @property
    def gained(self) -> int:
        """How many have a rank now that had none."""
        return int(((self.before == 0) & (self.after > 0)).sum())

    @property
    def mean_shift(self) -> float:
        return float(np.abs(self.shifts).mean()) if len(self.shifts) else 0.0

    @property
    def largest_shift(self) -> int:
        return int(np.abs(self.shifts).max()) if len(self.shifts) else 0

    def largest(self, count: int) -> list[tuple[int, int]]:
        """Return the units that move furthest, of equal ones the higher first, and their places gained."""
        order = np.lexsort((self.before[self.both], -np.abs(self.shifts)))
        furthest = [place for place in order.tolist() if self.shifts[place] != 0][:count]
        return [(int(self.both[place]), int(self.shifts[place])) for place in furthest]


class Laboratory:
    """A data set and one set of weights, under which methods are tried; no version is equal weights."""

    def __init__(self, data_set: DataSet, version: WeightVersion | None) -> None:
        self.data_set, self.version = data_set, version
        self.structure: Structure = structure_of(data_set.framework_id)

    @cached_property
    def weights(self) -> FloatArray:
        """Global weights of the leaves, (leaves, 1)."""
        tree = self.structure.tree
        if self.version is None:
            return equal_weights(tree).global_[tree.leaves][:, np.newaxis]
        return global_weights_of([self.version.pk])[self.version.pk][tree.leaves][:, np.newaxis]

    @property
    def size(self) -> int:
        return len(self.data_set.city_ids) * len(self.data_set.leaf_codes)

    @property
    def is_too_large(self) -> bool:
        return self.size > MOST_VALUES

    def attempt(self, method: IndexMethod) -> Trial:
        """Compute a data set by a method; raises `NormalisationError` with every reason why it cannot be."""
        tree, plan = self.structure.tree, plan_of(method)
        made, steps = normalise_data_set(self.data_set, method, self.structure), plan.node_steps(tree)
        if refused := refused_by_means(self.data_set, method, self.structure, made.values):
            raise NormalisationError(refused)
        try:
            scored = score_nodes(
                tree,
                self.weights,
                made.values,
                steps,
                missing="reweight" if plan.leaves_gaps(tree) else "refuse",
                given=made.given if plan.may_leave_out else None,
                inner=False,
            )
        except CompositeError as error:
            raise NormalisationError([self._fault_of(error)]) from error
        return Trial(method, made, scored.scores[0])

    def parts_of(self, trial: Trial, codes: Sequence[str]) -> dict[str, Moves | None]:
        """Return what each row of a method's table does to its ranks: the moves from the table without it.

        None where nothing can be computed without it; no entry for rows that time does not allow.
        """
        most = min(MOST_ROWS, MOST_VALUES // max(1, self.size))
        return {code: self._without(trial, code) for code in codes[:most]}

    def _without(self, trial: Trial, code: str) -> Moves | None:
        method = trial.method
        blank = {
            field.name: getattr(method, field.name)
            for field in IndexMethod._meta.concrete_fields
            if field.name not in ("id", "sha256")
        }
        for rows in ("leaves", "nodes"):
            blank[rows] = {other: cells for other, cells in blank[rows].items() if other != code}
        try:
            return Moves(self.attempt(IndexMethod(**blank)).ranks, trial.ranks)
        except NormalisationError:
            return None

    def _fault_of(self, error: CompositeError) -> DataFault:
        tree = self.structure.tree
        codes = [tree.leaf_codes[leaf] for leaf in error.leaves] + [tree.codes[node] for node in error.nodes]
        ids = [self.data_set.city_ids[city] for city in error.cities]
        names = {city.pk: city.name for city in City.objects.filter(pk__in=ids[:50])}
        kinds = {"nothing_present": "empty_unit", "missing": "missing", "not_positive": "not_positive"}
        kind = kinds.get(error.kind, error.kind)
        return DataFault(kind, tuple(codes), tuple(names.get(pk, "") for pk in ids))  # type: ignore[arg-type]
