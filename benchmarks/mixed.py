"""A method that treats every indicator in its own way: beside the bare product, and beside pandas."""

from collections.abc import Callable
from functools import partial

import numpy as np
import pandas as pd

from benchmarks.uncertainty import CITIES, LEAVES, VERSIONS, interleaved, make_tree
from indexer.management.workers import one_thread_processes
from indexer.numeric.method.leaf_steps import RawColumns, normalise_leaves
from indexer.numeric.method.plan import LeafStep, MethodPlan
from indexer.numeric.scores.index import CHUNK, Index, many_ranks
from indexer.numeric.scores.node_scores import score_nodes
from indexer.numeric.scores.packed_ranking import min_ranks_by_row
from indexer.numeric.studies.uncertainty import RankCounter, SeededDraws
from weighting.numeric.arrays import FloatArray, IntArray
from weighting.numeric.draws import dirichlet_around
from weighting.numeric.tree import Tree, build_tree, local_from_leaf_weights

# Every kind of step in turn; raw values lie between 1 and a few hundred.
STEPS: tuple[dict[str, object], ...] = (
    {"normalisation": "goalposts", "lower": 0.0, "upper": 1000.0, "cap": True},
    {"normalisation": "goalposts", "lower": 0.5, "upper": 2000.0, "transform": "ln"},
    {"normalisation": "target", "lower": 0.0, "target": 500.0, "cap": True},
    {"normalisation": "rank"},
    {"normalisation": "percentile"},
    {"normalisation": "minmax", "transform": "sqrt"},
    {"normalisation": "minmax", "outliers": "winsorise"},
    {"normalisation": "fraction_of_max"},
)
FLOOR = 0.001
# Several turns of each, of which the median counts; of pandas, which takes ten seconds, one.
ROUNDS = 15
# One draw of COINr's own loop over its example, in seconds: it is R, and was measured apart.
COINR_UNITS, COINR_LEAVES, COINR_DRAW = 51, 49, 8.3e-3
# Versions that are added at a time.
IN_ORDER = 64
PANDAS_ROUNDS = 1
NAME = f"to ranks of {CITIES} x {LEAVES}, every step, geometric top"


def rows() -> list[dict[str, object]]:
    """Time each pair by turns, in a process of its own with one BLAS thread, and compare medians.

    What a process has freed before decides how soon it gets memory again, which is half of a product's time.
    """
    found: list[dict[str, object]] = []
    for task in (_version_rows, _draw_rows):
        with one_thread_processes(1) as pool:
            found += pool.submit(task).result()
    return found


def _version_rows() -> list[dict[str, object]]:
    tree, raw, weights = _inputs()
    local = np.stack([local_from_leaf_weights(tree, column) for column in weights.T], axis=1)
    ours, as_runs = partial(_rank_versions, tree, raw, local), partial(_rank_as_runs, tree, raw, weights)
    values = _normalise(tree, raw)
    reference = partial(_rank_by_pandas, tree, pd.DataFrame(values), weights)
    ranks = reference()
    if not (np.array_equal(ours(), ranks) and np.array_equal(as_runs(), ranks)):
        raise AssertionError("pandas ranks otherwise")
    product, in_order = _product(values, weights), _add_in_order(values, weights)
    name, stored = f"{VERSIONS:,} versions {NAME}", f"{VERSIONS:,} versions to what runs store"
    return [
        _row(f"{name}, product", *interleaved(ours, product, ROUNDS), 6, "lower"),
        _row(f"{name}, pandas", *interleaved(ours, reference, PANDAS_ROUNDS), 30, "higher"),
        _row(f"{stored}, product", *interleaved(as_runs, product, ROUNDS), 6, "lower"),
        _row(f"{stored}, bare sums in order", *interleaved(as_runs, in_order, ROUNDS), 2, "lower"),
    ]


def _draw_rows() -> list[dict[str, object]]:
    tree, raw, weights = _inputs()
    values = _normalise(tree, raw)
    times = interleaved(_count_draws(tree, values), _product(values, weights[:, :CHUNK]), ROUNDS)
    ours, product = (seconds * 1000 / CHUNK for seconds in times)
    size = f"{COINR_UNITS} x {COINR_LEAVES}"
    return [
        _row(f"1,000 draws {NAME}, product", ours, product, 6, "lower"),
        _row(f"one draw to ranks of {size}, every step, COINr", _small_draw(), COINR_DRAW, 1000, "higher"),
    ]


def _count_draws(tree: Tree, values: FloatArray) -> Callable[[], None]:
    """Draw weights around equal ones, and count the ranks, a chunk at each call."""
    local = np.ones(len(tree))
    for group in tree.groups:
        local[group] = 1 / len(group)
    draws = SeededDraws(dirichlet_around(tree, local, 100), (ROUNDS + 1) * CHUNK, 1)
    counter, chunks = RankCounter(_index(tree, values, local)), iter(range(draws.chunks))
    return lambda: counter.add(draws.draw(next(chunks)))


def _small_draw() -> float:
    """Return the seconds of one draw of an index as large as COINr's example: eight pillars in two halves."""
    halves, pillars = [f"s{place}" for place in range(2)], [f"g{place}" for place in range(8)]
    leaves = [f"x{place}" for place in range(COINR_LEAVES)]
    parents = ["", "", *(halves[place % 2] for place in range(8))]
    tree = build_tree(
        [*halves, *pillars, *leaves], [*parents, *(pillars[place % 8] for place in range(COINR_LEAVES))]
    )
    raw = np.random.default_rng(7).lognormal(3, 1, (COINR_UNITS, COINR_LEAVES)) + 1
    count = _count_draws(tree, _normalise(tree, raw))
    return interleaved(count, lambda: None, ROUNDS)[0] / CHUNK


