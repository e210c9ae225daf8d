"""Methods that hypothesis draws: trees, how their nodes are formed, values with gaps."""

import numpy as np
from hypothesis import strategies as st

from indexer.numeric.method.aggregations import AGGREGATIONS
from indexer.numeric.method.leaf_steps import RawColumns, normalise_leaves
from indexer.numeric.method.node_steps import NodeSteps
from indexer.numeric.method.plan import LeafStep
from tests.strategies import trees

MEANS = ("arithmetic", "geometric", "harmonic", "power:2", "power:0.5", "power:-1")
INNER = (*MEANS, *(code for code in AGGREGATIONS if code not in (*MEANS, "copeland")))


@st.composite
def node_steps(draw, tree, *, inner=INNER, copeland=True, coverage=False, floor=None):
    """Steps whose nodes are formed in any ways; a few ways, so that neighbours are often alike."""
    ways = draw(st.lists(st.sampled_from(inner), min_size=1, max_size=3))
    codes = tuple("" if leaf else draw(st.sampled_from(ways)) for leaf in tree.is_leaf)
    whole = draw(st.sampled_from([*ways, "copeland"] if copeland else ways))
    limits = st.sampled_from([0.0, 0.0, 0.3, 0.6]) if coverage else st.just(0.0)
    coverages = tuple(0.0 if leaf else draw(limits) for leaf in tree.is_leaf)
    return NodeSteps(codes, whole, coverages, draw(limits), floor)


@st.composite
def mixed_indices(draw, *, gaps=False, coverage=False, inner=INNER, copeland=True):
    """A tree, its steps, and normalised values of some cities, (cities, leaves), of which some are equal."""
    tree = draw(trees(max_nodes=12))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    values = rng.uniform(0.05, 1, (draw(st.integers(3, 9)), len(tree.leaves)))
    if draw(st.booleans()):
        values[1] = values[0]
    if gaps:
        # Everybody has the first leaf, so that nobody has nothing.
        values[:, 1:][rng.random(values[:, 1:].shape) < draw(st.sampled_from([0.1, 0.5]))] = np.nan
    floor = draw(st.sampled_from([None, 0.001, 0.3]))
    return (
        tree,
        draw(node_steps(tree, inner=inner, copeland=copeland, coverage=coverage, floor=floor)),
        values,
    )


def random_weights(tree, versions, seed):
    """Local weights above zero, (nodes, versions)."""
    rng = np.random.default_rng(seed)
    local = rng.uniform(0.1, 1, (len(tree), versions))
    for group in tree.groups:
        local[group] /= local[group].sum(axis=0)
    return local


# Ways of a leaf that do not depend on the unit of its values once its numbers are in that unit, too.
WITHOUT_UNIT = (
    "minmax",
    "zscore",
    "zscore_sample",
    "rank",
    "percentile",
    "goalposts",
    "target",
    "distance_to_max",
)
WAYS = (*WITHOUT_UNIT, "share", "fraction_of_max", "none")


@st.composite
def leaf_steps(draw, normalisations=WAYS, imputations=("reweight", "mean", "median", "zero")):
    """How a leaf of values between 1 and a few dozen is normalised; outliers are kept."""
    normalisation = draw(st.sampled_from(normalisations))
    # A share or a part of the best of logarithms might be one of nothing.
    scaled = normalisation not in ("share", "fraction_of_max", "none")
    numbers = {}
    if normalisation == "target":
        numbers = {"lower": 0.5, "target": draw(st.sampled_from([100.0, 300.0]))}
    elif normalisation == "goalposts":
        numbers = {"lower": 0.5, "upper": draw(st.sampled_from([5.0, 300.0]))}
    elif normalisation == "minmax" and draw(st.booleans()):
        numbers = {"lower": 0.25}
    return LeafStep(
        normalisation=normalisation,
        transform=draw(st.sampled_from(["none", "ln", "sqrt", "boxcox:0.5"])) if scaled else "none",
        cap=draw(st.sampled_from([None, True, False])) if numbers else None,
        imputation=draw(st.sampled_from(imputations)),
        **numbers,
    )


@st.composite
def whole_plans(draw, *, inner=INNER, normalisations=WAYS, coverage=False):
    """A tree, its nodes' and leaves' steps, raw columns with gaps, and the directions of the leaves."""
    tree = draw(trees(max_nodes=10))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    raw = rng.lognormal(1, 1, (draw(st.integers(5, 9)), len(tree.leaves))) + 1
    gaps = rng.random(raw.shape) < draw(st.sampled_from([0, 0.2]))
    # Three have everything, so that every column has values and differences.
    gaps[:3] = gaps[:, 0] = False
    raw[gaps] = np.nan
    steps = draw(node_steps(tree, inner=inner, coverage=coverage, floor=0.01))
    leaves = [draw(leaf_steps(normalisations)) for _leaf in tree.leaves]
    directions = [
        # A target above the worst value is one of more being better.
        1 if leaf.normalisation in ("target", "none") else draw(st.sampled_from([1, -1]))
        for leaf in leaves
    ]
    return tree, steps, leaves, raw, np.array(directions)


def normalised(tree, leaves, raw, directions):
    """Normalise as the product does, every leaf by its own step."""
    units = [str(row) for row in range(len(raw))]
    return normalise_leaves(RawColumns(raw, directions, tree.leaf_codes, units), leaves)
