"""Runs and their results as the visitor may see them."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache, cached_property
from typing import Literal, TypeVar

import numpy as np
from django.db.models import Exists, F, OuterRef, Prefetch, QuerySet, Subquery, Value

from indexer.models import DataSet, GroupMember, IndexMethod, IndicatorTerms, PublishedFigure, Run
from indexer.numeric.method.preparation import LEFT_OUT
from indexer.selectors.cities import Cities
from indexer.selectors.composites import composites_of
from indexer.selectors.data_sets import (
    Structure,
    normalise_leaves_of,
    normalised_blocks,
    normalised_values,
    structure_from,
    structure_of,
)
from indexer.selectors.jobs import Progress, progress_of, waiting_jobs
from indexer.selectors.plans import plan_of
from indexer.selectors.preparations import record_of
from indexer.selectors.stored_values import load_values
from indexer.selectors.withheld import codes_kept_back, nodes_telling
from weighting.models import Account, Indicator
from weighting.numeric.arrays import FloatArray, IntArray
from weighting.permissions import STAFF, has_role
from weighting.selectors.sharing import known_to

# Shares and weights are shown in percent; scores on the scale of their method (docs/method.md 9).
PERCENT = 100
# Of more leaves than this all are normalised together: each alone has the whole matrix pass by.
MOST_ALONE = 4

Source = Literal["published", "reconstructed", ""]
# The mapping is a line for each unit: of a million of them most of what a page would take.
NOT_SHOWN = (
    "data_set__values",
    "data_set__totals",
    "data_set__auxiliary",
    "data_set__mapping",
    "weight_version__manifest",
)
# What a list reads of no data set either: the labels of all its units and columns.
LABELS = ("data_set__city_ids", "data_set__leaf_codes", "data_set__auxiliary_codes")
# The first, and the scores, for what belongs to a run.
NOT_SHOWN_OF_RUNS = ("run__node_scores", *(f"run__{name}" for name in NOT_SHOWN))
Numbers = TypeVar("Numbers", FloatArray, IntArray)
# What a publication prints: by unit and indicator, None for the composite.
Printed = dict[tuple[int, int | None], str]


@dataclass(frozen=True)
class ShownScore:
    """A score as shown; published where a publication prints the same at its digits.

    The source is empty where the data set reproduces no publication.
    """

    value: float
    source: Source = ""

    @property
    def published(self) -> bool:
        return self.source == "published"


@dataclass(frozen=True, eq=False)
class LeafScores:
    """The normalised values that all runs of a data set and method share, made when asked for."""

    data_set: DataSet
    method: IndexMethod
    # Of the framework, where they were read already.
    nodes: Sequence[Indicator] = ()

    @cached_property
    def values(self) -> FloatArray:
        """Normalised values, (units, leaves)."""
        self._load()
        return normalised_values(self.data_set, self.method, self.structure)

    def of_leaf(self, leaf: int) -> FloatArray:
        """Return the same of one leaf, (units,): a few are made alone, of more all together."""
        if "values" in vars(self) or (leaf not in self._alone and len(self._alone) == MOST_ALONE):
            return self.values[:, leaf]
        if leaf not in self._alone:
            self._load_beside()
            made = normalise_leaves_of(self.data_set, self.method, self.structure, [leaf])
            self._alone[leaf] = made.values[:, 0]
        return self._alone[leaf]

    def of_leaves(self, leaves: IntArray) -> FloatArray:
        """Return the same of some leaves, (units, leaves), made together and without the others."""
        if "values" in vars(self):
            return self.values[:, leaves]
        self._load_beside()
        return normalise_leaves_of(self.data_set, self.method, self.structure, leaves.tolist()).values

    def blocks(self) -> Iterator[tuple[slice, FloatArray]]:
        """Yield the same of all leaves, some at a time and no more than these kept."""
        if "values" in vars(self):
            yield slice(0, self.values.shape[1]), self.values
            return
        self._load()
        yield from normalised_blocks(self.data_set, self.method, self.structure)

    def of_rows(self, rows: IntArray) -> FloatArray:
        """Return the same of some units alone, (rows, leaves)."""
        if "values" in vars(self):
            return self.values[rows]
        # Versions of one index ask for the same units one after the other.
        if rows.tobytes() not in self._last_rows:
            values = np.empty((len(rows), len(self.structure.tree.leaves)))
            for block, made in self.blocks():
                values[:, block] = made[rows]
            self._last_rows.clear()
            self._last_rows[rows.tobytes()] = values
        return self._last_rows[rows.tobytes()]

    @cached_property
    def _last_rows(self) -> dict[bytes, FloatArray]:
        return {}

    @cached_property
    def _alone(self) -> dict[int, FloatArray]:
        return {}

    def _load(self) -> None:
        self._load_beside()
        if "values" in self.data_set.get_deferred_fields():
            load_values(self.data_set)

    def _load_beside(self) -> None:
        if left_out := self.data_set.get_deferred_fields() & {"totals", "auxiliary"}:
            self.data_set.refresh_from_db(fields=left_out)

    @cached_property
    def structure(self) -> Structure:
        """The tree that the leaves belong to."""
        if self.nodes:
            return structure_from(self.nodes)
        return structure_of(self.data_set.framework_id)


@dataclass(frozen=True, eq=False)
class RunResult:
    """A finished run as arrays, in the order of its data set's units; unrounded, not times 100."""

    run: Run
    scores: FloatArray
    ranks: IntArray
    leaves: "LeafScores"
    # The units' rows in the run's own data set, where that lists them otherwise; -1 for one that it
    # does not have.
    rows: IntArray | None = None
    # The indicators whose values are kept from whom the run was loaded for.
    kept_back: frozenset[str] = frozenset()

    def on_node(self, position: int) -> FloatArray:
        """Return the scores on one node as the reader may see them, (units,); nan where none is shown."""
        if position in self.kept_nodes:
            return np.full(len(self.scores), np.nan)
        return self.computed_on_node(position)

    @cached_property
    def kept_nodes(self) -> frozenset[int]:
        """The nodes whose scores are kept back; their ranks are not."""
        return nodes_telling(self.leaves.structure.tree, self.kept_back)

    def node_scores_in(self, positions: slice) -> FloatArray:
        """Return the scores of some units on all nodes as the reader may see them, (positions, nodes)."""
        tree, rows = self.leaves.structure.tree, self._own_rows[positions]
        scores = np.empty((len(rows), len(tree)))
        scores[:, tree.inner], scores[:, tree.leaves] = self._inner[1][:, rows].T, self.leaves.of_rows(rows)
        scores[rows < 0] = np.nan
        scores[:, list(self.kept_nodes)] = np.nan
        return scores

    @cached_property
    def lacks_values(self) -> bool:
        """Whether a unit has no normalised value of some indicator."""
        if (self._own_rows < 0).any():
            return True
        if not plan_of(self.run.method).leaves_gaps(self.leaves.structure.tree):
            return False
        return bool((record_of(self.run).cells[self._own_rows] & LEFT_OUT).any())

    @cached_property
    def _own_rows(self) -> IntArray:
        """Where the run's own data set has the units; -1 for one that it does not have."""
        return np.arange(len(self.scores)) if self.rows is None else self.rows

    def computed_on_node(self, position: int) -> FloatArray:
        """Return what was computed on one node, (units,); leaves are normalised anew.

        For ranks and for figures over all units: `on_node` is what single units may be shown with.
        """
        place = self._inner[0].get(position)
        if place is None:
            leaf = int(np.flatnonzero(self.leaves.structure.tree.leaves == position)[0])
            return self._in_order(self.leaves.of_leaf(leaf))
        return self._in_order(self._inner[1][place])

    def computed_on_nodes(self, positions: IntArray) -> FloatArray:
        """Return the same on some nodes, (units, nodes); the other leaves are not made."""
        tree, inner = self.leaves.structure.tree, self._inner
        found = np.empty((len(self.run.data_set.city_ids), len(positions)), order="F")
        is_leaf = tree.is_leaf[positions]
        if is_leaf.any():
            found[:, is_leaf] = self.leaves.of_leaves(np.searchsorted(tree.leaves, positions[is_leaf]))
        for at in np.flatnonzero(~is_leaf).tolist():
            found[:, at] = inner[1][inner[0][int(positions[at])]]
        return self._in_order(found)

    @cached_property
    def computed_node_scores(self) -> FloatArray:
        """The same on all nodes, (units, nodes): what was stored, and the normalised values."""
        tree = self.leaves.structure.tree
        scores = np.empty((len(self.run.data_set.city_ids), len(tree)))
        scores[:, tree.inner] = self._inner[1].T
        for block, values in self.leaves.blocks():
            scores[:, tree.leaves[block]] = values
        return self._in_order(scores)

    @cached_property
    def _inner(self) -> tuple[dict[int, int], FloatArray]:
        return unpack_inner(self.run)

    def _in_order(self, scores: FloatArray) -> FloatArray:
        return scores if self.rows is None else in_order(scores, self.rows, np.nan)


