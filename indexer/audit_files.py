"""The tables of an audit, the same as files of the command, as exports and in the API."""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Generic, TypeVar

import numpy as np

from indexer.numeric.coherence.audit import AuditedIndex, Group, Weighed, shifts_without
from indexer.numeric.coherence.audit_plan import CountedAudit
from indexer.numeric.coherence.correlations import FLAGS
from indexer.numeric.coherence.importance import DRAWS, Importance
from indexer.numeric.coherence.kept_facts import UnweightedFacts
from indexer.numeric.coherence.structure import TreeShape
from indexer.numeric.scores.index import Index
from weighting.exports import write_csv
from weighting.numeric.arrays import FloatArray, IntArray
from weighting.numeric.tree import NO_PARENT, Tree

TOTAL = "total"
# Values that are scored anew, and scores whose units are drawn anew, within some ten seconds.
MOST_SCORED, MOST_DRAWN = 1_000_000_000, 2_000_000
Row = list[object]


@dataclass(frozen=True, eq=False)
class Audit:
    """An index with what is needed to write its audit down.

    ``index`` gives what scores it under other weights, of so many ``values`` in all; ``units`` names its
    units, in the order of the scores. Somebody who waits for an answer has no time for everything that a
    large index may be asked: ``is_hurried`` leaves intervals and ranks without each node out where they take
    many seconds, unless a study has ``counted`` them.
    """

    scored: AuditedIndex
    index: Callable[[], Index]
    values: int
    units: Iterable[str]
    is_hurried: bool = False
    counted: CountedAudit | None = None

    @cached_property
    def shifts(self) -> FloatArray:
        """Places that ranks move on average without each node, (nodes,); nan where left out."""
        if self.counted:
            return self.counted.shifts(self.scored)
        nodes = np.arange(len(self.scored.tree))
        return np.full(len(nodes), np.nan) if self.leaves_shifts_out else shifts_without(self.index(), nodes)

    @property
    def leaves_shifts_out(self) -> bool:
        """Whether ranks without each node take too long for somebody who waits."""
        return self.is_hurried and self.values * len(self.scored.tree) > MOST_SCORED

    @property
    def leaves_something_out(self) -> bool:
        """Whether it tells less than the whole audit, which a study counts."""
        return self.counted is None and (self.leaves_shifts_out or not self.draws)

    def importances(self) -> Iterator[tuple[Weighed, Importance]]:
        """Return how important the nodes of every whole are for it."""
        return (
            self.counted.importances(self.scored)
            if self.counted
            else self.scored.importances(draws=self.draws)
        )

    @property
    def draws(self) -> int:
        """Replications behind each interval; 0 where they are left out."""
        cells = len(self.scored.total) * len(self.scored.tree)
        return 0 if self.is_hurried and cells > MOST_DRAWN else DRAWS

    def code(self, node: int) -> str:
        """Return the code of a node; of -1 that of the composite."""
        return code_of(self.scored.tree, node)


@dataclass(frozen=True, eq=False)
class UnweightedAudit:
    """A data set before any weights; codes are those of its units."""

    scored: UnweightedFacts
    units: Sequence[str]
    unit_codes: Sequence[str]


@dataclass(frozen=True, eq=False)
class FrameworkAudit:
    """A tree of indicators before any data."""

    tree: Tree
    shape: TreeShape


AnyAudit = TypeVar("AnyAudit")


RAW_COLUMNS = ("min", "max", "mean", "median")


@dataclass(frozen=True)
class AuditTable(Generic[AnyAudit]):
    """Names of columns, and the rows of an audit under them."""

    columns: tuple[str, ...]
    rows: Callable[[AnyAudit], Iterator[Row]]

    def plain_rows(self, audit: AnyAudit, given: Collection[str] | None = None) -> Iterator[Row]:
        """Return the rows with nothing in place of what is not defined.

        ``given`` are the indicators whose raw values the reader may have, all without it: range and mean
        of the others are left out, for with them any score tells its raw value.
        """
        raw = [] if given is None else [at for at, name in enumerate(self.columns) if name in RAW_COLUMNS]
        for row in self.rows(audit):
            kept = ["" if isinstance(cell, float) and np.isnan(cell) else cell for cell in row]
            if given is not None and row[0] not in given:
                for at in raw:
                    kept[at] = ""
            yield kept


def code_of(tree: Tree, node: int) -> str:
    """Return the code of a node; of -1 that of the composite."""
    return TOTAL if node == NO_PARENT else tree.codes[node]