def _plan() -> MethodPlan:
    """Groups of every mean below a geometric whole."""
    codes = ("arithmetic", "harmonic", "power:2", "geometric")
    nodes = {f"g{place}": {"aggregation": codes[place % 4]} for place in range(13)}
    nodes |= {f"s{place}": {"aggregation": codes[place]} for place in range(4)}
    return MethodPlan(nodes={**nodes, "": {"aggregation": "geometric"}}, floor=FLOOR)


def _inputs() -> tuple[Tree, FloatArray, FloatArray]:
    rng = np.random.default_rng(7)
    weights = rng.random((LEAVES, VERSIONS)) + 0.1
    return make_tree(), rng.lognormal(3, 1, (CITIES, LEAVES)) + 1, weights / weights.sum(axis=0)


def _normalise(tree: Tree, values: FloatArray) -> FloatArray:
    raw = RawColumns(
        values=values,
        directions=np.ones(len(tree.leaves), dtype=np.int64),
        codes=tree.leaf_codes,
        units=[str(place) for place in range(len(values))],
    )
    steps = [LeafStep(**STEPS[place % len(STEPS)]) for place in range(len(tree.leaves))]  # type: ignore[arg-type]
    return normalise_leaves(raw, steps).values


def _rank_versions(tree: Tree, raw: FloatArray, local: FloatArray) -> IntArray:
    """Take raw values to the ranks of all versions, (versions, cities), as studies of given versions do."""
    return many_ranks(_index(tree, _normalise(tree, raw), local[:, 0]), local)


def _rank_as_runs(tree: Tree, raw: FloatArray, weights: FloatArray) -> IntArray:
    """Take raw values to what runs store: scores of fixed bits on all nodes, and the ranks."""
    scored = score_nodes(tree, weights, _normalise(tree, raw), _plan().node_steps(tree))
    return min_ranks_by_row(scored.scores)


def _index(tree: Tree, values: FloatArray, local: FloatArray) -> Index:
    return Index(tree, values, local, "geometric", steps=_plan().node_steps(tree))


def _add_in_order(values: FloatArray, weights: FloatArray) -> Callable[[], object]:
    """The least that scores of fixed bits take in NumPy: a product and a sum for each leaf in turn."""
    terms = np.ascontiguousarray(values.T)
    product, sums = np.empty((2, IN_ORDER, CITIES))

    def add() -> None:
        for start in range(0, weights.shape[1], IN_ORDER):
            part = np.ascontiguousarray(weights[:, start : start + IN_ORDER, np.newaxis])
            rows = slice(0, part.shape[1])
            sums[rows] = 0
            for weight, leaf in zip(part, terms, strict=True):
                np.multiply(weight, leaf, out=product[rows])
                np.add(sums[rows], product[rows], out=sums[rows])

    return add


def _rank_by_pandas(tree: Tree, frame: pd.DataFrame, weights: FloatArray) -> IntArray:
    """Form every node of every version as an analyst writes it, of values that are normalised already."""
    ranks = {
        version: _whole(tree, frame, _totals(tree, column)).rank(ascending=False, method="min")
        for version, column in enumerate(weights.T)
    }
    return pd.DataFrame(ranks).to_numpy().T.astype(np.int64)


def _totals(tree: Tree, leaves: FloatArray) -> FloatArray:
    """Return the weights of all nodes, sums of those of the leaves."""
    return tree.descendant_leaves @ leaves


def _whole(tree: Tree, frame: pd.DataFrame, totals: FloatArray) -> pd.Series:
    plan = _plan()
    scores = dict(zip(tree.leaf_codes, (frame[column] for column in frame), strict=True))
    for group in sorted(tree.groups, key=lambda group: -int(tree.depth[group[0]])):
        parent = int(tree.parents[group[0]])
        code = "" if parent < 0 else tree.codes[parent]
        parts = pd.DataFrame({node: scores[tree.codes[node]] for node in group.tolist()})
        weights = pd.Series(totals[group] / totals[group].sum(), index=group.tolist())
        scores[code] = FORMS[plan.node_step(code).aggregation](parts, weights)
    return scores[""].round(12)


FORMS: dict[str, Callable[[pd.DataFrame, pd.Series], pd.Series]] = {
    "arithmetic": lambda parts, weights: (parts * weights).sum(axis=1),
    "harmonic": lambda parts, weights: 1 / ((1 / parts.clip(lower=FLOOR)) * weights).sum(axis=1),
    "power:2": lambda parts, weights: ((parts**2) * weights).sum(axis=1) ** 0.5,
    "geometric": lambda parts, weights: np.exp((np.log(parts.clip(lower=FLOOR)) * weights).sum(axis=1)),
}


def _product(values: FloatArray, weights: FloatArray) -> Callable[[], object]:
    cities = np.ascontiguousarray(values.T)
    return lambda: weights.T @ cities


def _row(name: str, ours: float, reference: float, goal: float, better: str) -> dict[str, object]:
    return {
        "name": name,
        "ours": ours * 1e3,
        "reference": reference * 1e3,
        "ratio": reference / ours if better == "higher" else ours / reference,
        "goal": goal,
        "better": better,
    }