def runs_visible_to(account: Account | None) -> QuerySet[Run]:
    """Return all runs that staff know of; for anybody else those of published data and versions.

    Runs by another method than the data set's own are an analyst's trials: for staff alone.
    """
    return _visible_to(account).defer("node_scores", *NOT_SHOWN)


def listed_runs_visible_to(account: Account | None) -> QuerySet[Run]:
    """Return the same runs for lists of many, without the labels that each would carry along."""
    return runs_visible_to(account).defer("node_scores", *NOT_SHOWN, *LABELS)


def runs_with_nodes_visible_to(account: Account | None) -> QuerySet[Run]:
    """Return the same runs with the scores of every node, for pages of few runs."""
    return _visible_to(account).defer(*NOT_SHOWN)


def runs_with_nodes(account: Account | None) -> QuerySet[Run]:
    """Return all runs so, for whoever works on the machine itself and writes for an account."""
    return _runs_for(account).defer(*NOT_SHOWN)


def load_runs(account: Account | None, run_ids: Sequence[int]) -> list[Run]:
    """Return runs with the scores of every node, in the order asked for; unknown ones are left out.

    Each data set is read once, however many runs it has, and without its values until they are asked for.
    """
    data_sets = DataSet.objects.select_related("framework").defer("values", "mapping")
    runs = _visible_to(account).select_related(None).select_related("weight_version", "method")
    runs = runs.defer("weight_version__manifest").prefetch_related(Prefetch("data_set", data_sets))
    found = {run.pk: run for run in runs.filter(pk__in=run_ids)}
    return [found[pk] for pk in dict.fromkeys(run_ids) if pk in found]


