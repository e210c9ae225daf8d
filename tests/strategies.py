"""What hypothesis draws from in several test files."""

import numpy as np
from hypothesis import strategies as st

from weighting.numeric.tree import build_tree, global_weights


@st.composite
def trees(draw, max_nodes=14):
    """Random ragged trees, their nodes in an order unrelated to their depth."""
    size = draw(st.integers(2, max_nodes))
    parents, depth = [-1], [1]
    for node in range(1, size):
        parent = draw(st.sampled_from([-1, *[p for p in range(node) if depth[p] < 6]]))
        parents.append(parent)
        depth.append(1 if parent < 0 else depth[parent] + 1)
    order = draw(st.permutations(range(size)))
    return build_tree(
        [f"n{node}" for node in order], [f"n{parents[node]}" if parents[node] >= 0 else "" for node in order]
    )


@st.composite
def versions_of(draw, tree, *, local=False):
    """Weights of every node of a tree, global unless said otherwise; some are zero."""
    weights = np.empty(len(tree))
    for group in tree.groups:
        parts = [draw(st.integers(0, 1000)) for _node in group]
        total = sum(parts) or len(parts)
        weights[group] = [part / total if any(parts) else 1 / total for part in parts]
    return weights if local else global_weights(tree, weights)