def correlation_rows(audit: Audit) -> Iterator[Row]:
    """Every two nodes in the tree's order, and each with the total."""
    scored = audit.scored
    codes = [*scored.tree.codes, TOTAL]
    flags = np.pad(scored.flags, (0, 1))
    for a in range(len(scored.tree)):
        later = np.arange(a + 1, len(codes))
        yield from _pairs(scored, codes, flags, a, later)


def group_rows(audit: Audit) -> Iterator[Row]:
    """Every group of siblings, under the code of its parent."""
    for group in audit.scored.groups:
        yield _group_row(audit.scored, group)


def importance_rows(audit: Audit) -> Iterator[Row]:
    """Every node of what stands above it, and every leaf below that of the total."""
    for each, found in audit.importances():
        figures = zip(
            each.weights.tolist(),
            found.linear.tolist(),
            found.smooth.tolist(),
            found.low.tolist(),
            found.high.tolist(),
            strict=True,
        )
        for node, row in zip(each.nodes.tolist(), figures, strict=True):
            yield [audit.code(node), audit.code(each.whole), *row]


def indicator_rows(audit: Audit) -> Iterator[Row]:
    """Every node: what a leaf's raw values look like, and what the node does in its group."""
    scored = audit.scored
    leaf = {int(node): position for position, node in enumerate(scored.tree.leaves)}
    without, loading = np.full(len(scored.tree), np.nan), np.full(len(scored.tree), np.nan)
    for group in scored.groups:
        without[group.members] = group.consistency.without
        loading[group.members] = group.components.loadings[:, 0]
    closest, strength = scored.closest
    for node, code in enumerate(scored.tree.codes):
        yield [
            code,
            audit.code(int(scored.tree.parents[node])),
            *(_leaf_figures(scored, leaf[node]) if node in leaf else [""] * 10),
            float(without[node]),
            float(loading[node]),
            audit.code(int(closest[node])) if closest[node] >= 0 else "",
            float(strength[node]),
            float(audit.shifts[node]),
        ]


def unit_rows(audit: Audit) -> Iterator[Row]:
    """Every unit, and what it has of the indicators."""
    found = audit.scored.units
    figures = zip(
        found.count.tolist(),
        found.available.tolist(),
        found.weight.tolist(),
        found.zeros.tolist(),
        strict=True,
    )
    for unit, row in zip(audit.units, figures, strict=True):
        yield [unit, *row]


def unweighted_correlation_rows(audit: UnweightedAudit) -> Iterator[Row]:
    """Every two indicators with data, turned so that more is better."""
    scored, leaves = audit.scored, audit.scored.tree.leaves
    for at, a in enumerate(leaves.tolist()):
        yield from _pairs(scored, scored.tree.codes, scored.flags, a, leaves[at + 1 :])


def unweighted_group_rows(audit: UnweightedAudit) -> Iterator[Row]:
    """Every group of indicators with data; values have one variance, so that there is one alpha."""
    for group in audit.scored.groups:
        node, members, alpha, _standardised, *figures = _group_row(audit.scored, group)
        yield [node, members, alpha, *figures]


def unweighted_indicator_rows(audit: UnweightedAudit) -> Iterator[Row]:
    """Every indicator with data: what its values look like, and how it goes with its group."""
    scored, (closest, strength) = audit.scored, audit.scored.closest
    place = {int(node): leaf for leaf, node in enumerate(scored.tree.leaves)}
    for group in audit.scored.groups:
        figures = zip(group.consistency.without, group.components.loadings[:, 0], strict=True)
        for node, (without, loading) in zip(group.members.tolist(), figures, strict=True):
            yield [
                scored.tree.codes[node],
                code_of(scored.tree, group.parent),
                *_leaf_figures(scored, place[node]),
                float(without),
                float(loading),
                scored.tree.codes[int(closest[node])] if closest[node] >= 0 else "",
                float(strength[node]),
            ]


def unweighted_unit_rows(audit: UnweightedAudit) -> Iterator[Row]:
    """Every unit, and what it has of the indicators."""
    found = audit.scored.units
    figures = zip(found.count.tolist(), found.available.tolist(), found.zeros.tolist(), strict=True)
    for unit, code, row in zip(audit.units, audit.unit_codes, figures, strict=True):
        yield [unit, code, *row]


