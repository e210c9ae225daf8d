"""Plain ways to what the numeric code computes in bulk."""

from indexer.numeric.scores.index import CHUNK
from indexer.numeric.studies.uncertainty import NO_PAIRS, rank_counter


def change_weight(tree, local, node, delta):
    """Add to one local weight and rescale its siblings in proportion."""
    changed = local.copy()
    siblings = (tree.parents == tree.parents[node]).nonzero()[0]
    others = siblings[siblings != node]
    changed[node] += delta
    changed[others] *= (1 - changed[node]) / local[others].sum()
    return changed


def count_ranks(index, local, pairs=NO_PAIRS):
    """Count the ranks under given versions of the weights, (nodes, versions)."""
    counter = rank_counter(index, pairs)
    for start in range(0, local.shape[1], CHUNK):
        counter.add(local[:, start : start + CHUNK])
    return counter.counts()
