"""What other packages need for the same ranks; run by the Python of their own environment.

``python benchmarks/peers.py FOLDER`` reads ``values`` (cities, leaves) and ``weights`` (leaves, versions)
from it, writes the ranks that each package finds, (versions, cities), and prints seconds of processor time.
"""

import json
import math
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd


def rank_by_pandas(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Share, weigh and rank as an analyst writes it: one version, one column of the result."""
    frame, versions = pd.DataFrame(values), pd.DataFrame(weights)
    ranks = {}
    for version, column in versions.items():
        shares = frame / frame.sum()
        ranks[version] = (shares * column).sum(axis=1).rank(ascending=False, method="min")
    return pd.DataFrame(ranks).to_numpy().T.astype(np.int64)


def rank_by_scikit_criteria(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Evaluate the pipeline of the package under each version."""
    from skcriteria import mkdm
    from skcriteria.agg.simple import WeightedSumModel
    from skcriteria.pipelines import mkpipe
    from skcriteria.preprocessing.scalers import SumScaler

    pipe = mkpipe(SumScaler("matrix"), WeightedSumModel())
    objectives = [max] * values.shape[1]
    found = [pipe.evaluate(mkdm(values, objectives, weights=column)).rank_ for column in weights.T]
    return np.array(found, dtype=np.int64)


def rank_by_pymcdm(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Use the package as fast as it goes: normalised once, nothing validated."""
    from pymcdm.helpers import normalize_matrix, rrankdata
    from pymcdm.methods import WSM
    from pymcdm.normalizations import sum_normalization

    types = np.ones(values.shape[1])
    shares, model = normalize_matrix(values, sum_normalization, types), WSM(_as_it_is)
    found = [rrankdata(model(shares, column, types, validation=False)) for column in weights.T]
    return np.array(found).astype(np.int64)


def _as_it_is(column: np.ndarray, cost: bool) -> np.ndarray:
    return column


REPEATS = 5
PEERS: dict[str, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
    "pandas": rank_by_pandas,
    "scikit-criteria": rank_by_scikit_criteria,
    "pymcdm": rank_by_pymcdm,
}


def main(folder: Path) -> None:
    """Time each some times, of which the quickest counts; the slowest takes a while."""
    values, weights = np.load(folder / "values.npy"), np.load(folder / "weights.npy")
    seconds = {}
    for name, rank in PEERS.items():
        rank(values, weights[:, :2])
        seconds[name] = math.inf
        for _turn in range(REPEATS):
            start = time.process_time()
            ranks = rank(values, weights)
            seconds[name] = min(seconds[name], time.process_time() - start)
        np.save(folder / f"{name}.npy", ranks)
    print(json.dumps(seconds))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