def data_sets_with_waiting_runs() -> dict[int, str]:
    """Return the data sets whose runs wait, each with the queue of the first of them."""
    rows = waiting_jobs(Run).order_by("data_set_id", "queue").values_list("data_set_id", "queue").distinct()
    # Of both queues the later in the alphabet stays: interactive.
    return dict(rows)


def visible_progress_of(data_set: DataSet, account: Account | None) -> Progress:
    """Return how far those runs of a data set are that the visitor may see."""
    runs = _visible_to(account).select_related(None).filter(data_set=data_set)
    return progress_of(runs.only("status", "queued_at", "started_at", "finished_at"))


def progress_of_data_set(data_set: DataSet) -> Progress:
    """Return how far all runs of a data set are, for the log."""
    runs = Run.objects.filter(data_set=data_set)
    return progress_of(runs.only("status", "queued_at", "started_at", "finished_at"))


def result_of(run: Run, nodes: Sequence[Indicator] = ()) -> tuple[RunResult, Cities]:
    """Return a finished run, loaded with its nodes, as arrays, and its units.

    ``nodes`` are those of the framework, where the caller has them.
    """
    scores, ranks = composites_of([run.pk])[run.pk]
    leaves = LeafScores(run.data_set, run.method, nodes)
    return RunResult(run, scores, ranks, leaves, kept_back=codes_kept_back([run])), Cities(run)


@dataclass(frozen=True)
class RankedCity:
    """A unit that a run ranks, unrounded."""

    city_id: int
    score: float
    rank: int


def ranked_cities(run: Run, fields: Sequence[str], wanted: Collection[int] | None) -> list[RankedCity]:
    """Return the units that a finished run ranks, of those wanted, or all.

    They are in the order of ``fields``, of "rank" and "score", falling with a minus; ties in that of the
    register.
    """
    scores, ranks = composites_of([run.pk])[run.pk]
    ids = np.array(run.data_set.city_ids, dtype=np.int64)
    chosen = np.flatnonzero(ranks if wanted is None else (ranks > 0) & np.isin(ids, list(wanted)))
    known = {"rank": ranks, "score": scores}
    keys = [known[field] if field in known else -known[field[1:]] for field in fields if field != "pk"]
    order = chosen[np.lexsort([key[chosen] for key in (ids, *reversed(keys))])]
    columns = ids[order].tolist(), scores[order].tolist(), ranks[order].tolist()
    return [RankedCity(*row) for row in zip(*columns, strict=True)]