def structure_group_rows(audit: FrameworkAudit) -> Iterator[Row]:
    """Every group of siblings: its size, and what each of it weighs where all groups are shared equally."""
    tree, shape = audit.tree, audit.shape
    for members in tree.groups:
        first = int(members[0])
        yield [
            code_of(tree, int(tree.parents[first])),
            int(tree.depth[first]),
            len(members),
            int(shape.below[members].sum()),
            float(shape.equal[first]),
        ]


def structure_node_rows(audit: FrameworkAudit) -> Iterator[Row]:
    """Every node in the tree's order."""
    tree, shape = audit.tree, audit.shape
    for node, code in enumerate(tree.codes):
        parent = int(tree.parents[node])
        equal = float(shape.equal[node])
        yield [code, code_of(tree, parent), int(tree.depth[node]), int(shape.below[node]), equal]


GROUP_COLUMNS = (
    "node",
    "members",
    "alpha",
    "alpha_standardised",
    "first_share",
    "kept_components",
    "mean_correlation",
    "lowest_correlation",
    "complete_units",
    "eigenvalues",
)
VALUE_COLUMNS = (
    "code",
    "parent",
    "values",
    "availability",
    "zeros",
    "repeats",
    "min",
    "max",
    "mean",
    "median",
    "skewness",
    "kurtosis",
    "alpha_without",
    "first_loading",
    "closest",
    "closest_pearson",
)
PAIR_COLUMNS = ("a", "b", "pearson", "spearman", "flag")
TABLES: dict[str, AuditTable[Audit]] = {
    "correlations": AuditTable(PAIR_COLUMNS, correlation_rows),
    "groups": AuditTable(GROUP_COLUMNS, group_rows),
    "importance": AuditTable(("code", "of", "weight", "linear", "smooth", "low", "high"), importance_rows),
    "indicators": AuditTable((*VALUE_COLUMNS, "shift_without"), indicator_rows),
    "units": AuditTable(("unit", "values", "availability", "weight_present", "zeros"), unit_rows),
}
# Of a data set before any weights.
UNWEIGHTED_TABLES: dict[str, AuditTable[UnweightedAudit]] = {
    "correlations": AuditTable(PAIR_COLUMNS, unweighted_correlation_rows),
    "groups": AuditTable(
        tuple(name for name in GROUP_COLUMNS if name != "alpha_standardised"), unweighted_group_rows
    ),
    "indicators": AuditTable(VALUE_COLUMNS, unweighted_indicator_rows),
    "units": AuditTable(("unit", "unit_code", "values", "availability", "zeros"), unweighted_unit_rows),
}
# Of a framework before any data.
STRUCTURE_TABLES: dict[str, AuditTable[FrameworkAudit]] = {
    "groups": AuditTable(("node", "level", "members", "leaves", "equal_weight"), structure_group_rows),
    "indicators": AuditTable(("code", "parent", "level", "leaves", "equal_weight"), structure_node_rows),
}


def write_audit(folder: Path, audit: AnyAudit, tables: dict[str, AuditTable[AnyAudit]]) -> None:
    """Write every table in full precision; what is not defined is left empty."""
    for name, table in tables.items():
        write_csv(folder / f"{name}.csv", table.columns, table.rows(audit))


def _pairs(
    scored: AuditedIndex | UnweightedFacts, codes: Sequence[str], flags: IntArray, a: int, others: IntArray
) -> Iterator[Row]:
    """Correlate one node with some others."""
    figures = zip(
        others.tolist(),
        scored.pearson[a, others].tolist(),
        scored.spearman[a, others].tolist(),
        flags[a, others].tolist(),
        strict=True,
    )
    for b, pearson, spearman, flag in figures:
        yield [codes[a], codes[b], pearson, spearman, FLAGS[flag]]


def _group_row(scored: AuditedIndex | UnweightedFacts, group: Group) -> Row:
    components, consistency = group.components, group.consistency
    return [
        code_of(scored.tree, group.parent),
        len(group.members),
        consistency.alpha,
        consistency.standardised,
        components.first_share,
        components.kept,
        group.mean,
        group.lowest,
        components.count,
        " ".join(f"{value:.12g}" for value in components.eigenvalues if not np.isnan(value)),
    ]


def _leaf_figures(scored: AuditedIndex | UnweightedFacts, leaf: int) -> Row:
    facts = scored.indicators
    figures = (facts.available, facts.zeros, facts.repeats, facts.low, facts.high, facts.mean, facts.median)
    shape = facts.shapes[leaf]
    return [
        int(facts.count[leaf]),
        *(float(figure[leaf]) for figure in figures),
        shape.skewness,
        shape.kurtosis,
    ]
