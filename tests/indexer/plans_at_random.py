"""Methods that hypothesis draws: trees, how their nodes are formed, values with gaps."""

import numpy as np
from hypothesis import strategies as st

from indexer.numeric.aggregations import AGGREGATIONS
from indexer.numeric.node_steps import NodeSteps
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
