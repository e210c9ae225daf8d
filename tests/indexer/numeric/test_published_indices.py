"""Indices that others publish come out as they printed them, from their own inputs."""

import numpy as np
import pytest

from indexer.numeric.method.plan import WHOLE, LeafStep, MethodPlan, NodeStep, plan_faults
from indexer.numeric.scores.ranking import min_ranks
from tests.indexer.numeric.published import column, computed, numbers, rows_of, tree_of
from weighting.numeric.tree import build_tree

HDI_TREE = build_tree(
    ["health", "education", "income", "le", "eys", "mys", "gnipc"],
    ["", "", "", "health", "education", "education", "income"],
)
HDI_WEIGHTS = [1 / 3, 1 / 3, 1 / 3, 1, 0.5, 0.5, 1]
HDI = MethodPlan(
    leaf=LeafStep(normalisation="goalposts"),
    node=NodeStep("geometric"),
    leaves={
        "le": {"lower": 20.0, "upper": 85.0},
        "eys": {"lower": 0.0, "upper": 18.0},
        "mys": {"lower": 0.0, "upper": 15.0},
        "gnipc": {"lower": 100.0, "upper": 75_000.0, "transform": "ln"},
    },
    nodes={"education": {"aggregation": "arithmetic"}},
    scale=1,
)


@pytest.mark.parametrize("year", [2019, 2021])
def test_human_development_of_191_countries(year):
    rows = rows_of("hdi_2019_2021.csv")
    values = numbers(rows, [f"{code}_{year}" for code in HDI_TREE.leaf_codes])
    assert not plan_faults(HDI, HDI_TREE, np.ones(4, dtype=int))
    scores, _inner = computed(HDI_TREE, HDI_WEIGHTS, values, HDI)
    printed = column(rows, f"hdi_{year}")
    assert len(rows) == 191
    assert np.abs(scores - printed).max() <= 0.0005
    if year == 2021:
        # The report ranks by the printed digits.
        assert min_ranks(np.round(scores, 3)).tolist() == column(rows, "hdi_rank_2021").tolist()


def test_environmental_performance_of_180_countries():
    weights, rows = rows_of("epi_2020_weights.csv"), rows_of("epi_2020.csv")
    tree = tree_of(weights)
    plan = MethodPlan(leaf=LeafStep(normalisation="none", imputation="reweight"), scale=1)
    values = numbers(rows, tree.leaf_codes)
    scores, _inner = computed(tree, column(weights, "local_weight"), values, plan)
    assert (len(rows), bool(np.isnan(values).any())) == (180, True)
    assert np.abs(scores - column(rows, "EPI")).max() <= 0.06
    # Printed to one decimal: two countries may be printed alike that are not.
    assert np.abs(min_ranks(scores) - column(rows, "EPI_rank")).max() <= 3


def test_connectivity_of_51_countries_by_a_plain_loop():
    """ASEM as COINr's example has it: denominators, min-max, arithmetic means of equal weights."""
    framework, rows = rows_of("asem_framework.csv"), rows_of("asem.csv")
    tree = tree_of(framework)
    local = np.empty(len(tree))
    for group in tree.groups:
        local[group] = 1 / len(group)
    by_code = {row["code"]: row for row in framework}
    per = [by_code[code]["denominator"] for code in tree.leaf_codes]
    directions = np.array([int(by_code[code]["direction"]) for code in tree.leaf_codes])
    denominators = {at: column(rows, name) for at, name in enumerate(per) if name}
    plan = MethodPlan(leaf=LeafStep(normalisation="minmax", imputation="reweight"))
    values = numbers(rows, tree.leaf_codes)
    scores, inner = computed(tree, local, values, plan, directions=directions, denominators=denominators)
    expected = _by_a_loop(tree, by_code, rows)
    assert scores == pytest.approx(expected["Index"], rel=1e-12)
    of_node = dict(zip((tree.codes[node] for node in tree.inner), inner, strict=True))
    assert of_node["P2P"] == pytest.approx(expected["P2P"], rel=1e-12)


def _by_a_loop(tree, by_code, rows):
    """Return the score of each node, (cities,), the long way round."""
    scores = {}
    for code in tree.leaf_codes:
        raw = [float(row[code] or "nan") for row in rows]
        if below := by_code[code]["denominator"]:
            raw = [x / float(row[below] or "nan") for x, row in zip(raw, rows, strict=True)]
        low, high = np.nanmin(raw), np.nanmax(raw)
        best, worst = (low, high) if by_code[code]["direction"] == "-1" else (high, low)
        scores[code] = [(x - worst) / (best - worst) for x in raw]
    waiting = [code for code in tree.codes if code not in scores]
    while waiting:
        code = waiting.pop(0)
        children = [child for child, row in by_code.items() if row["parent"] == code]
        if not set(children) <= set(scores):
            waiting.append(code)
            continue
        columns = zip(*(scores[child] for child in children), strict=True)
        scores[code] = [np.nanmean(cells) for cells in columns]
    return scores


def test_goals_with_targets_and_a_limit_of_gaps():
    """The form of the SDG Index: lower bound and target per indicator, no score above 20 % missing."""
    tree = build_tree(["g1", "g2", "a", "b", "c", "d", "e"], ["", "", "g1", "g1", "g2", "g2", "g2"])
    plan = MethodPlan(
        leaf=LeafStep(normalisation="target", imputation="reweight"),
        leaves={
            "a": {"lower": 0.0, "target": 50.0},
            "b": {"lower": 10.0, "target": 0.0},
            "c": {"lower": 1.0, "target": 5.0},
            "d": {"lower": 0.0, "target": 1.0},
            "e": {"lower": 0.0, "target": 4.0},
        },
        nodes={WHOLE: {"coverage": 0.8}},
    )
    directions = np.array([1, -1, 1, 1, 1])
    nan = np.nan
    values = np.array(
        [
            [25, 5, 3, 0.5, 2],  # half of the way in everything
            [60, -1, 9, 2, 5],  # beyond every target
            [25, 5, 3, 0.5, nan],  # a third of a goal is missing: 1/6 of the weight
            [25, nan, 3, 0.5, 2],  # half of a goal: 1/4 of the weight
            [nan, nan, 3, 0.5, 2],
        ]
    )
    assert not plan_faults(plan, tree, directions)
    local = [0.5, 0.5, 0.5, 0.5, 1 / 3, 1 / 3, 1 / 3]
    scores, inner = computed(tree, local, values, plan, directions=directions)
    assert scores[:3].tolist() == pytest.approx([0.5, 1, 0.5])
    assert np.isnan(scores[3:]).all()
    # A goal has its score where the index has none.
    assert inner[0].tolist()[:4] == pytest.approx([0.5, 1, 0.5, 0.5])
    assert np.isnan(inner[0][4])
