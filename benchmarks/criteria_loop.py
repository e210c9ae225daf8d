"""The loop that an analyst writes with scikit-criteria; run by a Python that has requirements-bench.txt.

Reads a file of NumPy arrays: ``values`` (cities, leaves), ``scores`` (experts, nodes), ``drawn`` (draws,
experts), and the tree as ``parents`` (nodes,) and ``leaves``. Prints the seconds of processor time that one
draw takes, and writes the ranks, (draws, cities).
"""

import sys
import time

import numpy as np
from skcriteria import mkdm
from skcriteria.agg.simple import WeightedSumModel
from skcriteria.pipeline import mkpipe
from skcriteria.preprocessing.scalers import SumScaler


def main(source: str, target: str) -> None:
    """Draw experts, form weights, rank by the usual pipeline and count, one draw at a time."""
    given = np.load(source)
    values, scores, leaves, parents = (given[name] for name in ("values", "scores", "leaves", "parents"))
    cities = np.arange(len(values))
    objectives = [max] * values.shape[1]
    model = mkpipe(SumScaler(target="matrix"), WeightedSumModel())
    histogram = np.zeros((len(values), len(values)), dtype=np.int64)
    found = []
    start = time.process_time()
    for experts in given["drawn"]:
        weights = leaf_weights(scores[experts].sum(axis=0), parents, leaves)
        ranks = model.evaluate(mkdm(values, objectives, weights=weights)).rank_
        histogram[cities, ranks - 1] += 1
        found.append(ranks)
    seconds = (time.process_time() - start) / len(found)
    np.save(target, np.stack(found))
    print(seconds)


def leaf_weights(sums: np.ndarray, parents: np.ndarray, leaves: np.ndarray) -> np.ndarray:
    """Return the global weights of the leaves from the sums of their scores (parents come first)."""
    totals = np.bincount(parents + 1, weights=sums)
    weights = sums / totals[parents + 1]
    for node, parent in enumerate(parents):
        if parent >= 0:
            weights[node] *= weights[parent]
    return weights[leaves]


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