def results_of(
    runs: Sequence[Run],
    nodes: Mapping[int, Sequence[Indicator]] | None = None,
    *,
    city_ids: Sequence[int] | None = None,
) -> list[RunResult]:
    """Return finished runs, loaded with their nodes, as arrays over the same units.

    ``nodes`` are those of the frameworks, where the caller has them. The units are ``city_ids``, or
    those of the first run's data set; another may list them otherwise, or not have all of them.
    """
    city_ids = runs[0].data_set.city_ids if city_ids is None else city_ids
    composites = composites_of([run.pk for run in runs])
    known = nodes or {}
    leaves = {
        (run.data_set_id, run.method_id): LeafScores(
            run.data_set, run.method, known.get(run.data_set.framework_id, ())
        )
        for run in runs
    }
    kept_back = codes_kept_back(runs)
    results = []
    for run in runs:
        (scores, ranks), rows = composites[run.pk], _rows_of(run, city_ids)
        if rows is not None:
            scores, ranks = in_order(scores, rows, np.nan), in_order(ranks, rows, 0)
        leaf_scores = leaves[run.data_set_id, run.method_id]
        results.append(RunResult(run, scores, ranks, leaf_scores, rows, kept_back))
    return results


def printed_figures_of(data_set: DataSet, city_ids: Sequence[int] | None = None) -> Printed:
    """Return what a publication prints for the units of a data set; for all without ids."""
    figures = PublishedFigure.objects.filter(data_set=data_set)
    if city_ids is not None:
        figures = figures.filter(city__in=city_ids)
    return {
        (city, node): value for city, node, value in figures.values_list("city_id", "indicator_id", "value")
    }


def shown_score(run: Run, score: float, printed: str | None) -> ShownScore:
    """Return a score as shown, with its mark where the data set reproduces a publication."""
    value = float(score) * run.method.scale
    if not run.reproduces_publication:
        return ShownScore(value)
    if printed is None:
        return ShownScore(value, "reconstructed")
    digits = -int(Decimal(printed).as_tuple().exponent)
    return ShownScore(value, "published" if f"{value:.{digits}f}" == printed else "reconstructed")


def _visible_to(account: Account | None) -> QuerySet[Run]:
    runs = known_to(account, _runs_for(account))
    if has_role(account, STAFF):
        return runs
    published = runs.filter(data_set__is_published=True, weight_version__is_published=True)
    return published.filter(method=F("data_set__method"))


def _runs_for(account: Account | None) -> QuerySet[Run]:
    """Return all runs, which keep back what an account may not be given."""
    return _runs(keeping_back=not has_role(account, STAFF)).all()


@cache
def _runs(*, keeping_back: bool) -> QuerySet[Run]:
    """Return the same; almost every page asks, and to put the question together took a third of asking it."""
    printed = PublishedFigure.objects.filter(data_set=OuterRef("data_set"))
    members = GroupMember.objects.filter(grouping__register=OuterRef("data_set__series__register"))
    terms = IndicatorTerms.objects.filter(
        index__editions__run__data_set=OuterRef("data_set"), is_withheld=True
    )
    runs = Run.objects.select_related("data_set__framework", "weight_version", "method")
    # The model declares them for whoever reads a run, which the plugin takes for a second definition.
    return runs.annotate(  # type: ignore[no-redef]
        reproduces_publication=Exists(printed),
        last_member=Subquery(members.order_by("-pk").values("pk")[:1]),
        register_edition=F("data_set__series__register__edition"),
        register_completions=F("data_set__series__register__completions"),
        register_completed_at=F("data_set__series__register__completed_at"),
        keeps_back=Exists(terms) if keeping_back else Value(False),
    )


def unpack_inner(run: Run) -> tuple[dict[int, int], FloatArray]:
    """Return the row of each inner node by its position, and the scores, (inner nodes, units).

    A framework of leaves alone has none of them: no row, and scores of the shape (0, units).
    """
    assert run.node_scores is not None  # noqa: S101  (a finished run has them: run_done_is_whole)
    count = int(np.frombuffer(run.node_scores, dtype="<i8", count=1)[0])
    positions = np.frombuffer(run.node_scores, dtype="<i8", count=count, offset=8)
    scores = np.frombuffer(run.node_scores, dtype="<f8", offset=8 * (count + 1))
    return {int(node): row for row, node in enumerate(positions)}, scores.reshape(
        count, len(run.data_set.city_ids)
    )


def in_order(values: Numbers, rows: IntArray, lacking: float) -> Numbers:
    """Return the values of these rows; ``lacking`` where a row is -1."""
    ordered = values[rows]
    ordered[rows < 0] = lacking
    return ordered


def _rows_of(run: Run, city_ids: Sequence[int]) -> IntArray | None:
    own = run.data_set.city_ids
    if own == city_ids:
        return None
    row = {city_id: index for index, city_id in enumerate(own)}
    return np.array([row.get(city_id, -1) for city_id in city_ids], dtype=np.int64)
