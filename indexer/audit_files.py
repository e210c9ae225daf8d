"""The five tables of an audit, the same as files of the command, as exports and in the API."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from indexer.numeric.coherence.audit import ScoredIndex, shifts_without
from indexer.numeric.coherence.correlations import FLAGS
from indexer.numeric.coherence.importance import DRAWS
from indexer.numeric.uncertainty import Index
from weighting.exports import write_csv
from weighting.numeric.arrays import FloatArray
from weighting.numeric.tree import NO_PARENT

TOTAL = "total"
# Values that are scored anew, and scores whose cities are drawn anew, within some ten seconds.
MOST_SCORED, MOST_DRAWN = 1_000_000_000, 2_000_000
Row = list[object]


@dataclass(frozen=True, eq=False)
class Audit:
    """An index with what is needed to write its audit down.

    ``index`` scores it under other weights; ``units`` names its units, in the order of the scores.
    Somebody who waits for an answer has no time for everything that a large index may be asked:
    ``is_hurried`` leaves intervals and ranks without each node out where they take many seconds.
    """

    scored: ScoredIndex
    index: Index
    units: Sequence[str]
    is_hurried: bool = False

    @cached_property
    def shifts(self) -> FloatArray:
        """Places that ranks move on average without each node, (nodes,); nan where left out."""
        nodes = len(self.scored.tree)
        if self.is_hurried and self.index.normalised.size * nodes > MOST_SCORED:
            return np.full(nodes, np.nan)
        return shifts_without(self.index, np.arange(len(self.scored.tree)))

    @property
    def draws(self) -> int:
        """Replications behind each interval; 0 where they are left out."""
        return 0 if self.is_hurried and self.scored.scores.size > MOST_DRAWN else DRAWS

    def code(self, node: int) -> str:
        """Return the code of a node; of -1 that of the composite."""
        return TOTAL if node == NO_PARENT else self.scored.tree.codes[node]


@dataclass(frozen=True)
class AuditTable:
    """Names of columns, and the rows of an audit under them."""

    columns: tuple[str, ...]
    rows: Callable[[Audit], Iterator[Row]]


def correlation_rows(audit: Audit) -> Iterator[Row]:
    """Every two nodes in the tree's order, and each with the total."""
    scored = audit.scored
    codes = [*scored.tree.codes, TOTAL]
    for a in range(len(scored.tree)):
        pearson, spearman = scored.pearson[a, a + 1 :].tolist(), scored.spearman[a, a + 1 :].tolist()
        flags = [FLAGS[flag] for flag in scored.flags[a, a + 1 :]] + [""]
        for b, *figures in zip(codes[a + 1 :], pearson, spearman, flags, strict=True):
            yield [codes[a], b, *figures]


def group_rows(audit: Audit) -> Iterator[Row]:
    """Every group of siblings, under the code of its parent."""
    for group in audit.scored.groups:
        components, consistency = group.components, group.consistency
        yield [
            audit.code(group.parent),
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


def importance_rows(audit: Audit) -> Iterator[Row]:
    """Every node of what stands above it, and every leaf below that of the total."""
    for parent, members, weights, found in audit.scored.importances(draws=audit.draws):
        figures = zip(
            weights.tolist(),
            found.linear.tolist(),
            found.smooth.tolist(),
            found.low.tolist(),
            found.high.tolist(),
            strict=True,
        )
        for node, row in zip(members.tolist(), figures, strict=True):
            yield [audit.code(node), audit.code(parent), *row]


def indicator_rows(audit: Audit) -> Iterator[Row]:
    """Every node: what a leaf's raw values look like, and what the node does in its group."""
    scored = audit.scored
    leaf = {int(node): place for place, node in enumerate(scored.tree.leaves)}
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


TABLES = {
    "correlations": AuditTable(("a", "b", "pearson", "spearman", "flag"), correlation_rows),
    "groups": AuditTable(
        (
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
        ),
        group_rows,
    ),
    "importance": AuditTable(("code", "of", "weight", "linear", "smooth", "low", "high"), importance_rows),
    "indicators": AuditTable(
        (
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
            "shift_without",
        ),
        indicator_rows,
    ),
    "units": AuditTable(("unit", "values", "availability", "weight_present", "zeros"), unit_rows),
}


def write_audit(folder: Path, audit: Audit) -> None:
    """Write every table in full precision; what is not defined is left empty."""
    for name, table in TABLES.items():
        write_csv(folder / f"{name}.csv", table.columns, table.rows(audit))


def _leaf_figures(scored: ScoredIndex, leaf: int) -> Row:
    facts = scored.indicators
    figures = (facts.available, facts.zeros, facts.repeats, facts.low, facts.high, facts.mean, facts.median)
    shape = facts.shapes[leaf]
    return [
        int(facts.count[leaf]),
        *(float(figure[leaf]) for figure in figures),
        shape.skewness,
        shape.kurtosis,
    ]
